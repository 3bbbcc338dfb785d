"""Stems: what a token sees is what its gradient reaches, and the runs are the recorded ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sigreg_edu.training.recorded import vit_runs
from sigreg_edu.training.vit import STEMS, make_vit
from sigreg_edu.views.stems import (
    ALIKE,
    EXPERIMENT,
    LOSSES,
    MOVES,
    RECORDED,
    TRAININGS,
    Box,
    StemsParams,
    _moves_in_words,
    receptive_field,
    similarity_when_moved,
    stems_view,
)


def recorded(stem, labels):
    return next(
        run for run in vit_runs(EXPERIMENT)
        if run.config.model.stem == stem and run.config.loss.name == LOSSES[labels]
    )  # fmt: skip


@pytest.mark.parametrize("token", range(16))
def test_a_token_sees_its_square_or_the_nine_pixels_around_its_corner(token):
    """Strides 1, 2, 2 put the token's middle on pixel 4i; three 3×3 layers reach 1 + 1 + 2 on."""
    row, column = divmod(token, 4)
    seen = stems_view(StemsParams(token=token)).seen
    assert seen["patch"] == Box(4 * row, 4 * row + 4, 4 * column, 4 * column + 4)
    top, left = 4 * row - 4, 4 * column - 4
    inside = Box(max(top, 0), min(top + 9, 16), max(left, 0), min(left + 9, 16))
    assert seen["conv"] == inside


@pytest.mark.parametrize("stem", STEMS)
def test_pixels_outside_the_field_do_not_change_the_token_and_those_inside_do(stem, generator):
    layers = make_vit("vit_micro", image_size=16, stem=stem).stem
    image = torch.rand(1, 1, 16, 16, generator=generator)
    for token in (0, 6, 15):
        box = receptive_field(layers, token)
        inside = torch.zeros(16, 16, dtype=torch.bool)
        inside[box.top : box.bottom, box.left : box.right] = True
        with torch.no_grad():
            before = layers(image).flatten(2)[..., token]
            elsewhere = layers(torch.where(inside, image, 1.0 - image)).flatten(2)[..., token]
            torch.testing.assert_close(before, elsewhere)
            for pixel in inside.nonzero()[[0, -1]]:  # two of the corners
                changed = image.clone()
                changed[0, 0, pixel[0], pixel[1]] += 1.0
                assert (layers(changed).flatten(2)[..., token] - before).abs().max() > 1e-4


@pytest.mark.parametrize("labels", TRAININGS)
def test_curves_are_those_of_the_recorded_runs(labels):
    view = stems_view(StemsParams(labels=labels))
    (other,) = set(TRAININGS) - {labels}
    assert view.other == TRAININGS[other]
    for stem in STEMS:
        run = recorded(stem, labels)
        np.testing.assert_array_equal(view.steps, run.look_steps)
        np.testing.assert_array_equal(view.knn[stem], run.measures["embedding"]["knn"])
        after = recorded(stem, other).measures["embedding"]["knn"]
        np.testing.assert_array_equal(view.other_knn[stem], after)
        assert view.raw_knn == run.final["raw_knn"]
        assert view.device == run.ran_on["device"]


@pytest.mark.parametrize("step", [0, RECORDED.look_every, RECORDED.steps])
def test_the_look_is_the_last_one_at_the_step_or_before(step):
    view = stems_view(StemsParams(step=step))
    assert view.steps[view.now] <= step
    assert view.now == len(view.steps) - 1 or view.steps[view.now + 1] > step
    assert f"Step {view.steps[view.now]}, self-supervised: kNN" in view.readout
    for stem in STEMS:
        assert f"{100 * view.knn[stem][view.now]:.1f} % with" in view.readout


def test_the_readout_says_the_end_where_it_is_not_yet_there():
    end = stems_view(StemsParams()).steps[-1]
    assert f"after step {end}" in stems_view(StemsParams(step=0)).readout
    assert "after step" not in stems_view(StemsParams()).readout


def test_another_digit_changes_the_image_alone():
    one, two = stems_view(StemsParams(seed=0)), stems_view(StemsParams(seed=1))
    assert not np.array_equal(one.image, two.image)
    assert one.image.shape == (16, 16)
    assert one.readout == two.readout


def test_an_unmoved_digit_is_like_itself_and_a_far_moved_one_like_any_other():
    similarity = similarity_when_moved()
    assert set(similarity) == {*STEMS, "pixels"}
    for values in similarity.values():
        assert values.shape == MOVES.shape
        assert values[0] == pytest.approx(1.0, abs=1e-5)  # float32
        assert abs(values[-1]) < 0.2
        assert (np.diff(values[:5]) < 0.0).all()  # up to two pixels the more, the less alike


def test_that_untrained_stems_do_not_differ_is_said():
    """The measure does not speak for convolutions, and the student is told so."""
    similarity = similarity_when_moved()
    assert np.abs(similarity["conv"] - similarity["patch"]).max() < ALIKE
    assert "speaks for neither stem" in stems_view(StemsParams()).readout


@pytest.mark.parametrize(("conv", "patch", "better"), [
    (0.9, 0.3, "convolutions keep more"), (0.2, 0.7, "plain patches keep more"),
])  # fmt: skip
def test_if_they_differed_that_would_be_said(conv, patch, better):
    values = {"conv": np.full(len(MOVES), conv), "patch": np.full(len(MOVES), patch)}
    words = _moves_in_words({**values, "pixels": np.zeros(len(MOVES))})
    assert better in words
    assert f"{conv:.2f} (convolutions) and {patch:.2f} (patches)" in words
