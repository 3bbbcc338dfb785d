"""Encoder, projector and probes together: who sees what, and whose gradient goes where."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from sigreg_edu.training.measures import SPACES
from sigreg_edu.training.network import JointNetwork, make_probe
from sigreg_edu.training.projector import JoinedBatchNorm


def flat_encoder():
    layer = nn.utils.skip_init(nn.Linear, 64, 12)
    generator = torch.Generator().manual_seed(0)
    nn.init.normal_(layer.weight, std=0.1, generator=generator)
    nn.init.zeros_(layer.bias)
    return nn.Sequential(nn.Flatten(), layer)


def network(**changes):
    sizes = {"embedding_dim": 12, "projection_dim": 5, "hidden_dim": 8, "num_classes": 3}
    return JointNetwork(flat_encoder(), **{**sizes, **changes})


def images(count=10):
    return torch.rand(count, 1, 8, 8, generator=torch.Generator().manual_seed(1))


@pytest.mark.usefixtures("global_generators_untouched")
def test_the_seed_alone_decides_projector_and_probes():
    first, again, other = (network(seed=seed).state_dict() for seed in (1, 1, 2))
    for name, tensor in first.items():
        assert tensor.isfinite().all(), name
        assert torch.equal(tensor, again[name]), name
    assert not torch.equal(first["projector.0.weight"], other["projector.0.weight"])


def test_outputs_are_embedding_projection_and_a_guess_in_each_space():
    outputs = network()(images())
    assert outputs.embedding.shape == (10, 12)
    assert outputs.projection.shape == (10, 5)
    assert list(outputs.guesses) == list(SPACES)
    assert all(guess.shape == (10, 3) for guess in outputs.guesses.values())


def test_the_projection_is_the_projectors_of_the_embedding():
    whole = network().eval()
    outputs = whole(images())
    assert torch.equal(outputs.embedding, whole.encoder(images()))
    assert torch.equal(outputs.projection, whole.projector(outputs.embedding))
    for space in SPACES:
        assert torch.equal(outputs.guesses[space], whole.probes[space](getattr(outputs, space)))


@pytest.mark.usefixtures("global_generators_untouched")
def test_without_a_hidden_layer_the_projector_is_one_matrix():
    for seed in (0, 1):
        whole = network(hidden_dim=0, seed=seed)
        assert isinstance(whole.projector, nn.Linear)
        assert not whole.projector.bias.any()
    assert not torch.equal(whole.projector.weight, network(hidden_dim=0).projector.weight)


def test_the_probes_losses_stop_at_the_probes():
    whole = network()
    labels = torch.arange(10) % 3
    guesses = whole(images()).guesses
    sum(functional.cross_entropy(guess, labels) for guess in guesses.values()).backward()
    assert all(parameter.grad is None for parameter in whole.learners())
    assert all(parameter.grad.any() for parameter in whole.probes.parameters())


def test_learners_are_all_parameters_but_the_probes():
    whole = network()
    learners, probes = map(set, (whole.learners(), whole.probes.parameters()))
    assert learners | probes == set(whole.parameters())
    assert not learners & probes


def test_a_probe_begins_by_guessing_alike_and_standardizes_what_it_sees():
    probe = make_probe(4, 3)
    assert not probe(images().flatten(1)[:, :4]).any()
    assert isinstance(probe[0], JoinedBatchNorm)
    assert not list(probe[0].parameters())
    z = images().flatten(1)[:, :4]
    nn.init.ones_(probe[1].weight)
    torch.testing.assert_close(probe(1e3 * z + 5.0), probe(z), rtol=1e-3, atol=1e-3)  # eps of it


def test_probes_see_float32_also_in_half_precision():
    with torch.autocast("cpu", torch.bfloat16):
        outputs = network()(images())
    assert outputs.projection.dtype == torch.bfloat16
    assert all(guess.isfinite().all() for guess in outputs.guesses.values())
