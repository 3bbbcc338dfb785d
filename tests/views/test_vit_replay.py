"""What each loss made of the digits: the recorded run at its moment, a map that does not jump."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sigreg_edu.training.config import SUPERVISED
from sigreg_edu.training.measures import SPACES, worst_direction
from sigreg_edu.training.recorded import vit_runs
from sigreg_edu.views import vit_replay
from sigreg_edu.views.embedding import cloud_of
from sigreg_edu.views.many_shadows import short
from sigreg_edu.views.vit_replay import (
    CURVES,
    LABELS,
    LAST_MOMENT,
    SEEDS,
    VitReplayParams,
    flat_maps,
    magnified,
    map_scale,
    runs_of,
    vit_replay_view,
)


def recorded(loss: str, seed: int = SEEDS[0]):
    (run,) = (
        r for r in vit_runs("vit_main") if (r.config.loss.name, r.config.seed) == (loss, seed)
    )
    return run


@pytest.mark.parametrize("loss", LABELS)
@pytest.mark.parametrize("look", [0, 3, LAST_MOMENT])
@pytest.mark.parametrize("space", SPACES)
def test_the_view_is_the_recorded_run_at_its_moment(loss, look, space):
    view = vit_replay_view(VitReplayParams(loss=loss, look=look, space=space))
    run = recorded(loss)
    np.testing.assert_array_equal(view.spectrum, run.spectra[space][view.now])
    np.testing.assert_array_equal(view.untrained, run.spectra[space][0])
    for name in CURVES:
        np.testing.assert_array_equal(view.curves[name][view.chosen], run.measures[space][name])
    np.testing.assert_array_equal(view.invariance[view.chosen], run.curves["invariance"])
    step = run.look_steps[view.now]
    assert view.readout.startswith(f"Step {step} of {run.config.steps}, {LABELS[loss]}")


def test_the_slider_runs_from_before_the_training_to_its_end():
    first, last = (vit_replay_view(VitReplayParams(look=look)) for look in (0, LAST_MOMENT))
    assert (first.now, first.steps[first.now]) == (0, 0)
    assert last.steps[last.now] == recorded("lejepa").config.steps


@pytest.mark.parametrize("seed", SEEDS)
def test_the_curves_of_all_seeds_are_there_and_the_chosen_one_is_named(seed):
    view = vit_replay_view(VitReplayParams(seed=seed))
    assert view.invariance.shape[0] == len(SEEDS)
    run = recorded("lejepa", seed)
    np.testing.assert_array_equal(view.curves["knn"][view.chosen], run.measures[view.space]["knn"])
    assert f"seed {seed}." in view.readout


def test_map_and_shadow_are_missing_where_they_were_not_kept_and_the_words_say_so():
    kept, other = (vit_replay_view(VitReplayParams(seed=seed)) for seed in (SEEDS[0], SEEDS[-1]))
    assert kept.map is not None
    assert kept.shadow is not None
    assert other.map is other.shadow is other.worst is None
    assert f"kept for seed {SEEDS[0]} only" in other.readout
    assert "only" not in kept.readout


@pytest.mark.parametrize("loss", LABELS)
def test_the_map_shows_the_two_widest_principal_axes(loss):
    for look in (0, LAST_MOMENT):
        view = vit_replay_view(VitReplayParams(loss=loss, look=look))
        cloud = recorded(loss).clouds[view.now].astype(np.float64)
        widths = np.linalg.svd(cloud - cloud.mean(axis=0), compute_uv=False)[:2]
        flat = view.scale * view.map.points
        seen = np.linalg.svd(flat - flat.mean(axis=0), compute_uv=False)
        np.testing.assert_allclose(seen, widths, rtol=1e-5)  # the clouds are float32


def test_the_map_is_the_same_for_all_looks_and_holds_most_of_them():
    views = [vit_replay_view(VitReplayParams(look=look)) for look in range(LAST_MOMENT + 1)]
    assert len({view.scale for view in views}) == 1
    inside = [np.abs(view.map.points).max(axis=1) <= vit_replay.FIELD for view in views]
    assert np.mean(inside) >= vit_replay.INSIDE


def test_a_map_does_not_flip_between_looks():
    """The axes of a cloud that hardly moves may change sign and order; the map must not."""
    generator = np.random.default_rng(0)
    points = generator.normal(size=(200, 5)) * [2.0, 2.0, 0.1, 0.1, 0.1]
    # the same points, each time in other coordinates, with a little noise
    looks = []
    for _ in range(6):
        turn, _ = np.linalg.qr(generator.normal(size=(5, 5)))
        looks.append((points + 0.01 * generator.normal(size=points.shape)) @ turn)
    flat = flat_maps(np.stack(looks))
    moved = np.abs(np.diff(flat, axis=0)).max()
    # the noise moves a point by some 0.04 at most and turns the axes little; a flip would move by 4
    assert moved < 0.2


def test_the_map_keeps_the_origin():
    """A collapse to a point far from 0 is to be seen far from 0."""
    cloud = np.random.default_rng(0).normal(size=(1, 100, 4)) * [1.0, 0.5, 0.01, 0.01]
    flat = flat_maps(cloud + np.array([3.0, 0.0, 0.0, 0.0]))
    # the mean lies along the widest axis up to its tilt, of order 1 / sqrt(100)
    assert np.linalg.norm(flat[0].mean(axis=0)) == pytest.approx(3.0, abs=0.3)


@pytest.mark.parametrize("reach", [0.1, 3.5, 3.6, 12.0, 34.0, 240.0])
def test_the_scale_is_large_enough_and_no_larger_than_needed(reach):
    scale = map_scale(reach)
    assert scale * vit_replay.FIELD >= reach
    assert scale == 1.0 or scale / 2.0 * vit_replay.FIELD < reach


@pytest.mark.parametrize(("spread", "factor"), [(0.02, 70.0), (0.4, 3.0), (0.6, 2.0), (1.0, 1.0)])
def test_a_small_cloud_is_magnified(spread, factor):
    square = spread * np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    assert magnified(cloud_of(square, np.arange(4))).magnification == factor


@pytest.mark.parametrize("loss", ["lejepa", SUPERVISED])
def test_the_worst_shadow_is_that_of_the_projection(loss):
    view = vit_replay_view(VitReplayParams(loss=loss, look=2))
    z = torch.from_numpy(recorded(loss).clouds[view.now])
    _, worst = worst_direction(z)
    assert view.worst == worst
    directions = 64 + z.shape[1]
    assert f"Of {directions} shadows its worst has T = {short(worst)}." in view.readout


def test_the_words_after_training_are_worked_out_from_all_seeds():
    words = vit_replay_view(VitReplayParams(look=0)).readout
    finals = {name: np.array([r.final["linear"] for r in runs_of(name)]) for name in LABELS}
    own, labelled = recorded("lejepa").final["linear"], finals[SUPERVISED].mean()
    assert f"linear {100 * own:.1f} % ({own / labelled:.2f} of the supervised" in words
    mean, spread = finals["lejepa"].mean(), finals["lejepa"].std(ddof=1)
    assert f"over {len(SEEDS)} seeds {100 * mean:.1f} ± {100 * spread:.1f} %" in words
    assert "of the supervised" not in vit_replay_view(VitReplayParams(loss=SUPERVISED)).readout


def test_a_run_that_was_not_recorded_is_refused_with_the_command_that_makes_it(monkeypatch):
    monkeypatch.setattr(vit_replay, "runs_of", lambda loss: runs_of(loss)[:1])
    with pytest.raises(ValueError, match=r"seed 2, got seeds \[0\].*sigreg-edu train vit_main"):
        vit_replay_view(VitReplayParams(seed=SEEDS[-1]))


def test_a_lag_of_batchnorm_is_told_where_t_can_be_compared():
    early = VitReplayParams(loss="lejepa", space="projection", look=2)
    assert "which lag while the network moves fast" in vit_replay_view(early).readout
    for changes in ({"look": 0}, {"look": LAST_MOMENT}, {"space": "embedding"}, {"loss": "vicreg"}):
        assert "which lag" not in vit_replay_view(early.changed(**changes)).readout
