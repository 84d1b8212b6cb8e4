"README.md from nbs/index.ipynb, in the checkout that this file stands in."
import re
from pathlib import Path

import nbformat
from nbconvert import MarkdownExporter

ROOT = Path(__file__).resolve().parents[1]
notebook = nbformat.read(ROOT / "nbs" / "index.ipynb", as_version=4)
notebook.cells = [c for c in notebook.cells if not c.source.startswith("#|")]
text, _ = MarkdownExporter().from_notebook_node(notebook)
(ROOT / "README.md").write_text(re.sub(r"\n{3,}", "\n\n", text).strip() + "\n", encoding="utf-8")
