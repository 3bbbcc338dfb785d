"""The planner's figure: bars of the prediction, diamonds of the measurement, a line of budget."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sigreg_edu.figures.planner import LIMITS, PlannerFigure
from sigreg_edu.losses.cost import FORMS
from sigreg_edu.views.planner import PlannerParams, PlannerView, Workbench, planner_view

ENDS = [
    {"N": 64, "D": 16, "M": 16, "T": 9, "ms": 10, "gigabytes": 1},
    {"N": 8192, "D": 2048, "M": 2048, "T": 33, "ms": 2000, "gigabytes": 80},
]


@pytest.fixture(scope="module")
def figure() -> PlannerFigure:
    return PlannerFigure()


def shown(figure: PlannerFigure, *, measured: tuple[str, ...] = (), **changes) -> PlannerView:
    view = planner_view(PlannerParams(**changes), Workbench())
    seen = {form: (1.3 * view.seconds[form], view.memory[form]) for form in measured}
    foretold = {form: 0.1 * view.seconds[form] for form in measured}
    view = replace(view, measured=seen, foretold=foretold)
    figure.update(view)
    return view


@pytest.mark.parametrize("end", [{}, *ENDS])
def test_bars_end_at_the_prediction_and_lines_stand_at_the_budget(figure, end):
    view = shown(figure, **end)
    for place, (what, values) in enumerate((("seconds", view.seconds), ("memory", view.memory))):
        low, high = LIMITS[what]
        for form in FORMS:
            bar = figure.bars[what, form]
            assert low < values[form] < high
            assert bar.get_x() + bar.get_width() == pytest.approx(values[form])
        assert set(figure.budgets[what].get_xdata()) == {view.budget[place]}


def test_what_is_over_budget_is_hatched(figure):
    view = shown(figure, ms=100, gigabytes=4)
    for place, (what, values) in enumerate((("seconds", view.seconds), ("memory", view.memory))):
        for form in FORMS:
            over = values[form] > view.budget[place]
            assert bool(figure.bars[what, form].get_hatch()) == over


def marked(line):
    """The forms that a line of marks shows, with their values."""
    values = dict(zip(FORMS, line.get_xdata(), strict=True))
    return {form: value for form, value in values.items() if np.isfinite(value)}


def test_a_measurement_is_a_diamond_with_its_ratio(figure):
    view = shown(figure, measured=("fast",))
    diamond = figure.diamonds["seconds"]
    assert marked(diamond) == {"fast": view.measured["fast"][0]}
    assert "1.3 times" in figure.seen["seconds", "fast"].get_text()
    assert figure.seen["seconds", "vicreg"].get_text() == ""
    assert "measured here" in figure.source.get_text()
    shown(figure)
    assert marked(diamond) == {}
    assert "measured here" not in figure.source.get_text()


def test_what_was_predicted_before_stays_beside_the_measurement(figure):
    view = shown(figure, measured=("fast",))
    assert marked(figure.ticks) == {"fast": view.foretold["fast"]}
    assert "before" in figure.numbers["seconds", "fast"].get_text()
    assert "| before" in figure.source.get_text()
    shown(figure)
    assert marked(figure.ticks) == {}
    assert "before" not in figure.numbers["seconds", "fast"].get_text()


@pytest.mark.parametrize("end", [{}, *ENDS])
def test_no_bar_and_no_line_crosses_a_number(end):
    figure = PlannerFigure()
    shown(figure, measured=FORMS, **end)
    renderer = figure.canvas.get_renderer()
    panels = [bar.axes.get_window_extent(renderer) for bar in figure.bars.values()]
    for words in (*figure.numbers.values(), *figure.seen.values()):
        box = words.get_window_extent(renderer)
        assert not any(box.overlaps(panel) for panel in panels), words.get_text()


def test_the_chosen_form_is_bold(figure):
    for form in FORMS:
        shown(figure, form=form)
        bold = {f for f in FORMS if figure.numbers["memory", f].get_fontweight() == "bold"}
        assert bold == {form}


@pytest.mark.parametrize("measured", [(), FORMS])
@pytest.mark.parametrize("end", [{}, *ENDS])
def test_words_are_apart(figure, end, measured, assert_words_are_apart):
    shown(figure, measured=measured, **end)
    assert_words_are_apart(figure)
