"""A vision transformer in a notebook: trained live, while sliders answer between its steps."""

import time

import pytest

pytestmark = pytest.mark.browser

TRAIN = ".sigreg-train"
PROMISED_SECONDS = 90.0
ANSWER_SECONDS = 2.0  # a few steps of 0.1 s, on a machine that has other work


@pytest.fixture(scope="module")
def lab(open_cells):
    return open_cells(
        "vit_training",
        "from sigreg_edu.explorers import vit_training_explorer",
        "vit = vit_training_explorer(); vit.sessions.changes = {'batch_size': 64}",
        "vit.sessions.begin(vit.explorer.params); vit",
    )


@pytest.fixture(scope="module")
def vit(lab):
    return lab.explorers()[0]


def press_train(explorer):
    explorer.element.query_selector(TRAIN).click()


def wait_until(explorer, holds, seconds):
    """Wait for words of the read-out; return how long that took."""
    began = time.monotonic()
    while not holds(explorer.readout()):
        assert time.monotonic() < began + seconds, explorer.readout()
        explorer.page.wait_for_timeout(20)
    return time.monotonic() - began


def step_in(words):
    return int(words.split("step ")[1].split()[0]) if ", step " in words else 0


def test_it_learns_while_one_watches_and_sliders_answer(lab, vit):
    first = vit.fingerprint()
    press_train(vit)
    wait_until(vit, lambda words: step_in(words) >= 20, seconds=PROMISED_SECONDS / 2)
    assert vit.fingerprint() != first
    slider = vit.slider("λ")
    slider.focus()
    vit.page.keyboard.press("ArrowRight")
    wait_until(vit, lambda words: "λ = 0.055" in words or "now 0.055" in words, ANSWER_SECONDS)
    wait_until(vit, lambda words: step_in(words) >= 100, seconds=PROMISED_SECONDS)
    press_train(vit)  # a pause
    knn = lab.run("knn = vit.session.curve('knn', 'embedding'); print(knn[0], knn[-1])")
    before, after = map(float, knn.split())
    assert after >= 2.0 * before
    assert lab.run("print(sorted(set(vit.session.lambs)))") == "[0.05, 0.055]\n"
    assert vit.error() == ""
    assert lab.errors == []


def test_other_digits_are_another_training_and_looked_at_when_the_slider_rests(lab, vit):
    taken = lab.run("first = vit.session; print(first.step)")
    vit.key(vit.slider("colour"), times=3)
    wait_until(vit, lambda words: "not trained yet: in the projection kNN" in words, seconds=10)
    vit.key(vit.slider("colour"), "ArrowLeft", times=3)
    wait_until(vit, lambda words: f"of {taken.strip()} taken" in words, seconds=10)
    assert lab.run("print(vit.session is first)") == "True\n"
    assert vit.error() == ""


def test_the_kernels_interrupt_stops_it_and_its_history_stays(lab, vit):
    press_train(vit)
    before = int(lab.run("print(vit.session.step)"))
    vit.page.wait_for_timeout(1500)
    lab.interrupt()
    vit.page.wait_for_timeout(1500)
    taken = int(lab.run("print(vit.session.step)"))
    vit.page.wait_for_timeout(500)
    assert before < taken == int(lab.run("print(vit.session.step)")) < 300
    assert lab.run("print(vit.session.stopped, vit.session.looks[-1].step)") == f"True {taken}\n"
    assert vit.error() == ""
