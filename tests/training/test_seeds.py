"""One seed becomes several that have nothing to do with each other."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from sigreg_edu.training.config import TrainConfig
from sigreg_edu.training.joint import JointTraining
from sigreg_edu.training.pretraining import Pretraining
from sigreg_edu.training.seeds import spread_seed


def first_numbers(seed, count=10_000):
    return torch.randn(count, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("seed", [0, 1, 2**32, 2**70])
def test_streams_of_one_seed_are_unrelated(seed):
    streams = [first_numbers(one) for one in spread_seed(seed)]
    # the correlation of independent samples has standard deviation 1/100
    for one, two in itertools.combinations(streams, 2):
        assert abs(np.corrcoef(one, two)[0, 1]) < 0.05


def test_neighbours_share_no_stream_and_large_seeds_are_no_small_ones():
    seeds = [*range(50), 2**32, 2**32 + 1, 2**64]
    every = [one for seed in seeds for one in spread_seed(seed)]
    assert len(set(every)) == len(every)
    assert all(0 <= one < 2**32 for one in every)


@pytest.mark.parametrize(("seed", "error"), [(-1, ValueError), (0.5, TypeError), ("0", TypeError)])
def test_what_is_no_seed_is_refused(seed, error):
    with pytest.raises(error, match="seed must be"):
        spread_seed(seed)


def drawn_by_joint(seed):
    training = JointTraining(seed=seed, steps=3)
    return training.backbone[2].weight, training.network[1][0].weight, training.regularizer


def drawn_by_pretraining(seed):
    run = Pretraining(TrainConfig().with_values({"seed": seed}))
    return run.network.encoder.stem[0].weight, run.network.projector[0].weight, run.regularizer


@pytest.mark.parametrize("draw", [drawn_by_joint, drawn_by_pretraining])
def test_encoder_projector_and_slices_do_not_begin_alike(draw):
    encoder, projector, regularizer = draw(0)
    shadows = regularizer.sigreg.draw_directions(torch.zeros(2, 4, projector.shape[0])).flatten()
    drawn = [encoder.detach().flatten(), projector.detach().flatten(), shadows]
    size = min(len(numbers) for numbers in drawn)
    for one, two in itertools.combinations(drawn, 2):
        assert abs(np.corrcoef(one[:size], two[:size])[0, 1]) < 5 / size**0.5
