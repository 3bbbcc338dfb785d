"""The shadow of a flat cloud along a direction that the student turns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from sigreg_edu.data.clouds import CLOUDS_2D, sample_cloud
from sigreg_edu.views.many_shadows import null_mean_and_95, short, statistics_along, statistics_of
from sigreg_edu.views.params import Params, choice, seed, slider
from sigreg_edu.views.sample import Histogram, beyond, histogram

ANGLES = np.arange(0.0, 180.0, 2.0)  # a direction and its opposite cast the same shadow, mirrored
NUM_RAYS = 10


@dataclass(frozen=True)
class Shadow2DParams(Params):
    """State of the 2-D shadow explorer."""

    cloud: str = choice("cross", {n: c.label for n, c in CLOUDS_2D.items()}, label="cloud")
    angle: int = slider(
        0, 0, 180, 1, label="angle (degrees)", help="0 looks along the first axis, 90 the second."
    )
    num_samples: int = slider(1000, 100, 4000, 100, label="points N")
    seed: int = seed()


@dataclass(frozen=True)
class Shadow2DView:
    """What the 2-D shadow figure shows.

    Attributes:
        points: the cloud, shape (N, 2).
        rays: a few of the points, whose way to their shadow is drawn, shape (R, 2).
        angle: of the direction, in degrees.
        direction: unit vector, shape (2,).
        shadow: histogram of the projections.
        angles: directions of the curve in degrees, shape (A,), from 0 to 180.
        curve: T of the shadow along each, shape (A,).
        statistic: T along the present direction.
        mean: mean of T over every direction.
        readout: all that in words.
    """

    points: np.ndarray
    rays: np.ndarray
    angle: int
    direction: np.ndarray
    shadow: Histogram
    angles: np.ndarray
    curve: np.ndarray
    statistic: float
    mean: float
    readout: str


def shadow2d_view(params: Shadow2DParams) -> Shadow2DView:
    """Cast the shadow, and set its statistic among those of all other angles."""
    points = _cloud(params.cloud, params.num_samples, params.seed)
    curve = _curve(params.cloud, params.num_samples, params.seed)
    direction = directions_2d(np.array([float(params.angle)]))  # (2, 1)
    shadow = points @ direction  # (N, 2) @ (2, 1) -> (N, 1)
    statistic = float(statistics_of(shadow.T)[0])
    # T is a smooth function of the angle with period 180°: equally spaced angles give its mean to
    # all the digits we show. tests/views/test_shadow2d.py holds it to cramer_wold_statistic.
    mean = float(curve.mean())
    null_mean, null_95 = null_mean_and_95()
    worst = int(curve.argmax())
    hist = histogram(shadow[:, 0].numpy())
    return Shadow2DView(
        points=points.numpy(),
        rays=points[:NUM_RAYS].numpy(),
        angle=params.angle,
        direction=direction[:, 0].numpy(),
        shadow=hist,
        angles=np.append(ANGLES, 180.0),
        curve=np.append(curve, curve[0]),
        statistic=statistic,
        mean=mean,
        readout=(
            f"Along {params.angle}° the shadow has T = {short(statistic)}. A Gaussian shadow has "
            f"{null_mean:.2f} on average and stays below {null_95:.2f} in 95 of 100 cases. Over "
            f"all directions T has the mean {short(mean)} and is largest near "
            f"{ANGLES[worst]:.0f}°, with {short(float(curve[worst]))}.{beyond(hist)}"
        ),
    )


def directions_2d(degrees: np.ndarray) -> torch.Tensor:
    """Return unit vectors at angles in degrees (A,) as columns, shape (2, A), float32."""
    radians = np.deg2rad(degrees)
    return torch.from_numpy(np.stack([np.cos(radians), np.sin(radians)])).float()


@lru_cache(maxsize=8)
def _cloud(name: str, num_samples: int, seed: int) -> torch.Tensor:
    return sample_cloud(name, num_samples, dim=2, seed=seed)


@lru_cache(maxsize=64)
def _curve(name: str, num_samples: int, seed: int) -> np.ndarray:
    """Return T along each of ``ANGLES``, shape (A,)."""
    return statistics_along(_cloud(name, num_samples, seed), directions_2d(ANGLES))
