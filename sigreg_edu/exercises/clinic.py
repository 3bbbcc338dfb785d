"""Exercises of notebook 07: effect, alarm, memory, clipping, a dead point, λ, bfloat16, ranks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from sigreg_edu.exercises.core import (
    Exercise,
    NotTried,
    NotYet,
    call,
    close,
    expect,
    number,
    quiz,
    refuse,
)
from sigreg_edu.statistics import quadrature_rule
from sigreg_edu.training.monitor import RISEN, WINDOW, null_floor

FLOOR = null_floor()


def _pair(result: Any, asked: str) -> tuple[float, float]:
    """Two numbers, or a reason; ``asked`` names them."""
    try:
        parts = list(result)
    except TypeError as error:
        raise NotYet(f"return two numbers: `return {asked}`.") from error
    if any(part is ... for part in parts):
        raise NotTried
    expect(len(parts) == 2, f"two numbers are asked, {asked}; got {len(parts)}.")
    return number(parts[0]), number(parts[1])


# --- effect ---------------------------------------------------------------------------------------


def _check_effect(answer: Any) -> str:
    for T, n in ((50.0, 128), (400.0, 1024), (1.0, 64)):
        got = number(call(answer, T, n))
        wrong = {
            "subtract the floor first: healthy points have 1.05, not 0.": T / n,
            "that is how many times the floor. It grows with N.": T / FLOOR,
            "that is how far above the floor. It grows with N: divide.": T - FLOOR,
            "only T is divided. The floor belongs to T: subtract it first, then divide.": T / n
            - FLOOR,
            "T itself has the factor N, not its root.": (T - FLOOR) / n**0.5,
            "the sign is wrong: above the floor is positive.": (FLOOR - T) / n,
            "divide by N: T is N times an integral.": (T - FLOOR) * n,
        }
        refuse(got, wrong, rel=1e-4)
        truth = (T - FLOOR) / n
        expect(
            close(got, truth, rel=3e-3, abs=5e-5),
            f"T = {T:g} of N = {n} is an effect of {truth:.4f}, not {got:.4f}.",
        )
    return (
        "Now batches of different sizes compare: 0.38 and 0.39 are the same illness, though T is "
        "50 and 400. A point at 0 has 0.40."
    )


effect = Exercise(
    _check_effect,
    hints=(
        "Where does a healthy cloud lie, whatever N is? Measure from there.",
        "T = N · ∫ …: what is left after the floor grows like N.",
        "(T − 1.05) / N.",
    ),
    solution="""
def my_effect(T, n):
    return (T - 1.0525) / n
