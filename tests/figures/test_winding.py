"""The winding figure: its artists hold the view's numbers."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures.winding import WindingFigure
from sigreg_edu.views.winding import WindingParams, winding_view

VIEW = winding_view(WindingParams(t=1.5, shift=1.0, num_samples=100))


@pytest.fixture(scope="module")
def figure() -> WindingFigure:
    figure = WindingFigure()
    figure.update(VIEW)
    return figure


def test_arrow_target_and_gap_meet(figure):
    x, y = figure.arrow.get_data()
    assert complex(x[0], y[0]) == 0
    assert complex(x[1], y[1]) == VIEW.mean
    assert (*figure.target.get_data()[0], *figure.target.get_data()[1]) == (VIEW.target, 0.0)
    ends = np.array(figure.gap.get_data())
    assert complex(*ends[:, 0]) == VIEW.mean
    assert complex(*ends[:, 1]) == VIEW.target


def test_all_points_are_on_the_circle(figure):
    x, y = figure.points.get_data()
    assert len(x) == 100
    np.testing.assert_allclose(np.hypot(x, y), 1.0)


def test_the_trail_goes_as_far_as_the_present_frequency(figure):
    x, _ = figure.way.get_data()
    assert len(x) == int((VIEW.trail_t <= VIEW.t).sum())
    assert x[0] == 1.0
    assert figure.here.get_xdata() == [VIEW.t, VIEW.t]


def test_real_and_imaginary_part_are_drawn_apart(figure):
    np.testing.assert_array_equal(figure.real.get_ydata(), VIEW.trail.real)
    np.testing.assert_array_equal(figure.imaginary.get_ydata(), VIEW.trail.imag)
    styles = {line.get_linestyle() for line in (figure.real, figure.imaginary)}
    assert len(styles) == 2


def test_the_wave_stays_within_its_panel_and_follows_cos_t_x(figure):
    wave = figure.wave.get_ydata()
    assert wave.min() >= 0.0
    assert wave.max() <= 0.64 + 1e-9
    np.testing.assert_allclose((wave - 0.32) / 0.32, np.cos(1.5 * VIEW.wave_x), atol=1e-9)


def test_the_target_is_named_where_it_is_drawn(figure):
    circle = figure.arrow.axes
    texts = [text.get_text() for text in circle.get_legend().get_texts()]
    assert texts == ["mean", "its way", "gap", "target"]
