"""Particles of notebook 08: two heaps hidden in one direction of 32, removed by descent.

Every point is free, so nothing but the loss decides how soon the heaps go. Each method walks down
its own loss by plain gradient steps, and each may take the stride that is best for it: the one
that leaves the least T along the heaps, of those that keep the other directions healthy.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import torch

from sigreg_edu.losses import AllDirectionsSIGReg, LearnedSliceSIGReg, SIGReg, WeightedSIGReg
from sigreg_edu.slicing import orthogonal_directions, sliced_epps_pulley
from sigreg_edu.training.frontier_tables import Row, TableKind

__all__ = [
    "DESCENTS",
    "DESCENT_METHODS",
    "DESCENT_SEEDS",
    "DESCENT_STEPS",
    "NUM_POINTS",
    "POINT_DIM",
    "STRIDES",
    "descend",
    "is_healthy",
    "planted_heaps",
    "steps_until_gone",
]

POINT_DIM, NUM_POINTS = 32, 512
DESCENT_STEPS = 100
DESCENT_SEEDS = tuple(range(8))
STRIDES = tuple(2.0**k for k in range(8))  # 1 to 128, the same for every method
GONE = 2.95  # 95 % quantile of T of a Gaussian shadow
MOST_OTHER = 2.0  # mean T of the other directions; of 512 Gaussian points it is about 1.05
NARROWEST, WIDEST = 0.75, 1.3  # at the end; 512 Gaussian points have 0.77 to 1.28 by chance

DESCENTS = TableKind(
    "frontiers_descent.npz",
    ("method", "stride", "seed"),
    {
        "planted": (DESCENT_STEPS + 1,),
        "other": (DESCENT_STEPS + 1,),
        "widths": (2,),
        "seconds": (),
    },
)

#: Methods by name: what to call them, and the loss from a seed.
DESCENT_METHODS: Mapping[str, tuple[str, Callable[[int], torch.nn.Module]]] = MappingProxyType(
    {
        "fresh_64": ("64 fresh slices", lambda seed: SIGReg(64, seed=seed)),
        "fresh_256": ("256 fresh slices", lambda seed: SIGReg(256, seed=seed)),
        "fresh_1024": ("1,024 fresh slices", lambda seed: SIGReg(1024, seed=seed)),
        "all_directions": ("all directions", lambda seed: AllDirectionsSIGReg()),
        "learned_25": (
            "64 slices, a quarter learned",
            lambda seed: LearnedSliceSIGReg(64, share=0.25, seed=seed),
        ),
        "learned_100": (
            "64 slices, all learned",
            lambda seed: LearnedSliceSIGReg(64, share=1.0, seed=seed),
        ),
        "uniform": (
            "64 slices, uniform weight",
            lambda seed: WeightedSIGReg(64, weight="uniform", normalized=True, seed=seed),
        ),
        "uniform_1024": (
            "1,024 slices, uniform weight",
            lambda seed: WeightedSIGReg(1024, weight="uniform", normalized=True, seed=seed),
        ),
    }
)


def planted_heaps(
    num_points: int, dim: int, *, separation: float = 0.95, seed: int = 0
) -> tuple[torch.Tensor, torch.Tensor]:
    """A Gaussian cloud with two heaps along one random direction: mean 0 and variance 1 there.

    Args:
        num_points: N.
        dim: D.
        separation: s; the heaps are at -s and s, each with variance 1 - s². 0: nothing is planted.
        seed: of the cloud and of the direction.

    Returns:
        Points (N, D), float32, and the direction (D,).

    >>> z, planted = planted_heaps(1000, 8)
    >>> bool((z @ planted).abs().mean() > 0.9)  # of N(0, 1) it would be 0.8
    True
    """
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(num_points, dim, generator=generator)
    side = 2.0 * torch.randint(0, 2, (num_points,), generator=generator) - 1.0
    z[:, 0] = separation * side + (1.0 - separation**2) ** 0.5 * z[:, 0]
    turn = orthogonal_directions(dim, dim, generator=generator)
    return z @ turn.T, turn[:, 0]


def descend(method: str, stride: float, seed: int) -> Row:
    """Walk down one method's loss: a row of :data:`DESCENTS`.

    ``planted`` is T along the direction of the heaps after each step, ``other`` the mean of T over
    31 directions at right angles to it, and ``widths`` the smallest and the largest width of the
    cloud at right angles to it, at the end.
    """
    z, planted = planted_heaps(NUM_POINTS, POINT_DIM, seed=seed)
    # (D, D), the first column ±planted
    basis = torch.linalg.qr(planted[:, None], mode="complete").Q
    loss = DESCENT_METHODS[method][1](seed + 100)
    seconds, looks = 0.0, [sliced_epps_pulley(z, basis)]
    for _ in range(DESCENT_STEPS):
        started = time.perf_counter()
        z = z.detach().requires_grad_()
        value = loss(z)
        value = value["loss"] if isinstance(value, dict) else value
        (gradient,) = torch.autograd.grad(value, z)
        z = (z - stride * gradient).detach()
        seconds += time.perf_counter() - started
        looks.append(sliced_epps_pulley(z, basis))
    along = torch.stack(looks)  # (S + 1, D)
    return {
        "planted": along[:, 0].numpy(),
        "other": along[:, 1:].mean(1).numpy(),
        "widths": _widths(z @ basis[:, 1:]),
        "seconds": np.array(seconds),
    }


def _widths(z: torch.Tensor) -> np.ndarray:
    """Standard deviations of points (N, D) along their narrowest and their widest axis, (2,)."""
    variances = torch.linalg.eigvalsh(z.double().T.cov()).clamp(min=0.0)
    return variances[[0, -1]].sqrt().numpy()


def is_healthy(row: Row) -> bool:
    """Whether a descent left the other directions alone: T there never above 2, and no width off.

    >>> good = {"other": np.array([1.1, 0.4]), "widths": np.array([0.9, 1.1])}
    >>> is_healthy(good), is_healthy({**good, "other": np.array([1.1, 55.0, 0.8])})
    (True, False)
    """
    narrowest, widest = row["widths"]
    return bool((row["other"] <= MOST_OTHER).all() and NARROWEST <= narrowest <= widest <= WIDEST)


def steps_until_gone(planted: np.ndarray) -> float:
    """The first step after which T along the planted direction stays below its 5 % limit, or inf.

    >>> steps_until_gone(np.array([100.0, 2.0, 5.0, 1.0, 0.5]))
    3.0
    """
    above = np.flatnonzero(~(planted < GONE))  # NaN counts as above
    first = 0 if above.size == 0 else int(above[-1]) + 1
    return float(first) if first < len(planted) else float("inf")
