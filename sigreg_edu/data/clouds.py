"""Clouds of points in two, three and many dimensions, each made to ask one question of a shadow.

Most have mean 0 and the identity covariance by construction (``standardized``), so that only their
*shape* is at fault and neither means nor covariances can tell. The others break exactly that, on
purpose: they are shifted, too wide, too narrow, tilted or flat.

All clouds of a dimension are made from the same noise (see :mod:`sigreg_edu.data.noise`): switching
from one to another moves the same points.

>>> sample_cloud("cross", 500).shape, sample_cloud("xor", 500).shape
(torch.Size([500, 2]), torch.Size([500, 3]))
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import torch
from scipy import special

from sigreg_edu.checks import require_choice, require_integer
from sigreg_edu.data.noise import normal_scores, uniforms
from sigreg_edu.data.one_d import SHAPES

# u: (N, 5) uniforms, g = Φ⁻¹(u): the same numbers as N(0, 1) scores. A cloud that needs both a
# Gaussian and an independent uniform takes them from different columns.
Noise = tuple[np.ndarray, np.ndarray]
_NOISE_COLUMNS = 5

# The c for which flipping y = x to y = −x inside |x| < c leaves x and y uncorrelated:
# E[x²; |x| < c] = ½.
FLIP_POINT = 1.5381722544550522
PLANTED_EXTRAS = ("collapsed", "shrunk", "inflated", "shifted")
PLANTED_KINDS = (*SHAPES, *PLANTED_EXTRAS)


@dataclass(frozen=True)
class Cloud:
    """One kind of cloud.

    Attributes:
        label: its name for people.
        caption: one sentence on what is special.
        dim: 2 or 3.
        standardized: True where the law has mean 0 and the identity covariance.
        make: ``make((u, g))``, from noise (N, 5) twice to points (N, dim).
    """

    label: str
    caption: str
    dim: int
    standardized: bool
    make: Callable[[Noise], np.ndarray]


# --- curves thickened with Gaussian noise, then whitened with the law's own moments

Curve = Callable[[np.ndarray], np.ndarray]  # t in (0, 1), (N,) -> points (N, D)


def _moons_curve(t: np.ndarray) -> np.ndarray:
    """The upper half circle for t < ½, the lower, interlocking one for the rest."""
    angle = 2.0 * np.pi * (t % 0.5)
    upper = t < 0.5
    x = np.where(upper, np.cos(angle), 1.0 - np.cos(angle))
    y = np.where(upper, np.sin(angle), 0.5 - np.sin(angle))
    return np.stack([x, y], axis=1)  # (N, 2)


def _ring_curve(t: np.ndarray) -> np.ndarray:
    return np.stack([np.cos(2.0 * np.pi * t), np.sin(2.0 * np.pi * t)], axis=1)  # (N, 2)


def _spiral_curve(t: np.ndarray) -> np.ndarray:
    """Two arms, each the other turned by half a turn; √ spreads the points evenly along them."""
    radius = np.sqrt(2.0 * (t % 0.5))
    angle = 3.0 * np.pi * radius
    side = np.where(t < 0.5, 1.0, -1.0)
    return (side * radius * np.stack([np.cos(angle), np.sin(angle)])).T  # (N, 2)


def _helix_curve(t: np.ndarray) -> np.ndarray:
    angle = 6.0 * np.pi * t
    height = math.sqrt(6.0) * (t - 0.5)  # variance ½, as of the cosine and the sine
    return np.stack([np.cos(angle), np.sin(angle), height], axis=1)  # (N, 3)


def _three_centres(t: np.ndarray) -> np.ndarray:
    return _ring_curve(np.floor(3.0 * t) / 3.0 + 0.25)  # (N, 2), the first one on top


def _four_centres(t: np.ndarray) -> np.ndarray:
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], dtype=np.float64)
    return corners[np.floor(4.0 * t).astype(int)]  # (N, 3)


@lru_cache
def _whitener(curve: Curve, thickness: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean and inverse square root of the covariance, of the law and not of a sample.

    A sample whitened by its own moments would no longer be independent draws.
    """
    points = curve((np.arange(120_000) + 0.5) / 120_000)  # midpoint rule over t
    mean = points.mean(axis=0)
    covariance = np.cov(points.T, bias=True) + thickness**2 * np.eye(points.shape[1])
    variances, axes = np.linalg.eigh(covariance)
    return mean, (axes / np.sqrt(variances)) @ axes.T


