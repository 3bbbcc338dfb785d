"""The exact mean over all directions: reference values, known cases, invariances, gradients."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sigreg_edu.slicing import (
    cramer_wold_statistic,
    orthogonal_directions,
    sliced_statistic,
    uniform_directions,
)
from sigreg_edu.statistics import EppsPulleyTest, epps_pulley_closed_form

CLOSED_FORM = EppsPulleyTest(method="closed_form")


def randn(*shape, seed=0, **options):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64, **options)


@pytest.mark.parametrize("case", [0, 1])
def test_it_matches_thirty_digit_arithmetic(golden, case):
    z = torch.tensor(golden[case]["z"], dtype=torch.float64)
    expected = math.sqrt(2 * math.pi) * float(golden[case]["sliced_exact_density_weight"])
    assert cramer_wold_statistic(z).item() == pytest.approx(expected, rel=1e-10)
    assert cramer_wold_statistic(z.float()).item() == pytest.approx(expected, rel=1e-5)
    assert cramer_wold_statistic(z.float()).dtype == torch.float32


def test_in_one_dimension_it_is_the_closed_form():
    z = randn(30, 1)
    expected = epps_pulley_closed_form(z[:, 0])
    assert cramer_wold_statistic(z).item() == pytest.approx(expected.item(), rel=1e-11)


@pytest.mark.parametrize("dim", [2, 3, 8, 40])
def test_the_mean_over_many_random_directions_tends_to_it(dim):
    z = 1.3 * randn(25, dim) + 0.2
    values = sliced_statistic(z, uniform_directions(dim, 20_000, seed=1).double(), CLOSED_FORM)
    error = values.std() / math.sqrt(20_000)
    assert abs(values.mean() - cramer_wold_statistic(z)) < 4 * error


def test_in_two_dimensions_equal_angles_integrate_it_exactly():
    # The statistic is a smooth periodic function of the angle, for which equal steps converge
    # exponentially.
    z = randn(20, 2)
    angles = torch.arange(400, dtype=torch.float64) * math.pi / 400
    directions = torch.stack([angles.cos(), angles.sin()])
    mean = sliced_statistic(z, directions, CLOSED_FORM).mean()
    assert cramer_wold_statistic(z).item() == pytest.approx(mean.item(), rel=1e-11)


def test_its_floor_is_that_of_the_closed_form_whatever_the_dimension():
    floor = math.sqrt(2 * math.pi) * (1 - 1 / math.sqrt(3))
    for dim in (2, 30):
        values = cramer_wold_statistic(randn(400, 50, dim))
        assert values.mean().item() == pytest.approx(floor, abs=4 * values.std().item() / 20)


def test_a_gaussian_line_in_many_dimensions_is_far_from_the_floor():
    line = 0.01 * randn(1000, 1) * uniform_directions(32, 1, seed=0).double().T
    density_weight = cramer_wold_statistic(line) / math.sqrt(2 * math.pi)
    assert density_weight.item() == pytest.approx(163, abs=0.5)
    isotropic = cramer_wold_statistic(randn(1000, 32)) / math.sqrt(2 * math.pi)
    assert isotropic < 0.6


def test_a_batch_is_its_entries():
    z = randn(2, 3, 7, 4)
    expected = torch.stack([torch.stack([cramer_wold_statistic(e) for e in row]) for row in z])
    assert torch.allclose(cramer_wold_statistic(z), expected, rtol=1e-11)
    plain = cramer_wold_statistic(z, scale_by_n=False)
    assert torch.allclose(7 * plain, expected, rtol=1e-11)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(1, 6), st.integers(1, 8), st.integers(0, 1000))
def test_rotations_mirrors_and_order_do_not_matter(dim, count, seed):
    z = 2 * randn(count, dim, seed=seed)
    rotation = orthogonal_directions(dim, dim, seed=seed, dtype=torch.float64)
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    value = cramer_wold_statistic(z)
    assert value >= 0
    for moved in (z @ rotation, -z, z[order]):
        assert torch.allclose(cramer_wold_statistic(moved), value, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("dim", [1, 2, 3, 6])
def test_gradients_agree_with_finite_differences(dim):
    z = randn(2, 5, dim, requires_grad=True)
    assert torch.autograd.gradcheck(cramer_wold_statistic, z)
    assert torch.autograd.gradgradcheck(cramer_wold_statistic, z)


def test_points_that_coincide_have_a_finite_gradient():
    z = torch.full((6, 3), 0.5, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(cramer_wold_statistic(z), z)
    assert gradient.isfinite().all()
    assert torch.allclose(gradient, gradient[:1].expand(6, 3))


def test_distances_survive_a_far_centre():
    # 1e5 away, squared lengths are 1e10 and their differences would be good to 1e-6 only.
    z = randn(10, 2)
    far = cramer_wold_statistic(z + 1e5, scale_by_n=False)
    near_pairs = cramer_wold_statistic(z, scale_by_n=False)
    assert far.isfinite()
    assert far > near_pairs


def test_one_point_and_half_precision_are_right_answers():
    one = cramer_wold_statistic(torch.zeros(1, 4, dtype=torch.float64))
    expected = math.sqrt(2 * math.pi) * (1 - math.sqrt(2) + 1 / math.sqrt(3))
    assert one.item() == pytest.approx(expected, rel=1e-12)
    z = randn(20, 3).bfloat16()
    assert torch.equal(cramer_wold_statistic(z), cramer_wold_statistic(z.double()).float())


def test_nan_gives_nan_in_its_own_entry():
    z = randn(2, 5, 3)
    z[0, 0, 0] = math.nan
    assert cramer_wold_statistic(z).isnan().tolist() == [True, False]


@pytest.mark.parametrize(
    ("z", "error"),
    [
        (torch.zeros(5), ValueError),
        (torch.zeros(0, 3), ValueError),
        (torch.zeros(3, 0), ValueError),
        (torch.zeros(0, 3, 2), ValueError),
        (torch.zeros(3, 2, dtype=torch.int64), TypeError),
        ([[0.0]], TypeError),
    ],
)
def test_bad_input_is_refused(z, error):
    with pytest.raises(error, match="z "):
        cramer_wold_statistic(z)
