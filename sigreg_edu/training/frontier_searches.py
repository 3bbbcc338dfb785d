"""Searches of notebook 08: heaps planted in one direction, by dimension, points and separation."""

from __future__ import annotations

import numpy as np
import torch

from sigreg_edu.slicing import (
    sliced_epps_pulley,
    uniform_directions,
    worst_direction_test,
)
from sigreg_edu.training.frontier_descent import planted_heaps
from sigreg_edu.training.frontier_tables import Row, TableKind

__all__ = [
    "EDGES",
    "SEARCHES",
    "SEARCH_COUNTS",
    "SEARCH_DIMS",
    "SEPARATIONS",
    "search_cell",
]

SEARCH_DIMS = tuple(2**k for k in range(1, 9))  # 2 to 256
SEARCH_COUNTS = (512, 1024, 2048, 4096)
SEPARATIONS = (0.0, 0.6, 0.8, 0.9, 0.95, 1.0)
SLICES = 1024
EDGES = np.linspace(-4.0, 4.0, 41)
BINS = len(EDGES) - 1

SEARCHES = TableKind(
    "frontiers_searches.npz",
    ("dim", "num_samples", "separation"),
    {
        "mean": (),  # over random slices, of the tested half
        "largest": (),  # of those slices
        "searched": (),  # T of the searched half along what was found
        "tested": (),  # T of the other half there
        "p_value": (),
        "cosine": (),  # of the found direction with the planted one
        "searched_shares": (BINS,),
        "tested_shares": (BINS,),
        "slice_shares": (BINS,),  # of the tested half along the first random slice
    },
)


def search_cell(dim: int, num_samples: int, separation: float) -> Row:
    """Search one cloud and look at the halves along what was found: a row of :data:`SEARCHES`."""
    z, planted = planted_heaps(num_samples, dim, separation=separation, seed=dim + num_samples)
    worst = worst_direction_test(z, num_starts=128, num_steps=60, seed=0)
    order = torch.randperm(num_samples, generator=torch.Generator().manual_seed(0))
    searched, tested = z[order].tensor_split(2)  # the halves of the test, by the same seed
    slices = uniform_directions(dim, SLICES, seed=1)
    statistics = sliced_epps_pulley(tested, slices)
    return {
        "mean": statistics.mean().numpy(),
        "largest": statistics.max().numpy(),
        "searched": np.array(worst.searched_statistic),
        "tested": np.array(worst.statistic),
        "p_value": np.array(worst.p_value),
        "cosine": (worst.direction @ planted).abs().numpy(),
        "searched_shares": _shares(searched @ worst.direction),
        "tested_shares": _shares(tested @ worst.direction),
        "slice_shares": _shares(tested @ slices[:, 0]),
    }


def _shares(shadow: torch.Tensor) -> np.ndarray:
    """Shares of a shadow's points in each bin, (B,)."""
    inside = np.clip(shadow.numpy(), EDGES[0], EDGES[-1])
    return np.histogram(inside, EDGES)[0] / len(inside)
