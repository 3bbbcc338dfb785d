"""Probes: closed forms, invariances, and scikit-learn as a second opinion."""

import math
import sys

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from sigreg_edu.data import digit_features, load_digits, sample_cloud
from sigreg_edu.slicing import uniform_directions
from sigreg_edu.statistics import EppsPulleyTest
from sigreg_edu.training import (
    FactorScore,
    effective_rank,
    factor_probes,
    knn_accuracy,
    linear_probe,
    principal_deviations,
    probes,
    shadow_gaussianity,
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


# --- linear probes -------------------------------------------------------------------------------


def split_digits():
    digits, z = load_digits(), digit_features("pixels")
    train, test = digits.train_indices, digits.test_indices
    return z[train], digits.labels[train], z[test], digits.labels[test]


def test_the_linear_probe_is_a_logistic_regression_of_standardized_coordinates():
    train_z, train_y, test_z, test_y = split_digits()
    mean, std = train_z.double().mean(0), train_z.double().std(0, unbiased=False)
    std[std == 0.0] = 1.0  # pixels that are black in every digit
    model = LogisticRegression(C=0.1, max_iter=5000)
    model.fit(((train_z.double() - mean) / std).numpy(), train_y.numpy())
    expected = model.score(((test_z.double() - mean) / std).numpy(), test_y.numpy())
    found = linear_probe(train_z, train_y, test_z, test_y, c=0.1)
    assert found == pytest.approx(expected, abs=1 / 450)  # one digit on the border
    assert found > 0.93


def test_the_linear_probe_sees_neither_scale_nor_place():
    train_z, train_y, test_z, test_y = split_digits()
    scale = torch.logspace(-3, 3, train_z.shape[1], dtype=torch.float64)
    moved = (train_z * scale + 5.0, test_z * scale + 5.0)
    found = linear_probe(moved[0], train_y, moved[1], test_y)
    assert found == pytest.approx(linear_probe(train_z, train_y, test_z, test_y), abs=1 / 450)


def test_what_is_not_linear_a_linear_probe_cannot_read():
    generator = torch.Generator().manual_seed(0)
    z = torch.rand(400, 2, generator=generator) - 0.5
    inside, crossed = (z[:, 0] > 0).long(), (z[:, 0] * z[:, 1] > 0).long()
    assert linear_probe(z[:200], inside[:200], z[200:], inside[200:]) > 0.95
    assert linear_probe(z[:200], crossed[:200], z[200:], crossed[200:]) < 0.65


def test_a_fit_that_needs_more_iterations_gets_them_without_a_warning(monkeypatch):
    train_z, train_y, test_z, test_y = split_digits()
    expected = linear_probe(train_z, train_y, test_z, test_y)
    monkeypatch.setattr(probes, "ITERATIONS", (3, 30, 3000))
    found = linear_probe(train_z, train_y, test_z, test_y)  # a warning would be an error
    assert found == pytest.approx(expected, abs=1 / 450)
    monkeypatch.setattr(probes, "ITERATIONS", (1, 2))  # and where they run out it is taken
    assert linear_probe(train_z, train_y, test_z, test_y) < expected


@pytest.mark.parametrize("point", [0.0, 0.1, 1e-30])
def test_from_a_collapsed_cloud_the_linear_probe_reads_nothing(point):
    y = torch.tensor([0, 1, 1, 1, 2])
    z = torch.full((5, 3), point)
    assert linear_probe(z, y, z, y) == 0.6


def test_one_label_alone_is_always_guessed():
    z = gaussian(6, 2)
    y = torch.full((6,), 3)
    assert linear_probe(z, y, z, y) == 1.0
    assert linear_probe(z, y, z, torch.tensor([3, 3, 1, 1, 1, 1])) == pytest.approx(1 / 3)


def test_labels_that_only_the_test_points_have_are_missed():
    z = torch.tensor([[0.0], [1.0]])
    assert linear_probe(z, torch.tensor([0, 1]), z, torch.tensor([0, 7])) == 0.5


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_the_linear_probe_takes_every_dtype_and_what_still_has_a_gradient(dtype):
    z, y = torch.tensor([[0.0], [0.5], [5.0], [6.0]]), torch.tensor([0, 0, 1, 1])
    z = z.to(dtype).requires_grad_(True)
    assert linear_probe(z, y, z, y) == 1.0


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"c": 0.0}, ValueError, "c must be a finite number above 0"),
        ({"c": "1"}, TypeError, "c must be a number"),
        ({"train_y": torch.zeros(3, dtype=torch.int64)}, ValueError, "one label from 0 for each"),
        ({"test_y": torch.zeros(2)}, TypeError, "test_y must be a tensor of int64"),
        ({"test_z": torch.zeros(2, 3)}, ValueError, "must have one dimension, got 2 and 3"),
        ({"test_z": torch.full((2, 2), math.inf)}, ValueError, "test_z must be finite"),
    ],
)
def test_the_linear_probe_refuses_what_does_not_fit(changes, error, message):
    arguments = {
        "train_z": torch.zeros(4, 2),
        "train_y": torch.tensor([0, 1, 0, 1]),
        "test_z": torch.zeros(2, 2),
        "test_y": torch.tensor([0, 1]),
    }
    with pytest.raises(error, match=message):
        linear_probe(**{**arguments, **changes})


def test_without_scikit_learn_the_error_says_what_to_install(monkeypatch):
    z, y = torch.eye(2), torch.arange(2)
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with pytest.raises(ImportError, match="pip install scikit-learn"):
        linear_probe(z, y, z, y)


