"""The way of a finished run to a server, and back, through the commands that a person would give.

    python .ci/ship.py results/full

A registry in a temporary folder; the run is packaged, promoted, served from its alias and asked for its digest; a second version
takes its place and is rolled back; copies that were damaged or exchanged are served and have to say why they are not ready; promotions
are killed at random moments, and the alias has to be the old one or the new one. Prints a line for each, exit code 1 where one fails.
"""
import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from supportbot_lib.browser import free_port
from supportbot_lib.registry import history, publish, resolve, seal

WEIGHTS = Path("adapter") / "adapter_model.safetensors"
COMMAND = [sys.executable, "-m", "supportbot_lib.cli"]


def said(*words: object) -> tuple[int, str]:
    "Exit code of a command, and what it printed."
    done = subprocess.run([*COMMAND, *map(str, words)], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def got(url: str) -> tuple[int, dict]:
    "Status and body; 0 where nobody answers yet."
    try:
        with urllib.request.urlopen(url, timeout=10) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
    except OSError:
        return 0, {}


@contextlib.contextmanager
def server(model: str, patience: float = 180) -> Iterator[tuple[str, int, dict]]:
    "Address of a server for a model, and what its /readyz says when the loading is over."
    port = free_port()
    url, command = f"http://127.0.0.1:{port}", [*COMMAND, "serve", "--model", model, "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until, state = time.monotonic() + patience, (0, {})
    try:
        while time.monotonic() < until and process.poll() is None and state[1].get("status", "loading") == "loading":
            time.sleep(0.2)
            state = got(f"{url}/readyz")
        yield url, *state
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def digest_of(model: str) -> str:
    "The digest of what is served, once it has answered a question; empty where it is not ready."
    with server(model) as (url, status, _):
        if status != 200:
            return ""
        body = json.dumps({"prompt": "How do I start?", "max_new_tokens": 16}).encode()
        asked = urllib.request.Request(f"{url}/generate", body, {"content-type": "application/json"})
        return got(f"{url}/healthz")[1]["digest"] if got(asked)[1].get("text") else ""


def flip(folder: Path) -> None:
    "One bit of the weights."
    data = bytearray((folder / WEIGHTS).read_bytes())
    data[-100] ^= 1
    (folder / WEIGHTS).write_bytes(data)


def silence(folder: Path) -> None:
    "Weights of an adapter that does nothing, under a manifest of their own."
    from safetensors.torch import load_file, save_file

    kept = {name: value * 0 if "lora_B" in name else value for name, value in load_file(folder / WEIGHTS).items()}
    save_file(kept, folder / WEIGHTS, metadata={"format": "pt"})


def other_base(folder: Path) -> None:
    "A card that names other weights."
    card = folder / "adapter" / "model.json"
    card.write_text(json.dumps({**json.loads(card.read_text()), "sha256": "0" * 64}))


def other_template(folder: Path) -> None:
    "A chat template with one sentence more."
    path = folder / "adapter" / "chat_template.jinja"
    path.write_text(path.read_text() + " Be brief.")


WRONG: dict[str, tuple[Callable[[Path], None], bool, str]] = {  # what is done, whether it is sealed again, a word of the reason
    "one bit of the weights": (flip, False, "changed"),
    "an adapter that does nothing": (silence, True, "canary"),
    "another base": (other_base, True, "sha256"),
    "another template": (other_template, True, "template"),
}


def altered(version: Path, folder: Path, change: Callable[[Path], None], sealed: bool) -> Path:
    "A copy of a version after a change."
    shutil.copytree(version, folder)
    change(folder)
    if sealed:
        (folder / "manifest.json").unlink()
        seal(folder, "supportbot", "altered")
    return folder


def killed(registry: Path, versions: list[str], times: int = 20) -> bool:
    "Whether the alias is the old version or the new one after each promotion that was killed."
    draw, alias = random.Random(0), ["--registry", str(registry), "--reason", "killed on purpose"]
    for turn in range(times):
        old, events = resolve(registry, "supportbot").name, len(history(registry, "supportbot"))
        new = versions[turn % 2]
        process = subprocess.Popen([*COMMAND, "promote", new, *alias], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(draw.uniform(0.1, 1.0))
        process.kill()
        process.wait()
        more = len(history(registry, "supportbot")) - events
        if resolve(registry, "supportbot").name != (new if more else old):
            return False
    return True


def told(name: str, good: bool, seen: object = "") -> bool:
    "Print how one step went."
    print(f"{'ok' if good else 'FAILED':<7}{name}{f': {seen}' if seen else ''}", flush=True)
    return good


def shipped(run: str, place: Path) -> Iterator[bool]:
    "Every step, as it goes."
    registry, where = place / "registry", ["--registry", str(place / "registry")]
    alias = f"{registry}/supportbot@production"
    code, text = said("package", "--run", run, *where, "--json")
    yield told("packaged", code == 0, text[-300:] if code else "")
    first = json.loads(text[text.index("{") : text.rindex("}") + 1])
    code, text = said("promote", *where)
    if code:
        yield told("refused by its gate", "The gate is shut" in text, text.strip())
        code, text = said("promote", *where, "--reason", "a trial")
    yield told("promoted", code == 0, first["version"])
    yield told("served with its digest", digest_of(alias) == first["version"])
    folder = altered(Path(first["folder"]), place / "second", lambda f: (f / "README.md").write_text("Another."), True)
    second = publish(registry, folder).name
    said("promote", second, *where, "--reason", "a trial")
    yield told("a second version in its place", digest_of(alias) == second, second)
    said("rollback", *where)
    yield told("rolled back", digest_of(alias) == first["version"])
    for number, (name, (change, sealed, word)) in enumerate(WRONG.items()):
        copy = altered(Path(first["folder"]), place / f"wrong-{number}", change, sealed)
        with server(str(copy)) as (_, status, state):
            reasons = "; ".join(state.get("reasons", []))
        yield told(f"not ready with {name}", status == 503 and word in reasons, reasons[:160])
    yield told("20 promotions killed", killed(registry, [first["version"], second]))


def main() -> None:
    "All of it."
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("run", help="finished run")
    run = ask.parse_args().run
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    with tempfile.TemporaryDirectory() as name:
        sys.exit(not all([*shipped(run, Path(name))]))


if __name__ == "__main__":
    main()
