"""The planner's button: it measures between the messages, refuses in words, and lets go."""

from __future__ import annotations

import asyncio

import pytest

from sigreg_edu.explorers import crossing_explorer, planner_explorer
from sigreg_edu.explorers.cost import AGAIN, CALIBRATE, MEASURE, MEASURING
from sigreg_edu.views import planner

SMALL = {"N": 64, "D": 16, "M": 16, "T": 9}


@pytest.fixture(autouse=True)
def short_calibration(monkeypatch):
    monkeypatch.setattr(planner, "CALIBRATION", (("fast", *SMALL.values()),))


@pytest.fixture
def widget():
    widget = planner_explorer(**SMALL)
    yield widget
    widget.close()


def test_without_a_loop_the_button_measures_at_once(widget):
    widget.measure_button.click()
    assert not widget.measuring
    assert widget.explorer.error == ""
    assert set(widget.explorer.view.measured) == {"fast"}
    assert "Measured here" in widget.picture.readout
    assert widget.measure_button.description == MEASURE


def test_with_a_loop_sliders_move_between_the_steps(widget):
    async def session() -> None:
        widget.measure_button.click()
        assert widget.measuring
        assert widget.measure_button.description == MEASURING
        assert widget.set(ms=500)  # answered in the middle
        while widget.measuring:
            await asyncio.sleep(0.01)

    asyncio.run(session())
    assert widget.explorer.params.ms == 500
    assert set(widget.explorer.view.measured) == {"fast"}


def test_a_second_press_starts_nothing_more(widget):
    async def session() -> None:
        widget.start()
        steps = widget._steps
        widget.start()
        assert widget._steps is steps
        widget.close()

    asyncio.run(session())


def test_closing_in_the_middle_ends_the_measurement(widget):
    async def session() -> None:
        widget.start()
        widget.close()
        await asyncio.sleep(0.05)
        assert not widget.measuring

    asyncio.run(session())
    assert widget.bench.measured == {}


def test_measuring_turns_to_this_machine(widget):
    widget.set(device="cpu")
    assert widget.measure()
    assert widget.explorer.params.device == planner.HERE
    assert widget.controls["device"].value == planner.HERE
    assert "now, not “recorded: CPU”" in widget.picture.readout
    widget.set(ms=500)
    assert "now, not" not in widget.picture.readout


def test_the_small_steps_can_be_timed_again(widget):
    assert widget.calibrate_button.description == CALIBRATE
    widget.calibrate_button.click()
    first = widget.bench.calibration
    assert first
    assert widget.bench.measured == {}
    assert widget.calibrate_button.description == AGAIN
    assert "for this machine" in widget.picture.readout
    widget.calibrate_button.click()
    assert widget.bench.calibration is not first
    assert not widget.measuring


def test_presets_of_memory_stay_at_the_sizes_of_the_first_state():
    widget = crossing_explorer()
    for label, found in (("memory", "D ≈ 757"), ("memory, textbook", "D ≈ 5044")):
        widget.presets[label].click()
        assert widget.explorer.params.N == 2048
        assert found in widget.picture.readout
    widget.close()


def test_what_does_not_fit_is_said_and_the_picture_stays(widget):
    widget.set(N=6272, D=384, M=1024, form="three sums")
    before = widget.picture.readout
    assert not widget.measure()
    assert "would need 646 GB" in widget.picture.error
    assert widget.picture.readout == before
    assert widget.measure_button.description == MEASURE
    assert widget.set(form="fast")
    assert widget.picture.error == ""


def test_an_unexpected_fault_is_shown_with_its_kind(widget, monkeypatch):
    def broken(*_sizes, **_options):
        raise RuntimeError("out of luck")

    monkeypatch.setattr(planner, "measuring", broken)
    widget.measure_button.click()
    assert "RuntimeError: out of luck" in widget.picture.error
    assert not widget.measuring


def test_measurements_survive_a_walk_to_other_sizes(widget):
    widget.measure()
    widget.set(N=128)
    assert widget.explorer.view.measured == {}
    widget.set(N=SMALL["N"])
    assert set(widget.explorer.view.measured) == {"fast"}


def test_a_measurement_forgets_pictures_that_were_sent_ahead_of_it(widget):
    sent = []
    widget.picture.send = lambda content, buffers=(): sent.append(content)
    widget.set(ms=500)
    assert sent == [{"kind": "forget", "name": "ms"}]
    widget.measure()
    assert sent[1:] == [{"kind": "forget", "name": ""}]
