"""Sample complexity for notebook 08: how many points a test needs, by dimension and flaw.

Power is the share of clouds that a test rejects at the 5 % level. For each flaw, dimension and test
the number of points is doubled until the power reaches 0.8, and then read off between the last two
numbers on a logarithmic axis.

The limits of both means are simulated from Gaussian clouds of the same N and D. The split
test's p-value is that of one Gaussian shadow, and needs no simulation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import torch

from sigreg_edu.slicing import (
    cramer_wold_statistic,
    orthogonal_directions,
    sliced_epps_pulley,
    uniform_directions,
    worst_direction_test,
)
from sigreg_edu.training.frontier_tables import Row, TableKind

__all__ = [
    "ALTERNATIVES",
    "LEVEL",
    "POWER",
    "SAMPLES",
    "SAMPLE_COUNTS",
    "SAMPLE_DIMS",
    "TESTS",
    "alternative_cloud",
    "fitted_growth",
    "power_cell",
    "samples_needed",
]

LEVEL, POWER = 0.05, 0.8
SLICES = 256
NULL_REPEATS = 400
SAMPLE_DIMS = (2, 4, 8, 16, 32, 64)
SAMPLE_COUNTS = tuple(2**k for k in range(3, 14))  # 8 to 8192

#: Flaws by name.
ALTERNATIVES: Mapping[str, str] = MappingProxyType(
    {
        "bimodal": "two heaps in one direction",
        "rank": "half of the directions flat",
        "tails": "heavy tails in all directions",
        "shrunk": "all directions shrunk to 0.9",
    }
)
#: Tests by name: label, repeats at each N, and the largest N that is tried.
TESTS: Mapping[str, tuple[str, int, int]] = MappingProxyType(
    {
        "slices": ("mean over 256 slices", 100, 8192),
        "all_directions": ("all directions", 60, 1024),
        "worst": ("worst direction, split", 30, 8192),
    }
)
SAMPLES = TableKind(
    "frontiers_samples.npz",
    ("alternative", "test", "dim"),
    {"power": (len(SAMPLE_COUNTS),), "needed": ()},
)


def alternative_cloud(
    alternative: str, num_samples: int, dim: int, generator: torch.Generator
) -> torch.Tensor:
    """A cloud (N, D) with a flaw, a key of :data:`ALTERNATIVES`, or ``"gaussian"``.

    The heaps are at ±0.95 with variance 1 in all. Half of the directions are flat, and the others
    keep variance 1. Heavy tails: Student's distribution with 5 degrees of freedom in D dimensions,
    variance 1 along every direction. Heaps and flat directions are turned at random: searches
    start from the coordinate axes, too, and must not begin where they are to arrive.
    """
    z = torch.randn(num_samples, dim, generator=generator)
    if alternative == "bimodal":
        side = 2.0 * torch.randint(0, 2, (num_samples,), generator=generator) - 1.0
        z[:, 0] = 0.95 * side + math.sqrt(1.0 - 0.95**2) * z[:, 0]
    elif alternative == "rank":
        z[:, dim // 2 :] = 0.0
    elif alternative == "tails":
        chi_squared = torch.randn(num_samples, 5, generator=generator).square().sum(1)
        z = z * (3.0 / chi_squared).sqrt()[:, None]
    elif alternative == "shrunk":
        z = 0.9 * z
    if alternative in ("bimodal", "rank"):
        z = z @ orthogonal_directions(dim, dim, generator=generator).T
    return z


def power_cell(alternative: str, test: str, dim: int) -> Row:
    """The power of a test at rising N, until it is 0.8: a row of :data:`SAMPLES`.

    Numbers of points that were not tried have power NaN, and ``needed`` is NaN where none sufficed.
    """
    _, repeats, most = TESTS[test]
    power = np.full(len(SAMPLE_COUNTS), np.nan)
    for place, count in enumerate(SAMPLE_COUNTS):
        if count > most:
            break
        power[place] = _power(alternative, test, dim, count, repeats)
        if power[place] >= POWER + 0.1:
            break
    return {"power": power, "needed": np.array(samples_needed(power))}


def samples_needed(power: np.ndarray) -> float:
    """N at which ``power`` (K,), at the numbers ``SAMPLE_COUNTS``, crosses 0.8; NaN if nowhere.

    >>> samples_needed(np.array([0.1, 0.6, 1.0]))  # at 8, 16 and 32
    22.627416997969522
    """
    reached = np.flatnonzero(power >= POWER)
    if reached.size == 0:
        return float("nan")
    last = int(reached[0])
    if last == 0:
        return float(SAMPLE_COUNTS[0])
    below, above = power[last - 1], power[last]
    share = (POWER - below) / (above - below)
    return float(SAMPLE_COUNTS[last - 1] * 2.0**share)


def fitted_growth(dims: np.ndarray, needed: np.ndarray) -> tuple[float, float]:
    """Fit N = c · D^α by least squares in the logarithms: (c, α), NaN for under three points.

    >>> fitted_growth(np.array([2.0, 4.0, 8.0]), np.array([12.0, 48.0, 192.0]))
    (3.0, 2.0)
    """
    known = np.isfinite(needed)
    if known.sum() < 3:
        return float("nan"), float("nan")
    alpha, log_c = np.polyfit(np.log(dims[known]), np.log(needed[known]), 1)
    return round(float(np.exp(log_c)), 9), round(float(alpha), 9)


def _power(alternative: str, test: str, dim: int, count: int, repeats: int) -> float:
    generator = torch.Generator().manual_seed(
        int(np.random.SeedSequence([dim, count, list(ALTERNATIVES).index(alternative)])
            .generate_state(1)[0])
    )  # fmt: skip
    clouds = (alternative_cloud(alternative, count, dim, generator) for _ in range(repeats))
    if test == "worst":
        rejected = [
            worst_direction_test(z, num_starts=64, num_steps=40, seed=seed).p_value < LEVEL
            for seed, z in enumerate(clouds)
        ]
        return float(np.mean(rejected))
    limit = _limit(test, dim, min(count, 512))  # it hardly depends on N from there on
    return float(np.mean([_mean_statistic(test, z) > limit for z in clouds]))


@lru_cache(maxsize=256)
def _limit(test: str, dim: int, count: int) -> float:
    """95 % quantile of a mean statistic of Gaussian clouds, simulated."""
    generator = torch.Generator().manual_seed(10_000 * dim + count)
    clouds = (torch.randn(count, dim, generator=generator) for _ in range(NULL_REPEATS))
    return float(np.quantile([_mean_statistic(test, z) for z in clouds], 1.0 - LEVEL))


def _mean_statistic(test: str, z: torch.Tensor) -> float:
    if test == "all_directions":
        return cramer_wold_statistic(z).item()
    return sliced_epps_pulley(z, _slices(z.shape[1])).mean().item()


@lru_cache(maxsize=16)
def _slices(dim: int) -> torch.Tensor:
    return uniform_directions(dim, SLICES, seed=dim)
