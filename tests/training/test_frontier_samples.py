"""Power by number of points: clouds, growth, and the level."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from sigreg_edu.slicing import sliced_epps_pulley, worst_direction_test
from sigreg_edu.training import (
    frontier_samples,
)
from sigreg_edu.training.frontier_samples import (
    ALTERNATIVES,
    SAMPLE_COUNTS,
    alternative_cloud,
    fitted_growth,
    power_cell,
    samples_needed,
)


@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_clouds_are_what_they_are_called(alternative):
    generator = torch.Generator().manual_seed(0)
    z = alternative_cloud(alternative, 20_000, 6, generator)
    variances = torch.linalg.eigvalsh(z.T.cov())
    expected = {"rank": [0, 0, 0, 1, 1, 1], "shrunk": [0.81] * 6}.get(alternative, [1.0] * 6)
    # Student's tails: variances scatter by some 3 % at this size.
    torch.testing.assert_close(variances, torch.tensor(expected).float(), atol=0.12, rtol=0.0)


def test_heaps_are_not_on_an_axis_where_searches_begin():
    generator = torch.Generator().manual_seed(1)
    z = alternative_cloud("bimodal", 4000, 16, generator)
    assert sliced_epps_pulley(z, torch.eye(16)).max() < 20
    assert worst_direction_test(z).statistic > 80


def test_the_number_needed_is_read_off_between_two_powers():
    assert samples_needed(np.array([0.1, 0.8])) == SAMPLE_COUNTS[1]
    assert samples_needed(np.array([0.9])) == SAMPLE_COUNTS[0]
    assert math.isnan(samples_needed(np.array([0.1, 0.7, np.nan])))


def test_growth_is_fitted_to_what_is_known():
    dims = np.array([2.0, 4.0, 8.0, 16.0])
    assert fitted_growth(dims, np.array([4.0, 16.0, 64.0, np.nan]))[1] == pytest.approx(2.0)
    assert math.isnan(fitted_growth(dims, np.array([4.0, 16.0, np.nan, np.nan]))[1])


@pytest.mark.parametrize("test", ["slices", "worst"])
def test_power_rises_with_n_and_its_recording_stops_when_it_suffices(test):
    row = power_cell("rank", test, 4)
    tried = row["power"][np.isfinite(row["power"])]
    assert tried[-1] >= 0.9
    assert len(tried) < len(SAMPLE_COUNTS)
    assert 8 <= row["needed"] <= 64


@pytest.mark.parametrize("test", ["slices", "all_directions"])
def test_a_gaussian_cloud_is_rejected_at_the_level(test):
    limit = frontier_samples._limit(test, 4, 128)
    generator = torch.Generator().manual_seed(5)
    clouds = (torch.randn(128, 4, generator=generator) for _ in range(300))
    rejected = np.mean([frontier_samples._mean_statistic(test, z) > limit for z in clouds])
    assert rejected < 0.12  # 5 %, whose limit and share both come from a few hundred clouds
