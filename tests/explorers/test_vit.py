"""Explorers of notebook 05: their presets lead where their labels say."""

from __future__ import annotations

import asyncio

import pytest

from sigreg_edu.explorers import (
    digit_views_explorer,
    factors_explorer,
    ranking_explorer,
    stems_explorer,
    vit_replay_explorer,
    vit_sweep_explorer,
    vit_training_explorer,
)
from sigreg_edu.explorers.training import TrainingWidget
from sigreg_edu.views.ranking import SCORES, WHICH
from sigreg_edu.views.vit_replay import LABELS, LAST_MOMENT
from sigreg_edu.views.vit_sweep import LAST_POSITION, SWEEPS


@pytest.mark.parametrize("explorer", [digit_views_explorer, stems_explorer])
def test_every_preset_of_views_and_stems_gives_another_picture(explorer):
    widget = explorer()
    pictures = set()
    for label, button in widget.presets.items():
        button.click()
        assert widget.explorer.error == "", label
        pictures.add(widget.explorer.figure.png())
    assert len(pictures) == len(widget.presets)
    widget.close()


def test_presets_of_views_lead_where_they_say():
    widget = digit_views_explorer(colour=0.5)
    for label, words in {
        "upright": "the image itself",
        "scattered": "differ in place, size and angle (strength 1), which",
        "colour and clutter": "colours (strength 1) and clutter (strength 0.5)",
        "shapes": "they differ in position and size",
        "all but shape": "Two views of a shape share shape; they differ",
    }.items():
        widget.presets[label].click()
        assert words in widget.picture.readout, label
    widget.close()


def test_presets_of_stems_lead_where_they_say():
    widget = stems_explorer(seed=3)
    for label, words in {
        "untrained": "Step 0, self-supervised",
        "self-supervised": ", self-supervised: kNN",
        "with labels": ", supervised: kNN",
        "a token in a corner": "Token 0 (row 1, column 1)",
    }.items():
        widget.presets[label].click()
        assert words in widget.picture.readout, label
    widget.close()


# --- vit_replay ---------------------------------------------------------------------------------


def test_replay_presets_show_the_loss_they_name_after_its_training():
    widget = vit_replay_explorer(look=0)
    named = {"no regularizer": "none", "VICReg": "vicreg", "LeJEPA": "lejepa",
             "standardized": "standardized", "with labels": "supervised"}  # fmt: skip
    for label, loss in named.items():
        widget.presets[label].click()
        assert widget.explorer.error == ""
        assert (widget.explorer.params.loss, widget.explorer.params.look) == (loss, LAST_MOMENT)
        assert LABELS[loss] in widget.picture.readout
    widget.close()


def test_the_replay_can_be_played_from_before_the_training_to_its_end():
    widget = vit_replay_explorer(look=0)
    assert widget.explorer.moment_name == "look"
    words = {widget.picture.readout}
    for look in range(1, LAST_MOMENT + 1):
        assert widget.next_moment() == look
        assert widget.set(look=look)
        words.add(widget.picture.readout)
    assert widget.next_moment() is None
    assert len(words) == LAST_MOMENT + 1
    widget.close()


@pytest.mark.parametrize("space", ["embedding", "projection"])
def test_every_replayed_loss_has_picture_and_words(space):
    widget = vit_replay_explorer(space=space)
    pictures = set()
    for loss in LABELS:
        for look in (0, LAST_MOMENT):
            assert widget.set(loss=loss, look=look), widget.explorer.error
            assert "nan" not in widget.picture.readout
            pictures.add(widget.explorer.figure.png())
    assert len(pictures) >= len(LABELS) + 1  # untrained, most losses look alike
    widget.close()


# --- factors ------------------------------------------------------------------------------------


def test_factor_presets_say_what_their_views_draw_anew():
    widget = factors_explorer()
    for label, added in (("colour too", "colour"), ("texture too", "texture"),
                         ("shape too", "shape"), ("size too", "size")):  # fmt: skip
        widget.presets[label].click()
        assert widget.explorer.error == ""
        params = widget.explorer.params
        assert set(params.run.split(", ")) - set(params.other.split(", ")) == {added}
        assert widget.explorer.view.other is not None
        assert "Against views that draw position" in widget.picture.readout
    widget.close()


