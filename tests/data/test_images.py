"""An image set of one's own: what fits is kept, and what does not is refused with its name."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch

from sigreg_edu.data import ImageData, Photos, ScatteredDigits, Shapes


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


class Still(ImageData):
    """Views that are the images."""

    def _views(self, indices, num_views, generator, part):
        return self.pixels(indices[part]).expand(num_views, -1, -1, -1, -1)


def grey(count=6, size=8):
    return torch.rand(count, 1, size, size, generator=generator())


def still(**changes):
    """Six images of two classes, four of them to train on; ``changes`` replace what is given."""
    fitting = {
        "images": grey(),
        "labels": torch.tensor([0, 1, 0, 1, 0, 1]),
        "train_indices": torch.arange(4),
        "test_indices": torch.arange(4, 6),
        "class_names": ("cat", "dog"),
        "factors": {"light": torch.tensor([0, 0, 1, 1, 2, 2])},
    }
    return Still(**{**fitting, **changes})


# --- what fits ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "images",
    [
        grey(),
        torch.zeros(6, 3, 5, 5),
        torch.ones(6, 3, 5, 5) + 5e-7,  # as interpolation rounds
        torch.full((6, 3, 4, 4), 255, dtype=torch.uint8),
    ],
)
def test_shares_and_bytes_are_kept_as_they_are(images):
    data = still(images=images)
    assert data.images is images
    assert (len(data), data.channels, data.image_size) == (6, images.shape[1], images.shape[2])
    assert data.views(torch.arange(6), generator=generator()).max() <= 1 + 1e-6


def test_names_may_come_in_any_sequence_and_factors_may_be_left_out():
    data = still(class_names=["cat", "dog", "never seen"], factors=None)
    assert data.class_names == ("cat", "dog", "never seen")
    assert dict(data.factors) == {}


def test_some_images_may_be_in_neither_part_and_none_need_be_tested_on():
    data = still(train_indices=torch.tensor([5, 0]), test_indices=torch.arange(0))
    assert data.train_indices.tolist() == [5, 0]
    assert len(data.test_indices) == 0


# --- what does not --------------------------------------------------------------------------------

LABELS = torch.tensor([0, 1, 0, 1, 0, 1])
INF = torch.full((6, 1, 8, 8), float("inf"))
NAN = torch.where(torch.arange(6) == 3, torch.nan, 0.5).view(6, 1, 1, 1).expand(6, 1, 2, 2)


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (grey().numpy(), TypeError, "images must be .* float32 .* got ndarray"),
        (grey().double(), TypeError, r"images must be .* got torch.float64.* images\.float\(\)"),
        (grey().short(), TypeError, r"got torch.int16.* from 0 to 255 by images\.to\(torch.uint8"),
        (grey().half(), TypeError, "got torch.float16"),
        (grey() > 0.5, TypeError, "got torch.bool"),
        (255 * grey(), ValueError, "must lie from 0 to 1, got .* to 25.* by 255"),
        (grey() - 0.5, ValueError, "must lie from 0 to 1, got -0.4"),
        (NAN, ValueError, "images must be finite, got 4 NaN or infinite values among 24"),
        (INF, ValueError, "images must be finite, got 384"),
        (
            grey()[:, 0],
            ValueError,
            r"shape \(N, C, S, S\).* got \(6, 8, 8\).* images\.unsqueeze\(1\)",
        ),
        (grey()[..., :7], ValueError, "square"),
        (torch.zeros(6, 2, 8, 8), ValueError, r"in colour \(C = 3\), got \(6, 2, 8, 8\)"),
        (torch.zeros(6, 8, 8, 3), ValueError, r"images\.permute\(0, 3, 1, 2\)"),
        (torch.zeros(0, 1, 8, 8), ValueError, "at least one"),
        (torch.zeros(6, 1, 0, 0), ValueError, "at least one"),
    ],
)
def test_images_that_would_train_wrongly_are_refused(images, error, message):
    with pytest.raises(error, match=message):
        still(images=images)


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        (LABELS.tolist(), TypeError, "must be a tensor of int64, got list. Convert it: torch.as_"),
        (LABELS.int(), TypeError, "must be a tensor of int64, got torch.int32"),
        (LABELS.float(), TypeError, "must be a tensor of int64, got torch.float32"),
        (np.zeros(6, np.int64), TypeError, "must be a tensor of int64, got ndarray"),
        (LABELS[:5], ValueError, r"must have shape \(6,\), one for each image, got \(5,\)"),
        (LABELS[:, None], ValueError, r"must have shape \(6,\), .* got \(6, 1\)"),
        (LABELS - 1, ValueError, "must be 0 or more, got -1"),
    ],
)
def test_labels_and_factors_that_do_not_fit_are_refused_by_name(labels, error, message):
    with pytest.raises(error, match=f"^labels {message}"):
        still(labels=labels)
    with pytest.raises(error, match=rf"^factors\['light'\] {message}"):
        still(factors={"light": labels})


def test_every_label_needs_a_name_but_factors_have_none():
    with pytest.raises(
        ValueError, match="labels must lie from 0 to 1, for 2 class names, got 0 to"
    ):
        still(labels=2 * LABELS)
    with pytest.raises(ValueError, match="for 0 class names"):
        still(class_names=())
    still(factors={"light": 100 * LABELS})


@pytest.mark.parametrize("names", ["ab", None, 2, {"cat", "dog"}, ("cat", 1)])
def test_names_that_are_no_sequence_of_texts_are_refused(names):
    with pytest.raises(TypeError, match="class_names must be a sequence of texts"):
        still(class_names=names)


@pytest.mark.parametrize(
    ("split", "error", "message"),
    [
        (([0, 1], torch.tensor([2])), TypeError, "train_indices must be .* int64, got list"),
        (
            (torch.tensor([0]), torch.tensor([2.0])),
            TypeError,
            "test_indices must .* got torch.float",
        ),
        ((torch.ones(6) > 0, torch.tensor([2])), TypeError, "train_indices must .* got torch.bool"),
        (
            (torch.tensor([[0, 1]]), torch.tensor([2])),
            ValueError,
            "train_indices must have one axis",
        ),
        ((torch.tensor([0]), torch.tensor(1)), ValueError, "test_indices must have one axis"),
        ((torch.tensor([0]), torch.tensor([6])), ValueError, "must lie from 0 to 5, .* got 0 to 6"),
        ((torch.tensor([-1]), torch.tensor([1])), ValueError, "must lie from 0 to 5, .* got -1 to"),
        (
            (torch.tensor([0, 1]), torch.tensor([1, 0])),
            ValueError,
            "each image once .* got 2 again",
        ),
        ((torch.tensor([0, 0]), torch.tensor([1])), ValueError, "each image once .* got 1 again"),
        ((torch.arange(0), torch.arange(6)), ValueError, "train_indices must have at least one"),
    ],
)
def test_a_split_that_leaks_or_points_beyond_the_images_is_refused(split, error, message):
    with pytest.raises(error, match=message):
        still(train_indices=split[0], test_indices=split[1])


@pytest.mark.parametrize("name", ["train_indices", "test_indices"])
def test_tensors_on_several_devices_are_refused(name):
    elsewhere = getattr(still(), name).to("meta")
    with pytest.raises(ValueError, match=f"images and {name} must be on one device"):
        still(**{name: elsewhere})


# --- copies ---------------------------------------------------------------------------------------


def photos():
    images = torch.randint(0, 256, (6, 3, 8, 8), generator=generator(), dtype=torch.uint8)
    return Photos(
        images, LABELS, (torch.arange(4), torch.arange(4, 6)), ["a", "b"], jitter=0, grey=0
    )


@pytest.mark.parametrize("make", [still, photos, ScatteredDigits, lambda: Shapes(12)])
@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda d: pickle.loads(pickle.dumps(d))]
)
def test_a_copy_makes_the_same_views_and_its_factors_are_still_fixed(make, copied):
    data = make()
    other = copied(data)
    indices = torch.arange(5)
    views = [d.views(indices, 2, generator=generator(1)) for d in (data, other)]
    assert torch.equal(*views)
    assert type(other) is type(data)
    assert other.class_names == data.class_names
    assert other.factors.keys() == data.factors.keys()
    assert all(torch.equal(other.factors[name], data.factors[name]) for name in data.factors)
    with pytest.raises(TypeError):
        other.factors["new"] = indices


def test_a_deep_copy_shares_nothing_with_what_it_was_copied_from():
    data = still()
    other = copy.deepcopy(data)
    other.images.zero_()
    other.factors["light"].zero_()
    assert data.images.any()
    assert data.factors["light"].any()


def test_moving_moves_every_tensor_and_leaves_the_original():
    data = still()
    moved = data.to("meta")
    assert data.to("cpu") is data
    tensors = (moved.images, moved.labels, moved.train_indices, moved.test_indices)
    assert {t.device.type for t in (*tensors, *moved.factors.values())} == {"meta"}
    assert data.device.type == data.factors["light"].device.type == "cpu"


# --- statistics of the pixels ---------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 63, 64, 65, 200])
@pytest.mark.parametrize("kind", [torch.float32, torch.uint8])
def test_statistics_are_those_of_all_training_pixels_at_once(count, kind):
    images = torch.rand(count + 1, 3, 5, 5, generator=generator())
    images = images if kind == torch.float32 else (255 * images).to(torch.uint8)
    order = torch.randperm(count + 1, generator=generator(1))
    data = still(
        images=images,
        labels=torch.zeros(count + 1, dtype=torch.int64),
        train_indices=order[:count],
        test_indices=order[count:],
        factors={},
    )
    pixels = data.pixels(order[:count]).double()
    expected = (round(pixels.mean().item(), 4), round(pixels.std().item(), 4))
    assert data.pixel_statistics() == expected


def test_of_very_many_images_every_so_many_are_taken():
    images = torch.zeros(10_000, 1, 1, 1)
    images[1::2] = 1.0  # are passed over
    data = still(
        images=images,
        labels=torch.zeros(10_000, dtype=torch.int64),
        train_indices=torch.arange(10_000),
        test_indices=torch.arange(0),
        factors={},
    )
    assert data.pixel_statistics() == (0.0, 0.0)


def test_one_pixel_has_no_spread():
    data = still(
        images=torch.full((1, 1, 1, 1), 0.3),
        labels=torch.zeros(1, dtype=torch.int64),
        train_indices=torch.zeros(1, dtype=torch.int64),
        test_indices=torch.arange(0),
        factors={},
    )
    assert data.pixel_statistics() == (0.3, 0.0)


def test_no_more_than_a_few_images_are_made_floats_at_once(monkeypatch):
    asked = []
    pixels = ImageData.pixels

    def counted(self, indices):
        asked.append(len(indices))
        return pixels(self, indices)

    monkeypatch.setattr(ImageData, "pixels", counted)
    ScatteredDigits().pixel_statistics()
    assert sum(asked) == 1347
    assert max(asked) <= 64


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_pixel_that_was_broken_later_is_told_with_its_image(bad):
    data = still()
    data.images[3, 0, 1, 1] = bad
    with pytest.raises(ValueError, match="in image 3 "):
        data.pixel_statistics()
