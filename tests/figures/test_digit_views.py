"""What the figure of views draws is what the view holds: tiles, bars and marks."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures.digit_views import (
    MARGIN,
    PITCH,
    SHEET,
    TILE,
    DigitViewsFigure,
    left_of,
    sheet_of,
)
from sigreg_edu.views.digit_views import (
    MOST_VIEWS,
    DigitViewsParams,
    digit_views_view,
    refine_digit_views,
)


@pytest.fixture(scope="module")
def figure() -> DigitViewsFigure:
    return DigitViewsFigure()


def shown(figure: DigitViewsFigure, **changes):
    params = DigitViewsParams(**changes)
    view = [digit_views_view(params), *refine_digit_views(params)][-1]
    figure.update(view)
    return view


def test_what_is_not_counted_yet_has_no_bar():
    figure = DigitViewsFigure()  # of a state that nobody else asks for
    figure.update(digit_views_view(DigitViewsParams(pose=0.321)))
    assert figure.bar.get_width() == 0.0
    assert figure.number.get_text() == "being counted"


@pytest.mark.parametrize("data", ["digits", "shapes"])
@pytest.mark.parametrize("num_views", [2, MOST_VIEWS])
def test_each_picture_lies_in_its_cell_and_the_rest_is_white(figure, data, num_views):
    view = shown(figure, data=data, colour=1.0, num_views=num_views)
    sheet = figure.sheet.get_array()[..., :3]
    white = np.ones(sheet.shape[:2], dtype=bool)
    scale = TILE // view.tiles.shape[2]
    for row in range(5):
        for column in range(1 + num_views):
            top, left = row * PITCH, left_of(column)
            cell = slice(top, top + TILE), slice(left, left + TILE)
            expected = np.rint(255 * view.tiles[row, column]).astype(np.uint8)
            np.testing.assert_array_equal(sheet[cell][::scale, ::scale], expected)
            np.testing.assert_array_equal(sheet[cell][scale - 1 :: scale, ::scale], expected)
            white[cell] = False
    assert (sheet[white] == 255).all()
    assert [heading.get_visible() for heading in figure.headings] == [
        number <= num_views for number in range(1 + MOST_VIEWS)
    ]


def test_the_sheet_holds_the_most_views():
    tiles = np.zeros((5, 1 + MOST_VIEWS, 16, 16, 3))
    sheet = sheet_of(tiles)
    assert sheet.shape == (*SHEET, 3)
    assert (sheet[-1, -1] == 0.0).all()  # the last picture ends where the sheet does


@pytest.mark.parametrize("data", ["digits", "shapes"])
def test_rows_are_named_and_the_names_stay_on_the_paper(figure, data):
    view = shown(figure, data=data)
    assert tuple(text.get_text() for text in figure.names) == view.names
    left = figure.figure.bbox.x0
    for text in figure.names:
        assert text.get_window_extent(figure.canvas.get_renderer()).x0 >= left
        assert -MARGIN < text.get_position()[0] < 0


@pytest.mark.parametrize("changes", [{"colour": 0.4}, {"data": "shapes"}])
def test_a_bar_for_each_thing_that_may_be_drawn_anew(figure, changes):
    view = shown(figure, **changes)
    labels = [label.get_text() for label in figure.anew_axes.get_yticklabels()]
    assert labels == list(view.anew)
    assert [bar.get_width() for bar in figure.bars] == list(view.anew.values())
    assert list(figure.dots.get_xdata()) == list(view.anew.values())


@pytest.mark.parametrize("changes", [{}, {"pose": 0.0}, {"colour": 1.0}, {"data": "shapes"}])
def test_the_bar_of_raw_pixels_stands_beside_its_marks(figure, changes):
    view = shown(figure, **changes)
    assert figure.bar.get_width() == 100.0 * view.raw_knn
    assert figure.number.get_text() == f"{100 * view.raw_knn:.1f}"
    for name, share in (("chance", view.chance), ("upright", view.upright)):
        mark, said = figure.marks[name]
        assert mark.get_visible() == said.get_visible() == (share is not None)
        if share is not None:
            assert list(mark.get_xdata()) == [100.0 * share] * 2
            assert said.get_text() == f"{name} {100 * share:.0f}"


@pytest.mark.parametrize("data", ["digits", "shapes"])
def test_no_words_overlap_and_none_leave_the_paper(data):
    figure = DigitViewsFigure()
    shown(figure, data=data, num_views=MOST_VIEWS)
    renderer, paper = figure.canvas.get_renderer(), figure.figure.bbox
    texts = [*figure.headings, *figure.names, figure.number]
    texts += [said for _, said in figure.marks.values() if said.get_visible()]
    for axes in figure.figure.axes:
        texts += [axes._left_title, *axes.get_xticklabels(), *axes.get_yticklabels()]
    boxes = [text.get_window_extent(renderer) for text in texts if text.get_text()]
    for number, box in enumerate(boxes):
        assert paper.x0 <= box.x0
        assert box.x1 <= paper.x1
        assert paper.y0 <= box.y0
        assert box.y1 <= paper.y1
        assert not any(box.overlaps(other) for other in boxes[:number])
