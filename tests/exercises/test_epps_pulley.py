"""Notebook 02's checkers: right answers pass, each typical slip is told by name."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from sigreg_edu import statistics
from sigreg_edu.data import sample_1d
from sigreg_edu.exercises import epps_pulley as exercises


def outcome(name: str, answer) -> tuple[str, str]:
    found = getattr(exercises, name).check(answer)
    return found.status, found.message


def refusal(name: str, answer) -> str:
    status, message = outcome(name, answer)
    assert status == "not yet", message
    return message


# --- the empirical characteristic function


def angles(x, t):
    return torch.outer(x, t)


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda x, t: (1j * angles(x, t)).exp().sum(0), "sums"),
        (lambda x, t: (-1j * angles(x, t)).exp().mean(0), "wrong way"),
        (lambda x, t: angles(x, t).exp().mean(0), "without the i"),
        (lambda x, t: angles(x, t).cos().mean(0), "only the cosine"),
        (lambda x, t: (1j * angles(x, t)).exp().mean(0).abs(), "length"),
        (lambda x, t: statistics.standard_normal_cf(t), "does not look at the sample"),
        (lambda x, t: (1j * angles(x, t)).exp(), "one arrow per point and frequency"),
        (lambda x, t: (1j * angles(t, x)).exp(), "one arrow per point and frequency"),
        (lambda x, t: (1j * angles(x, t)).exp().mean(1), "one value per point"),
        (lambda x, t: (angles(x, t).cos().mean(0), angles(x, t).sin().mean(0)), "torch.complex"),
        (lambda x, t: (2j * angles(x, t)).exp().mean(0), "at t = 1"),
        (lambda x, t: x.missing, "AttributeError"),
    ],
)
def test_a_wrong_mean_arrow_is_told_in_what_way(slip, reason):
    assert reason in refusal("ecf", slip)


def test_a_mean_arrow_by_numpy_or_in_single_precision_is_right():
    assert outcome("ecf", lambda x, t: np.exp(1j * np.outer(x, t)).mean(0))[0] == "right"
    single = statistics.empirical_cf
    assert outcome("ecf", lambda x, t: single(x.float(), t.float()))[0] == "right"


# --- the statistic


def parts(x, knots):
    return statistics.empirical_cf(x, knots), statistics.standard_normal_cf(knots)


def gap2(x, knots):
    phi, target = parts(x, knots)
    return (phi - target).abs() ** 2


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda x, t, w: w @ gap2(x, t), "factor N is missing"),
        (lambda x, t, w: len(x) ** 2 * w @ gap2(x, t), "too many"),
        (lambda x, t, w: len(x) * w @ (gap2(x, t) * parts(x, t)[1]), "window"),
        (lambda x, t, w: len(x) * w @ gap2(x, t).sqrt(), "takes its square"),
        (lambda x, t, w: len(x) * w @ (parts(x, t)[0] - parts(x, t)[1]).real ** 2, "real part"),
        (lambda x, t, w: len(x) * w @ (parts(x, t)[0].abs() - parts(x, t)[1]) ** 2, "lengths"),
        (
            lambda x, t, w: len(x) * w @ (parts(x, t)[0].abs() ** 2 - parts(x, t)[1] ** 2),
            "subtract",
        ),
        (lambda x, t, w: 2 * len(x) * w @ gap2(x, t), "doubled"),
        (lambda x, t, w: len(x) / 2 * w @ gap2(x, t), "half"),
        (lambda x, t, w: len(x) * gap2(x, t).sum(), "plain sum"),
        (lambda x, t, w: len(x) * gap2(x, t).mean(), "plain mean"),
        (lambda x, t, w: 5 * w @ gap2(x, t), "Is N written in?"),
        (lambda x, t, w: 7.0, "not 0.1752"),
        (lambda x, t, w: gap2(x, t), "expected one number"),
        (lambda x, t, w: None, "returns None"),
    ],
)
def test_a_wrong_statistic_is_told_in_what_way(slip, reason):
    assert reason in refusal("statistic", slip)


def test_the_library_itself_gives_the_right_statistic():
    assert outcome("statistic", lambda x, t, w: statistics.EppsPulleyTest()(x))[0] == "right"


# --- the p-value


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda t, null: (null < t).double().mean(), "share below"),
        (lambda t, null: (null >= t).sum(), "how many"),
        (lambda t, null: 100 * (null >= t).double().mean(), "per cent"),
        (lambda t, null: 2 * (null >= t).double().mean(), "one tail"),
        (lambda t, null: (null > t).double().mean(), "`>=`, not `>`"),
        (lambda t, null: ((null > t).sum() + 1) / (len(null) + 1), "`>=`, not `>`"),
        (lambda t, null: null.mean() / t, "40 of 201"),
    ],
)
def test_a_wrong_p_value_is_told_in_what_way(slip, reason):
    assert reason in refusal("p_value", slip)


def test_both_usual_p_values_are_right_and_only_one_is_told_of_the_other():
    share = outcome("p_value", lambda t, null: (null >= t).double().mean())
    counted = outcome("p_value", lambda t, null: ((null >= t).sum() + 1) / (len(null) + 1))
    assert share[0] == counted[0] == "right"
    assert "never claims the impossible" in share[1]
    assert "never 0" in counted[1]


# --- the twin of 0


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (0, "0 itself"),
        (33.51, "right for 17 knots"),
        (2 * math.pi / (3 / 33), "32 gaps"),
        (32 / 3, "1/Δt"),
        (3 / 32, "Δt itself"),
        (134.04, "second such place"),
        (-67.02, "place above 0 is asked"),
        (50.0, "1,000 points at 50 score"),
        (float("nan"), "finite"),
    ],
)
def test_a_wrong_twin_is_told_in_what_way(slip, reason):
    assert reason in refusal("alias", slip)


@pytest.mark.parametrize("place", [67.0, 67.02, torch.tensor(67.0206), np.float64(67.02)])
def test_a_twin_read_off_the_explorer_is_near_enough(place):
    assert outcome("alias", place)[0] == "right"


# --- what only Epps-Pulley sees


@pytest.mark.parametrize(
    "change", [{"shift": 0.5}, {"scale": 2.0}, {"scale": 0.01}, {"shift": 3, "scale": 0.3}]
)
def test_any_clear_shift_or_scale_passes_the_two_other_tests(change):
    assert outcome("only_epps_pulley", sample_1d("gaussian", 200, **change))[0] == "right"


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (sample_1d("gaussian", 200), "should be below 0.01"),
        (sample_1d("laplace", 200, scale=0.5), "rejects too"),
        (sample_1d("gaussian", 100, shift=1), "expected shape (200,)"),
        (torch.zeros(200), "all points are one"),
        (torch.full((200,), float("nan")), "finite"),
    ],
)
def test_a_sample_that_does_not_fit_is_told_why(slip, reason):
    assert reason in refusal("only_epps_pulley", slip)


# --- the force


def gradient(x, statistic):
    x = x.clone().requires_grad_(True)
    statistic(x).backward()
    return x.grad


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda x: gradient(x, statistics.EppsPulleyTest()), "uphill"),
        (lambda x: -gradient(x, statistics.EppsPulleyTest(scale_by_n=False)), "too small"),
        (lambda x: -5 * gradient(x, statistics.EppsPulleyTest()), "too large"),
        (lambda x: -gradient(x, statistics.EppsPulleyTest(method="closed_form")), "closed form"),
        (lambda x: -x, "on the point at"),
        (lambda x: statistics.EppsPulleyTest()(x), "expected shape (5,)"),
    ],
)
def test_a_wrong_force_is_told_in_what_way(slip, reason):
    assert reason in refusal("force", slip)


# --- full collapse


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (0.402, "T / N"),
        (402.0, "N = 1000"),
        (51.46, "half"),
        (0.40892 * 256, "stop at t = 3"),
        (0, "perfect sample"),
        (256, "All arrows point to 1"),
    ],
)
def test_a_wrong_collapse_is_told_in_what_way(slip, reason):
    assert reason in refusal("collapse", slip)


def test_collapse_rounded_to_three_digits_is_right():
    assert outcome("collapse", 103)[0] == "right"
    assert outcome("collapse", 102.9)[0] == "right"


# --- what the replies claim


def test_the_numbers_told_in_the_quiz_are_so():
    null = statistics.null_distribution()
    assert round(null.mean, 2) == 1.05
    assert null.cdf(0.02) < 1e-3  # hardly ever
    zeros = statistics.EppsPulleyTest()(torch.zeros(256))
    assert round(float(zeros)) == 103
