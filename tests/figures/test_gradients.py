"""What the figure of forces draws is what the view holds."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures.gradients import LEAST, LOOKS, MOST, GradientFigure
from sigreg_edu.views.gradients import BOUND, COMPARED, STATISTICS, GradientParams, gradient_view


@pytest.fixture(scope="module")
def figure() -> GradientFigure:
    return GradientFigure()


def shown(figure: GradientFigure, **changes):
    view = gradient_view(GradientParams(**changes))
    figure.update(view)
    return view


def test_the_points_lie_on_the_drawn_field(figure):
    view = shown(figure, shift=1.0)
    x, force = figure.points.get_data()
    assert np.array_equal(x, view.points)
    inside = np.abs(x) < 5.0
    drawn = np.interp(x[inside], *figure.near.get_data())
    # straight lines between places 1/16 apart
    assert force[inside] == pytest.approx(drawn, abs=5e-3)


@pytest.mark.parametrize("statistic", list(STATISTICS))
def test_forces_fit_the_axis_or_leave_it_where_it_ends(figure, statistic):
    for changes in ({}, {"scale": 0.0, "moved_to": 0.0}, {"moved_to": 30.0}):
        view = shown(figure, statistic=statistic, **changes)
        low, high = figure.near_axes.get_ylim()
        assert low == -high
        assert high >= min(np.abs(view.near_force).max(), 1e5)
        assert np.isfinite(figure.near.get_ydata()).all()


def test_both_bounds_are_drawn_for_epps_pulley_and_left_out_for_the_others(figure):
    view = shown(figure, shift=1.0)
    assert [line.get_ydata()[0] for line in figure.bounds] == [view.bound, -view.bound]
    assert np.abs(view.near_force).max() <= view.bound
    bound = next(line for line in figure.figure.axes[2].lines
                 if line.get_label().startswith("bound"))  # fmt: skip
    assert set(bound.get_ydata()) == {BOUND}
    shown(figure, statistic="mean_std")
    assert not any(line.get_visible() for line in figure.bounds)
    assert not figure.bound_legend.get_visible()


def test_the_chosen_statistic_keeps_its_look_in_both_pictures(figure):
    for name in COMPARED:
        shown(figure, statistic=name)
        assert figure.near.get_color() == LOOKS[name]["color"]
        widths = {other: line.get_linewidth() for other, line in figure.far.items()}
        assert max(widths, key=widths.get) == name


def test_far_away_sizes_are_drawn_and_the_moved_point_is_on_its_curve(figure):
    view = shown(figure, statistic="mean_std", moved_to=16.0)
    place, size = (data[0] for data in figure.far_moved.get_data())
    assert (place, size) == (16.0, abs(view.moved_force))
    assert size == pytest.approx(np.interp(place, *figure.far["mean_std"].get_data()), rel=1e-6)
    drawn = figure.far["epps_pulley"].get_ydata()
    assert np.nanmax(drawn) <= BOUND
    assert drawn[np.abs(view.far) > 12].max() < LEAST


def test_a_point_without_force_stands_at_the_foot(figure):
    shown(figure, moved_to=20.0)
    assert LEAST <= figure.far_moved.get_ydata()[0] < 2 * LEAST
    shown(figure, moved_to=30.0, statistic="four_moments", scale=0.05)
    assert figure.far_moved.get_ydata()[0] <= MOST


def test_arrows_point_where_points_are_pushed(figure):
    shown(figure, scale=0.3, moved_to=0.0)
    places, lengths = figure.arrows.get_offsets()[:, 0], figure.arrows.U
    outer = np.abs(places) > 0.1
    assert (np.sign(lengths) == np.sign(places))[outer].all()
    shown(figure, scale=0.0, moved_to=0.0)
    assert (figure.arrows.U == 0.0).all()
