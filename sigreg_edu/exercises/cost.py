"""Exercises of notebook 06: counting, recurrences, chunks, exponents, crossings, budgets."""

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
    normal,
    number,
    quiz,
    refuse,
    slope,
    tensor,
)
from sigreg_edu.losses import cost
from sigreg_edu.slicing import sliced_epps_pulley_textbook, uniform_directions


def _parts(result: Any, count: int) -> list[Any]:
    """The parts of an answer that is to have ``count`` of them."""
    try:
        parts = list(result)
    except TypeError as error:
        raise NotYet(f"return {count} things, with commas between them.") from error
    expect(len(parts) == count, f"{count} things are asked, got {len(parts)}.")
    if any(part is ... for part in parts):
        raise NotTried
    return parts


# --- multiplications ------------------------------------------------------------------------------

_COUNTED = ("projections", "waves", "covariance")


def _check_multiplications(answer: Any) -> str:
    for n, d, m, t in ((100, 8, 20, 5), (30, 16, 7, 9)):
        got = [number(part) for part in _parts(call(answer, n, d, m, t), 3)]
        truth = (n * d * m, n * m * t, n * d * d)
        for name, found, right in zip(_COUNTED, got, truth, strict=True):
            refuse(found, _wrong_counts(n, d, m, t)[name], rel=1e-9)
            expect(
                found == right,
                f"N = {n}, D = {d}, M = {m}, T = {t}: {right} for the {name}, not {found:.0f}.",
            )
    return "Twice D: twice the projections, four times the covariance. The waves do not see D."


def _wrong_counts(n: int, d: int, m: int, t: int) -> dict[str, dict[str, float]]:
    """Typical slips by what is counted, then by what to say of them."""
    return {
        "projections": {
            "N M is how many shadows of points there are. Each is a sum of D products.": n * m,
            "count the multiplications alone, without the additions.": 2 * n * d * m,
            "D M is for one point. There are N.": d * m,
            "one slice has N D of them. There are M slices.": n * d,
            "the order is projections, waves, covariance.": n * d * d,
        },
        "waves": {
            "N T is one slice's. There are M slices.": n * t,
            "M T is one point's. There are N.": m * t,
            "N M are the shadows. Each is multiplied by T knots.": n * m,
            "the waves see only the shadows: D is gone once the points are projected.": (
                n * d * m * t
            ),
            "count the angles t p alone: one multiplication for a cosine and its sine.": (
                2 * n * m * t
            ),
        },
        "covariance": {
            "D² is how many entries it has. Each is a sum over N points.": d * d,
            "N D is how many numbers the points have. The covariance pairs D with D.": n * d,
            "a matrix product makes both halves of the matrix: N D².": n * d * (d + 1) / 2,
            "the covariance pairs coordinates, not points.": n * n * d,
        },
    }


multiplications = Exercise(
    _check_multiplications,
    hints=(
        "A matrix product (a × b) · (b × c) has a·c entries, each a sum of b products: a·b·c.",
        "Projections: (N × D) · (D × M). Covariance: (D × N) · (N × D).",
        "Waves: each of the N·M shadows is multiplied by each of the T knots.",
    ),
    solution="""
def my_counts(N, D, M, T):
    return N * D * M, N * M * T, N * D * D
""",
)


# --- bytes of the three sums' kernel --------------------------------------------------------------


def _check_kernel_bytes(answer: Any) -> str:
    for n, m in ((100, 16), (32 * 196, 1024)):
        got = number(call(answer, n, m))
        pairs = n * n * m
        wrong = {
            "those are the entries. A float32 has 4 bytes.": pairs,
            "that is in bits. A byte has 8.": 32 * pairs,
            "that is for float64. float32 has 4 bytes.": 8 * pairs,
            "one slice only: each of the M slices has its own pairs.": 4 * n * n,
            "those are the shadows. The first sum pairs each of the N with each of the N.": (
                4 * n * m
            ),
            "the sum over i and j has both (i, j) and (j, i), and i = j: N² entries.": (
                2 * n * (n - 1) * m
            ),
            "half of the pairs would do, but the sum as written stores all N².": 2 * pairs,
            "return bytes, not GB.": 4 * pairs / 1e9,
            "pairs of slices are not needed; pairs of points are.": 4 * n * m * m,
            "the 17 points are the second sum's, which is small. The first pairs N with N.": (
                4 * n * m * 17
            ),
        }
        refuse(got, wrong, rel=1e-6)
        expect(
            close(got, 4 * pairs, rel=1e-6), f"N = {n}, M = {m}: {4 * pairs} bytes, not {got:.0f}."
        )
    return "At the report's ViT-Small row, N = 32 · 196 and M = 1024: 161 GB. It says 42 MB."


