"""The widgets around an explorer: the only module that knows ipywidgets and anywidget.

Every event is handled at once, on the thread that runs the cells (that is why the kit asks for
ipykernel before version 7: later ones may run widget messages on a second thread, and Matplotlib is
not made for two). The browser keeps one message in flight and merges the rest, so a synchronous
handler always answers the latest position of a slider.
"""

from __future__ import annotations

import asyncio
import html
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as widgets
import traitlets
from IPython import get_ipython

from sigreg_edu.explorers.core import Explorer
from sigreg_edu.views.params import Choice, Control, PowerSlider, Seed, Slider, Switch

REST_SECONDS = 0.25  # a slider that has not moved for so long is at rest
AHEAD_STEPS = 8  # positions of a slider on either side whose pictures are sent ahead
AHEAD_SECONDS = 0.15  # an explorer that takes longer for a picture sends none ahead
PAUSE_SECONDS = 0.02  # between two steps of a refinement: time for a message to come in between
HERE = Path(__file__).parent
SHARPEST = 2.0  # device pixels per picture pixel
LABEL_WIDTH, TRACK_WIDTH, BOX_WIDTH, CHECK_WIDTH = "148px", "200px", "78px", "24px"
CHOICE_WIDTH = "282px"  # to where the box beside a slider ends
ROW_WIDTH = "446px"  # two rows side by side in a notebook's cell


class Picture(anywidget.AnyWidget):
    """The picture, its read-out and its error message, always changed in one message."""

    _esm = HERE / "picture.js"
    _css = HERE / "picture.css"
    frame = traitlets.Bytes(b"").tag(sync=True)
    frame_number = traitlets.Int(0).tag(sync=True)  # counts the pictures sent …
    taken = traitlets.Int(0).tag(sync=True)  # … and comes back once the browser has one,
    playing = traitlets.Bool(False).tag(sync=True)  # while this is on
    at = traitlets.Unicode("").tag(sync=True)  # slider and position that the frame is of
    readout = traitlets.Unicode("").tag(sync=True)
    error = traitlets.Unicode("").tag(sync=True)
    width = traitlets.Int(0).tag(sync=True)
    pixel_ratio = traitlets.Float(1.0).tag(sync=True)


