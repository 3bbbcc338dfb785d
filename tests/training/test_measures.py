"""The plane that a map of a space shows: widest axes, and no flips from one look to the next."""

from __future__ import annotations

import pytest
import torch

from sigreg_edu.training.measures import (
    fixed_draw,
    measure_points,
    principal_plane,
    worst_direction,
)
from sigreg_edu.training.probes import principal_deviations


def cloud(generator: torch.Generator, dim: int = 6) -> torch.Tensor:
    widths = torch.linspace(3.0, 0.5, dim)
    mixed = torch.linalg.qr(torch.randn(dim, dim, generator=generator)).Q
    return (torch.randn(200, dim, generator=generator) * widths) @ mixed + 5.0


def test_it_holds_the_two_widest_axes_around_the_mean(generator):
    z = cloud(generator)
    plane = principal_plane(z)
    assert plane.shape == (200, 2)
    # both in float64, kept in float32
    torch.testing.assert_close(plane.std(0), principal_deviations(z)[:2], rtol=1e-5, atol=0.0)
    torch.testing.assert_close(plane.mean(0), torch.zeros(2), rtol=0.0, atol=1e-5)


def test_its_signs_do_not_depend_on_the_order_of_the_points(generator):
    z = cloud(generator)
    order = torch.randperm(len(z), generator=generator)
    torch.testing.assert_close(principal_plane(z[order]), principal_plane(z)[order])


def test_turned_to_fit_it_undoes_any_turn_and_flip_of_the_space(generator):
    z = cloud(generator)
    first = principal_plane(z)
    turned = z @ torch.linalg.qr(torch.randn(6, 6, generator=generator)).Q
    # rounding of float32, beside coordinates of some units
    torch.testing.assert_close(principal_plane(turned, like=first), first, rtol=0.0, atol=1e-4)
    assert not torch.allclose(principal_plane(turned), first, atol=0.1)


def test_fitting_keeps_distances(generator):
    z = cloud(generator)
    other = torch.randn(200, 2, generator=generator)
    free, fitted = principal_plane(z), principal_plane(z, like=other)
    torch.testing.assert_close(torch.pdist(fitted), torch.pdist(free), rtol=1e-4, atol=1e-4)


def test_a_single_point_many_times_stays_one(generator):
    still = principal_plane(torch.full((50, 4), 3.0), like=torch.randn(50, 2, generator=generator))
    assert torch.equal(still, torch.zeros(50, 2))


def test_a_fixed_draw_keeps_order_and_is_spread_over_all():
    indices = torch.arange(500, 1500)
    drawn = fixed_draw(indices, most=100)
    assert torch.equal(drawn, fixed_draw(indices, most=100))
    assert (drawn.diff() > 0).all()
    assert torch.isin(drawn, indices).all()
    assert 900 < drawn.double().mean() < 1100  # standard error 29
    assert fixed_draw(indices, most=1000) is indices


def test_the_yardstick_sees_all_classes_of_images_that_lie_in_their_order(generator):
    """Two classes, one after the other: the first 256 would be all of one."""
    z = torch.randn(1000, 4, generator=generator)
    z[:500, 0] -= 4.0
    z[500:, 0] += 4.0
    labels, rows = (torch.arange(1000) >= 500).long(), torch.arange(1000)
    shuffled = rows[torch.randperm(1000, generator=generator)]
    in_order, mixed = (measure_points(z[r], labels[r], rows[::2], rows) for r in (rows, shuffled))
    one_class = measure_points(z[:500], labels[:500], rows[:500:2], rows[:500])
    assert in_order.sigreg == pytest.approx(mixed.sigreg, rel=0.1)
    assert one_class.sigreg > 1.5 * in_order.sigreg
    direction, worst = worst_direction(z)
    assert worst == pytest.approx(worst_direction(z[shuffled])[1], rel=0.1)
    assert direction[0].abs() == 1.0
