"""The figure of growth draws what the view holds, within its axes and without overlaps."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures.scaling import FORM_STYLE, ScalingFigure
from sigreg_edu.losses.cost import FORMS
from sigreg_edu.views.scaling import (
    ENDS,
    SIZES,
    WHAT,
    ScalingParams,
    amount,
    power,
    scaling_view,
)

REPORT = {"N": 6272, "D": 384, "M": 512}


@pytest.fixture(scope="module")
def figure() -> ScalingFigure:
    return ScalingFigure()


def shown(figure: ScalingFigure, **changes):
    view = scaling_view(ScalingParams(**changes))
    figure.update(view)
    return view


@pytest.mark.parametrize("what", WHAT)
@pytest.mark.parametrize("grows", SIZES)
def test_lines_dots_and_the_present_point_are_the_views(figure, grows, what):
    view = shown(figure, grows=grows, what=what)
    size, takes = view.now
    for form in FORMS:
        np.testing.assert_array_equal(figure.far[form].get_ydata(), view.curves[form])
        np.testing.assert_array_equal(figure.dots[form].get_xydata(), view.dots[form])
        assert figure.points[form].get_xydata().tolist() == [[size, takes[form]]]
        assert figure.told[form][0].get_text() == amount(what, takes[form])
        grown = power(grows, view.exponents[form])
        assert figure.told[form][1].get_text() == grown
        assert f"{form} {amount(what, takes[form])} ({grown})" in view.readout
    assert set(figure.now.get_xdata()) == {size}


def test_what_does_not_fit_is_drawn_thin_and_pale(figure):
    view = shown(figure, grows="N", M=1024)
    near, far = figure.near["three sums"], figure.far["three sums"]
    np.testing.assert_array_equal(np.isnan(near.get_ydata()), ~view.fits["three sums"])
    assert far.get_linewidth() < near.get_linewidth()
    assert far.get_alpha() < 1.0
    assert "more than 16 GB" in figure.notes.get_text()


@pytest.mark.parametrize("what", WHAT)
def test_everything_stays_within_the_axes_at_both_ends_of_every_size(figure, what):
    for place in (0, 1):
        ends = {name: ENDS[name][place] for name in SIZES}
        for grows in SIZES:
            view = shown(figure, grows=grows, what=what, **ends)
            low, high = figure.axes.get_ylim()
            for curve in view.curves.values():
                assert low <= curve.min()
                assert curve.max() <= high


@pytest.mark.parametrize(
    "changes",
    [
        {"grows": "D", **REPORT},
        {"grows": "M", "what": "memory", **REPORT},
        {"grows": "T"},
        {"grows": "N", "N": 8192, "D": 2048, "M": 2048, "T": 33},
    ],
)
def test_words_are_apart(changes, assert_words_are_apart):
    figure = ScalingFigure()  # one that kept a background has not laid its ticks out anew
    shown(figure, **changes)
    assert_words_are_apart(figure)


def test_the_reports_stars_come_and_go(figure):
    view = shown(figure, grows="D", **REPORT)
    for name, star in figure.stars.items():
        np.testing.assert_array_equal(star.get_xydata(), view.report[name])
    assert "the report" in figure.notes.get_text()
    shown(figure, grows="D")
    assert not len(figure.stars["sigreg"].get_xdata())
    assert "the report" not in figure.notes.get_text()


def test_every_form_has_a_look_of_its_own():
    looks = [(look["color"], look["marker"]) for look in FORM_STYLE.values()]
    assert len(set(looks)) == len({colour for colour, _ in looks}) == len(FORMS)
