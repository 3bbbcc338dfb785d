"""The flat cloud's figure: its artists hold the view's numbers."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures.shadow2d import SCREEN, TALL, Shadow2DFigure
from sigreg_edu.views.shadow2d import Shadow2DParams, shadow2d_view

VIEW = shadow2d_view(Shadow2DParams(cloud="two_moons", angle=50, num_samples=400))


@pytest.fixture(scope="module")
def figure() -> Shadow2DFigure:
    figure = Shadow2DFigure()
    figure.update(VIEW)
    return figure


def segments(line) -> np.ndarray:
    """A broken line as segments, shape (S, 2 ends, 2 coordinates)."""
    return np.array(line.get_data()).T.reshape(-1, 3, 2)[:, :2]


def test_every_point_is_drawn(figure):
    np.testing.assert_array_equal(np.array(figure.points.get_data()).T, VIEW.points)


def test_the_arrow_lies_along_the_direction(figure):
    (x0, x1), (y0, y1) = figure.arrow.get_data()
    way = np.array([x1 - x0, y1 - y0])
    np.testing.assert_allclose(way / np.linalg.norm(way), VIEW.direction, atol=1e-6)
    tip = figure.head.get_xy()[0]
    np.testing.assert_allclose(tip / np.linalg.norm(tip), VIEW.direction, atol=1e-6)


def test_rays_leave_points_of_the_cloud_and_meet_the_screen_at_right_angles(figure):
    for (start, end), point in zip(segments(figure.rays), VIEW.rays, strict=True):
        np.testing.assert_allclose(start, point)
        assert (end - start) @ VIEW.direction == pytest.approx(0.0, abs=1e-5)
        away = np.array([VIEW.direction[1], -VIEW.direction[0]])
        assert end @ away == pytest.approx(SCREEN, abs=1e-5)


def test_the_heap_behind_the_screen_is_the_histogram(figure):
    corners = figure.heap.get_xy()
    along = corners @ VIEW.direction
    away = corners @ np.array([VIEW.direction[1], -VIEW.direction[0]]) - SCREEN
    assert away.max() == pytest.approx(TALL * VIEW.shadow.heights.max(), abs=1e-5)
    assert along.min() == pytest.approx(VIEW.shadow.edges[0], abs=1e-5)
    assert along.max() == pytest.approx(VIEW.shadow.edges[-1], abs=1e-5)


def test_the_histogram_stands_upright_in_its_own_panel(figure):
    values, edges, _ = figure.shadow._steps.get_data()
    np.testing.assert_array_equal(values, VIEW.shadow.heights)
    np.testing.assert_array_equal(edges, VIEW.shadow.edges)


def test_curve_mean_and_present_angle_are_drawn(figure):
    np.testing.assert_array_equal(figure.curve.get_ydata(), VIEW.curve)
    assert set(figure.mean.get_ydata()) == {VIEW.mean}
    assert figure.here.get_xdata() == [50, 50]
    assert figure.here.get_ydata()[1] == VIEW.statistic


@pytest.mark.parametrize("cloud", ["gaussian", "collapsed", "shifted"])
@pytest.mark.parametrize("num_samples", [100, 4000])
def test_the_axis_of_t_holds_every_cloud(figure, cloud, num_samples):
    view = shadow2d_view(Shadow2DParams(cloud=cloud, num_samples=num_samples))
    low, high = figure.curve.axes.get_ylim()
    assert low <= view.curve.min()
    assert view.curve.max() <= high


def test_lines_that_share_a_panel_differ_in_style(figure):
    lines = (figure.curve, figure.mean, figure.here, figure.curve.axes.lines[0])
    assert len({str(line._dash_pattern) for line in lines}) == 4
