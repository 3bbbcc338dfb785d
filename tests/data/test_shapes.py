"""Shapes of known factors: what each factor draws, what a view keeps, and what it draws anew."""

import math

import pytest
import torch

from sigreg_edu.data import FACTORS, Shapes
from sigreg_edu.data.shapes import BACKGROUND, CELL, COLOURS, JITTER, RADII, draw_shapes


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def drawn(*, extent=64, offset=(0.0, 0.0), **names):
    """One picture (3, H, W) of the named values; the others are plain, red, large circles."""
    usual = {
        "shape": "circle",
        "colour": "red",
        "position": "centre",
        "size": "large",
        "texture": "plain",
    }
    labels = {
        name: torch.tensor([FACTORS[name].index(value)]) for name, value in (usual | names).items()
    }
    return draw_shapes(labels, torch.tensor([offset]), size=extent)[0]


def inked(picture):
    """Where there is anything but background, (H, W)."""
    return (picture - BACKGROUND).abs().amax(dim=0) > 1e-6


def covered_area(picture):
    """Area in units in which the canvas has 4, of a plain shape."""
    colour = picture.flatten(1)[:, (picture - BACKGROUND).abs().sum(dim=0).flatten().argmax()]
    share = (picture[0] - BACKGROUND) / (colour[0] - BACKGROUND)
    return 4.0 * share.mean().item()


@pytest.fixture(scope="module")
def shapes():
    return Shapes(540)


def test_images_are_colour_between_zero_and_one_with_a_label_and_five_factors(shapes):
    assert shapes.images.shape == (540, 3, 32, 32)
    assert shapes.images.dtype == torch.float32
    assert 0.0 <= shapes.images.min() < shapes.images.max() <= 1.0
    assert shapes.class_names == FACTORS["shape"]
    assert list(shapes.factors) == list(FACTORS)
    assert torch.equal(shapes.labels, shapes.factors["shape"])
    assert (shapes.channels, shapes.image_size, len(shapes)) == (3, 32, 540)


