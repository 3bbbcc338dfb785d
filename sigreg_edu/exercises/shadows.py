"""Exercises of notebook 01: shadows, the statistic over many of them, and what a few cannot see."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import torch

from sigreg_edu.data import sample_cloud
from sigreg_edu.exercises.core import Exercise, call, close, expect, number, quiz, tensor
from sigreg_edu.slicing import sliced_statistic, uniform_directions
from sigreg_edu.statistics import EppsPulleyTest, epps_pulley_closed_form

POINTS = torch.tensor([[1.0, 0.0], [0.0, 2.0], [-1.0, 1.0], [0.5, -1.5]])


def _refuse(got: torch.Tensor, wrong: Mapping[str, torch.Tensor | float]) -> None:
    """Say why an answer is wrong if it is one of the ``wrong`` values, by reason."""
    for reason, value in wrong.items():
        expect(not _same(got, value), reason)


def _same(got: torch.Tensor, value: torch.Tensor | float) -> bool:
    value = torch.as_tensor(value)
    return torch.allclose(
        got.to(torch.complex128), value.to(torch.complex128), rtol=1e-4, atol=1e-6
    )


# --- the shadow of a cloud


def _check_shadow(answer: Any) -> str:
    result = call(answer, POINTS, 30.0)
    shape = tuple(getattr(result, "shape", ()))
    expect(
        shape != (len(POINTS), 1),
        "nearly: that is a table with one column. Return shape (N,), e.g. by `.squeeze(1)`.",
    )
    expect(shape != POINTS.shape, "that still has two columns. Sum the products over the columns.")
    got = tensor(result, (len(POINTS),))
    cos, sin = math.cos(math.radians(30)), math.sin(math.radians(30))
    truth = POINTS @ torch.tensor([cos, sin])
    wrong = {
        "cosine and sine take radians: 30° is `math.radians(30)`.": POINTS
        @ torch.tensor([math.cos(30), math.sin(30)]),
        "cosine and sine are swapped: at 0° the shadow is the first coordinate.": POINTS
        @ torch.tensor([sin, cos]),
        "that is the shadow across the direction, not along it: use (cos, sin).": POINTS
        @ torch.tensor([-sin, cos]),
    }
    _refuse(got, wrong)
    expect(
        _same(got, truth),
        f"the point (1, 0) falls on {cos:.3f} at 30°; you give {float(got[0]):.3f}.",
    )
    return "A matrix times a unit vector: one number per point."


shadow = Exercise(
    _check_shadow,
    hints=(
        "The direction at an angle is (cos, sin). `math.radians` turns degrees into radians.",
        "The shadow of a point z along a is the sum z₁a₁ + z₂a₂, for all points at once: `z @ a`.",
    ),
    solution="""
def my_shadow(z, degrees):
    angle = math.radians(degrees)
    a = torch.tensor([math.cos(angle), math.sin(angle)], dtype=z.dtype)
    return z @ a  # (N, 2) @ (2,) -> (N,)
