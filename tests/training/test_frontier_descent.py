"""Particles: hidden heaps, and who removes them."""

from __future__ import annotations

import math

import numpy as np
import torch

from sigreg_edu.slicing import sliced_epps_pulley
from sigreg_edu.training import (
    frontier_descent,
)
from sigreg_edu.training.frontier_descent import (
    descend,
    is_healthy,
    planted_heaps,
    steps_until_gone,
)


def test_planted_heaps_have_mean_zero_and_variance_one_and_are_seen_in_their_direction():
    z, planted = planted_heaps(4000, 8, separation=0.9)
    assert z.mean(0).abs().max() < 0.07  # four standard errors of 4,000 points
    assert (z.var(0) - 1).abs().max() < 0.1
    other = torch.linalg.qr(planted[:, None], mode="complete").Q[:, 1:]
    assert sliced_epps_pulley(z, planted[:, None]).item() > 50
    assert sliced_epps_pulley(z, other).mean() < 3


def test_learned_slices_remove_hidden_heaps_and_fresh_ones_hardly_do(monkeypatch):
    monkeypatch.setattr(frontier_descent, "DESCENT_STEPS", 60)
    learned, fresh = (descend(name, 4.0, 0)["planted"] for name in ("learned_25", "fresh_64"))
    assert fresh[-1] > 0.7 * fresh[0]
    assert learned[-1] < 0.3 * learned[0]


def test_the_other_directions_are_healthy_only_if_they_were_all_the_way(monkeypatch):
    monkeypatch.setattr(frontier_descent, "DESCENT_STEPS", 10)
    assert is_healthy(descend("fresh_64", 16.0, 0))
    far = descend("fresh_64", 128.0, 0)
    assert not is_healthy(far)
    assert far["other"].max() > 50
    assert far["widths"][1] > 2


def test_steps_are_counted_until_the_heaps_stay_away():
    assert steps_until_gone(np.array([1.0, 1.0])) == 0
    assert steps_until_gone(np.array([9.0, 9.0])) == math.inf
    assert steps_until_gone(np.array([9.0, np.nan, 1.0])) == 2
