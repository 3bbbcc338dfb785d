"""Views of digits and shapes: what they share is shared, and the words follow from the sliders."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sigreg_edu.data import FACTORS, ScatteredDigits
from sigreg_edu.data.scattered import Scattering
from sigreg_edu.training import knn_accuracy
from sigreg_edu.views.digit_views import (
    MOST_VIEWS,
    VARIED,
    DigitViewsParams,
    digit_views_view,
    image_and_views,
    raw_knn_accuracy,
    refine_digit_views,
)


def shown(**fields):
    params = DigitViewsParams(**fields)
    return [digit_views_view(params), *refine_digit_views(params)][-1]


def test_pictures_come_first_and_what_raw_pixels_tell_follows():
    params = DigitViewsParams(pose=0.123)  # which nobody else asks for
    first, [finer] = digit_views_view(params), refine_digit_views(params)
    assert first.raw_knn is None
    assert "being counted" in first.readout
    assert 0.6 < finer.raw_knn < 1.0
    np.testing.assert_array_equal(first.tiles, finer.tiles)
    assert digit_views_view(params).raw_knn == finer.raw_knn  # known from now on
    assert not list(refine_digit_views(params))


@pytest.mark.parametrize("fields", [{}, {"colour": 0.5, "clutter": 0.7, "pose": 0.3}])
def test_tiles_are_the_images_and_views_that_a_training_gets(fields):
    data, chosen = ScatteredDigits(**fields), torch.tensor([3, 700, 1500])
    of_data = data.views(chosen, 3, generator=torch.Generator().manual_seed(1))
    image, views = image_and_views(
        Scattering(**fields), chosen, 3, generator=torch.Generator().manual_seed(1)
    )
    torch.testing.assert_close(image, data.pixels(chosen))
    torch.testing.assert_close(views, of_data)


@pytest.mark.parametrize("num_views", [2, 5, MOST_VIEWS])
@pytest.mark.parametrize(("data", "size"), [("digits", 16), ("shapes", 32)])
def test_five_rows_hold_an_image_and_its_views_in_colours(data, size, num_views):
    view = shown(data=data, num_views=num_views)
    assert view.tiles.shape == (5, 1 + num_views, size, size, 3)
    assert view.num_views == num_views
    assert view.tiles.min() >= 0.0
    assert view.tiles.max() <= 1.0


@pytest.mark.parametrize("data", ["digits", "shapes"])
@pytest.mark.parametrize("seed", range(4))
def test_each_row_is_of_another_class(data, seed):
    assert len(set(shown(data=data, seed=seed).names)) == 5


def test_grey_digits_are_grey_and_coloured_ones_are_not():
    grey, coloured = shown().tiles, shown(colour=1.0).tiles
    np.testing.assert_array_equal(grey[..., 0], grey[..., 2])
    assert np.abs(coloured[..., 0] - coloured[..., 2]).max() > 0.2


def test_more_views_leave_the_first_ones_as_they_are():
    few, many = shown(num_views=2).tiles, shown(num_views=MOST_VIEWS).tiles
    np.testing.assert_array_equal(few, many[:, :3])


def test_a_strength_moves_the_same_views_on():
    """The same noise: a small change of the strength is a small change of the picture."""
    before, after, other = (shown(pose=0.5), shown(pose=0.55), shown(pose=0.55, seed=1))
    assert before.names == after.names
    near = np.abs(before.tiles - after.tiles).mean()
    assert 0.0 < near < 0.5 * np.abs(before.tiles - other.tiles).mean()


@pytest.mark.parametrize("fields", [{"pose": 0.0}, {"data": "shapes", "varied": "nothing"}])
def test_where_nothing_is_drawn_anew_every_view_is_the_image(fields):
    view = shown(**fields)
    for number in range(1, view.num_views + 1):
        np.testing.assert_array_equal(view.tiles[:, number], view.tiles[:, 0])
    assert set(view.anew.values()) == {0.0}
    assert "the image itself" in view.readout


@pytest.mark.parametrize("strength", ["pose", "colour", "clutter"])
def test_each_strength_makes_views_differ_and_is_named(strength):
    view = shown(**{"pose": 0.0, strength: 0.4})
    assert not np.array_equal(view.tiles[:, 1], view.tiles[:, 2])
    assert view.anew == {
        "which digit": 0.0, "handwriting": 0.0, "pose": 0.0, "colour": 0.0, "clutter": 0.0,
        strength: 0.4,
    }  # fmt: skip
    assert "(strength 0.4)" in view.readout
    assert "share which digit it is" in view.readout


@pytest.mark.parametrize("varied", VARIED)
def test_of_a_shape_the_varied_factors_are_drawn_anew(varied):
    view = shown(data="shapes", varied=varied)
    assert view.anew == {name: float(name in VARIED[varied]) for name in FACTORS}


def test_the_words_on_shapes_say_what_is_shared():
    words = shown(data="shapes", varied="place").readout
    assert "share shape, colour and texture; they differ in position and size" in words
    assert "share nothing" in shown(data="shapes", varied="everything").readout


@pytest.mark.parametrize("strengths", [{}, {"pose": 0.3, "clutter": 1.0}, {"colour": 1.0}])
def test_the_quick_knn_is_the_careful_one(strengths):
    data = ScatteredDigits(**strengths)
    train, test = data.train_indices, data.test_indices
    pixels, labels = data.images.flatten(1), data.labels
    careful = knn_accuracy(pixels[train], labels[train], pixels[test], labels[test])
    # rounding may turn one vote among 450 where two neighbours are equally near
    assert raw_knn_accuracy(data) == pytest.approx(careful, abs=1.5 / len(test))


def test_scattering_is_what_raw_pixels_cannot_bear():
    upright, scattered, hard = shown(pose=0.0), shown(), shown(colour=1.0, clutter=0.5)
    assert upright.raw_knn == upright.upright == scattered.upright > 0.95
    assert 0.55 < scattered.raw_knn < 0.70
    assert scattered.chance == 0.1 < hard.raw_knn < scattered.raw_knn
    for view in (upright, scattered, hard):
        assert f"{100 * view.raw_knn:.1f} % of 450 test images (chance 10 %" in view.readout
        assert f"upright digits, white on black: {100 * view.upright:.1f} %" in view.readout


def test_raw_pixels_of_shapes_do_not_depend_on_the_views():
    views = [shown(data="shapes", varied=varied) for varied in VARIED]
    assert len({view.raw_knn for view in views}) == 1
    assert views[0].upright is None
    assert "of 150 test images (chance 17 %)" in views[0].readout


def test_controls_of_the_other_pictures_are_idle():
    assert DigitViewsParams().idle() == {"varied"}
    assert DigitViewsParams(data="shapes").idle() == {"pose", "colour", "clutter"}
