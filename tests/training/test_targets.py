"""What a view is asked to agree with: the values, the gradients, and who gets none."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from sigreg_edu.losses import invariance
from sigreg_edu.training import small_encoder
from sigreg_edu.training.projector import make_projector
from sigreg_edu.training.targets import (
    TARGETS,
    AveragedTeacher,
    distance_to_others,
    make_agreement,
)


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def gradient(term, z: torch.Tensor) -> torch.Tensor:
    z = z.clone().requires_grad_(True)
    (result,) = torch.autograd.grad(term(z), z)
    return result


@pytest.fixture
def network() -> nn.Module:
    return nn.Sequential(small_encoder(8), make_projector(8, 4, hidden_dim=16))


@pytest.mark.parametrize("num_views", [2, 3, 5])
def test_a_stop_gradient_keeps_the_value_and_all_but_one_vth_of_the_gradient(num_views):
    z = drawn(num_views, 16, 3)
    stopped = make_agreement("stop_gradient", nn.Identity())
    assert stopped(z, z).item() == pytest.approx(invariance(z).item(), rel=1e-12)
    share = (num_views - 1) / num_views  # one half for two views
    torch.testing.assert_close(
        gradient(lambda x: stopped(x, x), z), share * gradient(invariance, z)
    )


def test_shared_is_the_invariance():
    z = drawn(2, 16, 3)
    assert torch.equal(make_agreement("shared", nn.Identity())(z, z), invariance(z))


def test_the_targets_of_a_distance_get_no_gradient():
    z, targets = drawn(2, 8, 3), drawn(2, 8, 3, seed=1).requires_grad_(True)
    distance_to_others(z.requires_grad_(True), targets).backward()
    assert z.grad is not None
    assert targets.grad is None


def test_the_distance_is_to_the_mean_of_the_other_views():
    z, targets = drawn(3, 8, 2), drawn(3, 8, 2, seed=1)
    first = z[0] - (targets[1] + targets[2]) / 2
    second = z[1] - (targets[0] + targets[2]) / 2
    third = z[2] - (targets[0] + targets[1]) / 2
    expected = (2 / 3) ** 2 * torch.stack([first, second, third]).square().mean()
    torch.testing.assert_close(distance_to_others(z, targets), expected)


def test_a_teacher_that_forgets_at_once_is_a_stop_gradient(network):
    views = drawn(2, 32, 8, 8).float()
    teacher = AveragedTeacher(network, decay=0.0)
    with torch.no_grad():  # the student moves on
        for weight in network.parameters():
            weight.add_(0.05)
    z = network(views.flatten(0, 1)).unflatten(0, (2, 32))
    assert torch.equal(teacher(z, views), make_agreement("stop_gradient", network)(z, views))


def test_a_teacher_with_decay_1_never_moves(network):
    teacher = AveragedTeacher(network, decay=1.0)
    before = [weight.clone() for weight in teacher.teacher.parameters()]
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(1.0)
    teacher.follow()
    assert all(map(torch.equal, before, teacher.teacher.parameters()))


def test_a_teacher_is_the_running_average_of_the_weights(network):
    teacher = AveragedTeacher(network, decay=0.9)
    last, kept = network[-1][-1].weight, teacher.teacher[-1][-1].weight
    expected = last.detach().clone()
    for _ in range(3):
        with torch.no_grad():
            last.add_(1.0)
        teacher.follow()
        expected = 0.9 * expected + 0.1 * last.detach()
    torch.testing.assert_close(kept.detach(), expected)


def test_a_teacher_takes_the_buffers_as_they_are(network):
    teacher = AveragedTeacher(network)
    network(drawn(64, 8, 8).float())  # moves the running mean of BatchNorm
    teacher.follow()
    for kept, new in zip(teacher.teacher.buffers(), network.buffers(), strict=True):
        assert torch.equal(kept, new)


def test_a_teacher_never_gets_a_gradient(network):
    views = drawn(2, 16, 8, 8).float()
    teacher = AveragedTeacher(network)
    z = network(views.flatten(0, 1)).unflatten(0, (2, 16))
    teacher(z, views).backward()
    assert all(weight.grad is None for weight in teacher.teacher.parameters())
    assert all(weight.grad is not None for weight in network.parameters())


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_agrees_with_the_invariance_before_the_first_step(target, network):
    views = drawn(2, 16, 8, 8).float()
    z = network(views.flatten(0, 1)).unflatten(0, (2, 16))
    value = make_agreement(target, network)(z, views)
    # the teacher is a copy that has seen the same batch; float32
    assert value.item() == pytest.approx(invariance(z).item(), rel=1e-5)


def test_an_unknown_target_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match="teacher"):
        make_agreement("techer", nn.Identity())


@pytest.mark.parametrize("decay", [-0.1, 1.5])
def test_a_decay_out_of_range_is_refused(decay, network):
    with pytest.raises(ValueError, match="decay must be"):
        AveragedTeacher(network, decay=decay)
