"""The aliasing figure: knots on both waves, uprights at every period, the mark on the curve."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures.aliasing import UPRIGHT, AliasingFigure
from sigreg_edu.views.aliasing import END, AliasingParams, aliasing_view


@pytest.fixture(scope="module")
def figure() -> AliasingFigure:
    return AliasingFigure()


def shown(figure: AliasingFigure, **state):
    view = aliasing_view(AliasingParams(**state))
    figure.update(view)
    return view


def test_curves_and_knots_are_the_views(figure):
    view = shown(figure, place=20.0, spread=0.2)
    np.testing.assert_array_equal(figure.wave.get_ydata(), view.wave)
    np.testing.assert_array_equal(figure.alias.get_ydata(), view.alias)
    np.testing.assert_array_equal(figure.knots.get_ydata(), view.at_knots)
    np.testing.assert_array_equal(figure.exact.get_ydata(), view.exact)
    np.testing.assert_array_equal(figure.by_knots.get_ydata(), view.by_knots)


def test_the_mark_stands_at_the_place_and_as_high_as_the_knots_say(figure):
    view = shown(figure, place=50.0)
    assert figure.here.get_xdata() == [50.0, 50.0]
    assert figure.here.get_ydata() == [0.0, view.by_knots_here]


@pytest.mark.parametrize(("num_points", "t_max"), [(17, 3.0), (9, 5.0), (65, 3.0), (3, 6.0)])
def test_an_upright_stands_at_every_multiple_of_the_period(figure, num_points, t_max):
    view = shown(figure, num_points=num_points, t_max=t_max)
    places = [x for x in figure.periods.get_xdata()[::3] if x is not None]
    expected = view.period * np.arange(1, int(END / view.period) + 1)
    np.testing.assert_allclose(np.array(places, dtype=float), expected)


def test_no_cloud_reaches_the_legend(figure):
    view = shown(figure, spread=0.0)
    assert view.exact.max() < UPRIGHT
    axes = figure.exact.axes
    box = axes.get_legend().get_window_extent().transformed(axes.transData.inverted())
    assert box.y0 > UPRIGHT
