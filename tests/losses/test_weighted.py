"""SIGReg with another weight."""

from __future__ import annotations

import pytest
import torch

from sigreg_edu.losses import SIGReg, WeightedSIGReg
from sigreg_edu.slicing import uniform_directions
from sigreg_edu.statistics import rule_statistic
from sigreg_edu.statistics.weights import WEIGHTS, weight_rule


def points() -> torch.Tensor:
    return torch.randn(200, 6, generator=torch.Generator().manual_seed(0)) * 1.3


def test_with_the_usual_weight_it_is_sigreg():
    torch.testing.assert_close(WeightedSIGReg(32, seed=2)(points()), SIGReg(32, seed=2)(points()))


@pytest.mark.parametrize("weight", WEIGHTS)
def test_it_is_the_mean_of_the_rules_statistic(weight):
    z, directions = points().double(), uniform_directions(6, 5, seed=1, dtype=torch.float64)
    loss = WeightedSIGReg(weight=weight, width=0.7, t_max=4.0)
    rule = weight_rule(weight, width=0.7, t_max=4.0)
    expected = rule_statistic((z @ directions).T, *rule).mean()
    torch.testing.assert_close(loss(z, directions=directions), expected)


@pytest.mark.parametrize("weight", WEIGHTS)
def test_its_gradient_is_the_slope_of_its_value(weight):
    z = points()[:8].double().requires_grad_()
    directions = uniform_directions(6, 3, seed=1, dtype=torch.float64)
    loss = WeightedSIGReg(weight=weight)
    assert torch.autograd.gradcheck(lambda z: loss(z, directions=directions), (z,))


def test_a_checkpoint_goes_on_with_the_slices_it_would_have_drawn():
    loss, z = WeightedSIGReg(16, weight="cauchy", seed=2), points()
    loss(z)
    other = WeightedSIGReg(16, weight="cauchy", seed=5)
    other.load_state_dict(loss.state_dict())
    assert torch.equal(other(z), loss(z))


def test_a_cast_rounds_neither_knots_nor_weights():
    z, make = points(), lambda: WeightedSIGReg(16, weight="uniform", normalized=True)
    for cast in (torch.float16, torch.float64):
        assert torch.equal(make().to(cast)(z), make()(z))


def test_a_schedule_may_change_its_number_of_slices():
    loss = WeightedSIGReg(16)
    loss.num_slices = 4
    assert loss.draw_directions(points()).shape == (6, 4)


@pytest.mark.parametrize("options", [{"t_max": 1.0}, {"weight": "cauchy", "t_max": 5.0}])
def test_normalized_weights_share_the_usual_floor(options):
    assert WeightedSIGReg(normalized=True, **options).null_mean == pytest.approx(1.0525, abs=1e-4)
    assert WeightedSIGReg(**options).null_mean != pytest.approx(1.0525, abs=0.1)


def test_gaussian_points_score_the_null_mean():
    z = torch.randn(40, 500, 4, generator=torch.Generator().manual_seed(1))
    loss = WeightedSIGReg(64, weight="uniform")
    # 40 clouds whose means over slices scatter by about half the mean: 0.08 of it.
    assert loss(z).item() == pytest.approx(loss.null_mean, rel=0.3)
