"""The table of remedies: every row once, and its numbers those of the clinic."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.training.clinic import HELPS, VERDICTS, Outcome, case, outcome, verdicts
from sigreg_edu.views.remedies import (
    GROUPS,
    MOST_ROWS,
    SIXTEEN,
    RemediesParams,
    gone,
    remedies_view,
)


def test_the_sixteen_are_the_reports():
    view = remedies_view(RemediesParams())
    assert tuple(row.verdict for row in view.rows) == verdicts("report")
    assert len(view.rows) == MOST_ROWS


@pytest.mark.parametrize("group", [name for name in GROUPS if name != SIXTEEN])
def test_a_group_holds_all_remedies_of_its_trouble(group):
    view = remedies_view(RemediesParams(group=group, row=MOST_ROWS - 1))
    assert [row.verdict.remedy for row in view.rows] == [r.name for r in case(group).remedies]
    assert view.now == len(view.rows) - 1
    assert view.rows[-1].verdict.remedy in view.readout


@pytest.mark.parametrize("group", GROUPS)
def test_counts_add_up(group):
    view = remedies_view(RemediesParams(group=group))
    assert list(view.counts) == list(VERDICTS)
    assert sum(view.counts.values()) == len(view.rows)


def test_the_read_out_counts_the_rows_and_says_where_they_end():
    told = [remedies_view(RemediesParams(group="factor_n", row=row)).readout for row in (0, 1, 9)]
    for words, counted in zip(told, ("0 of 0–1", "1 of 0–1", "1, the last"), strict=True):
        assert f"Row {counted}: " in words


def test_a_single_trouble_is_explained_below_its_rows():
    assert remedies_view(RemediesParams()).note == ""
    own = case("slow")
    assert remedies_view(RemediesParams(group="slow")).note.split("\n") == [
        f"“{own.complaint}”",
        own.cause,
    ]


def test_a_cost_that_is_saved_is_gone_and_one_that_grows_is_not():
    def cost(after):
        return Outcome((100.0,), (after,), (), (), (), (), (), HELPS)

    assert gone(cost(25.0)) == pytest.approx([0.75])
    assert gone(cost(130.0)) == pytest.approx([-0.3])


def test_a_trainings_share_is_the_clinics():
    own = case("rising")
    view = remedies_view(RemediesParams(group="rising"))
    for row, remedy in zip(view.rows, own.remedies, strict=True):
        np.testing.assert_array_equal(row.gone, outcome(own, remedy).recovered)
