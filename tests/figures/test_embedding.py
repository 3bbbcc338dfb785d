"""The embedding figure: every digit is drawn in its class, the lens magnifies, the marks agree."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures.embedding import EmbeddingFigure
from sigreg_edu.training.shipped import shipped_runs
from sigreg_edu.views.embedding import (
    FIELD,
    LAST_MOMENT,
    LENS,
    Course,
    EmbeddingParams,
    course_of,
    embedding_view,
)


@pytest.fixture(scope="module")
def courses() -> dict[str, Course]:
    return {name: course_of(run) for name, run in shipped_runs().items()}


@pytest.fixture(scope="module")
def figure() -> EmbeddingFigure:
    return EmbeddingFigure()


def shown(figure: EmbeddingFigure, courses, **state):
    view = embedding_view(EmbeddingParams(**state), courses)
    figure.update(view)
    return view


def test_every_digit_stands_in_the_line_of_its_class(figure, courses):
    view = shown(figure, courses, run="sigreg", moment=LAST_MOMENT)
    for digit, line in enumerate(figure.cloud.dots.lines):
        np.testing.assert_array_equal(line.get_xydata(), view.points[view.labels == digit])


def test_the_lens_shows_the_collapsed_cloud_enlarged_about_its_middle(figure, courses):
    view = shown(figure, courses, run="none", moment=LAST_MOMENT)
    assert figure.cloud.factor.get_text() == f"magnified {view.magnification:,.0f}×"
    home = figure.cloud.box.get_xy()[:4].mean(axis=0)
    for digit, line in enumerate(figure.cloud.dots.lines):
        truth = home + view.magnification * (view.points[view.labels == digit] - view.middle)
        inside = np.abs(truth - home).max(axis=1) <= LENS
        np.testing.assert_allclose(line.get_xydata()[inside], truth[inside], atol=1e-9)
        assert np.isnan(line.get_xydata()[~inside]).all()
    np.testing.assert_array_equal(figure.cloud.heap.get_xydata(), view.points)  # and at true scale


def test_a_wide_cloud_has_no_lens(figure, courses):
    shown(figure, courses, run="none", moment=LAST_MOMENT)
    shown(figure, courses, run="sigreg", moment=LAST_MOMENT)
    for artist in (figure.cloud.box, figure.cloud.rays, figure.cloud.heap, figure.cloud.factor):
        assert not artist.get_visible()


def test_the_lens_never_covers_the_cloud_that_it_magnifies(figure, courses):
    tiny = courses["none"].embeddings[-1] - courses["none"].embeddings[-1].mean(axis=0)
    for x in np.linspace(-0.9 * FIELD, 0.9 * FIELD, 9):
        for y in np.linspace(-0.9 * FIELD, 0.9 * FIELD, 9):
            moved = _with_last(courses["none"], tiny + np.array([x, y], dtype=np.float32))
            shown(figure, {"none": moved}, run="none", moment=LAST_MOMENT)
            low, high = figure.cloud.box.get_xy().min(axis=0), figure.cloud.box.get_xy().max(axis=0)
            assert (low > np.array([x, y])).any() or (high < np.array([x, y])).any()
            assert (low >= -FIELD).all()
            assert (high <= FIELD).all()


def test_the_green_marks_stand_on_the_curves_at_the_present_snapshot(figure, courses):
    view = shown(figure, courses, run="sigreg", moment=17)
    for (_, line, now), height in zip(
        figure.curves,
        (view.course.invariance, view.course.statistic, view.course.std[:, 0]),
        strict=True,
    ):
        assert now.get_xydata()[0] in line.get_xydata()
        assert now.get_ydata()[0] == height[view.now]
        assert now.get_xdata()[0] == pytest.approx(np.log10(1 + view.course.steps[view.now]))


def test_the_other_run_is_drawn_dotted_only_if_there_is_one(figure, courses):
    view = shown(figure, courses, run="sigreg")
    assert all(other.get_visible() for other, _, _ in figure.curves)
    np.testing.assert_array_equal(figure.curves[1][0].get_ydata(), view.other.statistic)
    shown(figure, {"none": courses["none"]}, run="none")
    assert not any(other.get_visible() for other, _, _ in figure.curves)


def test_all_of_both_recorded_runs_lies_within_the_axes(figure, courses):
    for run in courses:
        shown(figure, courses, run=run)
        for axes, (_, line, _) in zip(figure.curve_axes, figure.curves, strict=True):
            low, high = axes.get_ylim()
            assert low < line.get_ydata().min()
            assert line.get_ydata().max() < high


def test_the_arrow_points_along_the_direction(figure, courses):
    view = shown(figure, courses, run="sigreg", angle=130)
    tip = figure.head.get_xy()[0]
    np.testing.assert_allclose(tip / np.linalg.norm(tip), view.direction, atol=1e-9)
    ends = figure.direction.get_xydata()
    np.testing.assert_allclose(ends[0] / np.linalg.norm(ends[0]), -view.direction, atol=1e-9)


def _with_last(course: Course, cloud: np.ndarray) -> Course:
    clouds = course.embeddings.copy()
    clouds[-1] = cloud
    return Course(
        course.steps, clouds, course.labels, course.invariance, course.statistic, course.std
    )
