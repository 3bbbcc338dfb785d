"""Every explorer: its first picture, both ends of every control, and what a wrong value says."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from sigreg_edu.explorers import GALLERY
from sigreg_edu.explorers.shell import ExplorerWidget
from sigreg_edu.views.params import Slider
from tests.figures.colour_vision import alike

MAX_LABEL = 20  # characters beside a slider
REFINED = 10  # steps of refinement at each end of a control: enough to see one fail


@pytest.fixture(scope="module", params=list(GALLERY))
def name(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def opened(name) -> Iterator[ExplorerWidget]:
    widget = GALLERY[name]()
    yield widget
    widget.close()


@pytest.fixture
def widget(opened) -> Iterator[ExplorerWidget]:
    """An explorer as it is when it is opened; the first picture of some takes a second."""
    start = opened.explorer.params
    yield opened
    assert opened.set(**vars(start)), opened.explorer.error


def pixels(widget: ExplorerWidget) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(widget.explorer.figure.png())).convert("L"))


def finished(widget: ExplorerWidget) -> tuple[bytes, str]:
    """Refine to the end; return picture and read-out."""
    while widget.explorer.refine_step():
        pass
    widget.refresh()
    return widget.explorer.figure.png(), widget.picture.readout


def test_the_first_picture_is_not_blank_and_has_words(widget):
    assert pixels(widget).std() > 5.0
    assert len(widget.picture.readout) > 40
    assert widget.picture.error == ""


def test_every_control_works_at_both_ends(widget):
    start = widget.explorer.params
    for name, control in widget.explorer.params.controls().items():
        for end in getattr(control, "ends", ()):
            assert widget.set(**{name: end}), widget.explorer.error
            assert widget.picture.readout
            assert "nan" not in widget.picture.readout.lower()
            for _ in range(REFINED):
                widget.explorer.refine_step()
            assert not widget.explorer.error
        assert widget.set(**{name: getattr(start, name)})


def test_moving_the_widget_of_a_control_moves_the_state(widget):
    for name, control in widget.explorer.params.controls().items():
        if isinstance(control, Slider):
            shown = widget.controls[name]
            shown.value = control.minimum
            assert getattr(widget.explorer.params, name) == control.minimum
            assert widget.boxes[name].value == control.minimum
            widget.boxes[name].value = control.maximum
            assert shown.value == control.maximum


def test_a_number_out_of_range_is_told_with_the_range(widget):
    for name, box in widget.boxes.items():
        good = getattr(widget.explorer.params, name)
        box.value = box.value + 10**9
        label = widget.explorer.params.controls()[name].label
        assert widget.picture.error.startswith(f"{label}: expected")
        assert getattr(widget.explorer.params, name) == good
        box.value = good
        assert widget.picture.error == ""


def test_a_preset_gives_the_same_state_wherever_one_comes_from(widget):
    promised = {}
    for label, button in widget.presets.items():
        button.click()
        assert widget.explorer.error == "", label
        promised[label] = widget.explorer.params
    for label, button in widget.presets.items():
        for name, control in widget.explorer.params.controls().items():
            if hasattr(control, "ends"):
                widget.set(**{name: control.ends[0]})
        button.click()
        assert widget.explorer.params == promised[label]


def test_new_sample_counts_the_seed_up(widget):
    if widget.explorer.seed_name:
        before = getattr(widget.explorer.params, widget.explorer.seed_name)
        widget.new_sample_button.click()
        assert getattr(widget.explorer.params, widget.explorer.seed_name) == before + 1


def test_the_same_state_gives_the_same_picture(widget):
    params = widget.explorer.params
    first = finished(widget)
    name = next(n for n, c in params.controls().items() if isinstance(c, Slider))
    control = params.controls()[name]
    widget.set(**{name: control.minimum})
    widget.set(**{name: getattr(params, name)})
    assert finished(widget) == first


def test_the_display_offers_widget_still_and_words(widget):
    bundle = widget._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["image/png"].startswith(b"\x89PNG")
    assert data["text/plain"] == f"<explorer: {widget.picture.readout}>"


def test_a_greyed_out_control_changes_nothing(widget):
    for label in [None, *widget.presets]:
        if label:
            widget.presets[label].click()
        start = widget.explorer.params
        for name in start.idle():
            assert widget.controls[name].disabled
            pictures = set()
            for end in start.controls()[name].ends:
                if name in start.changed(**{name: end}).idle():
                    widget.set(**{name: end})
                    pictures.add(widget.explorer.figure.png())
            assert len(pictures) == 1, (label, name)
            widget.set(**{name: getattr(start, name)})


def test_a_slider_that_is_not_greyed_out_changes_the_picture(widget):
    start = widget.explorer.params
    for name, control in start.controls().items():
        if isinstance(control, Slider) and name not in start.idle():
            pictures = set()
            for end in (*control.ends, getattr(start, name)):
                widget.set(**{name: end})
                pictures.add(widget.explorer.figure.png())
            assert len(pictures) > 1, name


def test_no_line_rests_on_a_colour_that_some_cannot_see(widget):
    for axes in widget.explorer.figure.figure.axes:
        told = [(one.get_label(), other.get_label()) for one, other in alike(axes)]
        assert told == [], axes.get_title(loc="left")


def test_labels_fit_beside_their_sliders(widget):
    for control in widget.explorer.params.controls().values():
        assert len(control.label) <= MAX_LABEL, control.label


def test_an_unknown_field_is_refused_at_once(name):
    with pytest.raises((ValueError, TypeError), match="nonsense"):
        GALLERY[name](nonsense=1)


def test_a_closed_explorer_says_so(name):
    widget = GALLERY[name]()
    widget.close()
    assert not widget.set()
    assert "closed" in widget.explorer.error
    assert repr(widget) == "<explorer: closed; run its cell again>"
