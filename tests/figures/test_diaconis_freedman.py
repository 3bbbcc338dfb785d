"""The figure of the digits' shadows: weights as squares, histograms of T."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures.diaconis_freedman import BIGGEST, DiaconisFreedmanFigure
from sigreg_edu.views.diaconis_freedman import DiaconisFreedmanParams, diaconis_freedman_view

VIEW = diaconis_freedman_view(DiaconisFreedmanParams(mixed=8))


@pytest.fixture(scope="module")
def figure() -> DiaconisFreedmanFigure:
    figure = DiaconisFreedmanFigure()
    figure.update(VIEW)
    return figure


def test_the_area_of_a_square_is_the_weight_of_its_pixel(figure):
    weights = VIEW.pattern.ravel()
    plus, minus = figure.plus.get_sizes(), figure.minus.get_sizes()
    np.testing.assert_allclose((plus - minus) / BIGGEST**2, weights)
    assert ((plus > 0) & (minus > 0)).sum() == 0
    assert (plus > 0).sum() + (minus > 0).sum() == 8


def test_squares_stand_where_their_pixels_are(figure):
    places = figure.plus.get_offsets()
    np.testing.assert_array_equal(places[8], [0.0, 1.0])  # second row, first column
    low, high = figure.plus.axes.get_ylim()
    assert low > high  # the first row is on top


def test_plus_and_minus_differ_without_colour(figure):
    assert not np.allclose(figure.plus.get_facecolor(), figure.minus.get_facecolor())
    np.testing.assert_allclose(figure.minus.get_facecolor()[0, :3], 1.0)


@pytest.mark.parametrize("name", ["singles", "mixtures", "null"])
def test_the_histograms_are_the_views(figure, name):
    values, edges, _ = getattr(figure, name).get_data()
    np.testing.assert_array_equal(values, getattr(VIEW, name))
    np.testing.assert_array_equal(edges, VIEW.edges)


def test_the_present_shadow_is_marked(figure):
    assert figure.here.get_xdata() == [VIEW.statistic]
