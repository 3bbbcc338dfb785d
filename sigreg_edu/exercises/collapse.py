"""Exercises of notebook 04: agreement of two views, kinds of collapse, λ, stop-gradient, hybrid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from sigreg_edu.exercises.core import (
    Exercise,
    NotTried,
    NotYet,
    call,
    close,
    expect,
    normal,
    number,
    quiz,
    refuse,
    tensor,
)
from sigreg_edu.losses import invariance
from sigreg_edu.training import effective_rank as library_rank
from sigreg_edu.views.kinds import KindsParams, broken

# --- the invariance of two views ------------------------------------------------------------------


def _check_two_views(answer: Any) -> str:
    z_a, z_b = normal(6, 3, seed=1), normal(6, 3, seed=2) + 0.5
    result = call(answer, z_a, z_b)
    shape = tuple(getattr(result, "shape", ()))
    expect(
        shape in ((), (1,)),
        f"shape {shape}: one number is asked. Take the mean over digits and coordinates.",
    )
    got, gap = number(result), (z_a - z_b)
    square = gap.square()
    wrong = {
        "that is mean (z_a − z_b)², the gap between the views. The invariance measures the "
        "distance of each view to their mean: half the gap.": square.mean(),
        "that is half of mean (z_a − z_b)². Each view lies half the gap from the mean: what "
        "becomes of the half when you square it?": square.mean() / 2,
        "you summed over the coordinates. Take the mean over them too.": square.sum(1).mean() / 4,
        "you summed over the digits. Take the mean over them too.": square.sum(0).mean() / 4,
        "that is the sum. Take the mean over views, digits and coordinates.": square.sum() / 2,
        "square the distances before you average them.": gap.abs().mean() / 2,
    }
    refuse(got, {reason: float(value) for reason, value in wrong.items()})
    truth = invariance(torch.stack([z_a, z_b])).item()
    expect(close(got, truth), f"for the views tried it should be {truth:.4f}, not {got:.4f}.")
    return "A quarter of the mean squared gap. Remember the factor 4: section 3 needs it."


two_views = Exercise(
    _check_two_views,
    hints=(
        "With m = (z_a + z_b)/2: what is z_a − m, in terms of z_a − z_b? And z_b − m?",
        "Both are half the gap, up to the sign. Square, and take the mean of everything.",
        "`((z_a - z_b) / 2).square().mean()` it is.",
    ),
    solution="""
def my_invariance(z_a, z_b):
    return ((z_a - z_b) / 2).square().mean()
""",
)


# --- effective rank -------------------------------------------------------------------------------


def _entropy(values: torch.Tensor) -> torch.Tensor:
    shares = values / values.sum()
    return torch.special.entr(shares).sum()


def _check_effective_rank(answer: Any) -> str:
    scales = torch.tensor([2.0, 1.0, 0.5, 0.1], dtype=torch.float64)
    z = normal(60, 4, seed=3) * scales + torch.tensor([3.0, 0.0, -1.0, 0.0])
    got, truth = number(call(answer, z)), library_rank(z).item()
    singular = torch.linalg.svdvals(z - z.mean(0))
    entropy = _entropy(singular)
    wrong = {
        "subtract the mean first: a cloud far from 0 is not a line.": library_rank(z, center=False),
        "that is from the squares (variances). The shares are of the singular values "
        "themselves.": _entropy(singular.square()).exp(),
        "that is the entropy. The rank is its exponential.": entropy,
        "the sign is lost: it is exp of *minus* Σ p log p.": (-entropy).exp(),
        "that is 2 to the power of an entropy in natural units: use `exp`.": 2.0**entropy,
        "that counts singular values above 0. Weigh them: exp of the entropy of their shares.": 4.0,
    }
    refuse(got, {reason: float(value) for reason, value in wrong.items()})
    expect(close(got, truth), f"for a cloud with rank {truth:.3f} you give {got:.3f}.")
    smaller = number(call(answer, 0.01 * z))
    expect(close(smaller, truth), "a cloud a hundred times smaller must have the same rank.")
    return f"{truth:.2f} of 4, whatever the scale: that is its strength and its blind spot."


effective_rank = Exercise(
    _check_effective_rank,
    hints=(
        "`torch.linalg.svdvals(z - z.mean(0))` are the singular values s of the centred cloud.",
        "Their shares are p = s / s.sum(). The entropy is −Σ p log p.",
        "The rank is `torch.exp(-(p * p.log()).sum())`.",
    ),
    solution="""
