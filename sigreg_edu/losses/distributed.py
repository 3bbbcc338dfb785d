"""Sums over the processes of torch.distributed.

A loss that is a function of sums over points (of cosines, of coordinates, of their products) is
that of the joined batch once the sums are added over all ranks, however many points each has.

Gradients: every rank computes the same loss L(S) of the sum S = sum_r s_r. The backward pass adds
dL/dS over the ranks, so rank r holds W dL/dS ds_r (W ranks). DistributedDataParallel then averages
over ranks, and what remains is sum_r dL/dS ds_r: the single-process gradient on the joined batch.
"""

from __future__ import annotations

import torch
import torch.distributed as dist

__all__ = ["from_first_rank", "is_spread", "sum_over_ranks"]


def is_spread() -> bool:
    """Whether this process is one of several of torch.distributed's default group.

    >>> is_spread()
    False
    """
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def sum_over_ranks(x: torch.Tensor) -> torch.Tensor:
    """The sum of ``x`` over all ranks, on every rank; its gradient is summed likewise.

    Args:
        x: any shape, the same on every rank.

    Returns:
        The sum, shape of ``x``; ``x`` itself in a single process.

    >>> sum_over_ranks(torch.ones(2))
    tensor([1., 1.])
    """
    return _SumOverRanks.apply(x) if is_spread() else x


class _SumOverRanks(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: torch.Tensor) -> torch.Tensor:
        total = x.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> torch.Tensor:
        total = gradient.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total


def from_first_rank(x: torch.Tensor) -> torch.Tensor:
    """A copy of what rank 0 has in ``x``, on every rank; ``x`` itself in a single process.

    >>> from_first_rank(torch.ones(2))
    tensor([1., 1.])
    """
    if not is_spread():
        return x
    first = x.clone(memory_format=torch.contiguous_format)
    dist.broadcast(first, src=0)
    return first
