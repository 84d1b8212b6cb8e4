"""Kill a toy training at random moments, saves included, resume each, and compare it with an undisturbed run.

    python .ci/kills.py 50             fifty kills; exit code 1 where one of them gave another adapter or log
    python .ci/kills.py 50 --seed 1    at other moments
"""

import argparse
import os
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

parser = argparse.ArgumentParser()
parser.add_argument("count", nargs="?", type=int, default=50)
parser.add_argument("--seed", type=int, default=0)
told = parser.parse_args()

from supportbot_lib.tests.test_stops import kills  # noqa: E402  (after the environment)

with tempfile.TemporaryDirectory() as folder:
    rows = kills(told.count, told.seed, Path(folder), lambda line: print(line, flush=True))
saves, torn, same = (sum(row[name] for row in rows) for name in ("in a save", "torn", "same"))
print(f"{len(rows)} kills, {saves} while saving, {torn} with a torn file: {same} resumed to the same bytes")
raise SystemExit(same != len(rows))
