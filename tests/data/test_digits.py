"""The real digits, their views, and their features."""

import pytest
import torch

from sigreg_edu.data import digit_features, digit_views, digits, load_digits

STILL = {"max_shift": 0.0, "max_rotation": 0.0, "max_zoom": 0.0, "noise": 0.0, "brightness": 0.0}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_all_digits_are_there_between_paper_and_ink():
    loaded = load_digits()
    assert loaded.images.shape == (1797, 8, 8)
    assert loaded.images.dtype == torch.float32
    assert (loaded.images.min(), loaded.images.max()) == (0.0, 1.0)
    assert loaded.labels.dtype == torch.int64
    assert loaded.labels.unique().tolist() == list(range(10))


def test_the_split_is_fixed_disjoint_complete_and_fair_to_each_class():
    loaded = load_digits()
    both = torch.cat([loaded.train_indices, loaded.test_indices])
    assert both.sort().values.tolist() == list(range(1797))
    shares = loaded.test_labels.bincount() / loaded.labels.bincount()
    assert (shares - 0.25).abs().max() < 0.005
    assert torch.equal(loaded.test_indices, load_digits().test_indices)
    assert loaded.train_images.shape == (1347, 8, 8)
    assert loaded.test_images.shape == (450, 8, 8)
    assert loaded.train_labels.shape == (1347,)


def test_changing_what_was_loaded_spoils_nothing_for_the_next():
    load_digits().images.zero_()
    assert load_digits().images.any()


def test_without_scikit_learn_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    digits._loaded.cache_clear()
    try:
        with pytest.raises(ImportError, match="pip install scikit-learn"):
            load_digits()
    finally:
        digits._loaded.cache_clear()


def test_the_file_is_the_one_that_scikit_learn_reads():
    from sklearn.datasets import load_digits as theirs

    bunch = theirs()
    loaded = load_digits()
    assert torch.equal(loaded.images, torch.as_tensor(bunch.images, dtype=torch.float32) / 16.0)
    assert torch.equal(loaded.labels, torch.as_tensor(bunch.target, dtype=torch.int64))


def test_views_have_a_leading_axis_and_differ_from_each_other():
    images = load_digits().images[:7]
    views = digit_views(images, 3, generator=generator())
    assert views.shape == (3, 7, 8, 8)
    assert (views[0] - views[1]).abs().mean() > 0.01
    assert torch.equal(views, digit_views(images, 3, generator=generator()))


def test_views_without_any_change_are_the_images():
    images = load_digits().images[:5]
    views = digit_views(images, 2, generator=generator(), **STILL)
    # affine_grid and grid_sample compute the identity in float32.
    assert torch.allclose(views, images.expand(2, 5, 8, 8), atol=1e-5)


def test_views_still_show_the_same_digit():
    loaded = load_digits()
    view = digit_views(loaded.images, 1, generator=generator())[0].flatten(1)
    nearest = torch.cdist(view, loaded.images.flatten(1)).argmin(dim=1)
    assert (loaded.labels[nearest] == loaded.labels).float().mean() > 0.9


def test_a_shift_moves_the_ink_by_at_most_so_many_pixels():
    image = torch.zeros(1, 8, 8)
    image[0, 3:5, 3:5] = 1.0  # its centre is at 3.5, 3.5
    options = {**STILL, "max_shift": 1.0}
    views = digit_views(image.expand(300, 8, 8), 1, generator=generator(), **options)[0]
    pixels = torch.arange(8.0)
    columns = (views.sum(dim=1) @ pixels) / views.sum(dim=(1, 2))
    rows = (views.sum(dim=2) @ pixels) / views.sum(dim=(1, 2))
    for centre in (columns, rows):
        assert (centre - 3.5).abs().max() <= 1.0 + 1e-4
        assert (centre - 3.5).std() == pytest.approx(1 / 3**0.5, rel=0.15)


