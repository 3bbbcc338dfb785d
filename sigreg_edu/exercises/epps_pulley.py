"""Exercises of notebook 02: the characteristic function, the statistic, and what they can see."""

from __future__ import annotations

import math
from typing import Any

import torch

from sigreg_edu.exercises.core import Exercise, call, close, expect, number, quiz, refuse, tensor
from sigreg_edu.statistics import (
    EppsPulleyTest,
    classical_test,
    empirical_cf,
    epps_pulley_closed_form,
    epps_pulley_quadrature,
    quadrature_rule,
    standard_normal_cf,
)

SAMPLE = torch.tensor([-1.5, -0.25, 0.0, 0.75, 2.0], dtype=torch.float64)


# --- the empirical characteristic function


def _check_ecf(answer: Any) -> str:
    t = torch.tensor([0.0, 0.5, 1.0, 2.0], dtype=torch.float64)
    result = call(answer, SAMPLE, t)
    if isinstance(result, tuple | list) and len(result) == 2:
        expect(False, "return one complex tensor, not two real ones: `torch.complex(real, imag)`.")
    shape = tuple(getattr(result, "shape", ()))
    arrows = (len(SAMPLE), len(t))
    expect(
        sorted(shape) != sorted(arrows),
        f"shape {shape}: that is one arrow per point and frequency. Take the mean over the points.",
    )
    expect(
        shape != (len(SAMPLE),),
        "that is one value per point. Take the mean over the points, and keep the frequencies.",
    )
    got, truth = tensor(result, (len(t),), complex_ok=True), empirical_cf(SAMPLE, t)
    _refuse_ecf(got, truth, t)
    return "Five points, four frequencies, four mean arrows; at t = 0 the arrow is 1, always."


def _refuse_ecf(got: torch.Tensor, truth: torch.Tensor, t: torch.Tensor) -> None:
    """Name what a wrong φ_N has instead of the mean of e^{i t x}."""
    wrong = {
        "these are sums. Divide by N: φ_N is the mean arrow.": len(SAMPLE) * truth,
        "your arrows turn the wrong way: the exponent is +i t x.": truth.conj(),
        "that is the mean of exp(t x), without the i: arrows need 1j.": (
            (SAMPLE[:, None] * t).exp().mean(0)
        ),
        "that is only the cosine, the real part. The sine is the other half: `exp(1j * t * x)`.": (
            truth.real
        ),
        "that is the arrow's length. Keep its direction too: return the complex mean.": truth.abs(),
        "that is the target exp(-t²/2). It does not look at the sample.": standard_normal_cf(t),
    }
    for reason, value in wrong.items():
        expect(not _all_close(got, value), reason)
    first = got.to(torch.complex128)[0].item()
    expect(
        _all_close(got, truth),
        f"at t = 0 you give {first:.3g}, which should be 1, and at t = 1 "
        f"{got.to(torch.complex128)[2].item():.3f}, which should be {truth[2].item():.3f}.",
    )


def _all_close(a: torch.Tensor, b: torch.Tensor) -> bool:
    complex_a, complex_b = a.to(torch.complex128), b.to(torch.complex128)
    return torch.allclose(complex_a, complex_b, rtol=1e-4, atol=1e-5)


ecf = Exercise(
    _check_ecf,
    hints=(
        "One arrow per point and frequency: an (N, T) table of angles. `torch.outer(x, t)` is one.",
        "`torch.exp(1j * angles)` turns the table of angles into a table of arrows.",
        "Take the mean over the points, the first axis: `.mean(0)`.",
    ),
    solution="""
def my_ecf(x, t):
    arrows = torch.exp(1j * torch.outer(x, t))  # (N, T)
    return arrows.mean(0)  # (T,)
""",
)


# --- the statistic from knots and weights


def _check_statistic(answer: Any) -> str:
    knots, weights = quadrature_rule()
    got = number(call(answer, SAMPLE, knots, weights))
    truth = float(epps_pulley_quadrature(SAMPLE))
    refuse(got, _wrong_statistics(knots, weights, truth))
    expect(
        close(got, truth, rel=1e-4), f"for {SAMPLE.tolist()} you give {got:.4f}, not {truth:.4f}."
    )
    other = torch.cat([SAMPLE, SAMPLE + 1.0])
    again, twice = number(call(answer, other, knots, weights)), float(epps_pulley_quadrature(other))
    expect(
        close(again, twice, rel=1e-4),
        f"right for 5 points, but for 10 you give {again:.4f}, not {twice:.4f}. Is N written in?",
    )
    return f"T = {truth:.4f} for the five points, as EppsPulleyTest says."


