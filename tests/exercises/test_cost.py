"""Notebook 06's checkers: right answers pass, each typical slip is told by name."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sigreg_edu.exercises import cost as exercises
from sigreg_edu.exercises.core import Exercise
from sigreg_edu.losses import cost, timing
from sigreg_edu.slicing import sliced_epps_pulley_textbook, trigonometric_sums
from sigreg_edu.views.crossing import CrossingParams, crossing_view


def outcome(name: str, answer) -> tuple[str, str]:
    exercise: Exercise = getattr(exercises, name)
    found = exercise.check(answer)
    return found.status, found.message


def refusal(name: str, answer) -> str:
    status, message = outcome(name, answer)
    assert status == "not yet", message
    return message


# --- multiplications


def counts(
    projections=lambda n, d, m, t: n * d * m,
    waves=lambda n, d, m, t: n * m * t,
    covariance=lambda n, d, m, t: n * d * d,
):
    return lambda *sizes: tuple(part(*sizes) for part in (projections, waves, covariance))


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (counts(projections=lambda n, d, m, t: n * m), "sum of D products"),
        (counts(projections=lambda n, d, m, t: 2 * n * d * m), "without the additions"),
        (counts(projections=lambda n, d, m, t: d * m), "for one point"),
        (counts(projections=lambda n, d, m, t: n * d), "M slices"),
        (lambda n, d, m, t: (n * d * d, n * m * t, n * d * m), "the order is"),
        (counts(waves=lambda n, d, m, t: n * t), "one slice's"),
        (counts(waves=lambda n, d, m, t: m * t), "one point's"),
        (counts(waves=lambda n, d, m, t: n * m), "multiplied by T knots"),
        (counts(waves=lambda n, d, m, t: n * d * m * t), "D is gone"),
        (counts(waves=lambda n, d, m, t: 2 * n * m * t), "the angles t p alone"),
        (counts(covariance=lambda n, d, m, t: d * d), "sum over N points"),
        (counts(covariance=lambda n, d, m, t: n * d), "pairs D with D"),
        (counts(covariance=lambda n, d, m, t: n * d * (d + 1) / 2), "both halves"),
        (counts(covariance=lambda n, d, m, t: n * n * d), "not points"),
        (counts(covariance=lambda *_: 1), "for the covariance, not 1"),
        (lambda n, d, m, t: n * d * m + n * m * t, "return 3 things"),
        (lambda n, d, m, t: (n * d * m, n * m * t), "3 things are asked, got 2"),
    ],
)
def test_counting_slips_are_named(slip, reason):
    assert reason in refusal("multiplications", slip)


def test_an_untouched_part_is_not_tried():
    assert outcome("multiplications", counts(covariance=lambda *_: ...))[0] == "not tried"


# --- bytes of the kernel


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda n, m: n * n * m, "4 bytes"),
        (lambda n, m: 32 * n * n * m, "in bits"),
        (lambda n, m: 8 * n * n * m, "float64"),
        (lambda n, m: 4 * n * n, "one slice only"),
        (lambda n, m: 4 * n * m, "pairs each of the N"),
        (lambda n, m: 2 * n * (n - 1) * m, "both (i, j) and (j, i)"),
        (lambda n, m: 2 * n * n * m, "half of the pairs"),
        (lambda n, m: 4 * n * n * m / 1e9, "bytes, not GB"),
        (lambda n, m: 4 * n * m * m, "pairs of points are"),
        (lambda n, m: 4 * n * m * 17, "the second sum's"),
        (lambda n, m: 5.0, "bytes, not 5"),
    ],
)
def test_kernel_bytes_slips_are_named(slip, reason):
    assert reason in refusal("kernel_bytes", slip)


def test_bytes_of_a_real_tensor_are_right_too():
    def measure(n, m):
        return torch.empty(m, n, n, device="meta").numel() * torch.finfo(torch.float32).bits / 8

    assert outcome("kernel_bytes", measure)[0] == "right"


# --- waves


def recur(c0=1.0, s0=0.0, c=2.0, s=2.0, sign=-1.0, factor=torch.cos):
    def answer(theta, knots):
        cosines = [torch.full_like(theta, c0), theta.cos()]
        sines = [torch.full_like(theta, s0), theta.sin()]
        for _ in range(knots - 2):
            cosines.append(c * cosines[1] * cosines[-1] + sign * cosines[-2])
            sines.append(s * factor(theta) * sines[-1] + sign * sines[-2])
        return torch.stack(cosines[:knots]), torch.stack(sines[:knots])

    return answer


def outright(first=0):
    def answer(theta, knots):
        angles = torch.arange(first, first + knots).unsqueeze(1) * theta
        return angles.cos(), angles.sin()

    return answer


def powers(theta, knots):
    w = torch.polar(torch.ones_like(theta), theta)
    rows = torch.stack([w**k for k in range(knots)])
    return rows.real, rows.imag


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda theta, T: outright()(theta, T)[::-1], "swapped"),
        (outright(1), "Begin with k = 0"),
        (outright(), "torch evaluated 600 cosines"),
        (lambda theta, T: [x.T for x in outright()(theta, T)], "Transpose"),
        (
            lambda theta, T: (
                torch.stack([theta.cos() ** k for k in range(T)]),
                outright()(theta, T)[1],
            ),
            "those are powers",
        ),
        (recur(c=1.0), "the 2 is missing"),
        (recur(sign=1.0), "*minus*"),
        (recur(c0=0.5), "cosine of kθ is wrong from k = 0"),
        (recur(factor=torch.sin), "factor is 2 cos θ too"),
        (recur(s0=1.0), "begin with sin 0"),
        (recur(s=1.0), "sine of kθ is wrong from k = 2"),
        (lambda theta, T: theta.cos(), "2 things are asked"),
        (lambda theta, T: [x[:-1] for x in outright()(theta, T)], "expected shape (6, 50)"),
        (lambda theta, T: ([theta, theta[:2]], theta), "different shapes"),
    ],
)
def test_wave_slips_are_named(slip, reason):
    assert reason in refusal("waves", slip)


@pytest.mark.parametrize(
    "answer",
    [
        powers,
        lambda theta, T: [part.float() for part in powers(theta, T)],
        lambda theta, T: [list(part) for part in powers(theta, T)],
    ],
)
def test_powers_floats_and_lists_of_rows_are_right_too(answer):
    assert outcome("waves", answer)[0] == "right"


def test_the_waves_asked_for_are_those_the_library_sums():
    theta = torch.randn(20, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    one = torch.ones(1, 1, dtype=torch.float64)
    sums = trigonometric_sums(theta, one, num_points=5, spacing=1.0)[:, :, 0]  # (2, T)
    cosines, sines = powers(theta[:, 0], 5)
    assert torch.allclose(sums, torch.stack([cosines.sum(1), sines.sum(1)]))


# --- chunks


def chunked(
    widths=lambda directions, size: directions.split(size, dim=1),
    value=lambda parts, m: sum(part.sum() for part in parts) / m,
):
    """All chunks, then backward: right in value and gradient, not in memory."""

    def answer(statistic, z, directions, size):
        z.requires_grad_()
        parts = [statistic(z, some) for some in widths(directions, size)]
        result = value(parts, directions.shape[1])
        return result, torch.autograd.grad(result, z)[0]

    return answer


def backward_each(scale=1.0):
    def answer(statistic, z, directions, size):
        z.requires_grad_()
        total = 0.0
        for some in directions.split(size, dim=1):
            part = statistic(z, some).sum()
            part.backward()
            total += part.item()
        return total / directions.shape[1], scale * z.grad / directions.shape[1]

    return answer


def by_points(statistic, z, directions, size):
    parts = [statistic(some, directions[:, :size]) for some in z.split(size)]
    return sum(part.mean() for part in parts), z


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (chunked(), "kept what it needs for 10 slices"),
        (chunked(lambda a, size: [a]), "you took 10 slices at once"),
        (chunked(value=lambda parts, m: sum(p.sum() for p in parts)), "the sum over the slices"),
        (chunked(value=lambda p, m: torch.stack([x.mean() for x in p]).mean()), "means is not"),
        (chunked(value=lambda parts, m: sum(p.mean() for p in parts)), "sum of the chunks' means"),
        (chunked(lambda a, size: a[:, :8].split(size, dim=1)), "last chunk is missing"),
        (chunked(value=lambda parts, m: parts[-1].sum() / m), "last chunk alone"),
        (chunked(value=lambda parts, m: 3.0 * parts[0].sum()), "the mean is"),
        (by_points, "keep all points together"),
        (backward_each(10.0), "divide the gradient"),
        (backward_each(2.0), "the gradient is not"),
        (
            lambda s, z, a, size: (sum(s(z, x).sum() for x in a.split(size, 1)) / 10, None),
            "is None",
        ),
        (lambda s, z, a, size: s(z, a[:, :size]).mean(), "return 2 things"),
    ],
)
def test_chunk_slips_are_named(slip, reason):
    assert reason in refusal("chunks", slip)


def test_chunks_of_one_slice_are_right_too():
    def one_by_one(statistic, z, directions, size):
        return backward_each()(statistic, z, directions, 1)

    assert outcome("chunks", one_by_one)[0] == "right"


def test_chunks_save_memory_only_if_each_goes_backward():
    """What the check counts is what is so: the library's meter says the same."""
    z, directions = timing.cloud(200, 8, 64)

    def peak(answer, size):
        def step():
            answer(sliced_epps_pulley_textbook, z.clone(), directions, size)

        step()  # warms up
        return timing.peak_bytes(step)

    angles = 4 * 200 * 64 * 17
    assert peak(chunked(), 2) > angles  # of all slices, for the gradient
    assert peak(backward_each(), 2) < 0.25 * angles  # six arrays of two slices of 64: 0.19


