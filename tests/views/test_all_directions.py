"""The view of all directions: slices scatter around the exact mean as 1/√M."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sigreg_edu.slicing import cramer_wold_statistic, sliced_epps_pulley, uniform_directions
from sigreg_edu.views.all_directions import (
    COUNTS,
    GRADIENT_ROWS,
    LAST_KNOT,
    MOST_DOTS,
    NUM_KNOTS,
    NUM_ROWS,
    ROW,
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
    means = _pool(AllDirectionsParams()).means(16)
    assert len(means) == NUM_ROWS * ROW // 16
    np.testing.assert_array_equal(view.means, means[:MOST_DOTS])
    assert abs(means.mean() - view.exact) < 4 * means.std() / np.sqrt(len(means))


@pytest.mark.parametrize("cloud", ["gaussian", "shrunk"])
@pytest.mark.parametrize("dim", [2, 16, 256])
def test_the_spread_falls_as_one_over_root_m_as_far_as_it_is_drawn(dim, cloud):
    view = finished(dim=dim, cloud=cloud)
    error = 1 / np.sqrt(2 * (NUM_ROWS * ROW / view.counts - 1))  # 9 % at M = 1,024
    assert (np.abs(view.spread / view.law - 1) < 3 * error).all()


def test_the_gradient_of_more_slices_points_nearer_to_the_exact_one():
    view = finished(dim=32)
    assert (np.diff(view.cosine) > 0).all()
    assert 0 < view.cosine[0] < view.cosine[-1] <= 1


def test_in_more_dimensions_the_same_slices_give_a_worse_gradient():
    assert finished(dim=2).here_cosine > finished(dim=64).here_cosine


def test_a_shrunk_cloud_is_pushed_the_right_way_by_fewer_slices():
    assert finished(cloud="shrunk").here_cosine > finished(cloud="gaussian").here_cosine + 0.05


def test_cosines_are_those_of_the_gradients_of_m_slices():
    params = AllDirectionsParams(seed=5, num_slices=256)
    view = all_directions_view(params)  # one row, four draws of 256
    z = _points("gaussian", 16, 5).requires_grad_()
    (exact,) = torch.autograd.grad(cramer_wold_statistic(z), z)
    expected = []
    for slices in uniform_directions(16, ROW, seed=1_000_003 * 6 % 2**31).split(256, dim=1):
        value = sliced_epps_pulley(z, slices, num_points=NUM_KNOTS, t_max=LAST_KNOT).mean()
        (gradient,) = torch.autograd.grad(value, z)
        expected.append(torch.cosine_similarity(gradient.flatten(), exact.flatten(), dim=0).item())
    assert view.here_cosine == pytest.approx(np.mean(expected), abs=1e-5)


def test_only_the_first_rows_have_gradients():
    finished(seed=6)
    pool = _pool(AllDirectionsParams(seed=6))
    assert len(pool.rows) == NUM_ROWS
    drawn = {count: len(cosines) for count, cosines in pool.cosines.items()}
    assert drawn == {count: GRADIENT_ROWS * ROW // count for count in COUNTS}


def test_the_first_look_is_coarse_and_says_so():
    view = all_directions_view(AllDirectionsParams(seed=77, num_slices=1024))
    assert np.isnan(view.here_spread)  # one draw of 1,024 has no spread
    assert "being computed" in view.readout
    assert view.means.size == 1
    assert view.counts.tolist() == list(COUNTS)


def test_costs_are_counted():
    view = finished(num_slices=64)
    assert (view.pairs, view.angles) == (128 * 127 // 2, 128 * 64)
    assert view.slices_for_pairs * 128 == view.pairs
