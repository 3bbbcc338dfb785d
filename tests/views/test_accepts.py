"""The judges' values are the library's, their limits those of simulated clouds."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sigreg_edu.data import sample_cloud
from sigreg_edu.losses import VICRegLoss
from sigreg_edu.slicing import cramer_wold_statistic, uniform_directions
from sigreg_edu.views.accepts import (
    CLOUDS,
    JUDGES,
    SCALES,
    AcceptsParams,
    accepts_view,
    calibration,
    judged,
    sigreg_law,
    two_moments,
    vicreg_parts,
)

STANDARD = ("cross", "flip", "four_lumps", "two_moons", "ring", "spiral", "clusters", "square")
STATES = (
    {},
    {"scale": 1.6, "cloud": "gaussian"},
    {"scale": 2.0, "shift": 1.0, "cloud": "tilted", "turn": 30},
    {"scale": 0.3, "cloud": "rank_one", "turn": 90, "num_samples": 200},
    {"scale": 0.0, "shift": 0.5},
)


def objections(**changes) -> list[bool]:
    return accepts_view(AcceptsParams(**changes)).objects.tolist()


@pytest.mark.parametrize("changes", STATES)
def test_vicreg_is_the_loss_of_the_kit(changes):
    view = accepts_view(AcceptsParams(**changes))
    z = torch.from_numpy(view.points).double()
    loss = VICRegLoss().regularizer(z, z)
    covariance = np.cov(z.numpy().T)
    hinge, spoilt = vicreg_parts(covariance)
    assert hinge == pytest.approx(25 * float(loss["variance_loss"]), abs=1e-6)
    assert spoilt == pytest.approx(float(loss["covariance_loss"]), abs=1e-6)
    assert view.values[0] == pytest.approx(float(loss["vicreg_loss"]), abs=1e-5)


@pytest.mark.parametrize("changes", STATES)
def test_two_moments_is_the_mean_over_very_many_slices(changes):
    view = accepts_view(AcceptsParams(**changes))
    z = torch.from_numpy(view.points).double()
    angles = torch.arange(2000, dtype=torch.float64) * (torch.pi / 2000)
    shadows = z @ torch.stack([angles.cos(), angles.sin()])  # (N, 2000)
    slices = shadows.mean(0).square() + (shadows.std(0) - 1).square()
    assert view.values[1] == pytest.approx(len(z) * float(slices.mean()), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("changes", STATES)
def test_sigreg_is_the_exact_mean_over_all_directions(changes):
    view = accepts_view(AcceptsParams(**changes))
    exact = float(cramer_wold_statistic(torch.from_numpy(view.points).double()))
    assert view.values[2] == pytest.approx(exact, rel=5e-3)


@pytest.mark.parametrize("cloud", list(CLOUDS))
def test_a_dozen_angles_are_enough_at_every_scale(cloud):
    z = sample_cloud(cloud, 500, dim=2, seed=1)
    for scale in (0.5, 1.0, 3.0):
        value = judged(z, np.array([scale]), 0.0)[2, 0]
        exact = float(cramer_wold_statistic(scale * z.double()))
        assert value == pytest.approx(exact, rel=0.02)


def test_curves_pass_through_the_present_values():
    for changes in ({}, {"shift": 1.0, "scale": 1.4}, {"cloud": "tilted", "scale": 0.6}):
        view = accepts_view(AcceptsParams(**changes))
        at = int(np.flatnonzero(view.scales == view.scale)[0])
        assert view.curves[:, at] == pytest.approx(view.values, rel=1e-5, abs=1e-6)
        assert view.curves.shape == (len(JUDGES), SCALES.size)


def test_limits_are_those_of_simulated_clouds():
    # 2,000 clouds: the 95 % quantile is known to some 4 %, the mean to 2 %
    num_samples, generator = 100, torch.Generator().manual_seed(5)
    z = torch.randn(2000, num_samples, 2, generator=generator, dtype=torch.float64)
    values = np.array([judged(cloud.float(), np.array([1.0]), 0.0)[:, 0] for cloud in z])
    usual, limits = calibration(num_samples)
    assert usual == pytest.approx(values.mean(axis=0), rel=0.06)
    assert limits == pytest.approx(np.quantile(values, 0.95, axis=0), rel=0.1)
    assert (values > limits).mean(axis=0) == pytest.approx(0.05, abs=0.016)


def test_means_of_the_calibration_are_what_theory_says():
    # E[N mean²] = 1 and E[N (std - 1)²] → 1/2 along each direction; SIGReg's is Epps–Pulley's
    usual, _ = calibration(1000)
    assert usual[1] == pytest.approx(1.5, rel=0.02)
    assert sigreg_law().mean == pytest.approx(np.sqrt(2 * np.pi) * (1 - 1 / np.sqrt(3)), rel=1e-4)
    # and its limit law is narrower than that of one direction
    assert sigreg_law().quantile(0.95) == pytest.approx(2.27, abs=0.01)


@pytest.mark.parametrize("cloud", STANDARD)
def test_with_the_right_moments_only_sigreg_objects(cloud):
    assert objections(cloud=cloud) == [False, False, True]


def test_a_gaussian_is_accepted_by_all_and_collapse_by_none():
    assert objections(cloud="gaussian") == [False] * 3
    for bad in ({"scale": 0.5}, {"scale": 0.0}, {"cloud": "rank_one"}, {"cloud": "tilted"}):
        assert objections(**{"cloud": "gaussian", **bad}) == [True] * 3


def test_vicreg_sees_neither_a_shift_nor_too_wide_a_cloud():
    assert objections(cloud="gaussian", shift=1.0) == [False, True, True]
    assert objections(cloud="gaussian", scale=1.6) == [False, True, True]
    still, moved = (
        accepts_view(AcceptsParams(cloud="gaussian", shift=shift)).values[0] for shift in (0.0, 3.0)
    )
    assert moved == pytest.approx(still, abs=1e-9)


def test_above_scale_one_nothing_is_left_of_vicreg_but_its_covariance():
    view = accepts_view(AcceptsParams(cloud="ring"))
    wide = view.scales >= 1.1
    cov = np.cov(view.points.astype(np.float64).T)
    expected = 2.0 * (view.scales[wide] ** 2 * cov[0, 1]) ** 2
    assert view.curves[0, wide] == pytest.approx(expected, rel=1e-4)
    for other in (1, 2):  # V-shaped
        curve = view.curves[other]
        assert 0.8 <= view.scales[curve.argmin()] <= 1.1
        assert curve[0] > 10 * curve.min()
        assert curve[-1] > 10 * curve.min()


def test_turning_a_cloud_changes_vicreg_alone():
    flat, tilted = (
        accepts_view(AcceptsParams(cloud="rank_one", turn=turn)).values for turn in (15, 150)
    )
    assert tilted[1] == pytest.approx(flat[1], rel=1e-6)
    assert tilted[2] == pytest.approx(flat[2], rel=1e-3)
    assert tilted[0] > 1.3 * flat[0]  # on an axis one coordinate is dead, at 45° neither is


def test_two_moments_of_known_clouds():
    point = two_moments(np.array([3.0, 4.0]), np.zeros((2, 2)), 10)
    assert point == pytest.approx(10 * (25 / 2 + 1))
    assert two_moments(np.zeros(2), 4.0 * np.eye(2), 10) == pytest.approx(10.0)
    line = two_moments(np.zeros(2), np.diag([1.0, 0.0]), 1)
    assert line == pytest.approx(1 / 2 - 4 / np.pi + 1)  # std is |cos θ|


def test_random_slices_scatter_about_two_moments():
    z = sample_cloud("two_moons", 1000, dim=2, seed=0).double()
    shadows = z @ uniform_directions(2, 4000, seed=0, dtype=torch.float64)
    slices = 1000 * (shadows.mean(0).square() + (shadows.std(0) - 1).square())
    value = accepts_view(AcceptsParams()).values[1]
    error = float(slices.std()) / 4000**0.5
    assert value == pytest.approx(float(slices.mean()), abs=4 * error)


def test_words_give_each_verdict_with_its_numbers():
    readout = accepts_view(AcceptsParams()).readout
    assert "VICReg: accepts" in readout
    assert "SIGReg: objects (14.8, limit 2.27)" in readout
    assert "Two moons, scaled by 1, shifted by 0" in readout


def test_the_panel_widens_where_the_cloud_needs_it():
    assert accepts_view(AcceptsParams(scale=1.0)).field == 4.5
    view = accepts_view(AcceptsParams(scale=3.0, shift=3.0))
    assert view.field == 13.0
