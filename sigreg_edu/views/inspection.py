"""Embeddings of one's own, or of the kit's, looked at from all sides; and what to say of them.

The numbers are those of :func:`sigreg_edu.training.inspect_embeddings`; here are the examples, the
histograms and the words, for the explorer and for ``sigreg-edu inspect``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import torch

from sigreg_edu.data import EmbeddingFile
from sigreg_edu.slicing import WorstDirection
from sigreg_edu.statistics import null_distribution
from sigreg_edu.training.inspection import (
    NOTABLE,
    NUM_WORST,
    SMALLEST_P,
    Inspection,
    inspection_steps,
)
from sigreg_edu.training.recorded import vit_runs
from sigreg_edu.views.params import Params, choice, seed, slider
from sigreg_edu.views.sample import Histogram, beyond, histogram, p_in_words

YOURS = "yours"
ROWS, DIM = 1000, 16  # of an example
CERTAIN = 10_000  # rows from which hardly any real embedding passes a test


# --- examples -------------------------------------------------------------------------------------


def _noise(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _healthy(seed: int) -> torch.Tensor:
    return _noise(seed, ROWS, DIM)


def _rank_1(seed: int) -> torch.Tensor:
    return _noise(seed, ROWS, 1) @ _noise(1, 1, DIM) + 0.01 * _noise(seed + 1, ROWS, DIM)


def _clustered(seed: int) -> torch.Tensor:
    centres = 0.9 * _noise(1, 5, DIM)
    return (centres - centres.mean(0))[torch.arange(ROWS) % 5] + 0.4 * _noise(seed, ROWS, DIM)


def _heavy(seed: int) -> torch.Tensor:
    """Student's t with 3 degrees of freedom in every direction, at variance 1."""
    chi = _noise(seed + 1, ROWS, 3).square().sum(1, keepdim=True)
    return _noise(seed, ROWS, DIM) / chi.sqrt()


def _recorded(condition: str) -> Callable[[int], torch.Tensor]:
    def projection(_seed: int) -> torch.Tensor:
        run = next(r for r in vit_runs("vit_main") if r.config.loss.name == condition)
        return torch.from_numpy(run.clouds[-1])

    return projection


#: Makes of a seed the embeddings (N, D) of each example; the last two are recorded.
EXAMPLES: Mapping[str, Callable[[int], torch.Tensor]] = MappingProxyType(
    {
        "healthy": _healthy,
        "shrunk": lambda seed: 0.1 * _healthy(seed),
        "shifted": lambda seed: _healthy(seed) + 0.5,
        "rank_1": _rank_1,
        "clustered": _clustered,
        "heavy": _heavy,
        "lejepa": _recorded("lejepa"),
        "none": _recorded("none"),
    }
)
EXAMPLE_LABELS = {
    "healthy": "N(0, I)",
    "shrunk": "shrunk to a tenth",
    "shifted": "shifted by 0.5",
    "rank_1": "nearly on a line",
    "clustered": "five clusters",
    "heavy": "heavy tails",
    "lejepa": "digits, LeJEPA",
    "none": "digits, no regularizer",
}


# --- the explorer's state and view ----------------------------------------------------------------


@dataclass(frozen=True)
class InspectionParams(Params):
    """State of the explorer of embeddings."""

    of: str = choice("healthy", EXAMPLE_LABELS, label="embeddings")
    space: str = choice(
        "as_they_are", {"as_they_are": "as they are", "shape": "shape alone"}, label="search",
        help="Shape alone: neither place nor width nor tilt of the cloud counts.",
    )  # fmt: skip
    rank: int = slider(
        1, 1, NUM_WORST, 1, label="worst direction", help="1 is the worst; the others follow."
    )
    seed: int = seed()


@dataclass(frozen=True)
class OwnInspectionParams(InspectionParams):
    """The same where there are embeddings of one's own beside the examples."""

    of: str = choice(
        YOURS, {YOURS: "your own", **EXAMPLE_LABELS}, label="embeddings",
        help="Your own are what the explorer was given: a tensor or a file.",
    )  # fmt: skip


@dataclass(frozen=True)
class Shadow:
    """A direction that was searched, for the picture.

    Attributes:
        histogram: of the rows that the search did not see.
        effect: T / N of them, beyond the null floor.
        p_value: of their T.
        searched_effect: the same of the rows that were searched.
    """

    histogram: Histogram
    effect: float
    p_value: float
    searched_effect: float


@dataclass(frozen=True, eq=False)
class InspectionView:
    """What the figure of an inspection shows.

    Attributes:
        found: all of it.
        mean, std: of the coordinates, (D,).
        axes: standard deviation along the principal axes, falling, (D,).
        statistics: T / N along the random directions, (M,).
        random_shadow: histogram along the worst of them.
        worst, shapes: what the searches found; empty while they go on.
        shown: the one of them that is asked for, None while it is not found.
        rank: its number, from 1. space: of which search.
        readout: all that in words.
    """

    found: Inspection
    mean: np.ndarray
    std: np.ndarray
    axes: np.ndarray
    statistics: np.ndarray
    random_shadow: Histogram
    worst: tuple[Shadow, ...]
    shapes: tuple[Shadow, ...]
    shown: Shadow | None
    rank: int
    space: str
    readout: str


