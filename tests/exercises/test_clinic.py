"""Notebook 07's checkers: right answers pass, each typical slip is told by name."""

from __future__ import annotations

import pytest
import torch

from sigreg_edu.exercises import clinic as exercises
from sigreg_edu.exercises.clinic import FLOOR
from sigreg_edu.losses import SIGReg
from sigreg_edu.statistics import EppsPulleyTest
from sigreg_edu.training import Monitor, TrainRecord


def outcome(name: str, answer) -> tuple[str, str]:
    found = getattr(exercises, name).check(answer)
    return found.status, found.message


def refusal(name: str, answer) -> str:
    status, message = outcome(name, answer)
    assert status == "not yet", message
    return message


# --- effect


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda T, n: T / n, "subtract the floor"),
        (lambda T, n: T / FLOOR, "how many times the floor"),
        (lambda T, n: T - FLOOR, "how far above"),
        (lambda T, n: T / n - FLOOR, "The floor belongs to T"),
        (lambda T, n: (T - FLOOR) / n**0.5, "not its root"),
        (lambda T, n: (FLOOR - T) / n, "the sign is wrong"),
        (lambda T, n: (T - FLOOR) * n, "divide by N"),
        (lambda T, n: 0.3, "an effect of"),
    ],
)
def test_effect_slips_are_named(slip, reason):
    assert reason in refusal("effect", slip)


def test_the_floor_may_be_rounded():
    assert outcome("effect", lambda T, n: (T - 1.05) / n)[0] == "right"


# --- alarm


def alarm(middle=lambda window: window.median(), limit=max, first=25):
    def judge(values, floor):
        lowest = float("inf")
        for step in range(first, len(values) + 1):
            now = middle(values[step - first : step])
            lowest = min(lowest, now)
            if now > 1.5 * limit(lowest, floor):
                return step
        return 0

    return judge


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (alarm(lambda window: window.mean()), "mean of 25 steps"),
        (alarm(limit=lambda lowest, floor: lowest), "the lowest median alone"),
        (alarm(limit=lambda lowest, floor: floor), "the floor alone"),
        (alarm(lambda window: window[-1], first=1), "single steps"),
        (lambda values, floor: max(0, alarm()(values, floor) - 1), "from 1, not from 0"),
        (lambda values, floor: 0, "compare each median"),
        (lambda values, floor: 149, "one bad batch"),
    ],
)
def test_alarm_slips_are_named(slip, reason):
    assert reason in refusal("alarm", slip)


def test_the_alarm_asked_for_is_the_monitors():
    for curve, _ in exercises._curves().values():
        monitor = Monitor()
        for step, value in enumerate(curve.tolist(), start=1):
            monitor.update(TrainRecord(step, 1.0, 0.1, value, 1.0, 0.0, 0.02, 1.0))
        told = [sign.step for sign in monitor.signs if sign.name == "sigreg rising"]
        assert exercises.alarm.check(lambda v, floor: alarm()(v, floor)).status == "right"
        assert (told or [0])[0] == alarm()(curve, FLOOR)


# --- memory


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda n, d, m, t: (d * m, n * m * t), "numbers, not bytes"),
        (lambda n, d, m, t: (8 * d * m, 4 * n * m * t), "not eight"),
        (lambda n, d, m, t: (4 * n * m, 4 * n * m * t), "directions have no N"),
        (lambda n, d, m, t: (4 * d, 4 * n * m * t), "the slices are missing"),
        (lambda n, d, m, t: (4 * n * m * t, 4 * d * m), "swapped"),
        (lambda n, d, m, t: (4 * d * m, n * m * t), "numbers, not bytes"),
        (lambda n, d, m, t: (4 * d * m, 4 * n * m), "T knots"),
        (lambda n, d, m, t: (4 * d * m, 4 * n * t), "each has its own"),
        (lambda n, d, m, t: (4 * d * m, 4 * n * d * m * t), "D is gone"),
        (lambda n, d, m, t: (4 * d * m, 4 * n * n * m), "pairs of points"),
        (lambda n, d, m, t: (4 * d * m, 1.0), "grid: "),
        (lambda n, d, m, t: 4 * d * m, "return two numbers"),
        (lambda n, d, m, t: (4 * d * m,), "two numbers are asked"),
    ],
)
def test_memory_slips_are_named(slip, reason):
    assert reason in refusal("memory", slip)


def test_an_untouched_number_of_two_is_not_tried():
    assert outcome("memory", lambda *_: (..., ...))[0] == "not tried"


# --- clipping


def whole(gradients):
    return torch.cat(gradients).norm()


