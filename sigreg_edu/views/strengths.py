"""The three strengths that make scattered digits harder, as controls of more than one explorer.

Each call declares a field of a :class:`sigreg_edu.views.params.Params`.
"""

from __future__ import annotations

from typing import Any

from sigreg_edu.views.params import slider

__all__ = ["clutter_slider", "colour_slider", "pose_slider"]


def pose_slider() -> Any:
    """Declare ``pose`` of :class:`sigreg_edu.data.ScatteredDigits`."""
    return slider(
        1.0, 0.0, 1.0, 0.05, label="pose",
        help="0: upright, centred and large. 1: anywhere, half to full size, turned up to 40°.",
    )  # fmt: skip


def colour_slider() -> Any:
    """Declare ``colour`` of :class:`sigreg_edu.data.ScatteredDigits`."""
    return slider(
        0.0, 0.0, 1.0, 0.05, label="colour",
        help="0: white ink on black. 1: dark paper and light ink of any colour.",
    )  # fmt: skip


def clutter_slider() -> Any:
    """Declare ``clutter`` of :class:`sigreg_edu.data.ScatteredDigits`."""
    return slider(
        0.0, 0.0, 1.0, 0.05, label="clutter",
        help="How strongly three pieces of other digits are seen behind the digit.",
    )  # fmt: skip