class ExplorerWidget(widgets.VBox):
    """An explorer that a notebook can display.

    Attributes:
        title: what stands above it.
        explorer: the controller; ``explorer.set(shift=1)`` works too, followed by ``refresh()``.
        controls: the main widget of each field of the state; set ``controls["shift"].value``.
        presets: the preset buttons by label.
        picture: the picture's widget.
        new_sample_button: the button that draws fresh noise, None where nothing is random.
        play_button, step_button: what plays a :class:`Moment`, None where there is none.
    """

    play_label, step_label = "play", "one step"
    looks_ahead = True  # a subclass whose pictures are not its state's alone turns it off

    def __init__(
        self,
        title: str,
        explorer: Explorer,
        *,
        presets: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.title = title
        self.explorer = explorer
        self.controls: dict[str, widgets.Widget] = {}
        self.boxes: dict[str, widgets.Widget] = {}
        self.presets: dict[str, widgets.Button] = {}
        self.new_sample_button: widgets.Button | None = None
        self.play_button: widgets.ToggleButton | None = None
        self.step_button: widgets.Button | None = None
        self.picture = Picture(width=round(explorer.figure.size[0] * explorer.figure.dots_per_inch))
        self.picture.observe(self._on_pixel_ratio, names="pixel_ratio")
        self.picture.observe(self._on_taken, names="taken")
        self.picture.on_msg(self._on_message)
        self._listening = True
        self._moved: str | None = None  # the slider whose neighbouring pictures are sent ahead
        self._ahead: set[float] = set()  # its positions that were sent, in the present state
        self._home = _without_seed(explorer)  # where every preset starts from
        self._timer: asyncio.TimerHandle | None = None
        # A level below the sections of a notebook.
        heading = widgets.HTML(
            f'<div class="sigreg-title" role="heading" aria-level="3">{html.escape(title)}</div>'
        )
        rows = [self._row(name, control) for name, control in self._visible_controls().items()]
        parts = [heading, _flow(rows, "sigreg-controls"), self.picture]
        parts[1:1] = [
            _flow(buttons, "sigreg-presets")
            for buttons in (self._buttons(presets or {}), self._play_buttons())
            if buttons
        ]
        super().__init__(parts)
        self.add_class("sigreg-explorer")
        self.refresh()
        _close_earlier_of_this_cell(self)

    # --- from the widgets to the state -------------------------------------------------------

    def set(self, **changes: Any) -> bool:
        """Change the state as a slider would, and show it; False if it was refused."""
        self._forget_ahead_unless(changes)
        taken = self.explorer.set(**changes)
        self.refresh()
        return taken

    def refresh(self) -> None:
        """Show the controller's present state: picture, read-out, error, position of controls."""
        if self.explorer.closed:
            return
        self._show_picture()
        if not self.explorer.error:
            self._show_controls()
        self._refine_when_at_rest()

    def close(self) -> None:
        """Let the figure and every widget go."""
        if self._timer:
            self._timer.cancel()
        self.picture.on_msg(self._on_message, remove=True)
        for widget in _all_widgets(self):
            widget.unobserve_all()
            for part in (getattr(widget, "layout", None), getattr(widget, "style", None)):
                if isinstance(part, widgets.Widget):
                    part.close()
            if widget is not self:
                widget.close()
        if self.comm is not None:  # ipywidgets also calls close when it forgets a widget
            self.explorer.close()
        super().close()

    # --- playing -----------------------------------------------------------------------------

    def play(self) -> None:
        """Show moment after moment, from the start again if the last one is shown.

        The browser asks for each picture by telling that it has the last. So the pictures come as
        quickly as they can be taken, moves of sliders come in between, and where no page shows the
        picture, nothing runs.
        """
        last = self.next_moment() is None
        self.picture.playing = True
        self._show_play_button()
        if last:
            self.set(**{self._moment_name(): 0})
        else:
            self.advance()

    def pause(self) -> None:
        """Stop playing where it is."""
        self.picture.playing = False
        self._show_play_button()

    def advance(self) -> None:
        """Show the next moment; the last one ends the play."""
        moment = self.next_moment()
        if moment is None or not self.set(**{self._moment_name(): moment}):
            self.pause()

    def next_moment(self) -> int | None:
        """Return the moment after the one that is shown, None after the last."""
        name = self._moment_name()
        now = getattr(self.explorer.params, name)
        return now + 1 if now < self._control(name).maximum else None

    def _moment_name(self) -> str:
        """The field that can be played."""
        name = self.explorer.moment_name
        if name is None:
            raise ValueError(f"{type(self.explorer.params).__name__} has no moment, so no play.")
        return name

    def _on_taken(self, change: Any) -> None:
        if self.picture.playing and change["new"] == self.picture.frame_number:
            self.advance()

    def _show_play_button(self) -> None:
        self.show_toggle(self.play_button, self.play_label, going=self.picture.playing)

    def _on_control(self, name: str, widget: widgets.Widget) -> None:
        def handler(change: Any) -> None:
            value = _as_state(self._control(name), change["new"])
            if widget is self.controls[name] and self._is_snapped(name, value):
                return
            moved = value != getattr(self.explorer.params, name)
            if self._listening and (moved or self.explorer.error):
                self.set(**{name: value})

        widget.observe(handler, names="value")

    def _is_snapped(self, name: str, value: Any) -> bool:
        """Whether a slider only reports that it cannot stand where a number was typed."""
        control = self._control(name)
        state = getattr(self.explorer.params, name)
        return isinstance(control, Slider) and value != state and value == control.snapped(state)

    def _on_pixel_ratio(self, change: Any) -> None:
        self.explorer.figure.set_pixel_ratio(min(max(change["new"], 1.0), SHARPEST))
        self.explorer.redraw()
        self._show_picture()

    # --- from the state to the widgets -------------------------------------------------------

    def _show_picture(self) -> None:
        with self.picture.hold_sync():
            self.picture.frame_number += 1
            self.picture.frame = self.explorer.figure.jpeg()
            self.picture.at = self._position()
            self.picture.readout = self.explorer.view.readout
            self.picture.error = self._error_text()

    def _error_text(self) -> str:
        """The error in the words beside the controls, which know no field names."""
        error = self.explorer.error
        if not error:
            return ""
        for name, control in self.explorer.params.controls().items():
            if error.startswith(f"{name}: "):
                error = control.label + error.removeprefix(name)
        return f"{error} The picture still shows the last good state."

    def _show_controls(self) -> None:
        params = self.explorer.params
        with self._deaf():
            for name, widget in self.controls.items():
                value = getattr(params, name)
                for shown in filter(None, (widget, self.boxes.get(name))):
                    # A slider that a hand is dragging must not be told its own, rounded, value.
                    if _as_state(self._control(name), shown.value) != value:
                        shown.value = value
                    shown.disabled = name in params.idle()

    @contextmanager
    def _deaf(self) -> Iterator[None]:
        """Move controls without hearing of it."""
        self._listening = False
        try:
            yield
        finally:
            self._listening = True

    def _refine_when_at_rest(self, delay: float = REST_SECONDS) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        loop = running_loop()
        if loop and self.explorer.can_refine:
            self._timer = loop.call_later(delay, self._refine_once)
        elif loop and self._moved:
            self._timer = loop.call_later(delay, self._send_ahead)

    def _refine_once(self) -> None:
        before = self.explorer.updates
        self.explorer.refine_step()
        if self.explorer.updates != before or self.explorer.error:
            self._show_picture()
        self._refine_when_at_rest(delay=PAUSE_SECONDS)

    # --- pictures sent ahead -----------------------------------------------------------------

    def _forget_ahead_unless(self, changes: Mapping[str, Any]) -> None:
        """Pictures sent ahead hold while one and the same slider moves, and no longer."""
        if not self.looks_ahead:
            return
        name = next(iter(changes)) if len(changes) == 1 else ""
        moved = name if isinstance(self.explorer.params.controls().get(name), Slider) else None
        if moved != self._moved or moved is None:
            self._look_along(moved)

    def _look_along(self, name: str | None) -> None:
        self._moved, self._ahead = name, set()
        self.picture.send({"kind": "forget", "name": self._moved or ""})

    def _on_message(self, _picture: Any, content: Any, _buffers: Any) -> None:
        """A page shows the picture: where a single slider moves, look along it from the start."""
        sliders = [n for n, c in self._visible_controls().items() if isinstance(c, Slider)]
        shown = isinstance(content, dict) and content.get("kind") == "shown"
        if shown and self.looks_ahead and len(sliders) == 1:
            self._look_along(sliders[0])
            self._refine_when_at_rest()

    def _position(self) -> str:
        """The moved slider and where it stands, in the words of ``picture.js``."""
        if self._moved is None:
            return ""
        value = getattr(self.explorer.params, self._moved)
        return f"{self._moved}:{_rounded(self._control(self._moved).position(value))}"

    def _send_ahead(self) -> None:
        """Send the nearest neighbouring picture that the browser has not got; then the next."""
        slider = self._control(self._moved)
        near = slider.near(getattr(self.explorer.params, self._moved), AHEAD_STEPS)
        value = next((value for value in near if value not in self._ahead), None)
        if value is None or self.explorer.closed or self.picture.playing:
            return
        self._ahead.add(value)
        started = time.perf_counter()
        try:
            frame, readout = self.explorer.look(**{self._moved: value})
        except Exception:  # it will be told when the slider gets there
            return
        if time.perf_counter() - started > AHEAD_SECONDS:
            self._moved = None
            return
        message = {"kind": "ahead", "name": self._moved, "readout": readout}
        self.picture.send({**message, "at": _rounded(slider.position(value))}, buffers=[frame])
        self._timer = running_loop().call_later(PAUSE_SECONDS, self._send_ahead)

    # --- making the widgets ------------------------------------------------------------------

    def _control(self, name: str) -> Control:
        return self.explorer.params.controls()[name]

    def _visible_controls(self) -> dict[str, Control]:
        controls = self.explorer.params.controls()
        return {name: c for name, c in controls.items() if not isinstance(c, Seed)}

    def _row(self, name: str, control: Control) -> widgets.Widget:
        value = getattr(self.explorer.params, name)
        widget = self.controls[name] = _main_widget(control, value)
        self._on_control(name, widget)
        parts = [_label(control), widget]
        if isinstance(control, Slider):
            box = self.boxes[name] = _number_box(control, value)
            self._on_control(name, box)
            parts.append(box)
        row = widgets.HBox(parts, layout=widgets.Layout(align_items="center", width=ROW_WIDTH))
        row.add_class("sigreg-control")
        row.add_class(f"sigreg-field-{name}")
        return row

    def _buttons(self, presets: Mapping[str, Mapping[str, Any]]) -> list[widgets.Button]:
        buttons = []
        for label, changes in presets.items():
            button = self.presets[label] = widgets.Button(description=label)
            button.on_click(lambda _, changes=changes: self.set(**{**self._home, **changes}))
            buttons.append(button)
        name = self.explorer.seed_name
        if name:
            seed = self._control(name)
            button = widgets.Button(description=seed.label, tooltip=seed.help, icon="refresh")
            button.on_click(self._on_new_sample)
            self.new_sample_button = button
            buttons.append(button)
        return buttons

    def _play_buttons(self) -> list[widgets.Widget]:
        """What makes the picture go on; a subclass may put more before it."""
        if self.explorer.moment_name is None:
            return []
        self.play_button = self.make_toggle(
            self.play_label, f"sigreg-{self.play_label}", self.play, self.pause
        )
        self.step_button = make_button(self.step_label, "step-forward", self.advance)
        return [self.play_button, self.step_button]

    def make_toggle(
        self, label: str, css_class: str, on: Callable[[], None], off: Callable[[], None]
    ) -> widgets.ToggleButton:
        """Make a button that goes on and off, and does either when it is pressed."""
        toggle = widgets.ToggleButton(description=label, icon="play")
        toggle.add_class(css_class)

        def handler(change: Any) -> None:
            if self._listening:
                on() if change["new"] else off()

        toggle.observe(handler, names="value")
        return toggle

    def show_toggle(self, toggle: widgets.ToggleButton, label: str, *, going: bool) -> None:
        """Show that what a toggle started is going on, and pressing it would pause, or not."""
        with self._deaf():
            toggle.value = going
        toggle.description = "pause" if going else label
        toggle.icon = "pause" if going else "play"

    def _on_new_sample(self, _button: widgets.Button) -> None:
        self.set(**self.explorer.next_seed())

    # --- what is kept where no widget can run ------------------------------------------------

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """Offer the live widget, a still picture for pages without one, and the read-out."""
        bundle = super()._repr_mimebundle_(**kwargs)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        data["image/png"] = self.explorer.figure.png()
        data["text/plain"] = repr(self)
        return data

    def __repr__(self) -> str:
        closed = self.explorer.closed
        said = "closed; run its cell again" if closed else self.explorer.view.readout
        return f"<explorer: {said}>"


def explorer_widget(
    title: str,
    explorer: Explorer,
    *,
    presets: Mapping[str, Mapping[str, Any]] | None = None,
) -> ExplorerWidget:
    """Return the widget for a controller.

    Args:
        title: what the student reads above it.
        explorer: the controller.
        presets: label of a button → fields in which its state differs from the first one.
    """
    return ExplorerWidget(title, explorer, presets=presets)


def _main_widget(control: Control, value: Any) -> widgets.Widget:
    match control:
        case PowerSlider():
            exponents = {"min": math.log2(control.minimum), "max": math.log2(control.maximum)}
            return widgets.FloatLogSlider(
                value, base=2, step=1, readout=False, layout=_wide(TRACK_WIDTH), **exponents
            )
        case Slider():
            kind = widgets.IntSlider if control.is_whole else widgets.FloatSlider
            ends = {"min": control.minimum, "max": control.maximum, "step": control.step}
            return kind(value, readout=False, layout=_wide(TRACK_WIDTH), **ends)
        case Choice():
            options = [(label, name) for name, label in control.options.items()]
            return widgets.Dropdown(options=options, value=value, layout=_wide(CHOICE_WIDTH))
        case Switch():
            return widgets.Checkbox(value, indent=False, layout=_wide(CHECK_WIDTH))
    raise TypeError(f"no widget is known for a {type(control).__name__}")


def _wide(width: str) -> widgets.Layout:
    return widgets.Layout(width=width)


def _number_box(control: Slider, value: float) -> widgets.Widget:
    kind = widgets.IntText if control.is_whole else widgets.FloatText
    return kind(value, step=control.step, layout=_wide(BOX_WIDTH))


def _label(control: Control) -> widgets.Label:
    layout = _wide(LABEL_WIDTH)
    return widgets.Label(control.label, tooltip=control.help or None, layout=layout)


def _without_seed(explorer: Explorer) -> dict[str, Any]:
    """Return the fields of the first state; its noise stays as the student last drew it."""
    fields = explorer.params.controls()
    return {n: getattr(explorer.params, n) for n in fields if n != explorer.seed_name}


def _rounded(position: float) -> str:
    """A slider's position as ``picture.js`` writes it.

    >>> _rounded(-1e-9), _rounded(2)
    ('0.000000', '2.000000')
    """
    return f"{round(position, 6) + 0.0:.6f}"


def _as_state(control: Control, value: Any) -> Any:
    """Return a widget's value as the state holds it: no 2.0 for 2, no 4.999999999999999 for 5.0."""
    if isinstance(control, PowerSlider):
        return round(value)
    return float(f"{value:.10g}") if isinstance(value, float) else value


def make_button(label: str, icon: str, pressed: Callable[[], None]) -> widgets.Button:
    """Make a button that does something when it is pressed."""
    button = widgets.Button(description=label, icon=icon)
    button.on_click(lambda _: pressed())
    return button


def _flow(children: list[widgets.Widget], name: str) -> widgets.Box:
    box = widgets.Box(children, layout=widgets.Layout(flex_flow="row wrap"))
    box.add_class(name)
    return box


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the loop that runs this code: the kernel's, or none in a plain script."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _all_widgets(root: widgets.Widget) -> Iterator[widgets.Widget]:
    for child in getattr(root, "children", ()):
        yield from _all_widgets(child)
    yield root


#: The explorers alive, by cell: run again, a cell must not leave its old ones behind.
_LIVE: dict[str, tuple[int, list[ExplorerWidget]]] = {}


def _close_earlier_of_this_cell(widget: ExplorerWidget) -> None:
    """Close what an earlier run of the present cell showed; ipywidgets itself would keep it."""
    shell = get_ipython()
    parent = shell.get_parent() if shell and hasattr(shell, "get_parent") else {}
    cell = parent.get("metadata", {}).get("cellId")
    if not cell:
        return
    run, live = _LIVE.get(cell, (shell.execution_count, []))
    if run != shell.execution_count:
        for old in live:
            old.close()
        live = []
    _LIVE[cell] = (shell.execution_count, [*live, widget])
