"""What the figure of fresh and fixed slices draws is what the view holds."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures.fresh_or_fixed import LEAST, FreshOrFixedFigure
from sigreg_edu.views.fresh_or_fixed import (
    COUNTS,
    FreshOrFixedParams,
    FreshOrFixedView,
    fresh_or_fixed_view,
    refine_fresh_or_fixed,
)


@pytest.fixture(scope="module")
def figure() -> FreshOrFixedFigure:
    return FreshOrFixedFigure()


@pytest.fixture(scope="module")
def view() -> FreshOrFixedView:
    params = FreshOrFixedParams(dim=4, num_slices=4, seed=3)
    return list(refine_fresh_or_fixed(params))[-1]


def test_curves_are_the_views(figure, view):
    figure.update(view)
    assert np.array_equal(figure.fresh.get_ydata(), view.fresh)
    assert np.array_equal(figure.fixed.get_ydata(), view.fixed)
    assert np.array_equal(figure.fresh_by_count.get_ydata(), view.fresh_by_count)
    assert np.array_equal(figure.fixed_by_count.get_xdata(), COUNTS)
    assert set(figure.floor.get_ydata()) == {view.null_mean}
    assert set(figure.now.get_xdata()) == {4}


def test_the_blind_spot_lies_between_the_report_and_the_truth(figure, view):
    figure.update(view)
    steps, heights = figure.blind.get_xy().T
    at_end = heights[steps == view.steps[-1]]
    assert at_end.max() == view.fixed[-1]
    assert at_end.min() == max(view.reported[-1], LEAST)
    assert figure.blind.get_visible()


def test_histograms_fit_under_their_ceiling(figure, view):
    figure.update(view)
    top = figure.single_axes.get_ylim()[1]
    assert max(view.fresh_shares.max(), view.fixed_shares.max()) < top
    assert np.array_equal(figure.fixed_shares.get_data().values, view.fixed_shares)


def test_a_first_look_shows_where_the_flows_begin(figure):
    view = fresh_or_fixed_view(FreshOrFixedParams(dim=8, seed=77))
    figure.update(view)
    assert np.isfinite(figure.fresh.get_ydata()).sum() == 1
    assert not figure.blind.get_visible()