kernel_bytes = Exercise(
    _check_kernel_bytes,
    hints=(
        "For one slice, ψ(p_i − p_j) is a table with N rows and N columns.",
        "M slices, each entry 4 bytes.",
    ),
    solution="""
def my_bytes(N, M):
    return 4 * M * N**2
""",
)


# --- waves by a recurrence ------------------------------------------------------------------------


class _CountWaves(TorchFunctionMode):
    """Counts the numbers whose cosine, sine or exponential torch is asked for meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.evaluated = 0

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if getattr(function, "__name__", "").rstrip("_") in ("cos", "sin", "exp", "polar"):
            self.evaluated += max(a.numel() for a in args if isinstance(a, torch.Tensor))
        return function(*args, **(kwargs or {}))


def _check_waves(answer: Any) -> str:
    theta, knots = normal(50, seed=4), 6
    with _CountWaves() as counted:
        cosines, sines = (_rows(part) for part in _parts(call(answer, theta, knots), 2))
    shape = (knots, len(theta))
    for part, name in ((cosines, "cosines"), (sines, "sines")):
        got = tuple(getattr(part, "shape", ()))
        expect(got != shape[::-1], f"{name} of shape {got}: k goes along the rows. Transpose.")
    cosines, sines = tensor(cosines, shape), tensor(sines, shape)
    _refuse_waves(cosines, sines, theta)
    expect(
        counted.evaluated <= 2 * len(theta),
        f"right, but torch evaluated {counted.evaluated} cosines and sines of {len(theta)} angles. "
        f"One of each, {2 * len(theta)} in all, must do; the rest by multiplication.",
    )
    return "All waves of one cosine and one sine of each angle: the rest are products and sums."


def _rows(part: Any) -> Any:
    """A list of rows becomes a table; anything else stays."""
    if isinstance(part, (list, tuple)) and part and all(isinstance(p, torch.Tensor) for p in part):
        expect(len({p.shape for p in part}) == 1, "the rows have different shapes.")
        return torch.stack(list(part))
    return part


def _refuse_waves(cosines: torch.Tensor, sines: torch.Tensor, theta: torch.Tensor) -> None:
    """Say why the waves are wrong, if they are."""
    k = torch.arange(len(cosines), dtype=torch.float64).unsqueeze(1)  # (T, 1)
    angles = k * theta
    expect(
        not (_same(cosines, angles.sin()) and _same(sines, angles.cos())),
        "swapped: return the cosines first, then the sines.",
    )
    expect(
        not _same(cosines, (angles + theta).cos()),
        "your first row is k = 1. Begin with k = 0: cosine 1, sine 0.",
    )
    expect(
        not _same(cosines[1:], theta.cos() ** k[1:]),
        "those are powers (cos θ)^k, not cos kθ. Use c_(k+1) = 2 cos θ · c_k − c_(k−1).",
    )
    plain = _recurrence(theta.cos(), 1.0)
    expect(not _same(cosines[:3], plain), "the 2 is missing: 2 cos θ · c_k − c_(k−1).")
    added = _recurrence(theta.cos(), 2.0, sign=1.0)
    expect(not _same(cosines[:3], added), "*minus* the one before: 2 cos θ · c_k − c_(k−1).")
    _expect_rows(cosines, angles.cos(), "cosine")
    by_sine = torch.stack([theta * 0, theta.sin(), 2 * theta.sin() ** 2])
    expect(
        not _same(sines[:3], by_sine),
        "the sines' factor is 2 cos θ too: s_(k+1) = 2 cos θ · s_k − s_(k−1).",
    )
    expect(
        not (_same(sines[:1], angles[:1].cos()) and _same(sines[1:2], theta.sin()[None])),
        "the sines begin with sin 0 = 0.",
    )
    _expect_rows(sines, angles.sin(), "sine")


def _recurrence(c: torch.Tensor, factor: float, sign: float = -1.0) -> torch.Tensor:
    """The first three rows of a mistaken recurrence."""
    return torch.stack([torch.ones_like(c), c, factor * c * c + sign])


def _same(a: torch.Tensor, b: torch.Tensor) -> bool:
    # 1e-5: a float32 answer passes, and six steps of the recurrence lose little more than that.
    return torch.allclose(a, b.to(a), atol=1e-5)


def _expect_rows(got: torch.Tensor, truth: torch.Tensor, name: str) -> None:
    wrong = [k for k, row in enumerate(got) if not _same(row, truth[k])]
    where = f"from k = {wrong[0]} on" if wrong else ""
    expect(not wrong, f"the {name} of kθ is wrong {where}. What is it at θ = 0, and at θ = π?")


waves = Exercise(
    _check_waves,
    hints=(
        "Keep two lists of rows. Rows 0 and 1 are 1 and cos θ, and 0 and sin θ.",
        "Each new row is 2 cos θ times the last minus the one before it, for both lists.",
        "`torch.stack(rows)` makes a table (T, n) of a list of T rows.",
    ),
    solution="""
