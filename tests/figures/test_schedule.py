"""What the figure of the hand-over draws is what the view holds, within its axes."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures.schedule import ScheduleFigure
from sigreg_edu.views.schedule import SHAPES, ScheduleParams, schedule_view


@pytest.fixture(scope="module")
def figure() -> ScheduleFigure:
    return ScheduleFigure()


def shown(figure: ScheduleFigure, **changes):
    view = schedule_view(ScheduleParams(**changes))
    figure.update(view)
    return view


@pytest.mark.parametrize("shape", SHAPES)
def test_weights_are_drawn_and_marked_at_the_present_step(figure, shape):
    view = shown(figure, shape=shape, step=275)
    for line, mark, weights, now in zip(
        figure.weights, figure.now, view.weights, view.weights_now, strict=True
    ):
        np.testing.assert_array_equal(line.get_xydata().T, [view.grid, weights])
        assert mark.get_xydata().tolist() == [[275, now]]
    assert all(set(line.get_xdata()) == {275} for line in figure.here)


@pytest.mark.parametrize("shape", SHAPES)
def test_all_curves_lie_within_their_axes_and_are_marked(figure, shape):
    view = shown(figure, shape=shape, step=275)
    for name, axes in figure.curve_axes.items():
        low, high = axes.get_ylim()
        factor = 100.0 if name == "knn" else 1.0
        for run, line in figure.curves[name].items():
            np.testing.assert_allclose(line.get_ydata(), factor * view.curves[run][name])
            assert low < line.get_ydata().min()
            assert line.get_ydata().max() < high
        hybrid = figure.curves[name]["hybrid"].get_xydata()
        assert figure.marks[name].get_xydata()[0].tolist() == hybrid[view.now].tolist()
