"""Measures of an embedding that need no training of their own: its width, rank and neighbours."""

from __future__ import annotations

import torch

from sigreg_edu.checks import require_finite, require_integer, require_points


def standard_deviations(z: torch.Tensor) -> torch.Tensor:
    """Standard deviation of each coordinate; all near 0 at full collapse.

    Some direction may have collapsed although no coordinate has: see :func:`effective_rank`.

    Args:
        z: embeddings (N, D), N ≥ 2.

    Returns:
        Tensor (D,) of z's dtype, with N − 1 in the denominator.

    Raises:
        TypeError, ValueError: ``z`` is not a floating tensor (N, D) with N ≥ 2.

    >>> standard_deviations(torch.tensor([[0.0, 5.0], [2.0, 5.0]]))
    tensor([1.4142, 0.0000])
    """
    return _matrix(z, "z", minimum=2).std(dim=0)


def principal_deviations(z: torch.Tensor) -> torch.Tensor:
    """Standard deviations along the principal axes, largest first: singular values / sqrt(N - 1).

    Unlike those of the coordinates they show a line or a plane that lies askew.

    Args:
        z: points (N, D), N at least 2.

    Returns:
        Tensor (min(N, D),) of z's dtype, computed in float64.

    Raises:
        TypeError, ValueError: ``z`` is not a finite floating tensor (N, D) with N ≥ 2.

    >>> principal_deviations(torch.tensor([[1.0, 1.0], [-1.0, -1.0]]))
    tensor([2., 0.])
    """
    wide = require_finite(_matrix(z, "z", minimum=2), "z").cpu().double()
    centred = wide - wide.mean(dim=0)
    return (torch.linalg.svdvals(centred) / (len(z) - 1) ** 0.5).to(z)


def effective_rank(z: torch.Tensor, *, center: bool = True) -> torch.Tensor:
    """How many dimensions the points fill: the exponential of the entropy of the singular values.

    With singular values s_k and shares p_k = s_k / Σ s, it is exp(−Σ p_k log p_k): D when all are
    equal, 1 when the points lie on a line. It does not depend on the scale.

    Args:
        z: embeddings (N, D), N ≥ 2.
        center: subtract the mean first, so that a cloud far from 0 is not taken for a line.
            The original has no centring, nor has RankMe (Garrido et al. 2023).

    Returns:
        Scalar of z's dtype from 1 to min(N, D); 0 if all points are the same point, as far as
        z's dtype can tell: no singular value above ε √N max|z|, ε the dtype's rounding unit.
        Computed in float64 on the CPU.

    Raises:
        TypeError, ValueError: ``z`` is not a finite floating tensor (N, D) with N ≥ 2.

    References:
        O. Roy and M. Vetterli, The effective rank, EUSIPCO 2007.

    >>> round(effective_rank(torch.eye(4) - 0.25).item(), 4)
    3.0
    """
    wide = require_finite(_matrix(z, "z", minimum=2), "z").cpu().double()
    if center:
        wide = wide - wide[0]  # exact for a constant cloud, whose mean may be rounded
        wide = wide - wide.mean(dim=0)
    values = torch.linalg.svdvals(wide)
    # Rounding leaves a constant cloud a trace of spread; it is not a dimension.
    if values[0] <= torch.finfo(z.dtype).eps * len(z) ** 0.5 * z.abs().max().item():
        return torch.zeros((), dtype=z.dtype, device=z.device)
    shares = values / values.sum()
    return torch.special.entr(shares).sum().exp().to(z)  # entr(p) = −p log p, 0 at 0


def knn_accuracy(
    train_z: torch.Tensor,
    train_y: torch.Tensor,
    test_z: torch.Tensor,
    test_y: torch.Tensor,
    *,
    k: int = 10,
) -> float:
    """Share of test points whose label wins the vote of their k nearest training points.

    Only the order of the distances counts, so a cloud that merely shrinks keeps its accuracy:
    read it beside :func:`standard_deviations`. Distances are formed in float64 from
    differences, on the CPU; not from |a|² + |b|² − 2a·b, which for a collapsed cloud is nothing
    but rounding.

    Args:
        train_z: embeddings (N, D) that vote.
        train_y: their labels (N,), whole numbers from 0.
        test_z: embeddings (M, D) to be judged.
        test_y: their labels (M,).
        k: number of votes; a tie goes to the smaller label.

    Returns:
        Accuracy from 0 to 1.

    Raises:
        TypeError, ValueError: shapes that do not fit, labels that are not whole numbers,
            values that are not finite, or k above N.

    >>> z, y = torch.tensor([[0.0], [0.1], [5.0], [5.1]]), torch.tensor([0, 0, 1, 1])
    >>> knn_accuracy(z, y, z + 0.01, y, k=2)
    1.0
    """
    train_z = require_finite(_matrix(train_z, "train_z"), "train_z").cpu().double()
    test_z = require_finite(_matrix(test_z, "test_z"), "test_z").cpu().double()
    if train_z.shape[1] != test_z.shape[1]:
        raise ValueError(
            f"train_z and test_z must have one dimension, got {train_z.shape[1]} and "
            f"{test_z.shape[1]}. Pass embeddings of the same encoder."
        )
    _check_labels(train_y, "train_y", len(train_z))
    _check_labels(test_y, "test_y", len(test_z))
    k = require_integer(k, "k")
    if k > len(train_z):
        raise ValueError(f"k must be at most the {len(train_z)} training points, got {k}.")

    train_y, test_y = train_y.cpu(), test_y.cpu()
    mode = "donot_use_mm_for_euclid_dist"
    distances = torch.cdist(test_z, train_z, compute_mode=mode)  # (M, N)
    nearest = distances.topk(k, dim=1, largest=False).indices  # (M, k)
    votes = torch.nn.functional.one_hot(train_y[nearest]).sum(dim=1)  # (M, k, C) -> (M, C)
    return (votes.argmax(dim=1) == test_y).sum().item() / len(test_y)


def _matrix(z: torch.Tensor, name: str, *, minimum: int = 1) -> torch.Tensor:
    require_points(z, name, minimum=minimum)
    if z.ndim != 2:
        raise ValueError(f"{name} must have shape (N, D), got {tuple(z.shape)}. Take one matrix.")
    return z


def _check_labels(labels: torch.Tensor, name: str, count: int) -> None:
    if not isinstance(labels, torch.Tensor) or labels.dtype != torch.int64:
        raise TypeError(f"{name} must be a tensor of int64 labels. Convert it: {name}.long()")
    if labels.shape != (count,) or (labels < 0).any():
        raise ValueError(
            f"{name} must hold one label from 0 for each of {count} points, "
            f"got shape {tuple(labels.shape)}. Pass as many labels as embeddings."
        )