def my_waves(theta, T):
    c, s = [torch.ones_like(theta), theta.cos()], [torch.zeros_like(theta), theta.sin()]
    for _ in range(T - 2):
        c.append(2 * c[1] * c[-1] - c[-2])
        s.append(2 * c[1] * s[-1] - s[-2])
    return torch.stack(c), torch.stack(s)
""",
)


# --- chunks of slices -----------------------------------------------------------------------------


class _Watched:
    """The textbook statistic of (N, D) and (D, m); notes what is asked, and what autograd keeps."""

    def __init__(self) -> None:
        self.counts: list[int] = []
        self.widths: list[int] = []
        self.kept = self.most_kept = 0

    def __call__(self, z: torch.Tensor, directions: torch.Tensor) -> torch.Tensor:
        values = sliced_epps_pulley_textbook(z, directions)
        width = directions.shape[1]
        self.counts.append(len(z))
        self.widths.append(width)
        if values.requires_grad:
            self.kept += width
            self.most_kept = max(self.most_kept, self.kept)
            values.register_hook(self._free(width))
        return values

    def _free(self, width: int) -> Callable[[torch.Tensor], None]:
        def free(_gradient: torch.Tensor) -> None:
            self.kept -= width

        return free


def _check_chunks(answer: Any) -> str:
    z, directions = normal(40, 3, seed=8), uniform_directions(3, 10, seed=2, dtype=torch.float64)
    size, watched = 4, _Watched()
    value, gradient = _parts(call(answer, watched, z, directions, size), 2)
    got = number(value.detach() if isinstance(value, torch.Tensor) else value)
    expect(set(watched.counts) <= {len(z)}, "keep all points together, and split the slices.")
    widest = max(watched.widths, default=0)
    expect(widest <= size, f"you took {widest} slices at once; at most {size} are allowed.")
    leaf = z.clone().requires_grad_()
    values = sliced_epps_pulley_textbook(leaf, directions)
    (truth,) = torch.autograd.grad(values.mean(), leaf)
    _refuse_values(got, values.detach(), size)
    expect(gradient is not None, "the gradient is None. Is `z` a leaf with `requires_grad_()`?")
    found = tensor(gradient, tuple(z.shape))
    expect(not torch.allclose(found, truth * 10), "divide the gradient by all M slices too.")
    expect(torch.allclose(found, truth), "the value is right, the gradient is not.")
    expect(
        watched.most_kept <= size,
        f"right, but autograd kept what it needs for {watched.most_kept} slices at once. Call "
        "`backward` in the loop: it frees what a chunk has kept, and adds up the gradients.",
    )
    return "Same value, same gradient, less memory: chunks pay only if each goes backward at once."


def _refuse_values(got: float, values: torch.Tensor, size: int) -> None:
    parts = values.split(size)
    wrong = {
        "that is the sum over the slices. Divide by M.": values.sum().item(),
        "the last chunk is smaller, so the mean of the chunks' means is not the mean over the "
        "slices. Sum, and divide by M at the end.": (
            torch.stack([part.mean() for part in parts]).mean().item()
        ),
        "that is the sum of the chunks' means.": sum(part.mean().item() for part in parts),
        "the last chunk is missing.": values[: len(values) // size * size].sum().item()
        / len(values),
        "that is the last chunk alone. Add up.": parts[-1].sum().item() / len(values),
    }
    refuse(got, wrong, rel=1e-6)
    truth = values.mean().item()
    expect(close(got, truth, rel=1e-5), f"the mean is {truth:.4f}, not {got:.4f}.")


chunks = Exercise(
    _check_chunks,
    hints=(
        "`directions.split(size, dim=1)` gives the chunks; the last one may be smaller.",
        "For each: sum of `statistic(z, some)` divided by M; `.backward()`; add `.item()`.",
        "`z = z.detach().requires_grad_()` first. Then `z.grad` has the sum of all gradients.",
    ),
    solution="""
