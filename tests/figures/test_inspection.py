"""The pictures of an inspection show what was found, and their words can be read."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from sigreg_edu.figures.inspection import InspectionFigure, SearchedFigure
from sigreg_edu.figures.inspection_page import inspection_page
from sigreg_edu.figures.style import FAILURE
from sigreg_edu.training import inspect_embeddings
from sigreg_edu.views.inspection import EXAMPLES, inspection_view_of


@pytest.fixture(scope="module")
def views():
    return {name: inspection_view_of(inspect_embeddings(make(0)[:300]))
            for name, make in EXAMPLES.items()}  # fmt: skip


@pytest.mark.parametrize("figure", [InspectionFigure(), SearchedFigure()], ids=["sides", "all"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_words_are_apart(figure, name, views, assert_words_are_apart):
    figure.update(views[name])
    assert_words_are_apart(figure)


def test_lines_and_bars_are_those_of_the_view(views):
    figure, view = InspectionFigure(), views["rank_1"]
    figure.update(view)
    np.testing.assert_array_equal(figure.means.get_ydata(), np.sort(view.mean))
    np.testing.assert_allclose(figure.spectrum.get_ydata(), view.axes)
    assert figure.bars[0].get_width() == pytest.approx(view.found.effects["dimensional"], abs=2e-4)
    red = [bar.get_facecolor()[:3] for bar in figure.bars]
    assert red[0] == pytest.approx(tuple(int(FAILURE[i : i + 2], 16) / 255 for i in (1, 3, 5)))
    assert red[1] != pytest.approx(red[0])
    low, high = figure.axes.get_ylim()
    assert low < view.axes.min()
    assert view.axes.max() < high


def test_a_missing_search_leaves_its_panel_empty(views):
    figure = InspectionFigure()
    found = views["healthy"].found
    figure.update(inspection_view_of(replace(found, worst=(), shapes=())))
    assert figure.worst_words.get_text() == "not yet searched"


def test_one_point_can_be_drawn(assert_words_are_apart):
    view = inspection_view_of(inspect_embeddings(torch.zeros(20, 1)))
    for figure in (InspectionFigure(), SearchedFigure()):
        figure.update(view)
        assert_words_are_apart(figure)


def test_the_page_needs_nothing_else_and_says_what_was_found(views):
    view = views["clustered"]
    page = inspection_page(view.found, title="<my> file")
    assert "&lt;my&gt; file" in page
    assert re.search(r'class="verdict">Clustered', page)
    assert page.count("data:image/png;base64,") == 2
    assert not re.search(r"(src|href)=\"(?!data:)", page)
    assert "<script" not in page
    assert page.count("<img") == page.count(" alt=")
    assert "$" not in re.sub(r"base64,[^\"]*", "", page)
