"""What the figure of the number draws is what the view holds."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures import style
from sigreg_edu.figures.reading import SHOWN, ReadingFigure
from sigreg_edu.views.reading import SCALES, ReadingParams, reading_view


@pytest.fixture(scope="module")
def figure() -> ReadingFigure:
    return ReadingFigure()


def shown(figure: ReadingFigure, **changes):
    view = reading_view(ReadingParams(**changes))
    figure.update(view)
    return view


def test_the_two_parts_are_drawn_and_their_sum(figure):
    view = shown(figure)
    drawn = figure.evidence.get_ydata() + figure.added.get_ydata()
    assert drawn == pytest.approx(figure.law.get_ydata())
    assert np.array_equal(figure.floor.get_data(), (view.sizes, view.floor))
    assert figure.measured.get_ydata()[0] == view.measured


def test_what_is_nothing_is_left_out_of_the_log_axis(figure):
    shown(figure, std=1.0)
    assert np.isnan(figure.evidence.get_ydata()).all()
    shown(figure, std=0.0)
    assert np.isnan(figure.added.get_ydata()).all()


@pytest.mark.parametrize("factor_n", [True, False])
@pytest.mark.parametrize("changes", [{}, {"std": 2.0, "mean": 2.0, "batch": 4096, "t_max": 6.0}])
def test_all_curves_fit_their_axes(figure, factor_n, changes):
    view = shown(figure, factor_n=factor_n, **changes)
    low, high = figure.growth_axes.get_ylim()
    assert low < view.expected < high / 30  # the top is the legend's
    least, most = SHOWN[factor_n]
    assert figure.law_axes.get_xlim() == (least, most)
    assert least <= figure.one.get_xdata()[0] <= most
    assert view.shares.max() < figure.law_axes.get_ylim()[1]


def test_marks_of_the_second_panel_stand_where_the_view_says(figure):
    view = shown(figure)
    assert figure.one.get_xdata()[0] == view.statistics[0]
    assert figure.best.get_xdata()[0] == view.best
    assert figure.limit.get_xdata()[0] == view.quantile_95
    assert np.array_equal(figure.shares.get_data().values, view.shares)


def test_the_marked_minimum_lies_on_its_curve_and_shows_a_collapse(figure):
    for changes, colour in (({}, style.INK), ({"log_lambda": -5.0}, style.FAILURE)):
        view = shown(figure, **changes)
        s, value = (data[0] for data in figure.best_scale.get_data())
        curve = figure.curves[1].get_ydata()
        assert (s, value) == (SCALES[curve.argmin()], curve.min())
        assert figure.best_scale.get_color() == colour
        assert figure.here.get_xdata()[0] == view.std
