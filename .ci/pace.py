"""How long a reviewer waits: from a key press to the next question on the screen, in a real page.

    python .ci/pace.py                 100 votes in JupyterLab, then 100 on the page of the server
    python .ci/pace.py --votes 30 --house server

The run is made up: 1,000 questions, five arms, answers of 60 to 180 words with claims in them.
"""

import argparse
import json
import random
import secrets
import statistics
import tempfile
from pathlib import Path

from supportbot_lib.core import Answer, Question, Suite, write_json, write_jsonl
from supportbot_lib.runs import Run
from supportbot_lib.desk import KEYS
from supportbot_lib.browser import DESKTOP, Seat, drive, lab, log_in, open_notebook, page_on, review_server, run_all
from supportbot_lib.review_cli import review_notebook

parser = argparse.ArgumentParser()
parser.add_argument("--votes", type=int, default=100)
parser.add_argument("--house", choices=("jupyterlab", "server", "both"), default="both")
told = parser.parse_args()

QUESTIONS = 1000
ARMS = ("tuned+kb", "base", "tuned", "base+kb", "base+prompt")
WATCH = """() => {
  window.paces = []
  addEventListener("keydown", e => { window.pressed = e.timeStamp }, true)
  const seen = () => requestAnimationFrame(() => setTimeout(() => paces.push(performance.now() - pressed)))
  new MutationObserver(seen).observe(document.querySelector(".sb-place"), {childList: true, characterData: true, subtree: true})
}"""


def made_up(folder: Path) -> Run:
    "A run of this size whose texts have the length of real ones."
    run, lot = Run(folder), random.Random(0)
    words = [f"{a}{b}" for a in ("ser", "por", "con", "log", "up", "key") for b in ("ver", "tal", "fig", "date", "in", "ring")]

    def text(least: int, most: int) -> str:
        return " ".join(lot.choices([*words, "`8444`", "**now**", "/etc/app.conf"], k=lot.randint(least, most)))

    asked = [Question(id=f"q{i:04}", question=text(20, 40) + "?", reference=text(30, 60)) for i in range(QUESTIONS)]
    write_json(run.file("eval", "suite.json"), Suite(name="made_up", version=1, questions=asked).model_dump())
    write_json(run.done("eval"), {})
    claims = []
    for arm in ARMS:
        said = [Answer(question=q.id, arm=arm, text=f"Use /etc/other.conf. {text(60, 180)}") for q in asked]
        write_jsonl(run.file("answers", f"{arm}.jsonl"), said)
        claim = {"arm": arm, "kind": "path", "text": "/etc/other.conf", "start": 4, "end": 19, "status": "unsupported", "supported": False}
        claims += [json.dumps({"question": q.id, **claim}) for q in asked]
    run.file("claims.jsonl").write_text("\n".join(claims) + "\n")
    return run


def paced(page, votes: int) -> list[float]:
    "The milliseconds of that many votes by key."
    seat = Seat(page)
    seat.at(1)
    seat.sit()
    page.evaluate(WATCH)
    for number in range(1, votes + 1):
        seat.pause()
        page.keyboard.press(KEYS["tie"][0])
        seat.at(number + 1)
    return page.evaluate("paces")


def in_jupyterlab(browser, run: Run, votes: int, home: Path) -> list[float]:
    token = secrets.token_hex(8)
    path = review_notebook(run, "anna").relative_to(run.path)
    with lab(run.path, home, token) as server, page_on(browser, DESKTOP) as page:
        open_notebook(page, server, token, path)
        run_all(page)
        return paced(page, votes)


def on_the_server(browser, run: Run, votes: int, home: Path) -> list[float]:
    token = secrets.token_hex(8)
    with review_server(run, home, token, ARMS[:2]) as server, page_on(browser, DESKTOP) as page:
        log_in(page, server, "ben", token)
        return paced(page, votes)


for name, house in (("jupyterlab", in_jupyterlab), ("server", on_the_server)):
    if told.house in (name, "both"):
        with tempfile.TemporaryDirectory() as folder:
            found = drive(house, made_up(Path(folder, "run")), told.votes, Path(folder, "home"))
        p50, p95 = statistics.median(found), statistics.quantiles(found, n=20)[-1]
        print(f"{name}: p50 {p50:.0f} ms, p95 {p95:.0f} ms, longest {max(found):.0f} ms (n = {len(found)} votes, {QUESTIONS} questions x {len(ARMS)} arms)")
