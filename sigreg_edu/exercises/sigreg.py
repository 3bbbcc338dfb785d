"""Exercises of notebook 03: SIGReg as a loss, its blind spots, its rivals, and its units."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from sigreg_edu.data import planted_cloud, sample_cloud
from sigreg_edu.exercises.core import Exercise, call, close, expect, number, quiz, refuse, tensor
from sigreg_edu.slicing import (
    direction_from_angles,
    quasi_random_directions,
    sliced_epps_pulley,
    uniform_directions,
)
from sigreg_edu.statistics import quadrature_rule
from sigreg_edu.views.accepts import calibration, judged, vicreg_parts

# --- one gradient step


def _check_step(answer: Any) -> str:
    z, directions, step_size = _step_problem()
    got = tensor(_detached(call(answer, z, directions, step_size)), tuple(z.shape)).float()
    gradient = _gradient(z, directions)
    wrong = {
        "that is uphill. The gradient points to larger T: subtract it.": z + step_size * gradient,
        "that is the gradient. Take one step: z − h · gradient.": gradient,
        "your points have not moved. Is the gradient subtracted from z?": z,
        "the step size h is not in it.": z - gradient,
        "that step goes down the sum over the slices. The loss is their mean.": z
        - step_size * gradient * directions.shape[1],
        "that step is N times too short: T carries the factor N.": z
        - step_size * gradient / len(z),
    }
    for reason, points in wrong.items():
        expect(not torch.allclose(got, points, rtol=1e-4, atol=1e-5), reason)
    truth = z - step_size * gradient
    error = float((got - truth).abs().max())
    expect(error < 1e-4, f"a point lands {error:.3f} away from where z − h ∂L/∂z takes it.")
    before, after = (float(sliced_epps_pulley(p, directions).mean()) for p in (z, got))
    return f"One step, and the mean of T goes from {before:.1f} to {after:.1f}."


def _step_problem() -> tuple[torch.Tensor, torch.Tensor, float]:
    return sample_cloud("two_moons", 100), uniform_directions(2, 6, seed=3), 0.7


def _gradient(z: torch.Tensor, directions: torch.Tensor) -> torch.Tensor:
    """Return the gradient of the mean of T over the directions, (N, D)."""
    z = z.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(sliced_epps_pulley(z, directions).mean(), z)
    return gradient


def _detached(answer: Any) -> Any:
    return answer.detach() if isinstance(answer, torch.Tensor) else answer


step = Exercise(
    _check_step,
    hints=(
        "`z = z.clone().requires_grad_(True)` is a copy that remembers what is done to it.",
        "The loss is `slicing.sliced_statistic(z, A, EppsPulleyTest()).mean()`.",
        "After `loss.backward()` the gradient is `z.grad`. Subtract `step_size` times that.",
    ),
    solution="""
def my_step(z, A, step_size):
    z = z.clone().requires_grad_(True)
    loss = slicing.sliced_statistic(z, A, EppsPulleyTest()).mean()
    loss.backward()
    return (z - step_size * z.grad).detach()
