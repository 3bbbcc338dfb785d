"""Directions: unit length, the right law, and no randomness that was not passed in."""

import math

import pytest
import torch
from scipy import stats

from sigreg_edu.slicing import (
    DIRECTIONS,
    cramer_wold_statistic,
    direction_from_angles,
    fixed_directions,
    orthogonal_directions,
    quasi_random_directions,
    sample_directions,
    sliced_statistic,
    uniform_directions,
)
from sigreg_edu.statistics import EppsPulleyTest

kinds = pytest.mark.parametrize("kind", DIRECTIONS)


@kinds
@pytest.mark.parametrize(("dim", "num_slices"), [(1, 4), (2, 7), (5, 5), (16, 100), (50, 3)])
def test_columns_have_length_one(kind, dim, num_slices):
    directions = sample_directions(kind, dim, num_slices, seed=0, dtype=torch.float64)
    assert directions.shape == (dim, num_slices)
    assert torch.allclose(directions.norm(dim=0), torch.ones(num_slices, dtype=torch.float64))


@kinds
def test_every_single_direction_is_uniform_on_the_sphere(kind):
    # In three dimensions each coordinate of a uniform direction is uniform on [-1, 1].
    directions = sample_directions(kind, 3, 1024, seed=0, dtype=torch.float64)
    for coordinate in directions.numpy():
        assert stats.kstest(coordinate, "uniform", args=(-1, 2)).pvalue > 1e-3


@kinds
def test_a_seed_gives_the_same_and_another_seed_others(kind):
    first, again, other = (sample_directions(kind, 4, 6, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)


@kinds
@pytest.mark.usefixtures("global_generators_untouched")
def test_the_global_generators_are_left_alone(kind):
    sample_directions(kind, 4, 6, seed=0)


@kinds
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_dtype_and_device_are_those_asked_for(kind, dtype):
    directions = sample_directions(kind, 4, 6, seed=0, dtype=dtype, device="meta")
    assert directions.dtype == dtype
    assert directions.device.type == "meta"
    single = sample_directions(kind, 4, 6, seed=0, dtype=dtype).double()
    assert torch.allclose(single.norm(dim=0), torch.ones(6, dtype=torch.float64), atol=0.01)


def test_a_generator_moves_on(generator):
    first = uniform_directions(4, 6, generator=generator)
    second = uniform_directions(4, 6, generator=generator)
    assert not torch.allclose(first, second)
    assert torch.equal(first, uniform_directions(4, 6, seed=0))


def test_orthogonal_blocks_are_at_right_angles_and_independent_of_each_other():
    directions = orthogonal_directions(6, 15, seed=0, dtype=torch.float64)
    products = directions.T @ directions
    for start in (0, 6, 12):
        block = products[start : start + 6, start : start + 6]
        assert torch.allclose(block, torch.eye(len(block), dtype=torch.float64), atol=1e-12)
    assert products[:6, 6:12].abs().max() > 0.1


def test_orthogonal_blocks_are_haar_not_the_signs_of_qr():
    # Without the sign rule the first column's first entry would always be negative.
    first = torch.stack([orthogonal_directions(3, 3, seed=seed)[0, 0] for seed in range(200)])
    assert 70 < int((first > 0).sum()) < 130


@pytest.mark.parametrize("sequence", ["sobol", "halton"])
def test_quasi_random_directions_judge_better_than_random_ones(sequence):
    z = 1.5 * torch.randn(60, 3, generator=torch.Generator().manual_seed(0)).double() ** 2
    test = EppsPulleyTest(method="closed_form")
    exact = cramer_wold_statistic(z)

    def error(draw):
        errors = [
            sliced_statistic(z, draw(seed).double(), test).mean() - exact for seed in range(12)
        ]
        return torch.stack(errors).square().mean().sqrt()

    even = error(lambda seed: quasi_random_directions(3, 256, sequence=sequence, seed=seed))
    random = error(lambda seed: uniform_directions(3, 256, seed=seed))
    assert even < random / 2


def test_any_number_of_sobol_directions_comes_without_a_warning():
    assert quasi_random_directions(3, 100, seed=0).shape == (3, 100)  # warnings are errors here


def test_sobol_ends_where_its_table_does_and_says_what_to_use():
    with pytest.raises(ValueError, match=r"21201 dimensions, got dim=21202.*halton"):
        quasi_random_directions(21_202, 1, seed=0)


def test_fixed_directions_leave_a_subspace_unseen():
    directions = fixed_directions(8, 4, seed=0, dtype=torch.float64)
    blind = torch.linalg.svd(directions.T).Vh[4:]  # (4, 8), at right angles to all of them
    z = torch.randn(100, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    spoiled = z + 50 * z[:, :1] * blind[0]
    test = EppsPulleyTest()
    seen = sliced_statistic(z, directions, test)
    assert torch.allclose(sliced_statistic(spoiled, directions, test), seen, rtol=1e-6)
    assert sliced_statistic(spoiled, uniform_directions(8, 64, seed=1).double(), test).mean() > 10


def test_angles_are_degrees_from_the_first_axis():
    diagonal = direction_from_angles(45.0, dtype=torch.float64)
    assert torch.allclose(diagonal, torch.full((2,), math.sqrt(0.5), dtype=torch.float64))
    assert torch.allclose(direction_from_angles(90.0), torch.tensor([0.0, 1.0]), atol=1e-7)
    north_east = direction_from_angles(90.0, 30.0, dtype=torch.float64)
    expected = torch.tensor([0.0, math.sqrt(3) / 2, 0.5], dtype=torch.float64)
    assert torch.allclose(north_east, expected, atol=1e-15)
    assert direction_from_angles(12.0, -90.0)[2] == -1


@pytest.mark.parametrize("kind", ["uniform", "orthogonal"])
def test_randomness_comes_by_one_argument(kind, generator):
    with pytest.raises(ValueError, match=r"got neither: for instance seed=0"):
        sample_directions(kind, 3, 2)
    with pytest.raises(ValueError, match="got both"):
        sample_directions(kind, 3, 2, generator=generator, seed=0)
    with pytest.raises(TypeError, match=r"torch\.Generator"):
        sample_directions(kind, 3, 2, generator=7)


@kinds
@pytest.mark.parametrize(
    ("dim", "num_slices", "options", "error"),
    [
        (0, 2, {}, ValueError),
        (2, 0, {}, ValueError),
        (2.0, 2, {}, TypeError),
        (2, True, {}, TypeError),
        (2, 2, {"dtype": torch.int64}, TypeError),
        (2, 2, {"dtype": "float32"}, TypeError),
        (2, 2, {"seed": -1}, ValueError),
        (2, 2, {"seed": 0.5}, TypeError),
    ],
)
def test_bad_sizes_are_refused(kind, dim, num_slices, options, error):
    with pytest.raises(error):
        sample_directions(kind, dim, num_slices, **{"seed": 0, **options})


def test_an_unknown_kind_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'orthogonal'"):
        sample_directions("ortogonal", 3, 2, seed=0)
    with pytest.raises(ValueError, match="Did you mean 'sobol'"):
        quasi_random_directions(3, 2, sequence="sobel", seed=0)


@pytest.mark.parametrize("kind", ["quasi_random", "fixed"])
def test_kinds_that_repeat_take_a_seed_and_no_generator(kind, generator):
    with pytest.raises(TypeError, match=f"'{kind}' directions take seed=, not generator="):
        sample_directions(kind, 3, 2, generator=generator)
