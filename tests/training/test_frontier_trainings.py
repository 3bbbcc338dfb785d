"""Trainings of notebook 08: each method trains, and is measured alike."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sigreg_edu.losses import SIGReg
from sigreg_edu.training import (
    frontier_trainings,
)
from sigreg_edu.training.frontier_trainings import SCHEDULES


@pytest.mark.parametrize("schedule", SCHEDULES.values())
def test_each_schedule_costs_as_much_as_64_slices(schedule):
    assert schedule.mean_slices(frontier_trainings.STEPS) == pytest.approx(64.0, rel=0.01)


@pytest.fixture
def short(monkeypatch):
    """Trainings of three steps."""
    monkeypatch.setattr(frontier_trainings, "STEPS", 3)
    monkeypatch.setattr(frontier_trainings, "MOMENTS", (0, 3))


@pytest.mark.parametrize(
    "method", ["fixed_16", "linear", "learned_25", "all_directions", "cauchy", "three_scales"]
)
def test_a_method_trains_and_is_measured(short, method):
    row = frontier_trainings.train(method, 0.02, 0)
    assert row["measures"].shape == (7,)
    assert row["knn"].shape == row["sigreg"].shape == (2,)
    assert np.isfinite(row["measures"]).all()
    assert 0.5 < row["knn"][1] <= 1.0


def test_the_same_seed_gives_the_same_training_and_method_and_lambda_another(short):
    rows = [
        frontier_trainings.train(*setting)["sigreg"][-1]
        for setting in (("fixed_16", 0.02, 0), ("fixed_16", 0.02, 0), ("fixed_16", 0.2, 0),
                        ("learned_100", 0.02, 0), ("fixed_16", 0.02, 1))
    ]  # fmt: skip
    assert rows[0] == rows[1]
    assert len(set(rows)) == 4


def test_a_schedule_reaches_the_loss_that_is_trained(short):
    training = frontier_trainings._PointTraining("linear", 0.02, 0)
    assert isinstance(training.training.regularizer.sigreg, SIGReg)
    training.step(0)
    assert training.regularizer.num_slices == 16
    training.step(100)
    assert training.regularizer.num_slices == SCHEDULES["linear"](100) > 16


def test_tokens_of_plain_means_are_the_images_projection(short):
    training = frontier_trainings._TokenTraining("three_scales", 0.02, 0)
    training.step(0)
    z = torch.arange(2 * 16 * 4.0).reshape(2, 64)
    torch.testing.assert_close(training._image(z), z.reshape(2, 16, 4).mean(1))
