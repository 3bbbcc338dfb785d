"""The view of a cloud in space against independent computations."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.data import sample_cloud
from sigreg_edu.slicing import direction_from_angles
from sigreg_edu.statistics import epps_pulley_closed_form
from sigreg_edu.views import shadow3d
from sigreg_edu.views.kept import Kept
from sigreg_edu.views.shadow3d import (
    COARSE,
    FINE,
    Shadow3DParams,
    directions_3d,
    refine_shadow3d,
    shadow3d_view,
)


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch):
    monkeypatch.setattr(shadow3d, "_fine_maps", Kept(4))


def finest(**changes):
    params = Shadow3DParams(**changes)
    return [shadow3d_view(params), *refine_shadow3d(params)][-1]


def exact(cloud: str, azimuth: float, elevation: float) -> float:
    z = sample_cloud(cloud, 1000, dim=3)
    return float(epps_pulley_closed_form((z @ direction_from_angles(azimuth, elevation)).double()))


@pytest.mark.parametrize(("azimuth", "elevation"), [(0, 0), (45, 35), (135, -35), (180, 90)])
def test_the_statistic_is_that_of_the_direction(azimuth, elevation):
    view = shadow3d_view(Shadow3DParams(azimuth=azimuth, elevation=elevation))
    assert view.statistic == pytest.approx(exact("xor", azimuth, elevation), rel=1e-3)


@pytest.mark.parametrize(("azimuth", "elevation"), [(0, -90), (45, 35), (135, -35), (180, 0)])
def test_the_fine_map_holds_the_statistic_of_each_direction(azimuth, elevation):
    heat = finest().map
    row, column = (elevation + 90) // FINE, azimuth // FINE
    assert heat[row, column] == pytest.approx(exact("xor", azimuth, elevation), rel=1e-3)


def test_the_coarse_map_is_every_second_point_of_the_fine_one():
    coarse, fine = shadow3d_view(Shadow3DParams()).map, finest().map
    assert coarse.shape == (180 // COARSE + 1, 180 // COARSE + 1)
    assert coarse == pytest.approx(fine[::2, ::2], rel=1e-5)


def test_once_known_the_fine_map_comes_at_once_and_refining_ends():
    fine = finest()
    moved = Shadow3DParams(azimuth=7)
    assert (shadow3d_view(moved).map == fine.map).all()
    assert list(refine_shadow3d(moved)) == []


def test_xor_is_gaussian_between_any_two_axes_and_worst_near_a_diagonal():
    heat = finest().map
    ring = [heat[18], heat[:, 0], heat[:, 18]]  # up = 0, round = 0, round = 90
    assert max(circle.max() for circle in ring) < 2.95
    up, round_ = np.unravel_index(heat.argmax(), heat.shape)
    worst = directions_3d([FINE * round_], [FINE * up - 90])[:, 0].abs().numpy()
    assert worst == pytest.approx(np.full(3, 3**-0.5), abs=0.1)
    assert heat.max() > 20.0


def test_the_camera_turns_the_picture_and_no_number():
    here, turned = shadow3d_view(Shadow3DParams()), shadow3d_view(Shadow3DParams(turn=200))
    assert here.readout == turned.readout
    assert (here.shadow.heights == turned.shadow.heights).all()
    assert not np.allclose(here.points, turned.points)
    lengths = [np.linalg.norm(view.points, axis=1) for view in (here, turned)]
    assert lengths[0] == pytest.approx(lengths[1], rel=1e-5)


def test_the_camera_is_a_rotation():
    camera = shadow3d_view(Shadow3DParams(turn=124)).camera
    assert camera @ camera.T == pytest.approx(np.eye(3), abs=1e-6)  # single precision
    assert np.linalg.det(camera) == pytest.approx(1.0)


def test_rays_fall_perpendicularly_on_the_direction():
    view = shadow3d_view(Shadow3DParams(cloud="helix", azimuth=20, elevation=50))
    way = view.rays[:, 1] - view.rays[:, 0]
    assert way @ view.direction == pytest.approx(np.zeros(len(way)), abs=1e-5)
    along = view.rays[:, 1] - np.outer(view.rays[:, 1] @ view.direction, view.direction)
    assert along == pytest.approx(np.zeros_like(along), abs=1e-5)
