"""The figure of schedules draws its view, and its words can be read."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures.slice_schedule import SliceScheduleFigure
from sigreg_edu.views.slice_schedule import SliceScheduleParams, slice_schedule_view


@pytest.mark.parametrize("changes", [{}, {"lamb": "0.2", "shape": "step", "first": 1024}])
def test_schedules_and_trainings_are_the_views(changes, assert_words_are_apart):
    figure, view = SliceScheduleFigure(), slice_schedule_view(SliceScheduleParams(**changes))
    figure.update(view)
    np.testing.assert_array_equal(figure.schedule.get_ydata(), view.slices)
    np.testing.assert_array_equal(figure.recorded.get_ydata(), view.recorded)
    for name, points in figure.scheduled.items():
        np.testing.assert_array_equal(points.get_ydata(), view.knn[name])
    low, high = figure.cost_axes.get_ylim()
    values = np.concatenate(list(view.knn.values()))
    assert low < values.min() < values.max() < high
    sizes = {name: points.get_markersize() for name, points in figure.scheduled.items()}
    assert max(sizes, key=sizes.get) == view.nearest
    for name, line in figure.courses.items():
        if name in figure.scheduled:
            assert line.get_marker() == figure.scheduled[name].get_marker()
            assert (line.get_alpha() == 1.0) == (name == view.nearest)
    assert_words_are_apart(figure)
