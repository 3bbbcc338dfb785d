"""The planner: predictions are the model's, and what is measured here stands beside them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sigreg_edu.losses.cost import FORMS, Measured, arguments_bytes, peak_memory
from sigreg_edu.views import planner
from sigreg_edu.views.cost_record import cost_record, recorded_devices
from sigreg_edu.views.planner import (
    CALIBRATION,
    DEVICES,
    HERE,
    PlannerParams,
    Workbench,
    planner_view,
    ratio,
)

SMALL = {"N": 64, "D": 16, "M": 16, "T": 9}


@pytest.fixture
def quick(monkeypatch):
    """A machine that takes twice the recorded time for everything, and no time to say so."""
    model = cost_record().model

    def measuring(form, *sizes, rounds=3):
        seconds = 2.0 * model.seconds(form, *sizes)
        return iter([None, Measured(form, *sizes, seconds, int(peak_memory(form, *sizes)))])

    monkeypatch.setattr(planner, "measuring", measuring)


def test_every_form_is_predicted_by_the_recorded_model():
    params = PlannerParams(device="cpu")
    view = planner_view(params, Workbench())
    for form in FORMS:
        assert view.seconds[form] == cost_record().model.seconds(form, *params.sizes)
        whole = peak_memory(form, *params.sizes) + arguments_bytes(*params.sizes[:3])
        assert view.memory[form] == whole
    assert view.measured == {}
    assert "as recorded on" in view.readout


def test_the_first_measurement_adapts_the_model_to_this_machine(quick):
    bench, params = Workbench(), PlannerParams()
    before = planner_view(params, bench)
    assert "measure once to adapt it" in before.readout
    said = list(bench.measuring(params))
    assert len(bench.calibration) == len(CALIBRATION)
    assert said[0].startswith("getting to know this machine, 1 of")
    assert said[-1] == "measuring 'fast'"
    after = planner_view(params, bench)
    for form in FORMS:
        assert after.seconds[form] == pytest.approx(2.0 * before.seconds[form])
    assert after.measured["fast"][0] == pytest.approx(after.seconds["fast"])
    assert "1 times the prediction" in after.readout
    assert after.foretold == {"fast": before.seconds["fast"]}
    assert after.earlier("fast") == before.seconds["fast"]
    assert "were predicted; it is 2 times that" in after.readout
    assert len(list(bench.measuring(params))) == len(said) - len(CALIBRATION)  # only once


def test_calibrating_again_replaces_the_small_steps_and_keeps_what_was_foretold(quick):
    bench, params = Workbench(), PlannerParams()
    before = planner_view(params, bench).seconds["fast"]
    list(bench.measuring(params))
    bench.calibration = [replace(row, seconds=5.0 * row.seconds) for row in bench.calibration]
    busy = planner_view(params, bench)
    assert busy.seconds["fast"] == pytest.approx(10.0 * before)
    assert len(list(bench.calibrating())) == len(CALIBRATION)
    quiet = planner_view(params, bench)
    assert quiet.seconds["fast"] == pytest.approx(2.0 * before)
    assert quiet.measured == busy.measured
    assert quiet.earlier("fast") == before


def test_a_prediction_that_stayed_is_not_told_twice(quick):
    bench, params = Workbench(), PlannerParams()
    list(bench.measuring(params.changed(form="vicreg")))
    list(bench.measuring(params))
    view = planner_view(params, bench)
    assert view.earlier("fast") is None
    assert "were predicted" not in view.readout


def test_what_was_measured_never_enters_the_prediction(quick):
    bench, params = Workbench(), PlannerParams()
    list(bench.measuring(params))
    predicted = planner_view(params, bench).seconds
    slow = Measured("fast", *params.sizes, 100.0, 0)
    bench.measured["fast", params.sizes] = slow
    assert planner_view(params, bench).seconds == predicted


def test_the_record_stays_as_it_is_and_shows_no_measurement_of_this_machine(quick):
    bench, params = Workbench(), PlannerParams(device="cpu")
    before = planner_view(params, bench)
    list(bench.measuring(params))
    after = planner_view(params, bench)
    assert after.seconds == before.seconds
    assert after.measured == {}


def test_measurements_come_back_with_their_sizes(quick):
    bench, params = Workbench(), PlannerParams()
    list(bench.measuring(params))
    assert planner_view(params.changed(N=4096), bench).measured == {}
    assert set(planner_view(params.changed(form="vicreg"), bench).measured) == {"fast"}


def test_what_takes_more_than_five_seconds_is_refused(quick):
    params = PlannerParams(N=512, D=16, M=1024, form="closed form")
    with pytest.raises(ValueError, match=r"would take about .* s for 3 steps, and at most 5 s"):
        list(Workbench().measuring(params))


def test_what_does_not_fit_is_refused_before_anything_is_measured():
    bench = Workbench()
    params = PlannerParams(N=6272, D=384, M=1024, form="three sums")
    with pytest.raises(ValueError, match="would need 646 GB"):
        next(bench.measuring(params))
    assert bench.calibration == []


def test_a_real_measurement_is_of_the_chosen_form_and_sizes(monkeypatch):
    monkeypatch.setattr(planner, "CALIBRATION", CALIBRATION[:1])
    bench, params = Workbench(), PlannerParams(**SMALL)
    list(bench.measuring(params))
    (row,) = bench.measured.values()
    assert (row.form, row.sizes) == ("fast", params.sizes)
    view = planner_view(params, bench)
    assert view.measured["fast"][1] == pytest.approx(view.memory["fast"], rel=0.02)


def test_every_form_is_part_of_the_calibration_and_each_of_its_steps_is_short():
    assert {sizes[0] for sizes in CALIBRATION} == set(FORMS)
    model = cost_record().model
    assert all(model.seconds(*sizes) < 0.3 for sizes in CALIBRATION)


def test_budgets_decide_what_fits():
    view = planner_view(PlannerParams(**SMALL, ms=2000, gigabytes=80), Workbench())
    assert all(view.fits(form) for form in FORMS)
    tight = planner_view(PlannerParams(N=8192, D=2048, M=2048, ms=10, gigabytes=1), Workbench())
    assert not any(tight.fits(form) for form in FORMS)
    assert "Within 10 ms and 1 GB: no form." in tight.readout


def test_devices_are_the_recorded_ones_and_this_machine():
    assert list(DEVICES) == [*recorded_devices(), HERE]
    assert ratio(3.0, 2.0) == "1.5 times"
