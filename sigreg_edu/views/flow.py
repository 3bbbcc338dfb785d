"""A free cloud that flows downhill under a loss, every step kept.

    z_i ← z_i - h · ∂L/∂z_i,   L with the factor N, h the step size.

Without a network in between one sees what a loss itself wants of the points. The losses:

============ ==================================================================================
fresh        SIGReg, M slices drawn anew at each step
fixed        SIGReg, M slices drawn once
exact        the mean of T over all directions (:func:`sigreg_edu.slicing.cramer_wold_statistic`)
standardized the report's form: each shadow gets mean 0 and standard deviation 1 first
vicreg       N · (variance + covariance / 25): VICReg's regularizers of two equal views, 25 : 1
moments      N · mean over slices of mean² + (std - 1)²
============ ==================================================================================
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from mmap import mmap

import numpy as np
import torch

from sigreg_edu.data import load_digits, sample_cloud
from sigreg_edu.data.digits import digit_features
from sigreg_edu.slicing import (
    cramer_wold_statistic,
    sliced_epps_pulley,
    trigonometric_sums,
    uniform_directions,
)
from sigreg_edu.statistics import quadrature_rule, reference_quantiles
from sigreg_edu.training.objective import vicreg_regularizer
from sigreg_edu.views.kept import Kept
from sigreg_edu.views.many_shadows import LAST_KNOT, NUM_KNOTS, statistics_along

NUM_POINTS = 500
LAST_STEP = 240
JITTER = 0.02
MOST_SLICES_DRAWN = 16
LOSSES = {
    "fresh": "SIGReg, fresh slices",
    "fixed": "SIGReg, fixed slices",
    "exact": "all directions",
    "standardized": "report: standardized",
    "vicreg": "VICReg",
    "moments": "mean and std only",
}
CLOUDS = {
    "two_moons": "two moons",
    "spiral": "spiral",
    "cross": "X",
    "shifted": "shifted",
    "inflated": "inflated",
    "rank_one": "line (rank one)",
    "jitter": "a point, with jitter",
    "point": "a point",
    "digits": "digits, 2 axes",
    "digits_3d": "digits, 3 axes",
}
OF_DIGITS = ("digits", "digits_3d")
SLICED = ("fresh", "fixed", "standardized", "moments")  # what the number of slices matters to
BY_KNOTS = ("fresh", "fixed")  # what the knots matter to
EPS = 1e-6  # of the standardization
_REFERENCES = 17
_AROUND, _HEIGHTS = 16, 8  # directions that give the mean over all, T being smooth in the angle


@dataclass(frozen=True)
class Setup:
    """All that decides a flow; see :class:`sigreg_edu.views.particles.ParticlesParams`."""

    cloud: str
    loss: str
    num_slices: int
    num_knots: int
    t_max: float
    step_size: float
    seed: int


class Flow:
    """The steps of one flow, as far as they have been asked for.

    Args:
        setup: all that decides it.

    Attributes:
        losses: the loss of each, as the step that leaves it sees it.
        everywhere: T of each, mean over all directions.
        slices: the directions that the step from each cloud looked along, (D, M); None where there
            are none, or more than are worth drawing (16).
    """

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.losses: list[float] = []
        self.everywhere: list[float] = []
        self.slices: list[torch.Tensor | None] = []
        self._next = starting_cloud(setup.cloud, setup.seed)
        self._points = _pages(LAST_STEP + 2, *self._next.shape)
        self._draws = self._draw()

    def __len__(self) -> int:
        """How many clouds are known."""
        return len(self.losses)

    @property
    def points(self) -> torch.Tensor:
        """The cloud after 0, 1, 2 … steps, as far as they are known, (S, N, D) float32."""
        return self._points[: len(self)]

    def extend(self, count: int) -> None:
        """Make clouds known until there are ``count`` of them, at most ``LAST_STEP`` + 2."""
        while len(self) < count:
            self._step()

    def _step(self) -> None:
        z = self._next.requires_grad_(True)
        slices = next(self._draws)
        loss = loss_of(self.setup, z, slices)
        (gradient,) = torch.autograd.grad(loss, z)
        z = z.detach()
        self._points[len(self)] = z
        self.losses.append(loss.item())
        self.everywhere.append(mean_everywhere(z))
        few = slices is not None and slices.shape[1] <= MOST_SLICES_DRAWN
        self.slices.append(slices if few else None)
        self._next = z - self.setup.step_size * gradient

    def _draw(self) -> Iterator[torch.Tensor | None]:
        """The slices of each step: none, always the same, or fresh ones from one generator."""
        dim, setup = self._next.shape[1], self.setup
        generator = torch.Generator().manual_seed(setup.seed + 1)
        kept = None
        while True:
            if setup.loss not in SLICED:
                yield None
                continue
            if kept is None or setup.loss != "fixed":
                kept = uniform_directions(dim, setup.num_slices, generator=generator)
            yield kept


def _pages(*shape: int) -> torch.Tensor:
    """Zeros, float32, in memory of their own.

    On the heap, what is kept lies between the large arrays that come and go with each step, and
    stops tens of megabytes of theirs from going back to the system.
    """
    size = math.prod(shape) * torch.float32.itemsize
    return torch.frombuffer(mmap(-1, size), dtype=torch.float32).view(shape)


def flow_of(setup: Setup) -> Flow:
    """Return the flow of ``setup``; the latest few are kept."""
    return _flows.get_or_make(setup, lambda: Flow(setup))


def starting_cloud(name: str, seed: int) -> torch.Tensor:
    """Return one of ``CLOUDS``, shape (N, D), float32.

    The line has a jitter of 0.02 across it: without any, points that start together would stay
    together, since their forces are the same.
    """
    if name in OF_DIGITS:
        return _digits(3 if name == "digits_3d" else 2)[0].clone()
    if name == "point":
        return torch.zeros(NUM_POINTS, 2)
    jitter = JITTER * sample_cloud("gaussian", NUM_POINTS, dim=2, seed=seed + 1)
    if name == "jitter":
        return jitter
    cloud = sample_cloud(name, NUM_POINTS, dim=2, seed=seed)
    return cloud + jitter if name == "rank_one" else cloud


def labels_of(cloud: str) -> np.ndarray | None:
    """Return the digit of each point, shape (N,), where the points are digits."""
    return _digits(2)[1].numpy() if cloud in OF_DIGITS else None


@lru_cache(maxsize=2)
def _digits(dim: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The first digits along their leading principal axes, each of variance 1; and their labels."""
    return digit_features("whitened")[:NUM_POINTS, :dim], load_digits().labels[:NUM_POINTS]


