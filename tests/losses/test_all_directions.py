"""The loss over all directions: exact, differentiable, the limit of many slices."""

from __future__ import annotations

import pytest
import torch

from sigreg_edu.losses import AllDirectionsSIGReg, SIGReg
from sigreg_edu.statistics import epps_pulley_closed_form


def points(count: int = 12, dim: int = 3, **options) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(count, dim, generator=generator, dtype=torch.float64, **options)


def test_its_gradient_is_the_slope_of_its_value():
    z = points().requires_grad_()
    assert torch.autograd.gradcheck(AllDirectionsSIGReg(), (z,))


def test_coincident_points_have_a_finite_gradient():
    z = torch.zeros(5, 4, dtype=torch.float64, requires_grad=True)
    AllDirectionsSIGReg()(z).backward()
    assert torch.isfinite(z.grad).all()


def test_in_the_plane_it_is_the_mean_over_the_circle():
    z = points(20, 2)
    angles = torch.arange(256, dtype=torch.float64) * (torch.pi / 256)
    shadows = z @ torch.stack([angles.cos(), angles.sin()])  # (N, 256)
    circle = epps_pulley_closed_form(shadows.T).mean()
    # A periodic function, evenly sampled: both are exact to rounding.
    torch.testing.assert_close(AllDirectionsSIGReg()(z), circle, rtol=1e-9, atol=0.0)


def test_many_slices_tend_to_it_and_the_error_falls_as_one_over_root_m():
    z, exact = points(64, 8), AllDirectionsSIGReg()(points(64, 8))

    def error(num_slices: int) -> float:
        errors = [
            (SIGReg(num_slices, 33, t_max=6.0, seed=seed)(z) - exact).square().item()
            for seed in range(30)
        ]
        return (sum(errors) / len(errors)) ** 0.5

    assert error(64) / error(1024) == pytest.approx(4.0, rel=0.4)  # 30 draws: 13 % each


def test_it_does_not_care_how_the_cloud_is_turned():
    z = points(30, 4)
    turn = torch.linalg.qr(points(4, 4)).Q
    torch.testing.assert_close(AllDirectionsSIGReg()(z @ turn), AllDirectionsSIGReg()(z))


def test_views_are_averaged():
    views = torch.stack([points(10, 3), 2 * points(10, 3)])
    each = torch.stack([AllDirectionsSIGReg()(view) for view in views])
    torch.testing.assert_close(AllDirectionsSIGReg()(views), each.mean())
