"""The hand-over: exact weights, recorded curves, and both pure runs beside them."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.losses import HybridTransition
from sigreg_edu.losses.schedules import TRANSITIONS
from sigreg_edu.training.collapse_file import Setting, collapse_runs
from sigreg_edu.views.schedule import (
    CURVES,
    END,
    SHAPES,
    START,
    ScheduleParams,
    schedule_view,
)


def test_every_shape_of_the_library_can_be_chosen():
    assert set(SHAPES) == set(TRANSITIONS)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("step", [0, 199, 200, 250, 333, 400, 600])
def test_the_weights_are_the_librarys_at_every_step(shape, step):
    view = schedule_view(ScheduleParams(shape=shape, step=step))
    truth = HybridTransition(200, 400, shape)
    assert view.weights_now == truth(step)
    assert tuple(view.weights[:, step]) == truth(step)
    assert view.weights.sum(axis=0) == pytest.approx(1.0)


@pytest.mark.parametrize("shape", SHAPES)
def test_curves_are_the_recorded_runs(shape):
    view, kept = schedule_view(ScheduleParams(shape=shape)), collapse_runs()
    settings = {
        "hybrid": Setting.default("hybrid", shape=shape),
        "vicreg": Setting.default("vicreg"),
        "sigreg": Setting.default("sigreg"),
    }
    assert set(view.curves) == set(settings)
    for name, setting in settings.items():
        run = kept.of(setting)
        assert set(view.curves[name]) == set(CURVES)
        np.testing.assert_array_equal(view.curves[name]["sigreg"], run.curve("sigreg"))
        narrowest = run.spectra["projection"].min(axis=1)
        np.testing.assert_array_equal(view.curves[name]["narrowest"], narrowest)


@pytest.mark.parametrize("shape", SHAPES)
def test_until_the_hand_over_begins_the_run_is_vicregs(shape):
    view = schedule_view(ScheduleParams(shape=shape))
    before = view.steps <= START
    for name in CURVES:
        hybrid, vicreg = (view.curves[run][name] for run in ("hybrid", "vicreg"))
        np.testing.assert_array_equal(hybrid[before], vicreg[before])
        assert not np.array_equal(hybrid, vicreg)


def test_between_two_moments_the_earlier_is_shown_and_said():
    view = schedule_view(ScheduleParams(step=212))
    assert view.steps[view.now] == 200
    assert "(looked at after step 200)" in view.readout
    assert "looked at" not in schedule_view(ScheduleParams(step=225)).readout


@pytest.mark.parametrize(
    ("step", "phase"),
    [(0, "VICReg alone"), (START, "handing over"), (END, "SIGReg alone"), (600, "SIGReg alone")],
)
def test_words_tell_phase_and_weights(step, phase):
    view = schedule_view(ScheduleParams(step=step))
    assert view.readout.startswith(f"Step {step}, {phase}: weights ")


def test_the_hand_over_widens_the_narrowest_axis_and_lowers_t():
    for shape in SHAPES:
        view = schedule_view(ScheduleParams(shape=shape))
        hybrid, start = view.curves["hybrid"], list(view.steps).index(START)
        times = 3 if shape == "steps" else 4  # recorded: 3.7 for the sudden steps
        assert hybrid["narrowest"][-1] > times * hybrid["narrowest"][start]
        assert hybrid["sigreg"][-1] < 0.5 * hybrid["sigreg"][start]
