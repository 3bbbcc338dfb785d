"""The null view: the law of T against simulation, and the p-value against the law."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate

from sigreg_edu.statistics import EppsPulleyTest
from sigreg_edu.views.null import AXIS_ENDS, REPEATS, NullParams, null_view


def test_statistic_and_p_value_are_those_of_the_test():
    params = NullParams(shift=0.1)
    view, test = null_view(params), EppsPulleyTest()
    assert view.statistic == pytest.approx(float(test(params.sample())), rel=1e-6)
    assert view.p_value == pytest.approx(float(test.p_value(params.sample())), rel=1e-5)


@pytest.mark.parametrize("t_max", [0.5, 1.0, 3.0, 6.0])
def test_the_density_has_the_survival_functions_area(t_max):
    view = null_view(NullParams(t_max=t_max))
    middle = view.grid[len(view.grid) // 2]
    tail = view.grid >= middle
    area = integrate.trapezoid(view.density[tail], view.grid[tail])
    at = np.interp([middle, view.end], view.survival_grid, view.survival)
    assert area == pytest.approx(at[0] - at[1], abs=3e-3)  # interpolated on 120 points


@pytest.mark.parametrize("t_max", [0.5, 1.0, 3.0, 6.0])
def test_the_axis_holds_the_95_per_cent_quantile_and_little_more(t_max):
    view = null_view(NullParams(t_max=t_max))
    assert view.end in AXIS_ENDS
    assert 1.5 * view.quantile_95 < view.end < 6.0 * view.quantile_95


@pytest.mark.parametrize("size", [10, 100])
def test_simulated_samples_follow_the_limit_law(size):
    view = null_view(NullParams(num_samples=size, seed=3))
    widths = np.diff(view.simulated_edges)
    mean = (view.simulated * widths * (view.simulated_edges[1:] - widths / 2)).sum()
    # T has standard deviation 0.97: 400 of them average to 1.05 ± 0.15, less the tail beyond 5
    assert mean == pytest.approx(view.mean, abs=0.2)


def test_the_simulated_histogram_is_a_density_over_all_repeats():
    view = null_view(NullParams())
    shown = (view.simulated * np.diff(view.simulated_edges)).sum() * REPEATS
    assert shown == pytest.approx(round(shown), abs=1e-6)
    assert 0.97 * REPEATS <= shown <= REPEATS


def test_the_same_small_shift_is_unusual_only_for_many_points():
    few, many = (null_view(NullParams(shift=0.1, num_samples=n)) for n in (100, 5000))
    assert few.p_value > 0.1
    assert many.p_value < 1e-4


def test_new_noise_changes_the_simulated_samples_too():
    first, second = null_view(NullParams(seed=0)), null_view(NullParams(seed=1))
    assert (first.simulated != second.simulated).any()
    assert first.statistic != second.statistic


def test_the_read_out_counts_the_samples_that_reach_t():
    view = null_view(NullParams())
    assert "T = 0.716 with N = 1000: p = 0.53" in view.readout
    assert "95 % quantile 2.95, whatever N" in view.readout
    assert "fresh Gaussian samples of 100 points" in view.readout
    assert "of 50 points" in null_view(NullParams(num_samples=50)).readout
