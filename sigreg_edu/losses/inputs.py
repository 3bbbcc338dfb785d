"""What losses have in common: embeddings and views in one shape, weights, weighted terms."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter

import torch

from sigreg_edu.checks import require_number, require_points, require_same_device

__all__ = [
    "OfParts",
    "Weight",
    "only_to_watch",
    "paired_views",
    "points_of",
    "require_embeddings",
    "weighted_sum",
    "widened",
]


class Weight:
    """A weight >= 0 that may be set at any time, also by a schedule, and is checked each time.

    >>> class Loss:
    ...     lamb = Weight(maximum=1.0)
    >>> loss = Loss()
    >>> loss.lamb = 2
    Traceback (most recent call last):
        ...
    ValueError: lamb must be a finite number from 0 to 1, got 2. Move it into that range.
    """

    def __init__(self, maximum: float = float("inf")) -> None:
        self.maximum = maximum

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, owner: type | None = None) -> float:
        return self if instance is None else instance.__dict__[f"_{self.name}"]

    def __set__(self, instance: object, value: object) -> None:
        checked = require_number(value, self.name, minimum=0.0, maximum=self.maximum)
        instance.__dict__[f"_{self.name}"] = checked


class OfParts:
    """An attribute of a loss's parts, read from the first and set in all of them.

    >>> class Part:
    ...     weight = Weight()
    >>> class Loss:
    ...     weight = OfParts("left.weight", "right.weight")
    >>> loss = Loss()
    >>> loss.left, loss.right = Part(), Part()
    >>> loss.weight = 2
    >>> loss.weight, loss.right.weight
    (2.0, 2.0)
    """

    def __init__(self, *paths: str) -> None:
        self.paths = [path.rpartition(".")[::2] for path in paths]

    def __get__(self, instance: object, owner: type | None = None) -> object:
        if instance is None:
            return self
        part, name = self.paths[0]
        return getattr(attrgetter(part)(instance), name)

    def __set__(self, instance: object, value: object) -> None:
        for part, name in self.paths:
            setattr(attrgetter(part)(instance), name, value)


def widened(x: torch.Tensor) -> torch.Tensor:
    """float64 as it is, everything else in float32.

    >>> widened(torch.ones(1, dtype=torch.bfloat16)).dtype
    torch.float32
    """
    return x if x.dtype == torch.float64 else x.float()


def require_embeddings(z: object) -> torch.Tensor:
    """Return ``z`` if it is (N, D) or (V, N, D).

    >>> require_embeddings(torch.zeros(2, 2, 5, 3))
    Traceback (most recent call last):
        ...
    ValueError: z must have shape (N, D) or (V, N, D), got (2, 2, 5, 3). For patches, flatten them into N first: z.flatten(1, -2).
    """  # noqa: E501 - the doctest shows the message as it is printed
    require_points(z, "z")
    if z.ndim > 3:
        raise ValueError(
            f"z must have shape (N, D) or (V, N, D), got {tuple(z.shape)}. "
            "For patches, flatten them into N first: z.flatten(1, -2)."
        )
    return z


def paired_views(
    z_a: torch.Tensor, z_b: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """The two views of a batch, as given or as the two halves of one tensor, widened.

    Args:
        z_a: view A (B, D) or, with P patches, (B, P, D); without ``z_b`` views A and B one after
            the other, (2B, D) or (2B, P, D).
        z_b: view B, of the shape, dtype and device of ``z_a``.

    Returns:
        Views A and B, float64 for float64, else float32.

    Raises:
        TypeError: no floating-point tensors, or of two dtypes. ValueError: other shapes or devices.

    >>> a, b = paired_views(torch.arange(4.0).reshape(4, 1))
    >>> a.flatten().tolist(), b.flatten().tolist()
    ([0.0, 1.0], [2.0, 3.0])
    """
    for name, z in (("z_a", z_a), ("z_b", z_b)):
        if name == "z_a" or z is not None:
            _require_view(z, name)
    if z_b is None:
        if z_a.shape[0] % 2:
            raise ValueError(
                f"without z_b, z_a must hold two views of equal size one after the other, got "
                f"{z_a.shape[0]} rows. Pass both views: loss(z_a, z_b)."
            )
        z_a, z_b = z_a.chunk(2)
    require_same_device(z_a=z_a, z_b=z_b)
    if z_a.shape != z_b.shape:
        raise ValueError(
            f"z_a and z_b must have one shape, got {tuple(z_a.shape)} and {tuple(z_b.shape)}. "
            "Row i of both must be views of the same image."
        )
    if z_a.dtype != z_b.dtype:
        raise TypeError(
            f"z_a and z_b must have one dtype, got {z_a.dtype} and {z_b.dtype}. "
            "Convert one: z_b.to(z_a.dtype)"
        )
    return widened(z_a), widened(z_b)


def _require_view(z: object, name: str) -> None:
    require_points(z, name)
    if z.ndim > 3:
        raise ValueError(
            f"{name} must have shape (B, D), or (B, P, D) with P patches, got {tuple(z.shape)}. "
            "Merge what is more than that: z.flatten(1, -2)."
        )


def points_of(view: torch.Tensor, *, flatten_patches: bool) -> torch.Tensor:
    """The points whose distribution is regularized: (B, D) as it is, patches in one of two ways.

    Args:
        view: (B, D) or (B, P, D).
        flatten_patches: True: all patches of all images are one sample, (B·P, D). False: each
            patch position is a sample of B independent images, (P, B, D).

    Returns:
        Points (..., N, D).

    >>> view = torch.zeros(8, 49, 3)
    >>> points_of(view, flatten_patches=True).shape, points_of(view, flatten_patches=False).shape
    (torch.Size([392, 3]), torch.Size([49, 8, 3]))
    """
    if view.ndim == 2:
        return view
    return view.flatten(0, 1) if flatten_patches else view.transpose(0, 1)


def weighted_sum(*terms: tuple[float, torch.Tensor]) -> torch.Tensor:
    """Sum of weight times term. A term of weight 0 is left out: it may overflow, unheard.

    With no weight at all the sum is 0 times the first term, so that it still has a gradient, of 0.

    >>> weighted_sum((2.0, torch.ones(())), (0.0, torch.tensor(torch.inf)))
    tensor(2.)
    """
    kept = [weight * term for weight, term in terms if weight != 0]
    return sum(kept[1:], start=kept[0]) if kept else 0.0 * terms[0][1]


def only_to_watch(watch: bool, compute: Callable, *arguments: object) -> object:
    """``compute(*arguments)``, without a gradient if the result is only looked at.

    >>> x = torch.ones(1, requires_grad=True)
    >>> only_to_watch(True, torch.exp, x).requires_grad
    False
    """
    with torch.set_grad_enabled(torch.is_grad_enabled() and not watch):
        return compute(*arguments)
