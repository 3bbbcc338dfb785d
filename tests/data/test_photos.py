"""Photographs: what views change, and files that are read as they are, or refused with a reason."""

import colorsys
import hashlib
import inspect
import io
import sys
import tarfile
import urllib.error

import numpy as np
import pytest
import torch
from PIL import Image

from sigreg_edu.data import Photos, load_cifar10, load_folder, photos
from sigreg_edu.data.photos import (
    CIFAR10_FILES,
    CIFAR10_FOLDER,
    CIFAR10_NAMES,
    CIFAR10_TEST,
    CIFAR10_TRAIN,
    data_folder,
)

STILL = {"flip": False, "min_crop": 1.0, "jitter": 0.0, "grey": 0.0}
CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
ARCHIVE = "cifar-10-binary.tar.gz"


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def some_photos(images=None, **options):
    """Random dots, or the images (N, 3, S, S) that are given."""
    if images is None:
        images = torch.randint(0, 256, (12, 3, 32, 32), generator=generator(9), dtype=torch.uint8)
    everything = torch.arange(len(images))
    return Photos(
        images, everything % 2, (everything[::2], everything[1::2]), ("a", "b"), **options
    )


def views_of(image, count, **options):
    """Many views (V, 3, S, S) of one image (3, S, S) uint8."""
    one = some_photos(image[None], **options)
    return one.views(torch.zeros(1, dtype=torch.int64), count, generator=generator())[:, 0]


def plain(*colour):
    """One colour everywhere, (3, 16, 16) uint8."""
    return torch.tensor(colour, dtype=torch.uint8)[:, None, None].expand(3, 16, 16).contiguous()


def ramps():
    """Red grows to the right and green downwards, linearly: (3, 32, 32) uint8."""
    line = torch.arange(32, dtype=torch.uint8) * 8
    red = line.expand(32, 32)
    return torch.stack([red, red.T, torch.zeros_like(red)])


# --- views


def test_views_have_a_leading_axis_values_between_zero_and_one_and_differ():
    data = some_photos()
    views = data.views(torch.arange(5), 3, generator=generator())
    assert views.shape == (3, 5, 3, 32, 32)
    assert views.dtype == torch.float32
    # hsv to rgb rounds.
    assert views.min() >= -1e-6
    assert views.max() <= 1 + 1e-6
    assert (views[0] - views[1]).abs().mean() > 0.05
    assert torch.equal(views, data.views(torch.arange(5), 3, generator=generator()))


def test_views_without_any_change_are_the_images():
    data = some_photos(**STILL)
    views = data.views(torch.arange(12), 2, generator=generator())
    # grid_sample computes the identity in float32, in pixels up to 32.
    assert torch.allclose(views, data.pixels(torch.arange(12)).expand_as(views), atol=1e-5)


@pytest.mark.parametrize("part", [slice(0, 5), slice(5, 12), slice(3, 4), slice(12, 12)])
def test_a_part_gets_exactly_the_pixels_it_has_in_the_whole(part):
    data, sources = some_photos(), (generator(), generator())
    indices = torch.randperm(12, generator=generator(1))
    whole = data.views(indices, 2, generator=sources[0])
    assert torch.equal(data.views(indices, 2, generator=sources[1], part=part), whole[:, part])
    assert torch.equal(sources[0].get_state(), sources[1].get_state())


def test_a_crop_has_the_area_and_ratio_it_promises_and_lies_inside():
    views = views_of(ramps(), 400, **{**STILL, "min_crop": 0.3})
    slope = 8 / 255  # of red and green, per pixel of the image
    inner = views[:, :, 8:24, 8:24]  # away from the edge, where the ramp stops
    width = (inner[:, 0, :, -1] - inner[:, 0, :, 0]).mean(dim=1) / (15 * slope)
    height = (inner[:, 1, -1, :] - inner[:, 1, 0, :]).mean(dim=1) / (15 * slope)
    assert ((width * height) > 0.3 - 1e-4).all()
    assert ((width * height) < 1.0 + 1e-4).all()
    assert (width * height).mean().item() == pytest.approx(0.65, abs=5 * 0.2 / 400**0.5)
    assert (width / height).log().abs().max() <= np.log(4 / 3) + 1e-4
    middle = views[:, :2, 15:17, 15:17].mean(dim=(2, 3)) / slope  # in pixels, from 0 to 31
    for side, centre in ((width, middle[:, 0]), (height, middle[:, 1])):
        assert ((centre - 15.5).abs() <= 16 * (1 - side) + 0.01).all()
    assert middle.std() > 1.0