def my_chunks(statistic, z, directions, size):
    z, total = z.detach().requires_grad_(), 0.0
    for some in directions.split(size, dim=1):
        part = statistic(z, some).sum() / directions.shape[1]
        part.backward()  # frees what this chunk has kept
        total += part.item()
    return total, z.grad
""",
)


# --- exponents ------------------------------------------------------------------------------------


def _check_exponent(answer: Any) -> str:
    sizes = torch.tensor([64.0, 128.0, 256.0, 512.0, 1024.0], dtype=torch.float64)
    for power, seed in ((1.7, 1), (0.5, 5)):
        times = 3e-6 * sizes**power * (0.1 * normal(5, seed=seed)).exp()
        got = number(call(answer, sizes, times))
        x, y = sizes.log(), times.log()
        truth = slope(x, y)
        refuse(got, _wrong_exponents(sizes, times), rel=1e-5)
        expect(close(got, truth, rel=1e-4), f"here the slope is {truth:.3f}, not {got:.3f}.")
    return "Twice the size takes 2^exponent times as long: 1 doubles, 2 quadruples."


def _wrong_exponents(sizes: torch.Tensor, times: torch.Tensor) -> dict[str, float]:
    x, y = sizes.log(), times.log()
    return {
        "that is the slope of the times themselves. Take logarithms of both first.": (
            slope(sizes, times)
        ),
        "take the logarithm of the sizes too.": slope(sizes, y),
        "take the logarithm of the times too.": slope(x, times),
        "sizes and times are swapped: how does log time grow with log size?": slope(y, x),
        "that uses the two ends alone. Least squares uses every point.": (
            ((y[-1] - y[0]) / (x[-1] - x[0])).item()
        ),
        "that line goes through the origin. Subtract the means first.": (x @ y / (x @ x)).item(),
        "that is the mean of log time over log size. Fit a line with an intercept.": (
            (y / x).mean().item()
        ),
        "that is the intercept. The exponent is the slope.": (
            y.mean() - slope(x, y) * x.mean()
        ).item(),
        "that is the correlation. The slope is the covariance over the variance of log size.": (
            torch.corrcoef(torch.stack([x, y]))[0, 1].item()
        ),
    }


exponent = Exercise(
    _check_exponent,
    hints=(
        "time = c · size^α means log time = log c + α log size: a line.",
        "Centre both logarithms. Sum their products; divide by the sum of the squared log sizes.",
        "Or `np.polyfit(sizes.log(), times.log(), 1)[0]`.",
    ),
    solution="""
def my_exponent(sizes, times):
    x, y = sizes.log() - sizes.log().mean(), times.log() - times.log().mean()
    return (x @ y) / (x @ x)
