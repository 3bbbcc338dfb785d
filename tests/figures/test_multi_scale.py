"""The figure of several scales draws its view, and its words can be read."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures.multi_scale import MultiScaleFigure
from sigreg_edu.views.multi_scale import MultiScaleParams, multi_scale_view


@pytest.mark.parametrize("changes", [{}, {"share": 1.0}, {"scale": 2.0, "rescaled": True}])
def test_several_scales_bars_and_marks_are_the_views(changes, assert_words_are_apart):
    figure, view = MultiScaleFigure(), multi_scale_view(MultiScaleParams(**changes))
    figure.update(view)
    np.testing.assert_allclose([bar.get_height() for bar in figure.bars], view.statistics)
    for dot, effect in zip(figure.dots, view.effects, strict=True):
        assert dot.get_xydata().tolist() == [[view.share, effect]]
    assert_words_are_apart(figure)