""",
)


# --- alarm ----------------------------------------------------------------------------------------

_Judge = Callable[[torch.Tensor], float]


def _first(values: torch.Tensor, seen: _Judge, floor: float) -> int:
    """The first step at which what is seen of the window has risen; 0 if it never does."""
    lowest = math.inf
    for step in range(WINDOW, len(values) + 1):
        now = seen(values[step - WINDOW : step])
        lowest = min(lowest, now)
        if now > RISEN * max(lowest, floor):
            return step
    return 0


def _median(window: torch.Tensor) -> float:
    return window.median().item()


def _mean(window: torch.Tensor) -> float:
    return window.mean().item()


def _curves() -> dict[str, tuple[torch.Tensor, str]]:
    """Curves of T by name, each with what to say of a wrong answer."""
    steps = torch.arange(1.0, 201.0, dtype=torch.float64)
    ripple = 1.0 + 0.08 * torch.sin(2.3 * steps)
    fall = 20.0 * torch.exp(-steps / 12.0)
    spiked = (fall + 1.05) * ripple
    spiked[149] = 40.0
    deep = (fall + 0.25 + 0.5 * (steps > 120)) * ripple
    rising = (fall + 2.0 + 0.06 * (steps - 90.0).clamp(min=0.0)) * ripple
    return {
        "a healthy curve with one spike": (
            spiked,
            "one bad batch is no rise: the median of 25 steps does not see it.",
        ),
        "a curve that stays below the floor": (
            deep,
            "from 0.25 to 0.75 is a factor of 3, but both lie below the floor: no illness.",
        ),
        "a curve that falls to 2 and rises again": (
            rising,
            "compare each median with the lowest one so far.",
        ),
    }


def _check_alarm(answer: Any) -> str:
    for name, (curve, why) in _curves().items():
        got = number(call(answer, curve, FLOOR))
        truth = _first(curve, _median, FLOOR)
        _refuse_alarms(got, curve, truth)
        told = f"step {truth}" if truth else "0, no alarm"
        expect(got == truth, f"{name}: {told} is right, you say {got:g}. {why}")
    return "The same rule as `Monitor`'s, which also leaves the first 50 steps alone."


def _refuse_alarms(got: float, curve: torch.Tensor, truth: int) -> None:
    """Say why an answer is wrong if it is that of a typical slip."""
    expect(not truth or got != truth - 1, "count the steps from 1, not from 0.")
    slips = {
        "one spike moves a mean of 25 steps, and single steps all the more. Take the median.": (
            _first(curve, _mean, FLOOR)
        ),
        "that compares with the lowest median alone. Below the floor nothing is ill: take the "
        "larger of the two.": _first(curve, _median, 0.0),
        "that compares with the floor alone. What was reached before counts, too.": _first_above(
            curve, RISEN * FLOOR
        ),
        "that judges single steps. Take the median of the last 25.": _first_single(curve),
    }
    for reason, value in slips.items():
        expect(value == truth or got != value, reason)


def _first_above(values: torch.Tensor, limit: float) -> int:
    """The first step whose median is above a limit."""
    windows = values.unfold(0, WINDOW, 1).median(dim=1).values  # (steps - 24,)
    above = (windows > limit).nonzero()
    return WINDOW + int(above[0]) if len(above) else 0


def _first_single(values: torch.Tensor) -> int:
    """The first step whose own value has risen above the lowest so far."""
    limits = RISEN * values.cummin(0).values.clamp(min=FLOOR)
    above = (values > limits).nonzero()
    return 1 + int(above[0]) if len(above) else 0


alarm = Exercise(
    _check_alarm,
    hints=(
        "Go from step 25 to the last. The last 25 values are `values[step - 25 : step]`.",
        "Keep the lowest median so far, and compare with 1.5 times the larger of it and `floor`.",
        "`torch.median` of 25 values is the middle one. Return 0 behind the loop.",
    ),
    solution="""
def my_alarm(values, floor):
    lowest = float("inf")
    for step in range(25, len(values) + 1):
        now = values[step - 25 : step].median()
        lowest = min(lowest, now)
        if now > 1.5 * max(lowest, floor):
            return step
    return 0
""",
)


# --- memory ---------------------------------------------------------------------------------------


def _check_memory(answer: Any) -> str:
    for n, d, m, t in ((6272, 384, 1024, 17), (256, 64, 512, 9)):
        got = _pair(call(answer, n, d, m, t), "directions, grid")
        for value, wrong in zip(got, _wrong_bytes(n, d, m, t), strict=True):
            refuse(value, wrong, rel=1e-9)
        for name, value, truth in zip(
            ("directions", "grid"), got, (4 * d * m, 4 * n * m * t), strict=True
        ):
            expect(
                value == truth,
                f"{name}: {truth:,} bytes for N, D, M, T = {n}, {d}, {m}, {t}; not {value:,.0f}.",
            )
    return (
        "At N = 6,272, D = 384, M = 1,024, T = 17: 1.6 MB of directions, 437 MB for each array of "
        "the grid. Keeping the directions spares nothing worth having."
    )


def _wrong_bytes(n: int, d: int, m: int, t: int) -> tuple[dict[str, float], dict[str, float]]:
    """Typical slips for the directions and for the grid."""
    numbers = "those are numbers, not bytes. A float32 has four."
    directions = {
        numbers: float(d * m),
        "float32: four bytes a number, not eight.": 8.0 * d * m,
        "directions have no N: they are D × M, whatever the batch.": 4.0 * n * m,
        "the slices are missing: M directions of D numbers.": 4.0 * d,
        "you swapped the two: directions first.": 4.0 * n * m * t,
    }
    grid = {
        numbers: float(n * m * t),
        "float32: four bytes a number, not eight.": 8.0 * n * m * t,
        "that is the projections, N × M. At each of them there are T knots.": 4.0 * n * m,
        "the slices are missing: each has its own N × T.": 4.0 * n * t,
        "D is gone after projecting: a grid has N × M × T.": 4.0 * n * d * m * t,
        "pairs of points are the three sums' matter. Here each point meets T knots.": (
            4.0 * n * n * m
        ),
    }
    return directions, grid


memory = Exercise(
    _check_memory,
    hints=(
        "A float32 takes 4 bytes. Count the numbers of each array.",
        "Directions: M columns of D numbers. Grid: t · a·z for each knot, slice and point.",
    ),
    solution="""
