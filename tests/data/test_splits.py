"""The split is fixed, and fair to each class."""

import pytest
import torch

from sigreg_edu.data import load_digits
from sigreg_edu.data.splits import split_by_class


@pytest.mark.parametrize("sizes", [[1], [2], [1, 2, 3], [40, 7], [100] * 10])
@pytest.mark.parametrize("test_share", [0.01, 0.25, 0.99])
def test_a_class_of_two_or_more_is_on_either_side_and_nothing_is_lost(sizes, test_share):
    labels = torch.arange(len(sizes)).repeat_interleave(torch.tensor(sizes))
    train, test = split_by_class(labels, test_share=test_share)
    assert torch.cat([train, test]).sort().values.tolist() == list(range(sum(sizes)))
    for label, size in enumerate(sizes):
        count = (labels[test] == label).sum().item()
        assert min(size - 1, 1) <= count <= max(size - 1, 0)
        assert abs(count - test_share * size) <= 1


def test_the_seed_decides_and_indices_are_sorted():
    labels = torch.zeros(50, dtype=torch.int64)
    train, test = split_by_class(labels, seed=3)
    assert torch.equal(train, train.sort().values)
    assert torch.equal(test, split_by_class(labels, seed=3)[1])
    assert not torch.equal(test, split_by_class(labels, seed=4)[1])


def test_it_is_the_split_of_the_digits():
    digits = load_digits()
    train, test = split_by_class(digits.labels)
    assert torch.equal(train, digits.train_indices)
    assert torch.equal(test, digits.test_indices)
