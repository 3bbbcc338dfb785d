"""Exercises of notebook 08: costs, an ascent on the sphere, splitting, weights, levels, growth."""

from __future__ import annotations

import math
from typing import Any

import torch

from sigreg_edu.exercises.core import (
    Exercise,
    NotYet,
    call,
    close,
    expect,
    normal,
    number,
    quiz,
    refuse,
    refuse_like,
    slope,
    tensor,
)
from sigreg_edu.slicing import cramer_wold_statistic
from sigreg_edu.statistics import (
    epps_pulley_closed_form,
    epps_pulley_quadrature,
    quadrature_rule,
)

# --- a schedule and a constant that cost the same -------------------------------------------------


def _check_equal_cost(answer: Any) -> str:
    for first, last, steps in ((64, 1024, 5), (256, 16, 9)):
        got = number(call(answer, first, last, steps))
        factor = last / first
        slices = [first * factor ** (step / (steps - 1)) for step in range(steps)]
        late = [first * factor ** (step / steps) for step in range(steps)]
        truth = sum(slices) / steps
        wrong = {
            "that is the number halfway, √(first · last). Most of the cost lies at the other end: "
            "average over the steps.": math.sqrt(first * last),
            "that is the mean of first and last, right for a straight line. This schedule "
            "multiplies.": (first + last) / 2,
            "that is the cost of all steps. Divide by their number.": sum(slices),
            "your last step has fewer slices than `last` (or more): the exponent reaches 1 there, "
            "at step steps − 1.": sum(late) / steps,
            "there are `steps` steps, from 0 to steps − 1; you divide by one less.": (
                sum(slices) / (steps - 1)
            ),
            "that integral is right for very many steps. Here sum the few there are.": (
                (last - first) / math.log(factor)
            ),
        }
        refuse(got, wrong)
        expect(
            close(got, truth),
            f"from {first} to {last} in {steps} steps: {truth:.1f} slices, not {got:.1f}.",
        )
    return "From 64 to 1,024 costs more than its middle, 256: the late steps are the dear ones."


equal_cost = Exercise(
    _check_equal_cost,
    hints=(
        "List the slices of all steps: `first * (last / first) ** (s / (steps - 1))`.",
        "The constant that costs as much is their mean.",
    ),
    solution="""
def my_equal_cost(first, last, steps):
    slices = [first * (last / first) ** (s / (steps - 1)) for s in range(steps)]
    return sum(slices) / steps
""",
)


# --- one step uphill on the sphere ----------------------------------------------------------------


def _check_ascent(answer: Any) -> str:
    for dim, stride in ((3, 0.7), (6, 0.4)):
        a = normal(dim, seed=dim)
        a, gradient = a / a.norm(), 3.0 * normal(dim, seed=dim + 20)
        got = tensor(call(answer, a, gradient, stride), (dim,))
        refuse_like(got, _wrong_steps(a, gradient, stride))
        length = got.norm().item()
        expect(
            close(length, 1.0, rel=1e-6),
            f"your new direction is {length:.3f} long: it has left the sphere.",
        )
        turn = math.acos(min(1.0, max(-1.0, torch.dot(got, a).item())))
        expect(
            close(turn, stride, rel=1e-5),
            f"you turn by {turn:.3f} radians where {stride} are asked.",
        )
        expect(
            torch.allclose(got, _along(a, _tangent(a, gradient), stride), atol=1e-6),
            "the angle is right; the way is not that on which T grows fastest.",
        )
    return "The length stays 1 by itself: cos² + sin². The search is this step, many times over."


