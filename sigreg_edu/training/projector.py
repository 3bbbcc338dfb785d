"""The head behind which views are compared, and a BatchNorm that several processes share."""

from __future__ import annotations

import torch
from torch import nn

from sigreg_edu.checks import require_integer
from sigreg_edu.losses.distributed import is_spread, sum_over_ranks
from sigreg_edu.losses.inputs import widened
from sigreg_edu.training.encoder import make_linear

__all__ = ["JoinedBatchNorm", "make_projector"]


class JoinedBatchNorm(nn.BatchNorm1d):
    """BatchNorm over the points of all processes of torch.distributed together.

    In one process it is ``nn.BatchNorm1d``. Unlike ``nn.SyncBatchNorm`` it also works on CPUs.
    Gradients must be averaged over the processes, as DistributedDataParallel does.

    Shape:
        x (N, D) -> (N, D); processes may have different N.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not (self.training and is_spread()):
            return super().forward(x)
        wide = widened(x)
        count = sum_over_ranks(wide.new_full((1,), float(len(x))))
        mean = sum_over_ranks(wide.sum(0)) / count  # (D,)
        variance = sum_over_ranks((wide - mean).square().sum(0)) / count
        self._remember(mean.detach(), variance.detach() * count / (count - 1.0))
        normalized = (wide - mean) * (variance + self.eps).rsqrt()
        return normalized * self.weight + self.bias if self.affine else normalized

    @torch.no_grad()
    def _remember(self, mean: torch.Tensor, variance: torch.Tensor) -> None:
        """Move the running statistics, which evaluation uses, as ``nn.BatchNorm1d`` does."""
        self.num_batches_tracked += 1
        self.running_mean.lerp_(mean.to(self.running_mean), self.momentum)
        self.running_var.lerp_(variance.to(self.running_var), self.momentum)


def make_projector(
    in_dim: int, out_dim: int, *, hidden_dim: int = 128, normalized: bool = False, seed: int = 0
) -> nn.Module:
    """Build the usual projector: a hidden layer with BatchNorm, then a linear one.

    Args:
        in_dim: dimension of the embedding.
        out_dim: D, dimension of the projection.
        hidden_dim: width of the hidden layer.
        normalized: whether a last BatchNorm, without gain and offset, brings each coordinate to
            mean 0 and standard deviation 1.
        seed: of the weights.

    >>> make_projector(32, 16)(torch.zeros(5, 32)).shape
    torch.Size([5, 16])
    """
    generator = torch.Generator().manual_seed(require_integer(seed, "seed", minimum=0))
    layers = [
        make_linear(in_dim, hidden_dim, generator=generator, gain=2.0),
        JoinedBatchNorm(hidden_dim),
        nn.GELU(),
        make_linear(hidden_dim, out_dim, generator=generator, gain=1.0),
    ]
    return nn.Sequential(*layers, *([JoinedBatchNorm(out_dim, affine=False)] if normalized else []))
