"""What is asked of a space, embedding or projection, at a moment of a training."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import torch

from sigreg_edu.slicing import sliced_epps_pulley, uniform_directions
from sigreg_edu.training.probes import effective_rank, knn_accuracy, standard_deviations

__all__ = [
    "SPACES",
    "Measures",
    "fixed_draw",
    "measure_points",
    "principal_plane",
    "worst_direction",
    "yardstick_points",
]

SPACES = MappingProxyType({"embedding": "embedding", "projection": "projection"})
YARDSTICK_SLICES = 256
YARDSTICK_SAMPLES = 256
YARDSTICK_SEED = 2**31
WATCHED_DIRECTIONS = 64


@dataclass(frozen=True)
class Measures:
    """What one space, embedding or projection, looks like at a moment; all watched images.

    Attributes:
        smallest_std, mean_std: standard deviation of the coordinates, the narrowest and the mean.
        effective_rank: dimensions that are filled, from 1 to D; 0 for a single point.
        knn: accuracy of ten nearest neighbours among the training images, on the test images.
        sigreg: T on 256 of the test images along 256 directions that no training sees, factor N
            included: 1.05 for samples of N(0, I).
    """

    smallest_std: float
    mean_std: float
    effective_rank: float
    knn: float
    sigreg: float


def measure_points(
    z: torch.Tensor, labels: torch.Tensor, train: torch.Tensor, test: torch.Tensor
) -> Measures:
    """Look at points (N, D).

    Args:
        z: one for each image.
        labels: (N,) int64.
        train: indices of the images that vote in kNN.
        test: indices of those that are judged.
    """
    std = standard_deviations(z)
    unseen = uniform_directions(z.shape[1], YARDSTICK_SLICES, seed=YARDSTICK_SEED)
    return Measures(
        smallest_std=std.min().item(),
        mean_std=std.mean().item(),
        effective_rank=effective_rank(z).item(),
        knn=knn_accuracy(z[train], labels[train], z[test], labels[test]),
        sigreg=sliced_epps_pulley(yardstick_points(z[test]), unseen).mean().item(),
    )


def fixed_draw(indices: torch.Tensor, *, most: int) -> torch.Tensor:
    """Return all of ``indices`` (N,), or ``most`` that are drawn by a fixed seed, in their order.

    Images may lie in the order of their classes, so the first ones would not do.

    >>> fixed_draw(torch.arange(1000), most=4)
    tensor([ 37,  44, 675, 775])
    """
    if len(indices) <= most:
        return indices
    order = torch.randperm(len(indices), generator=torch.Generator().manual_seed(0))
    return indices[order[:most].sort().values.to(indices.device)]


def yardstick_points(z: torch.Tensor) -> torch.Tensor:
    """Return the points, of (N, D), whose T is asked: 256 at most, as T grows with their number."""
    return z[fixed_draw(torch.arange(len(z)), most=YARDSTICK_SAMPLES)]


def worst_direction(z: torch.Tensor) -> tuple[torch.Tensor, float]:
    """Return the direction (D,) with the largest T, of 64 random ones and the axes, and that T.

    Args:
        z: points (N, D), float32; T is that of :func:`yardstick_points`.
    """
    z, dim = yardstick_points(z), z.shape[1]
    random = uniform_directions(dim, WATCHED_DIRECTIONS, seed=YARDSTICK_SEED)
    directions = torch.cat([random, torch.eye(dim)], dim=1)  # (D, 64 + D)
    statistics = sliced_epps_pulley(z, directions)
    worst = int(statistics.argmax())
    return directions[:, worst], statistics[worst].item()


def principal_plane(z: torch.Tensor, *, like: torch.Tensor | None = None) -> torch.Tensor:
    """Return coordinates (N, 2) of points in the plane in which they are widest.

    The plane is that of the two largest principal axes, through the mean. Within it the axes point
    where their largest part is positive. Such axes may flip or change places between two looks at a
    training, so they can be turned to fit the look before: by the rotation (or reflection) R that
    makes |z R - like|² smallest (orthogonal Procrustes).

    Args:
        z: points (N, D), D at least 2.
        like: where the same points were a look before, (N, 2).

    Returns:
        Tensor (N, 2) of z's dtype, computed in float64; mean 0.

    >>> z = torch.tensor([[3.0, 0.0, 0.0], [-3.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, -1.0, 0.0]])
    >>> torch.equal(principal_plane(z), z[:, :2])
    True
    >>> torch.allclose(principal_plane(-z, like=z[:, :2]), z[:, :2])
    True
    """
    centred = z.cpu().double()
    centred = centred - centred.mean(dim=0)
    axes = torch.linalg.eigh(centred.T @ centred).eigenvectors[:, -2:].flip(1)  # (D, 2)
    largest = axes.gather(0, axes.abs().argmax(dim=0, keepdim=True))  # (1, 2)
    plane = centred @ (axes * largest.sign())
    if like is not None:
        u, _, v = torch.linalg.svd(plane.T @ like.cpu().double())
        plane = plane @ (u @ v)
    return plane.to(z)