def _tangent(a: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """What of the gradient lies along the sphere."""
    return gradient - torch.dot(gradient, a) * a


def _along(a: torch.Tensor, tangent: torch.Tensor, stride: float) -> torch.Tensor:
    """A great circle from ``a``, ``stride`` radians along it."""
    return math.cos(stride) * a + math.sin(stride) * tangent / tangent.norm()


def _wrong_steps(a: torch.Tensor, gradient: torch.Tensor, stride: float) -> dict[str, torch.Tensor]:
    """Typical slips by what to say of them."""
    tangent = _tangent(a, gradient)
    unit, whole = tangent / tangent.norm(), gradient / gradient.norm()
    straight, plain = a + stride * unit, a + stride * gradient
    round_whole = math.cos(stride) * a + math.sin(stride) * whole
    return {
        "you go downhill: that is the step of a loss. The search climbs.": _along(
            a, -tangent, stride
        ),
        "the tangent has to have length 1 before sin h multiplies it.": (
            math.cos(stride) * a + math.sin(stride) * tangent
        ),
        "that is the plain step of the plane: it leaves the sphere.": plain,
        "you step along the gradient, part of which points out of the sphere. Subtract (a·g) a "
        "first.": round_whole,
        "the gradient's part along a is still in it. Subtract (a·g) a first; to shorten the result "
        "to length 1 does not repair the angle.": round_whole / round_whole.norm(),
        "to step in the plane and shorten to length 1 climbs too, but by another angle. Here: the "
        "tangent, and a great circle.": plain / plain.norm(),
        "that is a straight step along the tangent: it leaves the sphere. Take cos h and sin h.": (
            straight
        ),
        "to shorten a straight step turns by arctan h, not by h. Take cos h and sin h.": (
            straight / straight.norm()
        ),
        "cos and sin are swapped: at h = 0 nothing may move.": (
            math.sin(stride) * a + math.cos(stride) * unit
        ),
        "that is the tangent; the step is missing.": unit,
    }


ascent = Exercise(
    _check_ascent,
    hints=(
        "What points out of the sphere is the part along a, `torch.dot(gradient, a) * a`.",
        "Subtract it from the gradient.",
        "Bring the rest to length 1: u. The great circle through a along u is cos(h) a + sin(h) u.",
    ),
    solution="""
import math

def my_step(a, gradient, h):
    tangent = gradient - torch.dot(gradient, a) * a
    return math.cos(h) * a + math.sin(h) * tangent / tangent.norm()
""",
)


# --- search one half, test the other --------------------------------------------------------------


class _Watched:
    """A cloud of which every search and every test is written down, row by row."""

    def __init__(self, count: int, dim: int) -> None:
        self.z = normal(count, dim, seed=count)
        direction = normal(dim, seed=dim)
        self.direction = direction / direction.norm()
        self.searched: set[int] = set()
        self.tests: list[tuple[float, set[int]]] = []
        self.faults: list[str] = []

    def search(self, points: Any) -> torch.Tensor:
        """Give the same direction whatever is searched."""
        if not isinstance(points, torch.Tensor) or points.shape[1:] != self.z.shape[1:]:
            self.faults.append("`search` takes points (n, D), some rows of z.")
        else:
            gaps = (points.to(self.z)[:, None] - self.z).abs().sum(-1)  # (n, N)
            fault = "`search` got points that are no rows of z. Cut z along its first axis."
            self.searched |= self._rows(gaps, fault)
        return self.direction

    def T(self, shadow: Any) -> torch.Tensor:
        """Give the statistic of a shadow."""
        if not isinstance(shadow, torch.Tensor) or shadow.ndim != 1 or not len(shadow):
            self.faults.append("`T` takes one shadow (n,): `points @ direction`.")
            return torch.tensor(0.0)
        gaps = (shadow.to(self.z)[:, None] - self.z @ self.direction).abs()  # (n, N)
        fault = "`T` got numbers that are no shadow of z along the direction `search` returned."
        statistic = epps_pulley_quadrature(shadow)
        self.tests.append((statistic.item(), self._rows(gaps, fault)))
        return statistic

    def _rows(self, gaps: torch.Tensor, fault: str) -> set[int]:
        """Which rows of z are meant, by their distances (n, N)."""
        if not bool((gaps.amin(1) < 1e-9).all()):
            self.faults.append(fault)
        return set(gaps.argmin(1).tolist())


def _check_split_test(answer: Any) -> str:
    for count in (40, 61):
        watched = _Watched(count, 3)
        try:
            got = number(call(answer, watched.z, watched.search, watched.T))
        except NotYet:
            expect(not watched.faults, watched.faults[0] if watched.faults else "")
            raise
        expect(not watched.faults, watched.faults[0] if watched.faults else "")
        _judge_split(got, watched, count)
    return "The tested half knows nothing of the search, so its T has the null law of one shadow."


def _judge_split(got: float, watched: _Watched, count: int) -> None:
    expect(bool(watched.searched), "you never called `search`: along which direction do you test?")
    expect(bool(watched.tests), "you never called `T`.")
    tested = [rows for statistic, rows in watched.tests if close(got, statistic, rel=1e-9)]
    expect(
        bool(tested),
        "you return a number that no call of `T` gave. Return T of the tested half, one number.",
    )
    both = len(watched.searched & tested[0])
    expect(
        not both,
        f"{both} of the {len(tested[0])} tested points were searched as well. The direction was "
        "chosen to make their T large: it has no known law.",
    )
    smaller = min(len(watched.searched), len(tested[0]))
    expect(
        smaller >= count // 3,
        f"of {count} points {len(watched.searched)} were searched and {len(tested[0])} tested. "
        "Cut near the middle.",
    )


split_test = Exercise(
    _check_split_test,
    hints=(
        "Cut the rows in two: `searched, tested = z.tensor_split(2)`.",
        "`search(searched)` is the direction; `tested @ direction` the other half's shadow.",
    ),
    solution="""
def my_split_test(z, search, T):
    searched, tested = z.tensor_split(2)
    return T(tested @ search(searched))
""",
)


# --- the null mean of any weight ------------------------------------------------------------------


def _check_null_mean(answer: Any) -> str:
    uneven = torch.tensor([0.0, 0.4, 1.1, 2.5], dtype=torch.float64)
    rules = [quadrature_rule(17, 3.0), quadrature_rule(9, 1.0), (uneven, 0.3 + uneven / 4)]
    for knots, weights in rules:
        got = number(call(answer, knots, weights))
        truth = (weights @ (1 - torch.exp(-(knots**2)))).item()
        refuse(got, _wrong_means(knots, weights), rel=1e-6)
        expect(
            close(got, truth, rel=1e-6),
            f"for {len(knots)} knots up to {knots[-1]:g} it should be {truth:.4f}, not {got:.4f}.",
        )
    return "1.0525 for LeJEPA's rule. N is gone: 1/N from the variance, N from the statistic."


def _wrong_means(t: torch.Tensor, w: torch.Tensor) -> dict[str, float]:
    """Typical slips by what to say of them."""
    phi = torch.exp(-t.square() / 2)
    gaps = 1 - phi.square()
    window = torch.exp(-t.square() / 2)
    return {
        "φ(t)² is e^(−t²): twice the exponent of φ.": (w @ (1 - phi)).item(),
        "that is φ² alone. The variance is 1 − φ².": (w @ phi.square()).item(),
        "that is (1 − φ)². The variance is 1 − φ².": (w @ (1 - phi).square()).item(),
        "that is the sum of the weights: a statistic of 1 at each knot.": w.sum().item(),
        "the weights are missing.": gaps.sum().item(),
        "the weights are missing, and a mean is no integral.": gaps.mean().item(),
        "a mean over the knots is no integral: sum, the weights have the widths in them.": (
            (w * gaps).mean().item()
        ),
        "divided by the sum of the weights it is a mean gap. The statistic does not divide.": (
            (w @ gaps / w.sum()).item()
        ),
        "the weights have both signs of t in them already. Do not double.": (2 * w @ gaps).item(),
        "the window is in the weights already. Do not multiply by it again.": (
            (w * window) @ gaps
        ).item(),
        "the gap is squared: no root.": (w @ gaps.sqrt()).item(),
    }


null_mean = Exercise(
    _check_null_mean,
    hints=(
        "At one knot: N · E|φ_N − φ|² = 1 − φ(t)², and φ(t)² = e^(−t²).",
        "Multiply by the weights and sum over the knots.",
    ),
    solution="""
def my_null_mean(knots, weights):
    return (weights * (1 - torch.exp(-knots**2))).sum()
""",
)


# --- all directions of the plane ------------------------------------------------------------------


def _check_circle(answer: Any) -> str:
    for seed in (1, 2):
        z = normal(12, 2, seed=seed) * torch.tensor([2.0, 0.4]) + torch.tensor([0.5, 1.0])
        got, again = (
            number(call(answer, z, lambda x: epps_pulley_closed_form(x))) for _ in range(2)
        )
        expect(
            close(got, again, rel=1e-9),
            "twice the same points, two answers: you draw directions at random. Space them evenly.",
        )
        truth = cramer_wold_statistic(z).item()
        if not close(got, truth):
            _refuse_circles(got, z)
            raise NotYet(
                f"for twelve points it should be {truth:.4f}, not {got:.4f}. Are the directions "
                "unit vectors, evenly spaced over half a turn or a whole one?"
            )
    return "That is Kummer's function at D = 2, without a formula: the circle, finely cut."


def _over(z: torch.Tensor, angles: torch.Tensor) -> torch.Tensor:
    """T of the shadows of z (N, 2) along directions at ``angles`` (K,)."""
    directions = torch.stack([angles.cos(), angles.sin()])  # (2, K)
    return epps_pulley_closed_form((z @ directions).T)


def _refuse_circles(got: float, z: torch.Tensor) -> None:
    """Say why a mean over directions is wrong, if it is a typical slip."""
    half = torch.arange(2000, dtype=torch.float64) * (math.pi / 2000)
    statistics = _over(z, half)  # (2000,)
    mean, quarter = statistics.mean().item(), statistics[:1000].mean().item()
    degrees = torch.arange(180, dtype=torch.float64)
    refuse(got, {"those are the two axes. All directions are asked.": _ends(z, math.pi / 2, 2)})
    for count in range(3, 200):
        reason = (
            "0 and π are one direction, and you count it twice. Leave the last angle out "
            f"({count} angles)."
        )
        refuse(got, {reason: _ends(z, math.pi, count)}, rel=1e-6)
    wrong = {
        "a quarter of a turn misses half of the directions: mirror images differ.": quarter,
        "`cos` and `sin` take radians; you count in degrees.": _over(z, degrees).mean().item(),
        "that is the integral over half a turn. Divide by π: a mean is asked.": math.pi * mean,
        "that is the integral over a turn. Divide by 2π: a mean is asked.": 2 * math.pi * mean,
        "sin θ belongs to the sphere in three dimensions. On the circle angles weigh alike.": (
            (statistics * half.sin()).mean().item()
        ),
    }
    refuse(got, wrong, rel=1e-2)  # students' angles are coarser than these


def _ends(z: torch.Tensor, turn: float, count: int) -> float:
    """T averaged over angles that include both 0 and ``turn``."""
    return _over(z, torch.linspace(0, turn, count, dtype=torch.float64)).mean().item()


circle = Exercise(
    _check_circle,
    hints=(
        "`torch.arange(K) * math.pi / K` are K angles over half a turn, without the last one.",
        "The direction of an angle is (cos, sin); the shadow is z[:, 0] cos + z[:, 1] sin.",
        "Take T of each shadow, and the mean. K = 64 is plenty: a smooth periodic function.",
    ),
    solution="""
import math

def my_circle(z, T):
    angles = torch.arange(64) * (math.pi / 64)
    shadows = [z[:, 0] * a.cos() + z[:, 1] * a.sin() for a in angles]
    return sum(T(shadow) for shadow in shadows) / 64
""",
)


# --- a hierarchy of embeddings --------------------------------------------------------------------


def _check_levels(answer: Any) -> str:
    tokens = normal(3, 16, 5, seed=8)
    result = call(answer, tokens)
    expect(
        isinstance(result, tuple | list) and len(result) == 3,
        "return three tensors: `return patches, quadrants, images`.",
    )
    truth = _levels(tokens)
    names = ("patches", "quadrants", "images")
    for name, level, right in zip(names, result, truth, strict=True):
        _refuse_shape(name, tuple(getattr(level, "shape", ())), tuple(right.shape))
        got = tensor(level, tuple(right.shape))
        if not torch.allclose(_sorted(got), _sorted(right), atol=1e-8):
            wrong = _wrong_quadrants(tokens) if name == "quadrants" else {}
            wrong |= {"take the mean of the tokens, not their sum.": _sum_of(name, right)}
            refuse_like(_sorted(got), {reason: _sorted(w) for reason, w in wrong.items()})
            raise NotYet(f"the {name} have the right shape, but not the right numbers.")
    return "Three samples of one batch. Their N differ by 16, and with them T of any fixed flaw."


def _levels(tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    grid = tokens.unflatten(1, (2, 2, 2, 2))  # (B, upper or lower, row, left or right, column, D)
    quadrants = grid.mean((2, 4))  # (B, 2, 2, D)
    return tokens.flatten(0, 1), quadrants.flatten(0, 2), tokens.mean(1)


def _refuse_shape(name: str, got: tuple[int, ...], right: tuple[int, ...]) -> None:
    expect(
        not (len(got) == 3 and math.prod(got) == math.prod(right)),
        f"the {name} have shape {got}. SIGReg would take the first axis for views, and test each "
        f"by itself: pool images and tokens into one sample {right}.",
    )
    expect(got == right, f"the {name} should have shape {right}, got {got}.")


def _sorted(rows: torch.Tensor) -> torch.Tensor:
    """Rows in the order of their first numbers: a sample has no order."""
    return rows[rows[:, 0].argsort()]


def _sum_of(name: str, level: torch.Tensor) -> torch.Tensor:
    return {"patches": 1, "quadrants": 4, "images": 16}[name] * level


def _wrong_quadrants(tokens: torch.Tensor) -> dict[str, torch.Tensor]:
    """Typical slips by what to say of them."""
    rows = tokens.unflatten(1, (4, 4))  # (B, row, column, D)
    blocks = tokens.unflatten(1, (2, 2, 2, 2))
    return {
        "each of those is a row of the grid. A quadrant is two tokens high and two wide.": (
            rows.mean(2).flatten(0, 1)
        ),
        "each of those is a column of the grid. A quadrant is two tokens high and two wide.": (
            rows.mean(1).flatten(0, 1)
        ),
        "those tokens lie two apart. A quadrant is four neighbours.": (
            blocks.mean((1, 3)).flatten(0, 2)
        ),
    }


levels = Exercise(
    _check_levels,
    hints=(
        "Patches and images: `tokens.flatten(0, 1)` and `tokens.mean(1)`.",
        "`tokens.unflatten(1, (2, 2, 2, 2))` is (B, half, row, half, column, D): a grid in halves.",
        "Mean over row and column, axes 2 and 4; then flatten all but D.",
    ),
    solution="""
def my_levels(tokens):
    quadrants = tokens.unflatten(1, (2, 2, 2, 2)).mean((2, 4))
    return tokens.flatten(0, 1), quadrants.flatten(0, 2), tokens.mean(1)
""",
)


# --- how a number of samples grows ----------------------------------------------------------------


def _check_exponent(answer: Any) -> str:
    dims = torch.tensor([2.0, 4.0, 8.0, 32.0, 128.0], dtype=torch.float64)
    for power, seed in ((2.0, 0), (0.5, 1)):
        counts = 30.0 * dims**power * (0.3 * normal(5, seed=seed)).exp()
        got, truth = number(call(answer, dims, counts)), slope(dims.log(), counts.log())
        refuse(got, _wrong_slopes(dims, counts), rel=1e-6)
        expect(close(got, truth), f"for five points near N = 30 D^{power:g}: {truth:.3f}.")
    return "Twice the dimensions, 2^α times the samples. α = 0: dimension costs nothing."


def _wrong_slopes(dims: torch.Tensor, counts: torch.Tensor) -> dict[str, float]:
    """Typical slips by what to say of them."""
    x, y = dims.log(), counts.log()
    steps = (y.diff() / x.diff()).mean().item()
    return {
        "that is the slope without logarithms. A power is a straight line of log N against "
        "log D.": slope(dims, counts),
        "log N against D: that would fit N = c · e^(αD).": slope(dims, y),
        "N against log D. Take the logarithm of both.": slope(x, counts),
        "log D against log N: the axes are swapped.": slope(y, x),
        "that line goes through the origin: it has no c. Subtract both means first.": (
            (torch.dot(x, y) / torch.dot(x, x)).item()
        ),
        "that uses the first point and the last alone. Let all points speak: least squares.": (
            (y[-1] - y[0]) / (x[-1] - x[0])
        ).item(),
        "that is a mean of slopes between neighbours, and short steps are noisy. Least squares.": (
            steps
        ),
        "that is a correlation, which says how straight the line is, not how steep.": (
            torch.corrcoef(torch.stack([x, y]))[0, 1].item()
        ),
    }


exponent = Exercise(
    _check_exponent,
    hints=(
        "log N = log c + α log D: a straight line in the logarithms, α its slope.",
        "Subtract the means of x = log D and y = log N; the slope is Σ x y / Σ x².",
    ),
    solution="""
def my_exponent(dims, counts):
    x, y = dims.log(), counts.log()
    x, y = x - x.mean(), y - y.mean()
    return (x * y).sum() / (x * x).sum()
""",
)


# --- a verdict ------------------------------------------------------------------------------------

_VERDICTS = ("helps", "no difference", "harms")


def _seeds(mean: float, spread: float) -> torch.Tensor:
    """Three results with this mean and this standard deviation."""
    return mean + spread * torch.tensor([0.0, -1.0, 1.0], dtype=torch.float64)


# (new, old), what is to be said, and why, if another is said.
_TRIALS = (
    (_seeds(0.90, 0.01), _seeds(0.80, 0.01), "helps", "ten points apart, with a spread of one."),
    (_seeds(0.80, 0.01), _seeds(0.90, 0.01), "harms", "ten points less, with a spread of one."),
    (_seeds(0.81, 0.05), _seeds(0.80, 0.05), "no difference", "one point apart, spread five."),
    (
        _seeds(0.812, 0.01),
        _seeds(0.80, 0.01),
        "no difference",
        "1.5 standard errors. The limit is twice the standard error.",
    ),
    (
        _seeds(0.815, 0.01),
        _seeds(0.80, 0.01),
        "no difference",
        "1.8 standard errors. Does your variance divide by n − 1, and did you add both?",
    ),
    (
        _seeds(0.818, 0.01),
        _seeds(0.80, 0.01),
        "helps",
        "2.2 standard errors. A mean of three is surer than one seed: divide the variances by 3.",
    ),
    (
        torch.cat([_seeds(0.812, 0.01)] * 3),
        torch.cat([_seeds(0.80, 0.01)] * 3),
        "helps",
        "nine seeds each: divide by the number of seeds that there are.",
    ),
)


def _check_verdict(answer: Any) -> str:
    for new, old, truth, why in _TRIALS:
        got = call(answer, new, old)
        expect(
            isinstance(got, str) and got in _VERDICTS,
            f'return "helps", "no difference" or "harms", not {got!r}.',
        )
        numbers = " against ".join(
            f"{x.mean():.3f} ± {x.std():.3f} ({len(x)} seeds)" for x in (new, old)
        )
        expect(got == truth, f'{numbers} is "{truth}": {why}')
    return "With three seeds 12 % of comparisons pass this rule by luck. Say how many you tried."


verdict = Exercise(
    _check_verdict,
    hints=(
        "A mean of n seeds has the variance `x.var() / len(x)`. Of a difference they add up.",
        "Compare `new.mean() - old.mean()` with twice the root of that, on both sides.",
    ),
    solution="""
def my_verdict(new, old):
    error = (new.var() / len(new) + old.var() / len(old)).sqrt()
    gain = new.mean() - old.mean()
    if abs(gain) <= 2 * error:
        return "no difference"
    return "helps" if gain > 0 else "harms"
""",
)


# --- quiz -----------------------------------------------------------------------------------------

quiz_fair = quiz(
    "b",
    {
        "a": "It shows that 1,024 slices all the time are more than needed, not that growth helps.",
        "b": "Only against the constant of equal cost can growth itself show what it is worth.",
        "c": "More slices in both would only make both dearer.",
        "d": "λ was the same for both: that is not what is unfair here.",
    },
)
quiz_slices = quiz(
    "d",
    {
        "a": "Four times the slices halve the noise of the mean; what it estimates stays the same.",
        "b": "A slice near the bad axis is more likely then, but it is one among 16,384.",
        "c": "Large counts are no danger; each mean is fairly estimated.",
        "d": "The mean tends to that over all directions, in which one axis of 32 weighs little.",
    },
)
quiz_search = quiz(
    "c",
    {
        "a": "That law is of a direction chosen beforehand. This one was chosen to be large.",
        "b": "In 256 dimensions the search finds as much in Gaussian noise.",
        "c": "Only points that the search has not seen can tell.",
        "d": "A climber ends where T is large; that is what it does, also on noise.",
    },
)
quiz_weight = quiz(
    "a",
    {
        "a": "Each weight has its floor: 1.05 at t_max 3, 0.39 at 1. Only distances to it compare.",
        "b": "Nothing happened to the embeddings; the ruler was changed.",
        "c": "The factor N is in both; it does not differ.",
        "d": "Knots lie closer together at t_max 1, so they alias less.",
    },
)
quiz_levels = quiz(
    "b",
    {
        "a": "Independent patches have a mean of variance 1/16: the image level objects.",
        "b": "Variance 1 for a mean of 16 of variance 1 leaves one way: they are all the same.",
        "c": "λ weighs the levels; it does not make contradictory demands agree.",
        "d": "It can: but think of the variance of a mean of 16 patches.",
    },
)
quiz_exact = quiz(
    "c",
    {
        "a": "There is no direction left to draw: the sphere was averaged in closed form.",
        "b": "Its gradient is exact, too; that is its point.",
        "c": "N² pairs against N·M shadows: it pays for small batches only.",
        "d": "At D = 2 as at D = 512 it is the exact mean, up to rounding.",
    },
)
quiz_power = quiz(
    "a",
    {
        "a": "Power asks how often a real flaw is found. A training asks where a gradient leads.",
        "b": "It is harder in many dimensions, but that is not the step that is missing here.",
        "c": "Power was measured at a fixed level, so the comparison itself was fair.",
        "d": "The search was seeded; another seed would find the same axis.",
    },
)
