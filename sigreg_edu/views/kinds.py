"""Four kinds of collapse, made on purpose, and what each meter of an embedding says of them.

The healthy embedding is of real digits: their first 16 principal components, each with standard
deviation 1. It is shrunk, flattened or shifted, and its axes can be mixed, so that no axis is
special. Nothing is trained here; the meters are the ones to watch in training.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from scipy.linalg import hadamard

from sigreg_edu.data.digits import digit_features, load_digits
from sigreg_edu.slicing import sliced_epps_pulley, uniform_directions
from sigreg_edu.statistics import null_distribution, standardize
from sigreg_edu.training import (
    effective_rank,
    knn_accuracy,
    principal_deviations,
    standard_deviations,
)
from sigreg_edu.views.many_shadows import short
from sigreg_edu.views.params import Params, slider, switch
from sigreg_edu.views.sample import Histogram, beyond, histogram

DIM = 16
NUM_SAMPLES = 1000  # of the 1,797 digits, evenly taken
NUM_RANDOM = 64  # fixed random directions; the worst shadow is sought among them and the axes
CHANCE = 0.1  # accuracy of a guess among ten digits


@dataclass(frozen=True)
class Meter:
    """A meter and what it calls healthy.

    The ranges are rules of thumb, wide enough for the healthy embedding to stay well inside.

    Attributes:
        label: its name for people.
        lowest, highest: ends of its healthy range; None where there is none.
    """

    label: str
    lowest: float | None
    highest: float | None

    def objects(self, low: float, high: float) -> bool:
        """Whether a value, or a span of values, leaves the healthy range. NaN does not.

        >>> Meter("std", 0.5, 1.5).objects(0.4, 1.0), Meter("std", 0.5, None).objects(2.0, 2.0)
        (True, False)
        """
        too_low = self.lowest is not None and low < self.lowest
        return too_low or (self.highest is not None and high > self.highest)


METERS = {
    "std": Meter("std of each axis", 0.5, 1.5),
    "rank": Meter("effective rank", 11.5, None),
    "knn": Meter("kNN accuracy", 0.85, None),
    "mean": Meter("length of the mean", None, 0.5),
    "cosine": Meter("mean cosine", None, 0.25),
    "standardized": Meter("T, standardized shadows", None, 10.0),
    "sigreg": Meter("T (SIGReg)", None, 10.0),
}


@dataclass(frozen=True)
class KindsParams(Params):
    """State of the explorer of collapses."""

    scale: float = slider(
        1.0, 0.0, 2.0, 0.01, label="overall scale",
        help="Multiplies every embedding, before the shift. At 0 all digits are one point.",
    )  # fmt: skip
    kept: int = slider(DIM, 1, DIM, 1, label="dimensions kept")
    rest: float = slider(
        0.0, 0.0, 1.0, 0.01, label="factor on the rest",
        help="Multiplies the dimensions that are not kept.",
    )  # fmt: skip
    shift: float = slider(0.0, 0.0, 3.0, 0.05, label="shift of the mean")
    mixed: bool = switch(
        True, label="mix the axes",
        help="A rotation that gives every axis the same share of every dimension.",
    )  # fmt: skip
    standardized: bool = switch(
        False, label="standardize shadows", help="Panel 2: mean 0 and std 1 for every shadow."
    )

    def idle(self) -> frozenset[str]:
        if self.scale == 0.0:
            unmoved = {"mixed"} if self.shift == 0.0 else set()
            return frozenset({"kept", "rest"} | unmoved)
        if self.kept == DIM:
            return frozenset({"rest"})
        return frozenset({"kept"}) if self.rest == 1.0 else frozenset()


@dataclass(frozen=True)
class Reading:
    """What one meter says.

    Attributes:
        low, high: its value twice, or the span of its values; NaN if it is not defined.
        objects: whether that leaves the healthy range.
        text: the value for people.
    """

    low: float
    high: float
    objects: bool
    text: str


@dataclass(frozen=True)
class KindsView:
    """What the figure of collapses shows.

    Attributes:
        axis_std: standard deviation along each axis, falling, shape (16,).
        principal_std: along each principal direction, falling, shape (16,).
        shadow: histogram of the worst shadow, standardized if that is switched on.
        worst: name of its direction.
        worst_statistic: its T, the largest of all 80.
        standardized: whether shadows are standardized before that.
        readings: by key of ``METERS``.
        kinds: what :func:`diagnose` makes of them.
        readout: all that in words.
    """

    axis_std: np.ndarray
    principal_std: np.ndarray
    shadow: Histogram
    worst: str
    worst_statistic: float
    standardized: bool
    readings: dict[str, Reading]
    kinds: tuple[str, ...]
    readout: str


def kinds_view(params: KindsParams) -> KindsView:
    """Break the healthy embedding as the sliders say, and read every meter."""
    z = broken(params)
    shadows = (z @ _directions()).T  # (N, D) @ (D, M) -> (M, N)
    unit_shadows = standardize(shadows)
    statistics, unit_statistics = _statistics(shadows), _statistics(unit_shadows)
    principal = principal_deviations(z).numpy()
    readings = _readings(z, statistics, unit_statistics)
    kinds = diagnose(principal[0], readings["rank"].low, readings["mean"].high)
    judged = unit_statistics if params.standardized else statistics
    worst = int(judged.argmax())
    hist = histogram((unit_shadows if params.standardized else shadows)[worst].numpy())
    return KindsView(
        axis_std=np.sort(standard_deviations(z).numpy())[::-1],
        principal_std=principal,
        shadow=hist,
        worst=_name(worst),
        worst_statistic=float(judged[worst]),
        standardized=params.standardized,
        readings=readings,
        kinds=kinds,
        readout=_in_words(kinds, readings) + beyond(hist),
    )


# --- the embedding -------------------------------------------------------------------------------


def broken(params: KindsParams) -> torch.Tensor:
    """Return the embedding that the sliders ask for, shape (N, 16), float64."""
    z = healthy()[0].clone()
    z[:, params.kept :] *= params.rest
    z *= params.scale
    z[:, 0] += params.shift
    return z @ mixing() if params.mixed else z


@lru_cache(maxsize=1)
def healthy() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the healthy embedding (N, 16), the digits (N,) and which are for testing (N,)."""
    digits = load_digits()
    taken = np.linspace(0, len(digits.labels) - 1, NUM_SAMPLES).round().astype(int)
    indices = torch.from_numpy(taken)
    z = digit_features("whitened")[indices, :DIM].double()
    return z, digits.labels[indices], torch.isin(indices, digits.test_indices)


