"""The view of schedules: equal cost, and the recorded trainings."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.losses import SliceSchedule
from sigreg_edu.training.frontier_trainings import LAMBDAS, SCHEDULES, STEPS
from sigreg_edu.training.frontiers import results
from sigreg_edu.views.slice_schedule import (
    COSTS,
    FIXED,
    LAMB_LABELS,
    SHAPES,
    SliceScheduleParams,
    slice_schedule_view,
)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_constant_costs_as_much_as_the_schedule(shape):
    view = slice_schedule_view(SliceScheduleParams(first=4, last=256, shape=shape))
    assert view.slices.sum() == pytest.approx(view.constant * STEPS)
    schedule = SliceSchedule(0, STEPS - 1, 4, 256, shape)
    assert view.slices.tolist() == [schedule(step) for step in range(STEPS)]


@pytest.mark.parametrize("lamb", LAMB_LABELS)
def test_accuracies_are_those_of_the_record(lamb):
    view = slice_schedule_view(SliceScheduleParams(lamb=lamb))
    number = None if lamb == "best" else float(lamb)
    for name in COSTS:
        np.testing.assert_allclose(view.knn[name], 100 * results(name, number))
        assert view.courses[name][-1] == pytest.approx(view.knn[name].mean())


def test_each_lambda_can_be_chosen():
    assert [float(lamb) for lamb in list(LAMB_LABELS)[1:]] == list(LAMBDAS)


def test_recorded_schedules_cost_as_much_as_64_slices():
    view = slice_schedule_view(SliceScheduleParams())
    for name in SCHEDULES:
        assert view.costs[name] == pytest.approx(view.costs["fixed_64"], rel=0.01)
    assert [view.costs[name] for name in FIXED] == [4, 16, 64, 256, 1024]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_schedule_that_falls_is_shown_beside_the_recorded_one_that_does(shape):
    view = slice_schedule_view(SliceScheduleParams(first=128, last=16, shape=shape))
    assert view.nearest == "falling"
    assert "165 → 16, geometric" in view.readout
    assert slice_schedule_view(SliceScheduleParams(shape=shape)).nearest == shape
    np.testing.assert_array_equal(view.recorded, [SCHEDULES["falling"](k) for k in range(STEPS)])


def test_the_readout_names_cost_and_results():
    view = slice_schedule_view(SliceScheduleParams(first=64, last=64))
    assert "64 slices all the time" in view.readout
    assert "do not follow the two sliders" in view.readout
    assert f"{view.knn['fixed_4'].mean():.1f} ±" in view.readout