def inspection_view_of(
    found: Inspection, *, space: str = "as_they_are", rank: int = 1, title: str = ""
) -> InspectionView:
    """Return the view of an inspection.

    Args:
        found: from :func:`sigreg_edu.training.inspect_embeddings`.
        space: ``"as_they_are"`` or ``"shape"``: which search is shown.
        rank: which of its directions, from 1.
        title: what the read-out begins with.
    """
    worst, shapes = (tuple(map(_shadow, several)) for several in (found.worst, found.shapes))
    asked = worst if space == "as_they_are" else shapes
    shown = asked[rank - 1] if rank <= len(asked) else None
    return InspectionView(
        found=found,
        mean=found.mean.numpy(),
        std=found.std.numpy(),
        axes=found.axes.numpy(),
        statistics=found.statistics.numpy() / found.count,
        random_shadow=histogram(found.shadow.numpy()),
        worst=worst,
        shapes=shapes,
        shown=shown,
        rank=rank,
        space=space,
        readout=" ".join(filter(None, [title, headline(found), _of_shown(shown, rank, space)])),
    )


def _shadow(found: WorstDirection) -> Shadow:
    return Shadow(
        histogram=histogram(found.tested_shadow.numpy()),
        effect=found.effect,
        p_value=found.p_value,
        searched_effect=found.searched_effect,
    )


class Inspections:
    """Inspections that were made, by example and seed, with those of one's own embeddings.

    Args:
        embeddings: one's own, None if there are none.

    >>> inspections = Inspections()
    >>> view = inspections.view(InspectionParams(of="shrunk"))
    >>> view.found.kinds, view.shown is None
    (('scale',), True)
    >>> for view in inspections.refine(InspectionParams(of="shrunk")): pass
    >>> view.shown.effect > 0.3
    True
    """

    def __init__(self, embeddings: torch.Tensor | EmbeddingFile | None = None) -> None:
        self._embeddings = embeddings
        self._found: dict[tuple[str, int], Inspection] = {}
        self._steps: dict[tuple[str, int], Iterator[Inspection]] = {}

    def view(self, params: InspectionParams) -> InspectionView:
        """Return what is known by now."""
        key = self._key(params)
        if key not in self._found:
            self._steps[key] = inspection_steps(self._embeddings_of(params), seed=params.seed)
            self._found[key] = next(self._steps[key])
        found = self._found[key]
        view = inspection_view_of(found, space=params.space, rank=params.rank)
        if key in self._steps:
            return replace(view, readout=f"So far (the search goes on): {view.readout}")
        return view

    def refine(self, params: InspectionParams) -> Iterator[InspectionView]:
        """Yield views as the searches come to their end."""
        key = self._key(params)
        for found in self._steps.get(key, ()):
            self._found[key] = found
            yield self.view(params)
        if self._steps.pop(key, None) is not None:
            yield self.view(params)

    def _key(self, params: InspectionParams) -> tuple[str, int]:
        return params.of, params.seed

    def _embeddings_of(self, params: InspectionParams) -> torch.Tensor | EmbeddingFile:
        return self._embeddings if params.of == YOURS else EXAMPLES[params.of](params.seed)


# --- words ----------------------------------------------------------------------------------------

#: What each kind is called, and what to do about it.
KIND_NAMES = {
    "constant": "complete collapse",
    "clustered": "clustered",
    "dimensional": "dimensional collapse",
    "scale": "shrunk",
    "inflated": "too wide",
    "shifted": "shifted",
    "shape": "not Gaussian in shape",
}
HEALTHY = "healthy by every measure"
UNEXPLAINED = "not Gaussian, in a way that no measure names"
_SLIGHTLY = {**KIND_NAMES, "dimensional": "uneven in its axes"}
ADVICE = {
    "constant": "Nothing can be learned from here: at one point at the origin SIGReg's gradient is "
    "exactly zero. Begin again, from another initialization, with more weight on the regularizer.",
    "clustered": "If the heaps are classes, a probe is glad of them. A heap without width has "
    "forgotten all but its class; more weight on the regularizer, and fresh slices, pull it apart.",
    "dimensional": "Give the regularizer more weight, use more slices, fresh in each step. Is this "
    "the space that the loss saw? Behind it, in a backbone, a falling spectrum is usual.",
    "scale": "Give the regularizer more weight, and make sure that its statistic does not "
    "standardize the shadows. Was the space that the loss saw saved, or one without its scale?",
    "inflated": "Look for a missing normalization, or for a space that the loss did not see; "
    "divide by the overall width before you compare with N(0, I).",
    "shifted": "Subtract the mean: linear probes do not mind it, cosines do. If the loss saw this "
    "space, its weight is too small.",
    "shape": "Look at the worst shadows: long tails, skew, or a bound. Train on with fresh slices "
    "if a Gaussian is wanted; a probe seldom minds.",
}


