"""Encoder, projector and online probes in one module, as a training of views needs them."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from sigreg_edu.training.encoder import make_linear
from sigreg_edu.training.measures import SPACES
from sigreg_edu.training.projector import JoinedBatchNorm, make_projector

__all__ = ["JointNetwork", "Outputs", "make_probe"]


class Outputs(NamedTuple):
    """What a network says of images.

    Attributes:
        embedding: (N, E), what the encoder gives.
        projection: (N, D), what the loss sees.
        guesses: for each of both spaces (N, classes), logits of a linear probe that learns along.
    """

    embedding: torch.Tensor
    projection: torch.Tensor
    guesses: dict[str, torch.Tensor]


class JointNetwork(nn.Module):
    """An encoder with a projector on it, and a linear probe on each, cut off from the gradient.

    Args:
        encoder: from images to embeddings (N, E).
        embedding_dim: E.
        projection_dim: D.
        hidden_dim: width of the projector's hidden layer; 0 for one linear layer, a classifier.
        num_classes: of the probes.
        normalized: whether the projector ends in a BatchNorm, see :func:`make_projector`.
        seed: of the projector; probes begin at 0.

    Shape:
        images (N, C, H, W) -> :class:`Outputs`.
    """

    def __init__(
        self,
        encoder: nn.Module,
        *,
        embedding_dim: int,
        projection_dim: int,
        hidden_dim: int,
        num_classes: int,
        normalized: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        if hidden_dim:
            self.projector = make_projector(
                embedding_dim,
                projection_dim,
                hidden_dim=hidden_dim,
                normalized=normalized,
                seed=seed,
            )
        else:
            generator = torch.Generator().manual_seed(seed)
            self.projector = make_linear(
                embedding_dim, projection_dim, generator=generator, gain=1.0
            )
        dims = {"embedding": embedding_dim, "projection": projection_dim}
        self.probes = nn.ModuleDict({s: make_probe(dims[s], num_classes) for s in SPACES})

    def forward(self, images: torch.Tensor) -> Outputs:
        embedding = self.encoder(images)
        projection = self.projector(embedding)
        seen = {"embedding": embedding.detach(), "projection": projection.detach()}
        guesses = {space: probe(seen[space].float()) for space, probe in self.probes.items()}
        return Outputs(embedding, projection, guesses)

    def learners(self) -> list[nn.Parameter]:
        """The parameters that the loss moves: all but the probes'."""
        return [*self.encoder.parameters(), *self.projector.parameters()]


def make_probe(dim: int, num_classes: int) -> nn.Module:
    """Build a linear classifier of standardized points, which starts by guessing alike.

    Args:
        dim: of the points.
        num_classes: of the labels.

    >>> make_probe(8, 3)(torch.ones(4, 8)).shape
    torch.Size([4, 3])
    """
    layer = nn.utils.skip_init(nn.Linear, dim, num_classes)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return nn.Sequential(JoinedBatchNorm(dim, affine=False), layer)
