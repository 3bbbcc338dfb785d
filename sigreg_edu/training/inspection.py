"""What is there to say of embeddings of one's own? Their place, width, axes and shape.

Everything is gathered in one pass, some 65,000 rows at a time, in float64: mean and second moments,
and the sums of cosines and sines along random directions, which are all that the statistic needs.
The worst directions are searched on some thousand rows, drawn at random.

With a million rows every real embedding is rejected, however harmless its departure. So nothing
here is judged by its p-value alone, but by T / N beyond the null floor, which does not grow with
the number of rows: :func:`gaussian_effect` tells which of it comes from place, width and axes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import torch

from sigreg_edu.checks import require_finite, require_integer, require_matrix
from sigreg_edu.data.embeddings import CHUNK, EmbeddingFile
from sigreg_edu.losses.inputs import widened
from sigreg_edu.slicing import (
    WorstDirection,
    sliced_epps_pulley,
    statistic_from_sums,
    trigonometric_sums,
    uniform_directions,
    worst_direction_tests,
)
from sigreg_edu.statistics import null_distribution, quadrature_rule
from sigreg_edu.training.probes import rank_of_spectrum
from sigreg_edu.training.runs import one_thread

__all__ = [
    "BROKEN",
    "NOTABLE",
    "Inspection",
    "count_heaps",
    "gaussian_effect",
    "inspect_embeddings",
    "inspection_steps",
]

NUM_DIRECTIONS = 256
NUM_POINTS, T_MAX = 17, 3.0
DRAWN_ROWS = 8192  # of which one half is searched and the other tested
NUM_WORST = 3
STARTS = 256
FEWEST = 6  # drawn rows for a search
SIMULATED, SIMULATED_ROWS = 199, 512  # samples of N(0, I) for the p-value of the mean statistic
SMALLEST_P = 1 / (SIMULATED + 1)
#: T / N from which a departure is worth a look, and from which something is broken. A Gaussian
#: shadow has 0.022 at a standard deviation of 0.8 and 0.095 at 0.6; 0.019 at a mean of 0.2 and
#: 0.118 at 0.5; 0.402 where it is one point.
NOTABLE, BROKEN = 0.02, 0.1
POINT = 1e-6  # rows whose width is below this share of their distance from 0 are one point
FAR = 10.0  # times as far from the middle as the median row: such rows are left out of effects
FARTHEST = 10.0  # widths: a mean beyond has the same effect, and the knots would alias
NUMBERS_AT_ONCE = 2**23  # of embeddings: 65,536 rows of 128
SURE = 0.01  # a shape counts only with a p-value below this one


@dataclass(frozen=True, eq=False)
class Inspection:
    """What was found of N embeddings of D dimensions.

    Attributes:
        count, dim: N and D.
        mean: of each coordinate, (D,) float64.
        std: standard deviation of each coordinate, (D,) float64.
        axes: standard deviation along each principal axis, falling, (D,) float64.
        effective_rank: exp of the entropy of the axes' shares, from 1 to D; 0 for one point.
        statistics: T of all rows along random directions, with the factor N, (M,) float64.
        p_value: of their mean, against simulated samples of N(0, I); at least 0.005.
        rows: those that were drawn, (n, D) float32.
        shadow: the drawn rows along the random direction with the largest T, (n,).
        far: how many of the drawn rows lie more than ten times as far from the middle as the
            median row; they are left out of the effects, which a single one could make up.
        place_effect, width_effect, axes_effect: T / N that comes from the mean, from the overall
            width and from the principal axes' own widths, each as if all else were well.
        worst: the worst directions that a search found, tested on rows that it did not see.
        shapes: the same of the rows' shape alone: neither place nor width nor tilt counts. Both
            are empty where there are fewer than 6 rows, this one also where all are one point.
    """

    count: int
    dim: int
    mean: torch.Tensor
    std: torch.Tensor
    axes: torch.Tensor
    effective_rank: float
    statistics: torch.Tensor
    p_value: float
    rows: torch.Tensor
    shadow: torch.Tensor
    far: int
    place_effect: float
    width_effect: float
    axes_effect: float
    worst: tuple[WorstDirection, ...] = ()
    shapes: tuple[WorstDirection, ...] = ()

    @property
    def width(self) -> float:
        """Root mean square of the coordinates' standard deviations: 1 for N(0, I)."""
        return self.std.square().mean().sqrt().item()

    @property
    def effect(self) -> float:
        """Mean of T / N over the random directions, without the null floor."""
        return (self.statistics.mean().item() - null_distribution().mean) / self.count

    @property
    def shape_effect(self) -> float:
        """T / N of the worst shape, 0 where its p-value is not below 0.01."""
        sure = self.shapes and self.shapes[0].p_value < SURE
        return max(0.0, self.shapes[0].effect) if sure else 0.0

    @property
    def is_point(self) -> bool:
        """Whether all rows are one point, as far as float32 can tell."""
        return self.width <= POINT * max(self.mean.norm().item(), POINT)

    @cached_property
    def num_heaps(self) -> int:
        """Peaks of the worst shape's shadow."""
        return count_heaps(self.shapes[0].tested_shadow) if self.shapes else 1

    @cached_property
    def distinct(self) -> int:
        """How many of the drawn rows differ from each other."""
        return len(self.rows.unique(dim=0))

    @cached_property
    def effects(self) -> dict[str, float]:
        """T / N that comes from each kind of departure, with the causes first.

        Heaps come first, since a few of them also bring a mean and leave axes flat.

        ============ ====================================================================
        kind         effect of
        ============ ====================================================================
        constant     all rows being one point; then nothing else is asked
        clustered    the worst shape, if its shadow has several heaps
        dimensional  the principal axes' widths, relative to each other
        scale        the overall width, below 1
        inflated     the overall width, above 1
        shifted      the mean, in units of the width
        shape        the worst shape, if its shadow is one heap
        ============ ====================================================================
        """
        if self.is_point:
            return {"constant": gaussian_effect(torch.zeros(()), torch.zeros(())).item()}
        width = "scale" if self.width < 1.0 else "inflated"
        heaps = self.num_heaps > 1
        return {
            **({"clustered": self.shape_effect} if heaps else {}),
            "dimensional": self.axes_effect,
            width: self.width_effect,
            "shifted": self.place_effect,
            **({} if heaps else {"shape": self.shape_effect}),
        }

    @property
    def kinds(self) -> tuple[str, ...]:
        """What is broken: the kinds whose effect is at least ``BROKEN``; none if healthy."""
        return tuple(kind for kind, effect in self.effects.items() if effect >= BROKEN)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is worth a look: the kinds whose effect is from ``NOTABLE`` to ``BROKEN``."""
        return tuple(kind for kind, e in self.effects.items() if NOTABLE <= e < BROKEN)


def gaussian_effect(mean: torch.Tensor, std: torch.Tensor) -> torch.Tensor:
    """T / N of shadows that are N(mean, std²), for many points: what a Gaussian would be told.

        ∫ |exp(i t mean - t² std² / 2) - exp(-t² / 2)|² exp(-t² / 2) dt

    by LeJEPA's quadrature on [-3, 3].

    Args:
        mean: any shape (...).
        std: the same shape, at least 0.

    Returns:
        Effects (...), float64: 0 for N(0, 1), 0.402 for a point at 0.

    >>> gaussian_effect(torch.tensor([0.0, 0.0, 0.5]), torch.tensor([1.0, 0.0, 1.0])).round(decimals=3)
    tensor([0.0000, 0.4020, 0.1180], dtype=torch.float64)
    """  # noqa: E501 - doctest
    knots, weights = quadrature_rule(NUM_POINTS, T_MAX)
    mean, variance = mean.double()[..., None], std.double().square()[..., None]
    own, target = (-variance * knots**2).exp(), (-(knots**2)).exp()
    gap = own + target - 2 * (mean * knots).cos() * (own * target).sqrt()  # (..., T)
    return (gap * weights).sum(-1)


def count_heaps(shadow: torch.Tensor) -> int:
    """Count the peaks of a smoothed density that a valley parts from the higher ones.

    The valley must reach down by three tenths of the peak, and the peak to a thirtieth of the
    highest: ripples on a plateau and single points far out are no heaps. Smoothed by 0.7 of
    Silverman's bandwidth, which is meant for a single heap.

    Args:
        shadow: (n,), n at least 2.

    >>> z = torch.randn(1000, generator=torch.Generator().manual_seed(0))
    >>> count_heaps(z), count_heaps(torch.cat([z - 3, z + 3])), count_heaps(torch.zeros(9))
    (1, 2, 1)
    """
    from scipy.signal import find_peaks
    from scipy.stats import gaussian_kde

    places = shadow.double().cpu()
    low, high = places.quantile(0.005).item(), places.quantile(0.995).item()
    if low == high:
        return 1
    margin = 0.2 * (high - low)
    density = gaussian_kde(places.numpy(), lambda kde: 0.7 * kde.silverman_factor())
    heights = density(torch.linspace(low - margin, high + margin, 300).numpy())
    peaks, found = find_peaks(heights, prominence=heights.max() / 30)
    return int((found["prominences"] > 0.3 * heights[peaks]).sum())


def inspect_embeddings(embeddings: torch.Tensor | EmbeddingFile, *, seed: int = 0) -> Inspection:
    """Look at embeddings from all sides: see :class:`Inspection`.

    Memory: some copies of 65,536 rows, of D × D numbers in float64, and of 8,192 rows; a file is
    never held whole.

    Args:
        embeddings: a tensor (N, D), or a file from :func:`sigreg_edu.data.open_embeddings`.
        seed: of the directions, of the rows that are drawn, and of their halves.

    Raises:
        TypeError, ValueError: no finite floating tensor (N, D) of at least 2 rows, or a file with
            numbers that are not finite.

    >>> z = torch.randn(2000, 8, generator=torch.Generator().manual_seed(0))
    >>> inspect_embeddings(z).kinds, inspect_embeddings(0.1 * z + 1).kinds
    ((), ('scale', 'shifted'))
    """
    *_, last = inspection_steps(embeddings, seed=seed)
    return last


def inspection_steps(
    embeddings: torch.Tensor | EmbeddingFile, *, seed: int = 0
) -> Iterator[Inspection]:
    """Yield what :func:`inspect_embeddings` returns as it is found: before and after each search.

    Args:
        embeddings: a tensor (N, D), or a file.
        seed: of the directions, of the rows that are drawn, and of their halves.

    Raises:
        TypeError, ValueError: likewise, at the first step.

    >>> z = torch.randn(50, 2, generator=torch.Generator().manual_seed(0))
    >>> [(len(found.worst), len(found.shapes)) for found in inspection_steps(z)]
    [(0, 0), (2, 0), (2, 2)]
    """
    if not isinstance(embeddings, EmbeddingFile):
        z = require_finite(require_matrix(embeddings, "embeddings", minimum=2), "embeddings")
        embeddings = widened(z.detach().cpu())
    seed = require_integer(seed, "seed", minimum=0)
    found = _first_look(embeddings, seed)
    yield found
    options = {"num_starts": STARTS, "seed": _seeds(seed)[2]}
    if len(found.rows) < FEWEST:
        return
    found = replace(found, worst=_searched(found.rows, **options))
    yield found
    if not found.is_point and len(found.rows[: len(found.rows) // 2].unique(dim=0)) > 1:
        yield replace(found, shapes=_searched(found.rows, shape_only=True, **options))


def _searched(rows: torch.Tensor, **options: Any) -> tuple[WorstDirection, ...]:
    """Search in one thread.

    Two are a fifth quicker, but take minutes on a busy machine, where they wait for each other.
    """
    with one_thread():
        return worst_direction_tests(rows, NUM_WORST, **options)


def _first_look(embeddings: torch.Tensor | EmbeddingFile, seed: int) -> Inspection:
    """All that needs no search."""
    count, dim = embeddings.shape
    directions = random_directions(dim, seed)  # (D, M)
    found = _gather(_chunks(embeddings), _draw(count, seed), directions)
    covariance = found.covariance
    axes = torch.linalg.eigvalsh(covariance).clamp(min=0.0).sqrt().flip(0)  # (D,)
    statistics = statistic_from_sums(found.sums, t_max=T_MAX)  # (M,)
    near = _near(found.drawn)
    return Inspection(
        count=count,
        dim=dim,
        mean=found.mean,
        std=covariance.diagonal().clamp(min=0.0).sqrt(),
        axes=axes,
        effective_rank=rank_of_spectrum(axes).item() if axes[0] > 0.0 else 0.0,
        statistics=statistics,
        p_value=_p_value(statistics.mean().item(), dim, seed),
        rows=found.drawn,
        shadow=found.drawn @ directions[:, statistics.argmax()],
        far=len(found.drawn) - len(near),
        **_effects(near, seed),
    )


def random_directions(dim: int, seed: int) -> torch.Tensor:
    """Return the random directions (D, M) that an inspection with this seed looks along."""
    return uniform_directions(dim, NUM_DIRECTIONS, seed=_seeds(seed)[0])


def _seeds(seed: int) -> list[int]:
    """Seeds of directions, drawn rows, searches and simulation that nobody else is likely to have.

    Embeddings that were drawn from ``manual_seed(0)`` would else be the directions themselves.
    """
    return np.random.SeedSequence([seed, 6]).generate_state(4).tolist()


# --- one pass over the rows -----------------------------------------------------------------------


@dataclass
class _Gathered:
    """What one pass over the rows leaves.

    Attributes:
        mean: (D,) float64.
        covariance: (D, D) float64.
        sums: of cosines and sines, (2, T, M) float64.
        drawn: (n, D) float32.
    """

    mean: torch.Tensor
    covariance: torch.Tensor
    sums: torch.Tensor
    drawn: torch.Tensor


def _chunks(embeddings: torch.Tensor | EmbeddingFile) -> Iterator[torch.Tensor]:
    size = max(1, min(CHUNK, NUMBERS_AT_ONCE // embeddings.shape[1]))
    if isinstance(embeddings, EmbeddingFile):
        yield from embeddings.chunks(size)
    else:
        yield from embeddings.split(size)


def _draw(count: int, seed: int) -> torch.Tensor:
    """Return which rows are drawn, rising."""
    order = torch.randperm(count, generator=torch.Generator().manual_seed(_seeds(seed)[1]))
    return order[:DRAWN_ROWS].sort().values


def _gather(
    chunks: Iterable[torch.Tensor], wanted: torch.Tensor, directions: torch.Tensor
) -> _Gathered:
    """Go through all rows once. Moments are taken about the first chunk's mean, for rounding."""
    spacing, drawn, seen = T_MAX / (NUM_POINTS - 1), [], 0
    for z in chunks:
        wide = z.double()
        if not seen:
            origin = wide.mean(0)
            total, squares = torch.zeros_like(origin), torch.zeros_like(_outer(origin))
            sums = torch.zeros(())
        centred = wide - origin
        total += centred.sum(0)
        squares += centred.T @ centred
        flat = z.to(directions)
        sums = sums + trigonometric_sums(flat, directions, num_points=NUM_POINTS, spacing=spacing)
        drawn.append(flat[wanted[(wanted >= seen) & (wanted < seen + len(z))] - seen])
        seen += len(z)
    offset = total / seen
    covariance = (squares - seen * _outer(offset)) / (seen - 1)
    return _Gathered(origin + offset, covariance, sums.double(), torch.cat(drawn))


