"""What the figure of remedies draws is the table, and its words can be read."""

from __future__ import annotations

import pytest

from sigreg_edu.figures.remedies import RemediesFigure
from sigreg_edu.views.remedies import GROUPS, HIGHEST, LOWEST, RemediesParams, remedies_view


@pytest.fixture(scope="module")
def figure() -> RemediesFigure:
    return RemediesFigure()


@pytest.mark.parametrize("group", GROUPS)
def test_a_row_has_its_bar_a_dot_a_seed_and_its_verdict(figure, group):
    view = remedies_view(RemediesParams(group=group))
    figure.update(view)
    for number, row in enumerate(view.rows):
        width = figure.bars[number].get_width()
        assert LOWEST <= width <= HIGHEST
        assert (row.gone.mean() < 0.0) == (width < 0.0)
        assert len(figure.dots[number].get_xdata()) == len(row.gone)
        assert row.verdict.verdict in figure.verdicts[number].get_text()
    assert not any(bar.get_visible() for bar in figure.bars[len(view.rows) :])


@pytest.mark.parametrize("group", GROUPS)
def test_its_words_are_apart(figure, assert_words_are_apart, group):
    figure.update(remedies_view(RemediesParams(group=group, row=1)))
    assert_words_are_apart(figure)