""",
)


# --- crossing -------------------------------------------------------------------------------------


def _check_crossing(answer: Any) -> str:
    for m, t, a, b, c in ((1024, 17, 1.0, 10.0, 1.0), (256, 9, 2.0, 5.0, 3.0)):
        got = number(call(answer, m, t, a, b, c))
        root = math.sqrt(a * a * m * m + 4 * b * c * m * t)
        wrong = {
            "that is where the projections alone cost as much: the waves b T are missing.": (
                a * m / c
            ),
            "that root is negative. Take the other.": (a * m - root) / (2 * c),
            "divide by 2 c, not by 2.": (a * m + root) / 2 if c != 1 else math.nan,
            "divide by 2 c, not by c.": (a * m + root) / c,
            "divide the whole numerator by 2 c, also a M.": a * m + root / (2 * c),
            "that is with D where D² belongs: c D = a M + … is another equation.": (
                math.sqrt(a * m * m + b * m * t)
            ),
            "under the root stands a² M² + 4 b c M T; the plus has become a minus.": (
                _real_root(a, m, -4 * b * c * m * t, c)
            ),
            "the 4 under the root is missing.": _real_root(a, m, b * c * m * t, c),
            "the waves cost b M T: M is missing under the root.": _real_root(
                a, m, 4 * b * c * t, c
            ),
            "the a M D of the projections is missing.": math.sqrt(b * m * t / c),
        }
        refuse(got, wrong, rel=1e-6)
        truth = (a * m + root) / (2 * c)
        expect(
            close(got, truth, rel=1e-5),
            f"M = {m}, T = {t}, a = {a:g}, b = {b:g}, c = {c:g}: D = {truth:.1f}, not {got:.1f}.",
        )
    return (
        "N has left the formula, M has not. Dearer waves push the crossing up, fewer slices down."
    )


def _real_root(a: float, m: float, rest: float, c: float) -> float:
    inside = a * a * m * m + rest
    return (a * m + math.sqrt(inside)) / (2 * c) if inside >= 0 else math.nan


crossing = Exercise(
    _check_crossing,
    hints=(
        "Divide both costs by N. What is left is quadratic in D: c D² − a M D − b M T = 0.",
        "D = (a M ± √(a² M² + 4 b c M T)) / (2 c). Which sign?",
    ),
    solution="""
def my_crossing(M, T, a, b, c):
    return (a * M + (a**2 * M**2 + 4 * b * c * M * T) ** 0.5) / (2 * c)
""",
)


# --- Amdahl ---------------------------------------------------------------------------------------


def _check_speedup(answer: Any) -> str:
    for share, factor in ((0.6, 4.0), (0.05, 10.0)):
        got = number(call(answer, share, factor))
        left = 1.0 - share + share / factor
        wrong = {
            "that is the time left. The step is 1 / that many times faster.": left,
            "the rest of the step, 1 − share, stays as it is.": factor / share,
            "that would be so if the whole step were the loss.": factor,
            "share and rest are swapped: the *share* is divided by the factor.": 1.0
            / (share + (1.0 - share) / factor),
            "that is the time saved.": 1.0 - left,
            "the rest alone is left: as if the loss cost nothing. It costs share / factor.": 1.0
            / (1.0 - share),
            "average the *times*, then take one over that: not the factors.": (
                1.0 - share + share * factor
            ),
            "the loss does not take factor times longer: divide.": 1.0
            / (1.0 - share + share * factor),
        }
        refuse(got, wrong, rel=1e-6)
        expect(
            close(got, 1.0 / left, rel=1e-5),
            f"share {share:g}, {factor:g} times faster: the step {1 / left:.3f} times, "
            f"not {got:.3f}.",
        )
    return "Amdahl's law. At a share of 5 % no loss, however fast, makes a step 1.06 times faster."


speedup = Exercise(
    _check_speedup,
    hints=(
        "Let the step take 1. The loss takes `share` of it, the rest 1 − share.",
        "Afterwards the loss takes share / factor. How long is the step now?",
        "The step is 1 / (1 − share + share / factor) times faster.",
    ),
    solution="""
def my_speedup(share, factor):
    return 1 / (1 - share + share / factor)
