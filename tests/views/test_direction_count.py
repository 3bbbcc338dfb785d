"""Means over M directions: unbiased, σ/√M wide, and what dilutes them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from sigreg_edu.slicing import cramer_wold_statistic, uniform_directions
from sigreg_edu.statistics import epps_pulley_closed_form, null_distribution
from sigreg_edu.views import direction_count
from sigreg_edu.views.direction_count import (
    CLOUDS,
    COUNTS,
    DIMS,
    KINDS,
    DirectionCountParams,
    cloud_points,
    direction_count_view,
    refine_direction_count,
)
from sigreg_edu.views.kept import Kept


@pytest.fixture(autouse=True)
def fewer_and_nothing_known(monkeypatch):
    monkeypatch.setattr(direction_count, "NUM_ROWS", 4)
    monkeypatch.setattr(direction_count, "_known_means", Kept(64))
    monkeypatch.setattr(direction_count, "_known_rows", Kept(8))


def views(**changes):
    params = DirectionCountParams(**changes)
    return [direction_count_view(params), *refine_direction_count(params)]


def ratios(view, num_slices: int) -> np.ndarray:
    return view.draws[view.counts == num_slices]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_exact_mean_is_that_of_the_slicing_room(cloud):
    view = views(cloud=cloud, dim=4)[-1]
    exact = float(cramer_wold_statistic(cloud_points(cloud, 4, 0).double()))
    assert view.exact == pytest.approx(exact, rel=1e-9)
    assert view.dilution[list(DIMS).index(4)] == view.exact


def test_rows_of_directions_have_room_from_the_start():
    """Arrays that came one by one would lie between the large ones of the computing."""
    params = DirectionCountParams(dim=4)
    places, known = set(), []
    for _ in refine_direction_count(params):
        rows = direction_count._known_rows.get(direction_count._key(params))
        places.add(rows.values.ctypes.data)
        known.append(rows.known)
    assert len(places) == 1
    assert sorted(set(known)) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("kind", ["uniform", "orthogonal", "quasi_random"])
def test_random_directions_estimate_the_exact_mean_without_bias(kind):
    view = views(cloud="collapsed", dim=8, kind=kind)[-1]
    error = view.spread / math.sqrt(4 * 1024)  # of the mean of the whole pool, in units of it
    assert abs(ratios(view, 1024).mean() - 1.0) < 4.0 * error


@pytest.mark.parametrize("dim", [2, 64])
def test_the_spread_of_independent_means_falls_with_the_root_of_their_number(dim):
    view = views(cloud="gaussian", dim=dim)[-1]
    for num_slices in (4, 16, 64):
        expected = view.spread / math.sqrt(num_slices)
        # 48 draws give a standard deviation to 10 %: four times that is allowed
        assert ratios(view, num_slices).std() == pytest.approx(expected, rel=0.4)


def test_evenly_spread_directions_do_better_in_the_plane():
    even = ratios(views(cloud="collapsed", dim=2, kind="quasi_random")[-1], 64).std()
    independent = ratios(views(cloud="collapsed", dim=2)[-1], 64).std()
    assert even < 0.6 * independent


def test_orthogonal_pairs_balance_each_other_in_the_plane():
    pairs = ratios(views(cloud="collapsed", dim=2, kind="orthogonal")[-1], 2).std()
    independent = ratios(views(cloud="collapsed", dim=2)[-1], 2).std()
    assert pairs < 0.8 * independent


def test_the_axes_give_their_own_mean_however_many_are_asked_for():
    view = views(cloud="collapsed", dim=8, kind="axes", num_slices=64)[-1]
    z = cloud_points("collapsed", 8, 0).double()
    along = float(epps_pulley_closed_form(z.T).mean())
    assert ratios(view, 8) * view.exact == pytest.approx(np.full(4, along), rel=1e-4)
    assert ratios(view, 1024) == pytest.approx(ratios(view, 8))
    assert math.isnan(view.spread)
    assert "The mean over the 8 axes is 52.1, however often" in view.readout


def test_the_first_look_is_taken_in_and_every_step_knows_more():
    seen = views(cloud="shifted", dim=16)
    assert len(ratios(seen[0], 1024)) == 0
    assert np.isnan(seen[0].dilution).all()
    known = [len(view.draws) for view in seen]
    assert known == sorted(known)
    assert len(ratios(seen[-1], 1024)) == 4
    assert not np.isnan(seen[-1].dilution).any()


def test_kinds_that_are_not_independent_show_no_draws_before_they_are_there():
    first, later = views(kind="orthogonal", dim=512)[:3:2]
    assert len(first.draws) == 0
    assert "are being computed" in first.readout
    assert len(later.draws) > 0


def test_once_known_everything_comes_at_once():
    done = views(dim=4)[-1]
    params = DirectionCountParams(dim=4)
    assert (direction_count_view(params).draws == done.draws).all()
    assert list(refine_direction_count(params)) == []


def test_one_flaw_is_diluted_as_the_dimension_grows_and_half_the_cloud_is_not():
    one = views(cloud="collapsed")[-1].dilution
    half = views(cloud="half_collapsed")[-1].dilution
    assert one[0] > 100.0
    assert one[-1] < 1.2
    assert half.min() > 40.0


def test_the_gaussian_shares_are_those_of_the_null():
    view = views(dim=2)[0]
    drawn = null_distribution(method="closed_form")
    inside = float(drawn.cdf(view.edges[-1]) - drawn.cdf(view.edges[0]))
    assert view.null_shares.sum() == pytest.approx(inside, abs=1e-3)
    assert view.shares.sum() == pytest.approx(1.0)


def test_directions_and_cloud_come_from_different_noise():
    z = cloud_points("gaussian", 2, 0)
    seed = direction_count._direction_seed(0, 0)
    directions = uniform_directions(2, len(z), seed=seed)
    assert abs(float(torch.corrcoef(torch.stack([z[:, 0], directions[0]]))[0, 1])) < 0.15


@pytest.mark.parametrize("cloud", CLOUDS)
def test_each_cloud_has_a_thousand_points_in_its_dimension(cloud):
    z = cloud_points(cloud, 32, 0)
    assert z.shape == (1000, 32)
    zeros = {"collapsed": 1, "half_collapsed": 16}.get(cloud, 0)
    assert int((z.std(dim=0) == 0.0).sum()) == zeros


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("num_slices", [1, 1024])
def test_here_are_the_draws_at_the_present_number(kind, num_slices):
    view = views(dim=8, kind=kind, num_slices=num_slices)[-1]
    assert num_slices in COUNTS
    assert (view.here == ratios(view, num_slices)).all()
    assert len(view.here) >= 4
