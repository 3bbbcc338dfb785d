"""Notebook 04's checkers: right answers pass, each typical slip is told by name."""

from __future__ import annotations

import math

import pytest
import torch

from sigreg_edu import training
from sigreg_edu.exercises import collapse as exercises
from sigreg_edu.losses import HybridTransition, SIGReg, invariance
from sigreg_edu.training.targets import distance_to_others


def outcome(name: str, answer) -> tuple[str, str]:
    found = getattr(exercises, name).check(answer)
    return found.status, found.message


def refusal(name: str, answer) -> str:
    status, message = outcome(name, answer)
    assert status == "not yet", message
    return message


def shares(values: torch.Tensor) -> torch.Tensor:
    return values / values.sum()


def singular(z: torch.Tensor) -> torch.Tensor:
    return torch.linalg.svdvals(z - z.mean(0))


def entropy(p: torch.Tensor) -> torch.Tensor:
    return -(p * p.log()).sum()


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda a, b: (a - b).square().mean(), "half the gap"),
        (lambda a, b: (a - b).square().mean() / 2, "when you square it"),
        (lambda a, b: ((a - b) / 2).square().sum(1).mean(), "over the coordinates"),
        (lambda a, b: ((a - b) / 2).square().sum(0).mean(), "over the digits"),
        (lambda a, b: 2 * ((a - b) / 2).square().sum(), "that is the sum"),
        (lambda a, b: ((a - b) / 2).abs().mean(), "square the distances"),
        (lambda a, b: ((a - b) / 2).square(), "one number"),
        (lambda a, b: 1.0, "it should be"),
    ],
)
def test_invariance_slips_are_named(slip, reason):
    assert reason in refusal("two_views", slip)


def test_the_librarys_invariance_is_right_too():
    assert outcome("two_views", lambda a, b: invariance(torch.stack([a, b])))[0] == "right"


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda z: training.effective_rank(z, center=False), "subtract the mean"),
        (lambda z: entropy(shares(singular(z).square())).exp(), "from the squares"),
        (lambda z: entropy(shares(singular(z))), "that is the entropy"),
        (lambda z: (-entropy(shares(singular(z)))).exp(), "minus"),
        (lambda z: 2 ** entropy(shares(singular(z))), "2 to the power"),
        (lambda z: torch.linalg.matrix_rank(z - z.mean(0)), "counts singular values"),
        (lambda z: z.std(0).sum(), "you give"),
        (lambda z: training.effective_rank(z) * min(1.0, float(z.std())), "the same rank"),
    ],
)
def test_rank_slips_are_named(slip, reason):
    assert reason in refusal("effective_rank", slip)


def test_the_librarys_rank_is_right_too():
    assert outcome("effective_rank", training.effective_rank)[0] == "right"


RIGHT = {"A": "dimensional", "B": "shifted", "C": "healthy", "D": "scale"}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"A": "healthy"}, "compare its effective rank"),
        ({"A": "scale"}, "no axis is narrow"),
        ({"B": "healthy"}, "where the cloud lies"),
        ({"C": "scale"}, "within their ranges"),
        ({"D": "dimensional"}, "std along the axes"),
        ({"D": "tiny"}, "expected one of"),
    ],
)
def test_wrong_diagnoses_are_answered_with_what_to_look_at(changed, reason):
    assert reason in refusal("diagnosis", {**RIGHT, **changed})


def test_a_diagnosis_is_a_dict_of_all_four():
    assert "expected a dict" in refusal("diagnosis", list(RIGHT.values()))
    assert "no diagnosis for D" in refusal("diagnosis", {k: RIGHT[k] for k in "ABC"})
    assert outcome("diagnosis", {name: kind.upper() for name, kind in RIGHT.items()})[0] == "right"


