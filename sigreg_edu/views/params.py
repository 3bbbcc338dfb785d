"""The state of an explorer: a frozen dataclass whose fields know their own range, label and help.

One declaration serves three readers: the validation here, the widgets in
:mod:`sigreg_edu.explorers.shell`, and the tests, which try every control at both ends.

>>> from dataclasses import dataclass
>>> @dataclass(frozen=True)
... class Example(Params):
...     shift: float = slider(0.0, -3.0, 3.0, 0.1, label="shift")
...     seed: int = seed()
>>> Example().changed(shift=1.5)
Example(shift=1.5, seed=0)
>>> Example(shift=9.0)
Traceback (most recent call last):
    ...
ValueError: shift: expected a number from -3 to 3, got 9.0; give one in that range.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from numbers import Integral, Real
from types import MappingProxyType
from typing import Any, Self

from sigreg_edu.checks import require_choice

CONTROL = "control"


@dataclass(frozen=True)
class Slider:
    """A number between two ends; whole numbers only when ``step`` is a whole number.

    Args:
        minimum, maximum: both ends, included.
        step: distance of two neighbouring positions of the handle (typing may fall between).
        label: what the student reads beside it.
        help: one sentence shown as a tool tip.
    """

    minimum: float
    maximum: float
    step: float
    label: str
    help: str = ""

    @property
    def is_whole(self) -> bool:
        return isinstance(self.step, Integral)

    @property
    def ends(self) -> tuple[float, float]:
        """The two values that a test must try."""
        return self.minimum, self.maximum

    def snapped(self, value: float) -> float:
        """Return the position of the handle nearest to ``value``, as a browser rounds it."""
        steps = math.floor((value - self.minimum) / self.step + 0.5)
        nearest = min(self.minimum + steps * self.step, self.maximum)
        return nearest if self.is_whole else float(f"{nearest:.10g}")

    def near(self, value: float, steps: int) -> list[float]:
        """The handle's other positions at most ``steps`` away from ``value``, nearest first.

        >>> Slider(0, 10, 2, label="x").near(4, 2)
        [6, 2, 8, 0]
        """
        here = self.snapped(value)
        both = [here + sign * k * self.step for k in range(1, steps + 1) for sign in (1, -1)]
        return [self.snapped(x) for x in both if self.minimum <= x <= self.maximum]

    def positions(self) -> list[float]:
        """All positions of the handle, rising.

        >>> Slider(0, 1, 0.25, label="x").positions()
        [0.0, 0.25, 0.5, 0.75, 1.0]
        """
        count = math.floor((self.maximum - self.minimum) / self.step + 1e-9)
        return [self.snapped(self.minimum + k * self.step) for k in range(count + 1)]

    def position(self, value: float) -> float:
        """Where the handle stands for ``value``, in the browser's own numbers."""
        return float(value)

    def validated(self, name: str, value: Any) -> float:
        kind = "a whole number" if self.is_whole else "a number"
        expected = f"{name}: expected {kind} from {self.minimum:g} to {self.maximum:g}"
        number = isinstance(value, Real) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or (self.is_whole and value != int(value)):
            raise ValueError(f"{expected}, got {value!r}; give such a number.")
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"{expected}, got {value!r}; give one in that range.")
        return int(value) if self.is_whole else float(value)


@dataclass(frozen=True)
class PowerSlider(Slider):
    """A whole power of two between two powers of two: each step of the handle doubles the value.

    ``minimum`` and ``maximum`` are the values, not the exponents.
    """

    def near(self, value: float, steps: int) -> list[float]:
        """As of a slider; each step doubles or halves.

        >>> PowerSlider(2, 16, 1, label="x").near(8, 2)
        [16, 4, 2]
        """
        both = [value * 2.0 ** (sign * k) for k in range(1, steps + 1) for sign in (1, -1)]
        return [int(x) for x in both if self.minimum <= x <= self.maximum]

    def positions(self) -> list[float]:
        """As of a slider; each step doubles.

        >>> PowerSlider(2, 16, 1, label="x").positions()
        [2, 4, 8, 16]
        """
        ends = (round(math.log2(end)) for end in self.ends)
        return [2**exponent for exponent in range(next(ends), next(ends) + 1)]

    def position(self, value: float) -> float:
        """The exponent of two."""
        return math.log2(value)

    def validated(self, name: str, value: Any) -> int:
        whole = int(super().validated(name, value))
        if whole & (whole - 1):
            below = 1 << (whole.bit_length() - 1)
            raise ValueError(
                f"{name}: expected a power of two from {self.minimum} to {self.maximum}, got "
                f"{value!r}; the nearest are {below} and {2 * below}."
            )
        return whole