def _outer(x: torch.Tensor) -> torch.Tensor:
    return torch.outer(x, x)


# --- what T / N comes from ------------------------------------------------------------------------


def _near(rows: torch.Tensor) -> torch.Tensor:
    """The rows (n, D) that lie not more than ``FAR`` times as far from the middle as the median."""
    distances = (rows - rows.median(0).values).norm(dim=1)
    usual = distances.median()
    return rows[distances <= FAR * usual] if usual > 0.0 else rows


def _effects(rows: torch.Tensor, seed: int) -> dict[str, float]:
    """Return the T / N of place, width and axes, each as if all else were well.

    A random half of the rows says where to look, the other what is there. A mean that is
    multiplied by itself, and axes that fit their own rows, would be long, and wide and narrow, by
    chance.
    """
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(_seeds(seed)[1]))
    halves = rows[order].double().tensor_split(2)
    means = [half.mean(0) for half in halves]
    fitted, other = (
        (half - mean).T @ (half - mean) / max(1, len(half) - 1)
        for half, mean in zip(halves, means, strict=True)
    )
    variance = (fitted.diagonal() + other.diagonal()).mean() / 2  # of a coordinate
    width, one, zero = variance.sqrt(), torch.ones(()), torch.zeros(())
    return {
        "place_effect": gaussian_effect(_length(*means, variance, len(rows)), one).item(),
        "width_effect": gaussian_effect(zero, width).item(),
        "axes_effect": _axes_effect(fitted, other, variance),
    }


