"""What the figure of recorded vision transformers draws is what the view holds, within its axes."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import numpy as np
import pytest

from sigreg_edu.figures.vit_replay import CUT, FLOOR, VitReplayFigure
from sigreg_edu.training.measures import SPACES
from sigreg_edu.views.vit_replay import (
    LABELS,
    LAST_MOMENT,
    SEEDS,
    VitReplayParams,
    vit_replay_view,
)


@pytest.fixture(scope="module")
def figure() -> VitReplayFigure:
    return VitReplayFigure()


def shown(figure: VitReplayFigure, **changes):
    view = vit_replay_view(VitReplayParams(**changes))
    figure.update(view)
    return view


def test_digits_stand_in_the_line_of_their_class(figure):
    view = shown(figure, loss="lejepa")
    if view.map.magnification == 1.0:
        for digit, line in enumerate(figure.map.dots.lines):
            np.testing.assert_array_equal(
                line.get_xydata(), view.map.points[view.map.labels == digit]
            )
    assert figure.map.box.get_visible() == (view.map.magnification > 1.0)


@pytest.mark.parametrize("loss", LABELS)
def test_the_axes_tell_the_map_s_scale_and_the_circle_follows(figure, loss):
    view = shown(figure, loss=loss)
    labels = [text.get_text() for text in figure.map_axes.get_xticklabels()]
    assert labels == [f"−{3 * view.scale:g}", "0", f"{3 * view.scale:g}"]
    radius = np.linalg.norm(figure.circle.get_xydata(), axis=1) * view.scale
    np.testing.assert_allclose(radius, 2.4477)  # sqrt(-2 log 0.05) holds 95 % of N(0, I)


@pytest.mark.parametrize(("factor", "inside"), [(3.0, True), (500.0, False), (1.0, None)])
def test_the_inset_magnifies_the_circle_with_the_cloud(figure, factor, inside):
    view = vit_replay_view(VitReplayParams(loss="lejepa"))
    cloud = replace(view.map, magnification=factor, middle=np.array([0.1, 0.2]))
    figure.update(replace(view, map=cloud, scale=10.0))
    assert figure.inner_circle.get_visible() == (factor > 1.0)
    if inside is None:
        return
    drawn = figure.inner_circle.get_xydata()
    drawn = drawn[np.isfinite(drawn).all(axis=1)]
    assert (len(drawn) > 0) == inside
    if inside:
        home = figure.map.box.get_xy()[:4].mean(axis=0)
        radii = np.linalg.norm(drawn - home + factor * cloud.middle, axis=1)
        np.testing.assert_allclose(radii, factor * 2.4477 / 10.0)


def test_without_a_map_its_panels_say_why(figure):
    shown(figure, loss="none", look=LAST_MOMENT)  # with an inset, if it has collapsed
    shown(figure, loss="none", look=LAST_MOMENT, seed=SEEDS[-1])
    panel = figure.map
    hidden = [*panel.dots.lines, panel.box, panel.heap, figure.inner_circle, figure.bars]
    hidden += [panel.discs, *panel.names]
    assert not any(artist.get_visible() for artist in hidden)
    assert figure.no_map.get_visible()
    assert "only" in figure.worst.get_text()
    shown(figure, loss="none")
    assert not figure.no_map.get_visible()
    assert figure.map.dots.lines[0].get_visible()
    assert figure.bars.get_visible()


def test_the_worst_shadow_has_its_number_and_its_bars_below_it(figure):
    view = shown(figure, loss="vicreg", look=2)
    assert figure.worst.get_text() == f"T = {view.worst:.3g}"
    heights, edges, _ = figure.bars.get_data()
    np.testing.assert_array_equal(heights, np.minimum(view.shadow.heights, CUT))
    np.testing.assert_array_equal(edges, view.shadow.edges)


@pytest.mark.parametrize("space", SPACES)
def test_the_spectrum_is_drawn_down_to_its_floor(figure, space):
    view = shown(figure, space=space, look=3)
    for line, spectrum in ((figure.spectrum, view.spectrum), (figure.untrained, view.untrained)):
        np.testing.assert_array_equal(line.get_ydata(), np.maximum(spectrum, FLOOR))
        assert line.get_xdata()[-1] == view.dim


@pytest.mark.parametrize("seed", SEEDS)
def test_the_chosen_seed_is_bold_and_carries_the_mark(figure, seed):
    view = shown(figure, seed=seed, look=3)
    for name, curves in view.curves.items():
        factor = 100.0 if name in ("knn", "linear") else 1.0
        *thin, bold = figure.curves[name]
        assert all(line.get_linewidth() < bold.get_linewidth() for line in thin)
        np.testing.assert_allclose(bold.get_ydata(), factor * curves[view.chosen])
        others = np.delete(curves, view.chosen, axis=0)
        np.testing.assert_allclose([line.get_ydata() for line in thin], factor * others)
        x, y = (data[0] for data in figure.marks[name].get_data())
        assert (x, y) == (view.steps[view.now], bold.get_ydata()[view.now])


def test_the_mark_on_the_invariance_stands_at_the_step_of_the_look(figure):
    view = shown(figure, look=LAST_MOMENT)
    assert figure.marks["invariance"].get_xdata()[0] == view.steps[-1]
    shown(figure, look=0)  # the first invariance is that of the untrained network, at step 1
    assert figure.marks["invariance"].get_xdata()[0] == 1


def test_raw_pixels_and_the_supervised_network_are_lines(figure):
    view = shown(figure)
    for name, height in (("raw pixels", view.raw), ("supervised", view.supervised)):
        line, note = figure.levels[name]
        np.testing.assert_allclose(line.get_ydata(), 100.0 * height)
        assert note.get_position()[1] == pytest.approx(100.0 * height)


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("loss", LABELS)
def test_curves_and_spectra_lie_within_their_axes(figure, loss, space):
    for look in (0, LAST_MOMENT):
        shown(figure, loss=loss, space=space, look=look)
        lines = [figure.spectrum, figure.untrained, *chain(*figure.curves.values())]
        for line in lines:
            low, high = line.axes.get_ylim()
            assert low <= line.get_ydata().min()
            assert line.get_ydata().max() <= high
            assert line.axes.get_xlim()[0] < line.get_xdata()[0]
            assert line.get_xdata()[-1] < line.axes.get_xlim()[1]


def test_it_says_where_the_run_was_recorded(figure):
    view = shown(figure)
    assert view.device in figure.device.get_text()


@pytest.mark.parametrize("device", ["cpu", "NVIDIA H100 80GB HBM3"])
@pytest.mark.parametrize(
    "state",
    [{}, {"seed": SEEDS[-1]}, {"loss": "none", "space": "projection"}, {"loss": "supervised"}],
)
def test_no_word_is_cut_off_or_lies_on_another(assert_words_are_apart, state, device):
    figure = VitReplayFigure()  # kept backgrounds leave the words of ticks as they were
    figure.update(replace(vit_replay_view(VitReplayParams(**state)), device=device))
    assert_words_are_apart(figure)
