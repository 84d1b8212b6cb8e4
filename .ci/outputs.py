"Execute the lessons of every notebook and keep their small text outputs; cells flagged run, slow or gpu are passed over."
import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 4000  # characters of an output that is kept
PASSED_OVER = ("#| run", "#| slow", "#| gpu")


def small(output) -> bool:
    "Whether an output is text that a reader wants in the source."
    text = output.get("text") or output.get("data", {}).get("text/plain", "")
    plain = output.output_type == "stream" or set(output.get("data", {})) == {"text/plain"}
    return plain and output.get("name") != "stderr" and len(text) <= LONGEST and str(ROOT) not in text and tempfile.gettempdir() not in text


def refresh(path: Path) -> None:
    "Run the lessons of one notebook and write it back with their outputs."
    notebook = nbformat.read(path, as_version=4)
    lessons = [c for c in notebook.cells if c.cell_type == "code" and not c.source.startswith(PASSED_OVER)]
    NotebookClient(nbformat.v4.new_notebook(cells=lessons), kernel_name="python3", resources={"metadata": {"path": path.parent}}).execute()
    for cell in lessons:
        cell.outputs = [o for o in cell.outputs if small(o)]
        cell.execution_count, cell.metadata = None, {k: v for k, v in cell.metadata.items() if k == "tags"}
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = None
    nbformat.write(notebook, path)


os.environ.setdefault("OMP_NUM_THREADS", "1")
for name in sys.argv[1:] or sorted(map(str, (ROOT / "nbs").glob("*.ipynb"))):
    refresh(Path(name).resolve())
    print(name)
