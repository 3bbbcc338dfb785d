"""The projector, and BatchNorm where there is one process; several are in the distributed tests."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from sigreg_edu.training.projector import JoinedBatchNorm, make_projector


def points(count=20, dim=6, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return 3.0 * torch.randn(count, dim, generator=generator) + 1.0


@pytest.mark.usefixtures("global_generators_untouched")
def test_the_seed_alone_decides_the_weights():
    first, again, other = (make_projector(6, 4, seed=seed) for seed in (1, 1, 2))
    for layer in (0, 3):
        assert torch.equal(first[layer].weight, again[layer].weight)
        assert not torch.equal(first[layer].weight, other[layer].weight)
        assert not first[layer].bias.any()


def test_it_is_a_hidden_layer_with_batchnorm_and_a_linear_one():
    projector = make_projector(6, 4, hidden_dim=10)
    hidden = projector[0](points())
    normalized = (hidden - hidden.mean(0)) / (hidden.var(0, unbiased=False) + 1e-5).sqrt()
    expected = projector[3](nn.functional.gelu(normalized))
    torch.testing.assert_close(projector(points()), expected, rtol=1e-4, atol=1e-5)  # float32
    assert projector(points()).shape == (20, 4)


def test_normalized_it_ends_with_mean_0_and_standard_deviation_1():
    plain, normalized = (make_projector(6, 4, normalized=last) for last in (False, True))
    z = plain(points())
    expected = (z - z.mean(0)) / (z.var(0, unbiased=False) + 1e-5).sqrt()
    torch.testing.assert_close(normalized(points()), expected, rtol=1e-4, atol=1e-5)  # float32


def test_a_seed_that_is_none_is_refused():
    with pytest.raises(ValueError, match="seed must be at least 0"):
        make_projector(6, 4, seed=-1)


@pytest.mark.parametrize("affine", [True, False])
def test_in_one_process_joined_batchnorm_is_batchnorm(affine):
    ours, theirs = JoinedBatchNorm(6, affine=affine), nn.BatchNorm1d(6, affine=affine)
    for seed in range(2):
        assert torch.equal(ours(points(seed=seed)), theirs(points(seed=seed)))
    for name, tensor in theirs.state_dict().items():
        assert torch.equal(ours.state_dict()[name], tensor), name
    assert torch.equal(ours.eval()(points(seed=3)), theirs.eval()(points(seed=3)))
