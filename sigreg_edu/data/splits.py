"""A fixed split into training and test images that is fair to each class."""

from __future__ import annotations

import torch

__all__ = ["split_by_class"]


def split_by_class(
    labels: torch.Tensor, *, test_share: float = 0.25, seed: int = 0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Shuffle each class once with a fixed seed; the first share of it is for testing.

    A class of two or more has at least one on either side, a class of one trains.

    Args:
        labels: (N,) int64.
        test_share: share of each class to test on, between 0 and 1.
        seed: of the shuffles.

    Returns:
        Indices to train on and to test on, sorted int64, N in all.

    >>> train, test = split_by_class(torch.tensor([0, 0, 0, 0, 1, 1, 2]))
    >>> len(train), len(test)
    (5, 2)
    """
    generator = torch.Generator().manual_seed(seed)
    is_test = torch.zeros(len(labels), dtype=torch.bool)
    for label in labels.unique():
        members = (labels == label).nonzero().squeeze(1)
        shuffled = members[torch.randperm(len(members), generator=generator)]
        count = min(max(round(test_share * len(members)), 1), len(members) - 1)
        is_test[shuffled[:count]] = True
    return (~is_test).nonzero().squeeze(1), is_test.nonzero().squeeze(1)