@lru_cache(maxsize=1)
def mixing() -> torch.Tensor:
    """Return a rotation (16, 16) whose entries are all ±1/4: every axis gets its equal share."""
    return torch.from_numpy(hadamard(DIM).astype(np.float64) / DIM**0.5)


@lru_cache(maxsize=1)
def _directions() -> torch.Tensor:
    """Return the random directions and then the axes, shape (16, 80), float64."""
    random = uniform_directions(DIM, NUM_RANDOM, seed=0, dtype=torch.float64)
    return torch.cat([random, torch.eye(DIM, dtype=torch.float64)], dim=1)


def _name(direction: int) -> str:
    """Return what to call one of the directions."""
    return "random" if direction < NUM_RANDOM else f"axis {direction - NUM_RANDOM + 1}"


# --- the meters ----------------------------------------------------------------------------------


def mean_cosine(z: torch.Tensor) -> float:
    """Return the mean cosine of two different embeddings; NaN if all are at 0.

    With u the embeddings at length 1 it is (|Σ u|² - N) / (N (N - 1)): no pair need be formed.

    >>> mean_cosine(torch.tensor([[1.0, 0.0], [0.0, 2.0], [0.0, 1.0]]))
    0.3333333432674408
    """
    lengths = z.norm(dim=1, keepdim=True)
    if not (lengths > 0.0).all():
        return float("nan")
    count = len(z)
    return float(((z / lengths).sum(dim=0).square().sum() - count) / (count * (count - 1)))


def nearest_neighbours(z: torch.Tensor) -> float:
    """Return the kNN accuracy on the digits set aside; that of a guess if all are one point."""
    _, labels, is_test = healthy()
    if (z == z[0]).all():
        return CHANCE  # every distance is a tie
    train = ~is_test
    return knn_accuracy(z[train], labels[train], z[is_test], labels[is_test])


def _statistics(shadows: torch.Tensor) -> np.ndarray:
    """Return T (17 knots on [0, 3]) of each shadow, (M, N) to (M,)."""
    columns = shadows.T.float()
    return sliced_epps_pulley(columns, torch.eye(len(shadows))).double().numpy()


