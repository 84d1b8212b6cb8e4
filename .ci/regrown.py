"Grow the library and the README again from the notebooks in a copy, and compare every byte; see that the notebooks are clean."
import filecmp
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent


def grown(copy: Path) -> None:
    "Export, clean and write the README in `copy`."
    for name in ("settings.ini", "setup.py", "nbs", ".ci", "results/reference"):
        source = ROOT / name
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, copy / name)
    for command in ("nbdev_export", "nbdev_clean"):
        subprocess.run([BIN / command], cwd=copy, check=True)
    subprocess.run([sys.executable, copy / ".ci" / "readme.py"], check=True)


def differences(copy: Path) -> list[str]:
    "The files that are not the same here and in the copy."
    here = {p.relative_to(ROOT) for p in (ROOT / "supportbot_lib").rglob("*.py") if "assets" not in p.parts}
    there = {p.relative_to(copy) for p in (copy / "supportbot_lib").rglob("*.py")}
    same = {p.relative_to(ROOT) for p in (ROOT / "nbs").rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts}
    changed = [p for p in (here & there) | same | {Path("README.md")} if not filecmp.cmp(ROOT / p, copy / p, shallow=False)]
    return sorted(str(p) for p in {*changed, *(here ^ there)})


with tempfile.TemporaryDirectory() as name:
    grown(Path(name))
    found = differences(Path(name))
if found:
    print("Not what the notebooks give (run nbdev_clean, nbdev_export and make readme):", *found, sep="\n  ")
    sys.exit(1)
print("library, README and notebooks: as the notebooks give them")