def test_half_of_the_views_are_mirrored_and_none_without_flip():
    image = ramps()
    mirrored = views_of(image, 400, **{**STILL, "flip": True})
    direction = (mirrored[:, 0, :, -1] - mirrored[:, 0, :, 0]).mean(dim=1)
    assert (direction > 0).float().mean().item() == pytest.approx(0.5, abs=5 * 0.5 / 400**0.5)
    flipped = mirrored[direction < 0][0]
    assert torch.allclose(flipped, image.flip(-1) / 255, atol=1e-5)
    assert torch.allclose(mirrored[:, 1], (image[1] / 255).expand(400, 32, 32), atol=1e-5)


def test_grey_takes_the_colour_from_its_share_of_the_views():
    image = plain(200, 100, 50)
    views = views_of(image, 400, **{**STILL, "grey": 0.2})
    is_grey = views.std(dim=1).amax(dim=(1, 2)) < 1e-6
    assert is_grey.float().mean().item() == pytest.approx(0.2, abs=5 * 0.4 / 400**0.5)
    luma = (0.299 * 200 + 0.587 * 100 + 0.114 * 50) / 255  # ITU-R BT.601
    assert torch.allclose(views[is_grey], torch.tensor(luma), atol=1e-5)


def test_jitter_changes_a_colour_as_the_definitions_say():
    colour = np.array([150, 90, 60]) / 255
    views = views_of(plain(150, 90, 60), 50, **{**STILL, "jitter": 0.4})[:, :, 0, 0]
    draws = torch.rand(50, 1, 10, generator=generator())[:, 0, 5:9]
    changes = (0.4 * (2 * draws - 1)).double().numpy()
    for view, (bright, contrast, saturation, hue) in zip(views.numpy(), changes, strict=True):
        expected = colour * (1 + bright)
        # Of one colour everywhere, the mean grey is the grey of each pixel.
        for factor in (1 + contrast, 1 + saturation):
            grey = expected @ [0.299, 0.587, 0.114]
            expected = np.clip(factor * expected + (1 - factor) * grey, 0, 1)
        h, s, v = colorsys.rgb_to_hsv(*expected)
        expected = colorsys.hsv_to_rgb((h + 0.25 * hue) % 1.0, s, v)
        assert view == pytest.approx(expected, abs=1e-5)


def test_contrast_blends_with_the_mean_of_the_whole_picture():
    image = torch.zeros(3, 16, 16, dtype=torch.uint8)
    image[:, :, 8:] = 100  # grey: neither saturation nor hue can change it
    views = views_of(image, 50, **{**STILL, "jitter": 0.4})
    draws = torch.rand(50, 1, 10, generator=generator())[:, 0, 5:7]
    bright, contrast = (1 + 0.4 * (2 * draws - 1)).unbind(1)
    light = bright * 100 / 255  # over the right half, so that the mean is half of it
    assert torch.allclose(views[:, 0, 0, -1], light * (1 + contrast) / 2, atol=1e-5)
    dark = (light * (1 - contrast) / 2).clamp(min=0)
    assert torch.allclose(views[:, 0, 0, 0], dark, atol=1e-5)


def test_more_jitter_changes_the_same_views_further():
    image, options = ramps(), {"grey": 0.0, "flip": True, "min_crop": 0.3}
    still, mild, strong = (views_of(image, 30, **options, jitter=j) for j in (0.0, 0.1, 0.4))
    near = (mild - still).abs().mean(dim=(1, 2, 3))
    far = (strong - still).abs().mean(dim=(1, 2, 3))
    assert (near < far).all()


def test_without_kornia_the_error_says_what_to_install_and_what_works_without(monkeypatch):
    monkeypatch.setitem(sys.modules, "kornia", None)
    with pytest.raises(ImportError, match=r'pip install "sigreg-edu\[train\]".*jitter=0'):
        some_photos().views(torch.arange(2), generator=generator())
    some_photos(jitter=0.0, grey=0.0).views(torch.arange(2), generator=generator())


@pytest.mark.usefixtures("global_generators_untouched")
def test_no_global_generator_is_read_or_moved():
    some_photos().views(torch.arange(3), generator=generator())


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (torch.zeros(4, 3, 8, 8), TypeError, "images must be a tensor of uint8, got torch.float32"),
        (np.zeros((4, 3, 8, 8), np.uint8), TypeError, "images must be a tensor .* got ndarray"),
        (
            torch.zeros(4, 1, 8, 8, dtype=torch.uint8),
            ValueError,
            r"shape \(N, 3, S, S\), in colour",
        ),
        (torch.zeros(4, 3, 8, 9, dtype=torch.uint8), ValueError, "images must have .* square"),
    ],
)
def test_images_that_are_no_photographs_are_refused(images, error, message):
    with pytest.raises(error, match=message):
        some_photos(images)


