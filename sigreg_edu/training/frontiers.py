"""Record what notebook 08 compares, and give a verdict on each idea of the report.

Four tables lie in ``data/runs``, beside one note for people (``frontiers.json``):

============================ =====================================================================
``frontiers.npz``            trainings of a small network under each method, five λ, three seeds
``frontiers_descent.npz``    particles: who removes two heaps hidden in one of 32 directions
``frontiers_searches.npz``   searches for the worst direction, by dimension, points and separation
``frontiers_samples.npz``    power by number of points: how many a test needs
============================ =====================================================================

To record them again, about half an hour on one core; it may be interrupted, and goes on where it
was::

    python -m sigreg_edu.training.frontiers
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import numpy as np

from sigreg_edu.checks import require_choice
from sigreg_edu.training.collapse_tables import spread_text
from sigreg_edu.training.frontier_descent import (
    DESCENT_METHODS,
    DESCENT_SEEDS,
    DESCENT_STEPS,
    DESCENTS,
    NUM_POINTS,
    POINT_DIM,
    STRIDES,
    descend,
    is_healthy,
    steps_until_gone,
)
from sigreg_edu.training.frontier_samples import (
    ALTERNATIVES,
    SAMPLE_COUNTS,
    SAMPLE_DIMS,
    SAMPLES,
    TESTS,
    fitted_growth,
    power_cell,
)
from sigreg_edu.training.frontier_searches import (
    SEARCH_COUNTS,
    SEARCH_DIMS,
    SEARCHES,
    SEPARATIONS,
    search_cell,
)
from sigreg_edu.training.frontier_tables import (
    AGAIN,
    Key,
    Row,
    TableKind,
    fill_table,
    recorded,
)
from sigreg_edu.training.frontier_trainings import (
    IDEAS,
    LAMBDAS,
    MEASURES,
    METHODS,
    MOMENTS,
    SEEDS,
    STEPS,
    TRAININGS,
    train,
)
from sigreg_edu.training.runs import one_thread
from sigreg_edu.training.shipped import DATA_FOLDER, ran_on

__all__ = [
    "PARTS",
    "VERDICTS",
    "Verdict",
    "Descent",
    "Growth",
    "best_descent",
    "best_lamb",
    "growth",
    "judged",
    "results",
    "verdict_of",
    "verdicts",
]

VERDICTS = ("helps", "no difference", "harms")


@dataclass(frozen=True)
class Part:
    """One of the tables: its kind, what is wanted in it, and what makes a row."""

    kind: TableKind
    wanted: tuple[Key, ...]
    make: Callable[..., Row]


#: The tables by name.
PARTS: Mapping[str, Part] = MappingProxyType(
    {
        "trainings": Part(
            TRAININGS,
            tuple((m, lamb, seed) for seed in SEEDS for m in METHODS for lamb in LAMBDAS),
            train,
        ),
        "descents": Part(
            DESCENTS,
            tuple((m, s, seed) for seed in DESCENT_SEEDS for m in DESCENT_METHODS for s in STRIDES),
            descend,
        ),
        "searches": Part(
            SEARCHES,
            tuple((d, n, s) for s in SEPARATIONS for d in SEARCH_DIMS for n in SEARCH_COUNTS),
            search_cell,
        ),
        "samples": Part(
            SAMPLES,
            tuple((a, t, d) for d in SAMPLE_DIMS for a in ALTERNATIVES for t in TESTS),
            power_cell,
        ),
    }
)


def results(name: str, lamb: float | None = None, measure: str = "knn") -> np.ndarray:
    """Return one measure at the end of a method's trainings, one for each seed, shape (3,).

    Args:
        name: a key of :data:`METHODS`.
        lamb: one of :data:`LAMBDAS`; the method's best if None.
        measure: one of :data:`MEASURES`.
    """
    require_choice(name, "name", METHODS)
    place = MEASURES.index(require_choice(measure, "measure", MEASURES))
    lamb = best_lamb(name) if lamb is None else lamb
    rows = recorded(TRAININGS)
    return np.array([rows[name, lamb, seed]["measures"][place] for seed in SEEDS])


@lru_cache(maxsize=64)
def best_lamb(name: str) -> float:
    """Return the λ of :data:`LAMBDAS` with the highest mean kNN accuracy over the seeds."""
    return max(LAMBDAS, key=lambda lamb: results(name, lamb).mean())


def verdict_of(new: np.ndarray, old: np.ndarray) -> str:
    """Judge by the rule of the notebook: do means differ by more than twice the standard error?

    Args:
        new: results of several seeds, (n,), the higher the better.
        old: those of what it is compared with.

    Returns:
        One of :data:`VERDICTS`.

    >>> verdict_of(np.array([0.91, 0.90, 0.92]), np.array([0.80, 0.81, 0.79]))
    'helps'
    """
    error = math.sqrt(new.var(ddof=1) / len(new) + old.var(ddof=1) / len(old))
    gain = new.mean() - old.mean()
    if abs(gain) <= 2.0 * error:
        return "no difference"
    return "helps" if gain > 0 else "harms"


def judged(name: str, measure: str = "knn") -> str:
    """Return the verdict on a method's trainings against those its idea is compared with."""
    new, old = results(name, None, measure), results(IDEAS[METHODS[name].idea], None, measure)
    return verdict_of(new, old)


