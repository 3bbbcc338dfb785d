"""Every notebook runs in JupyterLab from top to bottom, and its explorers live."""

from pathlib import Path

import pytest

from sigreg_edu.cli.browser import LabPage
from sigreg_edu.cli.server import serve_lab

pytestmark = pytest.mark.browser

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def server():
    with serve_lab(NOTEBOOKS) as started:
        yield started


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_its_explorers_live(notebook, browser, server, assert_answers):
    lab = LabPage.open(browser, server, notebook.name)
    lab.run_all()
    explorers = lab.explorers()
    assert explorers, "a notebook of the kit shows at least one explorer"
    for explorer in explorers:
        assert_answers(explorer)
    assert lab.errors == []
    lab.close()


def test_lab_opens_at_the_notebook_it_was_asked_for(browser, server):
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{server.url}?token={server.token}")
    page.wait_for_url("**/lab/tree/notebooks/first.ipynb")
    page.wait_for_selector(".jp-NotebookPanel")
    context.close()
