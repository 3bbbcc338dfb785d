"""The null figure: the tail begins at T, and what is off the axis is told."""

from __future__ import annotations

import pytest

from sigreg_edu.figures.null import LEAST_P, NullFigure
from sigreg_edu.views.null import NullParams, null_view


@pytest.fixture(scope="module")
def figure() -> NullFigure:
    return NullFigure()


def shown(figure: NullFigure, **state):
    view = null_view(NullParams(**state))
    figure.update(view)
    return view


def test_the_shaded_tail_begins_at_the_statistic_and_ends_with_the_axis(figure):
    view = shown(figure)
    x = figure.tail.get_xy()[:, 0]
    step = view.grid[1] - view.grid[0]
    assert view.statistic <= x.min() <= view.statistic + step
    assert x.max() == view.end
    assert figure.here.get_xdata() == [view.statistic, view.statistic]
    assert figure.off_scale.get_text() == ""


def test_a_statistic_beyond_the_axis_is_told_in_words(figure):
    view = shown(figure, shift=1.0)
    assert view.statistic > view.end
    assert figure.off_scale.get_text() == f"T = {view.statistic:.3g}  → off scale"
    assert figure.here.get_xdata() == [view.end, view.end]
    x, y = figure.point.get_data()
    assert (x[0], y[0]) == (view.survival_grid[-1], LEAST_P)
    assert figure.words.get_text() == "p < 0.0001"


def test_the_point_lies_on_the_curve_of_p_values(figure):
    view = shown(figure, shift=0.1)
    x, y = figure.point.get_data()
    assert (x[0], y[0]) == (view.statistic, view.p_value)
    assert figure.words.get_text() == "p = 0.019"
    assert figure.survival.get_ydata()[0] == 1.0  # every T is at least 0


def test_axes_follow_the_range_of_t_and_stay_for_every_other_slider(figure):
    keys = {figure.static_key(null_view(NullParams(shift=shift))) for shift in (0.0, 0.5, 3.0)}
    assert len(keys) == 1
    view = shown(figure, t_max=0.5)
    assert figure.density_axes.get_xlim() == (0.0, view.end)
    assert figure.survival_axes.get_xlim() == (0.0, view.survival_grid[-1])
    assert figure.static_key(view) not in keys


def test_the_density_stays_below_its_ceiling(figure):
    for t_max in (0.5, 1.0, 3.0, 6.0):
        view = shown(figure, t_max=t_max)
        assert view.density.max() <= figure.density_axes.get_ylim()[1]
