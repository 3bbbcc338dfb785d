"""Several processes with uneven batches make the very update of one process on the joined batch."""

import os
from functools import partial

import pytest
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from sigreg_edu.losses import (
    HybridVICRegSIGRegLoss,
    LearnedSliceSIGReg,
    LeJEPALoss,
    MultiScaleSIGReg,
    SIGReg,
    SIGRegLoss,
    VICRegLoss,
    WeightedSIGReg,
)
from sigreg_edu.slicing import uniform_directions

SIZES = {2: (20, 9), 3: (7, 12, 10)}  # images of each rank


class Learner(torch.nn.Module):
    """A linear encoder that also learns directions, or leaves them to the loss."""

    def __init__(self, learned):
        super().__init__()
        self.encoder = torch.nn.Linear(5, 4).double()
        with torch.no_grad():
            self.encoder.weight.copy_(torch.linspace(-1, 1, 20).reshape(4, 5))
            self.encoder.bias.fill_(0.1)
        if learned:
            directions = uniform_directions(4, 6, seed=0, dtype=torch.float64)
            self.directions = torch.nn.Parameter(directions)

    def forward(self, views):
        return self.encoder(views)


def of_pair(loss, z, **options):
    return loss(z[0], z[1], **options)["loss"]


def of_views(loss, z, **options):
    return loss(z, **options)["loss"]


def of_levels(loss, z, **options):
    return loss([z, 2 * z], **options)["loss"]


def of_points(loss, z, **options):
    return loss(z, **options)


def with_own_fixed_slices(rank):
    """Fixed slices that were drawn on each rank by itself, as from checkpoints that differ."""
    sigreg = SIGReg(8, seed=rank, fixed_slices=True)
    sigreg.directions = uniform_directions(4, 8, seed=rank)
    return sigreg


# Each rank's own seed: rank 0's directions must be everyone's.
CASES = {
    "sigreg": (lambda rank: SIGReg(8, seed=rank), of_points, False),
    "sigreg_fixed": (lambda rank: SIGReg(8, seed=rank, fixed_slices=True), of_points, False),
    "sigreg_own_fixed": (with_own_fixed_slices, of_points, False),
    "sigreg_learned": (lambda rank: SIGReg(), of_points, True),
    "sigreg_loss": (lambda rank: SIGRegLoss(8, seed=rank), of_pair, False),
    "vicreg": (lambda rank: VICRegLoss(), of_pair, False),
    "hybrid": (lambda rank: HybridVICRegSIGRegLoss(num_slices=8, seed=rank), of_pair, False),
    "weighted": (lambda rank: WeightedSIGReg(8, weight="cauchy", seed=rank), of_points, False),
    "multi_scale": (lambda rank: MultiScaleSIGReg((8, 6), seed=rank), of_levels, False),
    "learned_slices": (lambda rank: LearnedSliceSIGReg(8, share=0.5, seed=rank), of_views, False),
    "lejepa": (lambda rank: LeJEPALoss(0.3, 8, seed=rank), of_views, False),
}


def all_images():
    draws = torch.Generator().manual_seed(0)
    return torch.randn(2, 29, 5, generator=draws, dtype=torch.float64)  # (V, N, pixels)


def gradients(case, rank, images, wrap=lambda module: module):
    make, call, learned = CASES[case]
    learner = Learner(learned)
    options = {"directions": learner.directions} if learned else {}
    wrapped = wrap(learner)  # DDP averages only as long as it lives
    loss = call(make(rank), wrapped(images), **options)
    loss.backward()
    return loss.item(), {name: p.grad for name, p in learner.named_parameters()}


def as_one_rank(rank, world, port, folder):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    dist.init_process_group("gloo", rank=rank, world_size=world)
    torch.set_num_threads(1)
    share = all_images().split(SIZES[world], dim=1)[rank]
    wrap = partial(DistributedDataParallel, find_unused_parameters=False)
    results = {
        case: gradients(case, rank, share, wrap) for case in CASES if case != "sigreg_learned"
    }
    results["sigreg_learned"] = averaged_by_hand(rank, share, world)
    sanity = SIGReg(8, fixed_slices=True)
    if rank == 0:  # which has its fixed slices before the others have theirs
        sanity.distributed = False
        sanity(share)
        sanity.distributed = True
    results["after sanity"] = sanity(share).item()
    results["alone"] = SIGReg(8, distributed=False)(share).item()
    results["climbers"] = climbers(rank, share)
    if rank == 0:  # which nobody else calls
        results["on one rank"] = LeJEPALoss(0.3, 8, distributed=False)(share)["loss"].item()
    try:
        SIGReg(8, method="closed_form")(share)
    except ValueError as error:
        results["refusal"] = str(error)
    torch.save(results, f"{folder}/{rank}.pt")
    dist.destroy_process_group()


def climbers(rank, images):
    """Directions that have climbed for a few calls, each rank with a seed of its own."""
    loss = LearnedSliceSIGReg(8, share=0.5, t_max=2.0, seed=rank)
    for scale in (1.0, 1.1, 1.2):
        loss(scale * images)
    return loss.slices.directions


def averaged_by_hand(rank, share, world):
    """DDP's averaging, for directions that the wrapped module does not use itself."""
    loss, found = gradients("sigreg_learned", rank, share)
    for gradient in found.values():
        dist.all_reduce(gradient)
        gradient /= world
    return loss, found


@pytest.fixture(scope="module", params=[2, 3])
def ranks(request, of_all_ranks):
    """What each of 2 or 3 processes found."""
    return of_all_ranks(as_one_rank, request.param)


@pytest.mark.parametrize("case", CASES)
def test_the_update_is_the_single_process_one_on_the_joined_batch(ranks, case):
    loss, exact = gradients(case, 0, all_images())
    for rank in ranks:
        assert rank[case][0] == pytest.approx(loss, rel=1e-12)
        for name, gradient in rank[case][1].items():
            assert torch.allclose(gradient, exact[name], rtol=1e-9, atol=1e-12), name


def test_learned_slices_climb_together_on_the_points_of_all_ranks(ranks):
    expected = climbers(0, all_images()[:, : sum(SIZES[len(ranks)])])
    for rank in ranks:
        assert torch.equal(rank["climbers"], ranks[0]["climbers"])
        # Sums of parts round otherwise than sums of all, and a climb of nine strides adds that up.
        torch.testing.assert_close(rank["climbers"], expected, atol=1e-5, rtol=0.0)


def test_a_rank_may_look_at_its_own_points_alone(ranks):
    shares = all_images().split(SIZES[len(ranks)], dim=1)
    for rank, share in zip(ranks, shares, strict=True):
        assert rank["alone"] == pytest.approx(SIGReg(8)(share).item())
    assert "on one rank" in ranks[0]


def test_ranks_need_not_have_drawn_their_fixed_slices_at_the_same_time(ranks):
    expected = SIGReg(8, fixed_slices=True)(all_images()[:, : sum(SIZES[len(ranks)])]).item()
    assert [rank["after sanity"] for rank in ranks] == pytest.approx([expected] * len(ranks))


def test_forms_that_ranks_cannot_add_are_refused(ranks):
    for rank in ranks:
        assert "Pass distributed=False" in rank["refusal"]