@dataclass(frozen=True, eq=False)
class Descent:
    """What a method made of the hidden heaps with its best stride.

    Attributes:
        stride: that stride.
        left: T along the heaps at the end, by seed, (R,).
        steps: until the heaps were gone, by seed, (R,); infinite where they were not.
        step_seconds: of one step, in the mean.
    """

    stride: float
    left: np.ndarray
    steps: np.ndarray
    step_seconds: float

    @property
    def mean_left(self) -> float:
        """The geometric mean of what is left."""
        return float(np.exp(np.log(self.left).mean()))

    @property
    def gone(self) -> np.ndarray:
        """Whether the heaps were gone at the end, by seed, (R,)."""
        return np.isfinite(self.steps)


def best_descent(method: str) -> Descent:
    """Return a method's descents at the stride that leaves the least T along the heaps.

    Only strides count at which the other directions stayed healthy for every seed. What is left
    is averaged as a logarithm.

    Args:
        method: a key of :data:`DESCENT_METHODS`.
    """
    require_choice(method, "method", DESCENT_METHODS)
    rows = recorded(DESCENTS)
    tried = {stride: [rows[method, stride, seed] for seed in DESCENT_SEEDS] for stride in STRIDES}
    healthy = (_descent(s, some) for s, some in tried.items() if all(map(is_healthy, some)))
    return min(healthy, key=lambda descent: descent.mean_left)


def _descent(stride: float, of_seeds: Sequence[Row]) -> Descent:
    return Descent(
        stride=stride,
        left=np.array([row["planted"][-1] for row in of_seeds]),
        steps=np.array([steps_until_gone(row["planted"]) for row in of_seeds]),
        step_seconds=float(np.mean([row["seconds"] for row in of_seeds])) / DESCENT_STEPS,
    )


@dataclass(frozen=True, eq=False)
class Growth:
    """How the number of points that a test needs grows with the dimension.

    Attributes:
        needed: N for power 0.8 in each of :data:`SAMPLE_DIMS`, NaN where none tried sufficed.
        factor: c of N = c · D^α, fitted where N is known; NaN for fewer than three.
        alpha: α of that fit, which leaves the dimensions out that need more points than were
            tried.
        at_least: α of a fit in which the first of those dimensions counts with the most points
            tried. It needs more, so α over these dimensions is larger. NaN where none is left out.
    """

    needed: np.ndarray
    factor: float
    alpha: float
    at_least: float


def growth(alternative: str, test: str) -> Growth:
    """Return what the power study found for a flaw and a test.

    Args:
        alternative: a key of :data:`ALTERNATIVES`.
        test: a key of :data:`TESTS`.
    """
    require_choice(alternative, "alternative", ALTERNATIVES)
    require_choice(test, "test", TESTS)
    rows, dims = recorded(SAMPLES), np.array(SAMPLE_DIMS, dtype=float)
    needed = np.array([float(rows[alternative, test, dim]["needed"]) for dim in SAMPLE_DIMS])
    missing = np.flatnonzero(np.isnan(needed))
    bounded = needed.copy()
    bounded[missing[:1]] = TESTS[test][2]
    at_least = fitted_growth(dims, bounded)[1] if missing.size else math.nan
    return Growth(needed, *fitted_growth(dims, needed), at_least)


@dataclass(frozen=True)
class Verdict:
    """What became of one idea.

    Attributes:
        idea: the idea.
        report: the report's words.
        tried: what was compared.
        result: numbers with their spread.
        verdict: one of :data:`VERDICTS`.
    """

    idea: str
    report: str
    tried: str
    result: str
    verdict: str


_KERNELS = "Try different kernels for EP test"
_CLAIMS = MappingProxyType(
    {
        "adaptive schedule": (
            "geometric",
            "Start with fewer slices, increase over training. Save computation early",
            "16 → 165 slices against 64, at equal cost",
        ),
        "learned slices": (
            "learned_25",
            "Learn optimal projection directions. Potentially more efficient than random",
            "16 of 64 slices learned, against 64 fresh ones",
        ),
        "all directions": (
            "all_directions",
            "(not in the report)",
            "the exact mean over all directions against 64 slices",
        ),
        "weights and kernels": (
            "cauchy",
            _KERNELS,
            "the Laplace kernel against LeJEPA's weight",
        ),
        "weight up to 1": (
            "t_max_1",
            "Optimize for specific distributions",
            "frequencies up to 1 against 3",
        ),
        "several scales": (
            "three_scales",
            "Different num_slices per hierarchy level",
            "patches, quadrants, images against images alone",
        ),
        "several scales, rescaled": (
            "three_scales_rescaled",
            "Different num_slices per hierarchy level",
            "the same, means of k times √k",
        ),
    }
)