# --- exponents


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda n, t: np.polyfit(n, t, 1)[0], "of the times themselves"),
        (lambda n, t: np.polyfit(n, t.log(), 1)[0], "of the sizes too"),
        (lambda n, t: np.polyfit(n.log(), t, 1)[0], "of the times too"),
        (lambda n, t: np.polyfit(t.log(), n.log(), 1)[0], "swapped"),
        (lambda n, t: (t[-1] / t[0]).log() / (n[-1] / n[0]).log(), "two ends alone"),
        (lambda n, t: (n.log() @ t.log()) / (n.log() @ n.log()), "through the origin"),
        (lambda n, t: (t.log() / n.log()).mean(), "with an intercept"),
        (lambda n, t: np.polyfit(n.log(), t.log(), 1)[1], "the intercept"),
        (lambda n, t: np.corrcoef(n.log(), t.log())[0, 1], "the correlation"),
        (lambda n, t: 2.0, "here the slope is"),
    ],
)
def test_exponent_slips_are_named(slip, reason):
    assert reason in refusal("exponent", slip)


@pytest.mark.parametrize("log", [torch.log2, torch.log10])
def test_any_logarithm_is_right(log):
    assert outcome("exponent", lambda n, t: np.polyfit(log(n), log(t), 1)[0])[0] == "right"