def my_effective_rank(z):
    s = torch.linalg.svdvals(z - z.mean(0))
    p = s / s.sum()
    return torch.exp(-(p * p.log()).sum())
""",
)


# --- four patients --------------------------------------------------------------------------------

_PATIENTS = {
    "A": KindsParams(kept=6),
    "B": KindsParams(shift=1.5),
    "C": KindsParams(),
    "D": KindsParams(scale=0.2),
}
_KINDS = {"A": "dimensional", "B": "shifted", "C": "healthy", "D": "scale"}
_WHAT_SHOWS = {
    "A": "no axis is narrow, but compare its effective rank with 16",
    "B": "width and rank are fine; look where the cloud lies, `z.mean(0).norm()`",
    "C": "std, rank and mean are all within their ranges",
    "D": "rank and mean are fine; look at its std along the axes",
}


def patients() -> dict[str, torch.Tensor]:
    """Return four embeddings of digits, (1000, 16) each, by name; the axes are mixed."""
    return {name: broken(params) for name, params in _PATIENTS.items()}


def _check_diagnosis(answer: Any) -> str:
    expect(
        isinstance(answer, Mapping),
        f'expected a dict such as {{"A": "healthy", …}}, got {type(answer).__name__}.',
    )
    missing = [name for name in _KINDS if name not in answer]
    expect(not missing, f"no diagnosis for {', '.join(missing)}.")
    if any(answer[name] is ... for name in _KINDS):
        raise NotTried
    names = sorted(set(_KINDS.values()))
    for name, kind in _KINDS.items():
        said = str(answer[name]).strip().lower()
        expect(said in names, f"{name}: expected one of {', '.join(names)}, got {answer[name]!r}.")
        expect(said == kind, f"{name} is not {said}: {_WHAT_SHOWS[name]}.")
    return "Std, rank and mean: each was needed for one of the four."


diagnosis = Exercise(
    _check_diagnosis,
    hints=(
        "For each: `z.std(0)`, `training.effective_rank(z)`, `z.mean(0).norm()`.",
        "Healthy is std near 1 on every axis, rank near 16, a mean near 0. One of the four is.",
        "If the rank is 6, the cloud fills six dimensions, however wide each axis is.",
    ),
    solution="""
my_diagnosis = {"A": "dimensional", "B": "shifted", "C": "healthy", "D": "scale"}
""",
)


# --- one meter for all ----------------------------------------------------------------------------

_TRIED = {
    "scale collapse": (
        KindsParams(scale=0.05),
        "Rank, kNN, cosines and whatever is standardized first do not see scale.",
    ),
    "dimensional collapse": (
        KindsParams(kept=8),
        "No axis is narrow: look along other directions too.",
    ),
    "dimensional collapse on the axes": (
        KindsParams(kept=8, mixed=False),
        "Eight of its axes have std 0.",
    ),
    "a shifted cloud": (KindsParams(shift=2.0), "Width and rank do not move with the cloud."),
    "a constant embedding": (KindsParams(scale=0.0), "Every embedding lies at 0."),
}


def _check_alarm(answer: Any) -> str:
    healthy = {
        "a sample of N(0, I)": normal(1000, 16, seed=4),
        "the healthy digits": broken(KindsParams()),
    }
    for name, z in healthy.items():
        expect(
            not _truth_value(call(answer, z)),
            f"false alarm: {name} is not collapsed. Samples of N(0, I) have T near 1, the healthy "
            "digits near 4.",
        )
    for name, (params, why) in _TRIED.items():
        expect(_truth_value(call(answer, broken(params))), f"{name} passes unseen. {why}")
    return "No false alarm, and no kind of collapse passes."


def _truth_value(result: Any) -> bool:
    """Return a verdict as a bool; numbers that are neither 0 nor 1 are no verdict."""
    try:
        value = number(result)
    except NotYet as error:
        raise NotYet(
            "expected one True or False. Reduce what you measure to a single verdict."
        ) from error
    expect(value in (0.0, 1.0), f"expected True or False, got {value:g}. Compare with a threshold.")
    return bool(value)


alarm = Exercise(
    _check_alarm,
    hints=(
        "Which row of the table objected to every kind, and to nothing healthy?",
        "`losses.SIGReg(256, seed=0)(z)` is the mean of T over 256 random directions.",
        "Healthy clouds score below 5 here, broken ones above 50. Set a threshold between.",
    ),
    solution="""