def _thick(curve: Curve, thickness: float) -> Callable[[Noise], np.ndarray]:
    def make(noise: Noise) -> np.ndarray:
        u, g = noise
        mean, whiten = _whitener(curve, thickness)
        points = curve(u[:, 4])
        return (points + thickness * g[:, : points.shape[1]] - mean) @ whiten

    return make


# --- clouds whose shadows on the axes are exactly Gaussian


def _cross(noise: Noise) -> np.ndarray:
    """y = x or y = −x, tossed for each point: uncorrelated, both N(0, 1), yet two lines."""
    u, g = noise
    sign = np.where(u[:, 4] < 0.5, 1.0, -1.0)
    return np.stack([g[:, 0], sign * g[:, 0]], axis=1)  # (N, 2)


def _flip(noise: Noise) -> np.ndarray:
    x = noise[1][:, 0]
    return np.stack([x, np.where(np.abs(x) < FLIP_POINT, -x, x)], axis=1)  # (N, 2)


def _four_lumps(noise: Noise) -> np.ndarray:
    """|y| is made large where |x| is small and the other way round, by moving quantiles of |y|.

    v = |2u − 1| is uniform; its lower half goes with the upper half of x's and the other way round.
    """
    u, g = noise
    outer_x = np.abs(2.0 * u[:, 0] - 1.0) > 0.5
    level = 0.5 * np.abs(2.0 * u[:, 1] - 1.0) + np.where(outer_x, 0.0, 0.5)  # uniform on (0, 1)
    y = np.copysign(special.ndtri(0.5 + 0.5 * level), g[:, 1])
    return np.stack([g[:, 0], y], axis=1)  # (N, 2)


def _xor(noise: Noise) -> np.ndarray:
    """z takes its size from a Gaussian and its sign from x and y, so that xyz is never negative."""
    x, y, w = noise[1][:, :3].T
    return np.stack([x, y, np.abs(w) * np.sign(x * y)], axis=1)  # (N, 3)


def _cross_3d(noise: Noise) -> np.ndarray:
    return np.column_stack([_cross(noise), noise[1][:, 2]])  # (N, 3)


# --- linear maps of a Gaussian, and the rest


def _affine(matrix: list[list[float]], shift: list[float] | None = None):
    """Points g A + b with g ~ N(0, I)."""
    rows = np.array(matrix, dtype=np.float64)
    offset = np.zeros(rows.shape[1]) if shift is None else np.array(shift)
    return lambda noise: noise[1][:, : len(rows)] @ rows + offset


def _scaled(dim: int, factor: float):
    return _affine((factor * np.eye(dim)).tolist())


def _along(direction: list[float]):
    """All points on one line through 0, with variance 1 along it."""
    unit = np.array(direction) / np.linalg.norm(direction)
    return _affine([unit.tolist()])


def _across(normal: list[float]):
    """A standard Gaussian flattened onto the plane across ``normal``."""
    unit = np.array(normal) / np.linalg.norm(normal)
    return _affine((np.eye(len(unit)) - np.outer(unit, unit)).tolist())


def _box(dim: int) -> Callable[[Noise], np.ndarray]:
    return lambda noise: math.sqrt(12.0) * (noise[0][:, :dim] - 0.5)


def _shell(noise: Noise) -> np.ndarray:
    g = noise[1]
    radius = math.sqrt(3.0 / (1.0 + 0.05**2)) * (1.0 + 0.05 * g[:, 3:4])
    return radius * g[:, :3] / np.linalg.norm(g[:, :3], axis=1, keepdims=True)


# --- the catalogues

_TILT = 0.9

