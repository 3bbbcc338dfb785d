"""Probes: closed forms, invariances, and scikit-learn as a second opinion."""

import math

import numpy as np
import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier

from sigreg_edu.data import digit_features, load_digits, sample_cloud
from sigreg_edu.training import (
    effective_rank,
    knn_accuracy,
    principal_deviations,
    standard_deviations,
)


def gaussian(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def test_equal_singular_values_count_every_dimension():
    assert effective_rank(torch.eye(6), center=False).item() == pytest.approx(6.0, rel=1e-6)


def test_the_effective_rank_is_the_exponential_of_the_entropy():
    z = torch.diag(torch.tensor([3.0, 1.0], dtype=torch.float64))
    expected = math.exp(-(0.75 * math.log(0.75) + 0.25 * math.log(0.25)))
    assert effective_rank(z, center=False).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("name", "rank"), [("gaussian", 3.0), ("pancake", 2.0), ("needle", 1.0)])
def test_flat_clouds_have_the_rank_of_what_they_fill(name, rank):
    z = sample_cloud(name, 2000, dim=3)
    assert effective_rank(z).item() == pytest.approx(rank, abs=0.01)


def test_the_effective_rank_ignores_scale_rotation_and_place():
    z = gaussian(200, 5) * torch.arange(1.0, 6.0)
    rotation = torch.linalg.qr(gaussian(5, 5, seed=1)).Q
    expected = effective_rank(z)
    assert torch.allclose(effective_rank(1e-3 * z @ rotation + 10.0), expected, rtol=1e-6)


def test_uncentred_a_cloud_far_away_looks_like_a_line():
    z = gaussian(500, 4) + 100.0
    assert effective_rank(z) > 3.9
    assert effective_rank(z, center=False) < 1.2


@pytest.mark.parametrize("point", [0.0, 0.1, 1e4])
def test_a_single_point_has_rank_zero(point):
    assert effective_rank(torch.full((50, 3), point)) == 0.0


@pytest.mark.parametrize("probe", [effective_rank, standard_deviations])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_probes_keep_the_dtype(probe, dtype):
    assert probe(gaussian(10, 2).to(dtype)).dtype == dtype


def test_standard_deviations_are_per_coordinate():
    z = gaussian(5000, 3) * torch.tensor([1.0, 0.1, 0.0])
    assert standard_deviations(z).tolist() == pytest.approx([1.0, 0.1, 0.0], rel=0.05)


@pytest.mark.parametrize("k", [1, 10])
def test_neighbours_vote_as_in_scikit_learn(k):
    digits, z = load_digits(), digit_features("pixels")
    train, test = digits.train_indices, digits.test_indices
    model = KNeighborsClassifier(k, algorithm="brute").fit(z[train], digits.labels[train])
    expected = model.score(z[test], digits.labels[test])
    ours = knn_accuracy(z[train], digits.labels[train], z[test], digits.labels[test], k=k)
    # Ties at equal distance may be broken otherwise: allow two of the 450 digits.
    assert ours == pytest.approx(expected, abs=2 / 450)


def test_a_collapsed_cloud_that_only_shrank_keeps_its_accuracy():
    z = torch.cat([gaussian(100, 2) - 3, gaussian(100, 2, seed=1) + 3])
    y = torch.arange(2).repeat_interleave(100)
    # A spread of 1e-9 about 1: |a|² + |b|² − 2a·b would be rounding (1e-16), differences are not.
    far = 1e-9 * z + 1.0
    assert knn_accuracy(z, y, z, y) == knn_accuracy(far, y, far, y) == 1.0


def test_a_tied_vote_goes_to_the_smaller_label():
    z, y = torch.tensor([[0.0], [1.0]]), torch.tensor([3, 1])
    assert knn_accuracy(z, y, torch.tensor([[0.1]]), torch.tensor([1]), k=2) == 1.0


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"k": 5}, ValueError, "k must be at most the 4 training points"),
        ({"k": 0}, ValueError, "k must be at least 1"),
        ({"train_y": torch.zeros(3, dtype=torch.int64)}, ValueError, "one label from 0 for each"),
        ({"train_y": torch.zeros(4)}, TypeError, "int64"),
        ({"test_y": [0, 1]}, TypeError, "int64"),
        ({"test_y": torch.tensor([0, -1])}, ValueError, "from 0"),
        ({"test_z": torch.zeros(2, 3)}, ValueError, "must have one dimension, got 2 and 3"),
        ({"train_z": torch.full((4, 2), math.nan)}, ValueError, "train_z must be finite"),
        ({"train_z": torch.zeros(2, 4, 2)}, ValueError, r"train_z must have shape \(N, D\)"),
        ({"train_z": [[0.0]]}, TypeError, r"train_z must be a torch\.Tensor"),
    ],
)
def test_neighbours_refuse_what_does_not_fit(changes, error, message):
    arguments = {
        "train_z": torch.zeros(4, 2),
        "train_y": torch.tensor([0, 1, 0, 1]),
        "test_z": torch.zeros(2, 2),
        "test_y": torch.tensor([0, 1]),
        "k": 2,
    }
    with pytest.raises(error, match=message):
        knn_accuracy(**{**arguments, **changes})


@pytest.mark.parametrize("probe", [effective_rank, standard_deviations])
def test_probes_refuse_what_is_no_matrix(probe):
    with pytest.raises(ValueError, match="z needs at least 2 points"):
        probe(torch.zeros(1, 3))
    with pytest.raises(TypeError, match=r"z must be a torch\.Tensor"):
        probe([[0.0]])
    with pytest.raises(TypeError, match="floating-point"):
        probe(torch.zeros(4, 2, dtype=torch.int64))


def test_the_effective_rank_refuses_nan():
    with pytest.raises(ValueError, match="z must be finite"):
        effective_rank(torch.tensor([[0.0, math.nan], [1.0, 2.0]]))


def test_a_tiny_float64_cloud_far_from_zero_is_no_single_point():
    z = gaussian(50, 3) * 1e-9 + 1e3  # rounding there is 1e-13
    assert effective_rank(z) > 2.5


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
@pytest.mark.parametrize("count", [2, 7, 1000])
def test_one_point_however_often_and_precise_has_rank_zero(dtype, count):
    assert effective_rank(torch.full((count, 64), 0.1, dtype=dtype)) == 0.0


@pytest.mark.usefixtures("cpu_before_float64")
def test_probes_go_to_the_cpu_before_float64_which_mps_lacks():
    z, y = torch.eye(4), torch.arange(4)
    effective_rank(z)
    knn_accuracy(z, y, z, y, k=1)


def test_principal_deviations_are_the_roots_of_the_covariances_eigenvalues():
    z = torch.randn(50, 4, generator=torch.Generator().manual_seed(0)) * torch.arange(1.0, 5.0)
    covariance = np.cov(z.double().numpy().T)
    expected = np.sqrt(np.linalg.eigvalsh(covariance))[::-1]
    assert principal_deviations(z + 7.0).numpy() == pytest.approx(expected, rel=1e-5)  # float32


def test_principal_deviations_are_exact_where_float32_covariances_are_not():
    z = gaussian(200, 2, seed=1).double() * torch.tensor([1.0, 1e-6]) + 3.0
    found = principal_deviations(z)
    assert found.dtype == torch.float64
    assert found.tolist() == pytest.approx(np.sort(z.std(0).numpy())[::-1], rel=0.1)
    assert principal_deviations(gaussian(3, 5)).shape == (3,)  # no more than there are points
    with pytest.raises(ValueError, match="finite"):
        principal_deviations(torch.full((3, 2), torch.inf))