""",
)


# --- SIGReg with fresh directions

MANY, REPEATS = 2048, 40


def _check_fresh(answer: Any) -> str:
    z, truth, spread = _fresh_problem()
    generator = torch.Generator().manual_seed(5)

    def called(num_slices: int, generator: torch.Generator) -> float:
        return number(_detached(call(answer, z, num_slices, generator)))

    first = called(MANY, generator)
    _refuse_fresh(first, z, truth)
    expect(
        abs(first - truth) < 6.0 * spread / math.sqrt(MANY),
        f"with {MANY} slices you give {first:.1f}; over all directions it is {truth:.1f}. Are "
        "your directions N(0, 1) numbers, each column divided by its own length?",
    )
    again, same = called(MANY, generator), called(MANY, torch.Generator().manual_seed(5))
    expect(again != first, "two calls gave the same number: draw fresh directions at each call.")
    expect(
        close(same, first, rel=1e-5),
        "the same seed gave another number: draw with the generator that is passed in.",
    )
    scatter = float(np.std([called(1, generator) for _ in range(REPEATS)]))
    expect(
        0.4 * spread < scatter < 2.0 * spread,
        f"with one slice a call the values scatter by {scatter:.1f}, and should by about "
        f"{spread:.1f}. Does num_slices reach the draw?",
    )
    return f"{first:.1f} with {MANY} slices, {truth:.1f} over all directions. That is SIGReg."


def _refuse_fresh(first: float, z: torch.Tensor, truth: float) -> None:
    """Name what gives a number that is off by a known factor, or that comes from wrong lengths."""
    near = {
        "that is the sum over the slices. Take the mean.": truth * MANY,
        "that is T / N. Leave the factor N in, as EppsPulleyTest has it.": truth / len(z),
    }
    refuse(first, near, rel=0.15)
    collapsed = float(sliced_epps_pulley(torch.zeros_like(z), torch.eye(z.shape[1])).mean())
    expect(
        not close(first, collapsed, rel=0.02),
        "nearly full collapse: your directions are very short. A is (D, M); divide each of its "
        "columns by its length, dim=0.",
    )
    long = torch.randn(z.shape[1], MANY, generator=torch.Generator().manual_seed(9))
    expect(
        not close(first, float(sliced_epps_pulley(z, long).mean()), rel=0.05),
        "your directions do not have length 1: divide each column of A by its length.",
    )


@lru_cache(maxsize=1)
def _fresh_problem() -> tuple[torch.Tensor, float, float]:
    """Return a cloud (N, 4), its mean of T over all directions, and the spread over single ones."""
    z = planted_cloud(4, 150, kind="shifted")
    values = sliced_epps_pulley(z, quasi_random_directions(4, 4096, seed=0))
    return z, float(values.mean()), float(values.std())


fresh = Exercise(
    _check_fresh,
    hints=(
        "A direction, uniform on the sphere: D numbers from N(0, 1), divided by their length.",
        "`torch.randn(D, M, generator=generator)` has M columns; divide it by `A.norm(dim=0)`.",
        "Then as in notebook 01: `slicing.sliced_statistic(z, A, EppsPulleyTest()).mean()`.",
    ),
    solution="""
def my_sigreg(z, num_slices, generator):
    A = torch.randn(z.shape[1], num_slices, generator=generator)
    A = A / A.norm(dim=0)  # (D, M), columns of length 1
    return slicing.sliced_statistic(z, A, EppsPulleyTest()).mean()
""",
)


# --- a line that two fixed slices take for Gaussian


def _check_line(answer: Any) -> str:
    x = sample_cloud("gaussian", 300)[:, 0]
    for angles in ((20.0, 70.0), (10.0, 85.0)):
        directions = torch.stack([direction_from_angles(angle) for angle in angles], dim=1)
        seen, everywhere = _check_one_line(answer, x, directions)
    return (
        f"The two slices report {seen[0]:.2f} and {seen[1]:.2f}; over all directions T is "
        f"{everywhere:.0f}. No fixed pair of slices is safe from such a line."
    )


def _check_one_line(
    answer: Any, x: torch.Tensor, directions: torch.Tensor
) -> tuple[list[float], float]:
    result = call(answer, x, directions)
    shape = tuple(getattr(result, "shape", ()))
    expect(
        shape != (len(x),),
        "those are places on the line. Return points of the plane, shape (N, 2).",
    )
    expect(shape != (2,), "that is one vector. The cloud is x times that vector: `torch.outer`.")
    cloud = tensor(_detached(result), (len(x), 2)).float()
    expect(bool(cloud.isfinite().all()), "expected finite numbers.")
    sizes = torch.linalg.svdvals(cloud)
    expect(float(sizes[0]) > 1e-6, "all your points lie at 0: the slices see that at once.")
    expect(
        float(sizes[1]) < 1e-3 * float(sizes[0]),
        "your points do not lie on one line through 0. Each must be a number times one vector.",
    )
    seen = sliced_epps_pulley(cloud, directions).tolist()
    widths = (cloud @ directions).std(dim=0).tolist()
    expect(
        max(seen) < 1.0,
        f"the two slices report T = {seen[0]:.2f} and {seen[1]:.2f}; both should stay below 1. "
        f"Their shadows have the standard deviations {widths[0]:.2f} and {widths[1]:.2f}: which "
        "vector v casts shadows of length 1 on both?",
    )
    around = torch.stack([direction_from_angles(float(angle)) for angle in range(0, 180, 10)], 1)
    return seen, float(sliced_epps_pulley(cloud, around).mean())


line = Exercise(
    _check_line,
    hints=(
        "The points are x times one vector v. Along a direction a the shadow is x · (v·a).",
        "Both shadows are x itself if v·a = 1 for both columns of A. That is Aᵀv = (1, 1).",
        "Two equations, two unknowns: `torch.linalg.solve(A.T, torch.ones(2))`.",
    ),
    solution="""