def my_memory(n, d, m, t):
    return 4 * d * m, 4 * n * m * t
""",
)


# --- clipping -------------------------------------------------------------------------------------

_GRADIENTS = {
    "long gradients": ((3.0, 4.0), (12.0, 0.0, 0.0)),  # norms 5 and 12, together 13
    "short gradients": ((0.3, 0.4), (0.0, 0.0, 0.5)),  # together 0.71
    "gradients that are zero": ((0.0, 0.0), (0.0, 0.0, 0.0)),
}


def _of(name: str) -> list[torch.Tensor]:
    """Fresh copies, which an answer may change in place."""
    return [torch.tensor(values, dtype=torch.float64) for values in _GRADIENTS[name]]


def _check_clip(answer: Any) -> str:
    for name, truth in (
        ("long gradients", [g * (2.0 / 13.0) for g in _of("long gradients")]),
        ("short gradients", _of("short gradients")),
        ("gradients that are zero", _of("gradients that are zero")),
    ):
        got = _tensors(call(answer, _of(name), 2.0), truth)
        if not _alike(got, truth):
            _refuse_clips(got, _of(name))
            raise NotYet(f"{name}: they should become {_shown(truth)}, not {_shown(got)}.")
    return "The direction stays, the length is at most `max_norm`: one bad batch does little harm."


def _tensors(result: Any, like: list[torch.Tensor]) -> list[torch.Tensor]:
    """The answer as a list of tensors of the shapes asked for."""
    try:
        parts = list(result)
        got = [torch.as_tensor(part) for part in parts]
    except (TypeError, ValueError, RuntimeError) as error:
        raise NotYet("return a list of tensors, one for each gradient.") from error
    shapes, wanted = ([tuple(t.shape) for t in some] for some in (got, like))
    expect(shapes == wanted, f"expected tensors of shapes {wanted}, got {shapes}.")
    expect(not any(t.is_complex() for t in got), "expected real numbers, got complex ones.")
    expect(
        all(bool(t.isfinite().all()) for t in got),
        "a gradient of zeros becomes NaN: you divide by a norm of 0.",
    )
    return [t.double() for t in got]


def _refuse_clips(got: list[torch.Tensor], gradients: list[torch.Tensor]) -> None:
    """Say why an answer is wrong if it is that of a typical slip, for a largest norm of 2."""
    whole = torch.cat(gradients).norm().item()
    largest = max(g.abs().max().item() for g in gradients)
    total = sum(g.abs().sum().item() for g in gradients)
    slips = {
        "each tensor is clipped by its own norm: that turns the direction. Take one norm, of all "
        "numbers together.": [g * min(1.0, 2.0 / max(g.norm().item(), 1e-12)) for g in gradients],
        "each number is clipped by itself: that turns the direction.": [
            g.clamp(-2.0, 2.0) for g in gradients
        ],
        "short gradients are lengthened. Shorten long ones only: the factor is at most 1.": [
            g * (2.0 / max(whole, 1e-12)) for g in gradients
        ],
        "they are brought to length 1. Shorten to `max_norm`.": [
            g * min(1.0, 1.0 / max(whole, 1e-12)) for g in gradients
        ],
        "that divides by the square of the norm: a root is missing.": [
            g * min(1.0, 2.0 / max(whole**2, 1e-12)) for g in gradients
        ],
        "that is the sum of absolute values. Take the root of the sum of squares.": [
            g * min(1.0, 2.0 / max(total, 1e-12)) for g in gradients
        ],
        "that is the largest number, not the norm.": [
            g * min(1.0, 2.0 / max(largest, 1e-12)) for g in gradients
        ],
        "nothing was shortened, and they are 13 long.": gradients,
    }
    for reason, wrong in slips.items():
        expect(not _alike(got, wrong), reason)


def _alike(a: list[torch.Tensor], b: list[torch.Tensor]) -> bool:
    """Torch's own ``clip_grad_norm_`` adds 1e-6 to the norm, hence the tolerance."""
    return all(torch.allclose(x, y, rtol=1e-5, atol=1e-7) for x, y in zip(a, b, strict=True))


