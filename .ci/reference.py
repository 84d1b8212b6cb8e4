"""Copy a finished run without its bulk into results/reference/, and its adapter into the package.

    python .ci/reference.py results/full            the reference run, and the demo that the package ships
    python .ci/reference.py results/cpu cpu         the figures of another profile, below results/reference/cpu
    python .ci/reference.py results/cpu/recipes/val recipes         what the recipes came to
    python .ci/reference.py demo                    canaries and manifest of the shipped adapter, made again
    python .ci/reference.py manifest                only its manifest, after another of its files has changed
"""

import json
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BULK = ("adapter", "best", "checkpoints", "evidence", "votes")
SMALL = ("report.json", "report.md", "summary.csv", "results.csv", "run.json", "recipes.json", "recipes.md")
DEMO = ROOT / "supportbot_lib" / "assets" / "demo_model"


def kept(part: Path) -> bool:
    "Whether a file, by its path in the run, is kept: no weights, no vectors, no splits (the demo data makes them again)."
    split = part.parts[0] == "data" and part.suffix == ".jsonl" and part.stem != "quarantine"
    return not split and part.name != ".lock" and not set(part.parts) & set(BULK)


def without_machine(text: str) -> str:
    "Text without the folder that this checkout stands in."
    return text.replace(f"{ROOT}/", "").replace(str(ROOT), ".")


def copy(source: Path, target: Path) -> None:
    "One file; texts lose the path of this machine, notebooks their pictures (they stand in charts/)."
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.suffix == ".png":
        shutil.copy(source, target)
        return
    text = without_machine(source.read_text(encoding="utf-8"))
    if source.suffix == ".ipynb":
        text = json.dumps(slim(json.loads(text)), indent=1, ensure_ascii=False) + "\n"
    target.write_text(text, encoding="utf-8")


def slim(notebook: dict) -> dict:
    "An executed notebook without embedded pictures and without the warnings of libraries."
    for cell in notebook["cells"]:
        outputs = [o for o in cell.get("outputs", []) if o.get("name") != "stderr"]
        for output in outputs:
            for kind in ("image/png", "text/html"):
                output.get("data", {}).pop(kind, None)
        if "outputs" in cell:
            cell["outputs"] = outputs
    return notebook


def ship(run: Path) -> None:
    "The adapter and the evidence of a run as the demo that the package carries."
    shutil.rmtree(DEMO, ignore_errors=True)
    shutil.copytree(run / "adapter", DEMO / "adapter")
    shutil.copytree(run / "data" / "evidence", DEMO / "evidence")
    seal()


def seal() -> None:
    "Canaries and a manifest for the demo, as it lies there now."
    from supportbot_lib.package import load_faults, seal_demo

    seal_demo(DEMO)
    if found := load_faults(DEMO):
        raise SystemExit("\n".join(found))


def main(run: Path, name: str = "") -> None:
    "Make the reference folder, or the part of it called `name`."
    target = ROOT / "results" / "reference" / name
    files = [run / f for f in SMALL] if name else [p for p in sorted(run.rglob("*")) if kept(p.relative_to(run))]
    for path in files:
        if path.is_file():
            copy(path, target / path.relative_to(run))
    if not name:
        ship(run)


if sys.argv[1:] == ["demo"]:
    seal()
elif sys.argv[1:] == ["manifest"]:
    from supportbot_lib import registry

    (DEMO / registry.LAST).unlink(missing_ok=True)
    registry.seal(DEMO, "demo", "demo")
else:
    main(Path(sys.argv[1]).resolve(), *sys.argv[2:])
