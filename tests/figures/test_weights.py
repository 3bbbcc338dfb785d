"""The figure of weights draws its view, and its words can be read."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures.weights import WeightsFigure
from sigreg_edu.views.weights import FLAWS, WeightsParams, weights_view


@pytest.mark.parametrize("changes", [{}, {"weight": "uniform", "t_max": 6.0, "flaw": "tails"}])
def test_weights_bars_and_curves_are_the_views(changes, assert_words_are_apart):
    figure, view = WeightsFigure(), weights_view(WeightsParams(**changes))
    figure.update(view)
    assert [bar.get_height() for bar in figure.bars] == view.power.tolist()
    np.testing.assert_array_equal(figure.weight.get_ydata(), view.weight)
    assert figure.pull.get_ydata().max() <= 3.3
    bold = [name for name, bar in zip(FLAWS, figure.bars, strict=True) if bar.get_alpha() == 1]
    assert bold == [view.flaw]
    assert_words_are_apart(figure)