def verdicts() -> tuple[Verdict, ...]:
    """Judge each idea by kNN accuracy of trainings, and learned directions also by two tests.

    Each method has its best λ of the same five. The rule is :func:`verdict_of`.
    """
    of_trainings = [
        Verdict(idea, report, tried, _both(name), judged(name))
        for idea, (name, report, tried) in _CLAIMS.items()
    ]
    of_descents = (
        _descent_verdict("learned slices, hidden heaps", "learned_25"),
        _descent_verdict("uniform weight, hidden heaps", "uniform"),
    )
    return (*of_trainings, *of_descents, _samples_verdict())


def _both(name: str) -> str:
    rival = IDEAS[METHODS[name].idea]
    ours, theirs = (spread_text(100 * results(which), 1) for which in (name, rival))
    return f"kNN {ours} against {theirs} %"


def _descent_verdict(idea: str, name: str) -> Verdict:
    """Judge a loss of free points by what it leaves of T along the heaps, as a logarithm."""
    new, old = best_descent(name), best_descent("fresh_64")
    label = DESCENT_METHODS[name][0]
    return Verdict(
        idea,
        "Potentially more efficient than random" if "learned" in name else _KERNELS,
        f"{label}, against 64 fresh; heaps in one of {POINT_DIM} directions, free points",
        f"T along them {new.mean_left:.1f} against {old.mean_left:.1f}",
        verdict_of(-np.log(new.left), -np.log(old.left)),  # the less is left the better
    )


def _samples_verdict() -> Verdict:
    """Judge the worst direction as a test by the points it needs, at the largest D it manages.

    It helps (or harms) if it needs fewer (or more) than the mean over slices by a factor of 1.5;
    a mean that all points tried did not suffice counts as needing those.
    """
    worst, slices = growth("bimodal", "worst").needed, growth("bimodal", "slices").needed
    place = int(np.flatnonzero(np.isfinite(worst))[-1])
    most = TESTS["slices"][2]
    known = bool(np.isfinite(slices[place]))
    rival = slices[place] if known else most
    fewer = rival / worst[place]
    return Verdict(
        "worst direction as a test",
        "Sample complexity bounds (open)",
        f"N for power 0.8 at D = {SAMPLE_DIMS[place]}, one bimodal direction",
        f"{worst[place]:.0f} against {'' if known else 'more than '}{rival:.0f}",
        "helps" if fewer > 1.5 else "harms" if fewer < 1 / 1.5 else "no difference",
    )


def note() -> dict[str, object]:
    """Return what a reader wants to know: options, and where it ran."""
    return {
        "config": {
            "trainings": {"steps": STEPS, "lambdas": LAMBDAS, "seeds": SEEDS, "looks": MOMENTS,
                          "methods": {name: method.label for name, method in METHODS.items()}},
            "descents": {"dim": POINT_DIM, "points": NUM_POINTS, "steps": DESCENT_STEPS,
                         "strides": STRIDES, "seeds": DESCENT_SEEDS},
            "searches": {"dims": SEARCH_DIMS, "points": SEARCH_COUNTS, "separations": SEPARATIONS},
            "samples": {"dims": SAMPLE_DIMS, "points": SAMPLE_COUNTS,
                        "tests": {name: {"repeats": test[1], "most": test[2]}
                                  for name, test in TESTS.items()}},
        },
        "rows": {name: len(part.wanted) for name, part in PARTS.items()},
        "seconds_are": "of a machine that did other work as well: compare them roughly",
        "ran_on": ran_on(),
        "again": AGAIN,
    }  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    """Record all tables, or some, into a folder, by default ``data/runs`` of this clone."""
    parser = argparse.ArgumentParser(prog=AGAIN, description=main.__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=DATA_FOLDER)
    parser.add_argument("--part", action="append", choices=list(PARTS), help="only this table")
    parser.add_argument("--fresh", action="store_true", help="record again what is there")
    options = parser.parse_args(arguments)
    folder: Path = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with one_thread():
            for name in options.part or PARTS:
                part = PARTS[name]
                path = folder / part.kind.file
                fill_table(path, part.kind, part.wanted, part.make, fresh=options.fresh)
    except KeyboardInterrupt:
        print(f"Interrupted. What is done is kept in {folder}; go on with: {AGAIN}")
        return 130
    with one_thread():
        text = json.dumps(note(), indent=2, sort_keys=True)
    (folder / "frontiers.json").write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
