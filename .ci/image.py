"""Build the image of the service for real, start it with a root that cannot be written, and write down what was seen.

    python .ci/image.py                        # docker, podman or buildah, whichever there is
    python .ci/image.py --engine buildah --volume /opt/wheels --weights /opt/weights

Without a registry a base has to be there already under the name python:3.11-slim; a bare Debian with Python, imported by
`debootstrap` and `buildah`, serves. Results go to results/image.json.
"""
import argparse
import json
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
ENGINES = ("docker", "podman", "buildah")


def told(*command: str) -> str:
    "The output of a command; its errors are shown."
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def build(engine: str, target: str, index: str, volumes: list[str]) -> float:
    "Build one target; the seconds it took."
    began = time.perf_counter()
    mounts = [word for v in volumes for word in ("-v", f"{v}:{v}:ro")]
    how = ["bud", "--format", "docker", "--isolation", "chroot", "--pull-never", *mounts] if engine == "buildah" else ["build"]
    told(engine, *how, "--target", target, "--build-arg", f"TORCH_INDEX={index}", "-t", f"supportbot:{target}", str(ROOT))
    return time.perf_counter() - began


def size_mb(engine: str, image: str) -> float:
    "The size of an image by its layers, uncompressed, in MB."
    if engine == "buildah":
        container = told(engine, "from", "--pull-never", f"localhost/{image}")
        place = told(engine, "mount", container)
        kib = int(told("du", "-sk", place).split()[0])
        told(engine, "rm", container)
        return kib / 1000
    return int(told(engine, "image", "inspect", image, "--format", "{{.Size}}")) / 1e6


def run_command(engine: str, container: str, weights: Path, cache: Path, port: int) -> list[str]:
    "The command that starts the service; buildah's chroot shares the network and has no read-only root."
    volumes = ["-v", f"{weights}:/weights:ro", "-v", f"{cache}:/cache"]
    serve = ["supportbot", "serve", "--host", "127.0.0.1" if engine == "buildah" else "0.0.0.0", "--port", str(port)]
    if engine == "buildah":
        return [engine, "run", "--isolation", "chroot", "--user", "10001", *volumes, container, "--", *serve]
    hard = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
    return [engine, "run", "--rm", "--name", container, *hard, *volumes, "-p", f"127.0.0.1:{port}:{port}", "supportbot:cpu", *serve]


def got(url: str, body: dict | None = None, seconds: float = 60) -> tuple[int, dict]:
    "Status and body of a request; 0 where nobody answers."
    data = json.dumps(body).encode() if body else None
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, {"content-type": "application/json"}), timeout=seconds) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, {}
    except OSError:
        return 0, {}


def family(process: psutil.Process) -> list[psutil.Process]:
    "The processes of the service below a command."
    return [p for p in process.children(recursive=True) if "serve" in p.cmdline() and "supportbot" in " ".join(p.cmdline())]


def started(command: list[str], url: str, limit: float = 300) -> dict[str, float]:
    "Seconds to alive and to ready, memory after an answer, seconds to stop and its exit code."
    began = time.perf_counter()
    process = subprocess.Popen(command)
    seen: dict[str, float] = {}
    try:
        while "ready_s" not in seen and process.poll() is None and time.perf_counter() - began < limit:
            status, _ = got(f"{url}/healthz", seconds=5)
            if status and "alive_s" not in seen:
                seen["alive_s"] = time.perf_counter() - began
            if status == 200:
                seen["ready_s"] = time.perf_counter() - began
            time.sleep(0.05)
        status, said = got(f"{url}/generate", {"prompt": "Which port does LAN sync use?"})
        print(f"answer ({status}): {said.get('text', '')}")
        seen["answer_status"] = status
        here = psutil.Process(process.pid)
        servers = [p for p in family(here) if not family(p)] or [here]
        seen["rss_mb"] = max(p.memory_info().rss for p in servers) / 1e6
        stop = time.perf_counter()
        for server in servers:
            server.send_signal(signal.SIGTERM)
        seen["exit_code"] = process.wait(60)
        seen["stop_s"] = time.perf_counter() - stop
        return seen
    finally:
        for left in [*family(psutil.Process(process.pid)), process] if process.poll() is None else []:
            left.kill()


def main() -> None:
    "Build, start, measure."
    ask = argparse.ArgumentParser()
    ask.add_argument("--engine", choices=ENGINES, default=next(filter(shutil.which, ENGINES), None))
    ask.add_argument("--index", default="", help="index that torch comes from; the usual one by default")
    ask.add_argument("--volume", action="append", default=[], help="folder that the build may read (buildah)")
    ask.add_argument("--weights", type=Path, required=True, help="folder with the packages that carry the weights")
    ask.add_argument("--work", type=Path, default=Path("/tmp/supportbot-image"), help="caches; emptied")
    ask.add_argument("--port", type=int, default=8000)
    ask.add_argument("--built", action="store_true", help="take the image that is there")
    told_so = ask.parse_args()
    if not told_so.engine:
        sys.exit("no container engine: install docker, podman or buildah")
    engine, facts = told_so.engine, {}
    if not told_so.built:
        facts["build_s"] = build(engine, "cpu", told_so.index, told_so.volume)
    facts["size_mb"], facts["base_mb"] = size_mb(engine, "supportbot:cpu"), size_mb(engine, "python:3.11-slim")
    shutil.rmtree(told_so.work, ignore_errors=True)
    cache = told_so.work / "cache"
    cache.mkdir(parents=True)
    shutil.chown(cache, 10001, 10001)
    url = f"http://127.0.0.1:{told_so.port}"
    for name in ("first", "second"):
        container = "supportbot-measured" if engine != "buildah" else told(engine, "from", "--pull-never", "localhost/supportbot:cpu")
        try:
            facts[name] = started(run_command(engine, container, told_so.weights, cache, told_so.port), url)
        finally:
            if engine == "buildah":
                told(engine, "rm", container)
    facts["engine"] = told(engine, "--version").splitlines()[0]
    (ROOT / "results" / "image.json").write_text(json.dumps(facts, indent=1) + "\n")
    print(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()
