"""Each notebook is kept as a reader will find it: run, tidy, in small cells, with still pictures.

That each runs is nbval's part (``make notebook-test``), that its sliders live the browser's.
"""

import re
from pathlib import Path

import nbformat
import pytest

from sigreg_edu.cli.notebooks import METADATA, WIDGET

FOLDER = Path(__file__).parents[2] / "notebooks"
MAX_CODE_LINES, MAX_WORDS, MAX_BYTES = 10, 60, 3_000_000
A_MACHINES_PATH = re.compile(r"(?<![\w.:/])/(home|root|tmp|Users|opt|mnt)/\w+")
NOT_PROSE = re.compile(
    r"```.*?```|\$\$.*?\$\$|\$[^$]*\$|`[^`]*`|<!--.*?-->|<[^>]+>|\]\([^)]*\)", re.DOTALL
)
WORD = re.compile(r"[^\W\d_][\w'’-]*")

pytestmark = pytest.mark.parametrize(
    "path", sorted(FOLDER.glob("*.ipynb")), ids=lambda path: path.stem
)


def read(path):
    return nbformat.read(path, as_version=4)


def cells(path, kind):
    return [cell for cell in read(path).cells if cell.cell_type == kind]


def outputs(path):
    return [output for cell in cells(path, "code") for output in cell.outputs]


def test_it_was_run_once_from_top_to_bottom(path):
    run = [cell.execution_count for cell in cells(path, "code") if cell.source.strip()]
    assert run == list(range(1, len(run) + 1)), "run: make notebooks"


def test_no_cell_shows_an_error_or_a_warning(path):
    wrong = [o for o in outputs(path) if o.output_type == "error" or o.get("name") == "stderr"]
    assert wrong == []


def test_it_is_kept_as_make_notebooks_keeps_it(path):
    assert read(path).metadata == METADATA
    assert not any(WIDGET in output.get("data", {}) for output in outputs(path))


def test_every_explorer_left_a_still_picture(path):
    shown = [
        o.data for o in outputs(path) if "<explorer" in o.get("data", {}).get("text/plain", "")
    ]
    assert shown
    assert all("image/png" in data for data in shown)


def test_it_begins_with_its_title(path):
    first = read(path).cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")


def test_code_cells_are_short(path):
    long = [c.source for c in cells(path, "code") if len(c.source.splitlines()) > MAX_CODE_LINES]
    assert long == []


def test_text_cells_are_short(path):
    counted = {
        c.source: len(WORD.findall(NOT_PROSE.sub(" ", c.source))) for c in cells(path, "markdown")
    }
    assert {source: n for source, n in counted.items() if n > MAX_WORDS} == {}


def test_no_plotting_code_is_in_sight(path):
    code = "\n".join(cell.source for cell in cells(path, "code"))
    assert not re.search(r"\b(matplotlib|pyplot|plt\.)", code)


def test_it_names_no_path_of_a_machine(path):
    shown = [str(o.get("text") or o.get("data", {}).get("text/plain", "")) for o in outputs(path)]
    written = [cell.source for cell in read(path).cells]
    assert A_MACHINES_PATH.findall("\n".join(written + shown)) == []


def test_it_is_small_enough_to_be_shown_on_the_web(path):
    assert path.stat().st_size < MAX_BYTES
