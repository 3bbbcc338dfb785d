"""Real handwritten digits, 8×8 pixels, as scikit-learn ships them: no download, 1,797 images.

Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI repository, 1998.
"""

from __future__ import annotations

import importlib.util
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from sigreg_edu.checks import (
    require_choice,
    require_generator,
    require_integer,
    require_number,
    require_tensor,
)
from sigreg_edu.data.splits import split_by_class

FEATURE_KINDS = ("pixels", "standardized", "whitened")


@dataclass(frozen=True, eq=False)
class Digits:
    """The digits with a fixed split, the same for everyone.

    Attributes:
        images: (1797, 8, 8) float32, 0 (paper) to 1 (ink).
        labels: (1797,) int64, 0 to 9.
        train_indices: (1347,) int64, sorted; three quarters of each class.
        test_indices: (450,) int64, sorted; the rest.
    """

    images: torch.Tensor
    labels: torch.Tensor
    train_indices: torch.Tensor
    test_indices: torch.Tensor

    @property
    def train_images(self) -> torch.Tensor:
        """(1347, 8, 8)."""
        return self.images[self.train_indices]

    @property
    def train_labels(self) -> torch.Tensor:
        """(1347,)."""
        return self.labels[self.train_indices]

    @property
    def test_images(self) -> torch.Tensor:
        """(450, 8, 8)."""
        return self.images[self.test_indices]

    @property
    def test_labels(self) -> torch.Tensor:
        """(450,)."""
        return self.labels[self.test_indices]


def load_digits() -> Digits:
    """Load scikit-learn's handwritten digits; tensors are fresh copies, yours to change.

    Returns:
        :class:`Digits`.

    Raises:
        ImportError: scikit-learn is not installed.

    >>> digits = load_digits()
    >>> digits.images.shape, len(digits.train_indices), len(digits.test_indices)
    (torch.Size([1797, 8, 8]), 1347, 450)
    """
    return Digits(*(tensor.clone() for tensor in _loaded()))


@lru_cache(maxsize=1)
def _loaded() -> tuple[torch.Tensor, ...]:
    table = torch.from_numpy(_table())  # (1797, 65)
    images = table[:, :-1].unflatten(1, (8, 8)).float() / 16.0  # (1797, 64) -> (1797, 8, 8)
    labels = table[:, -1].to(torch.int64)
    return images, labels, *split_by_class(labels)


def _table() -> np.ndarray:
    """The file that scikit-learn's own loader reads, (1797, 65): 64 pixels and the label.

    Read without importing scikit-learn, which takes a second and 60 MB; by it, should the file
    have moved.
    """
    spec = importlib.util.find_spec("sklearn")
    if spec is None or spec.origin is None:
        message = "the digits come with scikit-learn; install it: pip install scikit-learn"
        raise ImportError(message)
    file = Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz"
    if file.exists():
        return np.loadtxt(file, delimiter=",")
    from sklearn.datasets import load_digits as load

    return np.column_stack(load(return_X_y=True))


