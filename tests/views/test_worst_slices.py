"""The view of the worst direction tells what the records hold."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.training.frontier_searches import SEARCH_COUNTS, SEARCH_DIMS, SEARCHES, SEPARATIONS
from sigreg_edu.training.frontier_tables import recorded
from sigreg_edu.views.worst_slices import OPTIONS, WorstSlicesParams, worst_slices_view


def test_each_state_of_the_controls_is_recorded():
    states = {(d, n, float(s)) for d in SEARCH_DIMS for n in SEARCH_COUNTS for s in OPTIONS}
    assert states == set(recorded(SEARCHES))
    assert [float(s) for s in OPTIONS] == list(SEPARATIONS)


def test_the_planted_direction_is_found_where_the_mean_over_slices_sees_nothing():
    view = worst_slices_view(WorstSlicesParams())
    mean, _, tested = view.statistics
    assert mean < 1.5
    assert tested > 50
    assert view.p_value < 1e-4
    assert view.cosine > 0.95
    assert "the test rejects at 5 %" in view.readout


def test_a_rejection_along_another_direction_than_the_planted_one_is_called_that():
    words = "rejects at 5 %, but not along the planted one."
    view = worst_slices_view(WorstSlicesParams(separation="0.6"))
    assert view.p_value < 0.05
    assert view.cosine < 0.5
    assert view.readout.endswith(words)
    assert not worst_slices_view(WorstSlicesParams()).readout.endswith(words)


def test_noise_in_many_dimensions_is_overfitted_and_not_confirmed():
    view = worst_slices_view(WorstSlicesParams(separation="0", dim=256))
    _, searched, tested = view.statistics
    assert searched > 100
    assert tested < 5
    assert not view.planted
    assert "planted" not in view.readout


def test_the_more_dimensions_the_more_is_found_in_noise():
    view = worst_slices_view(WorstSlicesParams(separation="0"))
    assert (np.diff(view.searched) > 0).all()
    assert view.searched[-1] > 10 * view.searched[1]


def test_the_present_numbers_lie_on_the_curves():
    view = worst_slices_view(WorstSlicesParams(dim=8, num_samples=512))
    here = SEARCH_DIMS.index(8)
    curves = [view.mean[here], view.searched[here], view.tested[here]]
    assert curves == view.statistics.tolist()


@pytest.mark.parametrize("dim", SEARCH_DIMS)
def test_histograms_have_area_one(dim):
    for shadow in worst_slices_view(WorstSlicesParams(dim=dim)).shadows:
        area = (shadow.heights * np.diff(shadow.edges)).sum()
        assert area == pytest.approx(1.0, abs=1e-5)
