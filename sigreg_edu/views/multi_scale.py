"""Several scales: shadows and T of tokens, quadrants and images that share more or less."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from sigreg_edu.losses.multi_scale import LEVELS, token_levels
from sigreg_edu.slicing import sliced_epps_pulley, uniform_directions
from sigreg_edu.views.params import Params, power_slider, seed, slider, switch
from sigreg_edu.views.sample import Histogram, histogram

NUM_TOKENS = 16
NUM_SLICES = 64
SHARES = np.linspace(0.0, 1.0, 11)
TOKENS_OF = (1, 4, 16)  # tokens behind a point of each level


@dataclass(frozen=True)
class MultiScaleParams(Params):
    """State of the explorer of several scales."""

    share: float = slider(
        0.0, 0.0, 1.0, 0.02, label="in common",
        help="Share of a token's variance that all tokens of its image have in common.",
    )  # fmt: skip
    scale: float = slider(1.0, 0.25, 2.0, 0.05, label="width of a token")
    rescaled: bool = switch(False, label="means times √k")
    num_images: int = power_slider(64, 16, 256, label="images B")
    dim: int = power_slider(8, 2, 64, label="dimension D")
    seed: int = seed()


@dataclass(frozen=True)
class MultiScaleView:
    """What the figure of several scales shows; levels in the order of ``LEVELS``.

    Attributes:
        shadows: histogram of each level's first coordinate.
        deviations: standard deviation of each level, over all coordinates, (3,).
        statistics: T of each level, the mean over slices, (3,).
        effects: T / N, (3,).
        shares: shares in common, (S,).
        curves: T / N of each level by share, without noise: what the width alone gives, (3, S).
        share: the present share.
        counts: points of each level, (3,).
        readout: all that in words.
    """

    shadows: tuple[Histogram, ...]
    deviations: np.ndarray
    statistics: np.ndarray
    effects: np.ndarray
    shares: np.ndarray
    curves: np.ndarray
    share: float
    counts: np.ndarray
    readout: str


def multi_scale_view(params: MultiScaleParams) -> MultiScaleView:
    """Make tokens and look at their three levels."""
    levels = token_levels(_tokens(params), rescaled=params.rescaled)
    slices = _slices(params.dim)
    counts = np.array([len(level) for level in levels])
    statistics = np.array([sliced_epps_pulley(z, slices).mean().item() for z in levels])
    deviations = np.array([z.std().item() for z in levels])
    widths = params.scale * np.sqrt(_variances(SHARES, params.rescaled))
    return MultiScaleView(
        shadows=tuple(histogram(z[:, 0].numpy()) for z in levels),
        deviations=deviations,
        statistics=statistics,
        effects=statistics / counts,
        shares=SHARES,
        curves=_effect_of_width(widths),
        share=params.share,
        counts=counts,
        readout=_readout(params, statistics, deviations),
    )


def _tokens(params: MultiScaleParams) -> torch.Tensor:
    """Tokens (B, 16, D): variance ``scale``² each, a share of it common to an image."""
    own, common = _noise(params.num_images, params.dim, params.seed)
    return params.scale * (params.share**0.5 * common + (1.0 - params.share) ** 0.5 * own)


@lru_cache(maxsize=8)
def _noise(num_images: int, dim: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    own = torch.randn(num_images, NUM_TOKENS, dim, generator=generator)
    return own, torch.randn(num_images, 1, dim, generator=generator)


@lru_cache(maxsize=8)
def _slices(dim: int) -> torch.Tensor:
    return uniform_directions(dim, NUM_SLICES, seed=0)


def _variances(share: np.ndarray, rescaled: bool) -> np.ndarray:
    """Variance of a mean of k tokens of variance 1, for each level, (3, S).

    >>> _variances(np.array([0.0, 1.0]), False)[2].tolist()
    [0.0625, 1.0]
    """
    k = np.array(TOKENS_OF, dtype=float)[:, None]
    return (share + (1.0 - share) / k) * (k if rescaled else 1.0)


def _effect_of_width(widths: np.ndarray) -> np.ndarray:
    """T / N of N(0, s²) in many points, over all t: the width's own part, any shape.

    ∫ (e^{-s²t²/2} - e^{-t²/2})² e^{-t²/2} dt.
    """
    s = widths**2
    return np.sqrt(2 * np.pi) * (1 / np.sqrt(2 * s + 1) - 2 / np.sqrt(s + 2) + 1 / np.sqrt(3))


def _readout(params: MultiScaleParams, statistics: np.ndarray, deviations: np.ndarray) -> str:
    values = ", ".join(
        f"{name} {value:.1f} (std {std:.2f})"
        for name, value, std in zip(LEVELS, statistics, deviations, strict=True)
    )
    content = [name for name, value in zip(LEVELS, statistics, strict=True) if value < 2.0]
    verdict = (
        "All three levels look like N(0, I)."
        if len(content) == len(LEVELS)
        else f"T below 2: {', '.join(content)}."
        if content
        else "No level has T below 2."
    )
    what = "times √k" if params.rescaled else "plain"
    return (
        f"With {100 * params.share:.0f} % of the variance in common and {what} means, T of the "
        f"levels is: {values}. {verdict}"
    )
