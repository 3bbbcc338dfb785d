"""The transformer: each part is the formula it stands for, and its weights are the seed's."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from sigreg_edu.training.vit import (
    STEMS,
    VIT_PRESETS,
    Attention,
    Block,
    VisionTransformer,
    initialize,
    make_stem,
    make_vit,
)


def images(count=3, channels=1, size=16, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, channels, size, size, generator=generator)


def micro(**options):
    return make_vit("vit_micro", **{"image_size": 16, **options})


def drawn(module, seed=0):
    """A part by itself, with weights that are drawn as in the whole."""
    initialize(module, torch.Generator().manual_seed(seed))
    return module


# --- sizes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("stem", STEMS)
@pytest.mark.parametrize("name", VIT_PRESETS)
def test_every_size_with_every_stem_turns_images_into_embeddings(name, stem):
    vit, preset = make_vit(name, image_size=16, channels=3, stem=stem), VIT_PRESETS[name]
    with torch.no_grad():
        z = vit(images(2, channels=3))
    assert z.shape == (2, preset.dim) == (2, vit.dim)
    assert z.isfinite().all()
    assert len(vit.blocks) == preset.depth
    assert {block.attention.heads for block in vit.blocks} == {preset.heads}


@pytest.mark.parametrize("stem", STEMS)
@pytest.mark.parametrize(("size", "patch"), [(16, 4), (24, 8), (32, 2), (8, 8), (8, 1)])
def test_a_token_stands_for_a_square_of_the_image(stem, size, patch):
    tokens = micro(image_size=size, patch=patch, stem=stem).tokens(images(2, size=size))
    assert tokens.shape == (2, (size // patch) ** 2, 64)


@pytest.mark.parametrize("patch", [1, 2, 4, 8, 16])
def test_the_convolutional_stem_halves_the_image_until_a_token_is_a_patch(patch):
    stem = drawn(make_stem("conv", 3, 64, patch))
    assert stem(images(2, channels=3)).shape == (2, 64, 16 // patch, 16 // patch)
    strides = [layer.stride[0] for layer in stem if isinstance(layer, nn.Conv2d)]
    assert strides == [1] + [2] * (patch.bit_length() - 1)
    assert isinstance(stem[-1], nn.Conv2d)


def test_plain_patches_need_not_be_powers_of_two():
    assert micro(image_size=18, patch=3, stem="patch")(images(size=18)).shape == (3, 64)


# --- what the parts compute ----------------------------------------------------------------------


def test_a_patch_embedding_is_cutting_and_one_matrix():
    stem = drawn(make_stem("patch", 3, 64, 4))
    squares = functional.unfold(images(channels=3), 4, stride=4).transpose(1, 2)  # (N, T, C·p·p)
    expected = squares @ stem.weight.flatten(1).T + stem.bias
    found = stem(images(channels=3)).flatten(2).transpose(1, 2)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)  # float32, other order


def test_tokens_go_row_by_row_and_each_has_its_own_position():
    vit = micro(stem="patch", patch=8)
    picture = images(1)
    rows = [picture[..., y : y + 8, x : x + 8] for y in (0, 8) for x in (0, 8)]
    expected = torch.stack([vit.stem(square).flatten() for square in rows]) + vit.positions
    torch.testing.assert_close(vit.tokens(picture)[0], expected, rtol=1e-5, atol=1e-5)


def test_attention_is_a_softmax_of_products_in_each_head():
    attention = drawn(Attention(12, 3))
    tokens = torch.randn(2, 5, 12, generator=torch.Generator().manual_seed(1))
    q, k, v = (tokens @ attention.qkv.weight.T + attention.qkv.bias).split(12, dim=-1)
    heads = []
    for head in range(3):
        own = slice(4 * head, 4 * head + 4)
        weights = (q[..., own] @ k[..., own].transpose(1, 2) / 4**0.5).softmax(dim=-1)  # (N, T, T)
        heads.append(weights @ v[..., own])
    expected = torch.cat(heads, dim=-1) @ attention.out.weight.T + attention.out.bias
    torch.testing.assert_close(attention(tokens), expected, rtol=1e-5, atol=1e-5)  # float32


def test_a_block_adds_attention_and_then_a_network_of_each_token():
    block = drawn(Block(12, 3))
    tokens = torch.randn(2, 5, 12, generator=torch.Generator().manual_seed(1))
    middle = tokens + block.attention(functional.layer_norm(tokens, (12,)))
    hidden = functional.gelu(block.mlp[0](functional.layer_norm(middle, (12,))))
    torch.testing.assert_close(block(tokens), middle + block.mlp[2](hidden))


def test_blocks_know_no_order_so_only_positions_tell_where_a_token_was():
    vit = micro(stem="patch")
    order = torch.randperm(16, generator=torch.Generator().manual_seed(2))
    tokens = vit.tokens(images())
    torch.testing.assert_close(  # float32, sums in another order
        vit.blocks(tokens[:, order]), vit.blocks(tokens)[:, order], rtol=1e-4, atol=1e-4
    )
    squares = functional.unfold(images(), 4, stride=4)  # (N, p·p, T)
    shuffled = functional.fold(squares[..., order], (16, 16), 4, stride=4)
    assert not torch.allclose(vit(shuffled), vit(images()), atol=1e-3)
    nn.init.zeros_(vit.positions)
    torch.testing.assert_close(vit(shuffled), vit(images()), rtol=1e-4, atol=1e-4)


def test_the_embedding_is_the_mean_of_the_normalized_tokens():
    vit = micro()
    last = functional.layer_norm(vit.blocks(vit.tokens(images())), (64,))
    torch.testing.assert_close(vit(images()), last.mean(dim=1))


def test_an_image_has_the_same_embedding_alone_and_in_a_batch():
    vit = micro()
    alone = torch.cat([vit(image[None]) for image in images()])
    torch.testing.assert_close(vit(images()), alone, rtol=1e-4, atol=1e-4)  # float32


def test_pixels_are_standardized_first():
    plain, own = micro(), micro(mean=0.3, std=0.2)
    torch.testing.assert_close(own(images()), plain((images() - 0.3) / 0.2))


def test_every_parameter_is_learned():
    for stem in STEMS:
        vit = micro(stem=stem)
        weights = torch.randn(3, 64, generator=torch.Generator().manual_seed(1))
        (weights * vit(images())).sum().backward()
        assert all(p.grad.isfinite().all() for p in vit.parameters())
        # Offsets of the keys shift all scores of a token alike, which softmax does not see.
        dead = [n for n, p in vit.named_parameters() if not p.grad.any()]
        assert not [name for name in dead if "qkv.bias" not in name]


# --- weights -------------------------------------------------------------------------------------


@pytest.mark.parametrize("stem", STEMS)
@pytest.mark.usefixtures("global_generators_untouched")
def test_the_seed_alone_decides_the_weights(stem):
    first, again, other = (micro(stem=stem, seed=seed) for seed in (1, 1, 2))
    for (name, a), b, c in zip(
        first.named_parameters(), again.parameters(), other.parameters(), strict=True
    ):
        assert torch.equal(a, b), name
        constant = name.endswith("bias") or "norm" in name
        assert constant or not torch.equal(a, c), name


@pytest.mark.parametrize("stem", STEMS)
def test_no_weight_is_left_as_memory_was(stem, monkeypatch):
    make_room = nn.Module.to_empty

    def make_dirty_room(module, **options):
        make_room(module, **options)
        for tensor in (*module.parameters(), *module.buffers()):
            nn.init.constant_(tensor, float("nan"))
        return module

    monkeypatch.setattr(nn.Module, "to_empty", make_dirty_room)
    vit = micro(stem=stem)
    assert all(tensor.isfinite().all() for tensor in vit.state_dict().values())


def test_weights_begin_as_wide_as_their_inputs_ask_and_offsets_at_zero():
    vit = make_vit("vit_mini", image_size=32)
    first = vit.blocks[0]
    assert vit.positions.std().item() == pytest.approx(0.02, rel=0.1)
    assert first.mlp[0].weight.std().item() == pytest.approx(128**-0.5, rel=0.05)
    assert first.mlp[2].weight.std().item() == pytest.approx(512**-0.5, rel=0.05)
    assert vit.stem[-1].weight.std().item() == pytest.approx((9 * 64) ** -0.5, rel=0.05)
    for name, parameter in vit.named_parameters():
        if name.endswith("bias"):
            assert not parameter.any(), name
        elif "norm" in name:
            assert (parameter == 1.0).all(), name


# --- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"image_size": 18}, ValueError, "image_size must be a multiple of patch = 4, got 18"),
        ({"image_size": 0}, ValueError, "image_size must be at least 1"),
        ({"image_size": 16.0}, TypeError, "image_size must be a whole number"),
        ({"patch": 0}, ValueError, "patch must be at least 1"),
        ({"patch": 3, "image_size": 18}, ValueError, "patch must be a power of 2"),
        ({"stem": "convs"}, ValueError, "stem must be one of .* Did you mean 'conv'"),
        ({"seed": -1}, ValueError, "seed must be at least 0"),
        ({"seed": None}, TypeError, "seed must be a whole number"),
    ],
)
def test_what_does_not_fit_is_refused(changes, error, message):
    with pytest.raises(error, match=message):
        micro(**changes)


def test_an_unknown_size_is_refused_and_the_nearest_named():
    with pytest.raises(ValueError, match="Did you mean 'vit_small'"):
        make_vit("vit_smal", image_size=16)


def test_sizes_of_ones_own_are_taken():
    preset = type(VIT_PRESETS["vit_micro"])(dim=24, depth=1, heads=2)
    assert VisionTransformer(preset, image_size=8)(images(size=8)).shape == (3, 24)
