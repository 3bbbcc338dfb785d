"""Image sets by name: the right one, with its options, or a reason."""

import inspect

import pytest
import torch

from sigreg_edu.data import (
    FACTORS,
    IMAGE_SETS,
    ImageData,
    ScatteredDigits,
    Shapes,
    load_cifar10,
    load_folder,
    make_images,
)


def test_the_catalogue_has_the_four_sets():
    assert dict(IMAGE_SETS) == {
        "digits": ScatteredDigits,
        "shapes": Shapes,
        "cifar10": load_cifar10,
        "folder": load_folder,
    }


def test_options_reach_the_image_set():
    digits = make_images("digits", size=20, pose=0.5)
    assert torch.equal(digits.images, ScatteredDigits(20, pose=0.5).images)
    shapes = make_images("shapes", count=24, varied=["texture"])
    assert (len(shapes), shapes.varied) == (24, ("texture",))


@pytest.mark.parametrize("name", ["digits", "shapes"])
def test_image_sets_without_files_need_no_option(name):
    data = make_images(name)
    assert isinstance(data, ImageData)
    # Nothing is written or fetched, and one view of each set is a batch as any other.
    views = data.views(torch.arange(3), generator=torch.Generator().manual_seed(0))
    assert views.shape == (2, 3, *data.images.shape[1:])


@pytest.mark.parametrize("make", IMAGE_SETS.values())
def test_every_option_can_be_given_by_name(make):
    kinds = {parameter.kind for parameter in inspect.signature(make).parameters.values()}
    assert kinds <= {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}


@pytest.mark.parametrize(
    ("name", "options", "error", "message"),
    [
        ("digit", {}, ValueError, "name must be one of .* Did you mean 'digits'"),
        ("shapes", {"vary": ()}, ValueError, "'vary' is no option .* Did you mean 'varied'"),
        ("digits", {"qqq": 1}, ValueError, "Known: size, pose, colour, clutter"),
        ("folder", {}, TypeError, "the image set 'folder' needs the option 'path'"),
        ("shapes", {"varied": ["hue"]}, ValueError, "each name in varied must be one of"),
    ],
)
def test_what_does_not_exist_is_refused_with_the_nearest_that_does(name, options, error, message):
    with pytest.raises(error, match=message):
        make_images(name, **options)


def test_the_factors_of_shapes_have_their_names():
    assert {name: len(values) for name, values in FACTORS.items()} == {
        "shape": 6,
        "colour": 6,
        "position": 9,
        "size": 3,
        "texture": 4,
    }
