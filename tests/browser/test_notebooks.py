"""Every notebook runs in JupyterLab from top to bottom, its explorers live, and axe is content."""

from pathlib import Path

import pytest

from sigreg_edu.cli.browser import LabPage
from sigreg_edu.cli.server import serve_lab

pytestmark = pytest.mark.browser

OURS = [".jp-RenderedMarkdown", ".jp-OutputArea-output"]  # the rest of the page is JupyterLab's
ITS_OWN = "scrollable-region-focusable"  # JupyterLab's boxes of wide outputs take no focus
NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def server():
    with serve_lab(NOTEBOOKS) as started:
        yield started


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_lives_and_is_open_to_all(
    notebook, browser, server, assert_answers, serious
):
    lab = LabPage.open(browser, server, notebook.name)
    lab.run_all()
    explorers = lab.explorers()
    assert explorers, "a notebook of the kit shows at least one explorer"
    for explorer in explorers:
        assert_answers(explorer)
    assert lab.page.query_selector_all(".jp-Notebook img:not([alt])") == []
    found = serious(lab.page, OURS)
    found.pop(ITS_OWN, None)
    assert found == {}
    assert lab.errors == []
    lab.close()


def test_lab_opens_at_the_notebook_it_was_asked_for(browser, server):
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{server.url}?token={server.token}")
    page.wait_for_url("**/lab/tree/notebooks/first.ipynb")
    page.wait_for_selector(".jp-NotebookPanel")
    context.close()
