"""The quick statistic of many shadows against the library's own, and the mean over all of them."""

from __future__ import annotations

import pytest
import torch

from sigreg_edu.data import planted_cloud, sample_cloud
from sigreg_edu.slicing import cramer_wold_statistic, sliced_statistic, uniform_directions
from sigreg_edu.statistics import epps_pulley_closed_form, epps_pulley_quadrature
from sigreg_edu.views.many_shadows import (
    LAST_KNOT,
    NUM_KNOTS,
    mean_over_all_directions,
    null_mean_and_95,
    short,
    statistics_along,
    statistics_of,
)
from sigreg_edu.views.sample import critical_value


@pytest.mark.parametrize("name", ["gaussian", "cross", "inflated", "collapsed"])
def test_it_is_the_quadrature_with_17_knots_up_to_5(name):
    z, directions = sample_cloud(name, 700, dim=2), uniform_directions(2, 30, seed=0)

    def by_library(shadows: torch.Tensor) -> torch.Tensor:
        return epps_pulley_quadrature(shadows.double(), num_points=NUM_KNOTS, t_max=LAST_KNOT)

    expected = sliced_statistic(z, directions, by_library)
    got = torch.from_numpy(statistics_along(z, directions))
    # single precision: each mean arrow is good to some 1e-6, and T multiplies that by N
    assert torch.allclose(got, expected, rtol=1e-5, atol=2e-4)


@pytest.mark.parametrize("name", ["gaussian", "two_moons", "shifted", "rank_one"])
def test_so_many_knots_give_the_exact_statistic(name):
    shadows = sample_cloud(name, 500, dim=2).T
    exact = epps_pulley_closed_form(shadows.double())
    # what lies beyond t = 5 weighs at most N 4 ∫ e^{-t²/2} dt = 0.003 here, for a spike
    assert torch.allclose(torch.from_numpy(statistics_of(shadows)), exact, rtol=1e-4, atol=3e-3)


def test_many_blocks_give_what_one_gives():
    shadows = torch.randn(300, 1000, generator=torch.Generator().manual_seed(0))
    one_by_one = [statistics_of(row[None])[0] for row in shadows[::37]]
    assert statistics_of(shadows)[::37] == pytest.approx(one_by_one, abs=1e-9)


@pytest.mark.parametrize("dim", [2, 3, 17, 128])
@pytest.mark.parametrize("num_samples", [1, 63, 64, 65, 200])
def test_the_mean_over_all_directions_is_that_of_the_slicing_room(dim, num_samples):
    z = planted_cloud(dim, num_samples, kind="shifted")
    expected = float(cramer_wold_statistic(z.double()))
    assert mean_over_all_directions(z) == pytest.approx(expected, rel=1e-10)


def test_the_null_has_the_mean_known_in_closed_form():
    mean, quantile = null_mean_and_95()
    assert mean == pytest.approx(1.0594, abs=1e-3)  # √(2π) (1 - 1/√3)
    assert 2.9 < quantile < 3.0
    assert quantile == critical_value(NUM_KNOTS, LAST_KNOT)


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.0, "0.00"), (9.994, "9.99"), (9.996, "10.0"), (99.96, "100"), (1234.5, "1234")],
)
def test_statistics_are_told_with_three_digits(value, words):
    assert short(value) == words