CLOUDS_2D: Mapping[str, Cloud] = MappingProxyType(
    {
        "gaussian": Cloud(
            "Gaussian",
            "The target: every shadow is N(0, 1), whichever way you turn.",
            2,
            True,
            _scaled(2, 1.0),
        ),
        "cross": Cloud(
            "Cross",
            "Both axes see N(0, 1) exactly and nothing is correlated, yet all points lie on an X.",
            2,
            True,
            _cross,
        ),
        "flip": Cloud(
            "Flipped Gaussian",
            "y is x, with its sign flipped inside |x| < 1.54: Gaussian on both axes, uncorrelated.",
            2,
            True,
            _flip,
        ),
        "four_lumps": Cloud(
            "Four lumps",
            "Gaussian on both axes, but where |x| is small |y| is large: the corners are empty.",
            2,
            True,
            _four_lumps,
        ),
        "two_moons": Cloud(
            "Two moons",
            "Two interlocking half circles with the identity covariance.",
            2,
            True,
            _thick(_moons_curve, 0.08),
        ),
        "ring": Cloud(
            "Ring",
            "Every direction casts the same shadow, and it has two horns instead of one hump.",
            2,
            True,
            _thick(_ring_curve, 0.08),
        ),
        "spiral": Cloud(
            "Spiral",
            "Two arms: nothing like a Gaussian to the eye, yet its shadows are not far from one.",
            2,
            True,
            _thick(_spiral_curve, 0.03),
        ),
        "clusters": Cloud(
            "Three clusters",
            "Three groups with the identity covariance, as an embedding that sorts by class.",
            2,
            True,
            _thick(_three_centres, 0.25),
        ),
        "square": Cloud(
            "Square",
            "Uniform in a square: flat shadows on the axes, triangular ones on the diagonals.",
            2,
            True,
            _box(2),
        ),
        "shifted": Cloud(
            "Shifted",
            "A Gaussian of the right shape and size in the wrong place: its mean is (1, 0.5).",
            2,
            False,
            _affine([[1, 0], [0, 1]], [1.0, 0.5]),
        ),
        "inflated": Cloud(
            "Inflated",
            "A Gaussian whose standard deviation is 1.6 in every direction.",
            2,
            False,
            _scaled(2, 1.6),
        ),
        "shrunk": Cloud(
            "Shrunk",
            "A Gaussian whose standard deviation is 0.3 in every direction: half collapsed.",
            2,
            False,
            _scaled(2, 0.3),
        ),
        "tilted": Cloud(
            "Tilted",
            "Both axes see N(0, 1), but x and y are correlated at 0.9: the diagonals tell.",
            2,
            False,
            _affine([[1.0, _TILT], [0.0, math.sqrt(1.0 - _TILT**2)]]),
        ),
        "rank_one": Cloud(
            "Rank one (a line)",
            "Dimensional collapse: N(0, 1) along a line at 30°, a single spike across it.",
            2,
            False,
            _along([math.cos(math.pi / 6), math.sin(math.pi / 6)]),
        ),
        "collapsed": Cloud(
            "Collapsed",
            "Full collapse: everything within 0.02 of one point, a spike in every shadow.",
            2,
            False,
            _scaled(2, 0.02),
        ),
    }
)

CLOUDS_3D: Mapping[str, Cloud] = MappingProxyType(
    {
        "gaussian": Cloud(
            "Gaussian",
            "The target: every shadow is N(0, 1), whichever way you turn.",
            3,
            True,
            _scaled(3, 1.0),
        ),
        "xor": Cloud(
            "XOR",
            "Any two coordinates are independent Gaussians, yet half of space is empty: xyz ≥ 0.",
            3,
            True,
            _xor,
        ),
        "cross": Cloud(
            "Crossed sheets",
            "Two sheets that cross: N(0, 1) on all three axes, nothing correlated.",
            3,
            True,
            _cross_3d,
        ),
        "shell": Cloud(
            "Shell",
            "A hollow sphere: every shadow is flat, for slices of a sphere have equal area.",
            3,
            True,
            _shell,
        ),
        "helix": Cloud(
            "Helix",
            "A wound thread with the identity covariance.",
            3,
            True,
            _thick(_helix_curve, 0.06),
        ),
        "clusters": Cloud(
            "Four clusters",
            "Four groups at the corners of a tetrahedron, with the identity covariance.",
            3,
            True,
            _thick(_four_centres, 0.3),
        ),
        "cube": Cloud(
            "Cube",
            "Uniform in a cube: flat along the axes, nearly Gaussian along the long diagonals.",
            3,
            True,
            _box(3),
        ),
        "pancake": Cloud(
            "Pancake (rank two)",
            "Dimensional collapse: a Gaussian pressed flat: along (1, 1, 1) it is a spike.",
            3,
            False,
            _across([1.0, 1.0, 1.0]),
        ),
        "needle": Cloud(
            "Needle (rank one)",
            "Dimensional collapse: all points on the line along (1, 2, 2), N(0, 1) only along it.",
            3,
            False,
            _along([1.0, 2.0, 2.0]),
        ),
        "shifted": Cloud(
            "Shifted",
            "A Gaussian of the right shape and size whose mean is (1, 0.5, 0).",
            3,
            False,
            _affine(np.eye(3).tolist(), [1.0, 0.5, 0.0]),
        ),
        "collapsed": Cloud(
            "Collapsed",
            "Full collapse: everything within 0.02 of one point, a spike in every shadow.",
            3,
            False,
            _scaled(3, 0.02),
        ),
    }
)