def my_line(x, A):
    v = torch.linalg.solve(A.T, torch.ones(2))  # v·a = 1 for both columns a
    return torch.outer(x, v)  # (N, 2)
""",
)


# --- a univariate test that sees no more than VICReg does


def _check_moments(answer: Any) -> str:
    shadows = sample_cloud("two_moons", 40) * torch.tensor([1.3, 0.6]) + torch.tensor([0.5, 0.0])
    result = _detached(call(answer, shadows))
    expect(
        tuple(getattr(result, "shape", ())) != (2,),
        "those are the values of the single shadows. Return their mean: one number.",
    )
    got, count = number(result), len(shadows)
    mean, std = shadows.mean(0), shadows.std(0)
    refuse(got, _moment_slips(shadows, mean, std), rel=1e-3)
    truths = [_two_moments(mean, shadows.std(0, correction=c)) for c in (1, 0)]  # either is right
    expect(
        any(close(got, count * truth) for truth in truths),
        f"for two shadows of means {mean[0]:.2f}, {mean[1]:.2f} and stds {std[0]:.2f}, "
        f"{std[1]:.2f} of {count} points you give {got:.3f}, not {count * truths[0]:.3f}.",
    )
    return "Two numbers of each shadow, and nothing else: what has these right passes."


def _two_moments(mean: torch.Tensor, std: torch.Tensor) -> float:
    return float((mean.square() + (std - 1.0).square()).mean())


def _moment_slips(shadows: torch.Tensor, mean: torch.Tensor, std: torch.Tensor) -> dict[str, float]:
    """Return what common slips give, by the reason to tell."""
    count, zero, one = len(shadows), torch.zeros(2), torch.ones(2)
    return {
        "the factor N is missing.": _two_moments(mean, std),
        "that is the sum over the shadows. Take the mean.": 2 * count * _two_moments(mean, std),
        "the mean's square is missing.": count * _two_moments(zero, std),
        "the spread is missing: (std − 1)².": count * _two_moments(mean, one),
        "you compare the variance with 1. The exercise takes the standard deviation.": (
            count * _two_moments(mean, std.square())
        ),
        "you put both shadows into one sample. Mean and std are taken over dim 0.": (
            count * _two_moments(shadows.mean(), shadows.std())
        ),
        "mean and std are taken over the points, dim 0, not over the slices.": (
            count * _two_moments(shadows.mean(1), shadows.std(1))
        ),
        "square the distance of the std from 1, too.": (
            count * float((mean.square() + (std - 1.0).abs()).mean())
        ),
    }


moments = Exercise(
    _check_moments,
    hints=(
        "`p.mean(0)` and `p.std(0)` are M numbers each: one for each shadow.",
        "Square the mean, square the distance of the std from 1, add, and multiply by `len(p)`.",
        "That is one value for each slice. Return their mean.",
    ),
    solution="""
def my_moments(p):
    values = p.mean(0) ** 2 + (p.std(0) - 1) ** 2  # (M,)
    return len(p) * values.mean()
