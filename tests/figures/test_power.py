"""What the figure of power draws is what the view holds."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures.power import LABEL_GAP, LOOKS, PowerFigure, spread
from sigreg_edu.views.power import DEPARTURES, TESTS, PowerParams, power_view


@pytest.fixture(scope="module")
def figure() -> PowerFigure:
    return PowerFigure()


def shown(figure: PowerFigure, **changes):
    view = power_view(PowerParams(**{"num_samples": 20, **changes}))
    figure.update(view)
    return view


def test_curves_bands_and_bars_are_the_views(figure):
    view = shown(figure, departure="skewed", strength=0.6)
    for k in range(len(TESTS)):
        assert np.array_equal(figure.curves[k].get_ydata(), view.rates[k])
        outline = figure.bands[k].get_xy()[:, 1]
        assert outline.min() == view.lower[k].min()
        assert outline.max() == view.upper[k].max()
        assert figure.bars[k].get_width() == view.here[k]
        assert figure.values[k].get_text() == f"{100 * view.here[k]:.0f} %"
    assert set(figure.here.get_xdata()) == {0.6}
    assert figure.repeats.get_text() == f"{view.repeats} repeats"


def test_each_test_has_a_line_style_and_a_marker_of_its_own():
    assert list(LOOKS) == list(TESTS)
    looks = [look for _, look in LOOKS.values()]
    for part in ("color", "linestyle", "marker"):
        assert len({str(look[part]) for look in looks}) == len(looks)
    assert len({short for short, _ in LOOKS.values()}) == len(looks)


@pytest.mark.parametrize("departure", list(DEPARTURES))
def test_labels_at_the_lines_ends_do_not_overlap(figure, departure):
    view = shown(figure, departure=departure)
    heights = np.array([label.get_position()[1] for label in figure.labels])
    assert np.diff(np.sort(heights)).min() >= LABEL_GAP - 1e-9
    ends = view.rates[:, -1]
    order = np.argsort(ends, kind="stable")
    assert (np.diff(heights[order]) > 0).all()
    for lead, end, height in zip(figure.leads, ends, heights, strict=True):
        assert list(lead.get_ydata()) == [end, height]


def test_spread_leaves_places_that_have_room():
    places = np.array([0.1, 0.9, 0.5])
    assert spread(places, 0.1) == pytest.approx(places)
    crowded = spread(np.full(6, 1.0), 0.075)
    assert crowded.max() <= 1.04
    assert np.diff(np.sort(crowded)).min() >= 0.075 - 1e-9
    low = spread(np.zeros(6), 0.075)
    assert low.min() >= 0.02


def test_the_law_is_drawn_beside_the_gaussian(figure):
    view = shown(figure, departure="shift", strength=1.0)
    x, density = figure.law.get_data()
    assert x[density.argmax()] == pytest.approx(1.0)
    assert density == pytest.approx(view.density)


def test_moving_the_strength_moves_only_marker_law_and_bars(figure):
    shown(figure, strength=0.2)
    before = [curve.get_ydata().copy() for curve in figure.curves]
    shown(figure, strength=0.7)
    after = [curve.get_ydata() for curve in figure.curves]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
