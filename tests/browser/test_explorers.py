"""Every explorer lives in JupyterLab: keys and the mouse change its picture and its words."""

import pytest

from sigreg_edu.explorers import GALLERY

pytestmark = pytest.mark.browser

NAMES = list(GALLERY)


@pytest.fixture(scope="module")
def lab(open_cells):
    cells = [f"GALLERY[{name!r}]()" for name in NAMES]
    return open_cells("gallery", "from sigreg_edu.explorers import GALLERY", *cells)


@pytest.fixture(scope="module")
def explorers(lab):
    return dict(zip(NAMES, lab.explorers(), strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_sliders_change_picture_and_words(name, explorers, assert_alive):
    assert_alive(explorers[name])


@pytest.mark.parametrize("name", NAMES)
def test_every_slider_has_a_name_for_those_who_cannot_see_it(name, explorers):
    labels = [slider.get_attribute("aria-label") for slider in explorers[name].sliders()]
    assert all(labels)
    assert len(set(labels)) == len(labels)


def test_axe_finds_nothing_serious_in_any_explorer(lab, explorers, serious):
    assert serious(lab.page, [".sigreg-explorer"]) == {}


def test_the_console_is_clean(lab, explorers):
    assert lab.errors == []


def test_what_can_be_played_plays_pauses_and_is_scrubbed_back(explorers):
    particles = explorers["particles"]
    particles.press("line, SIGReg")
    particles.play(2.0)
    reached = step_of(particles)
    assert reached > 5
    particles.page.wait_for_timeout(500)
    assert step_of(particles) == reached
    later = particles.fingerprint()
    particles.key(particles.slider("step"), "ArrowLeft", times=3)
    assert step_of(particles) == reached - 3
    particles.key(particles.slider("step"), "ArrowRight", times=3)
    assert particles.fingerprint() == later
    particles.press("one step")
    assert step_of(particles) == reached + 1


def step_of(explorer):
    return int(explorer.readout().split(",")[0].removeprefix("Step "))