""",
)


# --- a cloud that VICReg accepts and SIGReg rejects

CLOUD_SIZE = 1000


def _check_accepted(answer: Any) -> str:
    cloud = tensor(_detached(answer), (CLOUD_SIZE, 2)).float()
    expect(bool(cloud.isfinite().all()), "expected finite numbers.")
    values = judged(cloud, np.array([1.0]), 0.0)[:, 0]
    limits = calibration(CLOUD_SIZE)[1]
    covariance = np.cov(cloud.double().numpy().T)
    hinge, spoilt = vicreg_parts(covariance)
    expect(
        values[0] <= limits[0],
        f"VICReg objects: {hinge:.2f} from the variances and {spoilt:.2f} from the covariance, "
        f"limit {limits[0]:.2f}. It wants each coordinate's std at 1 or above, and no covariance.",
    )
    expect(
        values[2] > limits[2],
        f"VICReg accepts, but so does SIGReg: T = {values[2]:.2f}, limit {limits[2]:.2f}. What "
        "does VICReg never look at?",
    )
    words = f"VICReg says {values[0]:.2f}, SIGReg {values[2]:.0f}."
    if values[1] <= limits[1]:
        return f"{words} Mean and covariance are right: only the shape gives it away."
    return f"{words} Mean and covariance are enough to see this; VICReg does not ask for them all."


accepted = Exercise(
    _check_accepted,
    hints=(
        "VICReg looks at variances, which it wants large enough, and at covariances. Not at means.",
        "Too wide? Somewhere else? Or with the right covariance, and another shape?",
        "`data.sample_cloud('ring')`, or a Gaussian cloud times 2, or one plus 3.",
    ),
    solution="my_cloud = data.sample_cloud('gaussian') + 3.0",
)


# --- the null floor from knots and weights


def _check_floor(answer: Any) -> str:
    for t_max in (3.0, 1.0):
        knots, weights = quadrature_rule(17, t_max)
        got = number(_detached(call(answer, knots, weights)))
        truth = float(weights @ (1.0 - torch.exp(-(knots**2))))
        refuse(got, _floor_slips(knots, weights, truth), rel=1e-3)
        expect(close(got, truth), f"for t_max = {t_max:g} you give {got:.4f}, not {truth:.4f}.")
    return "1.0525 for t_max = 3 and 0.385 for t_max = 1, whatever N is."


def _floor_slips(knots: torch.Tensor, weights: torch.Tensor, truth: float) -> dict[str, float]:
    """Return what common slips give, by the reason to tell."""
    phi = torch.exp(-(knots**2) / 2)
    return {
        "the missing part is |φ|² = e^{−t²}, the square of φ = e^{−t²/2}.": float(
            weights @ (1.0 - phi)
        ),
        "that is ∫ φ² w. The floor has 1 − φ² there.": float(weights @ phi**2),
        "the weights hold the window e^{−t²/2} already; you applied it twice.": float(
            weights @ ((1.0 - phi**2) * phi)
        ),
        "the weights count t and −t already; do not double.": 2 * truth,
        "the weights count t and −t already; do not halve.": truth / 2,
        "that is the plain sum over the knots. Multiply by the weights.": float(
            (1.0 - phi**2).sum()
        ),
        "that is a mean over the knots. The weights hold Δt: sum.": truth / len(knots),
        "that is T/N at full collapse, ∫ (1 − φ)² w. The floor is made of 1 − φ².": float(
            weights @ (1.0 - phi) ** 2
        ),
    }


floor = Exercise(
    _check_floor,
    hints=(
        "The floor is ∫ (1 − e^{−t²}) w(t) dt, and `weights` already hold w, Δt and the doubling.",
        "So it is one sum: weights times `1 - torch.exp(-knots**2)`.",
    ),
    solution="""
def my_floor(knots, weights):
    return (weights * (1 - torch.exp(-(knots**2)))).sum()
