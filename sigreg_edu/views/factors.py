"""What an embedding keeps of a drawn shape, by what its views drew anew: recorded trainings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import torch

from sigreg_edu.data import FACTORS, Shapes
from sigreg_edu.training.config import TrainConfig, load_experiment
from sigreg_edu.training.recorded import RecordedRun, vit_runs
from sigreg_edu.views.params import Params, choice, seed, slider

EXPERIMENT = "vit_shapes"
NUM_SHOWN, NUM_VIEWS = 3, 2
COUNT = 30  # pictures to choose from
ALONE = "none"
NOTABLE = 0.02  # a smaller difference of two accuracies is not told


def varied_in(config: TrainConfig) -> str:
    """Name a training by the factors that its views draw anew: ``"position, size"``."""
    return ", ".join(config.data["varied"])


RUNS: Mapping[str, str] = MappingProxyType(
    {name: name for name in map(varied_in, load_experiment(EXPERIMENT).configs())}
)


@dataclass(frozen=True)
class FactorsParams(Params):
    """State of the explorer of factors: which training, beside which other, and what counts."""

    run: str = choice(
        "position, size", RUNS, label="views draw anew",
        help="Two views of a picture share all other factors.",
    )  # fmt: skip
    other: str = choice(ALONE, {ALONE: "no other training"} | RUNS, label="compare with")
    share: float = slider(
        0.5, 0.1, 0.9, 0.05, label="counted as kept from",
        help="Share of the way from chance to 100 % that the probe must have gone.",
    )  # fmt: skip
    first: int = slider(0, 0, COUNT - NUM_SHOWN, 1, label="first picture shown")
    seed: int = seed(label="new views")


@dataclass(frozen=True)
class FactorsView:
    """What the figure of factors shows; F = 5 factors in the order of ``FACTORS``.

    Attributes:
        images: three pictures, shape (3, 32, 32, 3), from 0 to 1.
        views: two views of each, shape (3, 2, 32, 32, 3).
        accuracy: of a linear probe of the embedding for each factor, shape (F,).
        untrained: the same before the first step, shape (F,).
        chance: share of the most frequent value, shape (F,).
        varied: whether the views draw the factor anew, shape (F,).
        threshold: accuracy from which the factor counts as kept, shape (F,).
        other, other_varied: accuracy and ``varied`` of the other training, None without one.
        raw_shape: accuracy of a linear probe of the pixels for the shape.
        device: where the run was recorded.
        readout: all that in words.
    """

    images: np.ndarray
    views: np.ndarray
    accuracy: np.ndarray
    untrained: np.ndarray
    chance: np.ndarray
    varied: np.ndarray
    threshold: np.ndarray
    other: np.ndarray | None
    other_varied: np.ndarray | None
    raw_shape: float
    device: str
    readout: str


def factors_view(params: FactorsParams) -> FactorsView:
    """Look at a recorded training on shapes, and draw views as it saw them.

    Raises:
        FileNotFoundError: the recorded runs are not there; the message says what to do.
        ValueError: this run is not among them.
    """
    run = run_of(params.run)
    other = run_of(params.other) if params.other not in (ALONE, params.run) else None
    images, views = _pictures(params.run, params.first, params.seed)
    accuracy, chance = scores(run)
    return FactorsView(
        images=images,
        views=views,
        accuracy=accuracy,
        untrained=untrained_scores(run),
        chance=chance,
        varied=_is_varied(run),
        threshold=chance + params.share * (1.0 - chance),
        other=scores(other)[0] if other else None,
        other_varied=_is_varied(other) if other else None,
        raw_shape=run.final["raw_linear"],
        device=str(run.ran_on["device"]),
        readout=_in_words(params, run, other),
    )


@lru_cache(maxsize=len(RUNS))
def run_of(name: str) -> RecordedRun:
    """Return the recorded training whose views draw the named factors anew."""
    runs = {varied_in(run.config): run for run in vit_runs(EXPERIMENT)}
    if name in runs:
        return runs[name]
    raise ValueError(
        f"expected a recorded run whose views draw {name} anew, got {list(runs)}; record what is "
        f"missing: sigreg-edu train {EXPERIMENT} --record"
    )


def scores(run: RecordedRun) -> tuple[np.ndarray, np.ndarray]:
    """Return accuracy and chance of a linear probe for each factor, shape (F,) each."""
    accuracy, chance = (
        np.array([run.final[f"{what}.{name}"] for name in FACTORS]) for what in ("factor", "chance")
    )
    return accuracy, chance


def untrained_scores(run: RecordedRun) -> np.ndarray:
    """Return the accuracies before the first step, shape (F,)."""
    return np.array([run.final[f"untrained.factor.{name}"] for name in FACTORS])


def _is_varied(run: RecordedRun) -> np.ndarray:
    return np.array([name in run.config.data["varied"] for name in FACTORS])


@lru_cache(maxsize=len(RUNS))
def _shapes(name: str) -> Shapes:
    data = run_of(name).config.data
    return Shapes(COUNT, data.get("size", 32), varied=tuple(data["varied"]))


@lru_cache(maxsize=64)
def _pictures(name: str, first: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Three images (3, H, W, 3) and their views (3, 2, H, W, 3); the same draws for any images."""
    shapes, shown = _shapes(name), torch.arange(first, first + NUM_SHOWN)
    generator = torch.Generator().manual_seed(seed)
    views = shapes.views(shown, NUM_VIEWS, generator=generator)  # (V, 3, C, H, W)
    return (
        shapes.pixels(shown).permute(0, 2, 3, 1).numpy(),
        views.permute(1, 0, 3, 4, 2).numpy(),
    )


