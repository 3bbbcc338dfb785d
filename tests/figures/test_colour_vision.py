"""The colours of the house can be told apart by people who see fewer of them."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from matplotlib.figure import Figure

from sigreg_edu.figures import style
from tests.figures.colour_vision import alike, distance, simulated

ROLES = ("DATA", "DATA_SOFT", "TARGET", "TARGET_INK", "SLICE", "FAILURE", "OTHER", "INK", "GREY")


@pytest.mark.parametrize(("one", "other"), combinations(ROLES, 2))
def test_two_roles_stay_apart_whatever_one_sees(one, other):
    # Below 15 a line style or a marker must differ, too: see the gallery's tests.
    assert distance(getattr(style, one), getattr(style, other)) > 10.0


@pytest.mark.parametrize(("one", "other"), combinations(style.CLASS_COLOURS, 2))
def test_classes_stay_apart_too(one, other):
    assert distance(one, other) > 15.0


def test_grey_stays_grey_and_red_and_green_come_close():
    grey = np.full((1, 3), 0.5)
    np.testing.assert_allclose(simulated(grey, "deuteranopia"), grey, atol=1e-4)
    assert distance("#b05000", "#6a7000") < 15.0
    assert distance("#000000", "#ffffff") == pytest.approx(100.0, abs=0.1)


def test_lines_that_only_a_weak_colour_tells_apart_are_found():
    axes = Figure().subplots()
    axes.plot([0, 1], [0, 1], color=style.GREY)
    axes.plot([0, 1], [0, 2], color=style.SLICE)
    axes.plot([0, 1], [0, 3], color=style.SLICE, linestyle=style.SLICE_LINE)
    axes.plot([0, 1], [0, 3], color=style.DATA)
    axes.axhline(1.0, color=style.SLICE)
    found = [tuple(axes.lines.index(line) for line in pair) for pair in alike(axes)]
    assert found == [(0, 1)]
