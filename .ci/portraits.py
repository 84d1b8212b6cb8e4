"""The screenshots of the chat page, taken of the shipped model behind a real server.

    python .ci/portraits.py                     into results/reference/chat
    python .ci/portraits.py --out /tmp/looks    into another folder
"""
import argparse
import os
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from supportbot_lib.browser import Server, drive, free_port
from supportbot_lib.browser_chat import sit

ROOT = Path(__file__).resolve().parents[1]


def until_ready(server: Server, seconds: float) -> None:
    "Wait until the model is loaded; ends with the server's last words where it never is."
    until = time.monotonic() + seconds
    while time.monotonic() < until and server.process.poll() is None:
        try:
            urllib.request.urlopen(f"{server.url}/readyz", timeout=5).close()
            return
        except (urllib.error.HTTPError, OSError):
            time.sleep(0.5)
    sys.exit(f"the server was not ready: {server.said()}")


def main() -> None:
    "Start the server, talk, take the pictures."
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--out", type=Path, default=ROOT / "results" / "reference" / "chat")
    told = ask.parse_args()
    with tempfile.TemporaryDirectory() as name:
        port, place = free_port(), Path(name)
        env = {k: v for k, v in os.environ.items() if not k.startswith("SUPPORTBOT_") or k == "SUPPORTBOT_CACHE"}
        env["SUPPORTBOT_FEEDBACK"] = str(place / "feedback.jsonl")
        command = [sys.executable, "-m", "supportbot_lib.cli", "serve", "--port", str(port)]
        with Server(command, port, env, place / "log") as server:
            until_ready(server, 180)
            drive(sit, server.url, told.out)
    print(*sorted(told.out.glob("chat-*.png")), sep="\n")


if __name__ == "__main__":
    main()
