"""The figure of the worst direction draws its view, and its words can be read."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures.worst_slices import WorstSlicesFigure
from sigreg_edu.views.worst_slices import WorstSlicesParams, worst_slices_view


@pytest.mark.parametrize("separation", ["0", "0.95", "1"])
def test_worst_direction_curves_and_words_are_the_views(separation, assert_words_are_apart):
    figure = WorstSlicesFigure()
    view = worst_slices_view(WorstSlicesParams(separation=separation))
    figure.update(view)
    np.testing.assert_array_equal(figure.searched.get_ydata(), np.maximum(view.searched, 0.1))
    assert figure.words[1].get_text() == f"T = {view.statistics[1]:.1f}"
    assert set(figure.here.get_xdata()) == {view.dim}
    assert_words_are_apart(figure)
