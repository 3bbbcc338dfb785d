"""Several processes with uneven shares of a batch train the network that one process trains."""

from __future__ import annotations

import os
from functools import lru_cache

import pytest
import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from sigreg_edu.data import ScatteredDigits
from sigreg_edu.losses.distributed import is_spread, sum_over_ranks
from sigreg_edu.training.config import TrainConfig
from sigreg_edu.training.pretraining import CHECKPOINT, Pretraining
from sigreg_edu.training.projector import JoinedBatchNorm

LOSSES = ("lejepa", "vicreg", "supervised")
STEPS = 3
BATCH = 17  # neither two nor three processes share it evenly


@lru_cache(maxsize=1)
def digits():
    return ScatteredDigits()


def config_of(loss):
    return TrainConfig().with_values(
        {
            "loss.name": loss,
            "loss.num_slices": 8,
            "model.projection_dim": 8,
            "model.hidden_dim": 32,
            "steps": STEPS,
            "batch_size": BATCH,
            "warmup": 0,
            "seed": 5,
        }
    )


def start(loss):
    run = Pretraining(config_of(loss), data=digits())
    for group in run.optimizer.param_groups:
        # Where a gradient should be 0 and is rounding (offsets of keys, probes' rows of a digit
        # that the batch lacks), Adam takes full steps by its sign. A larger eps makes them small.
        group["eps"] = 1e-4
    return run


def trained(loss):
    run = start(loss)
    while not run.finished:
        run.step()
    return run


# --- BatchNorm -----------------------------------------------------------------------------------

SIZES = {1: (19,), 2: (12, 7), 3: (9, 4, 6)}  # points of each rank
WEIGHTS = torch.linspace(-1.0, 2.0, 19 * 5, dtype=torch.float64).reshape(19, 5).cos()


def all_points(step):
    generator = torch.Generator().manual_seed(step)
    return 3.0 * torch.randn(19, 5, generator=generator, dtype=torch.float64) + 1.0


def normalized(make, rank=0, world=1, wrap=lambda module: module):
    """What a BatchNorm makes of this rank's points in two steps, and every gradient of it."""
    norm = make(5, dtype=torch.float64)
    with torch.no_grad():
        norm.weight.copy_(torch.linspace(0.5, 1.5, 5))
        norm.bias.copy_(torch.linspace(-1.0, 1.0, 5))
    wrapped, found = wrap(norm), {}
    for step in range(2):
        x = all_points(step).split(SIZES[world])[rank].clone().requires_grad_(True)
        norm.zero_grad()
        y = wrapped(x)
        # A function of a sum over all points, as the losses are.
        total = sum_over_ranks((y * WEIGHTS.split(SIZES[world])[rank]).sin().sum())
        total.square().backward()
        gradients = {name: p.grad.clone() for name, p in norm.named_parameters()}
        found |= {f"y {step}": y.detach(), f"x {step}": x.grad / world}
        found |= {f"{name} {step}": gradient for name, gradient in gradients.items()}
    found |= norm.state_dict()
    found["evaluated"] = norm.eval()(all_points(2)).detach()
    return found


# --- in several processes ------------------------------------------------------------------------


def as_one_rank(rank, world, port, folder):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    dist.init_process_group("gloo", rank=rank, world_size=world)
    torch.set_num_threads(1)
    found = {"norm": normalized(JoinedBatchNorm, rank, world, DistributedDataParallel)}
    for loss in LOSSES:
        run = trained(loss)
        found[loss] = {
            "losses": [record.loss for record in run.records],
            "norms": [record.gradient_norm for record in run.records],
            "state": run.network.state_dict(),
            "batch": len(run._draw()[1]),
        }
    found["resumed"] = resumed(f"{folder}/run")
    try:
        Pretraining(config_of("lejepa").with_values({"batch_size": 2}), data=digits())
    except ValueError as error:
        found["refusal"] = str(error)
    torch.save(found, f"{folder}/{rank}.pt")
    dist.destroy_process_group()


def resumed(folder):
    """Losses of a training that all ranks leave after a step and take up from the first's file."""
    begun = start("lejepa").take_steps(folder)
    losses = [next(begun).loss]
    begun.close()
    dist.barrier()  # until the first has written
    files = sorted(os.listdir(folder))
    rest = start("lejepa")
    rest.load(f"{folder}/{CHECKPOINT}")
    while not rest.finished:
        losses.append(rest.step().loss)
    return {"losses": losses, "files": files}


@pytest.fixture(scope="module", params=[2, 3])
def ranks(request, of_all_ranks):
    """What each of 2 or 3 processes found."""
    return of_all_ranks(as_one_rank, request.param)


@pytest.fixture(scope="module")
def alone():
    """The trainings of one process."""
    assert not is_spread()
    return {loss: trained(loss) for loss in LOSSES}


@pytest.mark.parametrize("loss", LOSSES)
def test_the_weights_are_those_of_one_process(ranks, alone, loss):
    expected = alone[loss].network.state_dict()
    learned = [name for name, _ in alone[loss].network.named_parameters()]
    fresh = start(loss).network.state_dict()
    assert max((expected[name] - fresh[name]).abs().max() for name in learned) > 1e-3
    for rank in ranks:
        for name, tensor in rank[loss]["state"].items():
            difference = (tensor - expected[name]).abs().max().item()
            assert difference < 1e-5, name  # float32, sums in another order


@pytest.mark.parametrize("loss", LOSSES)
def test_every_process_has_the_very_same_weights(ranks, loss):
    for rank in ranks[1:]:
        for name, tensor in rank[loss]["state"].items():
            assert torch.equal(tensor, ranks[0][loss]["state"][name]), name


@pytest.mark.parametrize("loss", LOSSES)
def test_losses_and_gradients_are_those_of_the_whole_batch(ranks, alone, loss):
    expected = alone[loss].records
    for rank in ranks:
        assert rank[loss]["losses"] == pytest.approx([r.loss for r in expected], rel=1e-4)
        assert rank[loss]["norms"] == pytest.approx([r.gradient_norm for r in expected], rel=1e-3)


def test_the_processes_share_a_batch_unevenly(ranks):
    shares = [rank["lejepa"]["batch"] for rank in ranks]
    assert sum(shares) == BATCH
    assert len(set(shares)) == 2


def test_the_first_process_keeps_the_checkpoint_that_all_go_on_from(ranks):
    for rank in ranks:
        assert rank["resumed"]["files"] == [CHECKPOINT]
        # DistributedDataParallel sums in another order in its first step.
        assert rank["resumed"]["losses"] == pytest.approx(rank["lejepa"]["losses"], rel=1e-5)


def test_a_batch_that_leaves_a_process_without_an_image_is_refused(ranks):
    if len(ranks) == 2:
        assert all("refusal" not in rank for rank in ranks)  # one image each
    else:
        assert all("at least the 3 processes, got 2" in rank["refusal"] for rank in ranks)


def test_joined_batchnorm_is_batchnorm_of_the_joined_batch(ranks):
    expected = normalized(nn.BatchNorm1d)
    for number, rank in enumerate(ranks):
        for name, tensor in rank["norm"].items():
            whole = expected[name]
            if name[0] in "xy":
                whole = whole.split(SIZES[len(ranks)])[number]
            torch.testing.assert_close(tensor, whole, rtol=1e-9, atol=1e-9, msg=name)  # float64