def sample_cloud(
    name: str, num_samples: int = 1000, *, dim: int | None = None, seed: int = 0
) -> torch.Tensor:
    """Draw a cloud; the same seed moves the same points whichever cloud is asked for.

    Args:
        name: a key of :data:`CLOUDS_2D` or :data:`CLOUDS_3D`.
        num_samples: N, at least 1; a longer sample begins with the shorter one.
        dim: 2 or 3, for names that both mappings have; None prefers 2.
        seed: which noise.

    Returns:
        Tensor (N, D) of float32.

    Raises:
        TypeError, ValueError: an argument of the wrong kind, or a name that is not there.

    >>> sample_cloud("gaussian", 10, dim=3).shape
    torch.Size([10, 3])
    """
    cloud = _find(name, dim)
    num_samples = require_integer(num_samples, "num_samples")
    u = uniforms(num_samples, _NOISE_COLUMNS, seed=require_integer(seed, "seed", minimum=0))
    points = cloud.make((u, special.ndtri(u)))  # (N, D)
    return torch.from_numpy(points.astype(np.float32))


def _find(name: str, dim: int | None) -> Cloud:
    if dim is None:
        return {**CLOUDS_3D, **CLOUDS_2D}[require_choice(name, "name", {**CLOUDS_2D, **CLOUDS_3D})]
    if dim not in (2, 3):
        raise ValueError(f"dim must be 2, 3 or None, got {dim!r}. Above 3 there is planted_cloud.")
    clouds = CLOUDS_2D if dim == 2 else CLOUDS_3D
    return clouds[require_choice(name, "name", clouds)]


def planted_cloud(
    dim: int,
    num_samples: int = 1000,
    *,
    kind: str = "bimodal",
    strength: float | None = None,
    seed: int = 0,
) -> torch.Tensor:
    """A standard Gaussian in ``dim`` dimensions in which one coordinate, the first, is spoilt.

    A needle in a haystack: a direction ``a`` sees it only through its share a₁², which for a random
    direction is about 1/D. The other coordinates are the same numbers for every kind.

    Args:
        dim: D, at least 1.
        num_samples: N, at least 1.
        kind: a key of :data:`sigreg_edu.data.SHAPES` (mean 0 and variance 1 are kept),
            or ``"collapsed"`` (all 0), ``"shrunk"`` (standard deviation 0.3),
            ``"inflated"`` (1.6) or ``"shifted"`` (mean 1).
        strength: of the shape, 0 to 1; None is its default. Only for keys of ``SHAPES``.
        seed: which noise.

    Returns:
        Tensor (N, D) of float32.

    Raises:
        TypeError, ValueError: an argument of the wrong kind or out of range.

    >>> z = planted_cloud(64, 500, kind="collapsed")
    >>> z.shape, z.std(dim=0).argmin().item()
    (torch.Size([500, 64]), 0)
    """
    dim = require_integer(dim, "dim")
    num_samples = require_integer(num_samples, "num_samples")
    kind = require_choice(kind, "kind", PLANTED_KINDS)
    points = normal_scores(
        num_samples, dim, seed=require_integer(seed, "seed", minimum=0)
    )  # (N, D)
    points[:, 0] = _planted(points[:, 0], kind, strength)
    return torch.from_numpy(points.astype(np.float32))


def _planted(scores: np.ndarray, kind: str, strength: float | None) -> np.ndarray:
    if kind in SHAPES:
        return SHAPES[kind].quantile(special.ndtr(scores), strength)
    if strength is not None:
        raise ValueError(f"strength must be None for kind {kind!r}, got {strength}. Leave it out.")
    return {
        "collapsed": 0.0 * scores,
        "shrunk": 0.3 * scores,
        "inflated": 1.6 * scores,
        "shifted": scores + 1.0,
    }[kind]