def scaled(gradients, factor):
    return [g * factor for g in gradients]


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda gs, top: [g * min(1.0, top / (g.norm() + 1e-9)) for g in gs], "its own norm"),
        (lambda gs, top: [g.clamp(-top, top) for g in gs], "each number is clipped"),
        (lambda gs, top: scaled(gs, top / (whole(gs) + 1e-9)), "lengthened"),
        (lambda gs, top: scaled(gs, min(1.0, 1.0 / (whole(gs) + 1e-9))), "length 1"),
        (lambda gs, top: scaled(gs, min(1.0, top / (whole(gs) ** 2 + 1e-9))), "a root is missing"),
        (
            lambda gs, top: scaled(gs, min(1.0, top / (torch.cat(gs).abs().sum() + 1e-9))),
            "sum of absolute values",
        ),
        (
            lambda gs, top: scaled(gs, min(1.0, top / (torch.cat(gs).abs().max() + 1e-9))),
            "the largest number",
        ),
        (lambda gs, top: gs, "nothing was shortened"),
        (lambda gs, top: scaled(gs, min(whole(gs), top) / whole(gs)), "norm of 0"),
        (lambda gs, top: scaled(gs, 0.0), "they should become"),
        (lambda gs, top: whole(gs), "list of tensors"),
        (lambda gs, top: gs[:1], "expected tensors of shapes"),
    ],
)
def test_clip_slips_are_named(slip, reason):
    assert reason in refusal("clip", slip)


def test_torchs_clipping_is_right_too():
    def by_torch(gradients, max_norm):
        parameters = [torch.nn.Parameter(torch.zeros_like(g)) for g in gradients]
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        torch.nn.utils.clip_grad_norm_(parameters, max_norm)
        return [parameter.grad for parameter in parameters]

    assert outcome("clip", by_torch)[0] == "right"


# --- a dead point


def point(value=lambda x: x, slope=lambda x: x, weight=lambda t, w: w):
    def answer(n, c, t, w):
        w, target = weight(t, w), torch.exp(-(t**2) / 2)
        T = n * (w * (1 - 2 * target * torch.cos(t * c) + target**2)).sum()
        rise = n * (w * 2 * t * target * torch.sin(t * c)).sum()
        return value(T), slope(rise)

    return answer


def real_part(n, c, t, w):
    T = n * (w * (torch.cos(t * c) - torch.exp(-(t**2) / 2)) ** 2).sum()
    return T, point()(n, c, t, w)[1]


def without_t(n, c, t, w):
    rise = n * (w * 2 * torch.exp(-(t**2) / 2) * torch.sin(t * c)).sum()
    return point()(n, c, t, w)[0], rise


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda n, c, t, w: (point()(n, c, t, w)[0] / n, 0.0), "the factor N is missing"),
        (lambda n, c, t, w: (point()(n, c, t, w)[0] * n, 0.0), "N once"),
        (point(value=lambda x: 2 * x), "both signs of t"),
        (point(weight=lambda t, w: w * torch.exp(-(t**2) / 2)), "already holds the window"),
        (real_part, "imaginary part"),
        (
            lambda n, c, t, w: (point()(n, c, t, w)[0], point()(n, c, t, w)[1] / n),
            "the slope lacks the factor N",
        ),
        (point(slope=lambda x: -x), "the slope's sign"),
        (point(slope=lambda x: x / 2), "lacks the 2"),
        (point(slope=lambda x: 2 * x), "both signs of t"),
        (without_t, "lacks t"),
        (point(slope=lambda x: x + 1.0), "its slope is"),
        (point(value=lambda x: x + 1.0), "T is"),
        (lambda n, c, t, w: point()(n, c, t, w)[0], "return two numbers"),
    ],
)
def test_point_slips_are_named(slip, reason):
    assert reason in refusal("point", slip)


def test_the_librarys_statistic_and_gradient_are_right_too():
    """All points move together, so that the slope is the sum of their gradients."""

    def library(n, c, t, w):
        x = torch.full((n,), float(c), dtype=torch.float64, requires_grad=True)
        T = EppsPulleyTest()(x)
        (gradient,) = torch.autograd.grad(T, x)
        return T.item(), gradient.sum().item()

    assert outcome("point", library)[0] == "right"


def test_the_gradient_of_a_collapsed_batch_is_exactly_zero_as_the_notebook_says():
    z = torch.zeros(64, 8, requires_grad=True)
    SIGReg(32)(z).backward()
    assert not z.grad.any()


# --- λ