def test_a_stricter_share_changes_what_counts_as_kept():
    widget = factors_explorer()
    words = set()
    for share in (0.1, 0.5, 0.9):
        assert widget.set(share=share)
        assert f"at least {100 * share:.0f} % of the way" in widget.picture.readout
        words.add(widget.picture.readout)
    assert len(words) == 3
    widget.close()


def test_new_views_change_the_pictures_and_not_the_scores():
    widget = factors_explorer()
    before, picture = widget.explorer.view, widget.explorer.figure.png()
    assert widget.explorer.new_sample()
    after = widget.explorer.view
    assert (before.views != after.views).any()
    assert (before.accuracy == after.accuracy).all()
    assert widget.explorer.figure.png() != picture
    widget.close()


# --- vit_sweep ----------------------------------------------------------------------------------


def test_sweep_presets_lead_where_they_say():
    widget = vit_sweep_explorer(position=2)
    pictures = set()
    for label, (sweep, at_start) in {
        "small λ": ("lamb", True),
        "large λ": ("lamb", False),
        "one slice": ("slices", True),
        "many slices": ("slices", False),
        "small batches": ("batch", True),
        "no covariance": ("covariance", True),
    }.items():
        widget.presets[label].click()
        assert widget.explorer.error == "", label
        view = widget.explorer.view
        assert view.sweep == sweep
        assert (view.now == 0) == at_start
        assert f" = {view.value:g}, value" in widget.picture.readout
        pictures.add(widget.explorer.figure.png())
    assert len(pictures) == len(widget.presets)
    widget.close()


@pytest.mark.parametrize("space", ["embedding", "projection"])
def test_every_sweep_has_picture_and_words_at_both_ends(space):
    widget = vit_sweep_explorer(space=space)
    pictures = set()
    for sweep in SWEEPS:
        for position in (0, LAST_POSITION):
            assert widget.set(sweep=sweep, position=position), widget.explorer.error
            assert "nan" not in widget.picture.readout
            assert "within 5 points" in widget.picture.readout
            pictures.add(widget.explorer.figure.png())
    assert len(pictures) == 2 * len(SWEEPS)
    widget.close()


# --- ranking ------------------------------------------------------------------------------------


def test_ranking_presets_lead_where_they_say():
    widget = ranking_explorer(alpha=0.7)
    pictures = set()
    for label, (alpha, which) in {
        "raw loss": (0.0, "all"),
        "the paper's α": (0.4, "all"),
        "only λ, raw": (0.0, "lamb"),
        "only λ, rescaled": (0.4, "lamb"),
        "all but those": (0.0, "others"),
    }.items():
        widget.presets[label].click()
        assert widget.explorer.error == "", label
        params = widget.explorer.params
        assert (params.alpha, params.which) == (alpha, which)
        assert ("at α = 0.4; the paper" in widget.picture.readout) == (alpha == 0.4)
        pictures.add(widget.explorer.figure.png())
    assert len(pictures) == len(widget.presets)
    widget.close()


@pytest.mark.parametrize("score", SCORES)
def test_every_ranking_has_picture_and_words_at_both_ends_of_alpha(score):
    widget = ranking_explorer(score=score)
    pictures = set()
    for which in WHICH:
        for alpha in (0.0, 1.0):
            assert widget.set(which=which, alpha=alpha), widget.explorer.error
            assert "nan" not in widget.picture.readout
            assert "chosen on these same runs" in widget.picture.readout
            pictures.add(widget.explorer.figure.png())
    assert len(pictures) == 2 * len(WHICH)
    widget.close()


# --- vit_training -------------------------------------------------------------------------------


async def until(condition) -> None:
    async def wait() -> None:
        while not condition():
            await asyncio.sleep(0.005)

    await asyncio.wait_for(wait(), 60.0)


def in_a_loop(scenario, **initial) -> TrainingWidget:
    """Run a scenario with a widget whose trainings take 4 small steps, in an event loop."""

    async def main() -> TrainingWidget:
        widget = vit_training_explorer(**initial)
        widget.sessions.steps = 4
        widget.sessions.changes = {"batch_size": 16, "look_every": 2, "loss.num_slices": 16}
        widget.sessions.begin(widget.explorer.params)
        await scenario(widget)
        return widget

    return asyncio.run(main())