def _length(
    one: torch.Tensor, other: torch.Tensor, variance: torch.Tensor, count: int
) -> torch.Tensor:
    """How long a mean surely is, in widths, from the means (D,) of two halves.

    Their product is the squared length, but for chance: of that, with standard deviation
    √D · 2 · variance / N, three are taken off.
    """
    chance = 3.0 * len(one) ** 0.5 * 2.0 * variance / count
    squared = (one @ other - chance).clamp(min=0.0) / variance.clamp(min=1e-60)
    return squared.sqrt().clamp(max=FARTHEST)


def _axes_effect(fitted: torch.Tensor, other: torch.Tensor, variance: torch.Tensor) -> float:
    """Return the mean over the principal axes of what their widths would be told.

    Args:
        fitted: covariance (D, D) of one half, whose principal axes are taken.
        other: that of the other half, which says how wide they are.
        variance: of a coordinate, on average.
    """
    vectors = torch.linalg.eigh(fitted).eigenvectors  # (D, D)
    widths = ((vectors.T @ other) * vectors.T).sum(1)  # (D,): v'Cv
    widths = (widths / variance.clamp(min=1e-60)).clamp(min=0.0).sqrt()
    return gaussian_effect(torch.zeros_like(widths), widths).mean().item()


def _p_value(mean_statistic: float, dim: int, seed: int) -> float:
    """Return how often the mean over the directions is as large for samples of N(0, I)."""
    larger = sum(simulated >= mean_statistic for simulated in _mean_statistics(dim, seed))
    return (larger + 1) / (SIMULATED + 1)


@lru_cache(maxsize=32)
def _mean_statistics(dim: int, seed: int) -> tuple[float, ...]:
    """Mean T over the random directions of each simulated sample; their law hardly knows N."""
    directions = random_directions(dim, seed)
    generator = torch.Generator().manual_seed(_seeds(seed)[3])
    samples = (torch.randn(SIMULATED_ROWS, dim, generator=generator) for _ in range(SIMULATED))
    return tuple(sliced_epps_pulley(z, directions).mean().item() for z in samples)
