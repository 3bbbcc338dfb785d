"""The figure of sample sizes draws its view, and its words can be read."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures.sample_size import SampleSizeFigure
from sigreg_edu.training.frontier_samples import ALTERNATIVES, TESTS
from sigreg_edu.views.sample_size import SampleSizeParams, sample_size_view


@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_sample_sizes_found_are_dots_and_those_not_found_open(alternative, assert_words_are_apart):
    figure = SampleSizeFigure()
    view = sample_size_view(SampleSizeParams(alternative=alternative, test="worst", dim=64))
    figure.update(view)
    for name in TESTS:
        missing = int(np.isnan(view.needed[name]).sum())
        assert len(figure.beyond[name].get_xdata()) == missing
        np.testing.assert_array_equal(figure.points[name].get_ydata(), view.needed[name])
    widths = {name: line.get_linewidth() for name, line in figure.power.items()}
    assert max(widths, key=widths.get) == "worst"
    assert_words_are_apart(figure)
