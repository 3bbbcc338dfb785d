"""Joint-embedding training: which sum is minimised, what may change, what is measured."""

from __future__ import annotations

import pytest
import torch

from sigreg_edu.data import load_digits
from sigreg_edu.losses import (
    HybridTransition,
    HybridVICRegSIGRegLoss,
    LeJEPALoss,
    SIGReg,
    SIGRegLoss,
    VICRegLoss,
    invariance,
)
from sigreg_edu.training import effective_rank, knn_accuracy
from sigreg_edu.training.joint import JointTraining
from sigreg_edu.training.objective import CONDITIONS, Regularizer, vicreg_regularizer
from sigreg_edu.training.projector import make_projector
from sigreg_edu.training.targets import TARGETS

SEED = 5


def start(condition: str = "lejepa", **changes) -> JointTraining:
    return JointTraining(condition, **{"steps": 6, "batch_size": 32, "num_slices": 8, **changes})


def gradient(term, z: torch.Tensor) -> torch.Tensor:
    z = z.clone().requires_grad_(True)
    (result,) = torch.autograd.grad(term(z), z)
    return result


def objective(condition: str, *, mixture=None):
    """The sum that a condition minimises, as the training puts it together."""
    training = start(condition, seed=SEED)
    regularizer = Regularizer(condition, num_slices=8, seed=SEED)
    if mixture:
        regularizer.mixture = mixture
    lamb = training.lamb
    return lambda z: (1.0 - lamb) * invariance(z) + lamb * regularizer(z)


# --- λ = 0.2 is what the weights 25 : 25 (: 1) mean --------------------------------------------

MIXTURE = (0.3, 0.7)
LIBRARY = {
    "vicreg": (lambda: VICRegLoss(25.0, 25.0, 1.0), None),
    "sigreg": (lambda: SIGRegLoss(8, seed=SEED), None),
    "hybrid": (
        lambda: HybridVICRegSIGRegLoss(
            num_slices=8, vicreg_weight=MIXTURE[0], sigreg_weight=MIXTURE[1], seed=SEED
        ),
        MIXTURE,
    ),
}


@pytest.mark.parametrize("condition", LIBRARY)
def test_the_librarys_loss_is_125_times_the_objective(condition):
    make, mixture = LIBRARY[condition]
    z = 0.7 * torch.randn(2, 32, 6, generator=torch.Generator().manual_seed(1)) + 0.2
    ours = 125.0 * gradient(objective(condition, mixture=mixture), z)
    theirs = gradient(lambda x: make()(*x)["loss"], z)
    # both in float32, the terms added up in another order
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5 * theirs.abs().max().item())
    value = 125.0 * objective(condition, mixture=mixture)(z)
    assert value.item() == pytest.approx(make()(*z)["loss"].item(), rel=1e-5)


def test_lejepas_is_the_librarys_as_it_is():
    z = torch.randn(2, 32, 6, generator=torch.Generator().manual_seed(1))
    theirs = gradient(lambda x: LeJEPALoss(lamb=0.02, num_slices=8, seed=SEED)(x)["loss"], z)
    torch.testing.assert_close(gradient(objective("lejepa"), z), theirs)


@pytest.mark.parametrize(("asked", "taken"), [(None, 16), (8, 8)])
def test_standardized_is_the_reports_three_sums_and_blind_to_scale(asked, taken):
    z = torch.randn(2, 32, 6, generator=torch.Generator().manual_seed(1))
    for scale in (1.0, 0.01):
        regularizer = Regularizer("standardized", num_slices=asked, seed=SEED)
        reference = SIGReg(taken, method="reference_points", standardize=True, seed=SEED)
        assert regularizer(scale * z).item() == pytest.approx(reference(z).item(), rel=1e-3)


def test_a_transition_of_another_kind_is_refused_at_once():
    with pytest.raises(TypeError, match="must be a HybridTransition, got str"):
        JointTraining("hybrid", transition="linear")
    with pytest.raises(ValueError, match="projection_dim"):
        JointTraining(projection_dim=0)


def test_vicregs_regularizer_at_full_collapse_is_the_hinge():
    assert vicreg_regularizer(torch.zeros(2, 8, 3)).item() == pytest.approx(1 - 1e-4**0.5)


# --- what the conditions share -----------------------------------------------------------------


def test_every_condition_starts_from_the_same_weights_batches_and_views():
    firsts = {name: start(name).step().invariance for name in CONDITIONS}
    assert len(set(firsts.values())) == 1


def test_every_target_starts_alike_too():
    for target in TARGETS:
        value = start(target=target).step().invariance
        assert value == pytest.approx(start().step().invariance, rel=1e-5)  # float32


def test_at_lambda_zero_every_condition_is_the_one_without_a_regularizer():
    without = [record.invariance for record in steps_of(start("none"))]
    for name in CONDITIONS:
        assert [record.invariance for record in steps_of(start(name, lamb=0.0))] == without


def test_the_same_seed_repeats_the_run_and_another_does_not():
    def losses(seed):
        return [record.loss for record in steps_of(start(seed=seed))]

    assert losses(1) == losses(1)
    assert losses(1) != losses(2)


def steps_of(training: JointTraining) -> list:
    while not training.finished:
        training.step()
    return training.records


