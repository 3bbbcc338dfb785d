"""The encoder: seeded without the global generator, the same alone and in a batch."""

import pytest
import torch
from torch import nn

from sigreg_edu.data import load_digits
from sigreg_edu.training import embed, small_encoder, standardize_output


def test_images_become_points():
    assert small_encoder(3)(torch.zeros(5, 8, 8)).shape == (5, 3)
    assert small_encoder(2, image_size=16, hidden_dim=10)(torch.zeros(4, 16, 16)).shape == (4, 2)


def test_the_seed_decides_the_weights_and_the_global_generator_is_left_alone():
    before = torch.get_rng_state()
    first, again, other = small_encoder(seed=1), small_encoder(seed=1), small_encoder(seed=2)
    assert torch.equal(torch.get_rng_state(), before)
    for a, b in zip(first.parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b)
    assert not torch.equal(first[-1].weight, other[-1].weight)


def test_the_documented_number_of_parameters():
    assert sum(parameter.numel() for parameter in small_encoder().parameters()) == 82_946


def test_an_image_has_the_same_embedding_alone_and_in_a_batch():
    images, encoder = load_digits().images[:20], small_encoder()
    together = encoder(images)
    alone = torch.cat([encoder(image[None]) for image in images])
    assert torch.allclose(together, alone, atol=1e-5)  # float32 sums in another order


def test_the_standardization_fits_the_digits():
    pixels = load_digits().train_images
    standardized = small_encoder()[0](pixels)
    assert abs(standardized.mean()) < 0.01
    assert standardized.std() == pytest.approx(1.0, abs=0.01)


def test_standardize_output_gives_mean_zero_and_variance_one_without_an_offset():
    images, encoder = load_digits().images, small_encoder(8)
    nn.init.ones_(encoder[-1].bias)
    standardize_output(encoder, images)
    z = embed(encoder, images)
    assert z.mean(dim=0).abs().max() < 1e-4
    assert torch.allclose(z.std(dim=0), torch.ones(8), atol=1e-4)
    assert not encoder[-1].bias.any()


def test_last_weights_that_shrink_take_the_standardized_cloud_to_the_origin():
    images, encoder = load_digits().images, small_encoder()
    standardize_output(encoder, images)
    with torch.no_grad():
        encoder[-1].weight.mul_(0.001)
    assert embed(encoder, images).norm(dim=1).max() < 0.01


def test_standardize_output_refuses_what_it_cannot_do():
    with pytest.raises(TypeError, match=r"ends in nn\.Linear"):
        standardize_output(nn.Sequential(nn.Flatten(), nn.Linear(64, 2), nn.GELU()), torch.zeros(2))
    with pytest.raises(ValueError, match="N at least 2"):
        standardize_output(small_encoder(), torch.ones(1, 8, 8))
    with pytest.raises(ValueError, match="images must differ"):
        standardize_output(small_encoder(), torch.ones(5, 8, 8))


def test_embed_trains_nothing_and_puts_the_mode_back():
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, 2), nn.Dropout(0.5))
    z = embed(encoder.train(), torch.ones(3, 8, 8))
    assert not z.requires_grad
    assert encoder.training
    torch.testing.assert_close(z[0], z[1])  # no dropout while looking
    assert not embed(encoder.eval(), torch.ones(3, 8, 8)).requires_grad
    assert not encoder.training


@pytest.mark.parametrize("name", ["out_dim", "image_size", "hidden_dim"])
def test_sizes_below_one_are_refused(name):
    with pytest.raises(ValueError, match=f"{name} must be at least 1"):
        small_encoder(**{name: 0})
    with pytest.raises(TypeError, match=f"{name} must be a whole number"):
        small_encoder(**{name: 2.0})


def test_every_part_is_back_in_its_mode_even_after_an_error():
    encoder = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(64), nn.Linear(64, 2), nn.Dropout(0.5))
    encoder[1].eval()  # a frozen part
    modes = [module.training for module in encoder.modules()]
    embed(encoder, torch.ones(3, 8, 8))
    assert [module.training for module in encoder.modules()] == modes
    with pytest.raises(ValueError, match="cannot take images"):
        embed(encoder, torch.ones(3, 9, 9))
    assert [module.training for module in encoder.modules()] == modes


@pytest.mark.parametrize("use", [embed, standardize_output])
@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (torch.zeros(5, 8, 8, dtype=torch.float64), TypeError, r"images\.to\(torch\.float32\)"),
        (torch.zeros(5, 9, 9), ValueError, r"cannot take images of shape \(9, 9\)"),
        (torch.zeros(5, 8, 8, device="meta"), ValueError, "encoder's device cpu, got meta"),
        (torch.zeros(8, 8), ValueError, r"shape \(N, H, W\)"),
        ([[0.0]], TypeError, r"images must be a torch\.Tensor"),
    ],
    ids=["float64", "size", "device", "one image", "list"],
)
def test_images_that_do_not_fit_are_refused(use, images, error, message):
    with pytest.raises(error, match=message):
        use(small_encoder(), images)
