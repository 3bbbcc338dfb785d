"""The Epps–Pulley view: curves and statistic against NumPy and SciPy's own integration."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate

from sigreg_edu.views.epps_pulley import MAX_FREQUENCY, EppsPulleyParams, epps_pulley_view

STATES = (
    EppsPulleyParams(shift=0.4, num_samples=300),
    EppsPulleyParams(shape="laplace", strength=1.0, scale=0.5),
    EppsPulleyParams(scale=0.0),
    EppsPulleyParams(num_points=5, t_max=5.0, shift=0.3),
)


def sample(params: EppsPulleyParams) -> np.ndarray:
    return params.sample().numpy().astype(np.float64)


def integrand(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    phi = np.exp(1j * np.multiply.outer(t, x)).mean(-1)
    return x.size * np.abs(phi - np.exp(-0.5 * t**2)) ** 2 * np.exp(-0.5 * t**2)


@pytest.mark.parametrize("params", STATES)
def test_curves_are_those_of_the_sample(params):
    view, x = epps_pulley_view(params), sample(params)
    np.testing.assert_allclose(view.ecf, np.exp(1j * np.outer(view.t, x)).mean(1), atol=1e-6)
    np.testing.assert_allclose(view.target, np.exp(-0.5 * view.t**2), atol=1e-6)
    # float32 comes back for a float32 sample: 1e-7 of the largest value
    tolerance = 1e-5 * view.integrand.max()
    np.testing.assert_allclose(view.integrand, integrand(x, view.t), atol=tolerance)
    np.testing.assert_allclose(view.at_knots, integrand(x, view.knots), atol=tolerance)


@pytest.mark.parametrize("params", STATES)
def test_the_statistic_is_twice_the_area_of_the_trapezoids_under_the_knots(params):
    view = epps_pulley_view(params)
    area = integrate.trapezoid(view.at_knots, view.knots)
    assert view.statistic == pytest.approx(2.0 * area, rel=1e-5)
    assert (view.knots[0], view.knots[-1]) == (0.0, pytest.approx(params.t_max))
    assert view.knots.size == params.num_points


def test_with_seventeen_knots_it_is_the_integral_to_a_hundredth_of_a_per_cent():
    view = epps_pulley_view(EppsPulleyParams(shift=0.4))
    x = sample(EppsPulleyParams(shift=0.4))
    area, _ = integrate.quad(lambda t: float(integrand(x, np.array(t))), 0.0, 3.0)
    assert view.statistic == pytest.approx(2.0 * area, rel=1e-4)


def test_five_knots_up_to_5_miss_a_third_of_a_small_shift():
    coarse = epps_pulley_view(EppsPulleyParams(shift=0.3, num_points=5, t_max=5.0))
    fine = epps_pulley_view(EppsPulleyParams(shift=0.3, num_points=65, t_max=5.0))
    assert coarse.statistic < 0.7 * fine.statistic


def test_full_collapse_scores_0_402_n():
    for size in (100, 1000):
        view = epps_pulley_view(EppsPulleyParams(scale=0.0, num_samples=size))
        assert view.statistic == pytest.approx(0.40205 * size, rel=1e-4)


def test_the_curve_is_drawn_over_the_whole_axis_whatever_the_range_of_t():
    view = epps_pulley_view(EppsPulleyParams(t_max=1.0))
    assert (view.t[0], view.t[-1], view.t_max) == (0.0, MAX_FREQUENCY, 1.0)


@pytest.mark.parametrize(
    ("shift", "words"), [(0.0, "nothing unusual"), (1.0, "p < 0.0001, unusual")]
)
def test_the_read_out_judges_the_sample(shift, words):
    view = epps_pulley_view(EppsPulleyParams(shift=shift))
    assert words in view.readout
    assert f"T = {view.statistic:.3g} with N = 1000" in view.readout
    assert f"{view.null_mean:.2f} on average" in view.readout


def test_points_out_of_sight_are_told():
    params = EppsPulleyParams(shift=3.0)
    outside = int((np.abs(sample(params)) > 5.0).sum())
    assert outside > 0
    assert f"{outside} points lie beyond ±5" in epps_pulley_view(params).readout