def my_alarm(z):
    return losses.SIGReg(256, seed=0)(z) > 10
""",
)


# --- λ of a pair of weights -----------------------------------------------------------------------


def _check_lamb(answer: Any) -> str:
    a, b = 10.0, 3.0  # of the mean squared gap, of the regularizer
    got = number(call(answer, a, b))
    wrong = {
        "that forgets the factor 4: a mean squared gap of two views is four invariances.": b
        / (a + b),
        "that is the invariance's share, 1 − λ. λ is the regularizer's.": 4 * a / (4 * a + b),
        "that is the regularizer per invariance. λ is its share of both.": b / (4 * a),
        "that is the ratio of the weights. λ is a share, from 0 to 1.": b / a,
        "the 4 is on the wrong side: the invariance's weight is 4 times that of the gap.": b
        / (a / 4 + b),
    }
    refuse(got, wrong)
    truth = b / (4 * a + b)
    expect(close(got, truth), f"weights 10 and 3 are λ = {truth:.4f}, not {got:.4f}.")
    equal = number(call(answer, 25.0, 25.0))
    expect(close(equal, 0.2), f"25 : 25 is λ = 0.2, not {equal:.4f}.")
    return "25 : 25 is λ = 0.2, ten times LeJEPA's 0.02."


lamb = Exercise(
    _check_lamb,
    hints=(
        "For two views mean (z_a − z_b)² is four times the invariance. Write the loss with it.",
        "The loss is 4 a · invariance + b · R. Divide it by 4 a + b.",
    ),
    solution="""
def my_lambda(gap_weight, regularizer_weight):
    return regularizer_weight / (4 * gap_weight + regularizer_weight)
""",
)


# --- stop-gradient --------------------------------------------------------------------------------


def _check_stop_gradient(answer: Any) -> str:
    z = normal(2, 6, 3, seed=5).requires_grad_(True)
    result = call(answer, z)
    expect(isinstance(result, torch.Tensor), "return a tensor, so that gradients can flow back.")
    got, full = number(result.detach()), invariance(z)
    (gradient,) = torch.autograd.grad(full, z)
    expect(
        not close(got, full.item() / 2),
        "the value is half of the invariance. Only the gradient is to be halved.",
    )
    expect(
        not close(got, 4 * full.item()),
        "that is mean (z_a − z_b)². Mind the quarter: the value is to be the invariance's.",
    )
    expect(
        close(got, full.item()),
        f"the value should stay the invariance's, {full.item():.4f}; you give {got:.4f}.",
    )
    _refuse_gradients(_gradient_of(result, z), gradient)
    return "Half the gradient in the very same direction, for every view."


def _gradient_of(result: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    expect(
        result.requires_grad,
        "no gradient is left at all. Detach the target only, not the view that is compared.",
    )
    (gradient,) = torch.autograd.grad(result, z, allow_unused=True)
    expect(gradient is not None, "no gradient reaches z.")
    return gradient


def _refuse_gradients(got: torch.Tensor, full: torch.Tensor) -> None:
    """Name what a wrong gradient (2, N, D) has instead of half of the full one."""
    expect(
        not torch.allclose(got, full),
        "the gradient is still the invariance's own. (Detaching the mean of both views changes "
        "nothing: the distances to it add up to 0.) Each view's target is the *other*, detached.",
    )
    both = [bool(view.abs().max() > 0) for view in got]
    expect(
        all(both),
        "only one view gets a gradient. Let each view have its turn: average the two losses.",
    )
    expect(
        torch.allclose(got, full / 2),
        f"the gradient is {float((got * full).sum() / full.square().sum()):.2f} times the "
        "invariance's, not half of it.",
    )


stop_gradient = Exercise(
    _check_stop_gradient,
    hints=(
        "`.detach()` makes a target of a view: its value stays, no gradient flows back into it.",
        "One turn: `((z[0] - z[1].detach()) / 2).square().mean()`. And the other view's turn?",
        "The mean of both turns has the invariance's value.",
    ),
    solution="""
def my_stop_gradient(z):
    targets = z.flip(0).detach()  # each view's target is the other
    return ((z - targets) / 2).square().mean()