def lamb(four=lambda gap: 4.0 if gap else 1.0, by=lambda n, with_n: 1.0 if with_n else n):
    def answer(a, b, n, gap, with_n):
        agree, spread = four(gap) * a, b / by(n, with_n)
        return spread / (agree + spread)

    return answer


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda a, b, n, gap, with_n: b if with_n else b / n, "so that they add up to 1"),
        (lambda a, b, n, gap, with_n: (b if with_n else b / n) / a, "a ratio"),
        (lambda *options: 1.0 - lamb()(*options), "share of the agreement"),
        (lamb(by=lambda n, with_n: 1.0), "no notice of N"),
        (lamb(by=lambda n, with_n: 1.0 if with_n else 1 / n), "divide by N"),
        (lamb(by=lambda n, with_n: n), "do not divide by N again"),
        (lamb(four=lambda gap: 1.0), "four times the invariance"),
        (lamb(four=lambda gap: 0.25 if gap else 1.0), "multiply, not divide"),
        (lamb(four=lambda gap: 2.0 if gap else 1.0), "not twice"),
        (lamb(four=lambda gap: 4.0), "only a gap has the 4"),
        (lambda *_: 0.5, "LeJEPA's own"),
    ],
)
def test_lambda_slips_are_named(slip, reason):
    assert reason in refusal("lamb", slip)


# --- bfloat16


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda bits: 2**bits + 1, "one step further"),
        (lambda bits: 2**bits - 1, "has a successor"),
        (lambda bits: 2 ** (bits - 1), "include the leading one"),
        (lambda bits: 2 ** (bits + 1), "one bit too many"),
        (lambda bits: 10**bits, "bits are binary"),
        (lambda bits: bits**2, "not bits squared"),
        (lambda bits: 256, "float16, 11 bits"),
    ],
)
def test_stop_slips_are_named(slip, reason):
    assert reason in refusal("stop", slip)


@pytest.mark.parametrize(
    ("bits", "dtype"), [(8, torch.bfloat16), (11, torch.float16), (24, torch.float32)]
)
def test_a_sum_of_ones_stops_where_the_exercise_says(bits, dtype):
    most = torch.tensor(2.0**bits, dtype=dtype)
    assert most + 1 == most
    assert most - 1 + 1 == most != most - 1


# --- joined batches


def sums(parts, t):
    C = [(part[:, None] * t).cos().sum(0) for part in parts]
    S = [(part[:, None] * t).sin().sum(0) for part in parts]
    return C, S, [len(part) for part in parts]


def joined(parts, t, w, *, n=None, even=False, sines=1.0):
    C, S, sizes = sums(parts, t)
    total = sum(sizes)
    if even:
        c, s = (
            sum(x / k for x, k in zip(some, sizes, strict=True)) / len(parts) for some in (C, S)
        )
    else:
        c, s = sum(C) / total, sum(S) / total
    gap = (c - torch.exp(-(t**2) / 2)) ** 2 + sines * s**2
    return (total if n is None else n) * (w * gap).sum()


def own(parts, t, w):
    return torch.stack([joined([part], t, w) for part in parts])


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda parts, t, w: own(parts, t, w).mean(), "mean of the parts' T"),
        (lambda parts, t, w: own(parts, t, w).sum(), "sum of the parts' T"),
        (
            lambda parts, t, w: (
                joined(parts, t, w)
                if len({len(p) for p in parts}) == 1
                else sum(len(p) * joined([p], t, w) for p in parts) / sum(len(p) for p in parts)
            ),
            "weighted by their sizes",
        ),
        (lambda parts, t, w: joined(parts, t, w, even=True), "counts alike"),
        (
            lambda parts, t, w: joined(parts, t, w, n=sum(map(len, parts)) / len(parts)),
            "points of all parts",
        ),
        (lambda parts, t, w: joined(parts, t, w, n=len(parts[0])), "points of all parts"),
        (lambda parts, t, w: joined(parts, t, w, n=1), "factor N is missing"),
        (lambda parts, t, w: joined(parts, t, w, sines=0.0), "sines are missing"),
        (lambda parts, t, w: 2 * joined(parts, t, w), "both signs of t"),
        (lambda parts, t, w: 3.0, "parts of 60, 60 points"),
    ],
)
def test_union_slips_are_named(slip, reason):
    assert reason in refusal("union", slip)


@pytest.mark.parametrize(
    "join",
    [
        torch.cat,
        lambda parts: torch.tensor([x for part in parts for x in part.tolist()]).double(),
        lambda parts: torch.nn.utils.rnn.pack_sequence(parts, enforce_sorted=False).data,
    ],
)
def test_points_that_were_brought_together_are_not_sums_over_parts(join):
    told = refusal("union", lambda parts, t, w: EppsPulleyTest()(join(parts)))
    assert "all points to one place" in told


def test_sums_over_parts_may_be_stacked():
    def answer(parts, t, w):
        sums = torch.stack([torch.exp(1j * part[:, None] * t).sum(0) for part in parts]).sum(0)
        n = sum(map(len, parts))
        return n * ((sums / n - torch.exp(-(t**2) / 2)).abs() ** 2 @ w)

    assert outcome("union", answer)[0] == "right"