def _wrong_statistics(knots: torch.Tensor, weights: torch.Tensor, truth: float) -> dict[str, float]:
    """Return what common slips give for SAMPLE, by the reason to tell."""
    n, phi, target = len(SAMPLE), empirical_cf(SAMPLE, knots), standard_normal_cf(knots)
    gap = phi - target

    def total(values: torch.Tensor) -> float:
        return n * float(values @ weights)

    return {
        "that is T / N. The factor N is missing in front of the sum.": truth / n,
        "there is a factor N too many.": n * truth,
        "the weights hold the window e^{-t²/2} already; you applied it twice.": total(
            gap.abs() ** 2 * target
        ),
        "that is the gap's length. The statistic takes its square.": total(gap.abs()),
        "only the real part of the gap is in it. A complex gap has |.|² = real² + imag².": total(
            gap.real**2
        ),
        "you squared the lengths first. Subtract the complex numbers, then take |.|².": total(
            (phi.abs() - target) ** 2
        ),
        "that is |φ_N|² - φ², not |φ_N - φ|²: subtract first, then square.": total(
            phi.abs() ** 2 - target**2
        ),
        "the weights are doubled already, for t and -t; you doubled once more.": 2 * truth,
        "that is half of it: the weights already count t and -t, so do not halve.": truth / 2,
        "that is the plain sum over the knots. Multiply by the weights.": n
        * float((gap.abs() ** 2).sum()),
        "that is the plain mean over the knots. Multiply by the weights and sum.": n
        * float((gap.abs() ** 2).mean()),
    }


statistic = Exercise(
    _check_statistic,
    hints=(
        "`statistics.empirical_cf(x, knots)` is φ_N, `statistics.standard_normal_cf(knots)` is φ.",
        "The gap is complex. `(phi_n - phi).abs() ** 2` is its squared length at each knot.",
        "The weights hold Δt, the doubling and the window: T = N × the sum of weights × gap².",
    ),
    solution="""
def my_statistic(x, knots, weights):
    gap = statistics.empirical_cf(x, knots) - statistics.standard_normal_cf(knots)
    return len(x) * (weights * gap.abs() ** 2).sum()
""",
)


# --- a p-value by simulation


def _check_p_value(answer: Any) -> str:
    shuffled = torch.randperm(201, generator=torch.Generator().manual_seed(0))
    simulated = shuffled.double() / 16  # 0, 1/16 … 12.5, exact in single precision too
    observed = 161 / 16  # one of them
    got = number(call(answer, observed, simulated))
    above = 40  # of 201 reach it: 39 lie above it
    wrong = {
        "that is the share below: large T is what speaks against N(0, 1).": 1 - above / 201,
        "that is how many, not which share of them. Divide by their number.": float(above),
        "that is in per cent; a p-value lies between 0 and 1.": 100 * above / 201,
        "only large T is unusual here, so count one tail, once.": 2 * above / 201,
        "one simulated value is just as large, and counts: `>=`, not `>`.": (above - 1) / 201,
        "one simulated value is just as large, and counts too: `>=`, not `>`.": above / 202,
    }
    refuse(got, wrong)
    expect(
        close(got, above / 201) or close(got, (above + 1) / 202),
        f"{above} of 201 simulated values reach {observed}; you give {got:.4f}.",
    )
    return _praise_p_value(number(call(answer, 99.0, simulated)))


def _praise_p_value(beyond_all: float) -> str:
    """Say what the answer does for a T above every simulated one; both usual rules are right."""
    if close(beyond_all, 0.0):
        return (
            "The share of Gaussian samples that reach it. For a T above all 201 you give p = 0; "
            "(k + 1) / (R + 1), which counts the sample itself, never claims the impossible."
        )
    expect(
        close(beyond_all, 1 / 202), f"for a T above all simulated ones you give {beyond_all:.4f}."
    )
    return "And you count the sample itself, so that p is never 0."


p_value = Exercise(
    _check_p_value,
    hints=(
        "How many simulated values are at least as large as the observed one?",
        "`simulated >= observed` is a tensor of True and False; its `.float().mean()` is a share.",
    ),
    solution="""
def my_p_value(observed, simulated):
    reached = (simulated >= observed).sum()
    return (reached + 1) / (len(simulated) + 1)
""",
)


# --- the place that 33 knots confuse with 0

ALIAS_KNOTS = 33


