"""What the figure of the three forms draws is what the view holds."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures.forms import CUT, LOWEST_T, FormsFigure
from sigreg_edu.statistics import reference_quantiles
from sigreg_edu.views.forms import FORMS, FormsParams, forms_view


@pytest.fixture(scope="module")
def figure() -> FormsFigure:
    return FormsFigure()


def shown(figure: FormsFigure, **changes):
    view = forms_view(FormsParams(**changes))
    figure.update(view)
    return view


@pytest.mark.parametrize("sweep", ["shift", "num_samples", "scale"])
def test_curves_marker_and_axis_follow_the_sweep(figure, sweep):
    view = shown(figure, sweep=sweep, shape="laplace", num_samples=700)
    for line, curve in zip(figure.curves, view.curves, strict=True):
        assert np.array_equal(line.get_ydata(), curve)
        assert np.array_equal(line.get_xdata(), view.places)
    assert list(figure.points.get_ydata()) == list(view.values)
    assert set(figure.points.get_xdata()) == {view.place}
    assert figure.axes.get_xscale() == ("log" if sweep == "num_samples" else "linear")
    low, high = figure.axes.get_xlim()
    assert low <= view.places[0] < view.places[-1] <= high
    assert sweep.replace("num_samples", "sample size N") in figure.title.get_text()
    assert figure.title.get_fontweight() == "bold"  # a title set late must keep the style


def test_every_value_is_inside_the_axis(figure):
    for changes in ({"num_samples": 10}, {"num_samples": 5000, "scale": 0.0, "shift": 3.0}):
        view = shown(figure, **changes)
        assert view.curves.max() < figure.axes.get_ylim()[1]
        assert np.median(view.curves) > LOWEST_T


def test_the_table_holds_every_value(figure):
    view = shown(figure, shift=1.0, standardize=True)
    for block in range(2):
        for row in range(len(FORMS)):
            for column in range(2):
                text = figure.cells[block][row][column].get_text()
                assert float(text) == pytest.approx(view.table[block, row, column], rel=6e-3)


def test_the_block_that_is_drawn_is_marked(figure):
    for standardize in (False, True):
        shown(figure, standardize=standardize)
        marked = ["drawn" in heading.get_text() for heading in figure.headings]
        assert marked == [not standardize, standardize]
        assert figure.cells[int(standardize)][0][0].get_fontweight() == "bold"


def test_lowest_places_are_marked_only_for_raw_scales(figure):
    view = shown(figure)
    assert [marker.get_xdata()[0] for marker in figure.lowest] == [view.lowest[0], view.lowest[2]]
    assert figure.lowest_at[1].get_text() == f"{view.lowest[2]:.2f}"
    for changes in ({"sweep": "shift"}, {"standardize": True}):
        shown(figure, **changes)
        assert not any(artist.get_visible() for artist in (*figure.lowest, *figure.lowest_at))


def test_the_standardized_sample_is_outlined_when_it_is_tested(figure):
    view = shown(figure, scale=0.1, standardize=True)
    assert figure.seen.get_visible()
    assert np.array_equal(figure.seen.get_data().values, np.minimum(view.seen.heights, CUT))
    shown(figure, scale=0.1)
    assert not figure.seen.get_visible()


def test_seventeen_points_stand_under_the_sample(figure):
    ticks = next(line for line in figure.figure.axes[0].lines if line.get_label() == "17 points")
    assert np.array_equal(ticks.get_xdata(), reference_quantiles().numpy())


def test_the_healthy_twin_has_its_line(figure):
    view = shown(figure, scale=0.2)
    assert np.array_equal(figure.healthy.get_ydata(), view.healthy_curve)
    assert view.healthy_curve[0] == pytest.approx(view.table[0, 0, 1])