def _shown(tensors: list[torch.Tensor]) -> str:
    return ", ".join(str([round(value, 3) for value in t.tolist()]) for t in tensors)


clip = Exercise(
    _check_clip,
    hints=(
        "One norm for all: the root of the sum of the squares of every number of every tensor.",
        "The factor is `min(1, max_norm / norm)`, the same for each tensor.",
        "Where all are zero the norm is 0. Add 1e-6 to it, as torch does, or return early.",
    ),
    solution="""
def my_clip(gradients, max_norm):
    norm = sum(g.square().sum() for g in gradients).sqrt()
    factor = min(1.0, max_norm / (norm + 1e-6))
    return [factor * g for g in gradients]
""",
)


# --- a dead point ---------------------------------------------------------------------------------


def _at_a_point(n: float, c: float, t: torch.Tensor, w: torch.Tensor) -> tuple[float, float]:
    """T of n points at c, and its derivative by c."""
    target = torch.exp(-t.square() / 2)
    value = (1.0 - 2.0 * target * torch.cos(t * c) + target.square()) @ w
    slope = (2.0 * t * target * torch.sin(t * c)) @ w
    return n * value.item(), n * slope.item()


def _check_point(answer: Any) -> str:
    t, w = quadrature_rule()
    for n, c in ((100, 0.5), (7, 2.0), (100, 0.0)):
        got = _pair(call(answer, n, c, t, w), "T, slope")
        truth = _at_a_point(n, c, t, w)
        for value, wrong in zip(got, _wrong_points(n, c, t, w, truth), strict=True):
            for reason, number_of in wrong.items():
                expect(close(number_of, 0.0) or not close(value, number_of, rel=1e-6), reason)
        for name, value, right in zip(("T", "its slope"), got, truth, strict=True):
            expect(
                close(value, right, rel=1e-6, abs=1e-9),
                f"{n} points at {c:g}: {name} is {right:.4f}, not {value:.4f}.",
            )
    return (
        "At 0: T = 0.402 N, the slope exactly 0. It is a saddle: to move together makes T worse, "
        "to move apart makes it better. So any jitter brings the points back to life."
    )


def _wrong_points(
    n: int, c: float, t: torch.Tensor, w: torch.Tensor, truth: tuple[float, float]
) -> tuple[dict[str, float], dict[str, float]]:
    """Typical slips for the statistic and for its slope; those that say nothing here are 0."""
    value, slope = truth
    target = torch.exp(-t.square() / 2)
    real = n * ((torch.cos(t * c) - target).square() @ w).item()
    twice = "`w` holds both signs of t and the window already: nothing more is needed."
    window = n * ((1.0 - 2.0 * target * torch.cos(t * c) + target.square()) @ (w * target)).item()
    of_value = {
        "the factor N is missing.": value / n,
        "T has N once: the ECF of points at one place does not depend on N.": value * n,
        twice: 2.0 * value,
        "`w` already holds the window e^(−t²/2).": window,
        "|·|² also has the imaginary part, sin(tc)².": real if c else 0.0,
    }
    of_slope = {
        "the slope lacks the factor N.": slope / n,
        "the slope's sign is wrong: further away from 0 is worse.": -slope,
        "the slope lacks the 2 of 2 cos.": slope / 2.0,
        "the slope lacks t: the derivative of cos(tc) by c is −t sin(tc).": n
        * (2.0 * target * torch.sin(t * c) @ w).item(),
        twice: 2.0 * slope,
        "that is the slope of one point alone. All N move together.": slope / n,
    }
    return of_value, of_slope


