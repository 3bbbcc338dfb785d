"""The controller of an explorer: one state, one picture, and no widget in sight.

``set`` is the only way in. It recomputes once, keeps the last good state when something is wrong,
and says why. A heavier explorer also gives ``refine``: after the coarse picture, finer and finer
ones, taken step by step while nothing else moves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.training.runs import one_thread
from sigreg_edu.views.params import Control, Moment, Params, Seed


class View(Protocol):
    """What a figure shows: arrays and numbers, and the read-out in words."""

    @property
    def readout(self) -> str:
        """The present picture in one to three sentences; also its alternative text."""


Compute = Callable[[Any], View]
Refine = Callable[[Any], Iterator[View]]


class Explorer:
    """Params → view → figure, kept in step.

    Args:
        params: the first state.
        compute: state → view; deterministic, and quick enough to follow a slider.
        figure: shows a view.
        refine: state → finer and finer views; each step short, since nothing else runs meanwhile.
            A step that has nothing to show yet yields the view before.

    Attributes:
        params: the last good state.
        view: what the picture shows.
        error: why the last ``set`` was refused, or ``""``.
        updates: how many pictures were made.

    Raises:
        Exception: whatever the first computation raises; later ones are kept in ``error``.
    """

    def __init__(
        self,
        params: Params,
        compute: Compute,
        figure: ExplorerFigure,
        *,
        refine: Refine | None = None,
    ) -> None:
        self.params = params
        self.error = ""
        self.updates = 0
        self.figure: ExplorerFigure | None = figure
        self._compute = compute
        self._refine = refine
        self._refinement: Iterator[View] | None = None
        with one_thread():
            self.view = compute(params)
            for finer in refine(params) if refine else ():  # the first picture may be kept as a
                self.view = finer  # still, so it is a finished one
        self._draw(self.view)

    def set(self, **changes: Any) -> bool:
        """Change fields of the state, recompute once and redraw.

        Returns:
            True if the change was taken. If not, ``error`` says why, and state, view and picture
            are the last good ones.
        """
        try:
            if self.closed:
                raise ValueError("This explorer was closed; run its cell again.")
            params = self.params.changed(**changes)
            with one_thread():
                view = self._compute(params)
            self._show(view)
        except Exception as error:  # shown to the student, never swallowed
            self.error = in_words(error)
            return False
        self.params, self.error = params, ""
        self._refinement = self._refine(params) if self._refine else None  # latest wins
        return True

    def new_sample(self) -> bool:
        """Draw fresh noise: count the seed up."""
        return self.set(**self.next_seed())

    def next_seed(self) -> dict[str, int]:
        """Return the change of the state that draws fresh noise."""
        name = self.seed_name
        if name is None:
            raise ValueError(f"{type(self.params).__name__} has no seed, so no new sample.")
        return {name: getattr(self.params, name) + 1}

    @property
    def seed_name(self) -> str | None:
        """The field that holds the seed of the noise, if there is one."""
        return self._field_of(Seed)

    @property
    def moment_name(self) -> str | None:
        """The field that can be played, if there is one."""
        return self._field_of(Moment)

    def _field_of(self, kind: type[Control]) -> str | None:
        """The first field with a control of this kind."""
        controls = self.params.controls().items()
        return next((name for name, control in controls if isinstance(control, kind)), None)

    @property
    def can_refine(self) -> bool:
        """Whether a finer picture is still to come."""
        return self._refinement is not None

    def refine_step(self) -> bool:
        """Show the next finer view; False when there is none left."""
        if self._refinement is None:
            return False
        try:
            with one_thread():
                view = next(self._refinement, None)
            if view is not None and view is not self.view:
                self._show(view)
        except Exception as error:  # the coarser picture stays
            view, self.error = None, in_words(error)
        if view is None:
            self._refinement = None
        return view is not None

    def look(self, **changes: Any) -> tuple[bytes, str]:
        """Return picture (JPEG) and read-out of another state; the present one stays shown.

        Raises:
            Exception: whatever the computation or the figure raises.
        """
        with one_thread():
            view = self._compute(self.params.changed(**changes))
        with self.figure.kept_as_it_is(self.view):
            self.figure.update(view)
            return self.figure.jpeg(), view.readout

    def redraw(self) -> None:
        """Draw the present view again (after a change of pixel ratio)."""
        self.figure.update(self.view)

    @property
    def closed(self) -> bool:
        """Whether the figure was let go."""
        return self.figure is None

    def close(self) -> None:
        """Let the figure go, even where a notebook's ``Out`` still holds the explorer."""
        self._refinement = None
        self.figure = None

    def _show(self, view: View) -> None:
        """Draw ``view``; if the figure cannot, draw the last good one again and raise."""
        try:
            self._draw(view)
        except Exception:
            self.redraw()
            raise
        self.view = view

    def _draw(self, view: View) -> None:
        self.figure.update(view)
        self.updates += 1


def in_words(error: Exception) -> str:
    """Return the message alone for an expected error, with its kind for an unexpected one."""
    message = str(error) or "no message"
    return message if isinstance(error, ValueError) else f"{type(error).__name__}: {message}"
