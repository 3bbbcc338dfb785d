"""Weights and kernels: rules against integrals, kernels against Fourier transforms."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from sigreg_edu.statistics import (
    epps_pulley_quadrature,
    null_distribution,
    quadrature_rule,
    rule_statistic,
)
from sigreg_edu.statistics.weights import (
    WEIGHTS,
    exact_null_mean,
    kernel,
    null_of_rule,
    weight_function,
    weight_rule,
)

WIDTHS = (0.5, 1.0, 2.0)


def fine_rule(weight: str, width: float, t_max: float = 3.0) -> tuple[torch.Tensor, torch.Tensor]:
    """A rule over as good as the whole line; the uniform weight's up to t_max."""
    end = {"gaussian": 10 * width, "exponential": 40 * width, "uniform": t_max}
    return weight_rule(weight, width=width, t_max=end.get(weight, 4000 * width), num_points=200_001)


def sample(count: int = 30) -> torch.Tensor:
    return torch.randn(count, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_the_default_rule_is_lejepas():
    for mine, theirs in zip(weight_rule(), quadrature_rule(), strict=True):
        torch.testing.assert_close(mine, theirs)
    x = sample()
    torch.testing.assert_close(rule_statistic(x, *weight_rule()), epps_pulley_quadrature(x))


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("width", WIDTHS)
def test_the_null_mean_in_closed_form_is_the_integral(weight, width):
    knots, weights = fine_rule(weight, width)
    integral = (weights @ (1 - torch.exp(-knots.square()))).item()
    # Cauchy's tail beyond 4,000 widths holds 2 s / 4000 of the integral.
    assert exact_null_mean(weight, width=width) == pytest.approx(integral, rel=5e-4)


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("width", WIDTHS)
def test_the_kernel_is_the_weights_fourier_transform(weight, width):
    d = torch.tensor([0.0, 0.3, 1.0, 2.5], dtype=torch.float64)
    knots, weights = fine_rule(weight, width)
    transform = torch.cos(d[:, None] * knots) @ weights
    torch.testing.assert_close(kernel(weight, d, width=width), transform, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("weight", ["gaussian", "exponential"])
def test_the_statistic_is_a_squared_distance_in_the_kernel(weight):
    # ∫ |φ_N - φ|² w = mean k(x - y) over pairs - 2 E k(x - g) + E k(g - g'), g and g' Gaussian.
    x = sample()
    grid = torch.linspace(-9.0, 9.0, 3601, dtype=torch.float64)
    density = torch.exp(-grid.square() / 2) / math.sqrt(2 * math.pi) * (grid[1] - grid[0])
    wide = torch.exp(-grid.square() / 4) / math.sqrt(4 * math.pi) * (grid[1] - grid[0])
    pairs = kernel(weight, x[:, None] - x).mean()
    cross = (kernel(weight, x[:, None] - grid) @ density).mean()
    among = kernel(weight, grid) @ wide  # g - g' is N(0, 2)
    distance = len(x) * (pairs - 2 * cross + among)
    fine = rule_statistic(x, *weight_rule(weight, t_max=25.0, num_points=4001))
    torch.testing.assert_close(distance, fine, rtol=1e-4, atol=1e-6)


def test_the_null_law_of_the_usual_rule_is_the_known_one():
    for t_max in (1.0, 3.0, 5.0):
        mine, known = null_of_rule(*weight_rule(t_max=t_max)), null_distribution(t_max=t_max)
        assert mine.mean == pytest.approx(known.mean, rel=1e-9)
        assert mine.quantile(0.95) == pytest.approx(known.quantile(0.95), rel=1e-6)


@pytest.mark.parametrize("weight", WEIGHTS)
def test_the_null_law_holds_the_level(weight):
    rule = weight_rule(weight, width=1.5, t_max=4.0)
    x = torch.randn(4000, 100, generator=torch.Generator().manual_seed(1))
    statistics = rule_statistic(x, *rule).numpy()
    law = null_of_rule(*rule)
    assert statistics.mean() == pytest.approx(law.mean, rel=0.05)  # 4,000 samples: 1.5 %
    rejected = (statistics > law.quantile(0.95)).mean()
    assert rejected == pytest.approx(0.05, abs=0.015)  # four standard errors


@pytest.mark.parametrize("weight", WEIGHTS)
def test_weights_are_one_at_zero_and_even(weight):
    t = torch.tensor([0.0, 0.7, -0.7], dtype=torch.float64)
    values = weight_function(weight, t, width=0.8)
    assert values[0] == 1
    assert values[1] == values[2]


def test_single_precision_gives_single_precision():
    x = sample().float()
    assert rule_statistic(x, *weight_rule()).dtype == torch.float32
    assert np.isclose(rule_statistic(x, *weight_rule(), scale_by_n=False) * 30,
                      rule_statistic(x, *weight_rule()), rtol=1e-6)  # fmt: skip


@pytest.mark.parametrize("call", [
    lambda: weight_rule("cauchi"),
    lambda: kernel("cauchi", torch.zeros(1)),
    lambda: exact_null_mean("cauchi"),
    lambda: weight_function("cauchi", torch.zeros(1)),
])  # fmt: skip
def test_an_unknown_weight_is_refused_with_the_nearest(call):
    with pytest.raises(ValueError, match="Did you mean 'cauchy'"):
        call()


def test_numbers_out_of_range_are_refused():
    with pytest.raises(ValueError, match="width must be a finite number above 0"):
        weight_rule(width=0.0)
    with pytest.raises(ValueError, match="num_points must be at least 2"):
        weight_rule(num_points=1)