def _check_alias(answer: Any) -> str:
    place, gaps = number(answer), ALIAS_KNOTS - 1
    spacing = 3.0 / gaps
    period = 2 * math.pi / spacing
    slips = {
        "0 itself does not count: the nearest place above 0 is asked for.": 0.0,
        "that is right for 17 knots (or π/Δt for 33). Take 33 knots and the whole turn, 2π.": (
            2 * math.pi / (3.0 / 16)
        ),
        "there the knots do see 0, but on the other side: the place above 0 is asked for.": -period,
        "33 knots leave 32 gaps: Δt = 3/32.": 2 * math.pi / (3.0 / 33),
        "that is 1/Δt. The angle t·x comes round after a whole turn, 2π.": 1 / spacing,
        "that is Δt itself. The place is 2π/Δt.": spacing,
        "there the knots do see 0, but it is the second such place, not the first.": 2 * period,
    }
    for reason, slip in slips.items():
        expect(not close(place, slip, rel=1e-3), reason)
    seen = _at_knots(place)
    expect(
        close(place, period, rel=2e-3),
        f"1,000 points at {place:.4g} score T = {seen:.4g} by 33 knots, at 0 {_at_knots(0):.4g}.",
    )
    return f"2π/Δt = {period:.2f}: twice as many gaps, twice as far."


def _at_knots(place: float) -> float:
    points = torch.full((1000,), float(place), dtype=torch.float64)
    return float(epps_pulley_quadrature(points, num_points=ALIAS_KNOTS))


alias = Exercise(
    _check_alias,
    hints=(
        "At a knot t a point at x is the arrow at angle t·x. When does it look like angle 0?",
        "The knots are k·Δt with k = 0, 1, 2 …; if Δt·x is a whole turn, so is every k·Δt·x.",
        "33 knots on [0, 3] leave 32 gaps: Δt = 3/32. Solve Δt·x = 2π.",
    ),
    solution="my_place = 2 * math.pi / (3 / 32)",
)


# --- a sample that only Epps-Pulley rejects

BLIND_TESTS = {"shapiro_wilk": "Shapiro–Wilk", "jarque_bera": "Jarque–Bera"}


def _check_only_epps_pulley(answer: Any) -> str:
    x = tensor(answer, (200,))
    expect(bool(x.isfinite().all()), "expected 200 finite numbers.")
    expect(float(x.std()) > 1e-9, "all points are one: for these two tests that is undefined.")
    p = float(EppsPulleyTest().p_value(x))
    expect(p < 0.01, f"Epps–Pulley gives p = {p:.2g}; it should be below 0.01. Move further away.")
    blind = {label: classical_test(x, name).p_value for name, label in BLIND_TESTS.items()}
    for label, value in blind.items():
        expect(
            value > 0.05,
            f"{label} rejects too, p = {value:.2g}. It looks at shape alone: keep that Gaussian.",
        )
    words = ", ".join(f"{label} p = {value:.2f}" for label, value in blind.items())
    return f"Epps–Pulley p = {p:.1g}, but {words}: they fit mean and scale before they look."


only_epps_pulley = Exercise(
    _check_only_epps_pulley,
    hints=(
        "Both tests look at shape alone: they fit mean and scale first. Which change is no shape?",
        "Start from `sample_1d('gaussian', 200)`, which is N(0, 1), and shift or scale it.",
    ),
    solution="my_sample = sample_1d('gaussian', 200, scale=0.5)",
)


# --- the force on each point


def _check_force(answer: Any) -> str:
    got = tensor(call(answer, SAMPLE), (len(SAMPLE),))
    truth = _force(SAMPLE)
    wrong = {
        "that is the gradient, uphill. The force that lowers T is minus that.": -truth,
        "that is N times too small: use T with its factor N.": truth / len(SAMPLE),
        "that is N times too large: T has its factor N already.": len(SAMPLE) * truth,
        "that is the force of the closed form. Use EppsPulleyTest() as it comes.": _force(
            SAMPLE, epps_pulley_closed_form
        ),
    }
    for reason, value in wrong.items():
        expect(not torch.allclose(got, value, rtol=1e-3, atol=1e-5), reason)
    worst = int((got - truth).abs().argmax())
    expect(
        torch.allclose(got, truth, rtol=1e-3, atol=1e-5),
        f"on the point at {SAMPLE[worst]:.2f} you give {got[worst]:.4f}, not {truth[worst]:.4f}.",
    )
    at_zero = tensor(call(answer, torch.zeros(4, dtype=torch.float64)), (4,))
    expect(bool((at_zero.abs() < 1e-9).all()), "four points at 0 should feel no force.")
    return "Minus the gradient. Four points at 0 feel nothing: full collapse is a dead point."