def test_presets_of_the_live_transformer_lead_where_they_say():
    widget = vit_training_explorer(seed=1)
    for label, words in {
        "LeJEPA": "LeJEPA, λ = 0.05",
        "no regularizer": "no regularizer, not trained",
        "VICReg": "VICReg, λ = 0.5",
        "standardized": "report: standardized, λ = 0.2",
        "plain patches": "LeJEPA, λ = 0.05",
        "harder: colour and clutter": "LeJEPA, λ = 0.02",
    }.items():
        widget.presets[label].click()
        assert widget.picture.readout.startswith(words), label
        training, params = widget.session.training, widget.explorer.params
        assert training.config.loss.name == params.condition
        assert training.lamb == (0.0 if params.condition == "none" else params.lamb)
        assert training.config.model.stem == ("patch" if "patches" in label else "conv")
        assert training.data.channels == (3 if "colour" in label else 1)
    widget.close()


def test_another_loss_of_the_live_transformer_brings_its_own_lambda():
    widget = vit_training_explorer()
    widget.controls["condition"].value = "vicreg"
    assert widget.explorer.params.lamb == widget.session.training.lamb == 0.5
    widget.controls["condition"].value = "lejepa"
    assert widget.explorer.params.lamb == widget.session.training.lamb == 0.05
    widget.close()


def test_the_live_transformer_trains_to_its_end_and_the_picture_follows():
    async def scenario(widget: TrainingWidget) -> None:
        frame = widget.picture.frame
        widget.start()  # before its first look: the bites take it
        await until(lambda: not widget.training)
        assert widget.picture.frame != frame

    widget = in_a_loop(scenario)
    assert widget.session.look_steps.tolist() == [0, 2, 4]
    assert widget.explorer.params.step == 4
    assert "step 4 of 4 taken" in widget.picture.readout
    assert widget.train_button.description == "train again"


def test_a_state_that_was_never_looked_at_is_looked_at_when_the_slider_rests():
    async def scenario(widget: TrainingWidget) -> None:
        for pose in (0.5, 0.4, 0.3):
            widget.controls["pose"].value = pose
            assert "is being looked at" in widget.picture.readout
        await until(lambda: widget.session.looks)
        await until(lambda: "in the projection kNN names" in widget.picture.readout)
        assert widget.session.step == 0
        frames = widget.picture.frame_number
        await asyncio.sleep(0.5)
        assert widget.picture.frame_number <= frames + 1  # then it rests

    in_a_loop(scenario)


def test_other_digits_pause_the_training_and_on_the_way_back_the_slider_rules():
    async def scenario(widget: TrainingWidget) -> None:
        widget.start()
        await until(lambda: widget.session.step >= 2)
        first = widget.session
        widget.controls["colour"].value = 0.5
        assert not widget.training
        assert widget.session is not first
        assert widget.sessions.before is first
        widget.controls["lamb"].value = 0.3
        widget.controls["colour"].value = 0.0
        assert widget.session is first
        assert first.training.lamb == 0.3

    in_a_loop(scenario)


def test_lambda_that_is_moved_before_the_transformer_is_made_is_its_lambda():
    widget = vit_training_explorer(seed=2)
    widget.set(pose=0.5)
    assert not widget.session.is_made
    widget.set(lamb=0.3)
    assert not widget.session.is_made
    assert widget.picture.readout.startswith("LeJEPA, λ = 0.3, not trained yet")
    assert widget.session.training.lamb == 0.3
    widget.set(lamb=0.4)
    assert widget.session.training.lamb == 0.4
    widget.close()


@pytest.mark.parametrize("change", [{"condition": "none"}, {"seed": 1}, {"pose": 0.5, "step": 0}])
def test_another_training_chosen_while_one_goes_on_is_looked_at_too(change):
    async def scenario(widget: TrainingWidget) -> None:
        widget.start()
        await until(lambda: widget.session.step >= 2)
        widget.set(**change)
        assert not widget.training
        assert widget.session.step == 0
        await until(lambda: widget.session.looks)
        await until(lambda: "in the projection kNN names" in widget.picture.readout)

    in_a_loop(scenario)


def test_a_slider_that_makes_another_training_makes_one_picture():
    widget = vit_training_explorer(seed=4)
    before = widget.explorer.updates
    widget.controls["pose"].value = 0.5
    assert widget.explorer.updates == before + 1
    widget.close()
