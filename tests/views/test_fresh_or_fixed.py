"""Fresh slices leave no blind spot, fixed ones do; and the judges judge as the library does."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sigreg_edu.slicing import (
    cramer_wold_statistic,
    sliced_epps_pulley,
    sliced_epps_pulley_textbook,
    sliced_statistic,
    uniform_directions,
)
from sigreg_edu.statistics import epps_pulley_closed_form
from sigreg_edu.views import fresh_or_fixed
from sigreg_edu.views.fresh_or_fixed import (
    CLOUDS,
    COUNTS,
    JITTER,
    NUM_STEPS,
    PICTURE_EVERY,
    STRIDE,
    UNSEEN,
    FreshOrFixedParams,
    SlicedFlow,
    _go_on_for,
    fewest_fixed,
    first_cloud,
    fresh_or_fixed_view,
    go_on,
    refine_fresh_or_fixed,
    unseen_directions,
)
from sigreg_edu.views.kept import Kept


def ended(cloud: str, dim: int, num_slices: int, *, fresh: bool, seed: int = 5) -> SlicedFlow:
    flow = SlicedFlow(cloud, dim, num_slices, fresh=fresh, seed=seed)
    while not flow.is_done:
        go_on([flow])
    return flow


@pytest.mark.parametrize("dim", [2, 8, 64])
@pytest.mark.parametrize("cloud", list(CLOUDS))
def test_the_unseen_directions_give_the_mean_over_all(cloud, dim):
    z, directions = first_cloud(cloud, dim, 0), unseen_directions(dim)
    sampled = float(sliced_statistic(z, directions, epps_pulley_closed_form).mean())
    exact = float(cramer_wold_statistic(z))
    assert sampled == pytest.approx(exact, rel=0.03)
    # the 17 knots up to 3 that the flows use leave out what T has beyond
    by_knots = float(sliced_epps_pulley(z, directions).mean())
    assert by_knots == pytest.approx(exact, rel=0.06)


def test_the_first_clouds_are_what_they_are_called():
    std = {name: first_cloud(name, 32, 0).std(dim=0) for name in CLOUDS}
    assert (std["half_collapsed"] < 2 * JITTER).sum() == 16
    assert (std["line"] < 2 * JITTER).sum() == 31
    assert std["shrunk"].mean() == pytest.approx(0.1, rel=0.05)
    corners = first_cloud("corners", 32, 0)
    assert corners.abs().mean() == pytest.approx(1.0, abs=0.06)
    assert ((corners > 0) == (first_cloud("gaussian", 32, 0) > 0)).all()


def test_one_step_is_gradient_descent_on_the_mean_of_t():
    flow = SlicedFlow("shrunk", 4, 2, fresh=True, seed=0)
    z, slices = flow.z.clone().requires_grad_(True), flow.slices()
    (gradient,) = torch.autograd.grad(sliced_epps_pulley_textbook(z, slices).mean(), z)
    go_on([flow, SlicedFlow("line", 4, 8, fresh=True, seed=0)])  # beside another one
    rate = 1.0 / (1.0 / 4 + 1.0 / 2)  # no decay at step 0
    assert flow.z.numpy() == pytest.approx((z - rate * gradient).detach().numpy(), abs=1e-5)
    assert flow.step == 1
    assert not torch.equal(slices, flow.slices())


def test_both_flows_begin_alike_and_only_fresh_slices_change():
    fresh, fixed = (SlicedFlow("line", 8, 4, fresh=fresh, seed=1) for fresh in (True, False))
    assert torch.equal(fresh.slices(), fixed.slices())
    first = fixed.slices()
    go_on([fresh, fixed])
    assert (fresh.step, fixed.step) == (1, 1)
    assert torch.equal(fixed.slices(), first)
    assert not torch.equal(fresh.slices(), first)
    more = SlicedFlow("line", 8, 16, fresh=False, seed=1)
    assert torch.equal(more.slices()[:, :4], first)


def test_a_flow_does_not_touch_the_first_cloud_it_shares():
    before = first_cloud("line", 8, 2).clone()
    ended("line", 8, 4, fresh=True, seed=2)
    assert torch.equal(first_cloud("line", 8, 2), before)
    assert not first_cloud("line", 8, 2).requires_grad


def test_flows_come_to_the_same_alone_or_together_and_end():
    whole = ended("shrunk", 8, 4, fresh=True)
    flows = [
        SlicedFlow("shrunk", 8, m, fresh=fresh, seed=5) for m, fresh in ((4, 1), (4, 0), (9, 1))
    ]
    for _ in range(7):
        go_on(flows[1:])
    for _ in range(7):
        go_on(flows)  # the first was behind, and catches up
    assert [flow.step for flow in flows] == [7, 7, 7]
    while not all(flow.is_done for flow in flows):
        _go_on_for(1e-4, flows)
    ends = [flow.z.clone() for flow in flows]
    go_on(flows)  # they are at their end
    assert all(torch.equal(flow.z, end) for flow, end in zip(flows, ends, strict=True))
    assert torch.equal(whole.z, flows[0].z)
    assert np.array_equal(whole.means(), flows[0].means())


def test_a_flow_looks_where_it_starts_and_every_stride():
    flow = SlicedFlow("line", 8, 4, fresh=True, seed=1)
    for _ in range(STRIDE):
        assert not flow.look_is_due
        go_on([flow])
    assert (flow.step, flow.look_is_due, len(flow.looks)) == (STRIDE, True, 1)
    go_on([flow])
    assert (flow.step, flow.look_is_due, len(flow.looks)) == (STRIDE, False, 2)


def test_what_a_flow_keeps_is_made_at_its_start():
    """What came later would lie between the large arrays of the steps and pin their memory."""
    flow = SlicedFlow("line", 8, 4, fresh=True, seed=1)
    places = flow.z.data_ptr(), flow.looks.ctypes.data
    assert flow.looks.shape == (1, UNSEEN)
    while len(flow.looks) < 3:
        go_on([flow])
    assert (flow.z.data_ptr(), flow.looks.ctypes.data) == places
    assert flow.looks.shape == (3, UNSEEN)
    assert flow.latest(1) == pytest.approx(flow.looks[1])


def test_fixed_slices_report_success_and_leave_a_blind_spot():
    fresh, fixed = (ended("half_collapsed", 32, 16, fresh=fresh) for fresh in (True, False))
    assert fixed.reported[-1] < 0.01
    assert fixed.mean_at(NUM_STEPS // STRIDE) > 3.0
    # fresh slices have nothing to report but the truth
    assert fresh.mean_at(NUM_STEPS // STRIDE) < 1.05
    assert fresh.reported[-1] == pytest.approx(fresh.mean_at(NUM_STEPS // STRIDE), rel=0.5)
    other = uniform_directions(32, 4000, seed=99)
    assert float(sliced_epps_pulley(fixed.z, other).mean()) == pytest.approx(
        fixed.mean_at(NUM_STEPS // STRIDE), rel=0.06
    )


def test_across_few_fixed_slices_nothing_ever_moves():
    flow = ended("half_collapsed", 8, 2, fresh=False)
    slices = flow.slices()
    basis, _ = torch.linalg.qr(slices)
    moved = flow.z - first_cloud("half_collapsed", 8, 5)
    outside = moved - moved @ basis @ basis.T
    assert outside.abs().max() < 1e-4 < moved.abs().max()


def test_four_fresh_slices_beat_256_fixed_ones_in_32_dimensions():
    fresh = ended("half_collapsed", 32, 4, fresh=True, seed=0)
    fixed = ended("half_collapsed", 32, 256, fresh=False, seed=0)
    assert fresh.means()[-1] < fixed.means()[-1]


def test_the_view_before_and_after_refinement():
    params = FreshOrFixedParams(dim=4, num_slices=2, seed=11)
    first = fresh_or_fixed_view(params)
    assert "being computed" in first.readout
    assert np.isfinite(first.fresh).sum() == 1
    assert first.fresh[0] == first.fixed[0]
    for view in refine_fresh_or_fixed(params):
        last = view
    for field in (last.fresh, last.fixed, last.reported, last.fresh_by_count, last.fixed_by_count):
        assert np.isfinite(field).all()
    at = COUNTS.index(2)
    assert last.fresh_by_count[at] == last.fresh[-1]
    assert last.fixed_by_count[at] == last.fixed[-1]
    assert f"{UNSEEN} unseen" in last.readout
    assert last.fresh_shares.sum() == pytest.approx(1.0)
    # what is known is there at once, at every step and for every M
    again = fresh_or_fixed_view(params.changed(num_slices=64, step=100))
    assert np.isfinite(again.fresh).all()
    assert again.fresh_by_count[at] == pytest.approx(last.fresh[100 // STRIDE])
    start = fresh_or_fixed_view(params.changed(step=0))
    assert "Nothing has moved" in start.readout
    assert np.ptp(start.fresh_by_count) == 0.0


def test_a_refinement_has_news_at_once_and_then_few_pictures():
    params = FreshOrFixedParams(dim=4, num_slices=2, seed=12)
    before = fresh_or_fixed_view(params)
    views = list(refine_fresh_or_fixed(params))
    assert np.isfinite(views[0].fresh).sum() > np.isfinite(before.fresh).sum()
    pictures = {id(view) for view in views}
    assert len(pictures) <= 2 + NUM_STEPS // (PICTURE_EVERY * STRIDE)
    assert np.isfinite(views[-1].fixed_by_count).all()


def test_short_rests_elsewhere_leave_what_was_finished(monkeypatch):
    monkeypatch.setattr(fresh_or_fixed, "_known_flows", Kept(2 * len(COUNTS)))
    params = FreshOrFixedParams(dim=4, num_slices=2, seed=13)
    first = next(refine_fresh_or_fixed(params))
    for dim in (2, 8, 16, 32, 64):
        next(refine_fresh_or_fixed(params.changed(dim=dim)))
    again = fresh_or_fixed_view(params)
    assert np.isfinite(again.fresh).sum() == np.isfinite(first.fresh).sum() > 1


def test_words_on_how_many_fixed_slices_it_takes():
    params = FreshOrFixedParams(dim=2, num_slices=2, cloud="half_collapsed")
    last = fresh_or_fixed_view(params)  # which may be complete, if it was kept
    for view in refine_fresh_or_fixed(params):
        last = view
    fewest = fewest_fixed(last.fixed_by_count, last.fresh_by_count[COUNTS.index(2)])
    assert f"It takes {fewest} fixed slices to do as well as 2 fresh." in last.readout
    params = params.changed(num_slices=64)
    many = [fresh_or_fixed_view(params), *refine_fresh_or_fixed(params)][-1]
    assert "Both are below what samples have" in many.readout
    assert fewest_fixed(np.full(len(COUNTS), 2.0), 1.0) is None
    assert fewest_fixed(np.full(len(COUNTS), np.nan), 1.0) is None
