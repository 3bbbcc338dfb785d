"""One point far out in a flat cloud: what force each loss puts on it, and what on all the others.

Every loss has the factor N; the force on a point z_i is -∂T/∂z_i, a vector. The sliced ones are
means over the same 64 directions a_m, evenly spread over the half-circle, so their forces are

    F_i = (1/M) Σ_m a_m f_m(a_m · z_i),   f_m the 1-D force of :mod:`sigreg_edu.views.gradients`.

**A bound for SIGReg.** |f_m| ≤ B = 3 √(2π/e). Along any unit vector e, then, e · F_i is at most
B (1/M) Σ_m |a_m · e|. With the sign of each a_m turned so that a_m · e ≥ 0 they are M vectors π/M
apart on a half-circle, whose sum has the length sin(M π/2M) / sin(π/2M) = 1 / sin(π/2M), and
Σ_m |a_m · e| is its component along e. Taking e along F_i,

    |F_i| ≤ B / (M sin(π/2M))  →  B · 2/π = 2.90  as M grows.

**Far out.** At a large distance r only slices nearly at right angles to the outlier see it near
their target. They are a share of about 1/r, and turn a force f along a_m into f s/r along the ray,
s = a_m · z: the sum tends to (1/πr²) ∫ s f(s) ds. The push of the others gives 4/r² and the target
-4/r², whatever the cloud; since the others are N - 1 of N points, -4/(N r²) is left.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import torch

from sigreg_edu.data.clouds import CLOUDS_2D, sample_cloud
from sigreg_edu.losses import VICRegLoss
from sigreg_edu.slicing import statistic_from_sums, trigonometric_sums
from sigreg_edu.training.objective import COVARIANCE_SHARE
from sigreg_edu.views.gradients import (
    BOUND,
    Moments,
    four_moments_force,
    mean_std_force,
    moments_of,
)
from sigreg_edu.views.knots import gaussian_weights, windings
from sigreg_edu.views.params import Params, choice, seed, slider
from sigreg_edu.views.shadow2d import directions_2d

NUM_SLICES = 64
PLANE_BOUND = BOUND / (NUM_SLICES * math.sin(math.pi / (2 * NUM_SLICES)))  # 2.90
FARTHEST = 30.0
DISTANCES = np.concatenate([np.arange(0.0, 8.0, 0.4), np.arange(8.0, FARTHEST + 0.1, 2.0)])
NUM_ARROWS, MOST_DOTS = 20, 300
FIELDS = (5.0, 10.0, 20.0, 34.0)  # half-widths of the cloud's panel

LOSSES = {
    "sigreg": "SIGReg",
    "mean_std": "mean and std",
    "four_moments": "four moments",
    "vicreg": "VICReg",
}
CLOUDS = {name: CLOUDS_2D[name].label for name in ("gaussian", "two_moons", "clusters", "shrunk")}

_SPACING, _COUNT = 0.125, 49  # repeats after 50, far beyond the distance of any two shadows
_REACH = 6.0  # of the push of one point on another, d exp(-d²/2): 1e-7 there


@dataclass(frozen=True)
class OutlierParams(Params):
    """State of the explorer of one outlier."""

    cloud: str = choice("gaussian", CLOUDS, label="cloud")
    loss: str = choice("sigreg", LOSSES, label="loss")
    distance: float = slider(
        8.0, 0.0, FARTHEST, 0.25, label="distance r", help="Of one point from 0; all others stay."
    )
    angle: int = slider(30, 0, 360, 5, label="angle (degrees)", help="Where that point lies.")
    step_size: float = slider(
        0.5, 0.05, 1.0, 0.05, label="step size", help="Each point moves by this times its force."
    )
    num_samples: int = slider(200, 50, 1000, 50, label="points N")
    seed: int = seed()

    def idle(self) -> frozenset[str]:
        return frozenset({"angle"}) if self.distance == 0.0 else frozenset()


@dataclass(frozen=True)
class OutlierView:
    """What the figure of the outlier shows.

    Attributes:
        loss: the chosen one, a key of ``LOSSES``.
        field: the cloud's panel runs from minus this to this.
        points: some of the other points, shape (S, 2).
        starts, moves: of some of these, and how far one step takes each, shape (A, 2).
        outlier, after: the outlier's place before and after one step, shape (2,).
        distances: places of the outlier on its ray, shape (R,).
        sizes: size of the force on it there, by loss, shape (R,).
        shares: that size, divided by the length of the whole batch's gradient, shape (R,).
        equal_share: the share that every point had if all forces were of one size, 1/√N.
        distance, size, share: the same for the chosen loss at the present place.
        readout: all that in words.
    """

    loss: str
    field: float
    points: np.ndarray
    starts: np.ndarray
    moves: np.ndarray
    outlier: np.ndarray
    after: np.ndarray
    distances: np.ndarray
    sizes: dict[str, np.ndarray]
    shares: dict[str, np.ndarray]
    equal_share: float
    distance: float
    size: float
    share: float
    readout: str


def outlier_view(params: OutlierParams) -> OutlierView:
    """Compute the forces, and one step along them."""
    others = _others(params.cloud, params.num_samples, params.seed)
    outlier = params.distance * ray(params.angle)
    forces = FORCES[params.loss](others, outlier[None])[0]  # (N, 2)
    moves = params.step_size * forces
    picks = np.linspace(0, len(others.points) - 1, NUM_ARROWS).astype(int)
    sizes, shares = _curves(params.cloud, params.num_samples, params.seed, params.angle)
    size, share = (float(x[0]) for x in size_and_share(forces[None]))
    return OutlierView(
        loss=params.loss,
        field=next(field for field in FIELDS if params.distance <= 0.9 * field),
        points=others.points[:MOST_DOTS],
        starts=others.points[picks],
        moves=moves[1:][picks],
        outlier=outlier,
        after=outlier + moves[0],
        distances=DISTANCES,
        sizes=sizes,
        shares=shares,
        equal_share=1.0 / math.sqrt(params.num_samples),
        distance=params.distance,
        size=size,
        share=share,
        readout=_in_words(params, others, forces),
    )


def ray(degrees: float) -> np.ndarray:
    """Return the unit vector at an angle, shape (2,)."""
    return np.array([math.cos(math.radians(degrees)), math.sin(math.radians(degrees))])


def size_and_share(forces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the size of the force on the first point and its share of the batch's.

    The gradient of a batch is one long vector. The share of a point is the length of its part of
    it, divided by the length of the whole; 0 where nothing moves.

    Args:
        forces: on all points, shape (R, N, 2).

    Returns:
        Two arrays (R,).
    """
    size = np.linalg.norm(forces[:, 0], axis=-1)
    whole = np.sqrt(np.square(forces).sum(axis=(1, 2)))
    return size, np.divide(size, whole, out=np.zeros_like(size), where=whole > 0.0)


