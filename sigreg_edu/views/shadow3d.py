"""The shadow of a cloud in space: a direction by two angles, and T for every direction there is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import torch

from sigreg_edu.data.clouds import CLOUDS_3D, sample_cloud
from sigreg_edu.views.kept import Kept
from sigreg_edu.views.many_shadows import null_mean_and_95, short, statistics_along, statistics_of
from sigreg_edu.views.params import Params, choice, seed, slider
from sigreg_edu.views.sample import Histogram, beyond, histogram

NUM_SAMPLES = 1000
NUM_RAYS = 6
CAMERA_HEIGHT = 22.0  # degrees above the plane of the first two axes
COARSE, FINE = 10, 5  # degrees between neighbouring directions of the map


@dataclass(frozen=True)
class Shadow3DParams(Params):
    """State of the 3-D shadow explorer."""

    cloud: str = choice("xor", {n: c.label for n, c in CLOUDS_3D.items()}, label="cloud")
    azimuth: int = slider(
        0, 0, 180, 1, label="direction: round", help="Angle in the plane of x and y, from x."
    )
    elevation: int = slider(
        0, -90, 90, 1, label="direction: up", help="Angle above the plane of x and y."
    )
    turn: int = slider(50, 0, 360, 2, label="turn the camera", help="Changes no number.")
    seed: int = seed()


@dataclass(frozen=True)
class Shadow3DView:
    """What the 3-D shadow figure shows.

    Attributes:
        points: the cloud as the camera sees it, shape (N, 3): right, up, and towards the camera.
        rays: a few points and the feet of their perpendiculars on the direction, shape (R, 2, 3).
        camera: rows right, up, towards the camera in the cloud's coordinates, shape (3, 3).
        direction: unit vector as the camera sees it, shape (3,).
        azimuth, elevation: its angles in degrees.
        shadow: histogram of the projections.
        map: T of directions by elevation (rows, -90 to 90) and azimuth (columns, 0 to 180).
        statistic: T along the present direction.
        readout: all that in words.
    """

    points: np.ndarray
    rays: np.ndarray
    camera: np.ndarray
    direction: np.ndarray
    azimuth: int
    elevation: int
    shadow: Histogram
    map: np.ndarray
    statistic: float
    readout: str


def shadow3d_view(params: Shadow3DParams) -> Shadow3DView:
    """Cast the shadow; the map of all directions is a coarse one unless the fine one is known."""
    fine = _fine_maps.get((params.cloud, params.seed))
    return _view(params, _coarse_map(params.cloud, params.seed) if fine is None else fine)


def refine_shadow3d(params: Shadow3DParams) -> Iterator[Shadow3DView]:
    """Give the view with the fine map, unless :func:`shadow3d_view` has given it already."""
    key = (params.cloud, params.seed)
    if _fine_maps.get(key) is None:
        yield _view(params, _fine_maps.put(key, _map(*key, FINE)))


def _view(params: Shadow3DParams, statistics: np.ndarray) -> Shadow3DView:
    points = _cloud(params.cloud, params.seed)
    direction = directions_3d([params.azimuth], [params.elevation])  # (3, 1)
    shadow = points @ direction  # (N, 3) @ (3, 1) -> (N, 1)
    statistic = float(statistics_of(shadow.T)[0])
    camera = _camera(params.turn)
    some = points[:NUM_RAYS].numpy()
    feet = (shadow[:NUM_RAYS] * direction.T).numpy()  # (R, 1) * (1, 3) -> (R, 3)
    hist = histogram(shadow[:, 0].numpy())
    return Shadow3DView(
        points=points.numpy() @ camera.T,
        rays=np.stack([some, feet], axis=1) @ camera.T,
        camera=camera,
        direction=camera @ direction[:, 0].numpy(),
        azimuth=params.azimuth,
        elevation=params.elevation,
        shadow=hist,
        map=statistics,
        statistic=statistic,
        readout=_readout(params, statistic, statistics) + beyond(hist),
    )


def _readout(params: Shadow3DParams, statistic: float, statistics: np.ndarray) -> str:
    null_mean, null_95 = null_mean_and_95()
    spacing = 180 // (len(statistics) - 1)
    up, round_ = np.unravel_index(statistics.argmax(), statistics.shape)
    return (
        f"Looking {params.azimuth}° round and {params.elevation}° up, the shadow has "
        f"T = {short(statistic)}. A Gaussian shadow has {null_mean:.2f} on average and stays below "
        f"{null_95:.2f} in 95 of 100 cases. On the map T is largest near {spacing * round_}° round "
        f"and {spacing * up - 90}° up, with {short(float(statistics.max()))}."
    )


def directions_3d(azimuth, elevation) -> torch.Tensor:
    """Return unit vectors as columns, shape (3, M) in float32, from angles in degrees (M,)."""
    round_, up = np.deg2rad(azimuth), np.deg2rad(elevation)
    flat = np.cos(up)
    columns = np.stack([flat * np.cos(round_), flat * np.sin(round_), np.sin(up)])
    return torch.from_numpy(columns).float()


def _camera(turn: float) -> np.ndarray:
    """Return what is right, up and towards the camera, as rows, shape (3, 3)."""
    towards = directions_3d(turn, CAMERA_HEIGHT).double().numpy()
    right = np.array([-np.sin(np.deg2rad(turn)), np.cos(np.deg2rad(turn)), 0.0])
    return np.stack([right, np.cross(towards, right), towards])


@lru_cache(maxsize=4)
def _cloud(name: str, seed: int) -> torch.Tensor:
    return sample_cloud(name, NUM_SAMPLES, dim=3, seed=seed)


def _map(name: str, seed: int, spacing: int) -> np.ndarray:
    """Return T for directions ``spacing`` degrees apart: elevation by azimuth."""
    azimuth, elevation = np.meshgrid(np.arange(0, 181, spacing), np.arange(-90, 91, spacing))
    directions = directions_3d(azimuth.ravel(), elevation.ravel())
    return statistics_along(_cloud(name, seed), directions).reshape(azimuth.shape)


_coarse_map = lru_cache(maxsize=32)(partial(_map, spacing=COARSE))
_fine_maps: Kept[np.ndarray] = Kept(32)