""",
)


# --- the same weight for T with and without the factor N


def _check_weight(answer: Any) -> str:
    for lamb, count in ((0.05, 256), (0.2, 64)):
        got, truth = number(call(answer, lamb, count)), count * lamb / (1.0 - lamb)
        refuse(got, _weight_slips(lamb, count), rel=1e-3)
        expect(
            close(got, truth),
            f"for λ = {lamb:g} and N = {count} you give {got:.4g}, not {truth:.4g}.",
        )
    return "So w must grow with the batch size to mean the same λ."


def _weight_slips(lamb: float, count: int) -> dict[str, float]:
    """Return what common slips give, by the reason to tell."""
    odds = lamb / (1.0 - lamb)
    return {
        "nearly: the invariance has the factor 1 − λ, and is to have 1. Divide.": count * lamb,
        "the factor N is not in it.": odds,
        "that is λ itself. Neither N nor 1 − λ is in it.": lamb,
        "the other way round: without its N the statistic is smaller, so w is larger.": (
            odds / count
        ),
        "the other way round, and 1 − λ is missing: without N w must be larger.": lamb / count,
        "divide by the invariance's factor, 1 − λ; you multiplied.": count * lamb * (1.0 - lamb),
        "λ and 1 − λ are swapped.": count / odds,
    }


weight = Exercise(
    _check_weight,
    hints=(
        "A loss times a positive number has the same minimum. Make both invariances have factor 1.",
        "Divide (1 − λ) · invariance + λ · T by 1 − λ. What stands before T then?",
        "λ/(1 − λ) · T is to equal w · T/N, for every T.",
    ),
    solution="""
def my_weight(lamb, n):
    return n * lamb / (1 - lamb)
""",
)


# --- quiz

quiz_low = quiz(
    "c",
    {
        "a": "So it would be if all directions said it. These are two.",
        "b": "A loss of 0.0002 is far below what random Gaussian samples score, but it tells "
        "nothing about the other directions.",
        "c": "Between the two slices anything may be: the line had T = 52 over all directions.",
        "d": "The two slices are right about what they see. They see little.",
    },
)
quiz_standardize = quiz(
    "a",
    {
        "a": "Mean and standard deviation are taken out before the test: no force brings the "
        "cloud home.",
        "b": "An X has the same mean and covariance as N(0, I), and another shape. Shape is what "
        "standardizing leaves.",
        "c": "Two humps are a matter of shape, which standardizing leaves.",
        "d": "A square's shadows differ from bells in shape, which standardizing leaves.",
    },
)
quiz_two = quiz(
    "b",
    {
        "a": "Two directions do not hold every flaw; it is the next two, and the next, that do.",
        "b": "Each pair is a rough guess; its mean over all draws is T over all directions.",
        "c": "No step sees all directions. Over many steps the pairs reach them all.",
        "d": "T along one slice is the same number, whenever the slice was drawn.",
    },
)
quiz_vicreg = quiz(
    "d",
    {
        "a": "Shrinking is what its variance hinge is for.",
        "b": "A strong correlation is what its covariance term is for.",
        "c": "A coordinate that is 0 for every point lacks all its variance.",
        "d": "The hinge asks for a standard deviation of at least 1; more is as good.",
    },
)
quiz_outlier = quiz(
    "b",
    {
        "a": "That is how the mean and the standard deviation react: the further, the harder.",
        "b": "A far point has left the range in which T feels it; the bound holds at any distance.",
        "c": "T has no such guard. It fades by itself, as e^{−t²/2} cuts off high frequencies.",
        "d": "The force is bounded along every slice, and so is their mean.",
    },
)
quiz_number = quiz(
    "c",
    {
        "a": "Training aims at a small T, and goes below what random samples score.",
        "b": "Collapse scores 0.402 N, here 103.",
        "c": "Random Gaussian batches have 1.05 on average. Judge by fresh inputs.",
        "d": "For T the factor N has been put in; 1.05 is its mean for random Gaussian samples.",
    },
)
