"""What the figure of settings draws is what the view holds, within its axes."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from sigreg_edu.figures.vit_sweep import (
    LOOKS,
    VitSweepFigure,
    log_ticks,
    places,
    scale_logarithmic,
    scale_percent,
    spaced,
)
from sigreg_edu.training.measures import SPACES
from sigreg_edu.views.vit_sweep import MEASURES, SWEEPS, VitSweepParams, vit_sweep_view


@pytest.fixture(scope="module")
def figure() -> VitSweepFigure:
    return VitSweepFigure()


def shown(figure: VitSweepFigure, **changes):
    view = vit_sweep_view(VitSweepParams(**changes))
    figure.update(view)
    return view


def factor(name: str) -> float:
    return 100.0 if name in ("knn", "linear") else 1.0


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("sweep", SWEEPS)
def test_a_dot_for_each_run_and_a_line_through_the_means_within_the_axes(figure, sweep, space):
    view = shown(figure, sweep=sweep, space=space)
    for name, axes in figure.panels.items():
        (low, high), (left, right) = axes.get_ylim(), axes.get_xlim()
        for number, line in enumerate(view.lines):
            dots, mean = figure.dots[name][number], figure.lines[name][number]
            np.testing.assert_allclose(dots.get_ydata(), factor(name) * line.measures[name])
            np.testing.assert_allclose(mean.get_ydata(), factor(name) * line.means[name])
            np.testing.assert_allclose(mean.get_xdata(), places(line.values, view.values))
            assert low <= dots.get_ydata().min()
            assert dots.get_ydata().max() <= high
            assert left < dots.get_xdata().min()
            assert dots.get_xdata().max() < right
        for number in range(len(view.lines), len(figure.lines[name])):
            assert not figure.lines[name][number].get_visible()
            assert not figure.dots[name][number].get_visible()


@pytest.mark.parametrize("sweep", SWEEPS)
def test_the_marks_stand_at_the_present_value_of_each_line(figure, sweep):
    for position in (0, 2):
        view = shown(figure, sweep=sweep, position=position)
        x = places(view.values, view.values)[view.now]
        present = [(line, i) for line in view.lines if (i := line.index(view.value)) is not None]
        for name in MEASURES:
            assert set(figure.uprights[name].get_xdata()) == {x}
            mark = figure.marks[name]
            assert set(mark.get_xdata()) == {x}
            expected = [factor(name) * line.means[name][i] for line, i in present]
            np.testing.assert_allclose(mark.get_ydata(), expected)


@pytest.mark.parametrize("sweep", SWEEPS)
def test_the_courses_are_of_the_runs_at_the_present_value(figure, sweep):
    view = shown(figure, sweep=sweep, position=1)
    for number, line in enumerate(view.lines):
        drawn = figure.courses[number].get_ydata()
        index = line.index(view.value)
        runs = () if index is None else line.courses[index]
        expected = [100.0 * knn for _, knn in runs]
        np.testing.assert_allclose(drawn[np.isfinite(drawn)], np.concatenate([[], *expected]))
        assert np.isnan(drawn).sum() == len(runs)  # a gap after each run


def test_every_line_has_a_look_and_a_key(figure):
    for sweep in SWEEPS:
        view = shown(figure, sweep=sweep)
        assert len(view.lines) <= len(LOOKS[sweep])
        keys = [text.get_text() for _, text in figure.keys if text.get_visible()]
        assert keys == [*(line.name for line in view.lines), "raw pixels"]
        shapes = [sample.get_marker() for sample, text in figure.keys if text.get_visible()]
        assert len(set(shapes)) == len(shapes)  # so that no line rests on its colour alone


def test_the_note_says_what_the_panels_are_of_and_where_the_runs_ran(figure):
    for space in SPACES:
        view = shown(figure, space=space)
        note = figure.note.get_text()
        assert f"3 to 5: {space}" in note
        assert f"{view.runs} runs of {view.steps} steps\non {view.devices[0]}" in note
        level = figure.levels["sigreg"]
        assert level.get_visible() == (space == "projection")


def test_raw_pixels_are_drawn_where_a_probe_is(figure):
    view = shown(figure, sweep="batch")
    for name in ("knn", "linear"):
        np.testing.assert_allclose(figure.levels[name].get_ydata(), 100.0 * view.raw[name])
    np.testing.assert_allclose(figure.raw.get_ydata(), 100.0 * view.raw["knn"])


def test_zero_stands_a_step_left_of_the_smallest_value():
    swept = np.array([0.0, 0.004, 0.04, 0.4])
    x = places(swept, swept)
    np.testing.assert_allclose(np.diff(x), 1.0)


def test_labels_keep_their_distance_and_both_ends():
    x = np.sort(np.random.default_rng(0).random(20))
    chosen = spaced(x, 0.2)
    assert chosen[0] == 0
    assert chosen[-1] == 19
    assert np.diff(x[chosen]).min() >= 0.2
    assert spaced(np.array([3.0]), 0.2) == [0]


@pytest.mark.parametrize(("low", "high"), [(1e-6, 1e4), (0.011, 0.029), (0.3, 0.8), (1.0, 30.0)])
def test_a_logarithmic_axis_has_two_to_four_ticks(low, high):
    ticks = log_ticks(low, high)
    assert 2 <= len(ticks) <= 4
    assert low <= min(ticks)
    assert max(ticks) <= high


@pytest.mark.parametrize("axis", ["x", "y"])
def test_equal_values_still_have_an_axis(axis):
    axes = Figure().add_subplot()
    scale_logarithmic(axes, np.array([0.3, 0.3]), axis=axis)
    low, high = axes.get_xlim() if axis == "x" else axes.get_ylim()
    assert low < 0.3 < high
    ticks = axes.get_xticks() if axis == "x" else axes.get_yticks()
    assert len(ticks) >= 2


@pytest.mark.parametrize("values", [[22.0, 62.0], [91.0, 93.0], [0.0, 100.0], [30.0, 30.0]])
def test_an_axis_of_per_cent_holds_its_values_and_two_ticks(values):
    axes = Figure().add_subplot()
    scale_percent(axes, np.array(values))
    low, high = axes.get_ylim()
    assert low <= min(values)
    assert max(values) <= high
    assert sum(low <= tick <= high for tick in axes.get_yticks()) >= 2