point = Exercise(
    _check_point,
    hints=(
        "All points at c: their characteristic function is exp(i t c), whatever N.",
        "|exp(itc) − φ|² = 1 − 2 φ cos(tc) + φ², with φ = exp(−t²/2). Sum it with `w`, times n.",
        "Its derivative by c: 2 t φ sin(tc). Sum with `w`, times n.",
    ),
    solution="""
def my_point(n, c, t, w):
    target = torch.exp(-t**2 / 2)
    T = n * (w * (1 - 2 * target * torch.cos(t * c) + target**2)).sum()
    slope = n * (w * 2 * t * target * torch.sin(t * c)).sum()
    return T, slope
""",
)


# --- conventions of λ -----------------------------------------------------------------------------

_LOSSES = (  # weight of the agreement, of the regularizer, N, mean squared gap?, factor N?
    ("LeJEPA's own, 0.95 and 0.05", (0.95, 0.05, 256, False, True)),
    ("25 : 25 without the factor N", (25.0, 25.0, 1024, True, False)),
    ("the report's 25 : 25", (25.0, 25.0, 256, True, True)),
    ("1 and 10 without the factor N, as in eb_jepa", (1.0, 10.0, 256, False, False)),
)


def _check_lamb(answer: Any) -> str:
    for name, options in _LOSSES:
        got = number(call(answer, *options))
        _refuse_lambs(got, *options)
        truth = _lamb(*options)
        expect(close(got, truth, rel=1e-6), f"{name}: λ is {truth:.4g}, not {got:.4g}.")
    return "0.05, 0.00024, 0.2 and 0.038: four losses whose weights look alike, or do not."


def _lamb(a: float, b: float, n: int, gap: bool, with_n: bool) -> float:
    agree, spread = 4.0 * a if gap else a, b if with_n else b / n
    return spread / (agree + spread)


def _refuse_lambs(got: float, a: float, b: float, n: int, gap: bool, with_n: bool) -> None:
    """Say why an answer is wrong if it is that of a typical slip."""
    truth = _lamb(a, b, n, gap, with_n)
    agree, spread = 4.0 * a if gap else a, b if with_n else b / n
    slips = [
        ("divide by the sum of both weights, so that they add up to 1.", spread),
        ("that is a ratio. λ is a share: divide by the sum of both.", spread / agree),
        ("that is the share of the agreement. λ is SIGReg's.", agree / (agree + spread)),
        ("that takes no notice of N: without it R = T / N.", _lamb(a, b, n, gap, True)),
        ("R = T / N, so b · R = (b / N) · T: divide by N.", b * n / (agree + b * n)),
        ("where T has its N already, do not divide by N again.", _lamb(a, b, n, gap, False)),
        ("the mean squared gap of two views is four times the invariance.", spread / (a + spread)),
        ("the gap is four times the invariance: multiply, not divide.", spread / (a / 4 + spread)),
        ("the gap is four times the invariance, not twice.", spread / (2 * a + spread)),
        ("only a gap has the 4: here a weighs the invariance itself.", spread / (4 * a + spread)),
    ]
    for reason, value in slips:
        if not close(value, truth, rel=1e-6):
            refuse(got, {reason: value}, rel=1e-6)


lamb = Exercise(
    _check_lamb,
    hints=(
        "Bring both to LeJEPA's terms first. A mean squared gap is 4 · invariance.",
        "R is T with the factor N, T / N without: b · R = (b / N) · T.",
        "Then λ is the share of T's weight in the sum of both.",
    ),
    solution="""
def my_lamb(a, b, n, gap, with_n):
    agree = 4 * a if gap else a
    spread = b if with_n else b / n
    return spread / (agree + spread)
""",
)


# --- bfloat16 -------------------------------------------------------------------------------------


