"""Trackers write what they are given: CSV at once, the others through their libraries."""

import csv
import sys
from types import SimpleNamespace

import pytest

from sigreg_edu.training import CsvTracker, TensorBoardTracker, WandbTracker


def rows(file):
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_row_is_on_the_disk_before_the_next_step(tmp_path):
    tracker = CsvTracker(tmp_path / "deep" / "records.csv")
    tracker.log(1, {"loss": 0.5})
    assert rows(tmp_path / "deep" / "records.csv") == [{"step": "1", "loss": "0.5"}]
    tracker.close()


def test_a_resumed_training_keeps_earlier_rows_and_takes_later_ones_again(tmp_path):
    file = tmp_path / "records.csv"
    with CsvTracker(file) as tracker:
        for step in range(1, 6):
            tracker.log(step, {"loss": step})
    with CsvTracker(file, from_step=3) as tracker:
        tracker.log(4, {"loss": 40})
    assert [row["loss"] for row in rows(file)] == ["1", "2", "3", "40"]


def test_without_a_step_to_go_on_from_the_file_begins_afresh(tmp_path):
    file = tmp_path / "records.csv"
    file.write_text("something else\n1\n")
    with CsvTracker(file) as tracker:
        tracker.log(1, {"loss": 2})
    assert rows(file) == [{"step": "1", "loss": "2"}]


def test_a_half_written_last_row_is_dropped(tmp_path):
    file = tmp_path / "records.csv"
    file.write_text("step,loss\n1,0.5\n2,0.4\n3")  # "350,0.1" of a killed process, cut short
    CsvTracker(file, from_step=5).close()
    assert [row["step"] for row in rows(file)] == ["1", "2"]


def test_the_rows_so_far_are_on_the_disk_before_the_first_new_one(tmp_path):
    file = tmp_path / "records.csv"
    with CsvTracker(file) as tracker:
        tracker.log(1, {"loss": 0.5})
    resumed = CsvTracker(file, from_step=1)  # and killed here
    assert [row["step"] for row in rows(file)] == ["1"]
    resumed.close()


def test_tensorboard_gets_every_curve(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    tracker = TensorBoardTracker(tmp_path)
    for step in (1, 2):
        tracker.log(step, {"loss": 1.0 / step})
    tracker.close()
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    assert [(e.step, e.value) for e in events.Scalars("loss")] == [(1, 1.0), (2, 0.5)]


def test_a_missing_tensorboard_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ImportError, match="pip install tensorboard"):
        TensorBoardTracker(tmp_path)


def test_wandb_is_handed_values_and_step_and_is_finished():
    calls = []
    run = SimpleNamespace(
        log=lambda values, step: calls.append((values, step)), finish=lambda: calls.append("end")
    )
    tracker = WandbTracker(run)
    tracker.log(3, {"loss": 0.5})
    tracker.close()
    assert calls == [({"loss": 0.5}, 3), "end"]
