"""A small vision transformer, readable from top to bottom, with two ways to make tokens.

    image (C, H, W) → stem → tokens (T, D) + where each came from → blocks → mean → (D,)

References:
    A. Dosovitskiy et al., An image is worth 16x16 words, ICLR 2021, arXiv:2010.11929.
    T. Xiao et al., Early convolutions help transformers see better, NeurIPS 2021, arXiv:2106.14881.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from sigreg_edu.checks import require_choice, require_integer
from sigreg_edu.training.encoder import Standardize

__all__ = ["STEMS", "VIT_PRESETS", "VisionTransformer", "VitPreset", "make_vit"]

STEMS = MappingProxyType({"conv": "convolutions", "patch": "plain patches"})
MLP_RATIO = 4


@dataclass(frozen=True)
class VitPreset:
    """Size of a transformer.

    Attributes:
        dim: D, width of a token and of the embedding.
        depth: number of blocks.
        heads: of the attention; divides ``dim``.
    """

    dim: int
    depth: int
    heads: int


#: Sizes by name. ``vit_tiny`` and ``vit_small`` are the usual ones (DeiT), the others for CPUs.
VIT_PRESETS: Mapping[str, VitPreset] = MappingProxyType(
    {
        "vit_micro": VitPreset(dim=64, depth=4, heads=4),
        "vit_mini": VitPreset(dim=128, depth=6, heads=4),
        "vit_tiny": VitPreset(dim=192, depth=12, heads=3),
        "vit_small": VitPreset(dim=384, depth=12, heads=6),
    }
)


class VisionTransformer(nn.Module):
    """Turn images into embeddings by attention among tokens.

    Args:
        preset: width, depth and heads.
        image_size: H = W of the images, a multiple of ``patch``.
        channels: C of the images.
        patch: side of what one token stands for; a power of 2 for the convolutional stem.
        stem: ``"conv"`` or ``"patch"``, see :func:`make_stem`.
        mean: of the pixels, subtracted first.
        std: of the pixels, divided by.
        seed: of the weights.

    Attributes:
        dim: D.

    Shape:
        images (N, C, H, W) -> embeddings (N, D), the mean of the normalized tokens.

    Raises:
        TypeError, ValueError: a size that does not fit the others.

    >>> vit = VisionTransformer(VIT_PRESETS["vit_micro"], image_size=16)
    >>> vit(torch.zeros(5, 1, 16, 16)).shape, sum(p.numel() for p in vit.parameters())
    (torch.Size([5, 64]), 224384)
    """

    def __init__(
        self,
        preset: VitPreset,
        *,
        image_size: int,
        channels: int = 1,
        patch: int = 4,
        stem: str = "conv",
        mean: float = 0.0,
        std: float = 1.0,
        seed: int = 0,
    ) -> None:
        super().__init__()
        side = _tokens_along_a_side(image_size, patch)
        self.dim = preset.dim
        with torch.device("meta"):  # no weights are drawn here, so nobody's generator moves
            self.standardize = Standardize(mean, std)
            self.stem = make_stem(stem, channels, preset.dim, patch)
            self.positions = nn.Parameter(torch.empty(side * side, preset.dim))
            self.blocks = nn.Sequential(*(Block(preset.dim, preset.heads)
                                          for _ in range(preset.depth)))  # fmt: skip
            self.norm = nn.LayerNorm(preset.dim)
        self.to_empty(device="cpu")
        initialize(self, torch.Generator().manual_seed(require_integer(seed, "seed", minimum=0)))

    def tokens(self, images: torch.Tensor) -> torch.Tensor:
        """Return what enters the first block, (N, T, D)."""
        maps = self.stem(self.standardize(images))  # (N, D, H/p, W/p)
        return maps.flatten(2).transpose(1, 2) + self.positions  # (N, T, D)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.norm(self.blocks(self.tokens(images))).mean(dim=1)  # (N, T, D) -> (N, D)


class Block(nn.Module):
    """Attention, then a network for each token; each adds to what it was given.

    Shape:
        tokens (N, T, D) -> (N, T, D).
    """

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.norm_1, self.attention = nn.LayerNorm(dim), Attention(dim, heads)
        self.norm_2, self.mlp = nn.LayerNorm(dim), nn.Sequential(
            nn.Linear(dim, MLP_RATIO * dim), nn.GELU(), nn.Linear(MLP_RATIO * dim, dim)
        )  # fmt: skip

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        tokens = tokens + self.attention(self.norm_1(tokens))
        return tokens + self.mlp(self.norm_2(tokens))


class Attention(nn.Module):
    """Each token asks all tokens, and gets their values weighted by how well they answer.

        softmax(Q Kᵀ / √(D/heads)) V,   in each head by itself.

    Shape:
        tokens (N, T, D) -> (N, T, D).
    """

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        qkv = self.qkv(tokens).unflatten(2, (3, self.heads, -1))  # (N, T, 3, heads, D/heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each (N, heads, T, D/heads)
        answers = functional.scaled_dot_product_attention(q, k, v)
        return self.out(answers.transpose(1, 2).flatten(2))  # (N, T, D)

    def extra_repr(self) -> str:
        return f"heads={self.heads}"


def make_stem(stem: str, channels: int, dim: int, patch: int) -> nn.Module:
    """Build what makes tokens of an image: (N, C, H, W) to (N, D, H/p, W/p).

    Args:
        stem: ``"patch"`` cuts the image into p × p squares and maps each by one matrix. ``"conv"``
            halves the image log2(p) times by 3 × 3 convolutions, after one that keeps its size:
            squares overlap, edges are found wherever they lie, and small data needs less of it.
        channels: C.
        dim: D.
        patch: p.
    """
    require_choice(stem, "stem", STEMS)
    if stem == "patch":
        return nn.Conv2d(channels, dim, kernel_size=patch, stride=patch)
    if patch & (patch - 1):
        raise ValueError(f"patch must be a power of 2 for a stem of convolutions, got {patch}.")
    halvings = patch.bit_length() - 1
    widths = [max(dim >> (halvings - i), 8) for i in range(halvings)] + [dim]
    layers: list[nn.Module] = []
    for number, width in enumerate(widths):
        stride = 1 if number == 0 else 2
        layers += [nn.Conv2d(channels, width, 3, stride, padding=1), nn.GELU()]
        channels = width
    return nn.Sequential(*layers[:-1])  # the blocks bring their own bends


@torch.no_grad()
def initialize(module: nn.Module, generator: torch.Generator) -> None:
    """Draw all weights anew from ``generator``: N(0, 1/inputs), small positions, no offsets.

    Scales of normalization layers become 1. Parameters that are neither weights of a linear or
    convolutional layer nor part of a normalization are positions: N(0, 0.02²).
    """
    done = set()
    for part in module.modules():
        if isinstance(part, (nn.Linear, nn.Conv2d)):
            nn.init.normal_(part.weight, std=part.weight[0].numel() ** -0.5, generator=generator)
            if part.bias is not None:
                nn.init.zeros_(part.bias)
        elif isinstance(part, (nn.LayerNorm, nn.BatchNorm1d)):
            part.reset_parameters()
        else:
            continue
        done |= set(part.parameters())
    for parameter in module.parameters():
        if parameter not in done:
            nn.init.normal_(parameter, std=0.02, generator=generator)


def make_vit(name: str, **options: Any) -> VisionTransformer:
    """Build a transformer of a named size.

    Args:
        name: a key of :data:`VIT_PRESETS`.
        **options: ``image_size`` and the other options of :class:`VisionTransformer`.

    >>> make_vit("vit_micro", image_size=16, stem="patch")(torch.zeros(2, 1, 16, 16)).shape
    torch.Size([2, 64])
    """
    preset = VIT_PRESETS[require_choice(name, "name", VIT_PRESETS)]
    return VisionTransformer(preset, **options)


def _tokens_along_a_side(image_size: int, patch: int) -> int:
    """How many tokens lie along a side; refuse images that cannot be cut evenly."""
    image_size, patch = require_integer(image_size, "image_size"), require_integer(patch, "patch")
    if image_size % patch:
        raise ValueError(
            f"image_size must be a multiple of patch = {patch}, got {image_size}. "
            "Resize the images, or choose another patch."
        )
    return image_size // patch
