"""Growth: curves are the model's, dots the record's, stars the report's."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.losses.cost import FORMS, arguments_bytes, peak_memory
from sigreg_edu.views.cost_record import cost_record
from sigreg_edu.views.report_claims import SCALING
from sigreg_edu.views.scaling import ENDS, ROOM, SIZES, ScalingParams, amount, scaling_view

REPORT = {"N": 6272, "D": 384, "M": 512}


@pytest.mark.parametrize("grows", SIZES)
def test_curves_pass_through_what_is_told_of_the_present_sizes(grows):
    for what in ("seconds", "memory"):
        view = scaling_view(ScalingParams(grows=grows, what=what))
        size, takes = view.now
        for form in FORMS:
            near = np.exp(np.interp(np.log(size), np.log(view.x), np.log(view.curves[form])))
            assert takes[form] == pytest.approx(near, rel=0.25)  # a jump lies between two points


def test_curves_are_the_fitted_model_and_the_counted_memory():
    params = ScalingParams(grows="N", N=512)
    model = cost_record().model
    for form in FORMS:
        assert scaling_view(params).now[1][form] == model.seconds(form, *params.sizes)
        memory = scaling_view(params.changed(what="memory")).now[1][form]
        assert memory == peak_memory(form, *params.sizes)


def test_exponents_are_one_in_slices_two_in_points_of_pairs_and_flat_where_nothing_grows():
    over_points = scaling_view(ScalingParams(grows="N")).exponents
    assert over_points["three sums"] == pytest.approx(2.0, abs=0.1)
    assert over_points["closed form"] == pytest.approx(2.0, abs=0.1)
    assert over_points["textbook"] == pytest.approx(1.0, abs=0.1)
    over_slices = scaling_view(ScalingParams(grows="M")).exponents
    assert over_slices["vicreg"] == pytest.approx(0.0, abs=1e-9)
    assert scaling_view(ScalingParams(grows="D")).exponents["vicreg"] > 1.5


def test_a_curve_that_falls_is_no_power():
    # the fast form stops keeping projections at 32 MB
    view = scaling_view(ScalingParams(grows="M", what="memory", N=6272))
    assert view.exponents["fast"] is None
    assert "no power" in view.readout


def test_what_needs_more_than_16_gigabytes_is_told_apart():
    view = scaling_view(ScalingParams(grows="N", M=1024))
    needed = peak_memory("three sums", view.x, 256, 1024, 17) + arguments_bytes(view.x, 256, 1024)
    np.testing.assert_array_equal(view.fits["three sums"], needed <= ROOM)
    assert view.fits["fast"].all()


@pytest.mark.parametrize("grows", SIZES)
def test_dots_are_measured_steps_whose_other_sizes_are_the_present_ones(grows):
    params = ScalingParams(grows=grows)
    view, record = scaling_view(params), cost_record()
    assert len(view.dots["fast"]) >= 4
    for size, seconds in view.dots["fast"]:
        sizes = {name: getattr(params, name) for name in SIZES} | {grows: int(size)}
        assert record.at("fast", *sizes.values()).seconds == seconds
        assert ENDS[grows][0] <= size <= ENDS[grows][1]
    assert len(scaling_view(ScalingParams(grows=grows, N=2080, D=272)).dots["fast"]) == 0


def test_the_reports_numbers_stand_where_its_tables_have_them_and_nowhere_else():
    table = scaling_view(ScalingParams(grows="D", **REPORT)).report
    assert {d: 1e3 * s for d, s in table["vicreg"]} == pytest.approx(
        {d: ms for d, (ms, _) in SCALING.items()}
    )
    over_slices = scaling_view(ScalingParams(grows="M", **REPORT)).report
    assert over_slices["sigreg"][:, 0].tolist() == [512, 1024, 2048]
    assert set(over_slices["vicreg"][:, 1]) == {0.0125}
    memory = scaling_view(ScalingParams(grows="M", what="memory", **REPORT)).report
    assert memory["sigreg"][:, 1].tolist() == [38e6, 42e6, 50e6]
    for changes in ({"N": 2048}, {"T": 9}, {"M": 1024}, {"what": "memory"}, {"grows": "N"}):
        view = scaling_view(ScalingParams(**{"grows": "D", **REPORT, **changes}))
        assert len(view.report["vicreg"]) == 0, changes
        assert "Stars" not in view.readout


def test_a_dot_far_off_its_line_is_named():
    readout = scaling_view(ScalingParams(grows="D", **REPORT)).readout
    row = cost_record().at("textbook", 6272, 192, 512)
    off = row.seconds / cost_record().model.seconds("textbook", *row.sizes)
    assert off > 2.0
    assert f"up to {off:.1f} times off their lines (textbook at D = 192)" in readout
    assert "off their lines" not in scaling_view(ScalingParams(what="memory")).readout


def test_the_step_of_the_fast_form_is_explained_where_it_is_on_the_axis():
    view = scaling_view(ScalingParams(grows="M", what="memory", N=6272))
    assert "From M ≈ 1337 on the fast form keeps its projections no longer" in view.readout
    for params in (ScalingParams(grows="M"), ScalingParams(grows="D", N=6272)):
        assert "hence the step" not in scaling_view(params).readout


def test_the_words_name_sizes_and_every_form():
    view = scaling_view(ScalingParams(grows="D", **REPORT))
    assert "N = 6272, D = 384, M = 512, T = 17" in view.readout
    for form in FORMS:
        assert f"{form} {amount('seconds', view.now[1][form])}" in view.readout
    assert view.others == "N = 6272, M = 512, T = 17"
    assert "Stars: the report's own" in view.readout
