"""The Epps–Pulley figure: the shaded area is the statistic, and limits follow the data."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures.epps_pulley import EppsPulleyFigure
from sigreg_edu.views.epps_pulley import EppsPulleyParams, epps_pulley_view


@pytest.fixture(scope="module")
def figure() -> EppsPulleyFigure:
    return EppsPulleyFigure()


def shown(figure: EppsPulleyFigure, **state):
    view = epps_pulley_view(EppsPulleyParams(**state))
    figure.update(view)
    return view


def polygon_area(points: np.ndarray) -> float:
    x, y = points.T
    return abs(float(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))) / 2.0


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"shift": 1.0},
        {"t_max": 1.0, "scale": 0.2},
        {"num_points": 5, "t_max": 5.0, "shift": 0.3},
    ],
)
def test_twice_the_shaded_area_is_the_number_written_above_it(figure, state):
    view = shown(figure, **state)
    assert 2.0 * polygon_area(figure.area.get_xy()) == pytest.approx(view.statistic, rel=1e-4)
    assert figure.value.get_text() == f"2 × area = T = {view.statistic:.3g}"


def test_the_curves_are_the_views(figure):
    view = shown(figure, shape="bimodal", strength=1.0)
    np.testing.assert_array_equal(figure.real.get_ydata(), view.ecf.real)
    np.testing.assert_array_equal(figure.imaginary.get_ydata(), view.ecf.imag)
    np.testing.assert_array_equal(figure.curve.get_ydata(), view.integrand)
    np.testing.assert_array_equal(figure.knots.get_xdata(), view.knots)


def test_the_end_of_the_integral_is_marked(figure):
    shown(figure, t_max=2.0)
    assert figure.end.get_xdata() == [2.0, 2.0]


@pytest.mark.parametrize("state", [{}, {"scale": 0.0}, {"scale": 3.0}, {"shift": 3.0}])
def test_curve_and_words_above_it_keep_apart(figure, state):
    view = shown(figure, **state)
    top = figure.gap_axes.get_ylim()[1]
    assert 1.4 * view.integrand.max() < top
    assert top <= max(0.5, 4.0 * view.integrand.max())


def test_the_legend_lies_above_every_value_a_characteristic_function_can_take(figure):
    shown(figure, scale=0.0)  # its real part is 1 everywhere
    axes = figure.real.axes
    box = axes.get_legend().get_window_extent().transformed(axes.transData.inverted())
    assert box.y0 > 1.05


def test_a_small_move_does_not_redraw_the_axes(figure):
    first = figure.static_key(shown(figure, shift=1.0))
    assert figure.static_key(shown(figure, shift=1.05)) == first