""",
)


# --- the worst angle of the X


@lru_cache(maxsize=1)
def _cross() -> torch.Tensor:
    return sample_cloud("cross", 1000, dim=2).double()


def _along(degrees: float) -> float:
    radians = math.radians(degrees)
    a = torch.tensor([math.cos(radians), math.sin(radians)], dtype=torch.float64)
    return float(epps_pulley_closed_form(_cross() @ a))


def _check_worst_angle(answer: Any) -> str:
    degrees = number(answer)
    turned = degrees % 180.0
    expect(
        not (0.0 < abs(degrees) < 3.2),
        "that looks like radians. Give the angle in degrees, as the slider has it.",
    )
    got, arms = _along(degrees), (_along(45.0), _along(135.0))
    expect(
        min(turned, abs(turned - 90.0), 180.0 - turned) > 3.0,
        f"that is an axis, the best angle: T = {got:.2f}, nothing to see. Turn away from it.",
    )
    expect(
        got > 0.97 * min(arms),
        f"at {degrees:g}° T = {got:.1f}, but it reaches {max(arms):.1f}. Follow the curve upwards.",
    )
    return f"T = {got:.1f}: along this line one arm of the X casts a spike."


worst_angle = Exercise(
    _check_worst_angle,
    hints=(
        "Move the angle slowly and watch panel 3. Which angle has the highest point?",
        "Look along an arm of the X: all points of the other arm fall on one spot.",
    ),
    solution="my_angle = 45  # or 135",
)


# --- the characteristic function of a cloud


def _check_cloud_cf(answer: Any) -> str:
    v = torch.tensor([0.6, -1.1])
    result = call(answer, POINTS, v)
    shape = tuple(getattr(result, "shape", ()))
    expect(
        shape != (len(POINTS),), "that is one arrow per point. φ is their mean: one complex number."
    )
    expect(
        shape != POINTS.shape,
        "that is an arrow per coordinate. The angle is the sum v·z over the coordinates: `z @ v`.",
    )
    got, truth = tensor(result, (), complex_ok=True), torch.exp(1j * (POINTS @ v)).mean()
    wrong = {
        "that is the sum. Divide by N: φ is the mean arrow.": len(POINTS) * truth,
        "your arrows turn the wrong way: the exponent is +i v·z.": truth.conj(),
        "that is only the real part; keep the i: `torch.exp(1j * ...)`.": truth.real,
        "that is the arrow's length. Keep its direction too.": truth.abs(),
        "that is the mean of exp(v·z), without the i.": torch.exp(POINTS @ v).mean(),
        "that is the arrow of the mean point. Take the mean of the arrows.": torch.exp(
            1j * (POINTS.mean(0) @ v)
        ),
        "you took each coordinate for a point of its own. The angle is the sum v·z: `z @ v`.": (
            torch.exp(1j * POINTS * v).mean()
        ),
    }
    _refuse(got, wrong)
    expect(_same(got, truth), f"for v = (0.6, -1.1) it should be {_words(truth)}.")
    return "And with v = t·a it is the characteristic function of the shadow along a, at t."


def _words(value: torch.Tensor) -> str:
    sign = "+" if value.imag >= 0 else "−"
    return f"{float(value.real):.3f} {sign} {abs(float(value.imag)):.3f} i"


cloud_cf = Exercise(
    _check_cloud_cf,
    hints=(
        "One angle per point: v·z, the sum of products. For all points at once `z @ v`.",
        "`torch.exp(1j * angles)` makes arrows of angles; φ is the mean arrow.",
    ),
    solution="""
def my_cloud_cf(z, v):
    return torch.exp(1j * (z @ v)).mean()
""",
)


# --- the sliced statistic


def _check_sliced(answer: Any) -> str:
    z = sample_cloud("two_moons", 200, dim=2)
    directions = uniform_directions(2, 7, seed=1)
    result = call(answer, z, directions)
    shape = tuple(getattr(result, "shape", ()))
    expect(
        shape != (7,),
        "those are the seven values, one per direction. Return their mean: one number.",
    )
    got = torch.tensor(number(result), dtype=torch.float64)
    test = EppsPulleyTest()
    values = test((z @ directions).T)  # (M, N) -> (M,)
    wrong = {
        "that is the sum over the directions. SIGReg takes the mean.": values.sum(),
        "that is the largest one. SIGReg takes the mean over the directions.": values.max(),
        "that is T / N. Leave the factor N in, as EppsPulleyTest has it.": values.mean() / len(z),
        "the samples must lie on the last axis: turn z @ A round, `(z @ A).T`.": test(
            z @ directions
        ).mean(),
        "you put all shadows into one sample. Test each shadow by itself, then average.": test(
            (z @ directions).flatten()
        ),
    }
    _refuse(got, wrong)
    expect(
        _same(got, values.mean()),
        f"for seven directions of two moons it should be {float(values.mean()):.3f}, not "
        f"{float(got):.3f}.",
    )
    return f"{float(got):.2f}: project, test each shadow, average. That is SIGReg."


sliced = Exercise(
    _check_sliced,
    hints=(
        "All shadows at once are `z @ A`, shape (N, M): a column per direction.",
        "`EppsPulleyTest()` wants the samples on the last axis, so give it `(z @ A).T`.",
        "It returns M numbers. Their mean is the sliced statistic.",
    ),
    solution="""
def my_sliced(z, A):
    shadows = (z @ A).T  # (N, M) -> (M, N)
    return EppsPulleyTest()(shadows).mean()
""",
)


# --- how many slices for a given spread


def _check_slices_needed(answer: Any) -> str:
    got = number(call(answer, 0.12, 64, 0.06))
    wrong = {
        "twice as many do not halve it: the spread falls like 1/√M.": 128.0,
        "the other way round: you want less spread, so more slices.": 16.0,
        "that is √2 times as many. Solve (new spread) = (old spread) · √(M / new M).": 64 * 2**0.5,
        "that is the factor alone. How many slices is that?": 4.0,
    }
    for reason, value in wrong.items():
        expect(not close(got, value, rel=0.01), reason)
    expect(close(got, 256.0, rel=0.01), f"to halve the spread of 64 slices takes 256, not {got:g}.")
    third = number(call(answer, 0.3, 10, 0.1))
    expect(close(third, 90.0, rel=0.02), f"a third of the spread of 10 takes 90, not {third:g}.")
    return "A spread q times smaller takes q² times as many directions, in any dimension."


slices_needed = Exercise(
    _check_slices_needed,
    hints=(
        "The spread of a mean of M independent values is σ/√M. What is σ, if you know it at M?",
        "σ = spread · √M. Then wanted = σ/√(new M). Solve for the new M.",
    ),
    solution="""