@lru_cache(maxsize=32)
def _curves(
    cloud: str, num_samples: int, seed: int, angle: int
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return size and share by loss, for the outlier at each of ``DISTANCES``, (R,) each."""
    others = _others(cloud, num_samples, seed)
    places = DISTANCES[:, None] * ray(angle)
    both = {name: size_and_share(forces(others, places)) for name, forces in FORCES.items()}
    return {name: x[0] for name, x in both.items()}, {name: x[1] for name, x in both.items()}


# --- the other points, and the forces on all for each place of the outlier ------------------------


class Others:
    """All points but the outlier, and what of them does not depend on its place.

    Args:
        points: shape (N - 1, 2), float64.
    """

    def __init__(self, points: np.ndarray) -> None:
        self.points = points
        self.count = len(points) + 1  # N
        self.shadows = (points @ DIRECTIONS).T.copy()  # (N - 1, 2) @ (2, M) -> (M, N - 1)

    @cached_property
    def moments(self) -> Moments:
        """Of each shadow, (M, 1) each."""
        return moments_of(self.shadows)

    @cached_property
    def monomials(self) -> np.ndarray:
        """Of each point, (N - 1, 10)."""
        return monomials(self.points)

    @cached_property
    def sums(self) -> tuple[np.ndarray, np.ndarray]:
        """The others' own φ at the knots, complex (T, M), and the force on each from them alone.

        The force (N - 1, 2) is -∂T/∂z_i of T for N - 1 points.
        """
        z = torch.from_numpy(self.points).requires_grad_(True)
        directions = torch.from_numpy(DIRECTIONS)
        sums = trigonometric_sums(z, directions, num_points=_COUNT, spacing=_SPACING)
        total = statistic_from_sums(sums, t_max=_SPACING * (_COUNT - 1)).mean()
        (gradient,) = torch.autograd.grad(total, z)
        real, imag = sums.detach().numpy() / len(self.points)
        return real + 1j * imag, -gradient.numpy()


def _directions() -> np.ndarray:
    return directions_2d(np.arange(NUM_SLICES) * (180.0 / NUM_SLICES)).double().numpy()


DIRECTIONS = _directions()  # (2, M)


@lru_cache(maxsize=4)
def _others(cloud: str, num_samples: int, seed: int) -> Others:
    points = sample_cloud(cloud, num_samples, dim=2, seed=seed)[1:]
    return Others(points.double().numpy())


def sigreg_forces(others: Others, places: np.ndarray) -> np.ndarray:
    """Return the forces of the mean of T, Epps–Pulley over all frequencies, (R, 2) to (R, N, 2)."""
    share = 1.0 - 1.0 / others.count
    phi, alone = others.sums
    # Of N points' φ the others' is a share; the outlier's own part does not push it.
    knots = _SPACING * np.arange(_COUNT)
    pull = 2.0 * (gaussian_weights(_SPACING, _COUNT) * knots)[:, None]
    pull = pull * (share * phi - np.exp(-0.5 * knots**2)[:, None])  # (T, M)
    at = (places @ DIRECTIONS).T  # (M, R)
    wound = windings(at.ravel(), _SPACING, _COUNT).reshape(_COUNT, *at.shape)  # (T, M, R)
    on_outlier = np.einsum("tm,tmr->mr", pull.conj(), wound).imag
    forces = np.empty((len(places), others.count, 2))
    forces[:, 0] = (DIRECTIONS @ on_outlier).T / NUM_SLICES
    # alone = push + pull of the target. Among N points a push counts only for the share.
    forces[:, 1:] = share * alone + (1.0 - share) * _pull_of_target(others)
    forces[:, 1:] += _push_of_outlier(others, at)
    return forces


def _pull_of_target(others: Others) -> np.ndarray:
    """Return mean over slices of a_m (-√π x exp(-x²/4)), x the shadows, (N - 1, 2)."""
    x = others.shadows
    pull = -math.sqrt(math.pi) * x * np.exp(-0.25 * x**2)  # (M, N - 1)
    return (DIRECTIONS @ pull).T / NUM_SLICES


def _push_of_outlier(others: Others, at: np.ndarray) -> np.ndarray:
    """Return the push 2 √(2π) d exp(-d²/2) / N of the outlier on the others, (R, N - 1, 2).

    Args:
        others: the points that feel it.
        at: shadows of the outlier's places, (M, R).
    """
    x = others.shadows.astype(np.float32)
    near = np.abs(at) < np.abs(x).max() + _REACH  # (M, R)
    pushes = np.empty((at.shape[1], others.count - 1, 2))
    for r in range(at.shape[1]):
        seen = near[:, r]
        d = x[seen] - at[seen, r, None].astype(np.float32)  # (M', N - 1)
        pushes[r] = (DIRECTIONS[:, seen] @ (d * np.exp(-0.5 * d * d))).T
    return 2.0 * math.sqrt(2.0 * math.pi) / (others.count * NUM_SLICES) * pushes


def _moment_forces(force: Callable[[Moments, np.ndarray], np.ndarray]):
    """Make the forces in the plane of a 1-D force that is a polynomial of degree 3 at most."""

    def forces(others: Others, places: np.ndarray) -> np.ndarray:
        at = (places @ DIRECTIONS).T  # (M, R)
        moments = others.moments.with_point(at, others.count - 1)  # (M, R) each
        result = np.empty((len(places), others.count, 2))
        result[:, 0] = (DIRECTIONS @ force(moments, at)).T / NUM_SLICES
        # Four places give a cubic's coefficients, and (a · z)^k is a sum of monomials of z.
        at_nodes = np.stack([force(moments, node) for node in _NODES])  # (4, M, R)
        cubic = np.einsum("kn,nmr->kmr", _FROM_NODES, at_nodes)
        of_slices = cubic[_DEGREES] * _OF_SLICES[..., None]  # (10, M, R)
        in_plane = np.einsum("cm,qmr->rqc", DIRECTIONS, of_slices, optimize=True) / NUM_SLICES
        result[:, 1:] = others.monomials @ in_plane  # (N - 1, 10) @ (R, 10, 2)
        return result

    return forces


def monomials(z: np.ndarray) -> np.ndarray:
    """Return 1, x, y, x², xy, y², x³ … y³ of each point (x, y): (N, 2) to (N, 10).

    >>> monomials(np.array([[2.0, 3.0]]))[0, :6].tolist()
    [1.0, 2.0, 3.0, 4.0, 6.0, 9.0]
    """
    x, y = z.T
    return np.stack([x ** (k - j) * y**j for k in range(4) for j in range(k + 1)], axis=1)


_NODES = np.array([-3.0, -1.0, 1.0, 3.0])
_FROM_NODES = np.linalg.inv(np.vander(_NODES, increasing=True))  # (4, 4): values to coefficients
_DEGREES = np.array([k for k in range(4) for _ in range(k + 1)])  # of the ten monomials
_BINOMIALS = np.array([math.comb(k, j) for k in range(4) for j in range(k + 1)])
_OF_SLICES = (monomials(DIRECTIONS.T) * _BINOMIALS).T  # (10, M)


def vicreg_forces(others: Others, places: np.ndarray) -> np.ndarray:
    """Return the forces of N (variance + covariance / 25), two equal views, (R, 2) to (R, N, 2)."""
    z = np.empty((others.count, len(places), 2))
    z[0], z[1:] = places, others.points[:, None]
    z = torch.from_numpy(z).requires_grad_(True)
    # Position by position: a loss for each place of the outlier, and their mean over places.
    loss = VICRegLoss(
        variance_weight=1.0, covariance_weight=COVARIANCE_SHARE, flatten_patches=False
    )
    total = others.count * len(places) * loss.regularizer(z, z)["vicreg_loss"]
    (gradient,) = torch.autograd.grad(total, z)
    return -gradient.numpy().transpose(1, 0, 2)


#: By loss: others and places of the outlier (R, 2) to the forces on all, (R, N, 2), its own first.
FORCES: dict[str, Callable[[Others, np.ndarray], np.ndarray]] = {
    "sigreg": sigreg_forces,
    "mean_std": _moment_forces(mean_std_force),
    "four_moments": _moment_forces(four_moments_force),
    "vicreg": vicreg_forces,
}


# --- words ---------------------------------------------------------------------------------------


def _in_words(params: OutlierParams, others: Others, forces: np.ndarray) -> str:
    size, share = (float(x[0]) for x in size_and_share(forces[None]))
    words = (
        f"Under {LOSSES[params.loss]} the point at distance {params.distance:g} feels a force of "
        f"{_amount(size)}: {_percent(share)} of the length of the whole gradient of "
        f"{params.num_samples} points."
    )
    if params.loss == "sigreg":
        words += f" No point in any cloud can feel more than {PLANE_BOUND:.2f}."
    return f"{words} {_step_in_words(params, others, forces)}"


def _step_in_words(params: OutlierParams, others: Others, forces: np.ndarray) -> str:
    """Say where one step takes the outlier, and what it does to the spread of the rest."""
    along = ray(params.angle)
    moved = params.distance * along + params.step_size * forces[0]
    rest = others.points + params.step_size * forces[1:]
    before, after = ((points @ along).std() for points in (others.points, rest))
    distance = float(np.linalg.norm(moved))
    if params.distance > 0.0 and float(moved @ along) < -0.05:
        where = f"throws it to the far side, to distance {_amount(distance)}"
    else:
        where = f"leaves it at distance {_amount(distance)}"
    return (
        f"One step {where}; the std of the rest along its direction goes from {before:.2f} to "
        f"{_amount(after) if after >= 10 else f'{after:.2f}'}."
    )


def _percent(share: float) -> str:
    """Return a share for the eye.

    >>> _percent(0.5), _percent(0.0123), _percent(0.0), _percent(3e-5)
    ('50 %', '1.2 %', '0 %', 'less than 0.1 %')
    """
    if 0.0 < share < 0.001:
        return "less than 0.1 %"
    return f"{100.0 * share:.2g} %" if share < 0.1 else f"{100.0 * share:.0f} %"


def _amount(value: float) -> str:
    """Return a size for the eye.

    >>> _amount(23456.7), _amount(1.234), _amount(2e-7)
    ('23,457', '1.23', 'practically 0')
    """
    if value < 1e-6:
        return "practically 0"
    return f"{value:,.0f}" if value >= 1000.0 else f"{value:.3g}"
