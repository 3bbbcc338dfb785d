"""What a cloud of embeddings holds: its width, rank, neighbours, labels and shadows."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from sigreg_edu.checks import (
    require_finite,
    require_integer,
    require_matrix,
    require_positive,
    require_probability,
)
from sigreg_edu.losses.inputs import widened
from sigreg_edu.slicing import sliced_epps_pulley, uniform_directions
from sigreg_edu.statistics import p_value

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

INSTALL = "linear probes need scikit-learn. Install it: pip install scikit-learn"
ITERATIONS = (200, 2_000, 20_000)  # at most, of a fit; the next number where one is too few
UNSEEN_SEEDS = 2**31  # far from the small seeds that people give


@dataclass(frozen=True)
class FactorScore:
    """How well a factor can be read from the embeddings.

    Attributes:
        accuracy: of the linear probe on the test points.
        chance: of always naming the most frequent test label.
    """

    accuracy: float
    chance: float


@dataclass(frozen=True, eq=False)
class Gaussianity:
    """What the shadows of a cloud say against N(0, I).

    Attributes:
        mean_statistic: mean T over the directions, factor N included: 1.05 for N(0, I).
        worst_statistic: the largest T.
        worst_direction: (D,) where it was found, a unit vector.
        rejected: share of the directions whose p-value is below ``level``.
        level: the share that N(0, I) would have on average.
    """

    mean_statistic: float
    worst_statistic: float
    worst_direction: torch.Tensor
    rejected: float
    level: float


KNN_CHUNK = 1000  # test points whose distances to all others are held at once


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
    return require_matrix(z, "z", minimum=2).std(dim=0)


def principal_deviations(z: torch.Tensor) -> torch.Tensor:
    """Standard deviations along the principal axes, largest first: singular values / sqrt(N - 1).

    Unlike those of the coordinates they show a line or a plane that lies askew.

    Args:
        z: points (N, D), N at least 2.

    Returns:
        Tensor (min(N, D),) of z's dtype, computed in float64.

    Raises:
        TypeError, ValueError: ``z`` is not a finite floating tensor (N, D) with N ≥ 2.

    >>> principal_deviations(torch.tensor([[1.0, 1.0], [-1.0, -1.0]])).round(decimals=4).abs()
    tensor([2., 0.])
    """
    wide = require_finite(require_matrix(z, "z", minimum=2), "z").cpu().double()
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
    wide = require_finite(require_matrix(z, "z", minimum=2), "z").cpu().double()
    if center:
        wide = wide - wide[0]  # exact for a constant cloud, whose mean may be rounded
        wide = wide - wide.mean(dim=0)
    values = torch.linalg.svdvals(wide)
    # Rounding leaves a constant cloud a trace of spread; it is not a dimension.
    if values[0] <= torch.finfo(z.dtype).eps * len(z) ** 0.5 * z.abs().max().item():
        return torch.zeros((), dtype=z.dtype, device=z.device)
    return rank_of_spectrum(values).to(z)


def rank_of_spectrum(values: torch.Tensor) -> torch.Tensor:
    """The effective rank that singular values, or widths of axes, (D,) stand for; not all are 0.

    >>> rank_of_spectrum(torch.tensor([2.0, 2.0, 0.0]))
    tensor(2.)
    """
    return torch.special.entr(values / values.sum()).sum().exp()  # entr(p) = −p log p, 0 at 0


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
    train_z, train_y, test_z, test_y = _labelled(train_z, train_y, test_z, test_y)
    k = require_integer(k, "k")
    if k > len(train_z):
        raise ValueError(f"k must be at most the {len(train_z)} training points, got {k}.")

    mode = "donot_use_mm_for_euclid_dist"
    nearest = torch.cat(
        [
            torch.cdist(some, train_z, compute_mode=mode).topk(k, dim=1, largest=False).indices
            for some in test_z.split(KNN_CHUNK)
        ]
    )  # (M, k)
    votes = torch.nn.functional.one_hot(train_y[nearest]).sum(dim=1)  # (M, k, C) -> (M, C)
    return (votes.argmax(dim=1) == test_y).sum().item() / len(test_y)


def linear_probe(
    train_z: torch.Tensor,
    train_y: torch.Tensor,
    test_z: torch.Tensor,
    test_y: torch.Tensor,
    *,
    c: float = 1.0,
) -> float:
    """Share of test points that a linear classifier of the training points gets right.

    Logistic regression, fitted to convergence on coordinates of mean 0 and standard deviation 1
    (those of the training points): what the labels can be read by, once training is over.

    Args:
        train_z: embeddings (N, D) to fit.
        train_y: their labels (N,), whole numbers from 0.
        test_z: embeddings (M, D) to be judged.
        test_y: their labels (M,).
        c: scikit-learn's C, the weight of the data beside that of small coefficients.

    Returns:
        Accuracy from 0 to 1.

    Raises:
        TypeError, ValueError: as :func:`knn_accuracy`; ``c`` is no number above 0.
        ImportError: scikit-learn is not installed.

    >>> z, y = torch.tensor([[0.0], [0.1], [5.0], [5.1]]), torch.tensor([0, 0, 1, 1])
    >>> linear_probe(z, y, z, 1 - y)
    0.0
    """
    train_z, train_y, test_z, test_y = _labelled(train_z, train_y, test_z, test_y)
    c = require_positive(c, "c")
    if (train_y == train_y[0]).all():  # there is nothing to tell apart
        return (test_y == train_y[0]).double().mean().item()
    probe = _logistic_regression(train_z, train_y, c)
    return float((probe.predict(test_z.numpy()) == test_y.numpy()).mean())


def _logistic_regression(z: torch.Tensor, y: torch.Tensor, c: float) -> Pipeline:
    """A fitted classifier of points (N, D), float64 on the CPU."""
    try:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ImportError as error:
        raise ImportError(INSTALL) from error
    regression = LogisticRegression(C=c, solver="lbfgs", warm_start=True)
    probe = make_pipeline(StandardScaler(), regression)
    for iterations in ITERATIONS:
        regression.max_iter = iterations
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # answered by the next round
            probe.fit(z.numpy(), y.numpy())
        if regression.n_iter_.max() < iterations:
            break
    return probe


def factor_probes(
    train_z: torch.Tensor,
    train_factors: Mapping[str, torch.Tensor],
    test_z: torch.Tensor,
    test_factors: Mapping[str, torch.Tensor],
) -> dict[str, FactorScore]:
    """Ask for each known factor of the images whether a linear probe can read it.

    Args:
        train_z: embeddings (N, D) to fit.
        train_factors: labels (N,) by name of the factor, such as
            ``{name: labels[train] for name, labels in data.factors.items()}``.
        test_z: embeddings (M, D) to be judged.
        test_factors: labels (M,) by the same names.

    Returns:
        A :class:`FactorScore` for each name, in the order of ``train_factors``.

    Raises:
        TypeError, ValueError: other names in one than in the other; and as :func:`linear_probe`.
        ImportError: scikit-learn is not installed.

    >>> z, y = torch.tensor([[0.0], [0.1], [5.0], [5.1]]), torch.tensor([0, 0, 1, 1])
    >>> factor_probes(z, {"size": y}, z, {"size": y})
    {'size': FactorScore(accuracy=1.0, chance=0.5)}
    """
    if set(train_factors) != set(test_factors):
        raise ValueError(
            "train_factors and test_factors must have the same names, got "
            f"{sorted(train_factors)} and {sorted(test_factors)}. Take both from one data set."
        )
    return {
        name: FactorScore(
            linear_probe(train_z, labels, test_z, test_factors[name]), _chance(test_factors[name])
        )
        for name, labels in train_factors.items()
    }


def _chance(labels: torch.Tensor) -> float:
    """Share of the most frequent label."""
    return labels.bincount().max().item() / len(labels)


def shadow_gaussianity(
    z: torch.Tensor, *, num_directions: int = 256, level: float = 0.05, seed: int = 0
) -> Gaussianity:
    """Test the shadows of a cloud against N(0, 1), along random directions and the axes.

    Each direction has a p-value of its own. They are not independent, and nothing is corrected
    for their number: for N(0, I) a share ``level`` of them is rejected on average. What training
    pulled below its null floor is rejected less often still.

    Args:
        z: points (N, D).
        num_directions: random directions, beside the D axes.
        level: below which a p-value rejects.
        seed: of the random directions; none of them is a slice of a training's loss.

    Raises:
        TypeError, ValueError: ``z`` is not a finite floating tensor (N, D); an option out of range.

    >>> z = torch.randn(500, 4, generator=torch.Generator().manual_seed(0))
    >>> shadow_gaussianity(z).rejected < 0.2, shadow_gaussianity(0.5 * z).rejected
    (True, 1.0)
    """
    z = widened(require_finite(require_matrix(z, "z"), "z").detach().cpu())
    num_directions = require_integer(num_directions, "num_directions")
    level = require_probability(level, "level")
    seed = require_integer(seed, "seed", minimum=0) + UNSEEN_SEEDS
    random = uniform_directions(z.shape[1], num_directions, seed=seed)
    directions = torch.cat([random, torch.eye(z.shape[1])], dim=1).to(z.dtype)  # (D, M + D)
    statistics = sliced_epps_pulley(z, directions)  # (M + D,)
    worst = int(statistics.argmax())
    return Gaussianity(
        mean_statistic=statistics.mean().item(),
        worst_statistic=statistics[worst].item(),
        worst_direction=directions[:, worst].clone(),
        rejected=(p_value(statistics) < level).double().mean().item(),
        level=level,
    )


def _labelled(
    train_z: torch.Tensor, train_y: torch.Tensor, test_z: torch.Tensor, test_y: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """The four on the CPU, points in float64, if they fit each other."""
    train_z = require_finite(require_matrix(train_z, "train_z"), "train_z").detach().cpu().double()
    test_z = require_finite(require_matrix(test_z, "test_z"), "test_z").detach().cpu().double()
    if train_z.shape[1] != test_z.shape[1]:
        raise ValueError(
            f"train_z and test_z must have one dimension, got {train_z.shape[1]} and "
            f"{test_z.shape[1]}. Pass embeddings of the same encoder."
        )
    _check_labels(train_y, "train_y", len(train_z))
    _check_labels(test_y, "test_y", len(test_z))
    return train_z, train_y.cpu(), test_z, test_y.cpu()


def _check_labels(labels: torch.Tensor, name: str, count: int) -> None:
    if not isinstance(labels, torch.Tensor) or labels.dtype != torch.int64:
        raise TypeError(f"{name} must be a tensor of int64 labels. Convert it: {name}.long()")
    if labels.shape != (count,) or (labels < 0).any():
        raise ValueError(
            f"{name} must hold one label from 0 for each of {count} points, "
            f"got shape {tuple(labels.shape)}. Pass as many labels as embeddings."
        )
