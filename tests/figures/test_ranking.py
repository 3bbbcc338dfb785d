"""What the figure of rankings draws is what the view holds, within its axes."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures.ranking import RankingFigure
from sigreg_edu.views.ranking import EXPERIMENTS, PAPER, SCORES, WHICH, RankingParams, ranking_view


@pytest.fixture(scope="module")
def figure() -> RankingFigure:
    return RankingFigure()


def shown(figure: RankingFigure, **changes):
    view = ranking_view(RankingParams(**changes))
    figure.update(view)
    return view


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("which", WHICH)
def test_each_network_is_a_dot_of_its_experiment_and_pale_if_it_is_not_ranked(figure, which, score):
    view = shown(figure, which=which, score=score, alpha=0.3)
    for group in EXPERIMENTS:
        for kept in (False, True):
            own = (view.models.groups == group) & (view.chosen == kept)
            dots = figure.dots[group, kept]
            np.testing.assert_array_equal(dots.get_xdata(), view.rescaled[own])
            np.testing.assert_allclose(dots.get_ydata(), 100.0 * view.models.scores[score][own])
        assert figure.dots[group, False].get_alpha() < figure.dots[group, True].get_alpha()
    assert sum(len(dots.get_xdata()) for dots in figure.dots.values()) == len(view.rescaled)


@pytest.mark.parametrize("alpha", [0.0, 0.4, 1.0])
def test_all_dots_lie_within_axes_that_do_not_move(figure, alpha):
    shown(figure, alpha=0.0)
    before = figure.dots_axes.get_xlim()
    view = shown(figure, alpha=alpha)
    assert figure.dots_axes.get_xlim() == before
    assert before[0] < view.rescaled.min()
    assert view.rescaled.max() < before[1]
    low, high = figure.dots_axes.get_ylim()
    assert low <= 100.0 * view.accuracy.min()
    assert 100.0 * view.accuracy.max() <= high


@pytest.mark.parametrize("score", SCORES)
def test_all_curves_lie_within_their_axes_and_the_chosen_one_is_bold(figure, score):
    for which in WHICH:
        view = shown(figure, which=which, score=score)
        low, high = figure.curves_axes.get_ylim()
        for name, line in figure.curves.items():
            np.testing.assert_array_equal(line.get_ydata(), view.curves[name])
            assert low < line.get_ydata().min()
            assert line.get_ydata().max() < high
        widths = {name: line.get_linewidth() for name, line in figure.curves.items()}
        assert max(widths, key=widths.get) == which


def test_the_mark_stands_on_the_bold_curve_at_the_present_alpha(figure):
    view = shown(figure, which="lamb", alpha=0.6)
    assert figure.mark.get_xydata().tolist() == [[0.6, view.now]]
    assert view.now == pytest.approx(view.curves["lamb"][30], abs=1e-12)
    assert set(figure.upright.get_xdata()) == {0.6}


def test_the_papers_two_figures_are_marked_and_labelled(figure):
    assert [tuple(point) for point in figure.paper.get_xydata()] == list(PAPER)
    labels = [text.get_text() for text in figure.curves_axes.get_legend().get_texts()]
    assert labels == [*WHICH.values(), "the paper's"]


def test_title_and_device_follow_the_view(figure):
    for score, name in SCORES.items():
        view = shown(figure, score=score)
        assert name in figure.title.get_text()
        assert figure.ran_on.get_text() == f"on {', '.join(view.models.devices)}"
