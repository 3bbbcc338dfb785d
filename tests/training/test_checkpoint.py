"""Checkpoints: what goes in comes out, wrong files are named, and an older one is never lost."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from sigreg_edu.training.checkpoint import load_checkpoint, save_checkpoint
from sigreg_edu.training.config import TrainConfig

CONFIG = TrainConfig()


def state(step=3):
    generator = torch.Generator().manual_seed(step)
    return {
        "network.weight": torch.randn(4, 5, generator=generator),
        "network.half": torch.randn(3, generator=generator).bfloat16(),
        "network.turned": torch.randn(4, 5, generator=generator).T,
        "generator": generator.get_state(),
        "lamb": torch.tensor(0.1, dtype=torch.float64),
        "steps_taken": torch.tensor(step),
    }


def assert_same(kept, expected):
    assert set(kept) == set(expected)
    for name, tensor in expected.items():
        assert kept[name].dtype == tensor.dtype, name
        assert torch.equal(kept[name], tensor), name


@pytest.fixture
def file(tmp_path):
    """A checkpoint of step 3."""
    file = tmp_path / "checkpoint.safetensors"
    save_checkpoint(file, state(), CONFIG)
    return file


def alone(file):
    return [path.name for path in file.parent.iterdir()] == [file.name]


def test_what_was_saved_is_loaded_to_the_bit(file):
    assert_same(load_checkpoint(file, CONFIG), state())
    assert alone(file)


def test_a_newer_one_takes_the_place_of_the_older(file):
    save_checkpoint(file, state(4), CONFIG)
    assert_same(load_checkpoint(file, CONFIG), state(4))
    assert alone(file)


def test_folders_are_made(tmp_path):
    file = tmp_path / "some" / "where" / "mine.safetensors"
    save_checkpoint(file, state(), CONFIG)
    assert_same(load_checkpoint(file, CONFIG), state())


def test_it_is_a_safetensors_file_that_others_can_read(file):
    assert_same(load_file(file), state())


# --- what is not a checkpoint of this training ---------------------------------------------------


def test_how_often_one_looks_and_saves_may_change(file):
    other = CONFIG.with_values({"look_every": 3, "save_every": 7})
    assert_same(load_checkpoint(file, other), state())


def test_other_options_are_named_with_both_values(file):
    other = CONFIG.with_values({"lr": 0.5, "loss.num_slices": 8, "data.pose": 0.5})
    with pytest.raises(ValueError, match="of a training with other options") as told:
        load_checkpoint(file, other)
    for part in (
        "lr = 0.002 (asked: 0.5)",
        "loss.num_slices = 256 (asked: 8)",
        "data.pose = None (asked: 0.5)",
    ):
        assert part in str(told.value)
    assert "seed" not in str(told.value)


@pytest.mark.parametrize(
    "options", [{"varied": ("position", "size")}, {"path": Path("some") / "where"}]
)
def test_options_that_json_holds_otherwise_are_still_the_same(tmp_path, options):
    config = CONFIG.with_values({"data": {"name": "shapes", **options}})
    save_checkpoint(tmp_path / "mine.safetensors", state(), config)
    assert_same(load_checkpoint(tmp_path / "mine.safetensors", config), state())


def test_no_file_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no checkpoint .*none.safetensors to resume from"):
        load_checkpoint(tmp_path / "none.safetensors", CONFIG)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.99])
def test_a_truncated_file_is_refused(file, share):
    whole = file.read_bytes()
    file.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ValueError, match=r"checkpoint.safetensors to be a checkpoint, got a file"):
        load_checkpoint(file, CONFIG)


def test_a_file_of_another_kind_is_refused(file):
    file.write_text("steps: 3\n" * 20, encoding="utf-8")
    with pytest.raises(ValueError, match="cannot be read"):
        load_checkpoint(file, CONFIG)
    torch.save(state(), file)  # a pickle
    with pytest.raises(ValueError, match="cannot be read"):
        load_checkpoint(file, CONFIG)


def test_safetensors_of_something_else_are_refused(file):
    save_file({"weight": torch.zeros(3)}, file)
    with pytest.raises(ValueError, match="got a safetensors file of another kind"):
        load_checkpoint(file, CONFIG)


# --- saving that goes wrong ----------------------------------------------------------------------


def test_an_older_one_survives_when_the_new_one_cannot_take_its_place(file, monkeypatch):
    def refuse(source, target):
        raise PermissionError(errno.EACCES, "no", str(target))

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionError):
        save_checkpoint(file, state(4), CONFIG)
    assert alone(file)
    assert_same(load_checkpoint(file, CONFIG), state())


def test_an_older_one_survives_a_full_disk(file, monkeypatch):
    write = Path.write_bytes

    def write_half(path, data):
        write(path, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", write_half)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(file, state(4), CONFIG)
    assert alone(file)
    assert_same(load_checkpoint(file, CONFIG), state())


def test_where_there_can_be_no_folder_nothing_is_left_behind(tmp_path):
    taken = tmp_path / "taken"
    taken.write_text("a file", encoding="utf-8")
    with pytest.raises(OSError, match="taken"):
        save_checkpoint(taken / "checkpoint.safetensors", state(), CONFIG)
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="folders are never closed to root"
)
def test_a_folder_that_may_not_be_written_to_keeps_what_it_has(file):
    file.parent.chmod(0o500)
    try:
        with pytest.raises(PermissionError):
            save_checkpoint(file, state(4), CONFIG)
    finally:
        file.parent.chmod(0o700)
    assert alone(file)
    assert_same(load_checkpoint(file, CONFIG), state())


def test_without_safetensors_the_error_says_what_to_install(file, monkeypatch):
    for module in ("safetensors", "safetensors.torch"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=r"pip install \"sigreg-edu\[train\]\""):
        save_checkpoint(file, state(4), CONFIG)
    with pytest.raises(ImportError, match="need safetensors"):
        load_checkpoint(file, CONFIG)
