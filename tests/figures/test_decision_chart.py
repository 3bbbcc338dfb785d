"""The decision chart: one page of A4, all words inside their boxes, the same bytes each time."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from sigreg_edu.figures.decision_chart import A4, SIZE, DecisionChart
from sigreg_edu.training.clinic_chart import chart_branches


@pytest.fixture(scope="module")
def chart() -> DecisionChart:
    return DecisionChart()


def test_no_word_leaves_its_box_and_no_box_the_page(chart):
    renderer, page = chart.figure.canvas.get_renderer(), chart.figure.bbox
    for box in chart.boxes:
        frame, words = box.frame.get_window_extent(renderer), box.words.get_window_extent(renderer)
        assert frame.x0 < words.x0, box.words.get_text()
        assert words.x1 < frame.x1, box.words.get_text()
        assert frame.y0 < words.y0, box.words.get_text()
        assert words.y1 < frame.y1, box.words.get_text()
        assert page.x0 < frame.x0 < frame.x1 < page.x1
        assert page.y0 < frame.y0 < frame.y1 < page.y1


def test_no_two_boxes_and_no_two_heads_overlap(chart):
    renderer = chart.figure.canvas.get_renderer()
    extents = [box.frame.get_window_extent(renderer) for box in chart.boxes]
    extents += [text.get_window_extent(renderer) for text in chart.title]
    for number, one in enumerate(extents):
        assert not any(one.overlaps(other) for other in extents[number + 1 :])


def test_titles_stay_on_the_page(chart):
    renderer, page = chart.figure.canvas.get_renderer(), chart.figure.bbox
    for text in chart.title:
        box = text.get_window_extent(renderer)
        assert page.x0 < box.x0 < box.x1 < page.x1
        assert box.y1 < page.y1


def test_every_word_of_the_branches_is_on_it_in_type_that_a_wall_bears(chart):
    said = " ".join(" ".join(box.words.get_text().split()) for box in chart.boxes)
    for branch in chart_branches():
        for words in (branch.see, branch.read, *(c.cure for c in branch.causes)):
            assert " ".join(words.split()) in said
    assert SIZE >= 8.5  # points


@pytest.mark.parametrize("kind", ["pdf", "png", "svg"])
def test_the_same_page_is_written_each_time(tmp_path, kind):
    pages = [DecisionChart().save(tmp_path / f"{n}.{kind}").read_bytes() for n in range(2)]
    assert pages[0] == pages[1]


def test_a_picture_is_upright_a4_and_a_page_is_a_pdf(chart, tmp_path):
    image = Image.open(io.BytesIO(chart._repr_png_()))
    assert image.height / image.width == pytest.approx(A4[1] / A4[0], rel=0.01)
    assert chart.save(tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")


def test_another_ending_is_refused(chart, tmp_path):
    with pytest.raises(ValueError, match="pdf"):
        chart.save(tmp_path / "page.doc")
