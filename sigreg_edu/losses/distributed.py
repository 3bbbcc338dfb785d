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

from sigreg_edu.slicing import trigonometric_sums

__all__ = [
    "from_first_rank",
    "is_spread",
    "sum_over_ranks",
    "sums_of_all_ranks",
    "with_mean_gradient",
]


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


def with_mean_gradient(x: torch.Tensor) -> torch.Tensor:
    """``x`` itself, with its gradient averaged over ranks, as DistributedDataParallel does.

    For something that is the same on every rank and stays so, such as directions that climb.

    >>> with_mean_gradient(torch.ones(2))
    tensor([1., 1.])
    """
    return _MeanGradient.apply(x) if is_spread() else x


class _MeanGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: torch.Tensor) -> torch.Tensor:
        return x.view_as(x)

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> torch.Tensor:
        total = gradient.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total / dist.get_world_size()


def sums_of_all_ranks(
    z: torch.Tensor,
    directions: torch.Tensor,
    *,
    num_points: int,
    t_max: float,
    distributed: bool = True,
) -> torch.Tensor:
    """Sums of cosines and sines of the shadows of all ranks' points, (..., 2, T, M).

    Args:
        z: this rank's points (..., N, D).
        directions: A (D, M), the same on every rank.
        num_points: number of knots T.
        t_max: last knot.
        distributed: False: of this rank's points alone.

    >>> sums = sums_of_all_ranks(torch.zeros(5, 2), torch.eye(2), num_points=3, t_max=3.0)
    >>> sums[0, 0]  # the cosines at t = 0
    tensor([5., 5.], dtype=torch.float64)
    """
    spacing = t_max / (num_points - 1)
    sums = trigonometric_sums(z, directions, num_points=num_points, spacing=spacing)
    return sum_over_ranks(sums) if distributed else sums


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