def headline(found: Inspection) -> str:
    """Say in two or three sentences what was found.

    >>> z = torch.randn(1000, 4, generator=torch.Generator().manual_seed(0))
    >>> headline(next(inspection_steps(z))).split(": ")[0]
    '1,000 embeddings of 4 dimensions'
    """
    floor = null_distribution().mean
    told = [f"{found.count:,} embeddings of {found.dim} dimensions: {_diagnosis(found)}."]
    told.append(
        f"Mean T along {len(found.statistics)} random directions is "
        f"{found.statistics.mean():.4g} (N(0, I): {floor:.2f}; {_p_of_mean(found)}), "
        f"T / N beyond the floor {_short(found.effect)}."
    )
    return " ".join(told)


def _p_of_mean(found: Inspection) -> str:
    """Return the simulated p-value in words; there is a smallest that it can be."""
    smallest = found.p_value <= SMALLEST_P
    return f"p ≤ {SMALLEST_P:g}" if smallest else p_in_words(found.p_value)


def _diagnosis(found: Inspection) -> str:
    effects = found.effects
    broken = [f"{kind_name(kind, found)} (T / N = {_short(effects[kind])})" for kind in found.kinds]
    slight = [f"{kind_name(kind, found)} ({_short(effects[kind])})" for kind in found.remarks]
    if broken or slight:
        return ", ".join(broken + slight)
    return UNEXPLAINED if found.effect >= NOTABLE else HEALTHY


def kind_name(kind: str, found: Inspection) -> str:
    """Return what a kind is called where it is broken, where it is worth a look, and else.

    A dimensional collapse is partial while half of the rank is left.

    >>> z = torch.randn(1000, 4, generator=torch.Generator().manual_seed(0))
    >>> kind_name("scale", next(inspection_steps(z)))
    'shrunk'
    """
    if kind in found.remarks:
        return f"slightly {_SLIGHTLY[kind]}"
    partial = kind == "dimensional" and found.effective_rank > 0.5 * found.dim
    return ("partial " if partial else "") + KIND_NAMES[kind]


def _of_shown(shown: Shadow | None, rank: int, space: str) -> str:
    if shown is None:
        return ""
    what = "" if space == "as_they_are" else " in shape alone"
    return (
        f"Worst direction {rank}{what}: T / N beyond the floor {_short(shown.effect)} ("
        f"{p_in_words(shown.p_value)}) on rows that the search did not see, "
        f"{_short(shown.searched_effect)} on those it saw.{beyond(shown.histogram)}"
    )


def sentences(found: Inspection) -> list[str]:
    """Say all that was found, a sentence or two at a time; for a page or a terminal."""
    place = (
        f"The mean lies {_short(found.mean.norm().item())} from the origin. The coordinates' "
        f"standard deviation runs from {_short(found.std.min().item())} to "
        f"{_short(found.std.max().item())}, that of the principal axes from "
        f"{_short(found.axes[-1].item())} to {_short(found.axes[0].item())}; the effective rank "
        f"is {found.effective_rank:.1f} of {found.dim}."
    )
    told = [headline(found), place]
    if found.distinct < len(found.rows):
        told.append(f"Of {len(found.rows):,} rows that were drawn {found.distinct:,} differ.")
    if found.far:
        told.append(
            f"{found.far:,} of the drawn rows lie more than ten times as far from the middle as "
            "the median row. Place, width and axes are judged without them: look at them."
        )
    if found.count <= found.dim:
        told.append(
            f"There are no more rows than dimensions: {found.count} rows fill at most "
            f"{found.count - 1} of them. Look at more."
        )
    return [*told, *_of_search(found), _of_power(found)]


def _of_search(found: Inspection) -> Iterator[str]:
    for several, what in ((found.worst, "as they are"), (found.shapes, "in shape alone")):
        if several:
            worst = _shadow(several[0])
            yield (
                f"Searched {what}, the worst direction has T / N beyond the floor "
                f"{_short(worst.effect)} on {several[0].num_tested:,} rows that the search did not "
                f"see ({p_in_words(worst.p_value)}), {_short(worst.searched_effect)} on those it "
                "saw."
            )


def _of_power(found: Inspection) -> str:
    """Say what the p-value is worth at this number of rows."""
    if found.count >= CERTAIN:
        return (
            f"With {found.count:,} rows every real embedding is rejected, however small its "
            "departure, since T grows with N: go by T / N."
        )
    return "The p-value asks whether the rows could be N(0, I) at all; T / N says how far they are."


def _short(value: float) -> str:
    """Return a number with three digits, and 0 for what is nothing here.

    >>> _short(0.40199), _short(-2e-6), _short(1234.6)
    ('0.402', '0', '1.23e+03')
    """
    return "0" if abs(value) < 5e-6 else f"{value:.3g}"
