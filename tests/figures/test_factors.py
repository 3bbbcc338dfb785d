"""What the figure of factors draws is what the view holds, within its axes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sigreg_edu.figures.factors import NAMES, FactorsFigure
from sigreg_edu.views.factors import RUNS, FactorsParams, FactorsView, factors_view


@pytest.fixture(scope="module")
def figure() -> FactorsFigure:
    return FactorsFigure()


def shown(figure: FactorsFigure, **changes) -> FactorsView:
    view = factors_view(FactorsParams(**changes))
    figure.update(view)
    return view


def ends(bars) -> np.ndarray:
    """Start and end of each bar, (F, 2), as shares."""
    return np.array([[bar.get_x(), bar.get_x() + bar.get_width()] for bar in bars]) / 100.0


def test_each_row_shows_a_picture_and_its_views(figure):
    view = shown(figure, first=4)
    rows = [figure.pictures[3 * row : 3 * row + 3] for row in range(3)]
    for row, picture, views in zip(rows, view.images, view.views, strict=True):
        for image, pixels in zip(row, (picture, *views), strict=True):
            np.testing.assert_allclose(image.get_array(), pixels, atol=1 / 255)  # may be 8 bits


@pytest.mark.parametrize("run", RUNS)
def test_bars_run_from_chance_to_the_accuracy_on_a_track_to_100(figure, run):
    view = shown(figure, run=run)
    np.testing.assert_allclose(ends(figure.bars), np.column_stack([view.chance, view.accuracy]))
    np.testing.assert_allclose(ends(figure.tracks), np.column_stack([view.chance, np.ones(5)]))
    hatched = [bar.get_hatch() is not None for bar in figure.bars]
    assert hatched == view.varied.tolist()


def test_a_row_is_named_by_its_factor(figure):
    shown(figure)
    labels = [text.get_text() for text in figure.bar_axes.get_yticklabels()]
    assert labels == list(NAMES)
    bottom, top = figure.bar_axes.get_ylim()
    assert bottom > top  # the first factor is at the top
    for row, bar in enumerate(figure.bars):
        assert row - 0.5 < bar.get_y() < row


def test_the_ticks_stand_at_the_threshold_and_move_with_it(figure):
    for share in (0.1, 0.9):
        view = shown(figure, share=share)
        places = [tick.get_xdata()[0] / 100.0 for tick in figure.thresholds]
        np.testing.assert_allclose(places, view.threshold)
        bold = [text.get_fontweight() == "bold" for text in figure.values]
        assert bold == (view.accuracy >= view.threshold).tolist()


def test_the_other_training_is_drawn_only_when_there_is_one(figure):
    view = shown(figure, run="position, size", other="position, size, colour")
    np.testing.assert_allclose(ends(figure.others), np.column_stack([view.chance, view.other]))
    assert [bar.get_hatch() is not None for bar in figure.others] == view.other_varied.tolist()
    assert all(bar.get_visible() for bar in figure.others)
    shown(figure, other="none")
    assert not any(bar.get_visible() for bar in figure.others)
    assert not any(text.get_visible() for text in figure.other_values)


def test_the_pixels_are_marked_in_the_row_of_the_shape(figure):
    view = shown(figure)
    assert figure.raw.get_xdata()[0] == pytest.approx(100.0 * view.raw_shape)
    low, high = figure.raw.get_ydata()
    assert low < NAMES.index("shape") < high


@pytest.mark.parametrize("device", ["cpu", "NVIDIA H100 80GB HBM3"])
@pytest.mark.parametrize("other", ["none", "position"])
def test_no_word_is_cut_off_or_lies_on_another(assert_words_are_apart, figure, other, device):
    view = factors_view(FactorsParams(other=other))
    figure.update(replace(view, device=device, accuracy=np.ones(5)))
    assert device in figure.device.get_text()
    assert_words_are_apart(figure)
