"""Patients of the clinic that are measured while one looks: a number before and after its cure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import torch

from sigreg_edu.losses import SIGReg, invariance
from sigreg_edu.losses.cost import peak_memory
from sigreg_edu.losses.timing import in_bytes
from sigreg_edu.slicing import sliced_epps_pulley, uniform_directions
from sigreg_edu.statistics import quadrature_rule
from sigreg_edu.training.clinic import case, healthy_runs
from sigreg_edu.training.monitor import null_floor
from sigreg_edu.views.many_shadows import short
from sigreg_edu.views.params import Params, choice, slider

LEVELS = 7
LAMB = 0.05
DEAD_ROWS, DEAD_STEPS = 64, 60
RANK_ROWS, RANK_STD = 4096, 0.8
_SMALLEST = 1e-7  # where a spread of exactly 0 is drawn


@dataclass(frozen=True)
class Reading:
    """What is measured over one setting; L values of it.

    Attributes:
        complaint: what the user says.
        setting: name of what varies.
        x: its values, (L,).
        names: of the two lines, ill and cured.
        ill, cured: what is measured, (L,) each.
        quantity: what that is, with its unit.
        told: a value for people.
        why: one sentence.
        level: a line to compare with, and its name; None without one.
        logarithmic: whether the quantity's axis is.
        marks: how the values of x are written.
        notes: one for each value; may be empty.
    """

    complaint: str
    setting: str
    x: np.ndarray
    names: tuple[str, str]
    ill: np.ndarray
    cured: np.ndarray
    quantity: str
    told: Callable[[float], str]
    why: str
    level: tuple[float, str] | None = None
    logarithmic: bool = True
    marks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def _normal(count: int, dim: int) -> torch.Tensor:
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(0))


def _marks(values: np.ndarray) -> tuple[str, ...]:
    return tuple(f"{value:g}" for value in values)


def _memory() -> Reading:
    slices, rows, dim, knots = 64 * 2 ** np.arange(LEVELS), 512, 64, 17
    return Reading(
        complaint="Out of memory, in the loss.",
        setting=f"slices M, at N = {rows} and D = {dim}",
        x=slices.astype(float),
        names=("textbook form", "in blocks"),
        ill=peak_memory("textbook", rows, dim, slices, knots),
        cured=peak_memory("fast", rows, dim, slices, knots),
        quantity="most memory at once, bytes",
        told=in_bytes,
        why="Angles are N × M × T numbers if they are written down. Blocks keep the projections, "
        "N × M. Fixed slices spare nothing: the directions, D × M, are there either way.",
        marks=_marks(slices),
        notes=tuple(
            f"fewer slices: a quarter needs "
            f"{in_bytes(float(peak_memory('textbook', rows, dim, m // 4, knots)))}; half the batch "
            f"{in_bytes(float(peak_memory('textbook', rows // 2, dim, m, knots)))}; the directions "
            f"are {in_bytes(4.0 * dim * m)}"
            for m in slices.tolist()
        ),
    )


def _half_precision() -> Reading:
    counts = 4 ** np.arange(4, 4 + LEVELS)
    half, full = (
        _in_precision(dtype, _normal(int(counts[-1]), 2), counts)
        for dtype in (torch.bfloat16, torch.float32)
    )
    return Reading(
        complaint="In bfloat16, with every patch a row, SIGReg stays above its floor.",
        setting="rows N",
        x=counts.astype(float),
        names=("in bfloat16", "in float32"),
        ill=half,
        cured=full,
        quantity="T of healthy points",
        told=short,
        why="bfloat16 has eight significant bits. A healthy mean of cosines is off its target by "
        "1/√N; rounding is off by 1/256 whatever N. Widen before cosines are taken.",
        level=(null_floor(), "healthy"),
        marks=("256", "1 k", "4 k", "16 k", "66 k", "262 k", "1 M"),
    )


def _in_precision(dtype: torch.dtype, z: torch.Tensor, counts: np.ndarray) -> np.ndarray:
    """T of the first N points of z (N, D), mean of D shadows, for each of ``counts``.

    Cosines and their means are taken in ``dtype``, one shadow after the other: they are large.
    """
    t, w = quadrature_rule(dtype=torch.float32)
    target = torch.exp(-(t**2) / 2)
    values = np.zeros(len(counts))
    for shadow in z.T:
        angles = (shadow[:, None] * t).to(dtype)  # (N, T)
        for turned, goal in ((angles.cos(), target), (angles.sin(), 0.0)):
            means = torch.stack([turned[: int(n)].mean(0).float() for n in counts])  # (L, T)
            values += counts * ((means - goal) ** 2 @ w).numpy() / z.shape[1]
    return values


def _ranks() -> Reading:
    ranks = np.array([1, 4, 16, 64, 128, 256, 512])
    z, directions = RANK_STD * _normal(RANK_ROWS, 16), uniform_directions(16, 64, seed=0)
    joined, pull = _value_and_pull(z, directions)
    parts = [_value_and_pull(z.unflatten(0, (int(r), -1)), directions) for r in ranks]
    return Reading(
        complaint="On many GPUs the embeddings shrink; on one they did not.",
        setting="ranks, of 4,096 rows together",
        x=ranks.astype(float),
        names=("each rank by itself, mean", "sums joined"),
        ill=np.array([value for value, _ in parts]),
        cured=np.full(len(ranks), joined),
        quantity=f"T of points of std {RANK_STD:g}",
        told=short,
        why="T has the factor N: each rank sees only its own N. Add cosines, sines and counts over "
        "the ranks, then take T; a mean of the ranks' T is another loss.",
        level=(null_floor(), "healthy"),
        marks=_marks(ranks),
        notes=tuple(
            f"{RANK_ROWS // int(r)} rows on each; the gradient is {_short_share(own, pull)}"
            for r, (_, own) in zip(ranks, parts, strict=True)
        ),
    )


def _value_and_pull(z: torch.Tensor, directions: torch.Tensor) -> tuple[float, torch.Tensor]:
    """Return mean T of points (..., N, D) and its gradient, (points, D)."""
    leaf = z.clone().requires_grad_()
    value = SIGReg()(leaf, directions=directions)
    (pull,) = torch.autograd.grad(value, leaf)
    return value.item(), pull.reshape(-1, z.shape[-1])


def _short_share(own: torch.Tensor, whole: torch.Tensor) -> str:
    cosine = torch.nn.functional.cosine_similarity(own.flatten(), whole.flatten(), dim=0)
    share = (own.norm() / whole.norm()).item()
    return f"{share:.2g} times as long as the joined one, cosine {cosine:.2f}"


def _factor_n() -> Reading:
    counts = 16 * 3 ** np.arange(LEVELS)
    pulls = np.array([_balance(int(n)) for n in counts])
    return Reading(
        complaint="Same λ, another code base: everything collapses.",
        setting="rows N",
        x=counts.astype(float),
        names=("statistic T / N", "statistic T"),
        ill=pulls / counts,
        cured=pulls,
        quantity="pull of λ · SIGReg / pull of (1 − λ) · agreement",
        told=lambda ratio: f"{ratio:.2g}",
        why=f"λ = {LAMB:g} in both. With the factor N the pull grows with the rows of a batch; "
        "without it, it does not. A λ is a number only together with its formula.",
        level=(1.0, "as strong"),
        marks=_marks(counts),
        notes=tuple(f"λ = {LAMB:g} without N is {_translated(int(n)):.2g} with it" for n in counts),
    )


def _balance(count: int) -> float:
    """How many times as long the regularizer's gradient is as the agreement's, with factor N."""
    centre = 0.5 * _normal(count, 16)
    noise = torch.randn(2, count, 16, generator=torch.Generator().manual_seed(1))
    z = (centre + 0.2 * noise).requires_grad_()
    directions = uniform_directions(16, 32, seed=0)
    spread = LAMB * SIGReg()(z, directions=directions)
    (ours,) = torch.autograd.grad(spread, z)
    (theirs,) = torch.autograd.grad((1.0 - LAMB) * invariance(z), z)
    return (ours.norm() / theirs.norm()).item()


def _translated(count: int) -> float:
    """LeJEPA's λ of λ = 0.05 beside T / N."""
    return (LAMB / count) / (1.0 - LAMB + LAMB / count)


