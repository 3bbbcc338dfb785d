"""The site of the notebooks in Chromium: without kernel, server and network its sliders live."""

from pathlib import Path

import pytest

from sigreg_edu.cli.book import make_book
from sigreg_edu.cli.browser import SCRIPTS

pytestmark = pytest.mark.browser

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
ALIVE = "05_train_a_vit"  # has explorers of a single slider


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    made = make_book(NOTEBOOKS, tmp_path_factory.mktemp("book") / "site", frames=5, alive=[ALIVE])
    return made.parent


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script(path=SCRIPTS)
    context.set_offline(True)
    opened = context.new_page()
    opened.complaints = []
    opened.on("console", lambda said: said.type == "error" and opened.complaints.append(said.text))
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.on("requestfailed", lambda asked: opened.complaints.append(asked.url))
    yield opened
    context.close()


def open_page(page, site, name):
    page.goto((site / f"{name}.html").as_uri())
    page.wait_for_load_state("load")


def test_every_slider_turns_its_picture_over_by_keys(page, site):
    open_page(page, site, ALIVE)
    figures = page.query_selector_all(".sigreg-live")
    assert len(figures) >= 5
    for figure in figures:
        picture, slider = figure.query_selector("img"), figure.query_selector("input")
        seen = {(picture.get_attribute("src"), picture.get_attribute("alt"))}
        slider.focus()
        for key in ("Home", *["ArrowRight"] * 4):
            page.keyboard.press(key)
            seen.add((picture.get_attribute("src"), picture.get_attribute("alt")))
            words = figure.query_selector(".sigreg-words").inner_text()
            assert picture.get_attribute("alt") == words
            told = figure.query_selector("output").inner_text()
            assert slider.get_attribute("aria-valuetext") == told
        assert len(seen) > 2
        assert picture.evaluate("(one) => one.decode().then(() => one.naturalWidth)") > 900
    assert page.complaints == []


def test_formulas_are_set_without_the_network(page, site):
    open_page(page, site, "02_epps_pulley")
    page.wait_for_selector("mjx-container")
    assert page.complaints == []


@pytest.mark.parametrize("name", ["index", "glossary", ALIVE, "07_clinic"])
def test_axe_finds_nothing_serious_in_the_site(page, site, name, serious):
    open_page(page, site, name)
    assert serious(page) == {}