""",
)


# --- a plan that fits -----------------------------------------------------------------------------

PLAN = {"N": 32 * 196, "D": 384, "T": 17}
PLAN_BYTES, PLAN_SLICES = 100e6, 512


def _check_plan(answer: Any) -> str:
    expect(isinstance(answer, dict), 'expected {"form": …, "M": …}.')
    expect({*answer} == {"form", "M"}, 'the keys are "form" and "M".')
    if any(value is ... for value in answer.values()):
        raise NotTried
    expect(not isinstance(answer["M"], str), "M is a number, and needs no quotation marks.")
    form, slices = answer["form"], number(answer["M"])
    expect(form in cost.FORMS, f"the forms are {', '.join(cost.FORMS)}; got {form!r}.")
    expect(form != "vicreg", "VICReg fits, but it is no SIGReg: it has no slices at all.")
    expect(slices == int(slices) and slices > 0, "M is a number of slices, 1, 2, …")
    expect(slices >= PLAN_SLICES, f"at least {PLAN_SLICES} slices are asked.")
    needed = cost.peak_memory(form, M=int(slices), **PLAN)
    expect(
        needed <= PLAN_BYTES,
        f"{form} with {slices:.0f} slices needs {needed / 1e6:,.0f} MB, the budget is "
        f"{PLAN_BYTES / 1e6:.0f}. Another form, or fewer slices?",
    )
    return f"{needed / 1e6:.0f} MB: the slices cost time here, hardly memory."


plan = Exercise(
    _check_plan,
    hints=(
        "Textbook: N M T numbers of 4 bytes, several times over: how many MB is that at M = 512?",
        "Closed form and three sums pair N with N. N² is 39 million.",
        "What stores nothing of size N M T, and nothing of size N²?",
    ),
    solution="""
my_plan = {"form": "fast", "M": 1024}
""",
)


# --- quiz -----------------------------------------------------------------------------------------

quiz_linear = quiz(
    "c",
    {
        "a": "Linear if nothing else grows with D. How many slices did you take for larger D?",
        "b": "Neither form has D³: the largest term is a product of N × D and D × D or D × M.",
        "c": "N D M with M = D is N D², as steep as VICReg's covariance. O(K) holds M fixed.",
        "d": "The batch N multiplies both losses alike; it cannot turn one into the other.",
    },
)
quiz_memory = quiz(
    "b",
    {
        "a": "The directions are D × M numbers, 1.6 MB here. Something else has N in it.",
        "b": "N M T numbers, and autograd keeps several such arrays. The fast form stores none.",
        "c": "D² is 0.6 MB at D = 384, and it is VICReg's.",
        "d": "The points are N × D, 10 MB here, and both losses get them.",
    },
)
quiz_fixed = quiz(
    "d",
    {
        "a": "N M T does not ask whether the directions were drawn today or yesterday.",
        "b": "Fixed ones are stored between steps as well; if anything they cost a little more.",
        "c": "The shadows change with the points at every step. Nothing of them can be kept.",
        "d": "Drawing D × M numbers is all that is saved, and blind spots are all that is won.",
    },
)
quiz_crossing = quiz(
    "a",
    {
        "a": "Projections alone would halve it, waves alone take √½ = 0.71 of it. Both are there: "
        "0.62 times on the recorded machine.",
        "b": "So it would be if SIGReg were projections alone. The waves do not grow with D.",
        "c": "It is no constant of nature: it moves with M, T and the machine.",
        "d": "Deeper networks cost the same in both losses: neither sees the network.",
    },
)
quiz_timing = quiz(
    "b",
    {
        "a": "The first run pays for loading and for cold caches, and one run has no spread.",
        "b": "Turns share out what else the machine does; the median forgets the odd hiccup.",
        "c": "If the machine gets busier meanwhile, B pays for it and A does not.",
        "d": "Milliseconds of two machines say which machine is faster.",
    },
)
quiz_verdict = quiz(
    "c",
    {
        "a": "No machine holds 161 GB in 42 MB: this is arithmetic, no matter of speed.",
        "b": "Its hardware does not matter; the number of bytes is the same everywhere.",
        "c": "By its own formula the tensor is thousands of times larger. Something else was run.",
        "d": "Rounding does not turn 161 GB into 42 MB.",
    },
)
quiz_share = quiz(
    "d",
    {
        "a": "It would spare less than a thousandth of the step; and the loss sees less.",
        "b": "VICReg may be faster here, and you would not notice: it is a thousandth of the step.",
        "c": "Ten times faster would spare nine ten-thousandths of the step.",
        "d": "999 of 1,000 parts lie elsewhere: network, views, loading. Slices are cheap here.",
    },
)