def _force(x: torch.Tensor, statistic: Any = epps_pulley_quadrature) -> torch.Tensor:
    x = x.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(statistic(x), x)
    return -gradient


force = Exercise(
    _check_force,
    hints=(
        "`x = x.clone().requires_grad_(True)` is a copy that remembers what is done to it.",
        "`statistics.EppsPulleyTest()(x).backward()` fills `x.grad` with ∂T/∂x_j.",
        "The gradient points uphill. What lowers T is minus that.",
    ),
    solution="""
def my_force(x):
    x = x.clone().requires_grad_(True)
    statistics.EppsPulleyTest()(x).backward()
    return -x.grad
""",
)


# --- T at full collapse

COLLAPSED = 256


def _check_collapse(answer: Any) -> str:
    got = number(answer)
    truth = float(epps_pulley_quadrature(torch.zeros(COLLAPSED, dtype=torch.float64)))
    exact = float(epps_pulley_closed_form(torch.zeros(COLLAPSED, dtype=torch.float64)))
    wrong = {
        "that is T / N. T carries the factor N.": truth / COLLAPSED,
        "that is for N = 1000; here N = 256.": truth / COLLAPSED * 1000,
        "that is half of it: the integral runs over t and -t.": truth / 2,
        "that is the exact integral over all t; the 17 knots stop at t = 3.": exact,
        "0 is what a perfect sample scores; this one is the worst kind of sample.": 0.0,
    }
    for reason, value in wrong.items():
        expect(not close(got, value, rel=2e-3), reason)
    expect(
        close(got, truth, rel=5e-3),
        f"not {got:.4g}. All arrows point to 1 at every t, so the gap is 1 - e^{{-t²/2}}.",
    )
    return f"{truth:.1f} = 0.402 × 256. No sample at 0 can feel it: the force there is 0."


collapse = Exercise(
    _check_collapse,
    hints=(
        "Where does the mean arrow end when every point lies at 0? The same for every t.",
        "φ_N(t) = 1, so the squared gap is (1 - e^{-t²/2})². Sum it with the weights.",
        "`256 * (weights * (1 - statistics.standard_normal_cf(knots)) ** 2).sum()` it is.",
    ),
    solution="""
knots, weights = statistics.quadrature_rule(17, 3.0)
my_collapse = 256 * (weights * (1 - statistics.standard_normal_cf(knots)) ** 2).sum()
""",
)


# --- quiz

quiz_knots = quiz(
    "b",
    {
        "a": "That is the report's reading. LeJEPA compares with φ itself, which needs no points.",
        "b": "Seventeen frequencies t at which φ_N and φ are compared.",
        "c": "Directions are another matter: this notebook looks along one of them only.",
        "d": "T takes a sample of any size N.",
    },
)
quiz_size = quiz(
    "c",
    {
        "a": "The squared gap is ten times smaller on average, but the factor N makes up for it.",
        "b": "So it goes for a sample that is not Gaussian: its gap stays, and N multiplies it.",
        "c": "The squared gap is ten times smaller, the factor N ten times larger.",
        "d": "T is never negative, so it cannot average 0; under N(0, 1) it averages 1.05.",
    },
)
quiz_loss = quiz(
    "a",
    {
        "a": "Training moved the points until they fit better than chance: a loss is not a test.",
        "b": "Random samples average 1.05 and hardly ever score 0.02. These points were arranged.",
        "c": "Full collapse scores 0.402 N, 103 for 256 points.",
        "d": "1.05 is an average over random samples, not a bound: arranged points go far below.",
    },
)
quiz_tests = quiz(
    "d",
    {
        "a": "It is Epps–Pulley that asks the stricter question: N(0, 1), not just any normal law.",
        "b": "A heavy tail is a matter of shape, which Shapiro–Wilk looks at.",
        "c": "p = 0.6 says that this test found nothing, not that there is nothing to find.",
        "d": "Shapiro–Wilk fits mean and scale first, so it cannot see that one of them is wrong.",
    },
)
quiz_standardize = quiz(
    "b",
    {
        "a": "So it would be if the test saw the sample as it is; but it is blown up again first.",
        "b": "Dividing by the standard deviation undoes the shrinking: collapse cannot be seen.",
        "c": "T does not scale with the sample, and here the sample is blown up again first.",
        "d": "eps = 1e-6 guards against a standard deviation of 0; beside 0.01 it is nothing.",
    },
)
