"""What three judges say of a flat cloud: VICReg, the mean and variance of its shadows, and SIGReg.

VICReg has no mean in it, and nothing against too much variance. The test of two moments,

    N · mean over directions a of [mean² + (std - 1)²] of the shadow along a,

sees every mean and every covariance, and nothing else. SIGReg sees the whole law. Each judge
objects above the value that 95 of 100 clouds of N points from N(0, I) stay below, so that all three
are held to the same rate of false alarms.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from scipy import special

from sigreg_edu.data.clouds import CLOUDS_2D, sample_cloud
from sigreg_edu.data.noise import normal_scores
from sigreg_edu.slicing import sliced_epps_pulley
from sigreg_edu.statistics import quadrature_rule
from sigreg_edu.statistics.mixture import ChiSquareMixture
from sigreg_edu.views.many_shadows import LAST_KNOT, NUM_KNOTS, short
from sigreg_edu.views.params import Params, choice, seed, slider
from sigreg_edu.views.shadow2d import directions_2d

JUDGES = {"vicreg": "VICReg", "moments": "two moments", "sigreg": "SIGReg"}
VARIANCE_WEIGHT, COVARIANCE_WEIGHT, EPS = 25.0, 1.0, 1e-4  # VICRegLoss's
LEVEL = 0.95
NUM_ANGLES = 12  # T is smooth in the angle: so many, evenly spaced, give its mean within 2 %
SCALES = np.array([
    0.0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2, 1.3, 1.4, 1.6, 1.8, 2.0, 2.3,
    2.6, 3.0,
])  # fmt: skip
NEAR, FAR = 4.5, 13.0  # the cloud's panel runs so far: FAR where more than 1 point in 50 needs it

_BY_SLIDER = ("shifted", "inflated", "shrunk", "collapsed")  # what scale and shift do already
CLOUDS = {name: cloud.label for name, cloud in CLOUDS_2D.items() if name not in _BY_SLIDER}
_REPEATS = 10_000  # Gaussian clouds whose moments are drawn


@dataclass(frozen=True)
class AcceptsParams(Params):
    """State of the explorer of judges."""

    cloud: str = choice("two_moons", CLOUDS, label="cloud")
    scale: float = slider(
        1.0, 0.0, 3.0, 0.05, label="scale factor", help="Multiplies every point."
    )  # fmt: skip
    shift: float = slider(0.0, 0.0, 3.0, 0.05, label="shift of the mean", help="To the right.")
    turn: int = slider(
        0, 0, 180, 5, label="turn (degrees)", help="Turns the cloud, before it is shifted."
    )
    num_samples: int = slider(1000, 100, 1500, 100, label="points N")
    seed: int = seed()


@dataclass(frozen=True)
class AcceptsView:
    """What the figure of judges shows. Arrays of three are in the order of ``JUDGES``.

    Attributes:
        points: the cloud, shape (N, 2).
        field: the cloud's panel runs from minus this to this.
        values: what each judge says, shape (3,).
        usual: the mean of that over clouds of N points from N(0, I), shape (3,).
        limits: what 95 of 100 of those clouds stay below, shape (3,).
        objects: whether the value exceeds the limit, shape (3,).
        scale: the present scale factor.
        scales: scale factors of the curves, shape (S,).
        curves: what each judge says of the same cloud at each of them, shape (3, S).
        readout: all that in words.
    """

    points: np.ndarray
    field: float
    values: np.ndarray
    usual: np.ndarray
    limits: np.ndarray
    objects: np.ndarray
    scale: float
    scales: np.ndarray
    curves: np.ndarray
    readout: str


def accepts_view(params: AcceptsParams) -> AcceptsView:
    """Let the three judges see the present cloud, and the same cloud at every other scale."""
    cloud = _turned(params.cloud, params.num_samples, params.turn, params.seed)
    points = params.scale * cloud.numpy() + np.array([params.shift, 0.0], dtype=np.float32)
    values = judged(cloud, np.array([params.scale]), params.shift)[:, 0]
    usual, limits = calibration(params.num_samples)
    objects = values > limits
    inside = np.quantile(np.abs(points).max(axis=1), 0.98) <= NEAR
    return AcceptsView(
        points=points,
        field=NEAR if inside else FAR,
        values=values,
        usual=usual,
        limits=limits,
        objects=objects,
        scale=params.scale,
        scales=SCALES,
        curves=_curves(
            params.cloud, params.num_samples, params.turn, params.seed, params.shift
        ),
        readout=_in_words(params, cloud, values, limits, objects),
    )  # fmt: skip


# --- the judges ----------------------------------------------------------------------------------


def judged(cloud: torch.Tensor, scales: np.ndarray, shift: float) -> np.ndarray:
    """Return what each judge says of scale · cloud + (shift, 0), shape (3, S).

    Args:
        cloud: points (N, 2), float32.
        scales: scale factors (S,).
        shift: of every point, to the right, after it was scaled.
    """
    wide = cloud.double().numpy()
    mean = scales[:, None] * wide.mean(axis=0) + np.array([shift, 0.0])  # (S, 2)
    covariance = scales[:, None, None] ** 2 * np.cov(wide.T)  # (S, 2, 2)
    return np.stack([
        vicreg_parts(covariance).sum(axis=0),
        two_moments(mean, covariance, len(cloud)),
        _sigreg(cloud, scales, shift),
    ])  # fmt: skip


def vicreg_parts(covariance: np.ndarray) -> np.ndarray:
    """Return VICReg's weighted variance and covariance terms: (..., 2, 2) to (2, ...).

    Both views are the same cloud. Weights 25 and 1, as :class:`~sigreg_edu.losses.VICRegLoss`.

    >>> vicreg_parts(np.eye(2)).tolist()
    [0.0, 0.0]
    """
    variances = np.diagonal(covariance, axis1=-2, axis2=-1)
    hinge = np.maximum(1.0 - np.sqrt(variances + EPS), 0.0).mean(axis=-1)
    # Sum over two views of (1/D) Σ_{i≠j} cov_ij², D = 2: twice the square of the one covariance.
    spoilt = 2.0 * covariance[..., 0, 1] ** 2
    return np.stack([VARIANCE_WEIGHT * hinge, COVARIANCE_WEIGHT * spoilt])


def two_moments(mean: np.ndarray, covariance: np.ndarray, num_samples: int) -> np.ndarray:
    """Return N times the mean over all directions of mean² + (std - 1)² of the shadow.

    With λ₁ ≥ λ₂ the variances along the principal axes, the mean over the angle θ of the standard
    deviation √(λ₁ cos²θ + λ₂ sin²θ) is (2/π) √λ₁ E(1 - λ₂/λ₁), E being Legendre's elliptic
    integral. So no direction need be drawn.

    Args:
        mean: (..., 2).
        covariance: (..., 2, 2).
        num_samples: N.

    >>> bool(abs(two_moments(np.zeros(2), np.eye(2), 1000)) < 1e-9)
    True
    """
    half_sum = (covariance[..., 0, 0] + covariance[..., 1, 1]) / 2.0
    half_gap = np.hypot((covariance[..., 0, 0] - covariance[..., 1, 1]) / 2.0,
                        covariance[..., 0, 1])  # fmt: skip
    first, second = half_sum + half_gap, np.maximum(half_sum - half_gap, 0.0)
    flatness = 1.0 - second / np.where(first > 0.0, first, 1.0)
    std = 2.0 / np.pi * np.sqrt(first) * special.ellipe(np.clip(flatness, 0.0, 1.0))
    return num_samples * ((mean**2).sum(axis=-1) / 2.0 + half_sum - 2.0 * std + 1.0)


def _sigreg(cloud: torch.Tensor, scales: np.ndarray, shift: float) -> np.ndarray:
    """Return T of the scaled and shifted cloud, mean over all directions, shape (S,).

    A scale factor may as well stretch the direction, and a third coordinate that is 1 for every
    point lets a direction shift its shadow: one call for all scales.
    """
    along = directions_2d(_angles())  # (2, A)
    stretched = torch.from_numpy(scales).float()[:, None, None] * along  # (S, 2, A)
    moved = (shift * along[0]).expand(len(scales), 1, NUM_ANGLES)
    directions = torch.cat([stretched, moved], dim=1)  # (S, 3, A)
    points = torch.cat([cloud, torch.ones(len(cloud), 1)], dim=1)  # (N, 3)
    statistics = sliced_epps_pulley(
        points, directions.transpose(0, 1).flatten(1), num_points=NUM_KNOTS, t_max=LAST_KNOT
    )  # (S * A,)
    return statistics.double().unflatten(0, (-1, NUM_ANGLES)).mean(dim=1).numpy()


@lru_cache(maxsize=4)
def _curves(cloud: str, num_samples: int, turn: int, seed: int, shift: float) -> np.ndarray:
    """Return what each judge says at each of ``SCALES``, shape (3, S)."""
    return judged(_turned(cloud, num_samples, turn, seed), SCALES, shift)


@lru_cache(maxsize=4)
def _turned(cloud: str, num_samples: int, turn: int, seed: int) -> torch.Tensor:
    """Return a cloud turned about 0 by so many degrees, shape (N, 2), float32."""
    axes = directions_2d(np.array([turn, turn + 90.0]))  # where the axes go, as columns
    return sample_cloud(cloud, num_samples, dim=2, seed=seed) @ axes.T


def _angles() -> np.ndarray:
    return np.arange(NUM_ANGLES) * (180.0 / NUM_ANGLES)


# --- when nothing is wrong -----------------------------------------------------------------------


@lru_cache(maxsize=32)
def calibration(num_samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and 95 % quantile of each judge over clouds of N points from N(0, I), (3,) each.

    The first two depend on sample mean and covariance alone, which are drawn 10,000 times from
    their own laws; SIGReg's limit law does not depend on N.
    """
    mean, covariance = _gaussian_moments(num_samples)
    drawn = np.stack([
        vicreg_parts(covariance).sum(axis=0), two_moments(mean, covariance, num_samples)
    ])  # fmt: skip
    law = sigreg_law()
    return (
        np.append(drawn.mean(axis=1), law.mean),
        np.append(np.quantile(drawn, LEVEL, axis=1), law.quantile(LEVEL)),
    )