def test_each_factor_has_a_probe_of_its_own_and_its_chance():
    z = gaussian(300, 3)
    side, other = (z[:, 0] > 0).long(), torch.arange(300) % 3
    factors = {"side": side, "other": other, "same": torch.ones_like(side)}
    a, b = slice(0, 200), slice(200, 300)
    parts = [{name: labels[part] for name, labels in factors.items()} for part in (a, b)]
    scores = factor_probes(z[a], parts[0], z[b], parts[1])
    assert list(scores) == ["side", "other", "same"]
    for name, score in scores.items():
        assert score.accuracy == linear_probe(z[a], factors[name][a], z[b], factors[name][b])
        assert score.chance == np.bincount(factors[name][b]).max() / 100
    assert scores["side"].accuracy > 0.9 > 0.6 > scores["side"].chance
    assert scores["other"].accuracy < 0.5
    assert scores["same"] == FactorScore(accuracy=1.0, chance=1.0)


def test_without_factors_there_are_no_scores_and_other_names_are_refused():
    z, y = gaussian(4, 2), torch.tensor([0, 1, 0, 1])
    assert factor_probes(z, {}, z, {}) == {}
    with pytest.raises(ValueError, match=r"same names, got \['a'\] and \['b'\]"):
        factor_probes(z, {"a": y}, z, {"b": y})


# --- Gaussian shadows ----------------------------------------------------------------------------


def test_of_a_gaussian_cloud_the_level_is_what_is_rejected_on_average():
    seen = [shadow_gaussianity(gaussian(200, 16, seed=seed), level=0.1) for seed in range(40)]
    # Shadows of one cloud hang together: their share scatters by about 0.05 from cloud to cloud.
    assert np.mean([found.rejected for found in seen]) == pytest.approx(0.1, abs=0.025)
    assert np.mean([found.mean_statistic for found in seen]) == pytest.approx(1.0525, abs=0.05)
    assert all(found.level == 0.1 for found in seen)


def test_statistics_and_p_values_are_those_of_the_one_dimensional_test():
    z = gaussian(60, 4) * torch.tensor([1.0, 1.0, 1.0, 1.6])
    found = shadow_gaussianity(z, num_directions=20, seed=3)
    random = uniform_directions(4, 20, seed=2**31 + 3)
    directions = torch.cat([random, torch.eye(4)], dim=1).double()
    test, shadows = EppsPulleyTest(), (z @ directions).T  # (24, 60)
    statistics = test(shadows)
    assert found.mean_statistic == pytest.approx(statistics.mean().item(), rel=1e-9)
    assert found.worst_statistic == pytest.approx(statistics.max().item(), rel=1e-9)
    assert torch.equal(found.worst_direction, directions[:, statistics.argmax()])
    rejected = (test.p_value(shadows) < 0.05).double().mean().item()
    assert found.rejected == pytest.approx(rejected)
    assert 0.0 < rejected < 1.0


@pytest.mark.parametrize("axis", [0, 3])
def test_an_axis_that_alone_is_wrong_is_found(axis):
    z = gaussian(500, 32)
    z[:, axis] = z[:, axis].sign()
    found = shadow_gaussianity(z)
    assert torch.equal(found.worst_direction, torch.eye(32, dtype=torch.float64)[:, axis])
    assert found.worst_statistic > 10.0


@pytest.mark.parametrize("change", [lambda z: 0.3 * z, lambda z: z + 1.0, lambda z: 0.0 * z])
def test_a_cloud_that_is_too_narrow_or_elsewhere_is_rejected_along_most_directions(change):
    found = shadow_gaussianity(change(gaussian(500, 8)))
    assert found.rejected > 0.8
    assert found.worst_direction.norm().item() == pytest.approx(1.0)


def test_the_same_seed_looks_along_the_same_directions_and_another_along_others():
    z = gaussian(100, 8)
    first, again, other = (shadow_gaussianity(z, seed=seed) for seed in (0, 0, 1))
    assert first.mean_statistic == again.mean_statistic != other.mean_statistic


def test_the_directions_are_none_that_a_training_takes_from_its_seed():
    slices = uniform_directions(8, 256, seed=0)
    found = shadow_gaussianity(gaussian(50, 8).float(), seed=0)
    assert not (found.worst_direction[:, None] == slices).all(dim=0).any()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_gaussianity_of_every_dtype_is_that_of_float64_as_far_as_it_was_rounded(dtype):
    z = gaussian(200, 4).to(dtype)
    found, exact = shadow_gaussianity(z), shadow_gaussianity(z.double())
    assert found.mean_statistic == pytest.approx(exact.mean_statistic, rel=1e-4)
    assert found.worst_direction.dtype == torch.float32


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"z": torch.full((3, 2), math.nan)}, ValueError, "z must be finite"),
        ({"z": torch.zeros(2, 3, 4)}, ValueError, r"z must have shape \(N, D\)"),
        ({"z": [[0.0]]}, TypeError, r"z must be a torch\.Tensor"),
        ({"level": 5}, ValueError, "level must lie strictly between 0 and 1"),
        ({"num_directions": 0}, ValueError, "num_directions must be at least 1"),
        ({"seed": -1}, ValueError, "seed must be at least 0"),
    ],
)
def test_gaussianity_refuses_what_does_not_fit(arguments, error, message):
    with pytest.raises(error, match=message):
        shadow_gaussianity(**{"z": gaussian(5, 2), **arguments})
