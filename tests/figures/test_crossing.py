"""The figure of crossings draws both costs and marks where they meet."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures.crossing import CrossingFigure
from sigreg_edu.views.crossing import REPORT_SAYS, SIGREG_FORMS, CrossingParams, crossing_view
from sigreg_edu.views.scaling import WHAT


@pytest.fixture(scope="module")
def figure() -> CrossingFigure:
    return CrossingFigure()


def shown(figure: CrossingFigure, **changes):
    view = crossing_view(CrossingParams(**changes))
    figure.update(view)
    return view


@pytest.mark.parametrize("form", SIGREG_FORMS)
@pytest.mark.parametrize("what", WHAT)
def test_curves_lines_and_the_mark_are_the_views(figure, what, form):
    view = shown(figure, what=what, form=form)
    np.testing.assert_array_equal(figure.curves["sigreg"].get_ydata(), view.sigreg)
    np.testing.assert_array_equal(figure.curves["vicreg"].get_ydata(), view.vicreg)
    np.testing.assert_array_equal(figure.dots["sigreg"].get_xydata(), view.dots[form])
    for name, line in figure.lines.items():
        np.testing.assert_array_equal(line.get_ydata(), view.crossings[name])
    widths = {name: line.get_linewidth() for name, line in figure.lines.items()}
    assert max(widths, key=widths.get) == form
    if view.crossing:
        assert figure.mark.get_xydata().tolist() == [[view.now, view.crossing]]
        assert set(figure.meet.get_xdata()) == {view.crossing}


def test_where_nothing_crosses_nothing_is_marked(figure):
    view = shown(figure, N=6272, what="memory", form="textbook")
    assert view.crossing is None
    assert not figure.meet.get_visible()
    assert not figure.mark.get_visible()
    shown(figure)
    assert figure.mark.get_visible()


def test_the_reports_threshold_is_drawn_in_both_panels(figure):
    for axes in figure.figure.axes:
        ends = [set(line.get_xdata()) | set(line.get_ydata()) for line in axes.lines]
        assert any(REPORT_SAYS in values for values in ends)


@pytest.mark.parametrize("what", WHAT)
@pytest.mark.parametrize("end", [{"M": 16, "N": 64, "T": 9}, {"M": 2048, "N": 8192, "T": 33}])
def test_curves_stay_within_the_axes_and_words_apart(end, what, assert_words_are_apart):
    figure = CrossingFigure()  # one that kept a background has not laid its ticks out anew
    view = shown(figure, what=what, **end)
    low, high = figure.costs.get_ylim()
    for curve in (view.sigreg, view.vicreg):
        assert low <= curve.min()
        assert curve.max() <= high
    assert_words_are_apart(figure)


def test_the_line_of_the_crossing_ends_below_the_legend():
    figure = CrossingFigure()
    shown(figure, M=16)
    renderer = figure.canvas.get_renderer()
    legend = figure.costs.get_legend().get_window_extent(renderer)
    line = figure.meet.get_window_extent(renderer)
    assert line.y1 < legend.y0
    assert line.y0 > figure.note.get_window_extent(renderer).y1


def test_the_legend_names_the_chosen_form(figure):
    for form in SIGREG_FORMS:
        shown(figure, form=form)
        labels = [text.get_text() for text in figure.costs.get_legend().get_texts()]
        assert labels == [f"SIGReg, {form}", "VICReg"]
