"""The dtype rule of the statistics: sum in float64, answer in the caller's precision.

Each statistic is a small difference of sums of order 1: at N = 1,000 and float32 the exact form
would keep about four digits. So the arithmetic is done in float64 whatever comes in.
"""

from __future__ import annotations

import torch

__all__ = ["full_precision", "promote", "restore", "working_dtype"]


def working_dtype(device: torch.device) -> torch.dtype:
    """float64, or float32 on MPS, which has no float64.

    >>> working_dtype(torch.device("cpu")), working_dtype(torch.device("mps"))
    (torch.float64, torch.float32)
    """
    return torch.float32 if device.type == "mps" else torch.float64


def promote(x: torch.Tensor) -> torch.Tensor:
    """Return ``x`` in the working precision of its device."""
    return x.to(working_dtype(x.device))


def restore(value: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Return ``value`` as float64 for a float64 caller and as float32 for all others.

    >>> restore(torch.zeros(1, dtype=torch.float64), torch.zeros(1, dtype=torch.float16)).dtype
    torch.float32
    """
    return value.to(torch.float64 if like.dtype == torch.float64 else torch.float32)


def full_precision(z: torch.Tensor) -> torch.autocast:
    """Switch autocast off for the block: products in half precision would drown the statistic.

    >>> with torch.autocast("cpu", dtype=torch.bfloat16), full_precision(torch.ones(1)):
    ...     (torch.ones(1, 1) @ torch.ones(1, 1)).dtype
    torch.float32
    """
    return torch.autocast(z.device.type, enabled=False)
