"""The figure of how many directions: dots, funnel and dilution."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sigreg_edu.figures.direction_count import TOP, DirectionCountFigure
from sigreg_edu.views.direction_count import DirectionCountParams, direction_count_view

VIEW = direction_count_view(DirectionCountParams(dim=16, num_slices=4))


@pytest.fixture
def figure() -> DirectionCountFigure:
    figure = DirectionCountFigure()
    figure.update(VIEW)
    return figure


def test_each_draw_is_a_dot_near_its_number_of_slices(figure):
    x, y = figure.draws.get_data()
    assert len(x) == len(VIEW.counts)
    assert (np.abs(np.log2(x / VIEW.counts)) < 0.5).all()
    np.testing.assert_array_equal(y, np.minimum(VIEW.draws, TOP))


def test_the_present_draws_are_marked(figure):
    x, y = figure.here.get_data()
    np.testing.assert_array_equal(y, np.minimum(VIEW.here, TOP))
    assert (np.abs(np.log2(x / 4)) < 0.5).all()


def test_the_funnel_is_one_standard_deviation_of_a_mean(figure):
    x, y = figure.funnel.get_data()
    shown = np.isfinite(y)
    np.testing.assert_allclose(np.abs(y[shown] - 1.0), VIEW.spread / np.sqrt(x[shown]))


def test_the_axes_have_no_funnel(figure):
    figure.update(replace(VIEW, spread=float("nan")))
    assert not np.isfinite(figure.funnel.get_ydata()).any()


def test_the_histogram_stays_below_its_legend(figure):
    for shares in (np.full(45, 1 / 45), np.eye(45)[40]):
        figure.update(replace(VIEW, shares=shares))
        values, _, _ = figure.shares.get_data()
        assert values.max() <= 0.67 * figure.shares.axes.get_ylim()[1]


def test_the_present_dimension_is_marked_at_its_exact_mean(figure):
    assert (figure.now.get_xdata(), figure.now.get_ydata()) == ([16], [VIEW.exact])
    np.testing.assert_array_equal(figure.dilution.get_ydata(), VIEW.dilution)
