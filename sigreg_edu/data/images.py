"""What every image set for self-supervision offers: images to look at, and views to train on.

A *view* is an image of the same thing made anew, with everything that is to be forgotten drawn
again. Whoever trains asks for views; whoever probes looks at the fixed ``images``.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType

import torch

from sigreg_edu.checks import require_generator, require_integer

__all__ = ["ImageData"]


class ImageData(ABC):
    """A set of images with labels, a fixed split, and views.

    Args:
        images: (N, C, H, W) float32 from 0 to 1, or uint8 from 0 to 255.
        labels: (N,) int64 from 0.
        train_indices: (T,) int64, those to train on and to fit probes with.
        test_indices: (N - T,) int64, the rest.
        class_names: name of each label.
        factors: further labels by name, (N,) int64 each: what is known of how an image was made.

    Attributes:
        images, labels, train_indices, test_indices, class_names, factors: as given.
    """

    def __init__(
        self,
        *,
        images: torch.Tensor,
        labels: torch.Tensor,
        train_indices: torch.Tensor,
        test_indices: torch.Tensor,
        class_names: tuple[str, ...],
        factors: Mapping[str, torch.Tensor] | None = None,
    ) -> None:
        self.images, self.labels = images, labels
        self.train_indices, self.test_indices = train_indices, test_indices
        self.class_names = class_names
        self.factors: Mapping[str, torch.Tensor] = MappingProxyType(dict(factors or {}))

    def __len__(self) -> int:
        return len(self.images)

    @property
    def channels(self) -> int:
        """C, 1 for grey and 3 for colour."""
        return self.images.shape[1]

    @property
    def image_size(self) -> int:
        """H = W."""
        return self.images.shape[2]

    @property
    def device(self) -> torch.device:
        """Where the images lie, and where views are made."""
        return self.images.device

    def pixels(self, indices: torch.Tensor) -> torch.Tensor:
        """Return some of the images (B, C, H, W) as float32 from 0 to 1."""
        images = self.images[indices.to(self.device)]
        return images / 255.0 if images.dtype == torch.uint8 else images

    def pixel_statistics(self) -> tuple[float, float]:
        """Mean and standard deviation of the training pixels, for a network's first layer.

        Of some 5,000 training images at even distances, which is exact enough and quick.
        """
        stride = max(len(self.train_indices) // 5000, 1)
        pixels = self.pixels(self.train_indices[::stride]).double()
        return round(pixels.mean().item(), 4), round(pixels.std().item(), 4)

    def views(
        self,
        indices: torch.Tensor,
        num_views: int = 2,
        *,
        generator: torch.Generator,
        part: slice = slice(None),
    ) -> torch.Tensor:
        """Make several views of some of the images.

        The random numbers are drawn for all ``indices``, the pixels are made for ``part`` of them
        only: processes that share a batch draw alike and each make their own share.

        Args:
            indices: (B,) int64, which images.
            num_views: V, at least 1.
            generator: where all randomness comes from, on the data's device.
            part: which of the ``indices`` get pixels.

        Returns:
            Tensor (V, len(indices[part]), C, H, W) of float32.

        Raises:
            TypeError, ValueError: no whole number of views, no generator.
        """
        num_views = require_integer(num_views, "num_views")
        require_generator(generator)
        return self._views(indices.to(self.device), num_views, generator, part)

    @abstractmethod
    def _views(
        self, indices: torch.Tensor, num_views: int, generator: torch.Generator, part: slice
    ) -> torch.Tensor:
        """Make the views; the arguments have been checked."""

    def to(self, device: torch.device | str) -> ImageData:
        """Return a copy with every tensor on ``device``; ``self`` if it is there already."""
        if self.device == torch.device(device):
            return self
        moved = copy.copy(self)
        for name, value in vars(self).items():
            if isinstance(value, torch.Tensor):
                setattr(moved, name, value.to(device))
        moved.factors = MappingProxyType({k: v.to(device) for k, v in self.factors.items()})
        return moved
