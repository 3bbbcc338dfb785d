"""Notebook 03's checkers: right answers pass, each typical slip is told by name."""

from __future__ import annotations

import pytest
import torch

from sigreg_edu import data, slicing
from sigreg_edu.exercises import sigreg as exercises
from sigreg_edu.statistics import EppsPulleyTest, quadrature_rule

TEST = EppsPulleyTest()


def outcome(name: str, answer) -> tuple[str, str]:
    found = getattr(exercises, name).check(answer)
    return found.status, found.message


def refusal(name: str, answer) -> str:
    status, message = outcome(name, answer)
    assert status == "not yet", message
    return message


def gradient(z, A, reduce=torch.mean) -> torch.Tensor:
    z = z.clone().requires_grad_(True)
    reduce(slicing.sliced_statistic(z, A, TEST)).backward()
    return z.grad


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda z, A, h: z + h * gradient(z, A), "uphill"),
        (lambda z, A, h: gradient(z, A), "that is the gradient"),
        (lambda z, A, h: z, "not moved"),
        (lambda z, A, h: z - gradient(z, A), "step size h"),
        (lambda z, A, h: z - h * gradient(z, A, torch.sum), "sum over the slices"),
        (lambda z, A, h: z - h * gradient(z, A) / len(z), "N times too short"),
        (lambda z, A, h: z - 0.5 * h * gradient(z, A), "away from where"),
        (lambda z, A, h: z.T, "expected shape (100, 2)"),
    ],
)
def test_step_slips_are_named(slip, reason):
    assert reason in refusal("step", slip)


def test_a_step_that_still_remembers_its_gradient_is_right_too():
    def attached(z, A, h):
        z = z.clone().requires_grad_(True)
        slicing.sliced_statistic(z, A, TEST).mean().backward()
        return z - h * z.grad

    assert outcome("step", attached)[0] == "right"


def unit(z, M, generator):
    return slicing.uniform_directions(z.shape[1], M, generator=generator)


def mean_along(z, A):
    return slicing.sliced_statistic(z, A, TEST).mean()


def long(z, M, generator):
    return torch.randn(z.shape[1], M, generator=generator)


def rows_of_length_1(z, M, generator):
    A = long(z, M, generator)
    return A / A.norm(dim=1, keepdim=True)


def positive(z, M, generator):
    A = torch.rand(z.shape[1], M, generator=generator)
    return A / A.norm(dim=0)


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda z, M, g: mean_along(z, long(z, M, g)), "do not have length 1"),
        (lambda z, M, g: mean_along(z, rows_of_length_1(z, M, g)), "very short"),
        (lambda z, M, g: mean_along(z, positive(z, M, g)), "N(0, 1) numbers"),
        (lambda z, M, g: M * mean_along(z, unit(z, M, g)), "the sum"),
        (lambda z, M, g: mean_along(z, unit(z, M, g)) / len(z), "T / N"),
        (
            lambda z, M, g: mean_along(z, slicing.uniform_directions(4, M, seed=0)),
            "fresh directions",
        ),
        (lambda z, M, g: mean_along(z, unit(z, 2048, g)), "num_slices"),
        (lambda z, M, g: slicing.sliced_statistic(z, unit(z, M, g), TEST), "expected one number"),
    ],
)
def test_fresh_slips_are_named(slip, reason):
    assert reason in refusal("fresh", slip)


def test_directions_from_another_generator_are_told():
    own = torch.Generator().manual_seed(1)
    message = refusal("fresh", lambda z, M, g: mean_along(z, unit(z, M, own)))
    assert "generator that is passed in" in message


def test_the_librarys_directions_are_right_too():
    assert outcome("fresh", lambda z, M, g: mean_along(z, unit(z, M, g)))[0] == "right"


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda x, A: x, "places on the line"),
        (lambda x, A: torch.linalg.solve(A.T, torch.ones(2)), "one vector"),
        (lambda x, A: torch.outer(x, A.sum(1) / A.sum(1).norm()), "standard deviations"),
        (lambda x, A: torch.outer(x, A[:, 0]), "standard deviations"),
        (lambda x, A: torch.stack([x, x.flip(0)], 1), "one line"),
        (lambda x, A: torch.zeros(len(x), 2), "at 0"),
        (lambda x, A: torch.full((len(x), 2), torch.inf), "finite"),
    ],
)
def test_line_slips_are_named(slip, reason):
    assert reason in refusal("line", slip)


