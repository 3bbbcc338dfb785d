"""The forces on an outlier and on the rest are minus the gradients, bounded where it is claimed."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from sigreg_edu.data import sample_cloud
from sigreg_edu.losses import VICRegLoss
from sigreg_edu.slicing import sliced_statistic
from sigreg_edu.statistics import epps_pulley_closed_form
from sigreg_edu.views.gradients import BOUND, VARIANCE_FLOOR, force_field
from sigreg_edu.views.outlier import (
    CLOUDS,
    DIRECTIONS,
    DISTANCES,
    FORCES,
    LOSSES,
    NUM_SLICES,
    PLANE_BOUND,
    Others,
    OutlierParams,
    outlier_view,
    ray,
    size_and_share,
)

ONE_D = {"sigreg": "epps_pulley", "mean_std": "mean_std", "four_moments": "four_moments"}


def others_of(cloud: str, num_samples: int = 80, seed: int = 0) -> Others:
    return Others(sample_cloud(cloud, num_samples, dim=2, seed=seed)[1:].double().numpy())


def with_outlier(others: Others, place: np.ndarray) -> np.ndarray:
    return np.concatenate([place[None], others.points])


def value(loss: str, z: torch.Tensor) -> torch.Tensor:
    """The losses once more, for autograd."""
    if loss == "vicreg":
        terms = VICRegLoss(variance_weight=1.0, covariance_weight=0.04).regularizer(z, z)
        return len(z) * terms["vicreg_loss"]
    directions = torch.from_numpy(DIRECTIONS)
    if loss == "sigreg":
        return sliced_statistic(z, directions, epps_pulley_closed_form).mean()
    x = z @ directions
    mean, variance = x.mean(0), x.var(0, correction=0)
    std = (variance + VARIANCE_FLOOR).sqrt()
    if loss == "mean_std":
        return len(z) * (mean**2 + (std - 1) ** 2).mean()
    y = (x - mean) / std
    parts = mean**2 + (variance - 1) ** 2 / 2
    return len(z) * (parts + (y**3).mean(0) ** 2 / 6 + ((y**4).mean(0) - 3) ** 2 / 24).mean()


@pytest.mark.parametrize("loss", list(LOSSES))
@pytest.mark.parametrize("cloud", list(CLOUDS))
@pytest.mark.parametrize("distance", [0.0, 2.5, 20.0])
def test_forces_are_minus_the_gradient(loss, cloud, distance):
    others, place = others_of(cloud), distance * ray(35)
    z = torch.from_numpy(with_outlier(others, place)).requires_grad_(True)
    (gradient,) = torch.autograd.grad(value(loss, z), z)
    forces = FORCES[loss](others, place[None])[0]
    # SIGReg's push of the outlier is in single precision; moments reach 10⁵
    tolerance = 1e-7 * max(1.0, float(gradient.abs().max()))
    assert forces == pytest.approx(-gradient.numpy(), abs=tolerance)


@pytest.mark.parametrize("loss", list(ONE_D))
def test_sliced_forces_are_means_of_the_1d_forces(loss):
    others, place = others_of("clusters"), 4.0 * ray(200)
    z = with_outlier(others, place)
    slices = [force_field(ONE_D[loss], z @ a).on_points[:, None] * a for a in DIRECTIONS.T]
    forces = FORCES[loss](others, place[None])[0]
    assert forces == pytest.approx(np.mean(slices, axis=0), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("loss", list(LOSSES))
def test_many_places_at_once_are_each_as_alone(loss):
    others, places = others_of("two_moons"), DISTANCES[::7, None] * ray(30)
    together = FORCES[loss](others, places)
    for forces, place in zip(together, places, strict=True):
        assert forces == pytest.approx(FORCES[loss](others, place[None])[0], rel=1e-9, abs=1e-9)


def test_the_planes_bound_is_the_1d_bound_times_the_mean_of_the_cosines():
    angles = np.linspace(0.0, math.pi, 5001)
    along = np.stack([np.cos(angles), np.sin(angles)])
    cosines = np.abs(DIRECTIONS.T @ along).mean(axis=0)
    assert pytest.approx(BOUND * cosines.max(), rel=1e-6) == PLANE_BOUND
    assert pytest.approx(BOUND * 2 / math.pi, rel=2e-4) == PLANE_BOUND
    # no directions of the half-circle are left out or counted twice
    assert pytest.approx(np.eye(2) / 2, abs=1e-6) == DIRECTIONS @ DIRECTIONS.T / NUM_SLICES


@pytest.mark.parametrize("seed", range(3))
def test_no_sigreg_force_exceeds_the_bound(seed):
    generator = np.random.default_rng(seed)
    for scale in (0.02, 0.3, 1.0, 3.0):
        others = Others(scale * generator.standard_normal((30, 2)) + generator.normal(size=2))
        places = generator.normal(size=(40, 2)) * 2.0
        forces = FORCES["sigreg"](others, places)
        assert np.linalg.norm(forces, axis=-1).max() <= PLANE_BOUND
    # and it is no idle bound: a point before a wall of others comes within a factor of two
    wall = Others(np.tile([[-2.4, 0.0]], (500, 1)) + 0.01 * generator.normal(size=(500, 2)))
    forces = FORCES["sigreg"](wall, np.array([[-1.4, 0.0], [-3.4, 0.0]]))[:, 0]
    assert np.linalg.norm(forces, axis=-1).max() > PLANE_BOUND / 2


def test_far_out_sigreg_falls_as_one_over_r_squared():
    points = sample_cloud("two_moons", 200, dim=2, seed=1).double().numpy()[1:]
    points = points - points.mean(axis=0)
    points = points @ np.linalg.inv(np.linalg.cholesky(np.cov(points.T, bias=True))).T
    others, distances = Others(points), np.array([14.0, 20.0, 28.0])
    forces = FORCES["sigreg"](others, distances[:, None] * ray(75))[:, 0]
    left = forces @ ray(75) * 200 * distances**2
    # With mean 0 and the identity covariance the next order is gone; 64 slices leave a few per cent
    assert left == pytest.approx([-4.0] * 3, rel=0.15)


def test_sigregs_share_vanishes_and_that_of_two_moments_tends_to_one():
    others = others_of("gaussian", 200)
    far = np.array([[30.0, 0.0], [3000.0, 0.0]])
    assert size_and_share(FORCES["sigreg"](others, far[:1]))[1][0] < 1e-3
    near, farther = size_and_share(FORCES["mean_std"](others, far))[1]
    assert near > 0.8
    assert farther > 0.99


def test_four_moments_share_falls_again_as_the_rest_is_thrown_too():
    view = outlier_view(OutlierParams(loss="four_moments"))
    share = view.shares["four_moments"]
    assert share.max() > 0.9
    assert share[-1] < 0.6
    assert view.sizes["four_moments"][-1] > 1000.0 * PLANE_BOUND


def test_shares_of_equal_forces_and_of_none():
    forces = np.ones((2, 25, 2))
    forces[1] = 0.0
    size, share = size_and_share(forces)
    assert size.tolist() == [math.sqrt(2.0), 0.0]
    assert share.tolist() == [0.2, 0.0]
    assert outlier_view(OutlierParams(num_samples=100)).equal_share == 0.1


@pytest.mark.parametrize("loss", list(LOSSES))
def test_the_present_point_is_on_its_curves(loss):
    at = int(np.flatnonzero(DISTANCES == 8.0)[0])
    view = outlier_view(OutlierParams(loss=loss, distance=8.0))
    assert view.size == pytest.approx(view.sizes[loss][at], rel=1e-6)
    assert view.share == pytest.approx(view.shares[loss][at], rel=1e-6)
    assert np.linalg.norm(view.after - view.outlier) == pytest.approx(0.5 * view.size)


def test_an_outlier_hides_a_collapse_from_vicreg_but_not_from_sigreg():
    hidden = {"cloud": "shrunk", "distance": 14.0, "angle": 0}
    assert "from 0.29 to 0.29" in outlier_view(OutlierParams(loss="vicreg", **hidden)).readout
    assert "from 0.29 to 0.46" in outlier_view(OutlierParams(loss="sigreg", **hidden)).readout


def test_words_of_overshooting_and_of_staying():
    thrown = outlier_view(OutlierParams(loss="four_moments", distance=6.0))
    assert "far side" in thrown.readout
    assert thrown.after @ ray(30) < 0.0
    kept = outlier_view(OutlierParams(distance=20.0))
    assert "leaves it at distance 20;" in kept.readout
    assert f"more than {PLANE_BOUND:.2f}" in kept.readout
    assert "less than 0.1 %" in kept.readout


def test_only_the_outlier_changes_with_its_distance():
    near, far = (outlier_view(OutlierParams(distance=d)) for d in (2.0, 30.0))
    assert np.array_equal(near.points, far.points)
    assert (near.field, far.field) == (5.0, 34.0)
    assert np.linalg.norm(far.outlier) == pytest.approx(30.0)