""",
)


# --- the hybrid's weights -------------------------------------------------------------------------


def _check_hybrid(answer: Any) -> str:
    middle = _weights(call(answer, 125, 100, 200))
    expect(
        not (close(middle[0], 0.25) and close(middle[1], 0.75)),
        "swapped: VICReg's weight comes first, and at step 125 most of it is left.",
    )
    expect(
        not (close(middle[0], 0.5) and close(middle[1], 0.5)),
        "that is the report's step, half and half. A straight line is asked: 125 is a quarter of "
        "the way.",
    )
    expect(
        close(middle[0], 0.75) and close(middle[1], 0.25),
        f"a quarter of the way the weights are (0.75, 0.25), not ({middle[0]:g}, {middle[1]:g}).",
    )
    for step, truth in ((40, (1.0, 0.0)), (100, (1.0, 0.0)), (200, (0.0, 1.0)), (290, (0.0, 1.0))):
        got = _weights(call(answer, step, 100, 200))
        expect(
            got[0] >= 0.0 and got[1] >= 0.0,
            f"at step {step} a weight is {min(got):g}. Keep the progress between 0 and 1.",
        )
        expect(
            close(got[0], truth[0]) and close(got[1], truth[1]),
            f"at step {step} the weights are {truth}, not ({got[0]:g}, {got[1]:g}).",
        )
    return "Pure before, pure after, and the two always add up to 1."


def _weights(result: Any) -> tuple[float, float]:
    try:
        result = torch.stack([torch.as_tensor(weight) for weight in result])
    except (TypeError, ValueError, RuntimeError) as error:
        raise NotYet("return both weights, VICReg's and then SIGReg's: `return v, s`.") from error
    pair = tensor(result, (2,))
    expect(bool(pair.isfinite().all()), "expected finite numbers.")
    return pair[0].item(), pair[1].item()


hybrid = Exercise(
    _check_hybrid,
    hints=(
        "The progress is (step − start) / (end − start), kept between 0 and 1.",
        "SIGReg's weight is the progress, VICReg's is what is left of 1.",
    ),
    solution="""
def my_weights(step, start, end):
    progress = min(1.0, max(0.0, (step - start) / (end - start)))
    return 1.0 - progress, progress
""",
)


# --- quiz -----------------------------------------------------------------------------------------

quiz_rank = quiz(
    "c",
    {
        "a": "Look at the std as well: 0.013. The rank compares widths with each other only.",
        "b": "The projection has 16 dimensions, so 15.4 can be right; and it is.",
        "c": "A cloud that shrinks alike in all directions keeps its rank. Std or T would tell.",
        "d": "kNN is blind to scale as well; here it falls because the digits get mixed up.",
    },
)
quiz_axes = quiz(
    "b",
    {
        "a": "Std 0.7 is within the healthy range; the rank is not.",
        "b": "Eight dimensions are lost, and the mixture spreads what is left over all axes.",
        "c": "Then the axes would be narrow while the rank stays 16.",
        "d": "A shift changes neither the widths nor the rank.",
    },
)
quiz_standardized = quiz(
    "d",
    {
        "a": "It has no more slices than it needs; more of the same shadows would not help.",
        "b": "λ is the same 0.2 as SIGReg's, which ends near std 1.",
        "c": "Adam follows every gradient. Only a common factor is lost on it.",
        "d": "Standardized shadows look the same whatever the scale, so nothing keeps it up.",
    },
)
quiz_lambda = quiz(
    "a",
    {
        "a": "The cloud is round, the views agree less, and on these digits kNN loses a little.",
        "b": "That is what too small a λ does.",
        "c": "More weight on a statistic that is worst at a point does not lead to a point.",
        "d": "In the sweep the invariance grows with λ at every step.",
    },
)
quiz_stop = quiz(
    "c",
    {
        "a": "Without a regularizer that run ended on a point, like the one without it.",
        "b": "Value and direction of the gradient are the same; it was measured.",
        "c": "Half the invariance's gradient, so λ weighs about twice as much.",
        "d": "The direction is unchanged: half the gradient is still downhill.",
    },
)
quiz_space = quiz(
    "b",
    {
        "a": "The projection has T near 6: the training did what it was asked.",
        "b": "The loss sees the projection. The embedding keeps widths of its own.",
        "c": "Shrinking the embedding would not make it Gaussian; and no one asks it to be.",
        "d": "Gaussian samples have T near 1 in 32 dimensions too.",
    },
)
