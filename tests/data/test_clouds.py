"""Clouds: what each caption claims, held by numbers."""

import itertools

import numpy as np
import pytest
import torch
from scipy import optimize, stats

from sigreg_edu.data import (
    CLOUDS_2D,
    CLOUDS_3D,
    PLANTED_KINDS,
    SHAPES,
    planted_cloud,
    sample_cloud,
)
from sigreg_edu.data.clouds import FLIP_POINT

ALL = [(2, name) for name in CLOUDS_2D] + [(3, name) for name in CLOUDS_3D]
every_cloud = pytest.mark.parametrize(("dim", "name"), ALL)
MANY = 40_000


def catalogue(dim):
    return CLOUDS_2D if dim == 2 else CLOUDS_3D


def gaussian_p_value(x):
    return stats.kstest(x.numpy(), "norm").pvalue


@every_cloud
def test_clouds_come_as_float32_with_the_dimension_they_announce(dim, name):
    z = sample_cloud(name, 50, dim=dim)
    assert z.shape == (50, dim)
    assert catalogue(dim)[name].dim == dim
    assert z.dtype == torch.float32
    assert z.isfinite().all()


@every_cloud
def test_exactly_the_standardized_ones_have_mean_zero_and_identity_covariance(dim, name):
    z = sample_cloud(name, MANY, dim=dim)
    # Five standard errors of a mean of 40,000, and of a second moment with kurtosis below 4.
    mean_is_zero = z.mean(dim=0).abs().max() < 5 / MANY**0.5
    is_identity = (z.T.cov() - torch.eye(dim)).abs().max() < 5 * 2 / MANY**0.5
    assert bool(mean_is_zero and is_identity) == catalogue(dim)[name].standardized


@every_cloud
def test_a_longer_cloud_begins_with_the_shorter_one(dim, name):
    assert torch.equal(sample_cloud(name, 500, dim=dim)[:33], sample_cloud(name, 33, dim=dim))


@every_cloud
def test_each_cloud_has_a_label_and_one_sentence(dim, name):
    cloud = catalogue(dim)[name]
    assert cloud.label
    assert cloud.caption.endswith(".")
    assert len(cloud.caption) < 100


def test_switching_clouds_moves_the_same_points():
    gaussian = sample_cloud("gaussian", 200)
    assert torch.equal(sample_cloud("cross", 200)[:, 0], gaussian[:, 0])
    assert torch.allclose(sample_cloud("inflated", 200), 1.6 * gaussian)
    assert torch.equal(sample_cloud("xor", 200)[:, :2], gaussian)


@pytest.mark.parametrize("name", ["cross", "flip", "four_lumps"])
def test_both_axes_see_a_gaussian_where_the_plane_is_not(name):
    x, y = sample_cloud(name, MANY).T
    assert gaussian_p_value(x) > 1e-3
    assert gaussian_p_value(y) > 1e-3
    diagonal = (x + y) / 2**0.5
    assert gaussian_p_value(diagonal) < 1e-12


def test_points_of_the_cross_lie_on_two_lines():
    x, y = sample_cloud("cross", 1000).T
    assert torch.equal(x.abs(), y.abs())
    assert 400 < (x * y > 0).sum() < 600


def test_the_flip_point_is_the_one_that_leaves_no_correlation():
    def imbalance(c):
        return stats.norm.cdf(c) - 0.5 - c * stats.norm.pdf(c) - 0.25

    assert pytest.approx(optimize.brentq(imbalance, 1.0, 2.0, xtol=1e-14), rel=1e-10) == FLIP_POINT


def test_four_lumps_have_empty_corners_and_an_empty_middle():
    x, y = sample_cloud("four_lumps", 5000).abs().T
    median = stats.norm.ppf(0.75)
    assert not ((x > median + 1e-5) & (y > median + 1e-5)).any()
    assert not ((x < median - 1e-5) & (y < median - 1e-5)).any()


def test_xor_is_gaussian_in_every_pair_and_empty_in_half_of_space():
    z = sample_cloud("xor", MANY)
    assert (z.prod(dim=1) >= 0).all()
    for first, second in itertools.combinations(range(3), 2):
        # Any direction within a coordinate plane sees N(0, 1).
        for angle in (0.3, 1.2, 2.5):
            shadow = np.cos(angle) * z[:, first] + np.sin(angle) * z[:, second]
            assert gaussian_p_value(shadow) > 1e-3
    assert gaussian_p_value(z.sum(dim=1) / 3**0.5) < 1e-12