def test_a_rotation_keeps_the_middle_and_turns_the_rest():
    image = torch.zeros(1, 9, 9)
    image[0, 4, :] = 1.0  # a horizontal bar through the middle
    options = {**STILL, "max_rotation": 90.0}
    views = digit_views(image.expand(50, 9, 9), 1, generator=generator(), **options)[0]
    assert torch.allclose(views[:, 4, 4], torch.ones(50), atol=0.2)
    assert views[:, 4, 0].std() > 0.1


def test_a_zoom_scales_the_inked_area_by_its_square():
    image = torch.zeros(1, 16, 16)
    image[0, 5:11, 5:11] = 1.0
    options = {**STILL, "max_zoom": 0.3}
    views = digit_views(image.expand(300, 16, 16), 1, generator=generator(), **options)[0]
    zoom = (views.sum(dim=(1, 2)) / image.sum()).sqrt()
    # Bilinear reading of a square blurs its edge: 5 %.
    assert zoom.amin() == pytest.approx(0.7, rel=0.05)
    assert zoom.amax() == pytest.approx(1.3, rel=0.05)


def test_brightness_scales_the_ink_and_noise_adds_to_every_pixel():
    images = torch.ones(400, 8, 8)
    bright = digit_views(images, 1, generator=generator(), **{**STILL, "brightness": 0.2})[0]
    assert bright.amin() > 0.79
    assert bright.amax() < 1.21
    assert bright.flatten(1).std(dim=1).max() < 1e-5
    noisy = digit_views(images, 1, generator=generator(), **{**STILL, "noise": 0.05})[0]
    assert (noisy - images).std() == pytest.approx(0.05, rel=0.05)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_views_keep_the_dtype(dtype):
    images = torch.rand(2, 8, 8, generator=generator()).to(dtype)
    assert digit_views(images, generator=generator()).dtype == dtype


@pytest.mark.parametrize(
    ("images", "options", "error", "message"),
    [
        ([[0.0]], {}, TypeError, r"images must be a torch\.Tensor"),
        (torch.zeros(2, 8, 8, dtype=torch.int64), {}, TypeError, "floating-point"),
        (torch.zeros(8, 8), {}, ValueError, r"shape \(N, H, W\)"),
        (torch.zeros(0, 8, 8), {}, ValueError, "N at least 1"),
        (torch.zeros(2, 8, 8), {"num_views": 0}, ValueError, "num_views must be at least 1"),
        (torch.zeros(2, 8, 8), {"max_zoom": 1.0}, ValueError, "max_zoom must be"),
        (torch.zeros(2, 8, 8), {"noise": -1.0}, ValueError, "noise must be"),
    ],
)
def test_bad_input_is_refused_with_a_reason(images, options, error, message):
    with pytest.raises(error, match=message):
        digit_views(images, generator=generator(), **options)


@pytest.mark.parametrize("kind", ["pixels", "standardized", "whitened"])
def test_features_drop_the_constant_pixels(kind):
    z = digit_features(kind)
    assert z.shape == (1797, 61)
    assert z.dtype == torch.float32
    assert (z.std(dim=0) > 0).all()


def test_standardized_features_have_mean_zero_and_variance_one():
    z = digit_features("standardized").double()
    assert z.mean(dim=0).abs().max() < 1e-5
    assert (z.var(dim=0) - 1).abs().max() < 1e-4


def test_whitened_features_have_the_identity_covariance():
    z = digit_features("whitened").double()
    assert (z.T.cov() - torch.eye(61)).abs().max() < 1e-4


def test_an_unknown_kind_of_features_is_refused():
    with pytest.raises(ValueError, match="Did you mean 'whitened'"):
        digit_features("whiten")


@pytest.mark.usefixtures("global_generators_untouched")
def test_views_do_not_fall_back_on_the_global_generator():
    with pytest.raises(TypeError, match=r"generator must be a torch\.Generator, got NoneType"):
        digit_views(torch.zeros(2, 8, 8), generator=None)
