"""The particles: the step shown, the coarse first answer, the words."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sigreg_edu.statistics import EppsPulleyTest
from sigreg_edu.views import flow
from sigreg_edu.views.kept import Kept
from sigreg_edu.views.particles import (
    QUICK_ELSE,
    ParticlesParams,
    particles_view,
    refine_particles,
)


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    monkeypatch.setattr(flow, "_flows", Kept(8))


def finished(**changes):
    params = ParticlesParams(**changes)
    view = particles_view(params)
    for finer in refine_particles(params):
        view = finer
    return view


def test_the_first_answer_is_as_far_as_a_few_steps_and_the_last_is_the_step_asked_for():
    params = ParticlesParams(step=50)
    first = particles_view(params)
    assert first.step == QUICK_ELSE - 2
    assert "Step 50 is being computed." in first.readout
    steps = [view.step for view in refine_particles(params)]
    assert steps == sorted(steps)
    assert steps[-1] == 50
    assert "being computed" not in particles_view(params).readout


def test_scrubbing_back_shows_the_same_points():
    before = finished(step=7)
    finished(step=30)
    again = finished(step=7)
    np.testing.assert_array_equal(before.points, again.points)
    assert before.readout == again.readout


def test_the_shadow_and_its_statistic_belong_to_the_direction():
    view = finished(cloud="cross", angle=45)
    shadow = torch.from_numpy(view.points @ view.direction)
    expected = EppsPulleyTest(t_max=5.0)(shadow).item()
    assert view.along == pytest.approx(expected, rel=1e-3)
    assert view.turned_statistics[list(view.turned).index(45)] == pytest.approx(view.along)


def test_moves_end_where_the_next_step_begins():
    now, then = finished(step=3), finished(step=4)
    for start, end in now.moves:
        assert (now.points == start).all(axis=1).any()
        assert (then.points == end).all(axis=1).any()


def test_few_slices_are_drawn_and_many_are_not():
    assert finished(num_slices=4).slices.shape == (4, 2)
    assert finished(num_slices=32).slices.shape == (0, 2)
    assert finished(loss="vicreg").slices.shape == (0, 2)
    assert np.isnan(finished(cloud="digits_3d", num_slices=4).slice_angles).any()


def test_at_the_fixed_angles_the_statistic_is_small_and_between_them_it_is_not():
    view = finished(cloud="rank_one", loss="fixed", num_slices=2, step=120)
    at = view.turned_statistics[np.isin(view.turned, view.slice_angles)]
    assert len(at) == 2
    assert max(at) < 0.01
    assert view.turned_statistics.max() > 100.0


def test_the_words_tell_a_dead_point_and_numbers():
    assert "a dead point" in finished(cloud="point", step=5).readout
    words = finished(step=20).readout
    assert words.startswith("Step 20, SIGReg, fresh slices: the loss itself says ")
    assert "dead" not in words


@pytest.mark.parametrize(("loss", "num_slices"), [("moments", 1), ("vicreg", 16)])
def test_a_flow_that_flies_apart_is_told_and_can_be_scrubbed(loss, num_slices):
    view = finished(loss=loss, num_slices=num_slices, step=240, step_size=3.0)
    assert "the steps are too long" in view.readout
    for step in range(0, 240, 8):
        words = particles_view(ParticlesParams(
            loss=loss, num_slices=num_slices, step=step, step_size=3.0)).readout  # fmt: skip
        assert "nan" not in words
        assert "inf" not in words


def test_a_view_of_space_turns():
    assert not np.allclose(
        finished(cloud="digits_3d", turn=0).points, finished(cloud="digits_3d", turn=90).points
    )
    assert "turn" in ParticlesParams(cloud="spiral").idle()
    assert "num_slices" in ParticlesParams(loss="exact").idle()


def test_a_standardized_loss_sees_a_shadow_of_width_one():
    view = finished(cloud="jitter", loss="standardized", step=3)
    middles = (view.as_the_loss_sees.edges[1:] + view.as_the_loss_sees.edges[:-1]) / 2
    width = view.as_the_loss_sees.edges[1] - view.as_the_loss_sees.edges[0]
    assert (view.as_the_loss_sees.heights * middles**2).sum() * width == pytest.approx(1.0, abs=0.1)
    assert finished(cloud="jitter").as_the_loss_sees is None