@pytest.mark.parametrize(
    ("labels", "split", "error", "message"),
    [
        ([0.0, 1.0, 0.0, 1.0], (2, 2), TypeError, "labels must be a tensor of int64"),
        ([0, 1, 0], (2, 2), ValueError, r"labels must have shape \(4,\)"),
        ([0, 1, 0, 2], (2, 2), ValueError, "labels must lie from 0 to 1"),
        ([0, -1, 0, 1], (2, 2), ValueError, "labels must be 0 or more"),
        ([0, 1, 0, 1], (4, 1), ValueError, "each image once at most, got 1 again"),
    ],
)
def test_labels_and_splits_that_do_not_fit_are_refused(labels, split, error, message):
    images = torch.zeros(4, 3, 8, 8, dtype=torch.uint8)
    train, test = torch.arange(split[0]), torch.arange(4 - split[1], 4)
    with pytest.raises(error, match=message):
        Photos(images, torch.tensor(labels), (train, test), ("a", "b"))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"min_crop": 0.0}, ValueError, "min_crop must be a finite number from 0.05 to 1"),
        ({"jitter": 1.1}, ValueError, "jitter must be"),
        ({"grey": -0.1}, ValueError, "grey must be"),
        ({"flip": "no"}, TypeError, "flip must be True or False"),
    ],
)
def test_strengths_out_of_range_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        some_photos(**options)


def test_both_loaders_offer_the_options_of_photos_with_the_same_defaults():
    options = {
        name: parameter.default
        for name, parameter in inspect.signature(Photos).parameters.items()
        if parameter.default is not parameter.empty
    }
    assert set(options) == {"flip", "min_crop", "jitter", "grey"}
    for loader in (load_cifar10, load_folder):
        offered = inspect.signature(loader).parameters
        assert {name: offered[name].default for name in options} == options


def test_pixels_and_their_statistics_are_shares_of_255():
    data = some_photos(torch.full((4, 3, 8, 8), 51, dtype=torch.uint8))
    assert torch.equal(data.pixels(torch.arange(2)), torch.full((2, 3, 8, 8), 0.2))
    assert data.pixel_statistics() == (0.2, 0.0)


# --- CIFAR-10


def write_cifar10(folder, *, count=4):
    """Seven small files in the real format, with random pixels; the records of each batch."""
    folder.mkdir(parents=True, exist_ok=True)
    batches = {}
    for seed, name in enumerate((*CIFAR10_TRAIN, CIFAR10_TEST)):
        records = np.random.default_rng(seed).integers(0, 256, (count, 3073), dtype=np.uint8)
        records[:, 0] %= 10
        (folder / name).write_bytes(records.tobytes())
        batches[name] = records
    (folder / CIFAR10_NAMES).write_text("\n".join(CLASSES) + "\n\n")
    return batches


def packed_cifar10(folder, monkeypatch):
    """The same files in an archive with the real layout, whose checksum is the expected one."""
    write_cifar10(folder / "unpacked")
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        archive.add(folder / "unpacked", arcname=CIFAR10_FOLDER)
        archive.add(folder / "unpacked" / CIFAR10_NAMES, arcname="../outside.txt")
    monkeypatch.setattr(photos, "CIFAR10_MD5", hashlib.md5(content.getvalue()).hexdigest())
    return content.getvalue()


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*_, **__):
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr("urllib.request.urlopen", refuse)


def test_cifar10_is_read_byte_by_byte_with_the_fifth_batch_before_the_test_batch(tmp_path):
    batches = write_cifar10(tmp_path / CIFAR10_FOLDER)
    data = load_cifar10(tmp_path)
    records = np.concatenate([batches[name] for name in (*CIFAR10_TRAIN, CIFAR10_TEST)])
    assert data.images.dtype == torch.uint8
    assert np.array_equal(data.images.flatten(1).numpy(), records[:, 1:])
    assert data.labels.tolist() == records[:, 0].tolist()
    assert data.train_indices.tolist() == list(range(20))
    assert data.test_indices.tolist() == list(range(20, 24))
    assert data.class_names == tuple(CLASSES)


