"""What the figure of λ draws is what the view holds, within its axes."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures.sweep import SweepFigure, places
from sigreg_edu.training.measures import SPACES
from sigreg_edu.training.targets import TARGETS
from sigreg_edu.views.sweep import CURVES, LINES, SWEPT, SweepParams, sweep_view


@pytest.fixture(scope="module")
def figure() -> SweepFigure:
    return SweepFigure()


def shown(figure: SweepFigure, **changes):
    view = sweep_view(SweepParams(**changes))
    figure.update(view)
    return view


def test_lambda_zero_stands_at_the_left_edge():
    x = places(np.array(SWEPT))
    assert (np.diff(x) > 0).all()
    assert x[1:] == pytest.approx(np.log10(SWEPT[1:]))


@pytest.mark.parametrize("space", SPACES)
def test_lines_are_means_in_bands_from_lowest_to_highest_seed(figure, space):
    view = shown(figure, space=space)
    for name in CURVES:
        factor = 100.0 if name == "knn" else 1.0
        low, high = figure.curve_axes[name].get_ylim()
        for line in LINES:
            values = factor * view.curves[name][line]
            np.testing.assert_allclose(figure.lines[name][line].get_ydata(), values.mean(axis=1))
            assert low < values.min()
            assert values.max() < high
        for target in TARGETS:
            outline = figure.bands[name][target].get_xy()[:, 1]
            values = factor * view.curves[name][target]
            assert (outline.min(), outline.max()) == (values.min(), values.max())


@pytest.mark.parametrize("target", TARGETS)
def test_the_chosen_target_is_bold_and_marked_at_the_present_lambda(figure, target):
    view = shown(figure, target=target, position=4)
    for index, name in enumerate(CURVES):
        line, chosen = figure.lines[name][target], figure.chosen[name]
        np.testing.assert_array_equal(chosen.get_xydata(), line.get_xydata())
        assert chosen.get_color() == line.get_color()
        upright, mark = figure.here[index]
        assert mark.get_xydata()[0].tolist() == chosen.get_xydata()[view.now].tolist()
        assert set(upright.get_xdata()) == {mark.get_xdata()[0]}
    widths = {name: line.get_linewidth() for name, line in figure.spectra.items()}
    assert max(widths, key=widths.get) == target


@pytest.mark.parametrize("space", SPACES)
def test_all_spectra_lie_within_the_axes(figure, space):
    for position in range(len(SWEPT)):
        view = shown(figure, space=space, position=position)
        low, high = figure.spectrum_axes.get_ylim()
        for target, line in figure.spectra.items():
            np.testing.assert_array_equal(line.get_ydata(), view.spectra[target])
            assert low < line.get_ydata().min()
            assert line.get_ydata().max() < high
