"""What an embedding keeps: recorded scores, views that vary what they say, words that follow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sigreg_edu.data import FACTORS
from sigreg_edu.training.config import load_experiment
from sigreg_edu.training.recorded import vit_runs
from sigreg_edu.views import factors
from sigreg_edu.views.factors import (
    ALONE,
    RUNS,
    FactorsParams,
    factors_view,
    run_of,
    scores,
    varied_in,
)

NAMES = list(FACTORS)


def made_up(run, **accuracy):
    """The run with other scores."""
    return replace(run, final={**run.final, **{f"factor.{n}": a for n, a in accuracy.items()}})


@pytest.mark.parametrize("run", RUNS)
def test_the_bars_are_the_recorded_scores(run):
    view = factors_view(FactorsParams(run=run))
    (kept,) = (r for r in vit_runs("vit_shapes") if varied_in(r.config) == run)
    for number, name in enumerate(NAMES):
        assert view.accuracy[number] == kept.final[f"factor.{name}"]
        assert view.chance[number] == kept.final[f"chance.{name}"]
        assert view.varied[number] == (name in run.split(", "))
        assert f"{name} {100 * view.accuracy[number]:.0f} %" in view.readout


def test_every_recorded_training_can_be_chosen():
    configs = load_experiment("vit_shapes").configs()
    assert list(RUNS) == [varied_in(config) for config in configs]
    assert len(RUNS) == len(configs)


@pytest.mark.parametrize("run", RUNS)
def test_views_change_what_they_vary_and_nothing_else(run):
    view = factors_view(FactorsParams(run=run))
    assert view.images.shape == (3, 32, 32, 3)
    assert view.views.shape == (3, 2, 32, 32, 3)
    assert np.ptp(view.views, axis=1).max() > 0.1  # the position is varied in all of them
    if "colour" not in run:
        # the brightest pixel's colour, up to its brightness, is the picture's
        for picture, views in zip(view.images, view.views, strict=True):
            hues = [_hue(pixels) for pixels in (picture, *views)]
            np.testing.assert_allclose(hues[1:], [hues[0]] * 2, atol=0.02)  # smooth edges


def _hue(pixels: np.ndarray) -> np.ndarray:
    flat = pixels.reshape(-1, 3)
    brightest = flat[flat.sum(axis=1).argmax()]
    return brightest / brightest.max()


def test_another_picture_is_varied_by_the_same_draws():
    first, second = (factors_view(FactorsParams(first=number)) for number in (0, 1))
    np.testing.assert_array_equal(first.images[1:], second.images[:2])
    again = factors_view(FactorsParams(first=0))
    np.testing.assert_array_equal(first.views, again.views)
    fresh = factors_view(FactorsParams(first=0, seed=1))
    np.testing.assert_array_equal(first.images, fresh.images)
    assert (first.views != fresh.views).any()


def test_the_threshold_is_a_share_of_the_way_from_chance_to_100_per_cent():
    view = factors_view(FactorsParams(share=0.25))
    np.testing.assert_allclose(view.threshold, 0.75 * view.chance + 0.25)


def test_kept_and_lost_follow_from_the_scores(monkeypatch):
    run = made_up(
        run_of("position, size"), shape=0.99, colour=0.3, position=0.2, size=0.9, texture=0.95
    )
    monkeypatch.setattr(factors, "run_of", lambda name: run)
    words = factors_view(FactorsParams()).readout
    assert "at least 50 % of the way from chance to 100 %: shape, size and texture." in words
    assert "Below that: colour and position." in words
    assert "Though the views vary size, the embedding still keeps it." in words
    assert "Though the views share colour, training did not bring it above it." in words


def test_where_all_is_as_expected_nothing_is_added(monkeypatch):
    high = dict.fromkeys(NAMES, 1.0)
    run = made_up(run_of("position, size"), **{**high, "position": 0.15, "size": 0.4})
    monkeypatch.setattr(factors, "run_of", lambda name: run)
    words = factors_view(FactorsParams()).readout
    assert "Though" not in words
    assert words.endswith("Below that: position and size.")


@pytest.mark.parametrize(("level", "told"), [(1.0, "Below that: none."), (0.1, "100 %: none.")])
def test_all_or_nothing_is_told(monkeypatch, level, told):
    run = made_up(run_of("position"), **dict.fromkeys(NAMES, level))
    monkeypatch.setattr(factors, "run_of", lambda name: run)
    assert told in factors_view(FactorsParams(run="position")).readout


def test_of_another_training_the_notable_differences_are_told(monkeypatch):
    before = made_up(run_of("position"), **dict.fromkeys(NAMES, 0.9))
    scored = {**dict.fromkeys(NAMES, 0.9), "size": 0.45, "shape": 0.91}
    after = made_up(run_of("position, size"), **scored)
    runs = {"position": before, "position, size": after}
    monkeypatch.setattr(factors, "run_of", runs.__getitem__)
    view = factors_view(FactorsParams(other="position"))
    assert view.readout.endswith("Against views that draw position anew: size from 90 to 45 %.")
    np.testing.assert_array_equal(view.other, scores(before)[0])
    same = factors_view(FactorsParams(run="position", other="position"))
    assert same.other is None


def test_a_training_is_not_compared_with_itself():
    for other in (ALONE, "position, size"):
        view = factors_view(FactorsParams(run="position, size", other=other))
        assert view.other is view.other_varied is None
        assert "Against" not in view.readout


def test_a_run_that_was_not_recorded_is_refused_with_the_command_that_makes_it(monkeypatch):
    monkeypatch.setattr(factors, "vit_runs", lambda name: [])
    run_of.cache_clear()
    with pytest.raises(ValueError, match=r"position, size anew.*sigreg-edu train vit_shapes"):
        factors_view(FactorsParams())
