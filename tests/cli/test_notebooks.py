"""Notebooks are run again, and what is kept of them does not change from run to run."""

import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from sigreg_edu.cli.notebooks import METADATA, WIDGET, main, renew, tidy, tidy_output


def display(**data):
    return new_output("display_data", data={k.replace("_", "/"): v for k, v in data.items()})


def widget_output(**data):
    output = display(**data)
    output.data[WIDGET] = {"model_id": "3f2a", "version_major": 2, "version_minor": 0}
    return output


@pytest.fixture
def written(tmp_path):
    def write(*sources):
        cells = [new_code_cell(source) for source in sources]
        path = tmp_path / "one.ipynb"
        nbformat.write(new_notebook(cells=cells), path)
        return path

    return write


def test_a_live_widget_leaves_its_still_picture():
    kept = tidy_output(widget_output(image_png="aGk=", text_plain="<explorer: T = 1>"))
    assert set(kept.data) == {"image/png", "text/plain"}


def test_a_widget_without_a_still_leaves_nothing():
    assert tidy_output(widget_output(text_plain="IntSlider(value=0)")) is None


def test_an_output_without_a_widget_is_kept():
    assert tidy_output(display(text_plain="3")).data == {"text/plain": "3"}


def test_addresses_in_memory_are_not_kept():
    assert tidy_output(display(text_plain="<f at 0x7f0a>")).data["text/plain"] == "<f>"
    stream = new_output("stream", name="stdout", text="<f at 0x7F0A> and <g at 0x1>\n")
    assert tidy_output(stream).text == "<f> and <g>\n"


def test_what_differs_between_machines_and_runs_is_not_kept():
    cell = new_code_cell("1", metadata={"execution": {"iopub.status.busy": "now"}, "tags": ["x"]})
    language = {"name": "python", "version": "3.11.7"}
    notebook = new_notebook(cells=[cell], metadata={"widgets": {}, "language_info": language})
    tidy(notebook)
    assert notebook.metadata == METADATA
    assert notebook.cells[0].metadata == {"tags": ["x"]}


def test_running_again_changes_nothing(written):
    path = written("print(1)\nprint(2)", "object()", "1 + 1")
    assert renew(path)
    first = path.read_text()
    assert renew(path)
    assert path.read_text() == first
    cells = nbformat.read(path, as_version=4).cells
    assert [cell.execution_count for cell in cells] == [1, 2, 3]
    assert cells[0].outputs[0].text == "1\n2\n"
    assert cells[1].outputs[0].data["text/plain"] == "<object>"


def test_it_runs_in_the_notebooks_own_folder_with_this_python(written):
    path = written("import os, sys\nprint(os.getcwd())\nprint(sys.prefix)")
    renew(path)
    text = nbformat.read(path, as_version=4).cells[0].outputs[0].text
    assert text.splitlines() == [str(path.parent), sys.prefix]


def test_a_notebook_that_fails_is_left_as_it_was_and_fails_the_command(written, capsys):
    path = written("1 / 0")
    before = path.read_text()
    assert main([str(path)]) == 1
    assert path.read_text() == before
    assert "ZeroDivisionError" in capsys.readouterr().err
