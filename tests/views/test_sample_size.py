"""The view of sample sizes tells what the power study found."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.training.frontier_samples import ALTERNATIVES, SAMPLE_DIMS, TESTS
from sigreg_edu.training.frontiers import growth
from sigreg_edu.views.sample_size import FLAW_LABELS, SampleSizeParams, sample_size_view


def test_each_flaw_has_a_label_that_a_select_shows_whole():
    assert FLAW_LABELS.keys() == ALTERNATIVES.keys()
    assert all(len(label) <= 22 for label in FLAW_LABELS.values())


@pytest.mark.parametrize("alternative", ALTERNATIVES)
@pytest.mark.parametrize("test", TESTS)
def test_the_numbers_are_those_of_the_record(alternative, test):
    view = sample_size_view(SampleSizeParams(alternative=alternative, test=test))
    found = growth(alternative, test)
    np.testing.assert_array_equal(view.needed[test], found.needed)
    np.testing.assert_array_equal(view.exponents[test], found.alpha)
    at = found.needed[SAMPLE_DIMS.index(8)]
    assert (f"{at:.0f} points" if np.isfinite(at) else "more than") in view.readout


def test_fewer_points_are_needed_in_more_dimensions_for_what_is_wrong_in_all():
    view = sample_size_view(SampleSizeParams(alternative="shrunk"))
    assert view.exponents["slices"] < -0.2
    assert (np.diff(view.needed["slices"]) < 0).all()


def test_one_bad_direction_is_found_by_searching_where_the_mean_no_longer_sees_it():
    view = sample_size_view(SampleSizeParams(alternative="bimodal", dim=16))
    place = SAMPLE_DIMS.index(16)
    assert np.isnan(view.needed["slices"][place])
    assert view.needed["worst"][place] < 4096
    assert view.exponents["slices"] > view.exponents["worst"] + 0.5


def test_a_growth_that_leaves_dimensions_out_says_so():
    searched = sample_size_view(SampleSizeParams(alternative="bimodal", test="worst"))
    found = growth("bimodal", "worst")
    assert "Up to D = 32 N goes like" in searched.readout
    np.testing.assert_array_equal(np.isnan(searched.fits["worst"]), np.isnan(found.needed))
    assert f"at least D^{found.at_least:.1f}" in searched.readout
    assert "Up to D" not in sample_size_view(SampleSizeParams(alternative="tails")).readout


def test_the_split_test_pays_where_every_direction_is_bad():
    view = sample_size_view(SampleSizeParams(alternative="shrunk", dim=64))
    assert view.needed["worst"][-1] > 5 * view.needed["slices"][-1]


def test_the_fit_is_a_power_of_d():
    view = sample_size_view(SampleSizeParams(alternative="tails"))
    slopes = np.diff(np.log(view.fits["slices"])) / np.diff(np.log(view.dims))
    np.testing.assert_allclose(slopes, view.exponents["slices"])


def test_power_is_that_of_the_present_dimension():
    low, high = (sample_size_view(SampleSizeParams(dim=d)).power["worst"] for d in (2, 32))
    both = np.isfinite(low) & np.isfinite(high)
    assert low[both].sum() > high[both].sum()
