"""Shadows: what points look like along directions, and a one-dimensional test of each shadow."""

from __future__ import annotations

from collections.abc import Callable

import torch

from sigreg_edu.checks import require_points, require_same_device, require_tensor

__all__ = ["project", "sliced_statistic"]


def project(z: torch.Tensor, directions: torch.Tensor) -> torch.Tensor:
    """Projections p = z A of points onto directions.

    Args:
        z: points (..., N, D).
        directions: A (D, M), unit columns, with the dtype and device of ``z``.

    Returns:
        Projections (..., N, M).

    Raises:
        TypeError: one is no floating-point tensor, or their dtypes differ.
        ValueError: shapes do not fit, or the devices differ.

    >>> project(torch.tensor([[3.0, 4.0]]), torch.tensor([[1.0, 0.6], [0.0, 0.8]]))
    tensor([[3., 5.]])
    """
    require_directions(z, directions)
    return z @ directions  # (..., N, D) @ (D, M) -> (..., N, M)


def require_directions(z: object, directions: object) -> torch.Tensor:
    """Return ``directions`` if ``z`` (..., N, D) can be projected onto them.

    Raises: as :func:`project`.
    """
    require_points(z, "z")
    require_tensor(directions, "directions")
    if directions.ndim != 2 or directions.shape[0] != z.shape[-1] or directions.shape[1] < 1:
        raise ValueError(
            f"directions must have shape (D, M) with D = {z.shape[-1]}, the last axis of z, and "
            f"M >= 1; got {tuple(directions.shape)}. One direction v is passed as v[:, None]."
        )
    require_same_device(z=z, directions=directions)
    if z.dtype != directions.dtype:
        raise TypeError(
            f"z and directions must have one dtype, got {z.dtype} and {directions.dtype}. "
            "Draw them with dtype=z.dtype, or use directions.to(z.dtype)."
        )
    return directions


def sliced_statistic(
    z: torch.Tensor, directions: torch.Tensor, test: Callable[[torch.Tensor], torch.Tensor]
) -> torch.Tensor:
    """A one-dimensional statistic of each shadow.

    Args:
        z: points (..., N, D).
        directions: A (D, M).
        test: maps samples on the last axis (..., N) to (...), like ``EppsPulleyTest()``.

    Returns:
        One value per direction (..., M). Their mean is what SIGReg minimises.

    Raises: as :func:`project`.

    >>> from sigreg_edu.statistics import EppsPulleyTest
    >>> sliced_statistic(torch.zeros(10, 2), torch.eye(2), EppsPulleyTest())
    tensor([4.0205, 4.0205])
    """
    return test(project(z, directions).transpose(-1, -2))  # (..., M, N) -> (..., M)