# --- crossing


def root(a, m, rest, c, *, sign=1.0, over=2.0):
    return (a * m + sign * (a * a * m * m + rest) ** 0.5) / (over * c)


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda m, t, a, b, c: a * m / c, "b T are missing"),
        (lambda m, t, a, b, c: root(a, m, 4 * b * c * m * t, c, sign=-1.0), "negative"),
        (lambda m, t, a, b, c: root(a, m, 4 * b * c * m * t, c, over=1.0), "not by c"),
        (lambda m, t, a, b, c: root(a, m, 4 * b * c * m * t, c) * c, "not by 2"),
        (
            lambda m, t, a, b, c: a * m + root(a, m, 4 * b * c * m * t, c) - a * m / (2 * c),
            "whole numerator",
        ),
        (lambda m, t, a, b, c: (a * m * m + b * m * t) ** 0.5, "where D² belongs"),
        (lambda m, t, a, b, c: root(a, m, -4 * b * c * m * t, c), "has become a minus"),
        (lambda m, t, a, b, c: root(a, m, b * c * m * t, c), "the 4 under the root"),
        (lambda m, t, a, b, c: root(a, m, 4 * b * c * t, c), "M is missing"),
        (lambda m, t, a, b, c: (b * m * t / c) ** 0.5, "of the projections is missing"),
        (lambda *_: 1024.0, "that is where the projections alone"),
        (lambda *_: 1000.0, "M = 1024, T = 17"),
    ],
)
def test_crossing_slips_are_named(slip, reason):
    assert reason in refusal("crossing", slip)