def test_other_lines_with_gaussian_shadows_are_right_too():
    def by_inverse(x, A):
        return torch.stack([x, x], dim=1) @ torch.linalg.inv(A)

    def across(x, A):  # one shadow turned round, which T cannot tell
        return torch.outer(x, torch.linalg.solve(A.T, torch.tensor([1.0, -1.0])))

    assert outcome("line", by_inverse)[0] == outcome("line", across)[0] == "right"


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda p: len(p) * (p.mean(0) ** 2 + (p.std(0) - 1) ** 2), "single shadows"),
        (lambda p: (p.mean(0) ** 2 + (p.std(0) - 1) ** 2).mean(), "factor N"),
        (lambda p: len(p) * (p.mean(0) ** 2 + (p.std(0) - 1) ** 2).sum(), "the sum"),
        (lambda p: len(p) * ((p.std(0) - 1) ** 2).mean(), "mean's square"),
        (lambda p: len(p) * (p.mean(0) ** 2).mean(), "spread is missing"),
        (lambda p: len(p) * (p.mean(0) ** 2 + (p.var(0) - 1) ** 2).mean(), "variance with 1"),
        (lambda p: len(p) * (p.mean() ** 2 + (p.std() - 1) ** 2), "one sample"),
        (lambda p: len(p) * (p.mean(1) ** 2 + (p.std(1) - 1) ** 2).mean(), "dim 0"),
        (lambda p: len(p) * (p.mean(0) ** 2 + (p.std(0) - 1).abs()).mean(), "square the distance"),
        (lambda p: 3.0, "you give 3.000"),
    ],
)
def test_moment_slips_are_named(slip, reason):
    assert reason in refusal("moments", slip)


def test_the_standard_deviation_by_n_is_right_too():
    def by_n(p):
        return len(p) * (p.mean(0) ** 2 + (p.std(0, correction=0) - 1) ** 2).mean()

    assert outcome("moments", by_n)[0] == "right"


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (data.sample_cloud("gaussian"), "so does SIGReg"),
        (0.5 * data.sample_cloud("gaussian"), "from the variances"),
        (data.sample_cloud("rank_one"), "VICReg objects"),
        (data.sample_cloud("ring", 500), "expected shape (1000, 2)"),
        (torch.full((1000, 2), torch.nan), "finite"),
    ],
)
def test_clouds_that_do_not_part_the_two_are_told_why(slip, reason):
    assert reason in refusal("accepted", slip)


@pytest.mark.parametrize("name", ["two_moons", "ring", "cross", "spiral"])
def test_a_cloud_of_another_shape_is_right_and_is_told_what_gives_it_away(name):
    status, message = outcome("accepted", data.sample_cloud(name))
    assert status == "right"
    assert "only the shape" in message


@pytest.mark.parametrize(
    "cloud",
    [2.0 * data.sample_cloud("gaussian"), data.sample_cloud("gaussian") + 3.0],
    ids=["wide", "far"],
)
def test_a_wide_or_a_shifted_cloud_is_right_too(cloud):
    status, message = outcome("accepted", cloud)
    assert status == "right"
    assert "Mean and covariance are enough" in message


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda t, w: (w * (1 - torch.exp(-(t**2) / 2))).sum(), "square of φ"),
        (lambda t, w: (w * torch.exp(-(t**2))).sum(), "1 − φ²"),
        (
            lambda t, w: (w * (1 - torch.exp(-(t**2))) * torch.exp(-(t**2) / 2)).sum(),
            "window e^{−t²/2} already",
        ),
        (lambda t, w: 2 * (w * (1 - torch.exp(-(t**2)))).sum(), "do not double"),
        (lambda t, w: (w * (1 - torch.exp(-(t**2)))).sum() / 2, "do not halve"),
        (lambda t, w: (1 - torch.exp(-(t**2))).sum(), "Multiply by the weights"),
        (lambda t, w: (w * (1 - torch.exp(-(t**2)))).mean(), "that is a mean"),
        (lambda t, w: (w * (1 - torch.exp(-(t**2) / 2)) ** 2).sum(), "full collapse"),
        (lambda t, w: 1.0525, "t_max = 1"),
    ],
)
def test_floor_slips_are_named(slip, reason):
    assert reason in refusal("floor", slip)


def test_the_floor_that_is_asked_for_is_the_mean_of_t():
    knots, weights = quadrature_rule(17, 3.0)
    drawn = torch.randn(4000, 64, generator=torch.Generator().manual_seed(0))
    floor = (weights * (1 - torch.exp(-(knots**2)))).sum()
    # σ of T is 0.95 under N(0, 1), so that of the mean of 4,000 is 0.015.
    assert abs(float(TEST(drawn).mean()) - float(floor)) < 0.05


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda lamb, n: n * lamb, "factor 1 − λ"),
        (lambda lamb, n: lamb / (1 - lamb), "factor N is not"),
        (lambda lamb, n: lamb, "λ itself"),
        (lambda lamb, n: lamb / (1 - lamb) / n, "other way round"),
        (lambda lamb, n: lamb / n, "other way round"),
        (lambda lamb, n: n * lamb * (1 - lamb), "you multiplied"),
        (lambda lamb, n: n * (1 - lamb) / lamb, "swapped"),
        (lambda lamb, n: 256 * lamb / (1 - lamb), "N = 64"),
        (lambda lamb, n: 10.0, "N = 256"),
    ],
)
def test_weight_slips_are_named(slip, reason):
    assert reason in refusal("weight", slip)


def test_the_weight_that_is_asked_for_gives_parallel_gradients():
    lamb, n, agreement, statistic = 0.05, 256, 0.3, 2.0  # any two gradients
    weight = n * lamb / (1 - lamb)
    convex = (1 - lamb) * agreement + lamb * statistic
    assert (1 - lamb) * (agreement + weight * statistic / n) == pytest.approx(convex)
