"""The figure of all directions draws its view, and its words can be read."""

from __future__ import annotations

import numpy as np

from sigreg_edu.figures.all_directions import AllDirectionsFigure
from sigreg_edu.views.all_directions import (
    AllDirectionsParams,
    all_directions_view,
    refine_all_directions,
)


def test_all_directions_dots_are_the_means_and_marks_the_present(assert_words_are_apart):
    params = AllDirectionsParams(cloud="shrunk", dim=64, num_slices=256)
    figure = AllDirectionsFigure()
    figure.update(all_directions_view(params))
    *_, view = refine_all_directions(params)
    figure.update(view)
    np.testing.assert_allclose(figure.dots.get_ydata(), view.means - view.exact)
    assert figure.spread_here.get_xydata().tolist() == [[256, view.here_spread]]
    assert figure.cosine_here.get_xydata().tolist() == [[256, view.here_cosine]]
    low, high = figure.means_axes.get_ylim()
    assert low < figure.dots.get_ydata().min() < figure.dots.get_ydata().max() < high
    assert_words_are_apart(figure)
