"""What the figure of judges draws is what the view holds."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures.accepts import ACCEPTS, MOST, OBJECTS, AcceptsFigure
from sigreg_edu.views.accepts import CLOUDS, AcceptsParams, accepts_view


@pytest.fixture(scope="module")
def figure() -> AcceptsFigure:
    return AcceptsFigure()


def shown(figure: AcceptsFigure, **changes):
    view = accepts_view(AcceptsParams(**changes))
    figure.update(view)
    return view


def test_bars_and_marks_stand_at_value_over_limit(figure):
    view = shown(figure)
    shares = view.values / view.limits
    assert [bar.get_width() for bar in figure.bars] == pytest.approx(shares)
    assert [mark.get_xdata()[0] for mark in figure.marks] == pytest.approx(shares)
    assert figure.usual.get_xdata() == pytest.approx(view.usual / view.limits)


def test_a_verdict_shows_in_colour_shape_and_word(figure):
    view = shown(figure)
    for wrong, mark, name in zip(view.objects, figure.marks, figure.names, strict=True):
        assert mark.get_marker() == ("X" if wrong else "o")
        assert mark.get_color() == (OBJECTS if wrong else ACCEPTS)
        assert ("objects" if wrong else "accepts") in name.get_text()


def test_curves_and_dots_are_the_same_ratios(figure):
    view = shown(figure, scale=1.6, cloud="gaussian")
    for k, (curve, dot) in enumerate(zip(figure.curves, figure.dots, strict=True)):
        assert np.array_equal(curve.get_xdata(), view.scales)
        assert curve.get_ydata() == pytest.approx(view.curves[k] / view.limits[k])
        assert dot.get_xdata()[0] == 1.6
        assert dot.get_ydata()[0] == pytest.approx(view.values[k] / view.limits[k])


@pytest.mark.parametrize("cloud", list(CLOUDS))
def test_nothing_leaves_the_axes(figure, cloud):
    for scale in (0.0, 3.0):
        view = shown(figure, cloud=cloud, scale=scale, shift=3.0, num_samples=1500)
        assert (view.values / view.limits).max() < MOST
        assert np.quantile(np.abs(view.points), 0.98) < figure.cloud_axes.get_xlim()[1]