def test_ring_and_shell_look_the_same_from_everywhere():
    ring = sample_cloud("ring", MANY)
    shell = sample_cloud("shell", MANY)
    assert ring.norm(dim=1).std() < 0.2
    assert shell.norm(dim=1).std() < 0.1
    # A shadow of a thin shell is uniform (Archimedes); its 5 % of thickness blurs only the ends.
    uniform = stats.uniform(-(3**0.5), 2 * 3**0.5)
    assert stats.kstest(shell[:, 2].numpy(), uniform.cdf).statistic < 0.02


@pytest.mark.parametrize(
    ("dim", "name", "rank"),
    [(2, "rank_one", 1), (3, "pancake", 2), (3, "needle", 1), (3, "gaussian", 3)],
)
def test_flat_clouds_have_the_rank_they_announce(dim, name, rank):
    values = torch.linalg.svdvals(sample_cloud(name, 500, dim=dim).double())
    assert (values > 1e-4 * values[0]).sum() == rank


def test_flat_clouds_are_standard_normal_along_themselves():
    z = sample_cloud("needle", MANY)
    assert gaussian_p_value(z @ torch.tensor([1.0, 2.0, 2.0]) / 3) > 1e-3
    spike = sample_cloud("pancake", 500) @ torch.ones(3)
    assert spike.abs().max() < 1e-5


def test_names_that_both_dimensions_have_default_to_two():
    assert sample_cloud("gaussian", 4).shape == (4, 2)
    assert sample_cloud("gaussian", 4, dim=3).shape == (4, 3)
    assert sample_cloud("helix", 4).shape == (4, 3)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"name": "two_moon"}, ValueError, "Did you mean 'two_moons'"),
        ({"name": "helix", "dim": 2}, ValueError, "name must be one of"),
        ({"name": "ring", "dim": 4}, ValueError, "dim must be 2, 3 or None"),
        ({"name": "ring", "num_samples": 0}, ValueError, "num_samples must be at least 1"),
        ({"name": "ring", "seed": "a"}, TypeError, "seed must be a whole number"),
    ],
)
def test_bad_input_is_refused_with_a_reason(arguments, error, message):
    with pytest.raises(error, match=message):
        sample_cloud(**arguments)


@pytest.mark.parametrize("kind", PLANTED_KINDS)
def test_only_the_first_coordinate_is_planted(kind):
    clean, planted = planted_cloud(6, 400, kind="gaussian"), planted_cloud(6, 400, kind=kind)
    assert torch.equal(planted[:, 1:], clean[:, 1:])
    if kind != "gaussian":
        assert not torch.allclose(planted[:, 0], clean[:, 0], atol=1e-2)


@pytest.mark.parametrize("kind", SHAPES)
def test_planted_shapes_keep_mean_zero_and_variance_one(kind):
    first = planted_cloud(3, MANY, kind=kind)[:, 0]
    assert abs(first.mean()) < 5 / MANY**0.5
    # Student's t at 3 degrees of freedom has no fourth moment: its sample variance wanders.
    assert abs(first.var() - 1) < (0.5 if kind == "student_t" else 0.1)


def test_planted_clouds_are_nested_and_deterministic():
    assert torch.equal(planted_cloud(5, 100)[:20], planted_cloud(5, 20))
    assert not torch.equal(planted_cloud(5, 20), planted_cloud(5, 20, seed=1))
    assert not planted_cloud(5, 20, kind="collapsed")[:, 0].any()


def test_planted_strength_bends_a_shape_and_is_refused_elsewhere():
    assert torch.allclose(
        planted_cloud(2, 50, kind="bimodal", strength=0.0), planted_cloud(2, 50, kind="gaussian")
    )
    with pytest.raises(ValueError, match="strength must be None for kind 'shrunk'"):
        planted_cloud(2, 50, kind="shrunk", strength=0.5)
    with pytest.raises(ValueError, match="kind must be one of"):
        planted_cloud(2, kind="ring")
    with pytest.raises(ValueError, match="dim must be at least 1"):
        planted_cloud(0)
