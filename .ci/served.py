"""What a server says to the questions of a run's suite, judged as the run was.

    python .ci/served.py results/full                      torch and OpenVINO, eight clients at a time
    python .ci/served.py results/full --runtime torch --out results/reference

The run's evaluation asked its model directly; here the same questions go through a server, with its batches and its lookup, and the
same rubric and meter judge what comes. Rules and scope are off, because the evaluation had none; questions with a context are left out,
because /generate has no place for one. Writes `served.json`.
"""
import argparse
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from supportbot_lib.articles import load_articles
from supportbot_lib.browser import free_port
from supportbot_lib.core import Answer, Article, Question, Suite, write_json
from supportbot_lib.eval import arm_summary, examiner, judged, plain
from supportbot_lib.judge import comparison
from supportbot_lib.profiles import EvalKnobs
from supportbot_lib.runner import whole_answers
from supportbot_lib.runs import Run, machine, now

ARM, CLIENTS = "tuned+kb", 8


def said(url: str, question: Question, new: int) -> Answer:
    "What a server says to one question."
    body = json.dumps({"prompt": question.question, "max_new_tokens": new}).encode()
    asked = urllib.request.Request(f"{url}/generate", body, {"Content-Type": "application/json"})
    began = time.perf_counter()
    with urllib.request.urlopen(asked, timeout=300) as reply:
        told = json.load(reply)
    return Answer(question=question.id, arm=ARM, text=told["text"], seconds=time.perf_counter() - began)


def ready(url: str, process: subprocess.Popen) -> None:
    "Wait until a server is ready; ends the program where it will not be."
    while process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/readyz", timeout=10)
            return
        except urllib.error.HTTPError as error:
            state = json.load(error)
            if state.get("status") != "loading":
                sys.exit(f"not ready: {state}")
        except OSError:
            pass
        time.sleep(0.3)
    sys.exit("the server has ended")


def served(run: Run, runtime: str, questions: Sequence[Question], new: int) -> list[Answer]:
    "The answers of a server of a run."
    port = free_port()
    url, env = f"http://127.0.0.1:{port}", {**os.environ, "SUPPORTBOT_RUNTIME": runtime}
    env |= {"SUPPORTBOT_GUARD": "off", "SUPPORTBOT_TIMEOUT": "300"}
    command = [sys.executable, "-m", "supportbot_lib.cli", "serve", "--model", str(run.path), "--port", str(port)]
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        ready(url, process)
        with ThreadPoolExecutor(CLIENTS) as pool:
            return list(pool.map(lambda q: said(url, q, new), questions))
    finally:
        process.terminate()
        process.wait(60)


def row_of(runtime: str, suite: Suite, answers: list[Answer], proved: list[Answer], articles: dict[str, Article], knobs: EvalKnobs) -> dict:
    "How far the answers of a server are those that were proved, and as good."
    examine, questions = examiner(knobs, articles.values()), suite.questions
    a, b = (judged(questions, one, articles, ARM, examine) for one in (answers, proved))
    same = sum(x.text == y.text for x, y in zip(answers, proved))
    numbers = arm_summary(questions, a, answers, knobs)
    keep = {key: numbers[key] for key in ("facts", "hallucination", "answer_rate", "declines_right", "missing")}
    return {"runtime": runtime, "n": len(questions), "same": same, **keep, "against": comparison(a, b, knobs)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--runtime", nargs="*", default=["torch", "openvino"])
    parser.add_argument("--out", type=Path, default=Path("results"))
    told = parser.parse_args()
    run = Run(told.run)
    suite = Suite.model_validate_json(run.file("eval", "suite.json").read_text())
    suite = suite.model_copy(update={"questions": [q for q in suite.questions if not q.context]})
    knobs = EvalKnobs.model_validate(run.read("run.json")["stages"]["eval"]["eval"])
    proved = whole_answers(run.file("answers", f"{ARM}.jsonl"))
    in_order = [proved[question.id] for question in suite.questions]
    articles = {one.id: one for one in load_articles(run.file("data", "kb.jsonl"))}
    rows = []
    for runtime in told.runtime:
        answers = served(run, runtime, suite.questions, knobs.max_new_tokens)
        rows.append(plain(row_of(runtime, suite, answers, in_order, articles, knobs)))
        print(json.dumps(rows[-1]))
    write_json(told.out / "served.json", {"rows": rows, "machine": machine(), "date": now()})


if __name__ == "__main__":
    main()
