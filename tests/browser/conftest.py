"""A JupyterLab and a Chromium for each test module, and a careful look at a live explorer."""

import json
import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from sigreg_edu.cli.browser import LabPage, drag_with_room, find_browser, open_browser
from sigreg_edu.cli.notebooks import notebook_of
from sigreg_edu.cli.server import serve_lab

DRAGGED_PIXELS = 60  # more than half a step of a slider with three positions


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items):
    """Two browsers share the work: file by file, and notebook by notebook."""
    for item in items:
        if item.path.parent == Path(__file__).parent and item.path.stem != "test_notebooks":
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


def pytest_runtest_setup():
    """Without a browser: skip, and say so; where CI is set, fail."""
    if find_browser(os.environ) is None:
        missing = "no Chromium: install it, or set SIGREG_EDU_BROWSER to its program"
        if os.environ.get("CI", "") in ("", "0", "false"):
            pytest.skip(missing)
        pytest.fail(missing, pytrace=False)


# Per module, not per session: while Playwright runs, it holds this thread's event loop, which tests
# outside this folder would notice.
@pytest.fixture(scope="module")
def browser():
    with open_browser() as started:
        yield started


@pytest.fixture(scope="module")
def server():
    with serve_lab() as started:
        yield started


@pytest.fixture(scope="module")
def open_cells(browser, server):
    """Return a function: sources of code cells → their notebook, open and run."""
    opened = []

    def show(name, *sources):
        (server.notebooks / f"{name}.ipynb").write_text(json.dumps(notebook_of(*sources)), "utf-8")
        lab = LabPage.open(browser, server, f"{name}.ipynb")
        opened.append(lab)
        lab.run_all()
        return lab

    yield show
    for lab in opened:
        lab.close()


@pytest.fixture(scope="session")
def serious():
    """Return a function: page → what axe-core finds that keeps people out, rule → elements.

    A second argument names the parts of the page to look at, as CSS selectors; else all of it.
    """
    axe = Axe()

    def look(page, parts=()):
        there = [part for part in parts if page.query_selector(part)]
        context = {"include": [[part] for part in there]} if parts else None
        found = axe.run(page, context).response["violations"]
        return {
            rule["id"]: [node["html"][:200] for node in rule["nodes"]]
            for rule in found
            if rule["impact"] in ("serious", "critical")
        }

    return look


@pytest.fixture
def assert_alive():
    """Return a function that keys and drags an explorer's sliders and looks at what comes."""

    def check(explorer):
        title = explorer.title()
        assert not explorer.is_blank(), f"{title}: the first picture is blank"
        live = [slider for slider in explorer.sliders() if explorer.answers(slider)]
        assert live, f"{title}: no slider changes the picture"
        told = [answers_in_words(explorer, slider) for slider in live]
        assert any(told), f"{title}: the read-out never changes"
        before = explorer.fingerprint()
        explorer.drag(live[0], drag_with_room(live[0], DRAGGED_PIXELS))
        assert explorer.fingerprint() != before, f"{title}: a drag does not change the picture"
        assert not explorer.is_blank(), f"{title}: the picture is blank after a drag"
        assert_same_words(explorer)
        assert explorer.error() == ""

    return check


@pytest.fixture
def assert_answers():
    """Return a function for explorers that other tests look at with care: one slider must live."""

    def check(explorer):
        title = explorer.title()
        assert not explorer.is_blank(), f"{title}: the first picture is blank"
        live = next((slider for slider in explorer.sliders() if explorer.answers(slider)), None)
        assert live, f"{title}: no slider changes the picture"
        answers_in_words(explorer, live)
        assert_same_words(explorer)
        assert explorer.error() == ""

    return check


def assert_same_words(explorer):
    """Alternative text and read-out, looked at in one moment: a picture may still be refined."""
    alt, words = explorer.element.evaluate(
        "(one) => [one.querySelector('canvas[role=img]').getAttribute('aria-label'),"
        " one.querySelector('.sigreg-readout').textContent]"
    )
    assert alt == words


def answers_in_words(explorer, slider):
    """Key a slider a few steps; the picture must change, and the words may."""
    before, words = explorer.fingerprint(), explorer.readout()
    explorer.key(slider, times=3)
    assert explorer.fingerprint() != before, f"{explorer.title()}: the picture did not change"
    return explorer.readout() != words
