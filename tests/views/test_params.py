"""The state of an explorer: what is taken, and what a refusal says."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass

import numpy as np
import pytest

from sigreg_edu.views.params import Params, choice, power_slider, seed, slider, switch


@dataclass(frozen=True)
class Example(Params):
    shift: float = slider(0.0, -3.0, 3.0, 0.1, label="shift")
    size: int = slider(10, 1, 100, 1, label="size")
    slices: int = power_slider(16, 1, 256, label="slices")
    shape: str = choice("round", {"round": "Round", "long": "Long"}, label="shape")
    fine: bool = switch(False, label="fine")
    seed: int = seed()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shift": float("nan")}, "shift: expected a number from -3 to 3, got nan"),
        ({"shift": float("inf")}, "shift: expected a number from -3 to 3, got inf"),
        ({"shift": "wide"}, "shift: expected a number from -3 to 3, got 'wide'"),
        ({"shift": True}, "shift: expected a number"),
        ({"shift": None}, "shift: expected a number"),
        ({"size": 2.5}, "size: expected a whole number from 1 to 100, got 2.5"),
        ({"size": 0}, "size: expected a whole number from 1 to 100, got 0; give one"),
        ({"slices": 512}, "slices: expected a whole number from 1 to 256"),
        ({"slices": 48}, "slices: expected a power of two from 1 to 256, got 48; .* 32 and 64"),
        (
            {"shape": "rond"},
            "shape must be one of 'round', 'long', got 'rond'. Did you mean 'round'",
        ),
        ({"fine": 1}, "fine: expected True or False, got 1"),
        ({"seed": -1}, "seed: expected a whole number from 0"),
        ({"shif": 1.0}, "a field of Example must be one of .*, got 'shif'. Did you mean 'shift'"),
    ],
)
def test_a_bad_value_is_refused_in_words(changes, message):
    with pytest.raises(ValueError, match=message):
        Example().changed(**changes)


def test_numpy_numbers_and_whole_floats_are_taken():
    changed = Example().changed(shift=np.float32(1.5), size=np.int64(7), slices=32.0)
    assert changed == Example(shift=1.5, size=7, slices=32)
    assert type(changed.shift) is float
    assert type(changed.size) is int


def test_a_state_is_frozen_and_hashable():
    with pytest.raises(FrozenInstanceError):
        Example().shift = 1.0
    assert hash(Example()) == hash(Example(shift=0.0))


def test_controls_come_in_the_order_of_declaration():
    assert list(Example.controls()) == ["shift", "size", "slices", "shape", "fine", "seed"]
