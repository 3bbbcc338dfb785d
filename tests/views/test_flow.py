"""The flow: each loss is the library's, each step is gradient descent, and what each cannot see."""

from __future__ import annotations

import pytest
import torch

from sigreg_edu.data import sample_cloud
from sigreg_edu.losses import SIGReg, VICRegLoss
from sigreg_edu.slicing import cramer_wold_statistic, uniform_directions
from sigreg_edu.statistics import EppsPulleyTest
from sigreg_edu.views.flow import (
    CLOUDS,
    LAST_STEP,
    LOSSES,
    NUM_POINTS,
    Flow,
    Setup,
    labels_of,
    loss_of,
    mean_everywhere,
    standardized_statistic,
    starting_cloud,
    two_moments,
)

SLICES = uniform_directions(2, 8, seed=3)


def setup(**changes) -> Setup:
    defaults = {
        "cloud": "two_moons",
        "loss": "fresh",
        "num_slices": 16,
        "num_knots": 17,
        "t_max": 3.0,
        "step_size": 1.0,
        "seed": 0,
    }
    return Setup(**{**defaults, **changes})


def end_of(**changes) -> tuple[Flow, torch.Tensor]:
    flow = Flow(setup(**changes))
    flow.extend(121)
    return flow, flow.points[-1]


def widths(z: torch.Tensor) -> list[float]:
    return torch.linalg.eigvalsh(z.T.cov()).clamp_min(0).sqrt().tolist()


@pytest.mark.parametrize("loss", ["fresh", "fixed"])
def test_sliced_losses_are_sigregs(loss):
    z = sample_cloud("spiral", 100, dim=2)
    ours = loss_of(setup(loss=loss, num_knots=9, t_max=2.0), z, SLICES)
    theirs = SIGReg(num_points=9, t_max=2.0)(z, directions=SLICES)
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-5)


def test_the_exact_loss_is_the_mean_over_all_directions():
    z = sample_cloud("spiral", 60, dim=2)
    assert loss_of(setup(loss="exact"), z, None) == cramer_wold_statistic(z)


@pytest.mark.parametrize("scale", [0.02, 1.0, 1.6])
def test_the_standardized_loss_is_the_reports_three_sums(scale):
    z = scale * sample_cloud("two_moons", 200, dim=2) + 0.3
    test = EppsPulleyTest(method="reference_points", standardize=True)
    expected = test((z @ SLICES).T).double()
    torch.testing.assert_close(standardized_statistic(z, SLICES), expected, rtol=2e-3, atol=0)


def test_vicregs_loss_is_the_librarys_times_n():
    z = 0.5 * sample_cloud("tilted", 80, dim=2)
    terms = VICRegLoss(variance_weight=1.0, covariance_weight=1 / 25).regularizer(z, z)
    ours = loss_of(setup(loss="vicreg"), z, None)
    assert ours.item() == pytest.approx(80 * terms["vicreg_loss"].item(), rel=1e-5)


def test_two_moments_is_zero_for_mean_0_and_std_1_and_nothing_else():
    z = sample_cloud("two_moons", 4000, dim=2)
    z = (z - z.mean(0)) @ torch.linalg.inv(torch.linalg.cholesky(z.T.cov())).T
    assert two_moments(z, SLICES).max() < 1e-4  # two moons, whitened: it sees nothing
    shifted = two_moments(z + torch.tensor([1.0, 0.0]), SLICES)
    torch.testing.assert_close(shifted, 4000 * SLICES[0] ** 2, rtol=1e-3, atol=0.01)


def test_a_step_is_gradient_descent():
    flow = Flow(setup(loss="fixed", step_size=0.5))
    flow.extend(2)
    z = flow.points[0].clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(loss_of(flow.setup, z, flow.slices[0]), z)
    torch.testing.assert_close(flow.points[1], z.detach() - 0.5 * gradient)


def test_fixed_slices_stay_and_fresh_ones_do_not():
    fixed, fresh = Flow(setup(loss="fixed")), Flow(setup(loss="fresh"))
    for flow in (fixed, fresh):
        flow.extend(3)
    assert torch.equal(fixed.slices[0], fixed.slices[2])
    assert not torch.equal(fresh.slices[0], fresh.slices[2])
    assert torch.equal(fixed.slices[0], fresh.slices[0])  # both begin with the same ones


def test_a_flow_in_two_goes_is_the_same_flow():
    once, twice = Flow(setup()), Flow(setup())
    once.extend(9)
    twice.extend(4)
    twice.extend(9)
    assert torch.equal(once.points, twice.points)


def test_clouds_lie_in_one_place_from_the_first_step_on():
    flow = Flow(setup())
    flow.extend(2)
    place, first = flow.points.data_ptr(), flow.points.clone()
    flow.extend(LAST_STEP + 2)
    assert flow.points.shape == (LAST_STEP + 2, NUM_POINTS, 2)
    assert flow.points.data_ptr() == place
    assert torch.equal(flow.points[:2], first)
    assert flow.points.isfinite().all()


@pytest.mark.parametrize("cloud", ["two_moons", "digits_3d"])
def test_everywhere_is_the_exact_mean_to_better_than_one_per_cent(cloud):
    z = starting_cloud(cloud, 0)
    assert mean_everywhere(z) == pytest.approx(cramer_wold_statistic(z).item(), rel=0.01)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_cloud_has_its_points(cloud):
    z = starting_cloud(cloud, 0)
    assert z.shape == (NUM_POINTS, 3 if cloud == "digits_3d" else 2)
    labels = labels_of(cloud)
    assert labels is None or labels.shape == (NUM_POINTS,)


# --- what notebook 03 says of the flows


@pytest.mark.parametrize("cloud", ["two_moons", "rank_one", "jitter", "inflated", "shifted"])
def test_fresh_slices_make_any_cloud_gaussian_even_two_of_them(cloud):
    for num_slices in (2, 64):
        flow, _ = end_of(cloud=cloud, num_slices=num_slices)
        assert flow.everywhere[-1] < 0.4


def test_two_fixed_slices_are_satisfied_by_a_line():
    flow, z = end_of(cloud="rank_one", loss="fixed", num_slices=2)
    assert flow.losses[-1] < 0.01
    assert flow.everywhere[-1] > 40
    assert widths(z)[0] < 0.05


@pytest.mark.parametrize(
    ("cloud", "narrow", "wide"),
    [("rank_one", 0.2, 1.1), ("jitter", 0.5, 0.6), ("inflated", 1.7, 1.8)],
)
def test_standardizing_leaves_lines_points_and_scales_as_they_are(cloud, narrow, wide):
    flow, z = end_of(cloud=cloud, loss="standardized", num_slices=64)
    assert widths(z)[0] < narrow
    assert widths(z)[1] < wide
    assert flow.everywhere[-1] > 40


def test_vicreg_leaves_what_is_wide_and_moments_leave_the_shape():
    assert end_of(cloud="inflated", loss="vicreg")[0].everywhere[-1] > 50
    assert end_of(cloud="two_moons", loss="moments")[0].everywhere[-1] > 7


def test_at_one_point_nothing_moves_and_with_a_jitter_it_does():
    assert torch.equal(end_of(cloud="point")[1], torch.zeros(NUM_POINTS, 2))
    assert end_of(cloud="jitter")[0].everywhere[-1] < 0.1


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_is_finite_from_the_dead_point_on(loss):
    flow = Flow(setup(cloud="point", loss=loss))
    flow.extend(4)
    assert flow.points[-1].isfinite().all()