def my_slices_needed(spread, num_slices, wanted):
    return num_slices * (spread / wanted) ** 2
""",
)


# --- a cloud that hides from fixed directions


def _check_hide(answer: Any) -> str:
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(300, 16, generator=generator)
    fixed = uniform_directions(16, 4, generator=generator)
    result = call(answer, z, fixed)
    shape = tuple(getattr(result, "shape", ()))
    expect(
        shape != (300, 4), "those are the shadows. Return a cloud of 300 points in 16 dimensions."
    )
    got = tensor(result, (300, 16))
    expect(bool(got.isfinite().all()), "expected finite numbers.")
    expect(
        not torch.allclose(got.float(), z @ fixed @ fixed.T, atol=1e-4),
        "A Aᵀ leaves the shadows as they are only for perpendicular directions. Use the "
        "pseudo-inverse: `torch.linalg.pinv(A)`.",
    )
    error = float((got.float() @ fixed - z @ fixed).abs().max())
    expect(error < 1e-3, f"a shadow along a fixed direction moved by {error:.3f}; none should.")
    expect(
        not torch.allclose(got.float(), z, atol=1e-3),
        "the shadows are the same, but so is the cloud. Take away what the four do not see.",
    )
    fresh = uniform_directions(16, 256, seed=1)
    before, after = (_mean_statistic(cloud.float(), fresh) for cloud in (z, got))
    expect(
        after > 10.0,
        f"fresh directions give T = {after:.1f} on average ({before:.1f} before). Take away more.",
    )
    return f"The four see no difference; fresh directions give T = {after:.0f} on average."


def _mean_statistic(z: torch.Tensor, directions: torch.Tensor) -> float:
    return float(sliced_statistic(z, directions, EppsPulleyTest()).mean())


hide = Exercise(
    _check_hide,
    hints=(
        "Four directions see only the four-dimensional space that they span. Keep that part of z.",
        "`z @ A` are the four shadows. Which points in their span have just these shadows?",
        "The pseudo-inverse of A, shape (4, 16), leads back from the shadows: `z @ A @ pinv(A)`.",
    ),
    solution="""
def my_hidden(z, A):
    return z @ A @ torch.linalg.pinv(A)  # (N, D) -> (N, M) -> (N, D)
""",
)


# --- quiz

quiz_axes = quiz(
    "b",
    {
        "a": "The X has Gaussian shadows on both axes, and is far from Gaussian.",
        "b": "The axes are 64 directions of infinitely many; between them anything may happen.",
        "c": "Gaussian shadows on the axes do not even make the coordinates uncorrelated: think "
        "of the tilted cloud.",
        "d": "Each shadow has its own T, and 64 good ones are 64 good ones. But the axes are few.",
    },
)
quiz_slices = quiz(
    "c",
    {
        "a": "The exact mean belongs to the cloud. Slices only estimate it.",
        "b": "That would be 1/M. Means of independent values are slower.",
        "c": "1/√4 = 1/2, whatever D is.",
        "d": "The spread of T along a single direction depends on the cloud, but 1/√M is the law.",
    },
)
quiz_dilution = quiz(
    "a",
    {
        "a": "A random direction takes about 1/512 of its squared length from that coordinate.",
        "b": "More slices bring the mean closer to its exact value, and that is low already.",
        "c": "T with its factor N sees it well along the coordinate itself.",
        "d": "It is far from Gaussian: a spike. But only one direction in 512 dimensions shows it.",
    },
)
quiz_digits = quiz(
    "d",
    {
        "a": "Single pixels show that they are not.",
        "b": "At N = 1797 nearly all random shadows of whitened digits exceed what Gaussian "
        "samples do.",
        "c": "That is true of the eye. T multiplies a small deviation by N.",
        "d": "Mixing makes shadows look alike; a small deviation times a large N still counts.",
    },
)
quiz_fixed = quiz(
    "b",
    {
        "a": "The theorem speaks of all directions, not of 16.",
        "b": "What lies across all 16 is never looked at: it may collapse unseen.",
        "c": "How fast it learns is not the point; what it can learn to hide is.",
        "d": "The values are right for those 16. They say nothing about the others.",
    },
)
