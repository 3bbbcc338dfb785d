"""Exercises of notebook 00: agreement between views, the cheap way to it, and how to notice."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import torch

from sigreg_edu.data import digit_views, load_digits
from sigreg_edu.exercises.core import (
    Exercise,
    NotYet,
    call,
    close,
    expect,
    normal,
    number,
    quiz,
    tensor,
)
from sigreg_edu.losses import invariance
from sigreg_edu.statistics import EppsPulleyTest
from sigreg_edu.training.shipped import shipped_runs
from sigreg_edu.views.embedding import (
    LAST_MOMENT,
    Course,
    EmbeddingParams,
    course_of,
    embedding_view,
)

NUM_SHOWN, NUM_DIGITS = 1000, 1797
NULL_MEAN = 1.05


# --- how to use the kit ---------------------------------------------------------------------------


def _check_warm_up(answer: Any) -> str:
    value = number(answer)
    expect(value != 1.0, "1× would be no lens at all. Press the button 'collapsed' first.")
    expect(value > 1.0, f"{value:g} would make the cloud smaller. Read what stands under the lens.")
    params = EmbeddingParams(run="none", moment=LAST_MOMENT)
    truth = embedding_view(params, _recorded()).magnification
    expect(
        close(value, truth),
        f"{value:g} is not it. Press 'collapsed', and read the number under the lens in panel 1.",
    )
    return "You can press, read and check: that is all it takes."


@lru_cache(maxsize=1)
def _recorded() -> dict[str, Course]:
    return {name: course_of(run) for name, run in shipped_runs().items()}


warm_up = Exercise(
    _check_warm_up,
    hints=(
        "Press the button 'collapsed' above the explorer.",
        "The lens is the square in panel 1; under it stands 'magnified …×'.",
    ),
    solution=(
        'explorer = explorers.embedding_explorer(run="none", moment=39).explorer\n'
        "answer = explorer.view.magnification"
    ),
)


# --- two views of a digit should agree ------------------------------------------------------------


def _check_invariance(answer: Any) -> str:
    z = torch.stack([normal(6, 3, seed=1), normal(6, 3, seed=2) + 0.5])  # (2, 6, 3)
    result = call(answer, z)
    expect(
        getattr(result, "ndim", 0) == 0,
        f"shape {tuple(getattr(result, 'shape', ()))}: one number is asked. Take the mean of all.",
    )
    got, truth = number(result), invariance(z).item()
    first, second = z
    gap = first - second
    wrong = {
        "that is the sum. Take the mean over views, digits and dimensions.": truth * z.numel(),
        "that is the mean squared distance between the two views. The formula measures from their "
        "mean, half-way: a quarter of it.": gap.square().mean().item(),
        "that sums over the dimensions. Take the mean over them too.": truth * 3,
        "that is not squared.": (z - z.mean(0)).abs().mean().item(),
        "you subtract the mean over the digits (axis 1). It is the views, axis 0, whose mean is "
        "asked.": (z - z.mean(1, keepdim=True)).square().mean().item(),
        "you subtract one mean of everything. Each digit has its own mean: over the views, axis "
        "0.": (z - z.mean()).square().mean().item(),
        "z.var divides by V − 1 = 1, the formula by V = 2: pass correction=0.": (
            z.var(0).mean().item()
        ),
    }
    for reason, value in wrong.items():
        expect(not close(got, value), reason)
    expect(close(got, truth), f"for a small example you give {got:.4g}; it should be {truth:.4g}.")
    return "It is 0 exactly when every digit's views lie at the same place."


agreement = Exercise(
    _check_invariance,
    hints=(
        "`z.mean(0)` is the mean over the views, shape (N, D).",
        "Subtract it from `z` (it is repeated for each view), square, and take the mean of all.",
    ),
    solution="def my_invariance(z):\n    return (z - z.mean(0)).square().mean()",
)


def _check_cheapest(answer: Any) -> str:
    images = load_digits().images[:20]
    views = digit_views(images, 2, generator=torch.Generator().manual_seed(0))
    embeddings = [call(answer, view) for view in views]
    z = torch.stack([tensor(z, (len(images), 2)) for z in embeddings])
    value = invariance(z).item()
    expect(
        value == 0.0,
        f"on two views of twenty digits the invariance is {value:.3g}, not 0. Whatever you read "
        "off the pixels differs a little between the views: do you need the pixels?",
    )
    expect(
        bool((z == z[0, 0]).all()), "agreed, but digits differ; how did you know which is which?"
    )
    return "A perfect score, and nothing learned. This is collapse, and the loss alone likes it."


cheapest = Exercise(
    _check_cheapest,
    hints=(
        "What if all images had the same embedding?",
        "`torch.zeros(len(images), 2)` has one row per image.",
    ),
    solution="def my_encoder(images):\n    return torch.zeros(len(images), 2)",
)


# --- noticing collapse ----------------------------------------------------------------------------


def _check_collapsed(answer: Any) -> str:
    wide = normal(500, 2)
    cases = (
        (wide, False, "a healthy cloud, standard deviation 1, is said to have collapsed."),
        (wide + 50.0, False, "a healthy cloud far from 0 is said to have collapsed."),
        (0.01 * wide, True, "a cloud of width 0.01 is not noticed."),
        (
            0.01 * wide + 3.0,
            True,
            "a narrow cloud around (3, 3) is not noticed. Measure the spread, not the size.",
        ),
        (
            0.01 * wide + torch.tensor([5.0, -5.0]),
            True,
            "a narrow cloud around (5, −5) is not noticed. `z.std()` mixes both coordinates.",
        ),
        (
            wide * torch.tensor([1.0, 0.01]),
            True,
            "a cloud that is flat as a line is not noticed. One narrow coordinate is enough.",
        ),
    )
    for z, truth, reason in cases:
        expect(_truth_value(call(answer, z)) == truth, reason)
    return "Spread, per coordinate, and the narrowest counts. (A slanted line still fools it.)"


def _truth_value(result: Any) -> bool:
    try:
        return bool(result)
    except (RuntimeError, ValueError) as error:
        message = "expected one True or False, got several. Reduce them: is the smallest below 0.1?"
        raise NotYet(message) from error


collapsed = Exercise(
    _check_collapsed,
    hints=(
        "`z.std(0)` is the standard deviation of each coordinate, shape (D,).",
        "Collapsed if the smallest of them is below 0.1.",
    ),
    solution="def is_collapsed(z):\n    return bool(z.std(0).min() < 0.1)",
)


# --- shadows and what T says of them --------------------------------------------------------------


def _check_shadow(answer: Any) -> str:
    z, degrees = normal(7, 2), 30.0
    angle = math.radians(degrees)
    cosine, sine = math.cos(angle), math.sin(angle)
    result = call(answer, z, degrees)
    got = tensor(result, (len(z),))
    truth = z @ torch.tensor([cosine, sine], dtype=torch.float64)

    def along(first: float, second: float) -> torch.Tensor:
        return z[:, 0] * first + z[:, 1] * second

    wrong = {
        "cos and sin take radians: `math.radians(degrees)`.": along(
            math.cos(degrees), math.sin(degrees)
        ),
        "sine and cosine are swapped: at 0° the direction is the first axis.": along(sine, cosine),
        "the shadow falls the wrong way round: the sine has the wrong sign.": along(cosine, -sine),
        "the shadow is standardized. T is to see its place and width: leave them.": (
            (truth - truth.mean()) / truth.std()
        ),
    }
    for reason, value in wrong.items():
        expect(not torch.allclose(got, value, rtol=1e-4), reason)
    expect(
        torch.allclose(got, truth, rtol=1e-4, atol=1e-6),
        f"at 30° the first point (z = ({z[0, 0]:.2f}, {z[0, 1]:.2f})) should fall on "
        f"{truth[0]:.3f}; yours falls on {got[0]:.3f}.",
    )
    return "One number per digit. That is all SIGReg ever looks at, for many directions."


shadow = Exercise(
    _check_shadow,
    hints=(
        "The direction is a = (cos, sin) of the angle in radians.",
        "The shadow is z a: first coordinate times cos plus second coordinate times sin.",
    ),
    solution=(
        "def my_shadow(z, degrees):\n"
        "    angle = math.radians(degrees)\n"
        "    return z[:, 0] * math.cos(angle) + z[:, 1] * math.sin(angle)"
    ),
)


def _check_all_digits(answer: Any) -> str:
    value, truth = number(answer), EppsPulleyTest()(torch.zeros(NUM_DIGITS)).item()
    expect(
        not close(value, truth * NUM_SHOWN / NUM_DIGITS, rel=0.01),
        "that is T of 1,000 points. T carries the factor N: more points, more evidence.",
    )
    expect(not close(value, truth / NUM_DIGITS, rel=0.01), "that is T / N. Multiply by N.")
    expect(
        not close(value, NULL_MEAN, rel=0.02),
        "1.05 is the mean for Gaussian shadows, whatever N. A collapsed one grows with N.",
    )
    expect(close(value, truth, rel=0.01), f"{value:g} is not near 0.402 · N for N = 1,797.")
    return "Evidence against N(0, 1) adds up: T of a collapsed cloud is 0.402 N."


all_digits = Exercise(
    _check_all_digits,
    hints=(
        "1,000 points at 0 have T = 402. How does T depend on N?",
        "T = 0.402 N when all points lie at 0, and N is 1,797 now.",
    ),
    solution="answer = 0.402 * 1797",
)


# --- quiz -----------------------------------------------------------------------------------------

quiz_loss = quiz(
    "b",
    {
        "a": "A low loss is only good if the loss asks for the right thing. Look at panel 1.",
        "b": "The loss asks that views agree and never that digits differ.",
        "c": "It would have to fit its training images to overfit; it tells no two images apart.",
    },
)
quiz_rank = quiz(
    "c",
    {
        "a": "Compare the standard deviations: they say that it did.",
        "b": "It is right: the tiny cloud is about as wide as it is high.",
        "c": "Effective rank compares the widths with each other; a shrunken cloud keeps it.",
    },
)
quiz_target = quiz(
    "a",
    {
        "a": "In every direction: then the cloud is an isotropic Gaussian, neither point nor line.",
        "b": "The digits may group as they like, as long as each whole shadow looks Gaussian.",
        "c": "A wide cloud is not enough: place, width and shape all count.",
    },
)
quiz_shrink = quiz(
    "b",
    {
        "a": "Two of them only compare distances with each other. Which?",
        "b": "Rank and neighbours compare distances with each other; std and T have a ruler.",
        "c": "It is the other way round: these two only compare distances with each other.",
    },
)