def test_a_search_for_the_crossing_is_right_too():
    def search(m, t, a, b, c):
        low, high = 1.0, 1e6
        for _ in range(60):
            middle = (low + high) / 2
            below = c * middle**2 < a * middle * m + b * m * t
            low, high = (middle, high) if below else (low, middle)
        return low

    assert outcome("crossing", search)[0] == "right"


# --- Amdahl


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda s, f: 1 - s + s / f, "the time left"),
        (lambda s, f: f / s, "stays as it is"),
        (lambda s, f: f, "the whole step"),
        (lambda s, f: 1 / (s + (1 - s) / f), "swapped"),
        (lambda s, f: s - s / f, "the time saved"),
        (lambda s, f: 1 / (1 - s), "cost nothing"),
        (lambda s, f: 1 - s + s * f, "not the factors"),
        (lambda s, f: 1 / (1 - s + s * f), "divide"),
        (lambda s, f: 1.0, "times faster"),
    ],
)
def test_speedup_slips_are_named(slip, reason):
    assert reason in refusal("speedup", slip)


# --- the plan


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        ({"form": "textbook", "M": 512}, "textbook with 512 slices needs"),
        ({"form": "closed form", "M": 512}, "closed form with 512 slices needs"),
        ({"form": "three sums", "M": 512}, "three sums with 512 slices needs"),
        ({"form": "vicreg", "M": 512}, "no SIGReg"),
        ({"form": "fast", "M": 256}, "at least 512"),
        ({"form": "fast", "M": 512.5}, "number of slices"),
        ({"form": "fast", "M": "512"}, "no quotation marks"),
        ({"form": "slow", "M": 512}, "the forms are"),
        ({"form": ["fast"], "M": 512}, "the forms are"),
        ({"form": "fast"}, "the keys are"),
        ({"form": "fast", "M": 600, "N": 1}, "the keys are"),
        ("fast", "expected {"),
    ],
)
def test_plan_slips_are_named(slip, reason):
    assert reason in refusal("plan", slip)


def test_a_plan_half_filled_in_is_not_tried():
    assert outcome("plan", {"form": "fast", "M": ...})[0] == "not tried"


@pytest.mark.parametrize("slices", [512, 1024, 2048])
def test_any_plan_that_fits_is_right(slices):
    assert cost.peak_memory("fast", M=slices, **exercises.PLAN) <= exercises.PLAN_BYTES
    assert outcome("plan", {"form": "fast", "M": slices})[0] == "right"


def test_the_quiz_on_the_crossing_says_what_the_record_does():
    halved = [crossing_view(CrossingParams(M=M)).crossing for M in (512, 1024)]
    ratio = halved[0] / halved[1]
    assert 0.5 < ratio < 0.5**0.5
    assert f"{ratio:.2f} times on the recorded machine" in outcome("quiz_crossing", "a")[1]
    assert "projections alone" in refusal("quiz_crossing", "b")


def test_the_quiz_on_linear_growth_is_of_as_many_slices_as_dimensions():
    assert "M = D is N D²" in outcome("quiz_linear", "c")[1]
