"""Thousands of slider moves on one explorer, inside its kernel: does anything pile up?"""

from __future__ import annotations

import gc
from itertools import cycle, islice
from typing import Any

REFINED_EVERY = 5  # moves
# Handles go to these fractions of their range, so that each move goes elsewhere.
PLACES = (0.25, 0.75, 0.125, 0.375, 0.875, 0.5)


def soak(explorer: Any, moves: int) -> int:
    """Move the sliders of an explorer in turn, as a hand would, and count the figures alive.

    Args:
        explorer: what a function of ``sigreg_edu.explorers.GALLERY`` returns.
        moves: how many moves.

    Returns:
        How many Matplotlib figures there are in this process afterwards.
    """
    for number, (name, value) in enumerate(islice(cycle(planned_moves(explorer)), moves)):
        explorer.controls[name].value = value
        if number % REFINED_EVERY == 0:  # the hand pauses: no timer runs while this does
            explorer.explorer.refine_step()
            explorer.explorer.refine_step()
    return figures_alive()


def planned_moves(explorer: Any) -> list[tuple[str, float]]:
    """Return one round of moves: (name of the control, where to), never twice the same in a row."""
    sliders = {n: w for n, w in explorer.controls.items() if hasattr(w, "max")}
    return [(n, _position(w, place)) for place in PLACES for n, w in sliders.items()]


def figures_alive() -> int:
    """Return how many Matplotlib figures this process holds."""
    from matplotlib.figure import Figure

    gc.collect()
    # type(), since isinstance() would ask each object, and some warn when asked.
    return sum(issubclass(type(thing), Figure) for thing in gc.get_objects())


def _position(slider: Any, fraction: float) -> float:
    """Return the value of a handle at a fraction of its way, on one of its steps."""
    steps = round((slider.max - slider.min) / slider.step * fraction)
    place = slider.min + steps * slider.step
    return slider.base**place if hasattr(slider, "base") else place
