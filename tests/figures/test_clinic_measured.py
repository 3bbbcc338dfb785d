"""What the figure of measured patients draws is what was measured, and its words can be read."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures.clinic_measured import ClinicMeasuredFigure
from sigreg_edu.views.clinic_measured import (
    LABELS,
    LEVELS,
    ClinicMeasuredParams,
    clinic_measured_view,
)


@pytest.fixture(scope="module")
def figure() -> ClinicMeasuredFigure:
    return ClinicMeasuredFigure()


@pytest.mark.parametrize("level", [0, LEVELS - 1])
@pytest.mark.parametrize("name", LABELS)
def test_lines_and_points_are_the_reading_within_the_axes(figure, name, level):
    view = clinic_measured_view(ClinicMeasuredParams(case=name, level=level))
    figure.update(view)
    low, high = figure.axes.get_ylim()
    for line, point, values in zip(
        figure.lines, figure.points, (view.reading.ill, view.reading.cured), strict=True
    ):
        np.testing.assert_array_equal(line.get_ydata(), values)
        assert point.get_ydata()[0] == values[view.now]
        assert low < values[values > 0].min()
        assert values.max() < high


@pytest.mark.parametrize("name", LABELS)
def test_at_least_two_values_are_marked_on_the_upright_axis(figure, name):
    figure.update(clinic_measured_view(ClinicMeasuredParams(case=name)))
    low, high = figure.axes.get_ylim()
    ticks = figure.axes.get_yticks()
    assert len(ticks) >= 2
    assert low <= min(ticks) < max(ticks) <= high


@pytest.mark.parametrize("level", [0, LEVELS // 2, LEVELS - 1])
@pytest.mark.parametrize("name", LABELS)
def test_its_words_are_apart(figure, assert_words_are_apart, name, level):
    figure.update(clinic_measured_view(ClinicMeasuredParams(case=name, level=level)))
    assert_words_are_apart(figure)
