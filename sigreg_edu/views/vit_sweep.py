"""Which setting matters, and how much? Recorded trainings of vision transformers over one of four.

The readout asks each line of a sweep how far its setting may be wrong: over which values kNN stays
within five points of the line's best, as a factor between the ends of that range.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from sigreg_edu.training.config import TrainConfig, load_experiment
from sigreg_edu.training.measures import SPACES
from sigreg_edu.training.objective import CONDITIONS
from sigreg_edu.training.recorded import RecordedRun, vit_runs
from sigreg_edu.views.params import Params, choice, slider

MEASURES = ("knn", "linear", "effective_rank", "smallest_std", "sigreg", "invariance")
PROBES = ("knn", "linear")  # always of the embedding
LAST_STEPS = 20  # over which a step's noise is averaged away
WITHIN = 0.05  # of kNN: five points


@dataclass(frozen=True)
class Sweep:
    """What is varied, and where it is recorded.

    Attributes:
        label: for the control.
        experiment: name of the recorded experiment.
        symbol: before a value in words.
        value_of: the setting of a training.
        line_of: name of the line that a training belongs to.
    """

    label: str
    experiment: str
    symbol: str
    value_of: Callable[[TrainConfig], float]
    line_of: Callable[[TrainConfig], str]


#: The sweeps by name.
SWEEPS: Mapping[str, Sweep] = MappingProxyType(
    {
        "lamb": Sweep(
            "λ", "vit_lambda", "λ",
            lambda c: c.loss.lamb, lambda c: CONDITIONS[c.loss.name].label,
        ),
        "slices": Sweep(
            "number of slices", "vit_slices", "slices",
            lambda c: c.loss.num_slices,
            lambda c: "fixed slices" if c.loss.fixed_slices else "fresh slices",
        ),
        "batch": Sweep(
            "batch size", "vit_batch", "batch size",
            lambda c: c.batch_size, lambda c: CONDITIONS[c.loss.name].label,
        ),
        "covariance": Sweep(
            "VICReg's covariance", "vit_vicreg", "share of the covariance",
            lambda c: c.loss.covariance,
            lambda c: f"{CONDITIONS[c.loss.name].label}, λ = {c.loss.lamb:g}",
        ),
    }
)  # fmt: skip
LABELS = {name: sweep.label for name, sweep in SWEEPS.items()}


def swept_values(configs: Iterable[TrainConfig], sweep: str) -> tuple[float, ...]:
    """Return the values of a sweep's setting among trainings, rising.

    >>> swept_values(load_experiment("vit_batch").configs(), "batch")
    (32, 64, 128, 256, 512)
    """
    return tuple(sorted({SWEEPS[sweep].value_of(config) for config in configs}))


LAST_POSITION = -1 + max(
    len(swept_values(load_experiment(sweep.experiment).configs(), name))
    for name, sweep in SWEEPS.items()
)


@dataclass(frozen=True)
class VitSweepParams(Params):
    """State of the explorer of settings."""

    sweep: str = choice("lamb", LABELS, label="varied")
    position: int = slider(
        LAST_POSITION // 2, 0, LAST_POSITION, 1, label="which value",
        help="0 is the smallest. A sweep of fewer values stays at its largest.",
    )  # fmt: skip
    space: str = choice(
        "projection", SPACES, label="panels 3 to 5 of",
        help="The loss sees the projection. The embedding enters the projector.",
    )  # fmt: skip


@dataclass(frozen=True)
class Line:
    """The runs of one line of a sweep: L values, R runs.

    Attributes:
        name: what they share.
        values: the setting's values, rising, shape (L,).
        at: value of each run, shape (R,).
        measures: each of ``MEASURES`` by run, after training, shape (R,).
        means: the same by value, mean over its runs, shape (L,).
        courses: for each value its runs' looks and kNN at each, (steps, knn).
    """

    name: str
    values: np.ndarray
    at: np.ndarray
    measures: Mapping[str, np.ndarray]
    means: Mapping[str, np.ndarray]
    courses: tuple[tuple[tuple[np.ndarray, np.ndarray], ...], ...]

    def index(self, value: float) -> int | None:
        """Return which of the values it is; None if it is not recorded."""
        found = np.flatnonzero(self.values == value)
        return int(found[0]) if len(found) else None


@dataclass(frozen=True)
class VitSweepView:
    """What the figure of settings shows.

    Attributes:
        sweep, space: the chosen ones.
        values: all that is recorded of the setting, rising, shape (V,).
        now: the present one, an index.
        lines: what is compared over them.
        raw: ``knn`` and ``linear`` of raw pixels.
        dim: dimension of the space.
        runs, steps: how many runs of how many steps.
        devices: what they ran on.
        readout: all that in words.
    """

    sweep: str
    space: str
    values: np.ndarray
    now: int
    lines: tuple[Line, ...]
    raw: Mapping[str, float]
    dim: int
    runs: int
    steps: int
    devices: tuple[str, ...]
    readout: str

    @property
    def value(self) -> float:
        """The present value of the setting."""
        return self.values[self.now]


def vit_sweep_view(params: VitSweepParams) -> VitSweepView:
    """Look at the recorded runs of one sweep, and at those of one value of its setting.

    Raises:
        FileNotFoundError: the recorded runs are not there; the message says what to do.
    """
    return sweep_of_runs(_recorded(params.sweep), params)


@lru_cache(maxsize=len(SWEEPS))
def _recorded(sweep: str) -> tuple[RecordedRun, ...]:
    return tuple(vit_runs(SWEEPS[sweep].experiment))


def sweep_of_runs(runs: tuple[RecordedRun, ...], params: VitSweepParams) -> VitSweepView:
    """Return the view of runs that were trained over the setting that ``params`` names."""
    lines = _lines(runs, params.sweep, params.space)
    values = np.array(swept_values((run.config for run in runs), params.sweep))
    now, dim = min(params.position, len(values) - 1), runs[0].spectra[params.space].shape[1]
    return VitSweepView(
        sweep=params.sweep,
        space=params.space,
        values=values,
        now=now,
        lines=lines,
        raw={name: runs[0].final[f"raw_{name}"] for name in PROBES},
        dim=dim,
        runs=len(runs),
        steps=runs[0].config.steps,
        devices=tuple(sorted({run.ran_on["device"] for run in runs})),
        readout=_in_words(params, values, now, dim, lines),
    )


@lru_cache(maxsize=2 * len(SWEEPS))
def _lines(runs: tuple[RecordedRun, ...], sweep: str, space: str) -> tuple[Line, ...]:
    line_of = SWEEPS[sweep].line_of
    names = dict.fromkeys(line_of(run.config) for run in runs)
    return tuple(
        _line(name, [run for run in runs if line_of(run.config) == name], sweep, space)
        for name in names
    )


def _line(name: str, runs: Sequence[RecordedRun], sweep: str, space: str) -> Line:
    at = np.array([SWEEPS[sweep].value_of(run.config) for run in runs], dtype=float)
    values = np.unique(at)
    measures = {m: np.array([at_end(run, m, space) for run in runs]) for m in MEASURES}
    return Line(
        name=name,
        values=values,
        at=at,
        measures=measures,
        means={m: np.array([y[at == v].mean() for v in values]) for m, y in measures.items()},
        courses=tuple(
            tuple((run.look_steps, run.measures["embedding"]["knn"])
                  for run, value in zip(runs, at, strict=True) if value == v)
            for v in values
        ),
    )  # fmt: skip


def at_end(run: RecordedRun, measure: str, space: str) -> float:
    """Return one of ``MEASURES`` of a trained network.

    ``knn`` and ``linear`` are those of probes of the embedding, on all images; the invariance is
    the projection's, the mean over the last 20 steps.
    """
    if measure in PROBES:
        return float(run.final[measure])
    if measure == "invariance":
        return float(run.curves["invariance"][-LAST_STEPS:].mean())
    return float(run.measures[space][measure][-1])


# --- how far a setting may be wrong -----------------------------------------------------------


@dataclass(frozen=True)
class GoodRange:
    """Over which values a line stays near its best.

    Attributes:
        best, score: the best value and its kNN.
        low, high: ends of the range around it.
        open: whether an end is also an end of what was tried, so that the range may go on.
    """

    best: float
    score: float
    low: float
    high: float
    open: bool

    @property
    def factor(self) -> float:
        """How many times the low end the high end is; infinite from 0."""
        if self.low == self.high:
            return 1.0
        return self.high / self.low if self.low > 0.0 else math.inf


def good_range(values: np.ndarray, scores: np.ndarray, within: float = WITHIN) -> GoodRange:
    """Return the neighbouring values around the best whose scores are within ``within`` of it.

    Args:
        values: rising, (L,).
        scores: (L,).
        within: how much a score may be worse than the best.

    >>> found = good_range(np.array([0.01, 0.1, 0.2, 0.4]), np.array([0.5, 0.9, 0.88, 0.6]))
    >>> found.low, found.high, found.factor, found.open
    (0.1, 0.2, 2.0, False)
    """
    best = low = high = int(np.argmax(scores))
    good = scores >= scores[best] - within - 1e-9
    while low > 0 and good[low - 1]:
        low -= 1
    while high < len(scores) - 1 and good[high + 1]:
        high += 1
    at_edge = low == 0 or high == len(scores) - 1
    ends = float(values[low]), float(values[high])
    return GoodRange(float(values[best]), float(scores[best]), *ends, at_edge)


def verdict(ranges: Mapping[str, GoodRange]) -> str:
    """Say which line stays near its best over the widest range, or why that cannot be told.

    A range that ends where the values end may be wider than was seen; an open one therefore wins
    against a closed one, but is never beaten.
    """
    if len(ranges) < 2:
        return ""
    widest = max(ranges, key=lambda name: ranges[name].factor)
    top, others = ranges[widest], [r for name, r in ranges.items() if name != widest]
    if all(r.factor < top.factor * (1.0 - 1e-9) and not r.open for r in others):
        return f" The widest range is that of {widest}."
    if any(r.open for r in (top, *others)):
        return " Which range is the widest cannot be told: some end where the values tried end."
    return " No range is wider than all others."


# --- words ------------------------------------------------------------------------------------


def _in_words(
    params: VitSweepParams, values: np.ndarray, now: int, dim: int, lines: tuple[Line, ...]
) -> str:
    here = "; ".join(_here(line, values[now], f"{params.space} rank", dim) for line in lines)
    ranges = {line.name: good_range(line.values, line.means["knn"]) for line in lines}
    found = "; ".join(_range_in_words(line, ranges[line.name]) for line in lines)
    return (
        f"{SWEEPS[params.sweep].symbol} = {values[now]:g}, value {now + 1} of {len(values)} "
        f"({_repeats(lines)}). {here}. Best kNN, and the range within 5 points of it: "
        f"{found}.{verdict(ranges)}"
    )


def _here(line: Line, value: float, rank_of: str, dim: int) -> str:
    index = line.index(value)
    if index is None:
        return f"{line.name} is not recorded there"
    knn, linear, rank = (line.means[name][index] for name in MEASURES[:3])
    return (
        f"{line.name}: kNN {100 * knn:.1f} %, linear {100 * linear:.1f} %, {rank_of} "
        f"{rank:.1f} of {dim}"
    )


def _repeats(lines: tuple[Line, ...]) -> str:
    """How many runs stand behind a value of a line."""
    counts = sorted({len(runs) for line in lines for runs in line.courses})
    if counts == [1]:
        return "one run each, no spread is known"
    return f"means of {' to '.join(map(str, counts))} runs"


def _range_in_words(line: Line, found: GoodRange) -> str:
    best = f"{line.name}: {100 * found.score:.1f} % at {found.best:g}"
    if found.low == found.high:
        return f"{best}, there alone"
    if (found.low, found.high) == (line.values[0], line.values[-1]):
        return f"{best}, all values tried"
    ends = f"{best}, from {found.low:g} to {found.high:g}"
    if math.isinf(found.factor):
        return ends
    return f"{ends}, a factor of {'at least ' if found.open else ''}{found.factor:.3g}"
