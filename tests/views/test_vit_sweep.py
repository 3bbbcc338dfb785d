"""Sweeps of a setting: the recorded runs by line and value, and how far a setting may be wrong."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from sigreg_edu.training.config import load_experiment
from sigreg_edu.training.measures import SPACES
from sigreg_edu.training.recorded import vit_runs
from sigreg_edu.views.vit_sweep import (
    LAST_POSITION,
    MEASURES,
    SWEEPS,
    GoodRange,
    VitSweepParams,
    at_end,
    good_range,
    sweep_of_runs,
    swept_values,
    verdict,
    vit_sweep_view,
)


def made_up_runs(knn: dict[str, dict[float, float]]):
    """Runs of the λ sweep with the kNN that is given by loss and λ; all else is as recorded."""
    like = vit_runs("vit_lambda")[0]
    return tuple(
        replace(
            like,
            config=like.config.with_values({"loss.name": loss, "loss.lamb": lamb}),
            final={**like.final, "knn": score},
        )
        for loss, scores in knn.items()
        for lamb, score in scores.items()
    )


def said_of(knn: dict[str, dict[float, float]], position: int = 0) -> str:
    return sweep_of_runs(made_up_runs(knn), VitSweepParams(position=position)).readout


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("sweep", SWEEPS)
def test_lines_hold_every_recorded_run_once(sweep, space):
    view = vit_sweep_view(VitSweepParams(sweep=sweep, space=space))
    plan, runs = SWEEPS[sweep], vit_runs(SWEEPS[sweep].experiment)
    assert sum(len(line.at) for line in view.lines) == len(runs) == view.runs
    assert {line.name for line in view.lines} == {plan.line_of(run.config) for run in runs}
    for line in view.lines:
        own = [run for run in runs if plan.line_of(run.config) == line.name]
        assert line.at.tolist() == [plan.value_of(run.config) for run in own]
        for name in MEASURES:
            assert line.measures[name].tolist() == [at_end(run, name, space) for run in own]


def test_a_measure_is_that_of_the_trained_network():
    run = vit_runs("vit_batch")[-1]
    for space in SPACES:
        for name in ("effective_rank", "smallest_std", "sigreg"):
            assert at_end(run, name, space) == run.measures[space][name][-1]
        assert at_end(run, "linear", space) == run.final["linear"]
        # float32 sums in another order
        last = run.curves["invariance"][-20:].astype(float)
        assert at_end(run, "invariance", space) == pytest.approx(last.mean(), rel=1e-5)


@pytest.mark.parametrize("sweep", SWEEPS)
def test_means_and_courses_are_of_the_runs_at_a_value(sweep):
    for line in vit_sweep_view(VitSweepParams(sweep=sweep)).lines:
        assert (np.diff(line.values) > 0).all()
        for index, value in enumerate(line.values):
            at = line.at == value
            assert len(line.courses[index]) == at.sum() > 0
            for name in MEASURES:
                assert line.means[name][index] == line.measures[name][at].mean()
            for steps, knn in line.courses[index]:
                assert steps.shape == knn.shape


def test_the_slider_reaches_the_largest_value_of_the_longest_sweep():
    counts = {
        name: len(swept_values(load_experiment(sweep.experiment).configs(), name))
        for name, sweep in SWEEPS.items()
    }
    assert max(counts.values()) == LAST_POSITION + 1
    assert min(counts.values()) > 1


@pytest.mark.parametrize("sweep", SWEEPS)
def test_a_position_beyond_a_sweep_is_its_largest_value(sweep):
    runs = tuple(vit_runs(SWEEPS[sweep].experiment)[:2])
    view = sweep_of_runs(runs, VitSweepParams(sweep=sweep, position=LAST_POSITION))
    assert view.value == max(SWEEPS[sweep].value_of(run.config) for run in runs)
    assert f"value {len(view.values)} of {len(view.values)}" in view.readout


def test_each_position_of_a_sweep_has_its_own_words():
    for sweep in SWEEPS:
        views = [vit_sweep_view(VitSweepParams(sweep=sweep, position=i)) for i in range(4)]
        assert len({view.readout for view in views}) == 4
        assert all(f" = {view.value:g}, value" in view.readout for view in views)


@pytest.mark.parametrize(
    ("scores", "low", "high", "is_open"),
    [
        ([0.2, 0.90, 0.89, 0.3], 0.02, 0.04, False),
        ([0.2, 0.90, 0.89, 0.86], 0.02, 0.08, True),  # as far as was tried
        ([0.9, 0.20, 0.88, 0.3], 0.01, 0.01, True),  # no neighbour: not counted
        ([0.2, 0.85, 0.90, 0.3], 0.02, 0.04, False),  # five points exactly
        ([0.2, 0.84, 0.90, 0.3], 0.04, 0.04, False),
    ],
)
def test_the_good_range_is_the_neighbours_within_five_points(scores, low, high, is_open):
    found = good_range(np.array([0.01, 0.02, 0.04, 0.08]), np.array(scores))
    assert (found.low, found.high, found.open) == (low, high, is_open)
    assert found.factor == pytest.approx(high / low)
    assert found.score == max(scores)


def test_a_range_from_zero_is_wider_than_any_factor():
    found = good_range(np.array([0.0, 0.1, 0.2]), np.array([0.8, 0.8, 0.1]))
    assert math.isinf(found.factor)
    assert good_range(np.array([0.0, 0.1]), np.array([0.8, 0.1])).factor == 1.0


def a_range(factor: float, *, is_open: bool = False) -> GoodRange:
    return GoodRange(best=1.0, score=0.9, low=1.0, high=factor, open=is_open)


@pytest.mark.parametrize(
    ("ours", "theirs", "words"),
    [
        (a_range(20.0), a_range(5.0), "The widest range is that of ours."),
        (a_range(5.0), a_range(20.0), "The widest range is that of theirs."),
        (a_range(20.0, is_open=True), a_range(5.0), "The widest range is that of ours."),
        (a_range(20.0), a_range(5.0, is_open=True), "cannot be told"),
        (a_range(20.0, is_open=True), a_range(20.0, is_open=True), "cannot be told"),
        (a_range(5.0), a_range(5.0), "No range is wider than all others."),
    ],
)
def test_the_verdict_names_the_widest_range_only_if_no_other_may_be_wider(ours, theirs, words):
    assert words in verdict({"ours": ours, "theirs": theirs})
    assert verdict({"ours": ours}) == ""


def test_which_loss_is_called_more_stable_follows_from_the_runs():
    wide = {0.01: 0.2, 0.02: 0.90, 0.05: 0.91, 0.1: 0.9, 0.2: 0.3}
    narrow = {0.01: 0.2, 0.02: 0.5, 0.05: 0.92, 0.1: 0.6, 0.2: 0.3}
    first = said_of({"lejepa": wide, "vicreg": narrow}, position=1)
    assert "LeJEPA: kNN 90.0 %" in first
    assert "VICReg: kNN 50.0 %" in first
    assert "LeJEPA: 91.0 % at 0.05, from 0.02 to 0.1, a factor of 5" in first
    assert "VICReg: 92.0 % at 0.05, there alone" in first
    assert "The widest range is that of LeJEPA." in first
    second = said_of({"lejepa": narrow, "vicreg": wide})
    assert "The widest range is that of VICReg." in second


def test_what_was_not_tried_or_not_recorded_is_said():
    said = said_of({"lejepa": {0.01: 0.9, 0.1: 0.91, 0.2: 0.3}, "vicreg": {0.1: 0.9, 0.2: 0.91}})
    assert "VICReg is not recorded there" in said
    assert "from 0.01 to 0.1, a factor of at least 10" in said
    assert "VICReg: 91.0 % at 0.2, all values tried" in said


def test_the_words_say_how_many_runs_stand_behind_a_value():
    runs = made_up_runs({"lejepa": {0.01: 0.9, 0.1: 0.5}})
    assert "one run each" in sweep_of_runs(runs, VitSweepParams()).readout
    again = tuple(replace(run, config=run.config.with_values({"seed": 7})) for run in runs)
    assert "means of 2 runs" in sweep_of_runs((*runs, *again), VitSweepParams()).readout
    assert "means of 1 to 2 runs" in sweep_of_runs((*runs, again[0]), VitSweepParams()).readout