def test_a_record_is_a_red_a_green_and_a_blue_plane_row_by_row(tmp_path):
    write_cifar10(tmp_path)
    record = bytes([7, *[10] * 1024, *[20] * 1024, *[30] * 32, *[40] * 992])
    (tmp_path / CIFAR10_TRAIN[0]).write_bytes(record)
    data = load_cifar10(tmp_path)
    assert data.labels[0] == 7
    assert data.images[0, :, 0, 0].tolist() == [10, 20, 30]
    assert data.images[0, :, 1, 31].tolist() == [10, 20, 40]


def test_options_of_the_views_reach_cifar10(tmp_path):
    write_cifar10(tmp_path)
    data = load_cifar10(tmp_path, flip=False, min_crop=0.5, jitter=0.1, grey=0.0)
    assert (data.flip, data.min_crop, data.jitter, data.grey) == (False, 0.5, 0.1, 0.0)


def test_the_usual_folder_is_the_environments_or_the_users_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SIGREG_EDU_CACHE", str(tmp_path))
    assert data_folder() == tmp_path
    write_cifar10(tmp_path / CIFAR10_FOLDER)
    assert len(load_cifar10()) == 24
    monkeypatch.delenv("SIGREG_EDU_CACHE")
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path / "home")
    assert data_folder() == tmp_path / "home" / ".cache" / "sigreg_edu"


def test_without_files_the_error_says_where_to_get_them_and_where_to_put_them(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        load_cifar10(tmp_path)
    for part in ("download=True", photos.CIFAR10_ADDRESS, f"into {tmp_path}", "Shapes need no"):
        assert part in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    write_cifar10(tmp_path / CIFAR10_FOLDER)
    (tmp_path / CIFAR10_FOLDER / CIFAR10_TEST).unlink()
    with pytest.raises(FileNotFoundError, match=r"^test_batch\.bin was not found"):
        load_cifar10(tmp_path)


@pytest.mark.usefixtures("no_network")
def test_offline_a_download_fails_with_one_message_and_leaves_nothing_behind(tmp_path):
    with pytest.raises(ConnectionError) as caught:
        load_cifar10(tmp_path / "new", download=True)
    for part in ("no route to host", photos.CIFAR10_ADDRESS, f"into {tmp_path / 'new'}", "Shapes"):
        assert part in str(caught.value)
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.usefixtures("no_network")
def test_files_that_are_there_are_used_without_a_network(tmp_path):
    write_cifar10(tmp_path)
    assert len(load_cifar10(tmp_path, download=True)) == 24


def test_a_download_is_checked_unpacked_and_kept(tmp_path, monkeypatch):
    content = packed_cifar10(tmp_path, monkeypatch)
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: io.BytesIO(content))
    root = tmp_path / "cache"
    assert len(load_cifar10(root, download=True)) == 24
    assert (root / ARCHIVE).read_bytes() == content
    assert {path.name for path in (root / CIFAR10_FOLDER).iterdir()} == set(CIFAR10_FILES)
    # Nothing but the seven files is unpacked, least of all outside.
    assert {path.name for path in root.iterdir()} == {ARCHIVE, CIFAR10_FOLDER}
    assert not (tmp_path / "outside.txt").exists()


