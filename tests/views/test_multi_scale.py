"""The view of several scales: what plain means ask, and what rescaled ones do."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.losses.multi_scale import LEVELS
from sigreg_edu.views.multi_scale import (
    MultiScaleParams,
    _effect_of_width,
    multi_scale_view,
)


def view(**changes):
    return multi_scale_view(MultiScaleParams(**changes))


def test_independent_tokens_have_narrow_plain_means_and_good_rescaled_ones():
    np.testing.assert_allclose(view(num_images=256).deviations, [1, 0.5, 0.25], rtol=0.05)
    np.testing.assert_allclose(view(num_images=256, rescaled=True).deviations, [1, 1, 1], rtol=0.05)
    assert (view(rescaled=True).statistics < 2.5).all()


def test_equal_tokens_are_content_at_the_level_of_images_only():
    shown = view(share=1.0)
    assert np.ptp(shown.deviations) < 0.01  # each divides by its own N - 1
    np.testing.assert_allclose(shown.effects, shown.effects[2], rtol=1e-4)
    assert shown.statistics[2] < 2.0 < shown.statistics[0]


def test_no_share_makes_independent_means_gaussian_but_all_in_common():
    curves = view().curves
    assert curves[1:, :-1].min() > 1e-4
    np.testing.assert_allclose(curves[:, -1], 0.0, atol=1e-12)


def test_the_curve_is_what_many_points_of_that_width_score():
    # 16,384 points of variance 4: T / N is its limit, up to t_max (3 instead of all t) and 1 / N.
    shown = view(scale=2.0, num_images=256, dim=64)
    assert shown.effects[0] == pytest.approx(_effect_of_width(np.array([2.0]))[0], rel=0.03)


def test_a_width_of_one_has_no_effect_and_others_do():
    effects = _effect_of_width(np.array([0.5, 1.0, 2.0]))
    assert effects[1] == pytest.approx(0.0, abs=1e-12)
    assert effects[[0, 2]].min() > 0.05


def test_sizes_and_words():
    shown = view(num_images=32)
    assert shown.counts.tolist() == [512, 128, 32]
    assert all(name in shown.readout for name in LEVELS)
    assert "No level" in view(scale=2.0, share=0.5).readout
    assert "All three" in view(rescaled=True).readout