def test_the_patients_have_what_the_diagnosis_says():
    """By the rules of thumb that the notebook prints: std 0.5 to 1.5, rank 11.5, mean 0.5."""
    for name, z in exercises.patients().items():
        std, rank, mean = z.std(0), training.effective_rank(z), z.mean(0).norm()
        signs = {
            "scale": bool(std.max() < 0.5),
            "dimensional": bool(rank < 11.5),
            "shifted": bool(mean > 0.5),
        }
        found = [kind for kind, shows in signs.items() if shows] or ["healthy"]
        assert found == [RIGHT[name]]


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda z: False, "scale collapse passes"),
        (lambda z: True, "false alarm"),
        (lambda z: training.effective_rank(z) < 11.5, "scale collapse passes"),
        (lambda z: z.std(0).min() < 0.5, "dimensional collapse passes"),
        (lambda z: bool(z.std(0).min() < 0.5 or training.effective_rank(z) < 11.5), "a shifted"),
        (lambda z: z.std(0) < 0.5, "one True or False"),
        (lambda z: SIGReg(64, seed=0)(z), "Compare with a threshold"),
        (lambda z: SIGReg(64, seed=0)(z) > 2, "false alarm: the healthy digits"),
        (lambda z: SIGReg(64, seed=0)(z) > 390, "dimensional collapse passes"),
    ],
)
def test_alarms_that_miss_or_cry_wolf_are_named(slip, reason):
    assert reason in refusal("alarm", slip)


def test_an_alarm_of_mean_and_covariance_is_right_too():
    def two_moments(z):
        return bool(z.mean(0).norm() > 0.5 or (z.T.cov() - torch.eye(16)).abs().max() > 0.4)

    assert outcome("alarm", two_moments)[0] == "right"


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda a, b: b / (a + b), "factor 4"),
        (lambda a, b: 4 * a / (4 * a + b), "the invariance's share"),
        (lambda a, b: b / (4 * a), "its share of both"),
        (lambda a, b: b / a, "ratio of the weights"),
        (lambda a, b: b / (a / 4 + b), "wrong side"),
        (lambda a, b: 0.2, "weights 10 and 3"),
        (lambda a, b: 3 / 43, "25 : 25"),
    ],
)
def test_lambda_slips_are_named(slip, reason):
    assert reason in refusal("lamb", slip)


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda z: invariance(z) / 2, "half of the invariance"),
        (lambda z: (z[0] - z[1].detach()).square().mean(), "Mind the quarter"),
        (lambda z: invariance(z), "the invariance's own"),
        (lambda z: (z - z.mean(0).detach()).square().mean(), "add up to 0"),
        (lambda z: invariance(z.detach()), "no gradient is left"),
        (lambda z: ((z[0] - z[1].detach()) / 2).square().mean(), "only one view"),
        (lambda z: 0.3 * invariance(z) + 0.7 * invariance(z.detach()), "0.30 times"),
        (lambda z: 2.0 + 0.0 * z.sum(), "should stay"),
        (lambda z: invariance(z).item(), "return a tensor"),
    ],
)
def test_stop_gradient_slips_are_named(slip, reason):
    assert reason in refusal("stop_gradient", slip)


@pytest.mark.parametrize(
    "answer",
    [
        lambda z: distance_to_others(z, z),
        lambda z: 0.5 * (invariance(z) + invariance(z.detach())),
        lambda z: sum(((z[k] - z[1 - k].detach()) / 2).square().mean() for k in (0, 1)) / 2,
    ],
)
def test_other_ways_to_half_the_gradient_are_right(answer):
    assert outcome("stop_gradient", answer)[0] == "right"


def line(step, start, end):
    return (step - start) / (end - start)


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda s, a, b: (line(s, a, b), 1 - line(s, a, b)), "swapped"),
        (lambda s, a, b: (0.5, 0.5), "half and half"),
        (lambda s, a, b: (1 - line(s, a, b), line(s, a, b)), "between 0 and 1"),
        (lambda s, a, b: (0.75, 0.25), "at step 40"),
        (lambda s, a, b: line(s, a, b), "both weights"),
        (lambda s, a, b: (1.0, 0.0), "a quarter of the way"),
        (lambda s, a, b: (math.nan, 0.25), "finite"),
    ],
)
def test_hybrid_slips_are_named(slip, reason):
    assert reason in refusal("hybrid", slip)


def test_the_librarys_transition_is_right_too():
    assert outcome("hybrid", lambda s, a, b: HybridTransition(a, b, "linear")(s))[0] == "right"
