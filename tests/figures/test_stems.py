"""What the figure of stems draws is what the view holds, within its axes."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures.stems import StemsFigure, short_device
from sigreg_edu.training.vit import STEMS
from sigreg_edu.views.stems import RECORDED, TRAININGS, StemsParams, stems_view


@pytest.fixture(scope="module")
def figure() -> StemsFigure:
    return StemsFigure()


def shown(figure: StemsFigure, **changes):
    view = stems_view(StemsParams(**changes))
    figure.update(view)
    return view


@pytest.mark.parametrize("token", [0, 6, 15])
def test_the_frames_enclose_what_the_token_sees(figure, token):
    view = shown(figure, token=token, seed=token)
    np.testing.assert_array_equal(figure.image.get_array(), view.image)
    for stem, box in view.seen.items():
        frame = figure.frames[stem].get_bbox()
        assert (frame.x0, frame.x1) == (box.left, box.right)
        assert (frame.y0, frame.y1) == (box.top, box.bottom)
        assert figure.sizes[stem].get_text() == str(box)


def test_the_second_panel_has_both_stems_and_raw_pixels_within_its_axes(figure):
    view = shown(figure)
    for name, line in figure.similarity.items():
        np.testing.assert_array_equal(line.get_xdata(), view.moves)
        np.testing.assert_array_equal(line.get_ydata(), view.similarity[name])
        low, high = line.axes.get_ylim()
        assert low < line.get_ydata().min()
        assert line.get_ydata().max() < high


@pytest.mark.parametrize("labels", TRAININGS)
@pytest.mark.parametrize("step", [0, RECORDED.steps])
def test_marks_stand_on_the_curves_at_the_present_step(figure, labels, step):
    view = shown(figure, labels=labels, step=step)
    x, y = figure.marks.get_data()
    for number, stem in enumerate(STEMS):
        np.testing.assert_allclose(figure.knn[stem].get_ydata(), 100.0 * view.knn[stem])
        np.testing.assert_allclose(figure.others[stem].get_ydata(), 100.0 * view.other_knn[stem])
        assert x[number] == view.steps[view.now]
        assert y[number] == figure.knn[stem].get_ydata()[view.now]
    assert list(figure.upright.get_xdata()) == [view.steps[view.now]] * 2
    assert list(figure.raw.get_ydata()) == [100.0 * view.raw_knn] * 2
    assert view.other in figure.note.get_text()
    assert short_device(view.device) in figure.knn_axes.get_xlabel()


@pytest.mark.parametrize("labels", TRAININGS)
def test_no_words_overlap_and_none_leave_the_paper(labels):
    figure = StemsFigure()
    shown(figure, labels=labels)
    renderer, paper = figure.canvas.get_renderer(), figure.figure.bbox
    texts = [*figure.sizes.values(), figure.note]
    for axes in figure.figure.axes:
        texts += [axes._left_title, axes.xaxis.label]
        texts += [*axes.texts, *axes.get_xticklabels(), *axes.get_yticklabels()]
        texts += axes.get_legend().get_texts() if axes.get_legend() else []
    unique = {id(text): text for text in texts if text.get_text()}
    boxes = [text.get_window_extent(renderer) for text in unique.values()]
    for number, box in enumerate(boxes):
        assert paper.x0 <= box.x0
        assert box.x1 <= paper.x1
        assert paper.y0 <= box.y0
        assert box.y1 <= paper.y1
        assert not any(box.overlaps(other) for other in boxes[:number])
