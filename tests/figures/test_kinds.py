"""What the figure of collapses draws is what the view holds."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures import style
from sigreg_edu.figures.kinds import NAMES, PLACES, KindsFigure
from sigreg_edu.views.kinds import METERS, KindsParams, kinds_view


@pytest.fixture(scope="module")
def figure() -> KindsFigure:
    return KindsFigure()


def shown(figure: KindsFigure, **changes):
    view = kinds_view(KindsParams(**changes))
    figure.update(view)
    return view


def test_bars_and_dots_are_the_standard_deviations(figure):
    view = shown(figure, kept=8, mixed=False)
    assert np.array_equal(figure.bars.get_data().values, view.axis_std)
    assert np.array_equal(figure.principal.get_ydata(), view.principal_std)


@pytest.mark.parametrize("changes", [{}, {"scale": 0.0}, {"kept": 8}, {"shift": 2.0}])
def test_each_row_shows_value_and_verdict_in_colour_and_shape(figure, changes):
    view = shown(figure, **changes)
    for name, row in figure.rows.items():
        reading = view.readings[name]
        assert row.value.get_text() == reading.text
        assert row.mark.get_marker() == ("X" if reading.objects else "o")
        assert row.mark.get_color() == (style.FAILURE if reading.objects else style.DATA)


def test_an_undefined_value_has_no_mark(figure):
    shown(figure, scale=0.0)
    assert len(figure.rows["cosine"].mark.get_xdata()) == 0
    assert len(figure.rows["cosine"].span.get_xdata()) == 0


def test_the_mark_of_a_span_stands_at_its_unhealthy_end(figure):
    view = shown(figure, kept=8, mixed=False)
    row, reading = figure.rows["std"], view.readings["std"]
    assert row.span.get_xdata() == [PLACES["std"](reading.low), PLACES["std"](reading.high)]
    assert row.mark.get_xdata() == [PLACES["std"](reading.low)]
    view = shown(figure, scale=2.0)
    assert row.mark.get_xdata() == [PLACES["std"](view.readings["std"].high)]


def test_every_value_the_sliders_allow_stays_on_its_line(figure):
    for changes in ({"scale": 2.0, "shift": 3.0}, {"scale": 0.0, "shift": 3.0}, {"kept": 1}):
        view = shown(figure, **changes)
        for name, place in PLACES.items():
            assert 0.0 <= place(view.readings[name].high) <= 1.0, (name, changes)


def test_every_meter_has_a_row_with_a_name():
    assert list(NAMES) == list(PLACES) == list(METERS)


def test_the_diagnosis_is_in_the_picture(figure):
    shown(figure)
    assert figure.diagnosis.get_text() == "diagnosis: healthy"
    shown(figure, kept=8, shift=2.0)
    assert figure.diagnosis.get_text() == "diagnosis: dimensional, shifted"
    shown(figure, kept=8, rest=0.2)
    assert figure.diagnosis.get_text() == "diagnosis: none by the rules"