def test_a_download_with_a_wrong_checksum_is_refused_and_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: io.BytesIO(b"a login page"))
    with pytest.raises(ValueError, match="must have the MD5 checksum c32a1d4ab5d03f1284b67883e8d8"):
        load_cifar10(tmp_path, download=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("no_network")
def test_an_archive_that_lies_there_is_used_and_mends_damaged_files(tmp_path, monkeypatch):
    content = packed_cifar10(tmp_path / "source", monkeypatch)
    (tmp_path / ARCHIVE).write_bytes(content)
    assert len(load_cifar10(tmp_path)) == 24
    (tmp_path / CIFAR10_FOLDER / CIFAR10_TEST).unlink()
    assert len(load_cifar10(tmp_path)) == 24


def test_an_archive_that_lies_there_with_a_wrong_checksum_is_refused(tmp_path):
    (tmp_path / ARCHIVE).write_bytes(b"half of it")
    with pytest.raises(ValueError, match=f"{ARCHIVE} must have the MD5 checksum .* Delete it"):
        load_cifar10(tmp_path)


@pytest.mark.parametrize("kept", [0, 3072, 3073 * 3 + 1])
def test_a_truncated_file_is_refused(tmp_path, kept):
    write_cifar10(tmp_path)
    file = tmp_path / CIFAR10_TRAIN[2]
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(ValueError, match=f"data_batch_3.bin must hold whole records .* got {kept}"):
        load_cifar10(tmp_path)


def test_labels_above_nine_are_refused(tmp_path):
    write_cifar10(tmp_path)
    file = tmp_path / CIFAR10_TEST
    file.write_bytes(bytes([10]) + file.read_bytes()[1:])
    with pytest.raises(ValueError, match=r"test_batch.bin must hold labels from 0 to 9, got 10"):
        load_cifar10(tmp_path)


def test_a_wrong_number_of_names_is_refused(tmp_path):
    write_cifar10(tmp_path)
    (tmp_path / CIFAR10_NAMES).write_text("cat\ndog\n")
    with pytest.raises(ValueError, match="must name 10 classes, got 2"):
        load_cifar10(tmp_path)


# --- a folder of pictures


def write_picture(file, colour=(10, 200, 30), size=(40, 40), mode="RGB", **options):
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(file, **options)


@pytest.fixture
def pets(tmp_path):
    """Six cats and three dogs, one of them deeper down."""
    for number in range(6):
        write_picture(tmp_path / "cats" / f"{number}.png", (10 * number, 0, 0))
    for name in ("a.png", "b.PNG", "deeper/c.png"):
        write_picture(tmp_path / "dogs" / name, (0, 0, 200))
    return tmp_path


def test_subfolders_are_classes_in_the_order_of_their_names(pets):
    data = load_folder(pets)
    assert data.class_names == ("cats", "dogs")
    assert data.labels.tolist() == [0] * 6 + [1] * 3
    assert data.images.shape == (9, 3, 32, 32)
    assert (
        data.images[:, :, 5, 5].tolist() == [[10 * n, 0, 0] for n in range(6)] + [[0, 0, 200]] * 3
    )


def test_without_subfolders_all_are_of_one_class_named_as_the_folder(tmp_path):
    for number in range(4):
        write_picture(tmp_path / "holiday" / f"{number}.png")
    data = load_folder(tmp_path / "holiday")
    assert data.class_names == ("holiday",)
    assert data.labels.tolist() == [0] * 4
    assert (len(data.train_indices), len(data.test_indices)) == (3, 1)


@pytest.mark.parametrize("test_share", [0.01, 0.25, 0.5, 0.99])
def test_the_split_is_fixed_disjoint_complete_and_has_each_class_on_either_side(pets, test_share):
    data = load_folder(pets, test_share=test_share)
    both = torch.cat([data.train_indices, data.test_indices])
    assert both.sort().values.tolist() == list(range(9))
    for indices in (data.train_indices, data.test_indices):
        assert data.labels[indices].unique().tolist() == [0, 1]
    assert torch.equal(data.test_indices, load_folder(pets, test_share=test_share).test_indices)


def test_a_class_of_one_picture_trains(pets):
    write_picture(pets / "rabbit" / "only.png")
    data = load_folder(pets)
    assert 2 in data.labels[data.train_indices]
    assert 2 not in data.labels[data.test_indices]


@pytest.mark.parametrize("suffix", ["png", "jpg", "jpeg", "webp", "bmp"])
def test_every_format_is_read(tmp_path, suffix):
    for number in range(2):
        write_picture(tmp_path / f"{number}.{suffix}", (200, 120, 40))
    pixel = load_folder(tmp_path).images[0, :, 16, 16]
    # JPEG and WebP round colours: by a few of 255.
    assert (pixel.int() - torch.tensor([200, 120, 40])).abs().max() <= 4


def test_the_shorter_side_is_resized_and_the_middle_kept(tmp_path):
    pixels = np.zeros((32, 96, 3), np.uint8)
    pixels[:, :32, 0] = pixels[:, 32:64, 1] = pixels[:, 64:, 2] = 255
    for number in range(2):
        Image.fromarray(pixels.repeat(2, axis=0).repeat(2, axis=1)).save(tmp_path / f"{number}.png")
    image = load_folder(tmp_path, size=16).images[0]
    assert image.shape == (3, 16, 16)
    assert image[:, :, 2:-2].amin(dim=(1, 2)).tolist() == [0, 255, 0]
    assert image[:, :, 2:-2].amax(dim=(1, 2)).tolist() == [0, 255, 0]


def test_a_large_jpeg_is_read_to_within_rounding_of_the_whole(tmp_path):
    ramp = np.linspace(0, 255, 800).astype(np.uint8)
    pixels = np.stack([np.tile(ramp, (800, 1)), np.tile(ramp, (800, 1)).T, np.full((800,) * 2, 90)])
    for number in range(2):
        picture = Image.fromarray(pixels.astype(np.uint8).transpose(1, 2, 0))
        picture.save(tmp_path / f"{number}.jpg", quality=95)
    image = load_folder(tmp_path).images[0].float()
    expected = torch.nn.functional.adaptive_avg_pool2d(torch.from_numpy(pixels).float(), 32)
    assert (image - expected).abs().max() <= 4


def test_pictures_without_colour_with_palettes_and_with_transparency_are_read(tmp_path):
    write_picture(tmp_path / "0_grey.png", 77, mode="L")
    write_picture(tmp_path / "1_clear.png", (255, 0, 0, 0), mode="RGBA")
    Image.new("RGB", (40, 40), (1, 2, 250)).quantize(4).save(tmp_path / "2_palette.png")
    pixels = load_folder(tmp_path).images[:, :, 9, 9].tolist()
    assert pixels == [[77, 77, 77], [255, 255, 255], [1, 2, 250]]


def test_a_camera_held_upright_gives_an_upright_picture(tmp_path):
    pixels = np.zeros((40, 40, 3), np.uint8)
    pixels[:, :20] = 255  # light on the left
    turn = Image.Exif()
    turn[0x0112] = 6  # to be turned a quarter clockwise: light on top
    for number in range(2):
        Image.fromarray(pixels).save(tmp_path / f"{number}.png", exif=turn)
    image = load_folder(tmp_path).images[0].float()
    assert image[:, :14].mean() > 250
    assert image[:, 18:].mean() < 5


def test_all_broken_files_are_named_in_one_error(pets):
    (pets / "cats" / "empty.png").write_bytes(b"")
    (pets / "dogs" / "text.jpg").write_text("not a picture")
    whole = (pets / "cats" / "1.png").read_bytes()
    (pets / "dogs" / "half.png").write_bytes(whole[: len(whole) // 2])
    Image.new("I;16", (40, 40)).save(pets / "dogs" / "deep.png")
    with pytest.raises(ValueError, match="4 of 13 pictures cannot be read") as caught:
        load_folder(pets)
    for name in ("empty.png", "text.jpg", "half.png", "deep.png (more than 8 bits a channel"):
        assert name in str(caught.value)


def test_of_many_broken_files_the_first_twenty_are_named(tmp_path):
    for number in range(25):
        (tmp_path / f"{number:02}.png").write_text("no")
    with pytest.raises(ValueError, match=r"25 of 25 pictures .* and 5 more\. Repair") as caught:
        load_folder(tmp_path)
    assert "19.png" in str(caught.value)
    assert "20.png" not in str(caught.value)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(
        ValueError, match=r"every class needs pictures \(\.png, .* but there are none"
    ):
        load_folder(tmp_path)


def test_an_empty_class_is_named(pets):
    (pets / "birds").mkdir()
    with pytest.raises(ValueError, match="there are none in 'birds' of"):
        load_folder(pets)


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="must be a folder of pictures"):
        load_folder(tmp_path / "nowhere")


def test_pictures_beside_subfolders_are_refused(pets):
    write_picture(pets / "stray.png")
    with pytest.raises(ValueError, match=r"the picture 'stray\.png' beside the sub-folder 'cats'"):
        load_folder(pets)


def test_one_picture_in_each_class_is_refused(tmp_path):
    for name in ("cat", "dog"):
        write_picture(tmp_path / name / "only.png")
    with pytest.raises(ValueError, match="a class of at least two pictures"):
        load_folder(tmp_path)


def test_hidden_files_and_folders_and_other_files_are_passed_over(pets):
    (pets / ".cache").mkdir()
    (pets / "__MACOSX").mkdir()
    (pets / "notes.txt").write_text("mine")
    (pets / "cats" / "._0.png").write_bytes(b"resource fork")
    (pets / "cats" / "Thumbs.db").write_bytes(b"")
    assert len(load_folder(pets)) == 9


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 7}, "size must be at least 8"),
        ({"test_share": 0.0}, "test_share must be"),
        ({"test_share": 1.0}, "test_share must be"),
        ({"grey": 2.0}, "grey must be"),
    ],
)
def test_options_out_of_range_are_refused(pets, options, message):
    with pytest.raises(ValueError, match=message):
        load_folder(pets, **options)


def test_without_pillow_the_error_says_what_to_install(pets, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match=r'pip install "sigreg-edu\[train\]"'):
        load_folder(pets)