def test_each_value_of_each_factor_comes_up_equally_often(shapes):
    for name, values in FACTORS.items():
        assert shapes.factors[name].dtype == torch.int64
        assert shapes.factors[name].bincount().tolist() == [540 // len(values)] * len(values)


def test_factors_are_independent_of_each_other():
    factors = Shapes(3000).factors
    for name in ("colour", "position", "size", "texture"):
        shape, other = factors["shape"], factors[name]
        table = torch.zeros(6, len(FACTORS[name])).index_put_(
            (shape, other), torch.ones(3000), accumulate=True
        )
        expected = 3000 / table.numel()
        statistic = ((table - expected) ** 2 / expected).sum().item()
        dof = 5 * (len(FACTORS[name]) - 1)
        assert statistic < dof + 4 * math.sqrt(2 * dof)  # χ²: mean dof, variance 2·dof


def test_the_split_is_three_to_one_disjoint_complete_and_fair_to_each_shape(shapes):
    both = torch.cat([shapes.train_indices, shapes.test_indices])
    assert both.sort().values.tolist() == list(range(540))
    assert shapes.labels[shapes.test_indices].bincount().tolist() == [round(90 / 4)] * 6


def test_everyone_gets_the_same_images(shapes):
    again = Shapes(540)
    assert torch.equal(again.images, shapes.images)
    assert torch.equal(again.test_indices, shapes.test_indices)


@pytest.mark.parametrize(
    ("shape", "area"),
    [
        ("circle", math.pi),
        ("square", 1.6**2),
        ("triangle", 3 * math.sqrt(3) / 4),
        # Ten triangles from the middle: one side 1, the next sin 18° / sin 54°, 36° between them.
        (
            "star",
            5 * math.sin(math.radians(18)) / math.sin(math.radians(54)) * math.sin(math.pi / 5),
        ),
        ("ring", math.pi * (1.0 - 0.44**2)),
        ("cross", 2 * 2.0 * 0.6 - 0.6**2),
    ],
)
def test_each_shape_covers_the_area_that_geometry_gives(shape, area):
    picture = drawn(shape=shape, extent=256)
    # 1 %: corners, where the distance to the edge is not that to a straight line.
    assert covered_area(picture) == pytest.approx(area * RADII["large"] ** 2, rel=0.01)


@pytest.mark.parametrize("shape", FACTORS["shape"])
def test_each_shape_is_its_own_mirror_image(shape):
    picture = drawn(shape=shape)
    # Pixels' centres lie evenly about 0 up to rounding, which the edge magnifies by half a size.
    assert torch.allclose(picture, picture.flip(-1), atol=1e-4)


def test_triangle_and_star_stand_with_a_corner_on_top():
    for shape in ("triangle", "star"):
        ink = inked(drawn(shape=shape)).sum(dim=1)
        rows = ink.nonzero().squeeze(1)
        assert ink[rows[0]] < ink[rows].float().mean()


@pytest.mark.parametrize("colour", FACTORS["colour"])
def test_a_plain_shape_has_its_colour_and_the_rest_is_background(colour):
    picture = drawn(colour=colour)
    assert torch.allclose(picture[:, 32, 32], torch.tensor(COLOURS[colour]))
    assert torch.equal(picture[:, 0, 0], torch.full((3,), BACKGROUND))


@pytest.mark.parametrize("position", FACTORS["position"])
def test_a_position_is_where_its_name_says(position):
    weight = inked(drawn(position=position, extent=64)).float()
    places = (2.0 * torch.arange(64) + 1.0) / 64 - 1.0
    x = ((weight.sum(dim=0) @ places) / weight.sum()).item()
    y = ((weight.sum(dim=1) @ places) / weight.sum()).item()
    column = {"left": -1, "right": 1}.get(position.split()[-1], 0)
    row = {"top": -1, "bottom": 1}.get(position.split()[0], 0)
    # Whole pixels are counted, of width 1/32: a fifth of one is far less than a cell.
    assert (x, y) == pytest.approx((CELL * column, CELL * row), abs=0.2 / 32)


def test_cells_do_not_meet_and_no_shape_leaves_the_canvas():
    assert 2 * JITTER < CELL
    assert CELL + JITTER + RADII["large"] <= 1.0
    for offset, position in (((1.0, 1.0), "bottom right"), ((-1.0, -1.0), "top left")):
        picture = drawn(position=position, offset=offset, extent=256)
        assert covered_area(picture) == pytest.approx(math.pi * RADII["large"] ** 2, rel=0.01)


def test_sizes_scale_a_shape_by_their_radii():
    for name, radius in RADII.items():
        picture = drawn(extent=256, size=name)
        assert covered_area(picture) == pytest.approx(math.pi * radius**2, rel=0.01)


@pytest.mark.parametrize("texture", ["stripes", "checks"])
def test_half_of_a_striped_or_checked_square_is_light(texture):
    picture = drawn(shape="square", texture=texture, extent=256)
    red = picture[0, 80:176, 80:176]  # inside the square, six periods by six
    light, dark = red.max(), red.min()
    assert ((red - dark) / (light - dark)).mean().item() == pytest.approx(0.5, abs=0.02)


def test_no_two_textures_look_alike():
    pictures = [drawn(texture=texture, extent=32) for texture in FACTORS["texture"]]
    for place, one in enumerate(pictures):
        for other in pictures[place + 1 :]:
            assert (one - other)[:, inked(one)].abs().mean() > 0.02


def test_without_anything_varied_every_view_is_the_image_itself():
    shapes = Shapes(60, varied=())
    views = shapes.views(torch.arange(60), 3, generator=generator())
    assert torch.equal(views, shapes.images.expand(3, 60, 3, 32, 32))


@pytest.mark.parametrize("varied", [("colour",), ("position", "size"), tuple(FACTORS)[1:]])
def test_a_view_keeps_what_is_not_varied_and_draws_the_rest_anew(varied, monkeypatch):
    shapes, asked = Shapes(360, varied=varied), []

    def watched(factors, offsets, *, size):
        asked.append((factors, offsets))
        return draw_shapes(factors, offsets, size=size)

    monkeypatch.setattr("sigreg_edu.data.shapes.draw_shapes", watched)
    shapes.views(torch.arange(360), 1, generator=generator())
    ((factors, offsets),) = asked
    for name, values in FACTORS.items():
        is_kept = torch.equal(factors[name], shapes.factors[name])
        assert is_kept == (name not in varied)
        # New labels are spread evenly: five standard errors of a share.
        shares = factors[name].bincount() / 360
        share = 1 / len(values)
        assert (shares - share).abs().max() < 5 * math.sqrt(share * (1 - share) / 360)
    assert torch.equal(offsets, shapes.offsets) == ("position" not in varied)


def test_only_the_varied_factors_change_what_is_seen():
    shapes = Shapes(60, varied=("colour",))
    views = shapes.views(torch.arange(60), 2, generator=generator())
    for view in views:
        for picture, image in zip(view, shapes.images, strict=True):
            assert torch.equal(inked(picture), inked(image))
    assert not torch.equal(views[0], views[1])


def test_the_same_seed_draws_the_same_new_size_whatever_else_is_varied():
    indices = torch.arange(60)
    one = Shapes(60, varied=("size",)).views(indices, generator=generator())
    both = Shapes(60, varied=("size", "colour")).views(indices, generator=generator())
    for picture, other in zip(one.flatten(0, 1), both.flatten(0, 1), strict=True):
        assert torch.equal(inked(picture), inked(other))


@pytest.mark.parametrize("part", [slice(0, 7), slice(7, 30), slice(5, 6), slice(30, 30)])
def test_a_part_gets_exactly_the_pixels_it_has_in_the_whole(shapes, part):
    indices = torch.randperm(540, generator=generator(1))[:30]
    sources = generator(), generator()
    whole = shapes.views(indices, 2, generator=sources[0])
    assert torch.equal(shapes.views(indices, 2, generator=sources[1], part=part), whole[:, part])
    assert torch.equal(sources[0].get_state(), sources[1].get_state())


def test_varied_may_come_in_any_order_and_kind_of_collection():
    assert Shapes(12, varied=["size", "position"]).varied == ("position", "size")
    assert Shapes(12, varied={"size"}).varied == ("size",)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"varied": ("colours",)}, ValueError, "each name in varied .* Did you mean 'colour'"),
        ({"varied": "colour"}, TypeError, "For one name pass a tuple of one"),
        ({"varied": None}, TypeError, "for none pass"),
        ({"count": 11}, ValueError, "count must be at least 12"),
        ({"size": 23}, ValueError, "size must be at least 24"),
        ({"size": 32.0}, TypeError, "size must be a whole number"),
    ],
)
def test_bad_input_is_refused_with_a_reason(options, error, message):
    with pytest.raises(error, match=message):
        Shapes(**options)


@pytest.mark.usefixtures("global_generators_untouched")
def test_no_global_generator_is_read_or_moved():
    Shapes(12).views(torch.arange(12), generator=generator())
