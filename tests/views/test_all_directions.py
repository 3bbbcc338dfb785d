"""The view of all directions: slices scatter around the exact mean as 1/√M."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sigreg_edu.slicing import cramer_wold_statistic, sliced_epps_pulley, uniform_directions
from sigreg_edu.views.all_directions import (
    BLOCK,
    COUNTS,
    LAST_KNOT,
    NUM_BLOCKS,
    NUM_KNOTS,
    AllDirectionsParams,
    _points,
    _pool,
    all_directions_view,
    refine_all_directions,
)


def finished(**changes):
    params = AllDirectionsParams(**changes)
    for _ in refine_all_directions(params):
        pass
    return all_directions_view(params)


def test_the_mean_over_slices_is_the_exact_mean():
    view = finished(num_slices=16)
    assert view.exact == pytest.approx(cramer_wold_statistic(_points("gaussian", 16, 0)).item())
    assert len(view.means) == NUM_BLOCKS * BLOCK // 16
    error = view.means.std() / np.sqrt(len(view.means))
    assert abs(view.means.mean() - view.exact) < 4 * error


def test_the_spread_falls_as_one_over_root_m():
    view = finished()
    few = view.counts <= 256  # at least 16 draws
    np.testing.assert_allclose(view.spread[few], view.law[few], rtol=0.6)


def test_the_gradient_of_more_slices_points_nearer_to_the_exact_one():
    view = finished(dim=32)
    assert (np.diff(view.cosine) > 0).all()
    assert 0 < view.cosine[0] < view.cosine[-1] <= 1


def test_in_more_dimensions_the_same_slices_give_a_worse_gradient():
    assert finished(dim=2).here_cosine > finished(dim=64).here_cosine


def test_a_shrunk_cloud_is_pushed_the_right_way_by_fewer_slices():
    assert finished(cloud="shrunk").here_cosine > finished(cloud="gaussian").here_cosine + 0.05


def test_cosines_are_those_of_the_gradients_of_m_slices():
    params = AllDirectionsParams(seed=5, num_slices=32)
    view = all_directions_view(params)  # two blocks of 16
    z = _points("gaussian", 16, 5).requires_grad_()
    (exact,) = torch.autograd.grad(cramer_wold_statistic(z), z)
    seeds = (1_000_003 * 6 % 2**31 + number for number in range(2))
    slices = torch.cat([uniform_directions(16, BLOCK, seed=seed) for seed in seeds], dim=1)
    value = sliced_epps_pulley(z, slices, num_points=NUM_KNOTS, t_max=LAST_KNOT).mean()
    (gradient,) = torch.autograd.grad(value, z)
    expected = torch.cosine_similarity(gradient.flatten(), exact.flatten(), dim=0)
    assert view.here_cosine == pytest.approx(expected.item(), abs=1e-5)


def test_what_is_kept_does_not_grow_with_the_number_of_blocks():
    finished(seed=6)
    pool = _pool(AllDirectionsParams(seed=6))
    assert len(pool.values) == NUM_BLOCKS
    assert len(pool.sums) < len(COUNTS)


def test_the_first_look_is_coarse_and_says_so():
    view = all_directions_view(AllDirectionsParams(seed=77, num_slices=1024))
    assert np.isnan(view.here_spread)
    assert "being computed" in view.readout
    assert view.means.size == 0
    assert view.counts.tolist() == list(COUNTS)


def test_costs_are_counted():
    view = finished(num_slices=64)
    assert (view.pairs, view.angles) == (128 * 127 // 2, 128 * 64)
    assert view.slices_for_pairs * 128 == view.pairs
