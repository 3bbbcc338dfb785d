"""How far the views of a sample lie from each other."""

from __future__ import annotations

import torch

from sigreg_edu.losses.distributed import is_spread, sum_over_ranks
from sigreg_edu.losses.inputs import require_embeddings, widened

__all__ = ["invariance", "mean_over_ranks"]


def invariance(z: torch.Tensor, *, distributed: bool = False) -> torch.Tensor:
    """LeJEPA's invariance term: how far the views of a sample lie from their mean.

    mean over views, samples and dimensions of (z - mean over views of z)^2. For two views it is a
    quarter of their mean squared difference.

    Args:
        z: embeddings of the views (V, N, D), V >= 2.
        distributed: take the mean over the samples of all ranks of torch.distributed.

    Returns:
        Scalar, float64 for float64 ``z``, else float32.

    Raises:
        TypeError: ``z`` is no floating-point tensor. ValueError: it is no (V, N, D) with V >= 2.

    References:
        github.com/rbalestr-lab/lejepa, MINIMAL.md: ``(proj.mean(0) - proj).square().mean()``.

    >>> invariance(torch.tensor([[[1.0, 0.0]], [[3.0, 0.0]]]))
    tensor(0.5000)
    """
    z = require_embeddings(z)
    if z.ndim != 3 or z.shape[0] < 2:
        raise ValueError(
            f"z must have shape (V, N, D) with V >= 2 views, got {tuple(z.shape)}. "
            "Stack them: torch.stack([first_view, second_view])."
        )
    wide = widened(z)
    return mean_over_ranks((wide - wide.mean(0)).square(), distributed=distributed)


def mean_over_ranks(x: torch.Tensor, *, distributed: bool) -> torch.Tensor:
    """The mean of all entries of ``x`` on all ranks, each entry counting the same.

    Args:
        x: any shape; ranks may have different numbers of entries.
        distributed: False for this rank's mean.

    Returns:
        Scalar.

    >>> mean_over_ranks(torch.tensor([1.0, 3.0]), distributed=True)
    tensor(2.)
    """
    if not (distributed and is_spread()):
        return x.mean()
    total = torch.stack([x.sum(), x.new_full((), float(x.numel()))])
    entries, count = sum_over_ranks(total).unbind()
    return entries / count