def loss_of(setup: Setup, z: torch.Tensor, slices: torch.Tensor | None) -> torch.Tensor:
    """Return the loss of a cloud (N, D), a scalar with the factor N.

    Args:
        setup: which loss, and its knots.
        z: the cloud, float32.
        slices: directions (D, M), for the losses that look along some.
    """
    match setup.loss:
        case "fresh" | "fixed":
            knots = {"num_points": setup.num_knots, "t_max": setup.t_max}
            return sliced_epps_pulley(z, slices, **knots).mean()
        case "exact":
            return cramer_wold_statistic(z)
        case "standardized":
            return standardized_statistic(z, slices).mean()
        case "vicreg":
            return len(z) * vicreg_regularizer(torch.stack([z, z]))
    return two_moments(z, slices).mean()


def two_moments(z: torch.Tensor, slices: torch.Tensor) -> torch.Tensor:
    """N · [mean² + (std - 1)²] of each shadow, (M,): a test that looks at no more than VICReg does.

    Args:
        z: points (N, D).
        slices: directions (D, M).
    """
    shadows = z @ slices  # (N, M)
    std = (shadows.var(0) + EPS**2).sqrt()
    return len(z) * (shadows.mean(0).square() + (std - 1.0).square())


def standardized_statistic(z: torch.Tensor, slices: torch.Tensor) -> torch.Tensor:
    """The report's statistic of each shadow, quickly: standardized, against 17 quantiles, (M,).

    Its three sums of Gaussian kernels are ∫ |φ_N(t) - φ_Q(t)|² exp(-t²/2) dt / sqrt(2 pi), φ_Q that
    of the quantiles. So 17 knots give them (to four digits), and nothing of size N² is needed.
    Standardizing is a shift of the points and a division of the directions.

    Args:
        z: points (N, D).
        slices: directions (D, M).
    """
    centred = z - z.mean(0)
    std = ((centred @ slices).var(0) + EPS**2).sqrt()  # (M,)
    spacing = LAST_KNOT / (NUM_KNOTS - 1)
    sums = trigonometric_sums(
        centred, slices / std, num_points=NUM_KNOTS, spacing=spacing
    )  # (2, T, M)
    knots, weights = quadrature_rule(NUM_KNOTS, LAST_KNOT, dtype=sums.dtype)
    angles = torch.outer(knots, reference_quantiles(_REFERENCES).to(sums.dtype))  # (T, Q)
    target = torch.stack([angles.cos().mean(1), angles.sin().mean(1)])  # (2, T)
    gap = (sums / len(z) - target[..., None]).square().sum(0)  # (T, M)
    return len(z) * (weights @ gap) / math.sqrt(2.0 * math.pi)


def mean_everywhere(z: torch.Tensor) -> float:
    """Return T of a cloud (N, 2) or (N, 3), mean over all directions, to better than 1 %."""
    directions, weights = _everywhere(z.shape[1])
    return float(statistics_along(z, directions) @ weights)


@lru_cache(maxsize=2)
def _everywhere(dim: int) -> tuple[torch.Tensor, np.ndarray]:
    """Directions (D, A) and weights (A,) that integrate a smooth even function over all of them.

    In the plane equal angles; in space equal angles round the axis, and Gauss and Legendre's
    heights along it (equal slices of a sphere have equal area). Opposite directions are one.
    """
    turns = np.arange(_AROUND) * (math.pi / _AROUND)
    if dim == 2:
        circle = np.stack([np.cos(turns), np.sin(turns)])
        return torch.from_numpy(circle).float(), np.full(_AROUND, 1.0 / _AROUND)
    heights, weights = np.polynomial.legendre.leggauss(_HEIGHTS)
    height, turn = (grid.ravel() for grid in np.meshgrid(heights[heights > 0.0], 2.0 * turns))
    radius = np.sqrt(1.0 - height**2)
    sphere = np.stack([radius * np.cos(turn), radius * np.sin(turn), height])
    return torch.from_numpy(sphere).float(), np.tile(weights[heights > 0.0], _AROUND) / _AROUND


_flows: Kept[Flow] = Kept(5)  # 1.5 MB each
