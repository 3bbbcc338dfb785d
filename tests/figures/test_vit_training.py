"""The live transformer's figure: what was seen is drawn, and nothing before it was seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sigreg_edu.figures.vit_training import LOSSES, VitTrainingFigure
from sigreg_edu.training.runs import one_thread
from sigreg_edu.views.vit_training import VitSessions, VitTrainingParams, vit_training_view

END = VitTrainingParams(step=300)


@pytest.fixture(scope="module")
def sessions():
    sessions = VitSessions(8, {"batch_size": 16, "look_every": 4, "loss.num_slices": 16})
    with one_thread():
        for condition in ("none", "lejepa"):
            sessions.of(END.changed(condition=condition)).run()
    return sessions


@pytest.fixture
def view(sessions):
    return vit_training_view(END, sessions)


@pytest.fixture
def figure(view):
    figure = VitTrainingFigure()
    figure.update(view)
    return figure


def texts(axes) -> list[str]:
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_curves_hold_what_was_seen(figure, view):
    np.testing.assert_array_equal(figure.knn.get_xdata(), [0, 4, 8])
    np.testing.assert_allclose(figure.knn.get_ydata(), 100 * view.curves["knn"])
    np.testing.assert_allclose(figure.linear.get_ydata(), 100 * view.curves["linear"])
    np.testing.assert_allclose(figure.rank.get_ydata(), 100 * view.curves["effective_rank"])
    np.testing.assert_array_equal(figure.invariance.get_xdata(), np.arange(1, 9))
    np.testing.assert_allclose(figure.invariance.get_ydata(), view.invariance)
    np.testing.assert_allclose(figure.statistic.get_ydata(), view.curves["sigreg"])
    assert figure.raw.get_ydata() == [100 * view.raw_knn] * 2
    assert figure.before_note.get_visible()
    np.testing.assert_allclose(figure.before.get_ydata(), 100 * view.before[1])


def test_the_middle_shows_shadow_and_characteristic_function(figure, view):
    np.testing.assert_allclose(figure.real.get_ydata(), view.seen.ecf.real)
    np.testing.assert_allclose(figure.imaginary.get_ydata(), view.seen.ecf.imag)
    assert figure.worst.get_text() == f"T = {view.seen.worst:.3g}"
    assert figure.real.get_ydata()[0] == 1.0


def test_all_test_digits_are_on_the_map_and_views_under_it(figure, view):
    assert sum(len(line.get_xdata()) for line in figure.map.dots.lines) == 450
    shown = figure.tiles.get_array()
    np.testing.assert_allclose(shown[:, :16], view.tiles[0, 0])
    np.testing.assert_allclose(shown[:, -16:], view.tiles[1, 2])


def test_before_the_first_look_no_data_is_drawn():
    figure = VitTrainingFigure()
    figure.update(vit_training_view(VitTrainingParams(), VitSessions()))
    assert figure.waiting.get_visible()
    for artist in (*figure.map.dots.lines, figure.worst, figure.real, figure.raw):
        assert not artist.get_visible()
    assert len(figure.knn.get_xdata()) == 0
    assert figure.shadow._steps.get_data().values.sum() == 0.0


def test_after_the_first_look_the_waiting_is_over(figure):
    assert not figure.waiting.get_visible()
    assert all(line.get_visible() for line in figure.map.dots.lines)


def test_a_wide_cloud_gets_a_wider_map_with_a_smaller_circle(figure, view):
    def wide(scale):
        return replace(view, seen=replace(view.seen, scale=scale))

    radii = {}
    for scale in (1.0, 5.0):
        figure.update(wide(scale))
        radii[scale] = np.abs(figure.circle.get_xdata()).max()
        labels = [text.get_text() for text in figure.map_axes.get_xticklabels()]
        assert labels == [f"\N{MINUS SIGN}{3 * scale:g}", "0", f"{3 * scale:g}"]
    assert radii[1.0] == pytest.approx(5.0 * radii[5.0])


def test_only_projections_are_asked_to_fill_the_circle(figure, sessions):
    for space in ("embedding", "projection"):
        figure.update(vit_training_view(END.changed(space=space), sessions))
        assert figure.circle.get_visible() == (space == "projection")
        assert figure.heading.get_text() == f"1  the {space}, step 300"


def test_the_legend_names_the_regularizer(figure, view):
    assert texts(figure.loss_axes) == ["invariance", "T of test digits", "SIGReg"]
    figure.update(replace(view, regularizer_name="VICReg"))
    assert texts(figure.loss_axes)[2] == "VICReg"


def test_losses_stay_below_the_legend(figure, view):
    figure.update(replace(view, regularizer=np.full(8, 1e9), invariance=np.zeros(8)))
    assert figure.regularizer.get_ydata().max() == LOSSES[1]
    assert figure.invariance.get_ydata().min() == LOSSES[0]


def test_moves_of_lambda_are_marked(figure, view):
    figure.update(replace(view, turned=[2, 5]))
    for lines in figure.turns:
        drawn = [line.get_xdata()[0] for line in lines if line.get_visible()]
        assert drawn == [2, 5]


def test_words_and_legends_stay_in_the_picture_and_apart(figure):
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    legends = [axes.get_legend() for axes in (figure.loss_axes, figure.accuracy_axes)]
    boxes = [part.get_window_extent(renderer) for part in (*legends, figure.heading,
                                                           figure.objective)]  # fmt: skip
    width, height = figure.canvas.get_width_height()
    for box in boxes:
        assert 0 <= box.x0 < box.x1 <= width
        assert 0 <= box.y0 < box.y1 <= height
    assert not boxes[2].overlaps(boxes[3])
