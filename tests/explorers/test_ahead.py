"""Pictures sent ahead: of the moved slider's neighbours, right, and forgotten when stale."""

from __future__ import annotations

import asyncio

import pytest

from sigreg_edu.explorers import GALLERY, shell
from sigreg_edu.views.params import Slider


@pytest.fixture
def widget(monkeypatch):
    monkeypatch.setattr(shell, "REST_SECONDS", 0.0)
    monkeypatch.setattr(shell, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(shell, "AHEAD_SECONDS", 60.0)  # a busy machine is no fault of the explorer
    made = GALLERY["outlier"]()
    made.sent = []
    made.picture.send = lambda content, buffers=(): made.sent.append((content, *buffers))
    yield made
    made.close()


def at_rest(act) -> None:
    """Do something where there is a loop, and wait until nothing is left to do."""

    async def scene():
        act()
        for _ in range(100):
            await asyncio.sleep(0.005)

    asyncio.run(scene())


def frames(widget) -> dict[str, bytes]:
    return {content["at"]: data[0] for content, *data in widget.sent if content["kind"] == "ahead"}


def first_slider(widget) -> str:
    controls = widget.explorer.params.controls().items()
    return next(name for name, control in controls if isinstance(control, Slider))


def test_the_neighbours_of_a_moved_slider_are_sent_nearest_first_and_are_right(widget):
    name = first_slider(widget)
    slider = widget.explorer.params.controls()[name]
    start = slider.snapped((slider.minimum + slider.maximum) / 2)
    at_rest(lambda: widget.set(**{name: start}))
    near = slider.near(start, shell.AHEAD_STEPS)
    sent = frames(widget)
    assert list(sent) == [shell._rounded(slider.position(value)) for value in near]
    assert widget.picture.at == f"{name}:{shell._rounded(slider.position(start))}"
    widget.set(**{name: near[0]})
    assert widget.picture.frame == next(iter(sent.values()))


def test_what_is_shown_meanwhile_does_not_change(widget):
    name = first_slider(widget)
    control = widget.explorer.params.controls()[name]
    at_rest(lambda: widget.set(**{name: control.near(control.minimum, 3)[-1]}))
    params, shown = widget.explorer.params, widget.picture.frame
    assert widget.explorer.params == params
    assert widget.explorer.figure.jpeg() == shown


def test_another_control_makes_them_stale(widget):
    name = first_slider(widget)
    control = widget.explorer.params.controls()[name]
    widget.set(**{name: control.near(control.minimum, 1)[0]})
    assert widget.sent[-1][0] == {"kind": "forget", "name": name}
    widget.new_sample_button.click()
    assert widget.sent[-1][0] == {"kind": "forget", "name": ""}
    assert widget.picture.at == ""


def test_moves_of_one_slider_forget_nothing_and_send_nothing_twice(widget):
    name = first_slider(widget)
    control = widget.explorer.params.controls()[name]
    values = control.near(control.minimum, 4)

    def move():
        for value in values[:2]:
            widget.set(**{name: value})

    at_rest(move)
    at_rest(lambda: widget.set(**{name: values[2]}))
    assert [content["kind"] for content, *_ in widget.sent].count("forget") == 1
    sent = [content["at"] for content, *_ in widget.sent if content["kind"] == "ahead"]
    assert len(sent) == len(set(sent))


def test_a_single_slider_is_looked_along_once_a_page_shows_it(monkeypatch, widget):
    name = first_slider(widget)
    one = {name: widget.explorer.params.controls()[name]}
    monkeypatch.setattr(widget, "_visible_controls", lambda: one)
    at_rest(lambda: widget._on_message(widget.picture, {"kind": "shown"}, []))
    assert frames(widget)


@pytest.mark.parametrize("name", ["training", "vit_training"])
def test_where_a_picture_is_more_than_its_state_nothing_is_sent_ahead(name):
    made = GALLERY[name]()
    sent = []
    made.picture.send = lambda content, buffers=(): sent.append(content)
    slider = first_slider(made)
    control = made.explorer.params.controls()[slider]
    at_rest(lambda: made.set(**{slider: control.near(getattr(made.explorer.params, slider), 1)[0]}))
    assert sent == []
    made.close()
