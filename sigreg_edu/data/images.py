"""What every image set for self-supervision offers: images to look at, and views to train on.

A *view* is an image of the same thing made anew, with everything that is to be forgotten drawn
again. Whoever trains asks for views; whoever probes looks at the fixed ``images``.
"""

from __future__ import annotations

import copy
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import torch

from sigreg_edu.checks import (
    require_finite,
    require_generator,
    require_integer,
    require_same_device,
)

__all__ = ["ImageData"]

ROUNDING = 1e-5  # how far rounding may take float32 pixels beyond 0 and 1
CHUNK = 64  # images that are summed at once: 80 MB of float64 at 224 pixels in colour


class ImageData(ABC):
    """A set of images with labels, a fixed split, and views.

    An image set of your own is a subclass that hands its tensors to ``super().__init__`` and
    makes views in ``_views``. All of its tensors lie on one device.

    Args:
        images: (N, C, H, W) float32 from 0 to 1, or uint8 from 0 to 255; square, C is 1 or 3.
        labels: (N,) int64 from 0, below the number of class names.
        train_indices: (T,) int64, those to train on and to fit probes with, at least one.
        test_indices: (M,) int64, those to test on, none of them among those to train on.
        class_names: name of each label.
        factors: further labels by name, (N,) int64 from 0 each: what is known of how an image was
            made.

    Attributes:
        images, labels, train_indices, test_indices, factors: as given.
        class_names: as a tuple.

    Raises:
        TypeError: no tensors, or of another dtype; class names that are no text.
        ValueError: a shape, a value or an index out of place; tensors on several devices.

    >>> class Still(ImageData):
    ...     def _views(self, indices, num_views, generator, part):
    ...         return self.pixels(indices[part]).expand(num_views, -1, -1, -1, -1)
    >>> Still(
    ...     images=torch.rand(6, 1, 16, 16, generator=torch.Generator().manual_seed(0)),
    ...     labels=torch.tensor([0, 1, 2, 0, 1, 2]),
    ...     train_indices=torch.arange(4),
    ...     test_indices=torch.arange(4, 6),
    ...     class_names=("cat", "dog"),
    ... )
    Traceback (most recent call last):
        ...
    ValueError: labels must lie from 0 to 1, for 2 class names, got 0 to 2. Name each class.
    """

    def __init__(
        self,
        *,
        images: torch.Tensor,
        labels: torch.Tensor,
        train_indices: torch.Tensor,
        test_indices: torch.Tensor,
        class_names: Sequence[str],
        factors: Mapping[str, torch.Tensor] | None = None,
    ) -> None:
        _require_images(images)
        named = {f"factors[{name!r}]": values for name, values in (factors or {}).items()}
        for name, values in {"labels": labels, **named}.items():
            _require_labels(values, name, len(images))
        split = {"train_indices": train_indices, "test_indices": test_indices}
        for name, indices in split.items():
            _require_indices(indices, name)
        require_same_device(images=images, labels=labels, **split, **named)
        _require_split(train_indices, test_indices, len(images))
        self.images, self.labels = images, labels
        self.train_indices, self.test_indices = train_indices, test_indices
        self.class_names = _require_names(class_names, labels)
        self.factors: Mapping[str, torch.Tensor] = MappingProxyType(dict(factors or {}))

    # Neither pickle nor copy can take a mapping proxy.

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "factors": dict(self.factors)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, factors=MappingProxyType(state["factors"]))

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

        Raises:
            ValueError: a pixel of these is NaN or infinite; the message says of which image.
        """
        stride = max(len(self.train_indices) // 5000, 1)
        shown = self.train_indices[::stride]
        sums = torch.zeros(2, dtype=torch.float64, device=self.device)
        for chunk in shown.split(CHUNK):
            pixels = self.pixels(chunk).double()
            sums += torch.stack([pixels.sum(), pixels.square().sum()])
            _require_finite_pixels(pixels, chunk)
        total, squares = sums.tolist()
        count = len(shown) * self.images[0].numel()
        mean = total / count
        # Where all pixels are alike, rounding may leave the difference just below 0.
        variance = max(squares - count * mean * mean, 0.0) / max(count - 1, 1)
        return round(mean, 4), round(math.sqrt(variance), 4)

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


# --- what is checked at the start, where a message can still say which tensor is wrong ------------


def _require_finite_pixels(pixels: torch.Tensor, indices: torch.Tensor) -> None:
    """Refuse images (B, C, H, W) with a NaN: one would make the mean of all of them NaN."""
    bad = ~pixels.flatten(1).isfinite().all(1)
    if bad.any():
        first = indices[bad.to(indices.device)][0].item()
        raise ValueError(
            f"expected finite pixels in the training images, got NaN or infinity in image {first} "
            "(counted from 0). Leave it out, or repair it."
        )


def _require_images(images: object) -> None:
    """Refuse all but (N, C, S, S) float32 from 0 to 1, or uint8."""
    if _kind(images) not in (torch.float32, torch.uint8):
        raise TypeError(
            "images must be a tensor of float32 from 0 to 1, or of uint8 from 0 to 255, got "
            f"{_kind(images)}. Convert numbers from 0 to 1 by images.float(), and numbers from 0 "
            "to 255 by images.to(torch.uint8)."
        )
    shape = tuple(images.shape)
    if len(shape) != 4 or 0 in shape or shape[1] not in (1, 3) or shape[2] != shape[3]:
        raise ValueError(
            "images must have shape (N, C, S, S): at least one, square, in grey (C = 1) or in "
            f"colour (C = 3), got {shape}. Crop them; give grey ones their axis by "
            "images.unsqueeze(1), move a last one by images.permute(0, 3, 1, 2)."
        )
    if images.dtype == torch.float32:
        _require_shares(images)


def _require_shares(images: torch.Tensor) -> None:
    """Refuse pixels that do not lie from 0 to 1."""
    low, high = (end.item() for end in images.aminmax())
    if not math.isfinite(low + high):  # NaN spreads to both ends
        require_finite(images, "images")
    if low < -ROUNDING or high > 1.0 + ROUNDING:
        raise ValueError(
            f"images of float32 must lie from 0 to 1, got {low:.4g} to {high:.4g}. Divide numbers "
            "from 0 to 255 by 255, and rescale others."
        )


def _require_labels(labels: object, name: str, count: int) -> None:
    """Refuse all but (N,) int64 from 0."""
    _require_int64(labels, name)
    if labels.shape != (count,):
        raise ValueError(
            f"{name} must have shape ({count},), one for each image, got {tuple(labels.shape)}."
        )
    if labels.min() < 0:
        raise ValueError(f"{name} must be 0 or more, got {labels.min()}. Count the classes from 0.")


def _require_names(names: object, labels: torch.Tensor) -> tuple[str, ...]:
    """Return the names of classes, one for each label at least."""
    is_several = isinstance(names, Sequence) and not isinstance(names, str)
    if not is_several or not all(isinstance(name, str) for name in names):
        raise TypeError(
            "class_names must be a sequence of texts, such as ('cat', 'dog'), got "
            f"{names!r:.60}. Pass one for each class."
        )
    if labels.max() >= len(names):
        raise ValueError(
            f"labels must lie from 0 to {len(names) - 1}, for {len(names)} class names, got "
            f"{labels.min()} to {labels.max()}. Name each class."
        )
    return tuple(names)


def _require_indices(indices: object, name: str) -> None:
    _require_int64(indices, name)
    if indices.ndim != 1:
        raise ValueError(
            f"{name} must have one axis, got shape {tuple(indices.shape)}. "
            f"Flatten it: {name}.flatten()"
        )


def _require_split(train: torch.Tensor, test: torch.Tensor, count: int) -> None:
    """Refuse what points beyond ``count`` images, or twice at one of them."""
    if not len(train):
        raise ValueError("train_indices must have at least one image, got none. Add some.")
    used = torch.cat([train, test])
    if used.min() < 0 or used.max() >= count:
        raise ValueError(
            f"train_indices and test_indices must lie from 0 to {count - 1}, for {count} images, "
            f"got {used.min()} to {used.max()}. Count the images from 0."
        )
    if twice := len(used) - len(used.unique()):
        raise ValueError(
            "train_indices and test_indices must name each image once at most, got "
            f"{twice} again. Test on images that are not trained on."
        )


def _require_int64(values: object, name: str) -> None:
    if _kind(values) != torch.int64:
        way = f"torch.as_tensor({name}, dtype=torch.int64)"
        raise TypeError(f"{name} must be a tensor of int64, got {_kind(values)}. Convert it: {way}")


def _kind(values: object) -> torch.dtype | str:
    """The dtype of a tensor, the type of anything else."""
    return values.dtype if isinstance(values, torch.Tensor) else type(values).__name__
