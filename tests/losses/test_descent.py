"""Descent from all but collapsed points ends Gaussian; by the report's form it does not.

Plain SGD with a falling step of D at first: the mean of a aᵀ over all directions is I / D, so the
gradient of the mean over slices is 1 / D of that along a direction.
"""

import pytest
import torch

from sigreg_edu.losses import SIGReg
from sigreg_edu.slicing import sliced_epps_pulley, uniform_directions
from sigreg_edu.statistics import EppsPulleyTest

COUNT = 1024


def descend(sigreg, dim, steps, *, count=COUNT, start=0.1):
    """A cloud about the origin, after SGD on ``sigreg``."""
    draws = torch.Generator().manual_seed(0)
    z = (torch.randn(count, dim, generator=draws) * torch.as_tensor(start)).requires_grad_()
    optimizer = torch.optim.SGD([z], lr=dim)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        optimizer.zero_grad()
        sigreg(z).backward()
        optimizer.step()
        schedule.step()
    return z.detach()


def shortcomings(z):
    """How far off the mean, the covariance, and the worst of 256 shadows are."""
    dim = z.shape[1]
    shadows = sliced_epps_pulley(z, uniform_directions(dim, 256, seed=99))
    covariance = (z.T.cov() - torch.eye(dim)).norm()
    return torch.stack([z.mean(0).norm(), covariance, shadows.max()])


def gaussian_99_percent(dim):
    """What 99 of 100 Gaussian samples stay below, of each shortcoming."""
    draws = torch.Generator().manual_seed(1)
    samples = [shortcomings(torch.randn(COUNT, dim, generator=draws)) for _ in range(200)]
    return torch.stack(samples).quantile(0.99, dim=0)


@pytest.mark.parametrize("dim", [2, 16])
def test_a_cloud_ends_no_worse_than_99_of_100_gaussian_samples(dim):
    z = descend(SIGReg(64), dim, steps=400)
    assert (shortcomings(z) <= gaussian_99_percent(dim)).all()


def test_in_128_dimensions_it_ends_below_its_floor_with_normal_shadows():
    z = descend(SIGReg(256), 128, steps=400)
    unseen = uniform_directions(128, 256, seed=99)
    assert sliced_epps_pulley(z, unseen).mean() < 1.0525
    p_values = EppsPulleyTest().p_value((z @ unseen).T)  # (N, M) -> (M, N) -> (M,)
    assert p_values.min() > 0.05


def test_the_reports_standardized_form_restores_neither_scale_nor_covariance():
    """Its gradient never points along a change of scale: the cloud stops where its shape fits."""
    ours, reports = (
        descend(SIGReg(16, **options), 2, steps=150, count=128)
        for options in ({}, {"method": "reference_points", "standardize": True})
    )
    assert ((ours.std(0) - 1).abs() < 0.1).all()
    assert (reports.std(0) < 0.75).all()
    covariance_error = (reports.T.cov() - torch.eye(2)).norm()
    assert covariance_error > 5 * gaussian_99_percent(2)[1]