def _gaussian_moments(num_samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw means (R, 2) and covariances (R, 2, 2) of samples of N points from N(0, I).

    Covariances by Bartlett's decomposition of the Wishart law, the χ² in it by Wilson and
    Hilferty's cube of a Gaussian; always from the same noise, so that the limits move smoothly.
    """
    noise, freedom = _noise(), num_samples - 1
    first = np.sqrt(_chi_square(noise[:, 2], freedom))
    off = noise[:, 3]
    second = _chi_square(noise[:, 4], freedom - 1)
    covariance = np.empty((_REPEATS, 2, 2))
    covariance[:, 0, 0] = first**2
    covariance[:, 0, 1] = covariance[:, 1, 0] = first * off
    covariance[:, 1, 1] = off**2 + second
    return noise[:, :2] / np.sqrt(num_samples), covariance / freedom


def _chi_square(scores: np.ndarray, freedom: int) -> np.ndarray:
    """Return draws of χ² from N(0, 1) scores."""
    spread = 2.0 / (9.0 * freedom)
    return freedom * (1.0 - spread + np.sqrt(spread) * scores) ** 3


@lru_cache(maxsize=1)
def _noise() -> np.ndarray:
    return normal_scores(_REPEATS, 5, seed=0)


@lru_cache(maxsize=1)
def sigreg_law() -> ChiSquareMixture:
    """Return the limit law of SIGReg, mean over the directions, for points from N(0, I).

    √N (φ_N - φ) at a frequency s along a and t along b tends to a Gaussian process with covariances

        e^{-(s² + t²)/2} (cosh(st a·b) - 1)  and  e^{-(s² + t²)/2} sinh(st a·b)

    of its real and imaginary parts, and the mean of T, an integral of its square, to a weighted sum
    of χ²₁. The weights are eigenvalues.
    """
    knots, weights = (a.numpy()[1:] for a in quadrature_rule(NUM_KNOTS, LAST_KNOT))  # 0 at t = 0
    angles = np.deg2rad(_angles())
    cosine = np.cos(angles[:, None] - angles)[:, None, :, None]  # a·b
    s, t = knots[:, None, None], knots
    damping, product = np.exp(-(s**2 + t**2) / 2.0), s * t * cosine  # (A, T, A, T)
    root = np.tile(np.sqrt(weights / NUM_ANGLES), NUM_ANGLES)
    parts = (damping * (np.cosh(product) - 1.0), damping * np.sinh(product))
    size = root.size
    found = [np.linalg.eigvalsh(np.outer(root, root) * p.reshape(size, size)) for p in parts]
    eigenvalues = np.concatenate(found)
    return ChiSquareMixture(eigenvalues[eigenvalues > 1e-9 * eigenvalues.max()])


# --- in words ------------------------------------------------------------------------------------


def _in_words(
    params: AcceptsParams,
    cloud: torch.Tensor,
    values: np.ndarray,
    limits: np.ndarray,
    objects: np.ndarray,
) -> str:
    verdicts = "; ".join(
        f"{label}: {'objects' if wrong else 'accepts'} ({short(float(value))}, limit "
        f"{short(float(limit))})"
        for label, value, limit, wrong in zip(JUDGES.values(), values, limits, objects, strict=True)
    )
    covariance = params.scale**2 * np.cov(cloud.double().numpy().T)
    hinge, spoilt = (short(float(part)) for part in vicreg_parts(covariance))
    return (
        f"{CLOUDS[params.cloud]}, scaled by {params.scale:g}, shifted by {params.shift:g}: "
        f"{verdicts}. VICReg's value is {hinge} from its variance hinge and {spoilt} from the "
        f"covariance. Each limit is what 95 of 100 clouds of {params.num_samples} points from "
        "N(0, I) stay below."
    )
