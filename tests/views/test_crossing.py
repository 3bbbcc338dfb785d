"""Crossings: from which D VICReg costs more, by the model, and what the report says of it."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.slicing.trig_sums import KEPT_BYTES
from sigreg_edu.views.cost_record import cost_record
from sigreg_edu.views.crossing import (
    D_ENDS,
    D_GRID,
    CrossingParams,
    cost,
    crossing_dimension,
    crossing_view,
    report_crossing,
)


def test_a_planted_crossing_is_found_between_the_points():
    sigreg, vicreg = np.full_like(D_GRID, 300.0**2), D_GRID**2
    assert crossing_dimension(D_GRID, sigreg, vicreg) == pytest.approx(300.0, rel=1e-6)


def test_curves_that_do_not_cross_are_told_apart():
    ones = np.ones_like(D_GRID)
    assert crossing_dimension(D_GRID, ones, 2 * ones) == D_ENDS[0]
    assert crossing_dimension(D_GRID, 2 * ones, ones) is None


def test_the_last_of_several_crossings_counts():
    dims = np.array([1.0, 2.0, 4.0, 8.0])
    found = crossing_dimension(dims, np.ones(4), np.array([2.0, 0.5, 0.5, 2.0]))
    assert 4.0 < found < 8.0


@pytest.mark.parametrize("what", ["seconds", "memory"])
def test_both_costs_are_equal_at_the_crossing(what):
    params = CrossingParams(what=what, N=6272)
    view = crossing_view(params)
    at = np.array([view.crossing])
    record = cost_record()
    pair = [cost(record, params, form, at, params.M)[0] for form in ("fast", "vicreg")]
    assert pair[0] == pytest.approx(pair[1], rel=0.02)  # straight between two points of the grid


def test_more_slices_move_the_crossing_up():
    view = crossing_view(CrossingParams())
    assert (np.diff(view.crossings["fast"]) >= 0).all()
    assert view.crossings["fast"][0] < view.crossings["fast"][-1] / 3


def test_the_mark_lies_on_the_chosen_line():
    for form in ("fast", "textbook"):
        view = crossing_view(CrossingParams(M=512, form=form))
        near = np.interp(np.log(512), np.log(view.slices), np.log(view.crossings[form]))
        assert view.crossing == pytest.approx(np.exp(near), rel=0.02)


def test_the_textbook_form_never_holds_less_than_vicreg_at_1024_slices():
    view = crossing_view(CrossingParams(N=6272, what="memory", form="textbook"))
    assert view.crossing is None
    assert "at no D up to 8192" in view.readout
    assert "K² against M·K alone" in view.readout


def test_the_reports_own_table_crosses_far_below_what_its_list_says():
    assert 192 < report_crossing() < 384
    assert f"near D = {report_crossing():.0f}" in crossing_view(CrossingParams()).readout


def test_stars_stand_only_at_the_reports_points_and_slices():
    assert len(crossing_view(CrossingParams(N=6272, M=512)).stars["sigreg"]) == 5
    for changes in ({"N": 2048}, {"M": 1024}, {"what": "memory"}):
        view = crossing_view(CrossingParams(**{"N": 6272, "M": 512, **changes}))
        assert len(view.stars["sigreg"]) == 0


def test_the_crossing_is_told_in_slices_and_is_no_fixed_multiple_of_them():
    multiples = [crossing_view(CrossingParams(M=M)).crossing / M for M in (16, 64, 512, 2048)]
    assert (np.diff(multiples) < 0).all()
    assert "which is 1.4 M" in crossing_view(CrossingParams(M=1024)).readout


def test_a_measured_step_far_off_its_line_makes_the_crossing_uncertain():
    params = CrossingParams(form="textbook")
    view, record = crossing_view(params), cost_record()
    (dot,) = view.dots["textbook"]
    off = dot[1] / record.model.seconds("textbook", params.N, dot[0], params.M, params.T)
    assert off > 1.5
    assert f"up to {off:.1f} times off" in view.readout
    ends = [crossing_dimension(D_GRID, view.sigreg * f, view.vicreg) for f in (1 / off, off)]
    assert ends[0] < view.crossing < ends[1]
    assert f"from D ≈ {ends[0]:.0f} to {ends[1]:.0f}" in view.readout


def test_where_no_step_was_measured_the_doubt_is_of_the_whole_record():
    view, record = crossing_view(CrossingParams(N=2112)), cost_record()
    assert len(view.dots["fast"]) == 0
    worst = record.model.within(row for row in record.every if row.form == "fast")
    assert f"No SIGReg was measured here; elsewhere it is up to {worst:.1f}" in view.readout


def test_memory_is_counted_and_in_no_doubt():
    assert "may lie" not in crossing_view(CrossingParams(what="memory")).readout


def test_the_step_of_the_fast_forms_line_is_explained_where_it_is_on_the_axis():
    view = crossing_view(CrossingParams(N=6272, what="memory"))
    border = KEPT_BYTES / (4 * 6272)
    assert f"From M ≈ {border:.0f} on" in view.readout
    below, above = (crossing_view(CrossingParams(N=6272, what="memory", M=M)) for M in (1328, 1344))
    assert above.crossing < below.crossing / 2
    assert "hence the step" not in crossing_view(CrossingParams(N=2048)).readout


def test_dots_are_measured_steps():
    view = crossing_view(CrossingParams(N=6272, M=512))
    assert {192, 384, 768, 1024, 2048} <= set(view.dots["fast"][:, 0])
    assert {192, 384, 768, 1024, 2048} <= set(view.dots["vicreg"][:, 0])