# --- driving it --------------------------------------------------------------------------------


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("target", TARGETS)
def test_every_condition_runs_with_every_target_to_its_end(condition, target):
    training = start(condition, target=target, steps=3)
    assert [record.step for record in steps_of(training)] == [1, 2, 3]
    assert training.finished
    with pytest.raises(RuntimeError, match="all 3 steps"):
        training.step()
    assert len(training.records) == 3


def test_lambda_set_on_the_way_takes_effect_at_the_next_step():
    training = start(lamb=0.0)
    for lamb in (0.0, 0.5, 1.0):
        training.lamb = lamb
        record = training.step()
        expected = (1 - lamb) * record.invariance + lamb * record.regularizer
        assert record.loss == pytest.approx(expected, rel=1e-5)


def test_a_training_whose_lambda_changes_goes_on_as_one_that_had_it():
    changed, constant = start(lamb=0.0), start(lamb=0.0)
    assert changed.step() == constant.step()
    changed.lamb = 0.5
    assert changed.step().invariance == constant.step().invariance  # the weights were still one's
    assert changed.step().invariance != constant.step().invariance


def test_without_a_regularizer_no_lambda_is_taken():
    with pytest.raises(ValueError, match="lamb must be 0 without a regularizer"):
        start("none", lamb=0.1)
    training = start("none")
    with pytest.raises(ValueError, match="Choose another condition"):
        training.lamb = 0.1
    assert training.lamb == 0.0


@pytest.mark.parametrize("shape", ["steps", "linear"])
def test_the_hybrid_hands_over_as_scheduled(shape):
    transition = HybridTransition(2, 4, shape)
    training = start("hybrid", transition=transition)
    for step in range(6):
        training.step()
        assert training.regularizer.mixture == transition(step)  # update step + 1 ran with these


def test_before_and_after_the_transition_the_hybrid_is_one_of_the_two():
    still_vicreg = start("hybrid", transition=HybridTransition(100, 200))
    already_sigreg = start("hybrid", transition=HybridTransition(0, 0))
    for hybrid, pure in ((still_vicreg, "vicreg"), (already_sigreg, "sigreg")):
        ours, theirs = steps_of(hybrid), steps_of(start(pure))
        assert [r.invariance for r in ours] == pytest.approx([r.invariance for r in theirs])
        spread = [r.regularizer for r in theirs]
        assert [r.regularizer for r in ours] == pytest.approx(spread, rel=1e-5)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"condition": "sigreq"}, ValueError, "sigreg"),
        ({"target": "student"}, ValueError, "target"),
        ({"lamb": 1.5}, ValueError, "lamb must be a finite number from 0 to 1"),
        ({"lamb": "0.1"}, TypeError, "lamb must be a number"),
        ({"steps": 2}, ValueError, "steps must be at least 3"),
        ({"seed": -1}, ValueError, "seed must be at least 0"),
    ],
)
def test_bad_options_are_refused_at_once(changes, error, message):
    with pytest.raises(error, match=message):
        start(**changes)


# --- what is measured --------------------------------------------------------------------------


def test_the_measures_are_those_of_the_probes():
    training, digits = start(), load_digits()
    training.step()
    for space, dim in (("embedding", 32), ("projection", 16)):
        z, measures = training.embed(space), training.measure(space)
        assert z.shape == (1797, dim)
        train, test = digits.train_indices, digits.test_indices
        std = z.numpy().std(axis=0, ddof=1)
        assert measures.smallest_std == pytest.approx(std.min(), rel=1e-5)
        assert measures.mean_std == pytest.approx(std.mean(), rel=1e-5)
        assert measures.effective_rank == effective_rank(z).item()
        assert measures.knn == knn_accuracy(
            z[train], digits.labels[train], z[test], digits.labels[test]
        )


def test_t_of_standard_gaussian_points_is_near_its_mean_of_1_05():
    training = start()
    draws = (torch.randn(1797, 16, generator=torch.Generator().manual_seed(s)) for s in range(8))
    values = [training.measure_points(z).sigreg for z in draws]
    # mean over 256 directions; one sample's still scatters by some 0.1
    assert sum(values) / 8 == pytest.approx(1.05, abs=0.15)


def test_t_of_points_that_coincide_is_0_402_n():
    assert start().measure_points(torch.zeros(1797, 16)).sigreg == pytest.approx(
        0.402 * 256, rel=2e-3
    )


def test_looking_does_not_change_the_training():
    watched, left_alone = start(), start()
    for _ in range(3):
        watched.measure()
        watched.measure("embedding")
        assert watched.step() == left_alone.step()


def test_the_untrained_embedding_is_standardized_and_the_projection_about_as_wide():
    training = start()
    train = training.digits.train_indices
    std = training.embed("embedding")[train].std(dim=0)
    assert std.numpy() == pytest.approx(1.0, abs=1e-4)
    assert 0.5 < training.measure("projection").mean_std < 1.5


def test_a_projector_of_its_own_seed_draws_from_no_global_generator():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first, second = make_projector(8, 4, seed=1), make_projector(8, 4, seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first[0].weight, second[0].weight)
    assert not torch.equal(first[0].weight, make_projector(8, 4, seed=2)[0].weight)
