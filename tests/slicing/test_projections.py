"""Projections and the statistic of each."""

import pytest
import torch

from sigreg_edu.slicing import project, sliced_statistic, uniform_directions
from sigreg_edu.statistics import EppsPulleyTest


@pytest.fixture
def z(generator):
    return torch.randn(20, 5, generator=generator, dtype=torch.float64)


def test_a_projection_is_an_inner_product(z):
    directions = uniform_directions(5, 3, seed=0, dtype=torch.float64)
    expected = torch.stack([(z * direction).sum(-1) for direction in directions.T], dim=-1)
    assert torch.allclose(project(z, directions), expected)


def test_leading_axes_are_a_batch(z):
    directions = uniform_directions(5, 3, seed=0, dtype=torch.float64)
    batch = torch.stack([z, 2 * z])
    assert project(batch, directions).shape == (2, 20, 3)
    assert sliced_statistic(batch, directions, EppsPulleyTest()).shape == (2, 3)


def test_the_sliced_statistic_is_the_test_of_each_shadow(z):
    directions = uniform_directions(5, 3, seed=0, dtype=torch.float64)
    test = EppsPulleyTest()
    expected = torch.stack([test(project(z, directions)[:, m]) for m in range(3)])
    assert torch.allclose(sliced_statistic(z, directions, test), expected)
    widths = sliced_statistic(z, directions, lambda x: x.std(-1))
    assert torch.allclose(widths, project(z, directions).std(0))


def test_gradients_reach_points_and_directions(z):
    directions = uniform_directions(5, 2, seed=0, dtype=torch.float64).requires_grad_()
    points = z[:4].clone().requires_grad_()

    def statistic(points, directions):
        return sliced_statistic(points, directions, EppsPulleyTest())

    assert torch.autograd.gradcheck(statistic, (points, directions))


def test_standardizing_each_shadow_hides_collapse():
    """A line of width 0.01 in 32 dimensions passes the standardized test and no other."""
    draws = torch.Generator().manual_seed(0)
    directions = uniform_directions(32, 64, generator=draws)
    line = 0.01 * torch.randn(1000, 1, generator=draws) @ uniform_directions(32, 1, seed=5).T
    isotropic = torch.randn(1000, 32, generator=draws)
    plain = EppsPulleyTest(method="reference_points")
    report = EppsPulleyTest(method="reference_points", standardize=True)
    for z in (line, isotropic):
        assert 1 < sliced_statistic(z, directions, report).mean() < 3
    assert sliced_statistic(line, directions, plain).mean().item() == pytest.approx(184, abs=0.5)
    assert sliced_statistic(isotropic, directions, plain).mean() < 3


@pytest.mark.parametrize("shape", [(4, 3), (5,), (5, 0), (1, 5, 3)])
def test_directions_of_another_shape_are_refused(z, shape):
    with pytest.raises(ValueError, match=r"shape \(D, M\) with D = 5"):
        project(z, torch.ones(shape, dtype=torch.float64))


def test_other_bad_input_is_refused(z):
    directions = torch.ones(5, 1, dtype=torch.float64)
    with pytest.raises(TypeError, match=r"one dtype, got torch\.float64 and torch\.float32"):
        project(z, directions.float())
    with pytest.raises(ValueError, match="one device"):
        project(z, directions.to("meta"))
    with pytest.raises(ValueError, match="z must have shape"):
        project(z[:, 0], directions)
    with pytest.raises(ValueError, match="z needs at least 1 point"):
        project(z[:0], directions)
    with pytest.raises(TypeError, match="z must hold floating-point"):
        project(z.long(), directions)
    with pytest.raises(TypeError, match="directions must be a torch"):
        project(z, directions.numpy())
