"""Explorers of notebook 05: their presets lead where their labels say."""

from __future__ import annotations

import pytest

from sigreg_edu.explorers import (
    digit_views_explorer,
    factors_explorer,
    stems_explorer,
    vit_replay_explorer,
)
from sigreg_edu.views.vit_replay import LABELS, LAST_MOMENT


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
