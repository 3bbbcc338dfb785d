"""Run notebooks again and keep what they show: ``python -m sigreg_edu.cli.notebooks FILE …``.

Behind ``make notebooks``. What is kept is the same however often it is run: live widgets, which are
dead without their kernel, leave their still pictures; times, counters of widgets and addresses in
memory go. A notebook that fails is left as it was.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sigreg_edu.cli.errors import require

if TYPE_CHECKING:
    from nbformat import NotebookNode

CELL_SECONDS = 300
WIDGET = "application/vnd.jupyter.widget-view+json"
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
SHOWS = re.compile(r"explorers\.(\w+_explorer)\(")  # what a cell that shows an explorer calls
MEMORY_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def notebook_of(*sources: str) -> dict:
    """Return a new notebook, as JSON, with a code cell for each source.

    >>> notebook_of("1 + 1")["cells"][0]["source"]
    '1 + 1'
    """
    cells = [
        {"cell_type": "code", "execution_count": None, "id": f"cell-{number}", "metadata": {},
         "outputs": [], "source": source}
        for number, source in enumerate(sources)
    ]  # fmt: skip
    return {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}


def numbered(folder: Path) -> list[Path]:
    """Return the numbered notebooks of a folder, in their order."""
    return sorted(folder.glob("[0-9]*.ipynb"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run each notebook; the exit status is 1 if one failed."""
    parser = argparse.ArgumentParser(description="Run notebooks again and keep what they show.")
    parser.add_argument("notebooks", nargs="+", type=Path, metavar="FILE")
    paths = parser.parse_args(arguments).notebooks
    require("nbclient", extra="lab", purpose="running notebooks")
    renewed = [renew(path) for path in paths]  # all of them, also after one has failed
    return 0 if all(renewed) else 1


def renew(path: Path) -> bool:
    """Run one notebook in its folder and write it back; False, and the reason said, if it fails."""
    import nbformat
    from nbclient.exceptions import CellExecutionError, CellTimeoutError

    start = time.monotonic()
    notebook = nbformat.read(path, as_version=4)
    try:
        execute(notebook, path.parent)
    except (CellExecutionError, CellTimeoutError) as error:
        print(f"✗ {path}, left as it was:\n{error}", file=sys.stderr)
        return False
    tidy(notebook)
    nbformat.validate(notebook)
    nbformat.write(notebook, path)
    print(f"✓ {path}: {time.monotonic() - start:.0f} s", flush=True)
    return True


def execute(notebook: NotebookNode, folder: Path) -> None:
    """Run all cells in ``folder``, with this very Python and not whatever ``python3`` names."""
    from jupyter_client.kernelspec import KernelSpecManager
    from nbclient import NotebookClient

    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=CELL_SECONDS,
        record_timing=False,
        coalesce_streams=True,
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
    )
    client.create_kernel_manager()
    # No folders to look in: what is left is the kernel of the Python that runs this.
    client.km.kernel_spec_manager = KernelSpecManager(kernel_dirs=[])
    client.execute()


def tidy(notebook: NotebookNode) -> None:
    """Keep in a notebook what is worth reading in a year, in place."""
    notebook.metadata.clear()
    notebook.metadata.update(METADATA)
    for cell in notebook.cells:
        for name in ("execution", "collapsed", "scrolled", "ExecuteTime"):
            cell.metadata.pop(name, None)
        if cell.cell_type == "code":
            cell.outputs = [output for output in map(tidy_output, cell.outputs) if output]


def tidy_output(output: NotebookNode) -> NotebookNode | None:
    """Return an output without its live widget and its memory addresses, None if nothing is left.

    A widget view is a reference to a kernel that is gone. JupyterLab would show 'model not found'
    for it; without it, everything that shows notebooks falls back on the still picture beside it.
    """
    data = output.get("data")
    if data is not None:
        is_widget = data.pop(WIDGET, None) is not None
        if is_widget and set(data) <= {"text/plain"}:
            return None
        if "text/plain" in data:
            data["text/plain"] = MEMORY_ADDRESS.sub("", data["text/plain"])
    elif "text" in output:
        output["text"] = MEMORY_ADDRESS.sub("", output["text"])
    return output


if __name__ == "__main__":
    sys.exit(main())
