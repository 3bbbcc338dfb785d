"""Scattered digits: what each strength does, and what every image set promises."""

import math

import pytest
import torch
from torch.nn import functional

from sigreg_edu.data import ScatteredDigits, load_digits
from sigreg_edu.data.scattered import LARGEST_TURN, SMALLEST, place
from sigreg_edu.training import knn_accuracy

LEVELS = [
    {"pose": 0.0},
    {"pose": 1.0},
    {"pose": 0.5, "colour": 0.5},
    {"pose": 1.0, "colour": 1.0, "clutter": 1.0},
    {"size": 24, "clutter": 0.3},
]
every_level = pytest.mark.parametrize("options", LEVELS, ids=str)
SOME = torch.arange(40)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def some_views(num_views=2, **options):
    return ScatteredDigits(**options).views(SOME, num_views, generator=generator())


def pixel_accuracy(data):
    """Of the nearest neighbours in raw pixels."""
    train, test = data.train_indices, data.test_indices
    z, y = data.images.flatten(1), data.labels
    return knn_accuracy(z[train], y[train], z[test], y[test])


def centres(ink):
    """Centres of mass (N, 2) of ink (N, H, W), x and y from −1 to 1."""
    size = ink.shape[-1]
    line = (2.0 * torch.arange(size) + 1.0) / size - 1.0
    x, y = ink.sum(dim=1) @ line, ink.sum(dim=2) @ line
    return torch.stack([x, y], dim=1) / ink.sum(dim=(1, 2))[:, None]


@every_level
def test_images_and_views_have_the_shapes_they_announce(options):
    data = ScatteredDigits(**options)
    size, channels = options.get("size", 16), 3 if options.get("colour") else 1
    assert data.images.shape == (1797, channels, size, size)
    assert (len(data), data.channels, data.image_size) == (1797, channels, size)
    assert data.class_names == tuple("0123456789")
    views = data.views(SOME, 3, generator=generator())
    assert views.shape == (3, 40, channels, size, size)
    assert views.dtype == data.images.dtype == torch.float32


@every_level
def test_values_lie_between_zero_and_one(options):
    for pixels in (ScatteredDigits(**options).images, some_views(**options)):
        assert pixels.min() >= 0.0
        assert pixels.max() <= 1.0 + 1e-6  # bilinear weights add up to 1 up to rounding


@every_level
def test_everyone_gets_the_same_images_and_the_same_seed_the_same_views(options):
    one, other = ScatteredDigits(**options), ScatteredDigits(**options)
    assert torch.equal(one.images, other.images)
    views = [data.views(SOME, generator=generator()) for data in (one, other)]
    assert torch.equal(*views)


@every_level
@pytest.mark.parametrize("part", [slice(0, 13), slice(13, 40), slice(7, 8)], ids=str)
def test_a_part_gets_exactly_the_pixels_it_has_in_the_whole(options, part):
    data, sources = ScatteredDigits(**options), (generator(), generator())
    whole = data.views(SOME, 2, generator=sources[0])
    assert torch.equal(data.views(SOME, 2, generator=sources[1], part=part), whole[:, part])
    assert torch.equal(sources[0].get_state(), sources[1].get_state())


def test_labels_and_split_are_the_digits_own():
    data, digits = ScatteredDigits(), load_digits()
    assert torch.equal(data.labels, digits.labels)
    assert torch.equal(data.train_indices, digits.train_indices)
    assert torch.equal(data.test_indices, digits.test_indices)


def test_without_pose_each_digit_is_upright_centred_and_fills_the_canvas():
    glyphs = load_digits().images
    expected = functional.interpolate(glyphs[:, None], size=16, mode="bilinear")
    images = ScatteredDigits(pose=0.0).images
    # Beyond the outermost pixels' centres, half a pixel wide, place fades to paper.
    assert torch.allclose(images[:, :, 1:-1, 1:-1], expected[:, :, 1:-1, 1:-1], atol=1e-5)


def test_without_strengths_all_views_are_the_image():
    data = ScatteredDigits(pose=0.0)
    views = data.views(SOME, generator=generator())
    assert torch.equal(views, data.images[SOME].expand_as(views))


def test_another_seed_gives_other_views():
    data = ScatteredDigits()
    views = [data.views(SOME, generator=generator(seed)) for seed in (0, 1)]
    assert (views[0] - views[1]).abs().mean() > 0.05


def test_at_full_pose_digits_are_scattered_over_the_canvas_and_shrunk_to_no_less_than_half():
    ink = ScatteredDigits(32, pose=1.0).images[:, 0]
    at_full_size = 16 * load_digits().images.sum(dim=(1, 2))  # of 32 by 32 pixels, from 8 by 8
    share = ink.sum(dim=(1, 2)) / at_full_size
    # Bilinear reading of a few large pixels moves their sum by some per cent.
    assert share.min().item() == pytest.approx(SMALLEST**2, rel=0.1)
    assert share.max().item() == pytest.approx(1.0, rel=0.1)
    assert centres(ink).abs().amax() > 0.4
    assert centres(ink).std(dim=0).min() > 0.1
    assert math.degrees(LARGEST_TURN) < 45


