"""The flat cloud's view against independent computations."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from sigreg_edu.data import CLOUDS_2D, sample_cloud
from sigreg_edu.slicing import cramer_wold_statistic
from sigreg_edu.statistics import epps_pulley_closed_form
from sigreg_edu.views.shadow2d import Shadow2DParams, directions_2d, shadow2d_view


def view_of(**changes):
    return shadow2d_view(Shadow2DParams(**changes))


@pytest.mark.parametrize("angle", [0, 30, 90, 135, 180])
def test_the_shadow_is_the_projection_on_the_angle(angle):
    view = view_of(cloud="two_moons", angle=angle)
    z = sample_cloud("two_moons", 1000, dim=2).double()
    radians = math.radians(angle)
    shadow = math.cos(radians) * z[:, 0] + math.sin(radians) * z[:, 1]
    counts, _ = np.histogram(shadow, view.shadow.edges)
    width = view.shadow.edges[1] - view.shadow.edges[0]
    # a point on the edge of two bins may fall to either side in single precision
    assert np.abs(view.shadow.heights - counts / (1000 * width)).max() <= 2.0 / (1000 * width)
    assert view.statistic == pytest.approx(float(epps_pulley_closed_form(shadow)), rel=1e-4)
    assert view.direction == pytest.approx([math.cos(radians), math.sin(radians)], abs=1e-6)


@pytest.mark.parametrize("cloud", CLOUDS_2D)
def test_the_mean_of_the_curve_is_the_exact_mean_over_all_directions(cloud):
    exact = float(cramer_wold_statistic(sample_cloud(cloud, 1000, dim=2).double()))
    assert view_of(cloud=cloud).mean == pytest.approx(exact, rel=1e-4)


def test_the_curve_passes_through_the_statistic_of_each_angle():
    view = view_of(cloud="clusters", angle=64)
    assert view.curve[view.angles == 64.0] == pytest.approx([view.statistic], rel=1e-5)


def test_a_direction_and_its_opposite_have_one_statistic():
    view = view_of(cloud="clusters", angle=0)
    assert view.angles[-1] == 180.0
    assert view.curve[-1] == view.curve[0]
    assert view_of(cloud="clusters", angle=180).statistic == pytest.approx(view.statistic, rel=1e-5)


def test_the_x_is_gaussian_on_its_axes_and_worst_on_its_arms():
    assert max(view_of(angle=angle).statistic for angle in (0, 90)) < 1.5
    assert min(view_of(angle=angle).statistic for angle in (45, 135)) > 40.0
    assert "largest near 136°" in view_of().readout


def test_turning_moves_no_point_and_a_new_sample_moves_all():
    here, turned, fresh = view_of(), view_of(angle=77), view_of(seed=1)
    assert (here.points == turned.points).all()
    assert (here.curve == turned.curve).all()
    assert (here.points != fresh.points).any(axis=1).all()


def test_there_are_a_thousand_points_by_default():
    assert len(view_of().points) == 1000


def test_directions_are_unit_columns():
    lengths = directions_2d(np.array([0.0, 12.0, 178.0])).norm(dim=0)
    assert torch.allclose(lengths, torch.ones(3))
