"""One check that the house's shared ones lack: a number between two ends."""

from __future__ import annotations

import math
from numbers import Real


def require_number(
    value: object, name: str, *, minimum: float = -math.inf, maximum: float = math.inf
) -> float:
    """Return ``value`` as a float if it is finite and lies between two ends, both included.

    >>> require_number(2, "lamb", minimum=0.0, maximum=1.0)
    Traceback (most recent call last):
        ...
    ValueError: lamb must be a finite number from 0 to 1, got 2. Move it into that range.
    """
    if not isinstance(value, Real) or isinstance(value, bool):
        kind = type(value).__name__
        raise TypeError(f"{name} must be a number, got {value!r} ({kind}). Pass a float.")
    if not math.isfinite(value) or not minimum <= value <= maximum:
        raise ValueError(
            f"{name} must be a finite number{_ends(minimum, maximum)}, got {value}. "
            "Move it into that range."
        )
    return float(value)


def _ends(minimum: float, maximum: float) -> str:
    if maximum < math.inf:
        return f" from {minimum:g} to {maximum:g}"
    return f" of at least {minimum:g}" if minimum > -math.inf else ""
