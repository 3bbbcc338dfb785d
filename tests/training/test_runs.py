"""Recorded runs: what is kept, when, and what an interruption leaves."""

import dataclasses

import pytest
import torch

from sigreg_edu.data import load_digits
from sigreg_edu.training import record_run, snapshot_schedule

QUICK = {"steps": 6, "num_slices": 8, "batch_size": 32}


@pytest.mark.parametrize("steps", [1, 2, 39, 40, 100, 600, 5000])
def test_the_schedule_rises_from_zero_to_the_last_step(steps):
    schedule = snapshot_schedule(steps, 40)
    assert schedule[0] == 0
    assert schedule[-1] == steps
    assert list(schedule) == sorted(set(schedule))
    assert len(schedule) == min(40, steps + 1)


def test_the_schedule_looks_more_often_early():
    gaps = torch.tensor(snapshot_schedule(600)).diff()
    assert gaps[0] == 1
    assert gaps[-1] > 50
    assert (gaps.diff() >= -1).all()  # rounding may take one back


@pytest.mark.parametrize(("steps", "num"), [(0, 40), (10, 1)])
def test_a_schedule_needs_a_step_and_two_looks(steps, num):
    with pytest.raises(ValueError, match="must be at least"):
        snapshot_schedule(steps, num)


def test_a_run_keeps_every_record_and_the_chosen_clouds():
    run = record_run(**QUICK, num_snapshots=4)
    assert [record.step for record in run.records] == [1, 2, 3, 4, 5, 6]
    assert run.snapshot_steps.tolist() == list(snapshot_schedule(6, 4))
    assert run.snapshots.shape == (4, len(load_digits().images), 2)
    assert run.snapshots.dtype == torch.float32
    assert run.finished
    assert run.seconds > 0


def test_the_config_says_how_to_run_it_again():
    run = record_run(**QUICK, lamb=0.05, seed=4, out_dim=3)
    again = record_run(**run.config)
    assert again.records == run.records
    assert torch.equal(again.snapshots, run.snapshots)
    with pytest.raises(TypeError):
        run.config["lamb"] = 1.0


def test_two_lambdas_start_from_the_same_standardized_cloud_and_batches():
    none, sigreg = record_run(**QUICK, lamb=0.0), record_run(**QUICK, lamb=0.1)
    first = none.snapshots[0]
    assert torch.equal(first, sigreg.snapshots[0])
    assert none.records[0].invariance == sigreg.records[0].invariance
    assert none.records[0].regularizer == sigreg.records[0].regularizer
    assert not torch.equal(none.snapshots[-1], sigreg.snapshots[-1])
    train_rows = first[load_digits().train_indices]
    assert torch.allclose(train_rows.std(dim=0), torch.ones(2), atol=1e-3)
    assert train_rows.mean(dim=0).abs().max() < 1e-3


def test_a_curve_is_one_field_over_the_steps():
    run = record_run(**QUICK)
    assert run.curve("loss").tolist() == [record.loss for record in run.records]
    with pytest.raises(ValueError, match="Did you mean 'invariance'"):
        run.curve("invarianse")


def test_the_snapshot_of_a_step_is_the_last_one_before_it():
    run = record_run(**QUICK, num_snapshots=3)
    steps = run.snapshot_steps.tolist()
    for step in range(7):
        index = run.snapshot_index(step)
        assert steps[index] == max(s for s in steps if s <= step)
    with pytest.raises(ValueError, match="step must be at least 0"):
        run.snapshot_index(-1)


def test_should_stop_keeps_what_was_recorded_and_a_last_cloud():
    seen = []
    run = record_run(
        **{**QUICK, "steps": 50},
        num_snapshots=3,
        progress=seen.append,
        should_stop=lambda: len(seen) == 4,
    )
    assert not run.finished
    assert [record.step for record in run.records] == [1, 2, 3, 4]
    assert list(run.records) == seen
    assert run.snapshot_steps.tolist() == [0, 1, 4]
    assert len(run.snapshots) == 3


def test_an_interrupted_kernel_keeps_what_was_recorded():
    def interrupt_at_three(record):
        if record.step == 3:
            raise KeyboardInterrupt

    run = record_run(**{**QUICK, "steps": 50}, progress=interrupt_at_three)
    assert not run.finished
    assert len(run.records) == 3
    assert run.snapshot_steps[-1] == 3


def test_a_stopped_run_equals_the_start_of_the_whole_one():
    whole = record_run(**QUICK)
    part = record_run(**QUICK, should_stop=lambda: True)
    assert part.records == whole.records[:1]
    assert torch.equal(part.snapshots[1], whole.snapshots[1])


def test_a_run_cannot_be_changed_by_accident():
    with pytest.raises(dataclasses.FrozenInstanceError):
        record_run(**QUICK).seconds = 0.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lamb": -0.1}, "lamb must be a finite number from 0 to 1"),
        ({"out_dim": 0}, "out_dim must be at least 1"),
        ({"num_slices": 0}, "num_slices must be at least 1"),
        ({"num_snapshots": 1}, "num_snapshots must be at least 2"),
        ({"seed": -1}, "seed must be at least 0"),
    ],
)
def test_bad_options_are_refused_before_training(options, message):
    with pytest.raises(ValueError, match=message):
        record_run(**{**QUICK, **options}, progress=lambda record: pytest.fail("it trained"))


def test_a_run_uses_one_thread_and_gives_the_others_back():
    before = torch.get_num_threads()
    seen = []

    def fail_at_two(record):
        seen.append(torch.get_num_threads())
        if record.step == 2:
            raise RuntimeError("the picture could not be drawn")

    torch.set_num_threads(2)
    try:
        with pytest.raises(RuntimeError, match="could not be drawn"):
            record_run(**QUICK, progress=fail_at_two)
        assert seen == [1, 1]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
