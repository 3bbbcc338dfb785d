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
    DESCENT_STEPS,
    DESCENTS,
    NUM_POINTS,
    POINT_DIM,
    STRIDES,
    descend,
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
    "best_lamb",
    "descents_until_gone",
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
            tuple((m, s, seed) for seed in SEEDS for m in DESCENT_METHODS for s in STRIDES),
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


def descents_until_gone(method: str) -> tuple[float, float]:
    """Return (steps, seconds) until the heaps are gone, mean over seeds, with the best stride.

    Infinite where they are not gone within :data:`DESCENT_STEPS` for every seed.
    """
    rows = recorded(DESCENTS)
    best = (math.inf, math.inf)
    for stride in STRIDES:
        of_seeds = [rows[method, stride, seed] for seed in SEEDS]
        steps = float(np.mean([steps_until_gone(row["planted"]) for row in of_seeds]))
        if steps < best[0]:
            a_step = np.mean([row["seconds"] for row in of_seeds]) / DESCENT_STEPS
            best = steps, float(steps * a_step)
    return best


def growth(alternative: str, test: str) -> tuple[np.ndarray, float]:
    """Return N for power 0.8 in each of :data:`SAMPLE_DIMS`, NaN where none sufficed, and α.

    α is the exponent of N = c · D^α, fitted where N is known; NaN for fewer than three.
    """
    rows = recorded(SAMPLES)
    needed = np.array([float(rows[alternative, test, dim]["needed"]) for dim in SAMPLE_DIMS])
    return needed, fitted_growth(np.array(SAMPLE_DIMS, dtype=float), needed)[1]


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
            "Try different kernels for EP test",
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
    return (*of_trainings, _descent_verdict(), _samples_verdict())


def _both(name: str) -> str:
    rival = IDEAS[METHODS[name].idea]
    ours, theirs = (spread_text(100 * results(which), 1) for which in (name, rival))
    return f"kNN {ours} against {theirs} %"


def _descent_verdict() -> Verdict:
    """Judge learned slices as a loss of free points: negative steps, since fewer are better."""
    rows = recorded(DESCENTS)

    def speed(method: str) -> np.ndarray:
        """-log of what is left of T along the heaps, at the stride that leaves least."""
        left = [[rows[method, stride, seed]["planted"][-1] for seed in SEEDS] for stride in STRIDES]
        return -np.log(min(left, key=np.mean))

    new, old = speed("learned_25"), speed("fresh_64")
    return Verdict(
        "learned slices, hidden heaps",
        "Potentially more efficient than random",
        f"{NUM_POINTS} free points, heaps in one of {POINT_DIM} directions, {DESCENT_STEPS} steps",
        f"T along them {np.exp(-new).mean():.1f} against {np.exp(-old).mean():.1f}",
        verdict_of(new, old),
    )


def _samples_verdict() -> Verdict:
    """Judge the worst direction as a test by the points it needs, at the largest D it manages.

    It helps (or harms) if it needs fewer (or more) than the mean over slices by a factor of 1.5;
    a mean that 8,192 points did not suffice counts as needing those.
    """
    worst, slices = growth("bimodal", "worst")[0], growth("bimodal", "slices")[0]
    known = np.isfinite(worst)
    ratio = np.where(np.isfinite(slices), slices, max(SAMPLE_COUNTS))[known] / worst[known]
    fewer = ratio[-1]
    return Verdict(
        "worst direction as a test",
        "Sample complexity bounds (open)",
        f"N for power 0.8 at D = {np.array(SAMPLE_DIMS)[known][-1]}, one bimodal direction",
        f"{worst[known][-1]:.0f} against "
        f"{'more than ' if not np.isfinite(slices[known][-1]) else ''}"
        f"{np.where(np.isfinite(slices), slices, max(SAMPLE_COUNTS))[known][-1]:.0f}",
        "helps" if fewer > 1.5 else "harms" if fewer < 1 / 1.5 else "no difference",
    )


def note() -> dict[str, object]:
    """Return what a reader wants to know: options, and where it ran."""
    return {
        "config": {
            "trainings": {"steps": STEPS, "lambdas": LAMBDAS, "seeds": SEEDS, "looks": MOMENTS,
                          "methods": {name: method.label for name, method in METHODS.items()}},
            "descents": {"dim": POINT_DIM, "points": NUM_POINTS, "steps": DESCENT_STEPS,
                         "strides": STRIDES},
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
