"""The forces in the picture are minus the gradients, and keep to the bounds that are claimed."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from sigreg_edu.statistics import (
    epps_pulley_closed_form,
    epps_pulley_reference_points,
    standardize,
)
from sigreg_edu.views.gradients import (
    BOUND,
    COMPARED,
    STATISTICS,
    VARIANCE_FLOOR,
    GradientParams,
    force_bound,
    force_field,
    forces_on_moved,
    gradient_view,
)

SAMPLES = {
    "default": {},
    "outlier": {"moved_to": -30.0},
    "skewed and narrow": {"shape": "skewed", "shift": 1.0, "scale": 0.3, "moved_to": 2.0},
    "wide": {"shape": "bimodal", "scale": 3.0, "moved_to": 0.0},
}


def value(statistic: str, x: torch.Tensor) -> torch.Tensor:
    """The statistic, written down a second time for autograd."""
    if statistic == "epps_pulley":
        return epps_pulley_closed_form(x)
    if statistic == "standardized":
        return epps_pulley_reference_points(standardize(x))
    mean, variance = x.mean(), x.var(unbiased=False)
    std = (variance + VARIANCE_FLOOR).sqrt()
    if statistic == "mean_std":
        return len(x) * (mean**2 + (std - 1) ** 2)
    z = (x - mean) / std
    moments = mean**2 + (variance - 1) ** 2 / 2 + (z**3).mean() ** 2 / 6
    return len(x) * (moments + ((z**4).mean() - 3) ** 2 / 24)


def sample(**changes) -> np.ndarray:
    return GradientParams(num_samples=200, **changes).moved_sample()


@pytest.mark.parametrize("statistic", list(STATISTICS))
@pytest.mark.parametrize("changes", list(SAMPLES.values()), ids=list(SAMPLES))
def test_forces_on_the_points_are_minus_the_gradient(statistic, changes):
    x = sample(**changes)
    tensor = torch.from_numpy(x).requires_grad_(True)
    truth = value(statistic, tensor)
    (gradient,) = torch.autograd.grad(truth, tensor)
    field = force_field(statistic, x)
    assert field.value == pytest.approx(float(truth.detach()), rel=1e-6)
    # the sum over frequencies stops at t = 6.5, where e^{-t²/2} is 7e-10
    tolerance = 1e-8 * max(1.0, float(gradient.abs().max()))
    assert field.on_points == pytest.approx(-gradient.numpy(), abs=tolerance)


@pytest.mark.parametrize("statistic", list(STATISTICS))
def test_the_points_own_forces_lie_on_the_field(statistic):
    x = sample(shape="laplace", shift=0.5)
    field = force_field(statistic, x)
    assert field.at(x) == pytest.approx(field.on_points, rel=1e-9, abs=1e-9)


def test_the_epps_pulley_field_is_a_push_apart_and_a_pull_in():
    x, places = sample(shift=1.0), np.linspace(-6.0, 6.0, 49)
    d = places[:, None] - x
    apart = 2 * math.sqrt(2 * math.pi) * (d * np.exp(-0.5 * d**2)).mean(axis=1)
    inward = math.sqrt(math.pi) * places * np.exp(-0.25 * places**2)
    assert force_field("epps_pulley", x).at(places) == pytest.approx(apart - inward, abs=1e-8)


@pytest.mark.parametrize("statistic", COMPARED)
def test_the_force_on_the_moved_point_is_that_of_the_sample_with_it_there(statistic):
    x, places = sample(shape="skewed", scale=1.4), np.array([-30.0, -2.0, 0.3, 17.0])
    moved = forces_on_moved(x[1:], places)[statistic]
    for place, force in zip(places, moved, strict=True):
        there = np.concatenate([[place], x[1:]])
        assert force == pytest.approx(
            force_field(statistic, there).on_points[0], abs=1e-8, rel=1e-9
        )


@pytest.mark.parametrize("statistic", COMPARED)
def test_the_force_on_the_moved_point_is_a_finite_difference_of_the_statistic(statistic):
    x, step = sample(scale=0.8), 1e-4
    for place in (-3.0, 0.5, 4.0):
        low, high = (
            float(value(statistic, torch.from_numpy(np.concatenate([[place + s], x[1:]]))))
            for s in (-step, step)
        )
        force = forces_on_moved(x[1:], np.array([place]))[statistic][0]
        assert force == pytest.approx(-(high - low) / (2 * step), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("scale", [0.0, 0.05, 0.3, 1.0, 3.0])
@pytest.mark.parametrize("shift", [-3.0, 0.0, 1.0])
def test_epps_pulley_forces_keep_to_both_bounds(scale, shift):
    x = sample(scale=scale, shift=shift, moved_to=1.0)
    field = force_field("epps_pulley", x)
    here = force_bound(x)
    everywhere = np.abs(field.at(np.linspace(-8.0, 8.0, 401)))
    assert everywhere.max() <= here * (1 + 1e-9)
    assert here <= 2 * (2 + 1)  # 2 ∫ |t| (1 + e^{-t²/2}) e^{-t²/2} dt, as |φ_N| ≤ 1
    assert everywhere.max() <= BOUND


def test_the_bound_is_reached_in_the_limit():
    # All other points a step of 1 further out than -√2, where the pull of the target is largest
    others = np.full(20_000, -math.sqrt(2.0) - 1.0)
    force = forces_on_moved(others, np.array([-math.sqrt(2.0)]))["epps_pulley"][0]
    assert force == pytest.approx(BOUND, rel=1e-3)
    assert pytest.approx(3 * math.sqrt(2 * math.pi / math.e)) == BOUND


def test_epps_pulley_lets_a_far_point_go_and_moments_do_not():
    x = sample()
    at_10, at_30 = (forces_on_moved(x[1:], np.array([p])) for p in (10.0, 30.0))
    assert abs(at_10["epps_pulley"][0]) < 1e-6
    assert abs(at_30["epps_pulley"][0]) < 1e-6
    for moments, least in (("mean_std", 3.0), ("four_moments", 100.0)):
        assert at_10[moments][0] < 0.0
        assert at_30[moments][0] < min(2 * at_10[moments][0], -least)


def test_at_full_collapse_no_point_feels_anything():
    for statistic in STATISTICS:
        view = gradient_view(GradientParams(scale=0.0, moved_to=0.0, statistic=statistic))
        assert view.largest == 0.0
        assert "dead point" in view.readout
    collapsed = force_field("epps_pulley", np.zeros(1000))
    root = math.sqrt(2 * math.pi) * (1 - math.sqrt(2) + 1 / math.sqrt(3))
    assert collapsed.value == pytest.approx(1000 * root, rel=1e-6)  # 0.409 N; 0.402 N to t = 3


def test_a_little_jitter_is_pushed_outwards():
    view = gradient_view(GradientParams(scale=0.05, moved_to=0.0))
    outer = np.abs(view.points) > 0.03
    assert (np.sign(view.point_forces) == np.sign(view.points))[outer].all()
    # the slope at 0 is 2√(2π) - √π = 3.24
    slope = view.point_forces[outer] / view.points[outer]
    assert slope == pytest.approx(2 * math.sqrt(2 * math.pi) - math.sqrt(math.pi), rel=0.15)


def test_standardized_forces_neither_shift_nor_widen_the_sample():
    x = sample(shift=2.0, scale=0.2, moved_to=2.5)
    force = force_field("standardized", x).on_points
    assert force.sum() == pytest.approx(0.0, abs=1e-9)
    # eps beside the standard deviation leaves a part in 1e5
    assert (force * (x - x.mean())).sum() == pytest.approx(0.0, abs=1e-4)
    unstandardized = force_field("epps_pulley", x).on_points
    assert (unstandardized * (x - x.mean())).sum() > 1.0


def test_the_moved_point_is_the_only_one_that_moves():
    here, there = (GradientParams(moved_to=p).moved_sample() for p in (0.0, 30.0))
    assert (here[1:] == there[1:]).all()
    assert (here[0], there[0]) == (0.0, 30.0)


def test_a_single_view_says_what_it_measured():
    view = gradient_view(GradientParams(shift=1.0))
    assert view.largest <= view.bound < BOUND
    assert f"{view.largest:.3g}" in view.readout
    assert "4.56" in view.readout
    assert gradient_view(GradientParams(statistic="mean_std")).bound is None
