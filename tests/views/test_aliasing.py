"""The aliasing view: what the knots say against the exact statistic, at any place."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from sigreg_edu.data import sample_1d
from sigreg_edu.statistics import epps_pulley_closed_form, epps_pulley_quadrature
from sigreg_edu.views.aliasing import NUM_SAMPLES, AliasingParams, aliasing_view

STATES = (
    AliasingParams(),
    AliasingParams(place=20.0, spread=0.4, num_points=9, t_max=5.0, seed=2),
    AliasingParams(place=0.0, spread=1.0),
)


def cloud(params: AliasingParams, place: float) -> torch.Tensor:
    x = sample_1d("gaussian", NUM_SAMPLES, scale=params.spread, seed=params.seed)
    return x.double() + place


@pytest.mark.parametrize("params", STATES)
def test_both_curves_are_the_librarys_statistics_of_the_moved_cloud(params):
    view = aliasing_view(params)
    for index in (0, 40, 133, 280):
        x = cloud(params, float(view.places[index]))
        seen = epps_pulley_quadrature(x, num_points=params.num_points, t_max=params.t_max)
        assert view.by_knots[index] == pytest.approx(float(seen), rel=1e-5)
        assert view.exact[index] == pytest.approx(float(epps_pulley_closed_form(x)), rel=1e-9)


@pytest.mark.parametrize("params", STATES)
def test_the_mark_lies_on_the_curve_of_the_knots(params):
    view = aliasing_view(params)
    at_place = np.interp(view.place, view.places, view.by_knots)
    # the curve is drawn at every 0.25, where T bends by up to a hundred
    assert view.by_knots_here == pytest.approx(at_place, abs=100.0)


@pytest.mark.parametrize("params", STATES)
def test_the_slow_twin_passes_through_every_knot(params):
    view = aliasing_view(params)
    steps = np.linspace(0, view.t.size - 1, params.num_points)
    if np.allclose(steps, steps.round()):  # the knots are among the fine frequencies
        fine = view.alias[steps.round().astype(int)]
        np.testing.assert_allclose(fine, view.at_knots, atol=1e-5)
    assert np.abs(view.at_knots).max() <= 1.0 + 1e-6


def test_seventeen_knots_on_3_repeat_after_33_5():
    view = aliasing_view(AliasingParams())
    assert view.period == pytest.approx(2 * math.pi * 16 / 3)
    assert round(view.period, 1) == 33.5


def test_nine_knots_on_5_which_is_the_papers_listing_repeat_after_10():
    view = aliasing_view(AliasingParams(num_points=9, t_max=5.0))
    assert view.period == pytest.approx(2 * math.pi * 8 / 5)
    assert round(view.period, 2) == 10.05


def test_at_the_twin_of_0_the_knots_report_collapse_at_0():
    view = aliasing_view(AliasingParams(place=33.5, spread=0.0))
    assert view.by_knots_here == pytest.approx(402.05, rel=1e-3)
    assert "33.5 looks like 0.0" in view.readout
    assert "T = 402.1, exactly it is 3954" in view.readout


def test_a_gaussian_around_the_twin_of_0_passes_for_n_0_1():
    view = aliasing_view(AliasingParams(place=33.5, spread=1.0))
    assert view.by_knots_here < 2.95  # the 95 % quantile under N(0, 1)
    assert view.exact[134] > 2800.0


def test_the_read_out_never_shows_a_negative_zero():
    for place in (0.0, 33.5, 67.0):
        assert "-0.0" not in aliasing_view(AliasingParams(place=place)).readout
