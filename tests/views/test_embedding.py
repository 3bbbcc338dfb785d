"""What the embedding explorer shows, held to an independent computation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from sigreg_edu.statistics import EppsPulleyTest, epps_pulley_closed_form
from sigreg_edu.training import Run, StepRecord
from sigreg_edu.training.shipped import shipped_runs
from sigreg_edu.views.embedding import (
    FIELD,
    LAST_MOMENT,
    LENS,
    NUM_SHOWN,
    Course,
    EmbeddingParams,
    course_of,
    embedding_view,
)

STEPS = (0, 1, 2, 4)


def made_up_run(*, scales=(1.0, 0.5, 0.1, 0.001), shift=(0.3, -0.2), dim: int = 2) -> Run:
    """Four snapshots of a Gaussian cloud that shrinks, and records that count 1, 2, 3, 4."""
    z = torch.randn(1797, dim, generator=torch.Generator().manual_seed(0))
    place = torch.zeros(dim)
    place[:2] = torch.tensor(shift)
    return Run(
        config={},
        records=tuple(StepRecord(s, 0.0, float(s), 0.0, 0.0, 0.0) for s in (1, 2, 3, 4)),
        snapshot_steps=torch.tensor(STEPS),
        snapshots=torch.stack([scale * z + place for scale in scales]),
        seconds=0.0,
        finished=True,
    )


@pytest.fixture(scope="module")
def courses() -> dict[str, Course]:
    return {"none": course_of(made_up_run()), "sigreg": course_of(made_up_run(scales=(1.0,) * 4))}


def test_a_thousand_digits_keep_their_labels(courses):
    run, course = made_up_run(), courses["none"]
    rows = [int(np.flatnonzero((run.snapshots[0] == torch.tensor(z)).all(1))[0])
            for z in course.embeddings[0]]  # fmt: skip
    assert len(set(rows)) == course.num_samples == NUM_SHOWN
    np.testing.assert_array_equal(course.labels, load_digits().target[rows])
    assert np.bincount(course.labels).min() > 80  # every digit is well represented


def test_invariance_is_that_of_the_encoder_as_it_was_at_each_snapshot(courses):
    # Record s was measured before step s was taken: on the encoder after s − 1 steps. After the
    # last step nothing was measured, so its own record stands in.
    np.testing.assert_array_equal(courses["none"].invariance, [1.0, 2.0, 3.0, 4.0])


def test_the_slider_s_ends_are_the_first_and_the_last_snapshot(courses):
    course = courses["none"]
    assert (course.at(0), course.at(LAST_MOMENT)) == (0, len(STEPS) - 1)
    every = [course.at(moment) for moment in range(LAST_MOMENT + 1)]
    assert set(every) == set(range(len(STEPS)))
    assert every == sorted(every)


@pytest.mark.parametrize("angle", [0, 37, 90, 180])
def test_the_shadow_is_the_cloud_seen_along_the_angle(courses, angle):
    view = embedding_view(EmbeddingParams(run="none", angle=angle), courses)
    turned = view.points @ np.array([np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))])
    counts, _ = np.histogram(turned, view.shadow.edges)
    np.testing.assert_allclose(view.shadow.heights * 0.2 * NUM_SHOWN, counts, atol=1e-6)
    # The exact form uses all frequencies, the explorer 17 knots up to 3: a few per cent apart.
    assert view.statistic == pytest.approx(
        epps_pulley_closed_form(torch.from_numpy(turned)).item(), rel=0.05
    )


def test_mean_t_of_eight_directions_is_that_of_a_hundred_and_eighty(courses):
    # Held at 1 %: eight directions serve a logarithmic axis and two decimals in words.
    for course in courses.values():
        for cloud, mean in zip(course.embeddings, course.statistic, strict=True):
            every = np.deg2rad(np.arange(180.0))
            shadows = cloud @ np.stack([np.cos(every), np.sin(every)]).astype(np.float32)

            truth = EppsPulleyTest()(torch.from_numpy(shadows.T.copy())).mean().item()
            assert mean == pytest.approx(truth, rel=0.01)


def test_a_collapsed_cloud_on_the_origin_has_0_402_n():
    course = course_of(made_up_run(scales=(1e-6,) * 4, shift=(0.0, 0.0)))
    np.testing.assert_allclose(course.statistic, 0.402 * NUM_SHOWN, rtol=2e-3)


def test_centres_are_the_medians_of_the_digits(courses):
    view = embedding_view(EmbeddingParams(run="none"), courses)
    for digit in range(10):
        np.testing.assert_allclose(
            view.centres[digit], np.median(view.points[view.labels == digit], axis=0)
        )


def test_only_a_small_cloud_is_magnified_and_then_it_fills_the_lens(courses):
    wide = embedding_view(EmbeddingParams(run="none", moment=0), courses)
    assert wide.magnification == 1.0
    small = embedding_view(EmbeddingParams(run="none", moment=LAST_MOMENT), courses)
    reach = np.abs(small.magnification * (small.points - small.middle)).max(axis=1)
    assert 0.5 * LENS < np.quantile(reach, 0.98) <= LENS


def test_points_that_coincide_are_magnified_a_million_times_and_no_more():
    course = course_of(made_up_run(scales=(0.0,) * 4))
    view = embedding_view(EmbeddingParams(run="none"), {"none": course})
    assert view.magnification == 1e6
    assert "almost on one point" in view.readout


def test_words_tell_step_run_spread_and_statistic(courses):
    params = EmbeddingParams(run="none", moment=LAST_MOMENT, angle=90)
    view = embedding_view(params, courses)
    for words in ("Step 4, no regularizer", "almost on one point", "Along 90°", "1.05"):
        assert words in view.readout
    assert f"T = {view.statistic:.0f}" in view.readout


def test_the_other_run_is_given_for_comparison(courses):
    view = embedding_view(EmbeddingParams(run="none"), courses)
    assert (view.course, view.other) == (courses["none"], courses["sigreg"])
    alone = embedding_view(EmbeddingParams(run="none"), {"none": courses["none"]})
    assert alone.other is None


def test_a_run_that_was_not_trained_is_named(courses):
    with pytest.raises(ValueError, match="no run 'with SIGReg' here; choose no regularizer"):
        embedding_view(EmbeddingParams(run="sigreg"), {"none": courses["none"]})


def test_a_run_that_was_stopped_after_its_first_step_can_be_shown():
    run = made_up_run()
    stopped = Run({}, run.records[:1], run.snapshot_steps[:2], run.snapshots[:2], 0.0, False)
    course = course_of(stopped)
    np.testing.assert_array_equal(course.invariance, [1.0, 1.0])
    assert "Step 1" in embedding_view(EmbeddingParams(moment=LAST_MOMENT), {"none": course}).readout


def test_a_run_that_was_stopped_before_its_first_step_is_refused():
    run = made_up_run()
    nothing = Run({}, (), run.snapshot_steps[:1], run.snapshots[:1], 0.0, False)
    with pytest.raises(ValueError, match="before its first step"):
        course_of(nothing)


def test_clouds_that_cannot_be_drawn_flat_are_refused():
    with pytest.raises(ValueError, match=r"got \(1797, 3\).*out_dim=2"):
        course_of(made_up_run(dim=3))
    with pytest.raises(TypeError, match="expected a Run, got dict"):
        course_of({})


def test_the_field_holds_a_gaussian_cloud():
    assert FIELD > 3.0


def test_no_two_moments_of_a_recorded_run_are_one():
    for run in shipped_runs().values():
        course = course_of(run)
        every = [course.at(moment) for moment in range(LAST_MOMENT + 1)]
        assert every == sorted(set(every))
