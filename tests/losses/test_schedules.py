"""Schedules set what they promise, at the ends and in between."""

import pytest

from sigreg_edu.losses import (
    HybridTransition,
    HybridVICRegSIGRegLoss,
    LambdaWarmup,
    LeJEPALoss,
    SIGRegLoss,
    SliceSchedule,
)
from sigreg_edu.losses.schedules import SLICE_SHAPES


def test_the_default_transition_is_the_reports():
    schedule = HybridTransition()
    expected = {0: (1, 0), 99: (1, 0), 100: (0.5, 0.5), 199: (0.5, 0.5), 200: (0, 1), 999: (0, 1)}
    assert {epoch: schedule(epoch) for epoch in expected} == expected


@pytest.mark.parametrize("shape", ["linear", "cosine"])
def test_a_smooth_transition_has_the_same_ends_and_middle(shape):
    schedule = HybridTransition(shape=shape)
    assert schedule(100) == (1.0, 0.0)
    assert schedule(150) == pytest.approx((0.5, 0.5))
    assert schedule(200) == (0.0, 1.0)
    shares = [schedule(epoch)[1] for epoch in range(100, 201)]
    assert shares == sorted(shares)


def test_a_transition_may_happen_at_once():
    assert HybridTransition(10, 10)(9.9) == (1.0, 0.0)
    assert HybridTransition(10, 10)(10) == (0.0, 1.0)


def test_they_set_the_losses_weights_and_slices():
    hybrid, lejepa, sigreg = HybridVICRegSIGRegLoss(), LeJEPALoss(), SIGRegLoss()
    HybridTransition().apply(hybrid, 150)
    LambdaWarmup(0, 10, 0.0, 0.02).apply(lejepa, 5)
    for loss in (hybrid, lejepa, sigreg):
        SliceSchedule(0, 10, 16, 256).apply(loss, 5)
        assert loss.sigreg.num_slices == 64
    assert (hybrid.vicreg_weight, hybrid.sigreg_weight) == (0.5, 0.5)
    assert lejepa.lamb == pytest.approx(0.01)


@pytest.mark.parametrize("shape", SLICE_SHAPES)
@pytest.mark.parametrize(("first", "last"), [(16, 256), (256, 16), (64, 64)])
def test_slices_move_from_first_to_last_and_never_back(shape, first, last):
    schedule = SliceSchedule(10, 90, first, last, shape)
    slices = [schedule(epoch) for epoch in range(101)]
    assert (slices[0], slices[10], slices[90], slices[100]) == (first, first, last, last)
    assert slices == sorted(slices, reverse=last < first)
    assert all(isinstance(number, int) for number in slices)


def test_shapes_of_slices_differ_in_the_middle():
    middle = {shape: SliceSchedule(0, 100, 16, 256, shape)(50) for shape in SLICE_SHAPES}
    assert middle == {"geometric": 64, "linear": 136, "step": 256}


def test_the_mean_number_of_slices_is_that_of_the_epochs():
    schedule = SliceSchedule(0, 9, 1, 512)
    assert schedule.mean_slices(10) == sum(2**k for k in range(10)) / 10
    assert schedule.mean_slices(1) == 1


def test_lambda_stays_at_its_ends():
    warmup = LambdaWarmup(5, 15, 0.01, 0.05)
    assert [warmup(epoch) for epoch in (0, 5, 15, 99)] == [0.01, 0.01, 0.05, 0.05]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: HybridTransition(200, 100), "end must be a finite number of at least 200"),
        (lambda: HybridTransition(shape="linar"), "Did you mean 'linear'"),
        (lambda: LambdaWarmup(last=1.5), "last must be a finite number from 0 to 1"),
        (lambda: SliceSchedule(first=0), "first must be at least 1"),
        (lambda: SliceSchedule(shape="lineal"), "Did you mean 'linear'"),
        (lambda: SliceSchedule()(-1), "epoch must be a finite number of at least 0"),
    ],
)
def test_bad_schedules_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_loss_that_has_nothing_to_set_is_refused():
    loss = SIGRegLoss()
    for schedule in (HybridTransition(), LambdaWarmup()):
        with pytest.raises(TypeError, match="got SIGRegLoss"):
            schedule.apply(loss, 0)
    assert loss.sigreg_weight == 25.0
    with pytest.raises(ValueError, match="needs fresh slices"):
        SliceSchedule().apply(SIGRegLoss(fixed_slices=True), 0)
