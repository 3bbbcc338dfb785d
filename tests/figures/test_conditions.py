"""What the figure of losses draws is what the view holds, within its axes."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures.conditions import ConditionsFigure
from sigreg_edu.figures.embedding import along_steps
from sigreg_edu.training.measures import SPACES
from sigreg_edu.training.objective import CONDITIONS
from sigreg_edu.views.conditions import ConditionsParams, conditions_view


@pytest.fixture(scope="module")
def figure() -> ConditionsFigure:
    return ConditionsFigure()


def shown(figure: ConditionsFigure, **changes):
    view = conditions_view(ConditionsParams(**changes))
    figure.update(view)
    return view


def test_digits_stand_in_the_line_of_their_class(figure):
    view = shown(figure, condition="sigreg")
    for digit, line in enumerate(figure.cloud.dots.lines):
        np.testing.assert_array_equal(line.get_xydata(), view.points[view.labels == digit])
    assert not figure.cloud.box.get_visible()
    shown(figure, condition="none")
    assert figure.cloud.box.get_visible()


def test_both_spectra_are_drawn_and_the_chosen_space_is_bold(figure):
    for space in SPACES:
        view = shown(figure, condition="vicreg", space=space)
        for name, line in figure.spectra.items():
            np.testing.assert_array_equal(line.get_ydata(), view.spectra[name])
            assert line.get_xdata()[0] == 1
        widths = {name: line.get_linewidth() for name, line in figure.spectra.items()}
        assert max(widths, key=widths.get) == space


def test_the_mark_stands_on_the_bold_curve_of_the_cloud_s_seed(figure):
    view = shown(figure, condition="lejepa", moment=11)
    for name, lines in figure.lines.items():
        factor = 100.0 if name == "knn" else 1.0
        bold = max(lines, key=lambda line: line.get_linewidth())
        np.testing.assert_allclose(bold.get_ydata(), factor * view.curves["lejepa"][name][0])
        x, y = (data[0] for data in figure.marks[name].get_data())
        assert x == along_steps(view.steps)[11]
        assert y == bold.get_ydata()[11]


@pytest.mark.parametrize("space", SPACES)
def test_all_curves_and_spectra_lie_within_their_axes(figure, space):
    for condition in CONDITIONS:
        for moment in (0, 15, 29):
            shown(figure, condition=condition, space=space, moment=moment)
            for name, axes in figure.curve_axes.items():
                low, high = axes.get_ylim()
                for line in (*figure.lines[name], *figure.others[name]):
                    assert low < line.get_ydata().min()
                    assert line.get_ydata().max() < high
            for line in figure.spectra.values():
                low, high = line.axes.get_ylim()
                assert low < line.get_ydata().min()
                assert line.get_ydata().max() < high