def _dead() -> Reading:
    spreads = np.array([0.0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1.0])
    starts, ends, pulls = _set_going(spreads)
    return Reading(
        complaint="The loss does not move at all. Nothing spikes, nothing breaks.",
        setting="how far apart the points start",
        x=np.maximum(spreads, _SMALLEST),
        names=("T at the start", f"T after {DEAD_STEPS} steps"),
        ill=starts,
        cured=ends,
        quantity=f"T of {DEAD_ROWS} points",
        told=short,
        why="All points on one place: T = 0.402 N and the gradient is exactly zero. No smooth loss "
        "parts what it sees alike. Any spread of the start is a cure.",
        level=(null_floor(), "healthy"),
        marks=("0", "10⁻⁶", "10⁻⁵", "10⁻⁴", "10⁻³", "0.01", "1"),
        notes=tuple(f"largest gradient at the start: {pull:.2g}" for pull in pulls),
    )


def _set_going(spreads: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """T at the start, T after some steps of Adam on the points, the first gradient's largest.

    All starts (L,) go at once: neither T nor Adam joins their points.
    """
    scale = torch.from_numpy(spreads).float()[:, None, None]
    z = (scale * _normal(DEAD_ROWS, 4)).requires_grad_()  # (L, N, 4)
    optimizer, directions = torch.optim.Adam([z], lr=0.1), uniform_directions(4, 16, seed=0)
    values, pulls = [], []
    for _ in range(DEAD_STEPS + 1):
        each = sliced_epps_pulley(z, directions).mean(dim=-1)  # (L,)
        optimizer.zero_grad()
        each.sum().backward()
        values.append(each.detach().numpy())
        pulls.append(z.grad.abs().amax(dim=(1, 2)).numpy())
        optimizer.step()
    return values[0].astype(float), values[-1].astype(float), pulls[0]


def _standardized() -> Reading:
    scales = np.array([1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01])
    z, directions = _normal(256, 16), uniform_directions(16, 16, seed=0)
    blind = SIGReg(method="reference_points", standardize=True)
    seeing = SIGReg()
    return Reading(
        complaint="SIGReg is calm, and the embeddings are a point.",
        setting="scale of the embeddings",
        x=scales,
        names=("each shadow standardized", "as it is"),
        ill=np.array([blind(float(s) * z, directions=directions).item() for s in scales]),
        cured=np.array([seeing(float(s) * z, directions=directions).item() for s in scales]),
        quantity="SIGReg of 256 points",
        told=short,
        why="What is divided by its own width has width 1: the report's test cannot see shrinking, "
        "so nothing forbids it.",
        marks=_marks(scales),
    )


def _rows() -> Reading:
    counts, dim = 8 * 2 ** np.arange(LEVELS), 32
    lost = torch.ones(dim)
    lost[: dim // 2] = 0.3
    directions = uniform_directions(dim, 256, seed=0)
    clouds = [_normal(int(n), dim) for n in counts]
    values = [[sliced_epps_pulley(z * shape, directions).mean().item() for z in clouds]
              for shape in (lost, torch.ones(dim))]  # fmt: skip
    return Reading(
        complaint="Small batches: half of my dimensions are gone, and SIGReg says nothing.",
        setting="rows N, in 32 dimensions",
        x=counts.astype(float),
        names=("half of the axes at std 0.3", "healthy"),
        ill=np.array(values[0]),
        cured=np.array(values[1]),
        quantity="T, mean of 256 slices",
        told=short,
        why="What T shows above its floor grows with N. In a batch of a few rows an ill cloud can "
        "hardly be told from a healthy one, and the loss hardly pulls.",
        level=(null_floor(), "floor"),
        marks=_marks(counts),
    )


def _space() -> Reading:
    run = healthy_runs(case("rising"))[0]
    seen = {space: run.measures[space]["sigreg"].astype(float) for space in run.measures}
    return Reading(
        complaint="SIGReg falls as it should, but my embeddings are not Gaussian.",
        setting="step of a healthy training",
        x=run.look_steps.astype(float),
        names=("T of the embedding", "T of the projection"),
        ill=seen["embedding"],
        cured=seen["projection"],
        quantity="T of 256 test images",
        told=short,
        why="The loss acts on the projection; probes read the embedding, which nobody asked to be "
        "Gaussian. Nothing is ill: ask first which space was measured.",
        level=(null_floor(), "N(0, I)"),
        marks=_marks(run.look_steps),
        notes=tuple(f"kNN {100 * k:.0f} %" for k in run.measures["embedding"]["knn"]),
    )


_READINGS: Mapping[str, Callable[[], Reading]] = MappingProxyType(
    {
        "memory": _memory,
        "bf16": _half_precision,
        "ranks": _ranks,
        "factor_n": _factor_n,
        "dead": _dead,
        "standardized": _standardized,
        "rows": _rows,
        "space": _space,
    }
)
LABELS = {
    "memory": "out of memory",
    "bf16": "half precision",
    "ranks": "batches not joined",
    "factor_n": "λ and the factor N",
    "dead": "dead start",
    "standardized": "standardized test",
    "rows": "too few rows",
    "space": "which space?",
}


@lru_cache(maxsize=len(LABELS))
def reading(name: str) -> Reading:
    """Return what is measured of a case; measured when it is asked for first.

    >>> found = reading("dead")
    >>> bool(found.x[0] < 1e-6), bool(found.ill[0] == found.cured[0])
    (True, True)
    """
    return _READINGS[name]()


@dataclass(frozen=True)
class ClinicMeasuredParams(Params):
    """State of the explorer of measured patients."""

    case: str = choice("memory", LABELS, label="patient")
    level: int = slider(
        LEVELS // 2, 0, LEVELS - 1, 1, label="value on the x axis",
        help="0 is the leftmost that was measured; the read-out begins with it.",
    )  # fmt: skip


@dataclass(frozen=True)
class ClinicMeasuredView:
    """What the figure of measured patients shows.

    Attributes:
        case: which.
        reading: what was measured.
        now: the present value, an index.
        readout: all that in words.
    """

    case: str
    reading: Reading
    now: int
    readout: str


def clinic_measured_view(params: ClinicMeasuredParams) -> ClinicMeasuredView:
    """Look at a measured patient at one value of its setting.

    Raises:
        FileNotFoundError: a recorded run is asked for that is not there.
    """
    found = reading(params.case)
    now = min(params.level, len(found.x) - 1)
    ill, cured = (found.told(float(line[now])) for line in (found.ill, found.cured))
    note = f" ({found.notes[now]})" if found.notes else ""
    return ClinicMeasuredView(
        case=params.case,
        reading=found,
        now=now,
        readout=f"{_standing(found, now)}: {found.quantity}, {found.names[0]} {ill}, "
        f"{found.names[1]} {cured}{note}. “{found.complaint}” {found.why}",
    )


def _standing(found: Reading, now: int) -> str:
    """The setting with its present value, e.g. 'Slices M = 512, at N = 512'."""
    name, comma, rest = found.setting.partition(",")
    return f"{name[0].upper()}{name[1:]} = {found.marks[now]}{comma}{rest}"
