"""What each loss leaves: the recorded run at its moment, and a verdict that follows from it."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.training.collapse_file import LAST_MOMENT, MOMENTS, Setting, collapse_runs
from sigreg_edu.training.measures import SPACES
from sigreg_edu.training.objective import CONDITIONS
from sigreg_edu.views.conditions import (
    CURVES,
    ConditionsParams,
    conditions_view,
    embedding_verdict,
    projection_verdict,
)


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("moment", [0, 12, LAST_MOMENT])
def test_the_view_is_the_recorded_run_at_its_moment(condition, moment):
    view = conditions_view(ConditionsParams(condition=condition, moment=moment))
    run = collapse_runs().of(Setting.default(condition))
    np.testing.assert_array_equal(view.points, run.cloud[moment])
    for space in SPACES:
        np.testing.assert_array_equal(view.spectra[space], run.spectra[space][moment])
    assert view.steps[view.now] == MOMENTS[moment]
    assert f"Step {MOMENTS[moment]}, {CONDITIONS[condition].label}: " in view.readout


@pytest.mark.parametrize("space", SPACES)
def test_curves_are_of_all_losses_and_seeds_in_the_chosen_space(space):
    view = conditions_view(ConditionsParams(space=space))
    assert set(view.curves) == set(CONDITIONS)
    for condition, curves in view.curves.items():
        for name in CURVES:
            assert curves[name].shape == (3, len(MOMENTS))
            last = collapse_runs().of(Setting.default(condition, seed=2))
            np.testing.assert_array_equal(curves[name][2], last.curve(name, space))


def test_the_clouds_coordinates_have_the_recorded_spread():
    view = conditions_view(ConditionsParams(condition="sigreg"))
    run = collapse_runs().of(Setting.default("sigreg"))
    # 300 of 1,797 digits, and two of 16 coordinates: near the mean std of all
    assert view.points.std() == pytest.approx(run.curve("mean_std")[-1], rel=0.2)
    low, high = view.spectra["projection"][[-1, 0]]
    assert low * 0.9 < view.points.std() < high * 1.1


def test_no_loss_begins_elsewhere():
    views = [conditions_view(ConditionsParams(condition=name, moment=0)) for name in CONDITIONS]
    assert len({view.points.tobytes() for view in views}) == 1


@pytest.mark.parametrize(
    ("spectrum", "narrowest", "words"),
    [
        ([0.02, 0.01], 0.01, "complete collapse, the widest of 2 axes has std 0.02"),
        ([1.4, 1.0, 0.05], 0.7, "1 of 3 principal axes is narrower than 0.1, though no coordinate"),
        ([1.4, 0.09, 0.05], 0.06, "2 of 3 principal axes are narrower than 0.1, and a coordinate"),
        ([1.3, 0.3], 0.9, "no collapse, but far from round, the axes have std from 0.30 to 1.30"),
        ([2.5, 0.9], 0.9, "far from round"),
        ([1.1, 0.9], 0.9, "no collapse, the axes have std from 0.90 to 1.10."),
    ],
)
def test_the_verdict_follows_from_the_spectrum(spectrum, narrowest, words):
    assert words in projection_verdict(np.array(spectrum), narrowest)


def test_of_the_embedding_only_its_widths_are_told():
    words = embedding_verdict(np.array([10.0, 2.0, 0.5]), 1.5)
    for told in ("no loss sees the embedding", "from 0.50 to 10.00", "1 of 3 is thinner"):
        assert told in words


def test_what_the_notebook_says_is_read_out():
    def said(condition, **state):
        return conditions_view(ConditionsParams(condition=condition, **state)).readout

    assert "complete collapse" in said("none")
    assert "though no coordinate is" in said("vicreg")
    assert "dimensional collapse" in said("standardized")
    assert "no collapse, the axes" in said("sigreg")
    assert "no collapse" in said("lejepa")
    assert "no loss sees the embedding" in said("lejepa", space="embedding")