def test_a_little_more_pose_moves_the_same_digits_on():
    half, more, full = (some_views(pose=pose)[:, :, 0].flatten(0, 1) for pose in (0.5, 0.51, 1.0))
    near, far = (more - half).abs().mean(), (half[40:] - half[:40]).abs().mean()
    assert near < 0.1 * far  # far is from one view to the other
    start, end = centres(half), centres(full)
    moved = end.abs() > 0.2
    assert ((start * end)[moved] > 0).float().mean() > 0.9  # the same way from the middle


def test_colour_tints_the_same_placing():
    ink = some_views()  # (2, 40, 1, 16, 16)
    tinted = some_views(colour=1e-6)
    assert torch.allclose(tinted, ink.expand_as(tinted), atol=1e-5)
    coloured, ink = some_views(colour=1.0).flatten(3), ink.flatten(3)
    least, most = ink.min(dim=3, keepdim=True), ink.max(dim=3, keepdim=True)
    paper = coloured.gather(3, least.indices.expand(2, 40, 3, 1))
    light = coloured.gather(3, most.indices.expand(2, 40, 3, 1))
    assert paper.std(dim=2).mean() > 0.05
    assert (light.mean(dim=2) > paper.mean(dim=2)).float().mean() > 0.9
    # Paper and ink mix by coverage: in each channel the pixels are a + b·ink.
    coverage = (ink - least.values) / (most.values - least.values)
    assert torch.allclose(coloured, paper + coverage * (light - paper), atol=1e-5)


def test_clutter_shows_behind_the_digit_and_grows_with_its_strength():
    clean, mild, strong = (some_views(clutter=clutter) for clutter in (0.0, 0.3, 0.6))
    assert ((mild >= clean - 1e-6) & (strong >= mild - 1e-6)).all()
    opaque = clean > 0.999
    assert torch.allclose(strong[opaque], clean[opaque], atol=1e-3)
    assert (mild - clean).mean() > 0.01


def test_raw_pixels_tell_upright_digits_apart_but_not_scattered_ones():
    assert pixel_accuracy(ScatteredDigits(pose=0.0)) > 0.95
    # A trial with other placings gave 0.64; a standard error of 450 digits is 0.023.
    assert 0.55 < pixel_accuracy(ScatteredDigits(pose=1.0)) < 0.70


def test_views_are_made_where_the_data_lie():
    data = ScatteredDigits()
    assert data.device == torch.device("cpu")
    assert data.to("cpu") is data
    moved = data.to("meta")
    assert moved.device.type == "meta"
    tensors = [value for value in vars(moved).values() if torch.is_tensor(value)]
    assert {tensor.device.type for tensor in tensors} == {"meta"}
    assert data.device == torch.device("cpu")


def test_pixel_statistics_are_those_of_the_training_images():
    data = ScatteredDigits()
    pixels = data.images[data.train_indices].double()
    expected = (pixels.mean().item(), pixels.std().item())
    assert data.pixel_statistics() == pytest.approx(expected, abs=5e-5)  # four decimals


def test_a_placed_image_turns_from_right_to_down_about_its_centre():
    glyph = torch.zeros(1, 8, 8)
    glyph[0, 3:5, 6:] = 1.0  # ink on the right
    one = torch.ones(1)
    for angle, direction in ((0.0, (1, 0)), (math.pi / 2, (0, 1)), (-math.pi / 2, (0, -1))):
        placed = place(glyph, 0.5 * one, angle * one, torch.tensor([[0.2, -0.1]]), size=32)
        away = centres(placed)[0] - torch.tensor([0.2, -0.1])
        assert away.tolist() == pytest.approx([0.375 * d for d in direction], abs=0.01)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"size": 15}, ValueError, "size must be at least 16"),
        ({"pose": 1.1}, ValueError, "pose must be a finite number from 0 to 1"),
        ({"colour": -0.1}, ValueError, "colour must be"),
        ({"clutter": "much"}, TypeError, "clutter must be a number"),
    ],
)
def test_bad_strengths_are_refused_with_a_reason(options, error, message):
    with pytest.raises(error, match=message):
        ScatteredDigits(**options)


@pytest.mark.usefixtures("global_generators_untouched")
def test_no_global_generator_is_read_or_moved():
    data = ScatteredDigits()
    with pytest.raises(TypeError, match=r"generator must be a torch\.Generator"):
        data.views(SOME, generator=None)
    with pytest.raises(ValueError, match="num_views must be at least 1"):
        data.views(SOME, 0, generator=generator())
    data.views(SOME, generator=generator())