def digit_views(
    images: torch.Tensor,
    num_views: int = 2,
    *,
    generator: torch.Generator,
    max_shift: float = 0.5,
    max_rotation: float = 10.0,
    max_zoom: float = 0.1,
    noise: float = 0.05,
    brightness: float = 0.1,
) -> torch.Tensor:
    """Make several views of each image: what changes from view to view is to be forgotten.

    Each view of each image is moved, turned and zoomed by its own random amount (bilinear, paper
    outside), made lighter or darker, and gets noise on its pixels.

    Args:
        images: (N, H, W) floating, 0 (paper) to 1 (ink).
        num_views: V, at least 1.
        generator: where all randomness comes from, on the device of ``images``.
        max_shift: uniform shift of up to so many pixels along each axis.
        max_rotation: uniform rotation of up to so many degrees either way.
        max_zoom: uniform zoom factor from 1 − max_zoom to 1 + max_zoom; below 1.
        noise: standard deviation of Gaussian pixel noise.
        brightness: uniform factor on the ink from 1 − brightness to 1 + brightness.

    Returns:
        Tensor (V, N, H, W) of the dtype of ``images``; noise may leave [0, 1] a little.

    Raises:
        TypeError, ValueError: an argument of the wrong kind or out of range.

    >>> images = load_digits().images[:5]
    >>> digit_views(images, 3, generator=torch.Generator().manual_seed(0)).shape
    torch.Size([3, 5, 8, 8])
    """
    _check_images(images)
    num_views = require_integer(num_views, "num_views")
    require_generator(generator)
    amounts = {"max_shift": max_shift, "max_rotation": max_rotation, "noise": noise}
    for name, amount in amounts.items():
        require_number(amount, name, minimum=0.0, maximum=1e6)
    for name, amount in {"max_zoom": max_zoom, "brightness": brightness}.items():
        require_number(amount, name, minimum=0.0, maximum=0.99)

    total = num_views * len(images)
    like = {"generator": generator, "dtype": images.dtype, "device": images.device}

    def symmetric(columns: int, amount: float) -> torch.Tensor:
        return amount * (2.0 * torch.rand(total, columns, **like) - 1.0)  # (V·N, columns)

    angle = symmetric(1, math.radians(max_rotation))
    zoom = 1.0 + symmetric(1, max_zoom)
    shift = symmetric(2, max_shift)
    ink = 1.0 + symmetric(1, brightness)

    views = images.repeat(num_views, 1, 1)  # (N, H, W) -> (V·N, H, W)
    views = _moved(views, angle, zoom, shift) * ink[:, :, None]
    views = views + noise * torch.randn(views.shape, **like)
    return views.unflatten(0, (num_views, len(images)))  # (V·N, H, W) -> (V, N, H, W)


def _moved(
    images: torch.Tensor, angle: torch.Tensor, zoom: torch.Tensor, shift: torch.Tensor
) -> torch.Tensor:
    """Turn, zoom and shift images (N, H, W) by angle (N, 1), zoom (N, 1) and shift (N, 2)."""
    height, width = images.shape[1:]
    size = torch.tensor([width, height], dtype=images.dtype, device=images.device)
    # grid_sample asks, for every output pixel, where to read: the inverse map, in units in which
    # the image spans [−1, 1].
    offset = -2.0 * shift / size
    first_row = torch.cat([angle.cos() / zoom, -angle.sin() / zoom, offset[:, :1]], dim=1)
    second_row = torch.cat([angle.sin() / zoom, angle.cos() / zoom, offset[:, 1:]], dim=1)
    maps = torch.stack([first_row, second_row], dim=1)  # (N, 2, 3)
    grid = functional.affine_grid(maps, [len(images), 1, height, width], align_corners=False)
    moved = functional.grid_sample(images[:, None], grid, align_corners=False)
    return moved[:, 0]  # (N, 1, H, W) -> (N, H, W)


def _check_images(images: torch.Tensor) -> None:
    require_tensor(images, "images")
    if images.ndim != 3 or len(images) == 0:
        shape = tuple(images.shape)
        raise ValueError(
            f"images must have shape (N, H, W), N at least 1, got {shape}. Stack them."
        )


def digit_features(kind: str = "standardized") -> torch.Tensor:
    """The digits as rows of a matrix, to cast shadows of real data in many dimensions.

    Pixels that are the same in all 1,797 images (three of them) are dropped first: 61 are left.

    Args:
        kind: ``"pixels"``, the values from 0 to 1; ``"standardized"``, each pixel with mean 0 and
            standard deviation 1; ``"whitened"``, rotated and rescaled so that the covariance
            is the identity (principal components, each divided by its standard deviation).

    Returns:
        Tensor (1797, 61) of float32.

    Raises:
        ValueError: an unknown kind.

    >>> z = digit_features("whitened")
    >>> z.shape, bool(torch.allclose(z.T.cov(), torch.eye(61), atol=1e-3))
    (torch.Size([1797, 61]), True)
    """
    require_choice(kind, "kind", FEATURE_KINDS)
    pixels = _loaded()[0].flatten(1).to(torch.float64)  # (1797, 8, 8) -> (1797, 64)
    pixels = pixels[:, pixels.std(dim=0) > 0.0]  # (1797, 61)
    if kind == "pixels":
        return pixels.float()
    centred = pixels - pixels.mean(dim=0)
    if kind == "standardized":
        return (centred / centred.std(dim=0)).float()
    left, _, _ = torch.linalg.svd(centred, full_matrices=False)
    return (left * math.sqrt(len(left) - 1)).float()
