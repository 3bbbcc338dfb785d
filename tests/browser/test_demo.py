"""The demos, driven by keys alone in Chromium: gallery, steps, dark and light, token."""

from __future__ import annotations

import itertools
import socket

import pytest

from sigreg_edu.cli.browser import SCRIPTS, LiveExplorer
from sigreg_edu.cli.server import serve_demo
from sigreg_edu.explorers import GALLERY

pytestmark = pytest.mark.browser

TOKEN = "a-token-for-tests"
SECONDS = 60_000  # milliseconds until a demo's kernel has shown it


@pytest.fixture(scope="module")
def address():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with serve_demo(port, TOKEN) as started:
        yield started


@pytest.fixture
def page(browser, address):
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    context.add_init_script(path=SCRIPTS)
    opened = context.new_page()
    opened.goto(f"{address}?token={TOKEN}&look=light")
    yield opened
    context.close()


def open_demo(page, address, name):
    page.goto(f"{address}voila/render/{name}.ipynb")
    page.wait_for_selector(".sigreg-picture[data-frame] canvas", timeout=SECONDS)
    return LiveExplorer(page, page.query_selector(".sigreg-explorer"))


def current_step(page):
    return page.evaluate("document.querySelector('[aria-current=step]')?.textContent")


def test_the_gallery_is_walked_by_arrows_and_opens_a_demo_by_enter(page, address):
    assert len(page.query_selector_all(".demo-card a")) == len(GALLERY)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.querySelector('strong').textContent") == (
        list(GALLERY)[1].replace("_", " ")
    )
    page.keyboard.press("Enter")
    page.wait_for_selector(".sigreg-picture[data-frame] canvas", timeout=SECONDS)
    assert page.url.endswith(f"/voila/render/{list(GALLERY)[1]}.ipynb")
    page.keyboard.press("g")
    page.wait_for_selector(".demo-card")
    assert page.evaluate("document.activeElement.closest('.demo-card') !== null")  # where it was


def test_arrows_walk_the_numbered_steps_and_digits_jump(page, address):
    explorer = open_demo(page, address, "epps_pulley")
    explorer.rest()
    first, before = current_step(page), explorer.fingerprint()
    with explorer.new_picture():
        page.keyboard.press("ArrowRight")
    assert current_step(page) != first
    assert explorer.fingerprint() != before
    page.keyboard.press("ArrowLeft")
    explorer.rest()
    assert current_step(page) == first
    page.keyboard.press("3")
    explorer.rest()
    steps = page.evaluate("[...document.querySelectorAll('.demo-step')].map(b => b.textContent)")
    assert current_step(page) == steps[2]
    assert len(steps) >= 3
    assert first == steps[0]  # a demo opens there
    page.keyboard.press("9")  # there are six
    assert current_step(page) == steps[2]


# with nine controls, and with eight lines of read-out
@pytest.mark.parametrize("name", ["epps_pulley", "particles", "factors"])
def test_no_code_is_in_sight_and_nothing_is_cut_off_at_1280_by_720(page, address, name):
    open_demo(page, address, name).rest()
    assert "GALLERY" not in page.evaluate("document.body.innerText")
    canvas = page.evaluate(
        "(() => { const b = document.querySelector('.sigreg-picture canvas')"
        ".getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom]; })()"
    )
    assert canvas[0] >= 0
    assert canvas[1] >= 0
    assert canvas[2] <= 1280
    assert canvas[3] <= 720
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert page.evaluate("document.documentElement.scrollHeight") <= 722


def test_d_turns_light_into_dark_and_it_stays(page, address):
    open_demo(page, address, "winding")
    look = "document.documentElement.dataset.look"
    assert page.evaluate(look) == "light"
    page.keyboard.press("d")
    assert page.evaluate(look) == "dark"
    page.reload()
    assert page.evaluate(look) == "dark"


def test_a_slider_keeps_its_arrows(page, address):
    explorer = open_demo(page, address, "epps_pulley")
    explorer.key(explorer.sliders()[1])  # the first is idle at the start
    assert current_step(page) is None


def test_a_step_is_left_when_a_control_is_moved_and_help_covers_nothing_for_good(page, address):
    explorer = open_demo(page, address, "shadow2d")
    assert current_step(page)
    page.keyboard.press("?")
    assert page.is_visible(".demo-help")
    assert page.evaluate("document.documentElement.scrollHeight") <= 722
    page.keyboard.press("Escape")
    assert not page.is_visible(".demo-help")
    page.select_option(".sigreg-control select", label="Cross")
    explorer.rest()
    assert current_step(page) is None


def test_p_trains_where_there_is_something_to_train(page, address):
    explorer = open_demo(page, address, "training")
    page.keyboard.press("p")
    page.wait_for_function(
        "/step [1-9]/.test(document.querySelector('.sigreg-readout').textContent)", timeout=SECONDS
    )
    page.keyboard.press("p")
    explorer.rest()


def test_without_the_token_there_is_nothing(browser, address):
    context = browser.new_context()
    page = context.new_page()
    page.goto(address)
    assert page.query_selector(".demo-card") is None
    answer = page.goto(f"{address}voila/render/winding.ipynb")
    assert page.query_selector(".sigreg-explorer") is None
    assert answer.ok is False or "login" in page.url
    context.close()


@pytest.mark.parametrize("look", ["light", "dark"])
def test_axe_finds_nothing_serious_in_the_gallery(page, address, look, serious):
    page.goto(f"{address}?look={look}")
    assert serious(page) == {}


@pytest.mark.parametrize("name", ["embedding", "particles", "planner"])
def test_axe_finds_nothing_serious_in_a_demo_light_or_dark(page, address, name, serious):
    explorer = open_demo(page, address, name)
    explorer.rest()
    page.wait_for_timeout(700)  # names are given once the controls are there
    assert serious(page) == {}
    page.keyboard.press("d")
    assert page.evaluate("document.documentElement.dataset.look") == "dark"
    assert serious(page) == {}


@pytest.mark.parametrize("name", ["crossing"])
def test_headings_are_in_order_and_every_picture_has_words(page, address, name):
    open_demo(page, address, name)
    levels = page.evaluate(
        "[...document.querySelectorAll('h1, h2, h3, [role=heading]')]"
        ".map((h) => Number(h.ariaLevel ?? h.tagName[1]))"
    )
    assert levels[:1] == [1]
    assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(levels))
    alts = page.evaluate("[...document.querySelectorAll('[role=img]')].map(i => i.ariaLabel)")
    assert alts
    assert all(alts)