def _readings(
    z: torch.Tensor, statistics: np.ndarray, unit_statistics: np.ndarray
) -> dict[str, Reading]:
    std = standard_deviations(z)
    spans = {
        "std": (float(std.min()), float(std.max())),
        "rank": (float(effective_rank(z)),) * 2,
        "knn": (nearest_neighbours(z),) * 2,
        "mean": (float(z.mean(dim=0).norm()),) * 2,
        "cosine": (mean_cosine(z),) * 2,
        "standardized": (float(unit_statistics[:NUM_RANDOM].mean()),) * 2,
        "sigreg": (float(statistics[:NUM_RANDOM].mean()),) * 2,
    }
    return {name: _reading(name, *span) for name, span in spans.items()}


def _reading(name: str, low: float, high: float) -> Reading:
    return Reading(low, high, METERS[name].objects(low, high), _text(name, low, high))


def _text(name: str, low: float, high: float) -> str:
    """Return a meter's value for people."""
    if np.isnan(low):
        return "undefined"
    if name == "std":
        texts = f"{low:.2f}", f"{high:.2f}"
        return texts[0] if texts[0] == texts[1] else "–".join(texts)
    if name == "knn":
        return f"{100.0 * low:.0f} %"
    if name == "rank":
        return f"{low:.1f}"
    # adding 0 to what is rounded to -0 gives 0
    return f"{round(low, 2) + 0.0:.2f}" if name == "cosine" else short(low)


def diagnose(largest_std: float, rank: float, mean: float) -> tuple[str, ...]:
    """Name the kinds of collapse, from three numbers and fixed rules.

    ========================================================== =============
    rule                                                       kind
    ========================================================== =============
    the effective rank is 0: all embeddings are one point      constant
    else, the largest principal std is below 0.5               scale
    else, the largest principal std is above 1.5               inflated
    not constant, and the effective rank is below 11.5 of 16   dimensional
    the mean is longer than 0.5                                shifted
    ========================================================== =============

    Args:
        largest_std: standard deviation along the first principal direction. The axes' own would
            call a dimensional collapse a small scale.
        rank: effective rank.
        mean: length of the mean.

    Returns:
        The kinds in that order; none for a healthy embedding.

    >>> diagnose(1.0, 16.0, 0.1), diagnose(0.3, 8.0, 2.0), diagnose(0.0, 0.0, 1.0)
    ((), ('scale', 'dimensional', 'shifted'), ('constant', 'shifted'))
    """
    constant = rank < 1.0  # it is 0 or at least 1
    std, flat, far = METERS["std"], METERS["rank"], METERS["mean"]
    rules = {
        "constant": constant,
        "scale": not constant and largest_std < std.lowest,
        "inflated": not constant and largest_std > std.highest,
        "dimensional": not constant and flat.objects(rank, rank),
        "shifted": far.objects(mean, mean),
    }
    return tuple(kind for kind, holds in rules.items() if holds)


# --- in words ------------------------------------------------------------------------------------


_KIND_WORDS = {
    "constant": "constant collapse",
    "scale": "scale collapse",
    "inflated": "too large a scale",
    "dimensional": "dimensional collapse",
    "shifted": "a shifted mean",
}


def _in_words(kinds: tuple[str, ...], readings: dict[str, Reading]) -> str:
    return (
        f"{_diagnosis(kinds, readings)} {_objections(readings)} Mean T is "
        f"{readings['sigreg'].text} along {NUM_RANDOM} random directions and "
        f"{readings['standardized'].text} with standardized shadows; samples of N(0, 1) have "
        f"{null_distribution().mean:.2f}."
    )


def _diagnosis(kinds: tuple[str, ...], readings: dict[str, Reading]) -> str:
    if kinds:
        return f"Diagnosis: {_listed([_KIND_WORDS[kind] for kind in kinds])}."
    if any(reading.objects for reading in readings.values()):
        return "No rule names a kind of collapse, yet not all is well."
    return "Healthy by every rule."


def _objections(readings: dict[str, Reading]) -> str:
    objecting = [METERS[name].label for name, reading in readings.items() if reading.objects]
    if not objecting:
        return "No meter objects."
    if len(objecting) == len(readings):
        return "Every meter objects."
    verb = "objects" if len(objecting) == 1 else "object"
    return f"Of {len(readings)} meters {_listed(objecting)} {verb}; the others see nothing wrong."


def _listed(names: list[str]) -> str:
    """Return names as a list in words.

    >>> _listed(["a"]), _listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
