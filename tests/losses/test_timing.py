"""Measuring a step: the forms agree, turns are taken, and what cannot fit is never started."""

from __future__ import annotations

import math
import os

import pytest
import torch

from sigreg_edu.losses import SIGReg, VICRegLoss, timing
from sigreg_edu.losses.cost import FORMS, peak_memory


def test_the_forms_are_those_of_the_kit():
    z, directions = timing.cloud(128, 8, 16)
    values = {name: form(z).item() for name, form in timing.forms(directions).items()}
    assert tuple(values) == FORMS
    expected = {
        "textbook": SIGReg()(z, directions=directions),
        "fast": SIGReg()(z, directions=directions),
        "closed form": SIGReg(method="closed_form")(z, directions=directions),
        "three sums": SIGReg(method="reference_points", standardize=True)(z, directions=directions),
        "vicreg": VICRegLoss().regularizer(z[:64], z[64:])["vicreg_loss"],
    }
    for name, value in expected.items():
        assert values[name] == pytest.approx(value.item(), rel=1e-5), name


def test_a_step_gives_value_and_gradient_and_leaves_the_points_alone():
    z, directions = timing.cloud(32, 4, 8)
    before = z.clone()
    value, gradient = timing.forward_and_backward(timing.forms(directions)["fast"], z)()
    assert value.ndim == 0
    assert gradient.shape == z.shape
    assert gradient.abs().sum() > 0
    assert torch.equal(z, before)
    assert not z.requires_grad


def test_clouds_are_always_the_same(global_generators_untouched):
    first, second = timing.cloud(5, 3, 2), timing.cloud(5, 3, 2)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_steps_take_turns(monkeypatch):
    monkeypatch.setattr(timing, "TURN_MS", 1e-9)  # no repeats
    called = []
    steps = {name: lambda name=name: called.append(name) for name in "ab"}
    times = timing.take_turns(steps, rounds=3)
    assert called == [*"aabb", *"ababab"]  # two each to warm up
    assert [len(times[name]) for name in "ab"] == [3, 3]


def test_a_short_step_is_repeated_within_its_turn_and_a_long_one_is_not(monkeypatch):
    asked = []

    def milliseconds(step, repeats, device="cpu"):
        asked.append((step(), repeats))
        return step()

    monkeypatch.setattr(timing, "milliseconds", milliseconds)
    short, long = timing.TURN_MS / 50, 2 * timing.TURN_MS
    timing.take_turns({"short": lambda: short, "long": lambda: long}, rounds=2)
    assert asked == [(short, 1), (long, 1), *2 * [(short, 50), (long, 1)]]
    asked.clear()
    assert [timing.turn(lambda: short), timing.turn(lambda: long)] == [short, long]
    assert asked == [(short, 1), (short, 50), (long, 1)]


def test_peak_memory_counts_what_lives_at_once():
    def step():
        for _ in range(3):
            torch.zeros(1000, dtype=torch.float64)  # freed each time
        return torch.zeros(500, dtype=torch.float64), torch.zeros(700, dtype=torch.float64)

    assert 9_600 <= timing.peak_bytes(step) < 11_000


def test_the_profilers_own_log_goes_nowhere_and_the_error_stream_comes_back(capfd):
    timing.peak_bytes(lambda: torch.zeros(10))
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"


def test_measuring_goes_in_bites_and_ends_with_the_result():
    *bites, last = timing.measuring("fast", 64, 8, 16, 9, rounds=2)
    assert len(bites) >= 4
    assert set(bites) == {None}
    assert last.sizes == (64, 8, 16, 9)
    assert last.seconds > 0
    assert last.peak_bytes == pytest.approx(peak_memory("fast", 64, 8, 16, 9), rel=0.05)


def test_what_does_not_fit_is_refused_before_anything_is_made(monkeypatch):
    monkeypatch.setattr(timing, "cloud", None)  # would fail if it were called
    with pytest.raises(ValueError, match=r"would need 646 GB, and .* Take fewer points"):
        timing.measure("three sums", 6272, 384, 1024, 17)
    with pytest.raises(ValueError, match=r"form='fast' \(55 MB\)"):
        timing.require_room("textbook", 6272, 384, 1024, 17, room=1e9)
    with pytest.raises(ValueError, match=r"or slices\.$"):
        timing.require_room("fast", 6272, 384, 1024, 17, room=1e6)


def test_room_is_half_of_what_is_free(monkeypatch, tmp_path):
    monkeypatch.setattr(timing, "_free_of_machine", lambda: 8e9)
    monkeypatch.setattr(timing, "_CGROUP", tmp_path)
    assert timing.room_bytes() == 4e9
    for name, value in (("max", "3000000000"), ("current", "1000000000")):
        (tmp_path / f"memory.{name}").write_text(value + "\n")
    assert timing.room_bytes() == 1e9
    (tmp_path / "memory.max").write_text("max\n")
    assert timing._free_of_container() == math.inf


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"form": "quick"}, "form must be one of"),
        ({"N": 1}, "N must be at least 2"),
        ({"D": 0}, "D must be at least 1"),
        ({"T": 1}, "T must be at least 2"),
        ({"M": 2.5}, "M must be a whole number"),
        ({"rounds": 0}, "rounds must be at least 1"),
    ],
)
def test_sizes_that_are_none_are_refused(changes, words):
    given = {"form": "fast", "N": 64, "D": 8, "M": 16, "T": 9, **changes}
    with pytest.raises((TypeError, ValueError), match=words):
        timing.measure(**given)
