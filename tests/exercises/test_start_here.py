"""Notebook 00's checkers: right answers pass, each typical slip is told by name."""

from __future__ import annotations

import math

import pytest
import torch

from sigreg_edu.exercises import start_here as exercises


def outcome(name: str, answer) -> tuple[str, str]:
    found = getattr(exercises, name).check(answer)
    return found.status, found.message


def refusal(name: str, answer) -> str:
    status, message = outcome(name, answer)
    assert status == "not yet", message
    return message


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (1, "no lens at all"),
        (0.005, "would make the cloud smaller"),
        (402.0, "read the number under the lens"),
        ("fifty", "expected one number"),
    ],
)
def test_warm_up_says_where_to_look(answer, reason):
    assert reason in refusal("warm_up", answer)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda z: (z - z.mean(0)).square().sum(), "that is the sum"),
        (lambda z: (z[0] - z[1]).square().mean(), "a quarter of it"),
        (lambda z: (z - z.mean(0)).square().sum(-1).mean(), "sums over the dimensions"),
        (lambda z: (z - z.mean(0)).abs().mean(), "not squared"),
        (lambda z: (z - z.mean(1, keepdim=True)).square().mean(), "mean over the digits"),
        (lambda z: (z - z.mean()).square().mean(), "one mean of everything"),
        (lambda z: z.var(0).mean(), "correction=0"),
        (lambda z: (z - z.mean(0)).square(), "one number is asked"),
        (lambda z: 0.0, "for a small example"),
        (lambda z: None, "returns None"),
        (lambda z: z.nonsense, "raised AttributeError"),
    ],
)
def test_agreement_names_the_slip(answer, reason):
    assert reason in refusal("agreement", answer)


def test_agreement_may_be_written_in_other_words():
    def by_hand(z):
        first, second = z
        return float(((first - second) / 2).square().mean())

    assert outcome("agreement", by_hand)[0] == "right"
    assert outcome("agreement", lambda z: z.var(0, correction=0).mean())[0] == "right"


def test_any_one_place_for_all_is_the_cheapest_answer():
    assert outcome("cheapest", lambda images: torch.full((len(images), 2), 7.0))[0] == "right"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda images: images.flatten(1)[:, :2] + images.mean((1, 2))[:, None], "need the pixels"),
        (lambda images: torch.zeros(2), "expected shape (20, 2)"),
        (lambda images: torch.arange(40.0).reshape(20, 2), "digits differ"),
    ],
)
def test_cheapest_says_what_still_differs(answer, reason):
    assert reason in refusal("cheapest", answer)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda z: False, "width 0.01 is not noticed"),
        (lambda z: True, "healthy cloud, standard deviation 1"),
        (lambda z: z.norm(dim=1).mean() < 0.1, "around (3, 3) is not noticed"),
        (lambda z: z.std() < 0.1, "mixes both coordinates"),
        (lambda z: z.std(0).max() < 0.1, "flat as a line"),
        (lambda z: z.std(0).mean() < 0.1, "flat as a line"),
        (lambda z: (z.std(0) / z.mean(0).abs()).min() < 0.1, "far from 0 is said"),
        (lambda z: z.std(0) < 0.1, "expected one True or False"),
    ],
)
def test_collapsed_says_which_cloud_fools_it(answer, reason):
    assert reason in refusal("collapsed", answer)


def _along(first, second):
    return lambda z, degrees: z[:, 0] * first(degrees) + z[:, 1] * second(degrees)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (_along(math.cos, math.sin), "take radians"),
        (
            _along(lambda d: math.sin(math.radians(d)), lambda d: math.cos(math.radians(d))),
            "swapped",
        ),
        (
            _along(lambda d: math.cos(math.radians(d)), lambda d: -math.sin(math.radians(d))),
            "wrong sign",
        ),
        (lambda z, degrees: z, "expected shape (7,)"),
        (lambda z, degrees: z[:, 0], "should fall on"),
    ],
)
def test_shadow_names_the_slip(answer, reason):
    assert reason in refusal("shadow", answer)


def test_a_standardized_shadow_is_told():
    def standardized(z, degrees):
        angle = math.radians(degrees)
        shadow = z[:, 0] * math.cos(angle) + z[:, 1] * math.sin(angle)
        return (shadow - shadow.mean()) / shadow.std()

    assert "standardized" in refusal("shadow", standardized)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (402, "1,000 points"),
        (0.402, "T / N"),
        (1.05, "whatever N"),
        (5000, "not near 0.402"),
        (float("nan"), "finite"),
    ],
)
def test_all_digits_names_the_slip(answer, reason):
    assert reason in refusal("all_digits", answer)
