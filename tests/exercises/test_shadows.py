"""Notebook 01's checkers: right answers pass, each typical slip is told by name."""

from __future__ import annotations

import math

import pytest
import torch

from sigreg_edu.exercises import shadows as exercises
from sigreg_edu.statistics import EppsPulleyTest

TEST = EppsPulleyTest()


def outcome(name: str, answer) -> tuple[str, str]:
    found = getattr(exercises, name).check(answer)
    return found.status, found.message


def refusal(name: str, answer) -> str:
    status, message = outcome(name, answer)
    assert status == "not yet", message
    return message


def unit(degrees: float) -> torch.Tensor:
    return torch.tensor([math.cos(math.radians(degrees)), math.sin(math.radians(degrees))])


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda z, d: (z @ unit(d)).unsqueeze(1), "one column"),
        (lambda z, d: z * unit(d), "two columns"),
        (lambda z, d: z @ torch.tensor([math.cos(d), math.sin(d)]), "radians"),
        (lambda z, d: z @ unit(d).flip(0), "swapped"),
        (lambda z, d: z @ unit(d + 90), "across"),
        (lambda z, d: -(z @ unit(d)), "falls on 0.866"),
    ],
)
def test_shadow_slips_are_named(slip, reason):
    assert reason in refusal("shadow", slip)


def test_a_shadow_in_double_precision_or_numpy_is_right_too():
    assert outcome("shadow", lambda z, d: z.double() @ unit(d).double())[0] == "right"
    assert outcome("shadow", lambda z, d: (z @ unit(d)).numpy())[0] == "right"


@pytest.mark.parametrize("angle", [45, 135, 44, -45, 225, torch.tensor(136.0)])
def test_every_arm_of_the_x_is_a_right_angle(angle):
    assert outcome("worst_angle", angle)[0] == "right"


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (0, "an axis"),
        (90, "an axis"),
        (180, "an axis"),
        (math.pi / 4, "radians"),
        (25, "Follow the curve"),
        (60, "Follow the curve"),
    ],
)
def test_wrong_angles_are_answered_with_what_they_show(slip, reason):
    assert reason in refusal("worst_angle", slip)


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda z, v: torch.exp(1j * (z @ v)), "one arrow per point"),
        (lambda z, v: torch.exp(1j * z * v), "an arrow per coordinate"),
        (lambda z, v: torch.exp(1j * z * v).mean(), "a point of its own"),
        (lambda z, v: torch.exp(1j * (z @ v)).sum(), "Divide by N"),
        (lambda z, v: torch.exp(-1j * (z @ v)).mean(), "wrong way"),
        (lambda z, v: torch.cos(z @ v).mean(), "real part"),
        (lambda z, v: torch.exp(1j * (z @ v)).mean().abs(), "length"),
        (lambda z, v: torch.exp(z @ v).mean(), "without the i"),
        (lambda z, v: torch.exp(1j * (z.mean(0) @ v)), "mean point"),
        (lambda z, v: torch.tensor(0.5 + 0.5j), "it should be"),
    ],
)
def test_characteristic_function_slips_are_named(slip, reason):
    assert reason in refusal("cloud_cf", slip)


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda z, A: TEST((z @ A).T), "one per direction"),
        (lambda z, A: TEST((z @ A).T).sum(), "the sum"),
        (lambda z, A: TEST((z @ A).T).max(), "the largest"),
        (lambda z, A: TEST((z @ A).T).mean() / len(z), "T / N"),
        (lambda z, A: TEST(z @ A).mean(), "last axis"),
        (lambda z, A: TEST((z @ A).flatten()), "one sample"),
        (lambda z, A: 1.0, "it should be"),
    ],
)
def test_sliced_slips_are_named(slip, reason):
    assert reason in refusal("sliced", slip)


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda s, m, w: m * s / w, "1/√M"),
        (lambda s, m, w: m * (w / s) ** 2, "other way round"),
        (lambda s, m, w: m * (s / w) ** 0.5, "√2 times"),
        (lambda s, m, w: (s / w) ** 2, "factor alone"),
        (lambda s, m, w: 256, "takes 90"),
        (lambda s, m, w: 100, "takes 256"),
    ],
)
def test_slice_count_slips_are_named(slip, reason):
    assert reason in refusal("slices_needed", slip)


def test_a_whole_number_of_slices_is_right_too():
    assert outcome("slices_needed", lambda s, m, w: math.ceil(m * (s / w) ** 2))[0] == "right"


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda z, A: z, "so is the cloud"),
        (lambda z, A: z @ A, "those are the shadows"),
        (lambda z, A: z @ A @ A.T, "pseudo-inverse"),
        (lambda z, A: torch.zeros_like(z), "moved by"),
        (lambda z, A: 0.9 * z + 0.1 * z @ A @ torch.linalg.pinv(A), "Take away more"),
    ],
)
def test_hiding_slips_are_named(slip, reason):
    assert reason in refusal("hide", slip)


def test_any_other_cloud_with_the_same_shadows_is_right_too():
    def far_away(z, A):  # not flattened but blown up where the fixed directions do not look
        seen = A @ torch.linalg.pinv(A)
        return z @ seen + 5.0 * (z - z @ seen)

    assert outcome("hide", far_away)[0] == "right"
