"README.md from nbs/index.ipynb: its prose, and what its code cells print. Figures are read from results/reference/."
import contextlib
import io
import os
import re
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
notebook = nbformat.read(ROOT / "nbs" / "index.ipynb", as_version=4)
os.chdir(ROOT / "nbs")
names: dict = {}
parts = []
for cell in notebook.cells:
    if cell.cell_type == "markdown":
        parts.append(cell.source)
        continue
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(cell.source, names)
    parts.append(printed.getvalue())
text = "\n\n".join(part.strip() for part in parts if part.strip())
(ROOT / "README.md").write_text(re.sub(r"\n{3,}", "\n\n", text) + "\n", encoding="utf-8")