def _in_words(params: FactorsParams, run: RecordedRun, other: RecordedRun | None) -> str:
    accuracy, chance = scores(run)
    kept = (accuracy - chance) / (1.0 - chance) >= params.share
    compared = f" {_compared(run, other)}" if other else ""
    return (
        f"The views draw {_listed(run.config.data['varied'])} anew. A linear probe of the trained "
        f"embedding finds {_listed(_found(accuracy))}; before training it found "
        f"{_listed(_found(untrained_scores(run)))}. "
        f"{_kept_and_lost(kept, _is_varied(run), params.share)}{compared}"
    )


def _found(accuracy: np.ndarray) -> list[str]:
    return [f"{name} {100 * a:.0f} %" for name, a in zip(FACTORS, accuracy, strict=True)]


def _kept_and_lost(kept: np.ndarray, varied: np.ndarray, share: float) -> str:
    """Say which factors are kept and which are not, and where that is not what one expects."""
    names = np.array(list(FACTORS))
    way = f"at least {100 * share:.0f} % of the way from chance to 100 %"
    words = [
        f"Kept, that is {way}: {_listed(names[kept]) or 'none'}.",
        f"Below that: {_listed(names[~kept]) or 'none'}.",
    ]
    if (kept & varied).any():
        words.append(
            f"Though the views vary {_listed(names[kept & varied])}, the embedding still keeps "
            f"{_it(kept & varied)}."
        )
    if (~kept & ~varied).any():
        words.append(
            f"Though the views share {_listed(names[~kept & ~varied])}, training did not bring "
            f"{_it(~kept & ~varied)} above it."
        )
    return " ".join(words)


def _compared(run: RecordedRun, other: RecordedRun) -> str:
    """Say what changes from the other training to this one."""
    (after, _), (before, _) = scores(run), scores(other)
    changes = [
        f"{name} from {100 * b:.0f} to {100 * a:.0f} %"
        for name, a, b in zip(FACTORS, after, before, strict=True)
        if abs(a - b) >= NOTABLE
    ]
    what = _listed(changes) or f"no factor by {100 * NOTABLE:.0f} points or more"
    return f"Against views that draw {_listed(other.config.data['varied'])} anew: {what}."


def _it(chosen: np.ndarray) -> str:
    return "it" if chosen.sum() == 1 else "them"


def _listed(names: Sequence[str] | np.ndarray) -> str:
    """Join words as one says them: ``"shape, size and colour"``; none give ``""``."""
    *most, last = names if len(names) else [""]
    return f"{', '.join(most)} and {last}" if most else str(last)
