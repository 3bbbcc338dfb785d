"""The view of weights: floors, power, the flaws' characteristic functions, the pull."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sigreg_edu.statistics import null_distribution, rule_statistic
from sigreg_edu.statistics.weights import weight_rule
from sigreg_edu.views.weights import (
    FLAWS,
    NUM_SAMPLES,
    T_GRID,
    WeightsParams,
    _samples,
    weights_view,
)


@pytest.mark.parametrize("name", FLAWS)
def test_a_flaws_characteristic_function_is_that_of_its_samples(name):
    generator = torch.Generator().manual_seed(3)
    noise, uniform = (
        torch.randn(40_000, generator=generator),
        torch.rand(40_000, generator=generator),
    )
    x = FLAWS[name].bend(noise, uniform).double().numpy()
    some = T_GRID[::12]
    sample = np.exp(1j * np.outer(some, x)).mean(1)
    # Four standard errors of the mean of 40,000 unit arrows.
    np.testing.assert_allclose(sample, FLAWS[name].cf(some), atol=0.02)


def test_the_usual_weight_is_its_own_rival():
    view = weights_view(WeightsParams())
    np.testing.assert_array_equal(view.power, view.usual)
    np.testing.assert_allclose(view.pull, view.usual_pull)
    assert view.null_mean == pytest.approx(null_distribution().mean)
    assert view.limit == pytest.approx(float(null_distribution().quantile(0.95)))


@pytest.mark.parametrize("weight", ["gaussian", "cauchy", "uniform"])
def test_power_is_the_share_of_samples_above_the_limit(weight):
    params = WeightsParams(weight=weight, width=1.5, t_max=4.0)
    view = weights_view(params)
    rule = weight_rule(weight, width=1.5, t_max=4.0)
    for name, power in zip(FLAWS, view.power, strict=True):
        statistics = rule_statistic(_samples(0)[name], *rule)
        assert power == pytest.approx((statistics > view.limit).float().mean().item(), abs=0.004)


def test_few_gaussian_samples_lie_above_the_limit():
    view = weights_view(WeightsParams())
    assert view.null[view.statistics > 1.0].sum() < 0.1  # 300 samples: 5 ± 1.3 %
    assert view.null.sum() == pytest.approx(1.0)
    assert view.flawed.sum() == pytest.approx(1.0)


def test_up_to_one_the_shape_is_hardly_heard():
    low, usual = (weights_view(WeightsParams(t_max=t)) for t in (1.0, 3.0))
    heaps = list(FLAWS).index("heaps")
    assert low.power[heaps] < 0.2 < usual.power[heaps]


def test_the_pull_is_the_slope_of_the_statistic_in_one_point():
    # With one point at x and all others exactly N(0, 1), N T = Σ w |e^{itx} - φ|².
    knots, weights = (a.numpy() for a in weight_rule())

    def statistic(x: float) -> float:
        return weights @ np.abs(np.exp(1j * knots * x) - np.exp(-(knots**2) / 2)) ** 2

    view = weights_view(WeightsParams())
    slopes = [(statistic(x + 1e-5) - statistic(x - 1e-5)) / 2e-5 for x in view.x]
    np.testing.assert_allclose(view.pull, slopes, atol=1e-8)


def test_the_weight_ends_at_t_max_and_the_uniform_one_has_no_width():
    view = weights_view(WeightsParams(weight="uniform", t_max=2.0))
    assert set(view.weight) == {0.0, 1.0}
    assert view.t[view.weight > 0].max() == pytest.approx(2.0)
    assert WeightsParams(weight="uniform").idle() == {"width"}


def test_the_readout_has_the_numbers():
    view = weights_view(WeightsParams(t_max=1.0))
    assert f"floor {view.null_mean:.3f}" in view.readout
    assert f"samples of {NUM_SAMPLES}" in view.readout
    assert "shifted by 0.3" in view.readout