@dataclass(frozen=True)
class Moment(Slider):
    """A moment of something that goes on in time: a slider that can also be played."""


@dataclass(frozen=True)
class Choice:
    """One of a few named options. ``options`` maps each value to what the student reads."""

    options: Mapping[str, str]
    label: str
    help: str = ""

    @property
    def ends(self) -> tuple[str, ...]:
        """Every value: a test must try them all."""
        return tuple(self.options)

    def validated(self, name: str, value: Any) -> str:
        return require_choice(value, name, self.options)


@dataclass(frozen=True)
class Switch:
    """On or off."""

    label: str
    help: str = ""

    @property
    def ends(self) -> tuple[bool, bool]:
        """Both values."""
        return False, True

    def validated(self, name: str, value: Any) -> bool:
        if isinstance(value, bool):
            return value
        raise ValueError(f"{name}: expected True or False, got {value!r}; give one of the two.")


@dataclass(frozen=True)
class Seed:
    """The seed of the noise: no slider, but a 'new sample' button that counts it up."""

    label: str = "new sample"
    help: str = "Draw fresh noise. Until then every slider moves over the same noise."

    def validated(self, name: str, value: Any) -> int:
        if isinstance(value, Integral) and not isinstance(value, bool) and 0 <= value < 2**31:
            return int(value)
        raise ValueError(f"{name}: expected a whole number from 0 to 2**31 - 1, got {value!r}.")


Control = Slider | Choice | Switch | Seed


def slider(default, minimum, maximum, step, *, label: str, help: str = "") -> Any:
    """Declare a :class:`Slider` field."""
    return _declared(default, Slider(minimum, maximum, step, label, help))


def moment(default: int, maximum: int, *, label: str, help: str = "") -> Any:
    """Declare a :class:`Moment` field, from 0 to ``maximum`` in whole steps."""
    return _declared(default, Moment(0, maximum, 1, label, help))


def power_slider(default: int, minimum: int, maximum: int, *, label: str, help: str = "") -> Any:
    """Declare a :class:`PowerSlider` field (powers of two)."""
    return _declared(default, PowerSlider(minimum, maximum, 1, label, help))


def choice(default: str, options: Mapping[str, str], *, label: str, help: str = "") -> Any:
    """Declare a :class:`Choice` field."""
    return _declared(default, Choice(MappingProxyType(dict(options)), label, help))


def switch(default: bool, *, label: str, help: str = "") -> Any:
    """Declare a :class:`Switch` field."""
    return _declared(default, Switch(label, help))


def seed(default: int = 0, *, label: str = Seed.label) -> Any:
    """Declare the :class:`Seed` field."""
    return _declared(default, Seed(label))


def _declared(default: Any, control: Control) -> Any:
    return field(default=default, metadata={CONTROL: control})


@dataclass(frozen=True)
class Params:
    """Base of every explorer's state: validates each field with the control that declares it.

    Raises:
        ValueError: what was expected, what came, and what to do.
    """

    def __post_init__(self) -> None:
        for name, control in self.controls().items():
            object.__setattr__(self, name, control.validated(name, getattr(self, name)))

    @classmethod
    def controls(cls) -> dict[str, Control]:
        """Return the controls by field name, in the order of declaration."""
        return {f.name: f.metadata[CONTROL] for f in fields(cls) if CONTROL in f.metadata}

    def idle(self) -> frozenset[str]:
        """Return the fields that change nothing at present; their controls are greyed out."""
        return frozenset()

    def changed(self, **changes: Any) -> Self:
        """Return a copy with some fields replaced; unknown names are refused."""
        known = self.controls()
        for name in changes:
            require_choice(name, f"a field of {type(self).__name__}", known)
        return replace(self, **changes)