def _check_stop(answer: Any) -> str:
    for bits, name in ((8, "bfloat16"), (11, "float16"), (24, "float32")):
        got = number(call(answer, bits))
        wrong = {
            "that is one step further: 2^bits is the first whole number whose successor is "
            "missing.": 2.0**bits + 1.0,
            "there it still has a successor: the sum is rounded to even only one step later.": (
                2.0**bits - 1.0
            ),
            f"{bits} significant bits include the leading one: all whole numbers up to 2^{bits} "
            "fit.": 2.0 ** (bits - 1),
            "that counts one bit too many.": 2.0 ** (bits + 1),
            "bits are binary: 2, not 10.": 10.0**bits,
            "two to the power of bits, not bits squared.": float(bits * bits),
        }
        refuse(got, wrong, rel=1e-12)
        truth = 2**bits
        expect(got == truth, f"{name}, {bits} bits: the sum stops at {truth:,}, not {got:,.0f}.")
    return (
        "256 in bfloat16: a sum of 1,024 cosines near 1, taken one by one, ends at 256. Libraries "
        "add in float32; a loss of your own may not."
    )


stop = Exercise(
    _check_stop,
    hints=(
        "With 3 bits: 1, 2, …, 7 fit, and 8 = 100₂ · 2. The next after 8 is 10.",
        "8 + 1 lies half-way between 8 and 10, and is rounded to 8.",
    ),
    solution="""
def my_stop(bits):
    return 2**bits
""",
)


# --- joined batches -------------------------------------------------------------------------------


