"""The README's moving pictures move."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from sigreg_edu.cli.animations import ANIMATIONS, Animation, animate
from sigreg_edu.explorers import GALLERY

KEPT = Path(__file__).parents[2] / "data" / "pictures"


def test_an_animation_has_a_frame_for_each_value_and_goes_round(tmp_path):
    animate(Animation("shadow2d", "angle", range(0, 90, 30)), tmp_path / "a.gif")
    with Image.open(tmp_path / "a.gif") as made:
        assert made.n_frames == 3
        assert made.width == 720
        assert made.info["loop"] == 0


def test_a_value_out_of_range_is_told(tmp_path):
    with pytest.raises(ValueError, match="angle: expected"):
        animate(Animation("shadow2d", "angle", [999]), tmp_path / "a.gif")


@pytest.mark.parametrize("animation", ANIMATIONS, ids=lambda one: one.name)
def test_those_of_the_readme_are_kept_and_their_explorers_take_every_value(animation):
    controls = GALLERY[animation.name](**animation.state).explorer.params.controls()
    assert {*animation.values} <= {*controls[animation.moves].positions()}
    with Image.open(KEPT / f"{animation.name}.gif") as kept:
        assert kept.n_frames == len(animation.values)
    readme = (KEPT.parents[1] / "README.md").read_text(encoding="utf-8")
    assert f"](data/pictures/{animation.name}.gif)" in readme
