"""A training in a notebook: live, steered by sliders, stopped by button or interrupt."""

import time

import pytest

pytestmark = pytest.mark.browser

PROMISED_SECONDS = 60.0
TRAIN = ".sigreg-train"


@pytest.fixture(scope="module")
def lab(open_cells):
    return open_cells(
        "training",
        "from sigreg_edu.explorers import training_explorer",
        "none = training_explorer(condition='none'); none",
        "sigreg = training_explorer(condition='lejepa'); sigreg",
    )


@pytest.fixture(scope="module")
def none(lab):
    return lab.explorers()[0]


@pytest.fixture(scope="module")
def sigreg(lab):
    return lab.explorers()[1]


def press(explorer, selector):
    explorer.element.query_selector(selector).click()


def wait_for_words(explorer, *words, seconds=PROMISED_SECONDS):
    end = time.monotonic() + seconds
    while not any(word in explorer.readout() for word in words):
        assert time.monotonic() < end, explorer.readout()
        explorer.page.wait_for_timeout(50)


def steps_taken(lab, name):
    return int(lab.run(f"print({name}.session.step)"))


def test_without_a_regularizer_it_collapses_and_with_sigreg_it_does_not(lab, none, sigreg):
    for explorer, state in ((none, "complete collapse"), (sigreg, "no collapse")):
        first = explorer.fingerprint()
        press(explorer, TRAIN)
        wait_for_words(explorer, "step 600 of 600")
        assert state in explorer.readout()
        assert explorer.fingerprint() != first
    assert lab.errors == []


def test_a_slider_answers_while_it_trains_and_lambda_is_obeyed(lab, sigreg):
    press(sigreg, TRAIN)  # it had ended: this begins afresh
    wait_for_words(sigreg, "step 24 of", "step 36 of", "step 48 of", seconds=20)
    slider = sigreg.slider("λ")
    slider.focus()
    sigreg.page.keyboard.press("PageUp")
    wait_for_words(sigreg, "step 240 of", "step 252 of", "step 264 of", seconds=30)
    lambs = [float(x) for x in lab.run("print(*sorted(set(sigreg.session.lambs)))").split()]
    assert len(lambs) == 2
    assert lambs[0] == 0.02 < lambs[1]
    assert sigreg.error() == ""


def test_the_kernels_interrupt_stops_it_and_its_history_stays(lab, sigreg):
    if steps_taken(lab, "sigreg") >= 600:
        press(sigreg, TRAIN)
        wait_for_words(sigreg, "step 24 of", "step 36 of", seconds=20)
    lab.interrupt()
    sigreg.page.wait_for_timeout(500)
    taken = steps_taken(lab, "sigreg")
    sigreg.page.wait_for_timeout(500)
    assert steps_taken(lab, "sigreg") == taken < 600
    looked = lab.run("print(len(sigreg.session.looks), sigreg.session.curve('knn')[-1] > 0.5)")
    assert int(looked.split()[0]) > 2
    assert looked.split()[1] == "True"
    handle = sigreg.slider("look back to step")
    sigreg.key(handle, "PageDown", times=2)
    assert sigreg.error() == ""


def test_pause_and_stop(lab, none):
    press(none, TRAIN)
    wait_for_words(none, "step 24 of", "step 36 of", seconds=20)
    press(none, TRAIN)
    none.page.wait_for_timeout(300)
    paused = steps_taken(lab, "none")
    none.page.wait_for_timeout(300)
    assert steps_taken(lab, "none") == paused < 600
    press(none, TRAIN)
    wait_for_words(none, "step 120 of", "step 132 of", "step 144 of", seconds=30)
    none.press("stop")
    assert lab.run("print(none.session.stopped)") == "True\n"
    assert f"step {steps_taken(lab, 'none')} of {steps_taken(lab, 'none')}" in none.readout()