def _parts(*sizes: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(sum(sizes))
    return [
        0.7 * torch.randn(size, generator=generator, dtype=torch.float64) + 0.4 * k
        for k, size in enumerate(sizes)
    ]


def _statistic(x: torch.Tensor, t: torch.Tensor, w: torch.Tensor, n: int | None = None) -> float:
    """T of one sample, with another N in front where one is given."""
    angles = x[:, None] * t  # (N, T)
    gap = angles.cos().mean(0) - torch.exp(-t.square() / 2)
    return (n or len(x)) * ((gap.square() + angles.sin().mean(0).square()) @ w).item()


class _Watch(TorchFunctionMode):
    """Notices a tensor with one entry, row or column for each point of all parts together."""

    def __init__(self, total: int) -> None:
        super().__init__()
        self.total, self.joined = total, False

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        result = function(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor) and self.total in result.shape:
            self.joined = True
        return result


def _check_union(answer: Any) -> str:
    t, w = quadrature_rule()
    for sizes in ((60, 60), (100, 20, 30)):
        parts = _parts(*sizes)
        with _Watch(sum(sizes)) as watch:
            got = number(call(answer, [part.clone() for part in parts], t, w))
        truth = _statistic(torch.cat(parts), t, w)
        _refuse_unions(got, parts, t, w, truth)
        expect(
            close(got, truth, rel=1e-6),
            f"parts of {', '.join(map(str, sizes))} points: T is {truth:.4f}, not {got:.4f}.",
        )
        expect(
            not watch.joined,
            "the number is right, but you brought all points to one place first. Between ranks "
            "that would send every point of every slice. Take sums over each part, and add those.",
        )
    return "Sums add up, T does not: send 2 · 17 sums a slice and the count, then take T."


def _refuse_unions(
    got: float, parts: list[torch.Tensor], t: torch.Tensor, w: torch.Tensor, truth: float
) -> None:
    """Say why an answer is wrong if it is that of a typical slip."""
    own = [_statistic(part, t, w) for part in parts]
    counts = torch.tensor([len(part) for part in parts], dtype=torch.float64)
    total = int(counts.sum())
    cos, sin = (
        torch.stack([getattr(torch, f)(part[:, None] * t).mean(0) for part in parts])
        for f in ("cos", "sin")
    )
    target = torch.exp(-t.square() / 2)
    alike = (((cos.mean(0) - target).square() + sin.mean(0).square()) @ w).item()
    real = ((torch.cat(parts)[:, None] * t).cos().mean(0) - target).square() @ w
    slips = [
        (
            (
                "that is the mean of the parts' T: what unjoined ranks minimise. Add cosines and "
                "sines first."
            ),
            sum(own) / len(own),
        ),
        ("that is the sum of the parts' T.", sum(own)),
        (
            (
                "that is the parts' T, weighted by their sizes. T is no mean of T: add cosines and "
                "sines first."
            ),
            (torch.tensor(own, dtype=torch.float64) @ counts).item() / total,
        ),
        (
            (
                "each part's mean counts alike, however many points it has. Add sums, then divide "
                "by the number of all points."
            ),
            total * alike,
        ),
        ("N is the number of points of all parts.", truth / total * float(counts.mean())),
        ("N is the number of points of all parts.", truth / total * len(parts[0])),
        ("the factor N is missing.", truth / total),
        ("the sines are missing.", total * real.item()),
        ("`w` holds both signs of t already.", 2.0 * truth),
    ]
    for reason, value in slips:
        if not close(value, truth, rel=1e-6):
            refuse(got, {reason: value}, rel=1e-6)


union = Exercise(
    _check_union,
    hints=(
        "For each part: `(part[:, None] * t).cos().sum(0)`, (T,), the same with sin, and its size.",
        "Add the cosines of all parts, the sines, the sizes; only then divide.",
        "T = N · Σ w · ((C − exp(−t²/2))² + S²), with C, S the sums over N.",
    ),
    solution="""
def my_union(parts, t, w):
    n = sum(len(part) for part in parts)
    C = sum((part[:, None] * t).cos().sum(0) for part in parts) / n
    S = sum((part[:, None] * t).sin().sum(0) for part in parts) / n
    return n * (w * ((C - torch.exp(-t**2 / 2)) ** 2 + S**2)).sum()
""",
)


# --- quiz -----------------------------------------------------------------------------------------

# Seven patients; the notebook prints each log or measurement that is asked about.
quiz_standardized = quiz(
    "b",
    {
        "a": "The rank, 18, is not far from the healthy 21. It is the width that is lost: look at "
        "std.",
        "b": "It divided each shadow by its own width, so the loss never saw the scale go.",
        "c": "More of the same loss leaves the scale as free as before: see remedy 1 of patient A.",
        "d": "Few fixed slices lose dimensions, and most of the rank is here. What the loss asked "
        "of its slices was wrong: see remedy 2 of patient A.",
    },
)
quiz_strong = quiz(
    "c",
    {
        "a": "The rank is nearly 32, std is 1: nothing has collapsed.",
        "b": "T stands at its floor, along slices that no training saw. It sees quite well.",
        "c": "All is spent on the bell, nothing on agreement. A weight of 10 for T / N, copied to "
        "where T has its N, is a λ of 0.91.",
        "d": "A smaller step takes the same loss to the same place, only later.",
    },
)
quiz_fixed = quiz(
    "d",
    {
        "a": "T of the loss's own slices is below the floor already: there is nothing to press.",
        "b": "One point at 0 would have std 0 and T = 103. Here std is 0.37: dimensions are gone, "
        "rank 8 of 32.",
        "c": "More points along the slices that the loss sees: there T is calm already. It is high "
        "along all others.",
        "d": "The loss's own shadows are perfect and all others are not: many, fresh at each step.",
    },
)
quiz_dead = quiz(
    "a",
    {
        "a": "0.402 · 256: all on one place. No force parts points that are alike, so the start "
        "must.",
        "b": "A hundred times zero is zero.",
        "c": "Its variance term, too, has gradient exactly zero where all points are one.",
        "d": "Every slice sees one point; more of them see it more often.",
    },
)
quiz_ranks = quiz(
    "b",
    {
        "a": "More weight on a value that hardly says anything. With the batch joined T is 91.",
        "b": "T grows with the points that it sees together: 16 see next to nothing, 4,096 do.",
        "c": "The mean over ranks of T is what was minimised already.",
        "d": "On each rank the slices are random enough. What is missing is points.",
    },
)
quiz_memory = quiz(
    "c",
    {
        "a": "Three quarters of 0.8 MB are spared, of more than 160.",
        "b": "The directions are the smallest array of all, fixed or fresh.",
        "c": "The encoder keeps nearly everything; checkpointing gives it back for time.",
        "d": "VICReg spares at most the loss's share, which is below a hundredth.",
    },
)
quiz_nan = quiz(
    "d",
    {
        "a": "No step was taken yet, long or short.",
        "b": "Clipping multiplies, and NaN times anything is NaN.",
        "c": "The views go in first: nothing was lost before them, and bfloat16 reaches as far as "
        "float32.",
        "d": "At step 1 no weight has moved. What is NaN now came with the data or its statistics.",
    },
)
