"""Checkpoints: what goes in comes out, wrong files are named, and an older one is never lost."""

from __future__ import annotations

import errno
import os
import stat
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
    save_checkpoint(file, state(), CONFIG, device="cpu")
    return file


def alone(file):
    return [path.name for path in file.parent.iterdir()] == [file.name]


def test_what_was_saved_is_loaded_to_the_bit(file):
    assert_same(load_checkpoint(file, CONFIG, device="cpu"), state())
    assert alone(file)


def test_a_newer_one_takes_the_place_of_the_older(file):
    save_checkpoint(file, state(4), CONFIG, device="cpu")
    assert_same(load_checkpoint(file, CONFIG, device="cpu"), state(4))
    assert alone(file)


def test_folders_are_made(tmp_path):
    file = tmp_path / "some" / "where" / "mine.safetensors"
    save_checkpoint(file, state(), CONFIG, device="cpu")
    assert_same(load_checkpoint(file, CONFIG, device="cpu"), state())


def test_it_is_a_safetensors_file_that_others_can_read(file):
    assert_same(load_file(file), state())


# --- what is not a checkpoint of this training ---------------------------------------------------


def test_how_often_one_looks_and_saves_may_change(file):
    other = CONFIG.with_values({"look_every": 3, "save_every": 7})
    assert_same(load_checkpoint(file, other, device="cpu"), state())


def test_other_options_are_named_with_both_values(file):
    other = CONFIG.with_values({"lr": 0.5, "loss.num_slices": 8, "data.pose": 0.5})
    with pytest.raises(ValueError, match="of a training with other options") as told:
        load_checkpoint(file, other, device="cpu")
    for part in (
        "lr = 0.002 (asked: 0.5)",
        "loss.num_slices = 256 (asked: 8)",
        "data.pose = None (asked: 0.5)",
    ):
        assert part in str(told.value)
    assert "seed" not in str(told.value)


def test_where_the_data_lie_may_change(tmp_path):
    for name, changes in (
        ("folder", {"path": "here", "size": 64}),
        ("cifar10", {"folder": "here", "download": True}),
    ):
        config = CONFIG.with_values({"data": {"name": name, **changes}})
        places = {"path", "folder", "download"} & changes.keys()
        moved = config.with_values({f"data.{place}": "there" for place in places})
        save_checkpoint(tmp_path / name, state(), config, device="cpu")
        assert_same(load_checkpoint(tmp_path / name, moved, device="cpu"), state())


def test_another_kind_of_device_is_named_first(file):
    other = CONFIG.with_values({"lr": 0.5})
    with pytest.raises(ValueError, match=r"on cpu, asked: cuda.* Go on with --device cpu") as told:
        load_checkpoint(file, other, device="cuda")
    assert "lr" not in str(told.value)


@pytest.mark.parametrize(
    "options", [{"varied": ("position", "size")}, {"path": Path("some") / "where"}]
)
def test_options_that_json_holds_otherwise_are_still_the_same(tmp_path, options):
    config = CONFIG.with_values({"data": {"name": "shapes", **options}})
    save_checkpoint(tmp_path / "mine.safetensors", state(), config, device="cpu")
    assert_same(load_checkpoint(tmp_path / "mine.safetensors", config, device="cpu"), state())


def test_no_file_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no checkpoint .*none.safetensors to resume from"):
        load_checkpoint(tmp_path / "none.safetensors", CONFIG, device="cpu")


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.99])
def test_a_truncated_file_is_refused(file, share):
    whole = file.read_bytes()
    file.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ValueError, match=r"checkpoint.safetensors to be a checkpoint, got a file"):
        load_checkpoint(file, CONFIG, device="cpu")


def test_a_file_of_another_kind_is_refused(file):
    file.write_text("steps: 3\n" * 20, encoding="utf-8")
    with pytest.raises(ValueError, match="cannot be read"):
        load_checkpoint(file, CONFIG, device="cpu")
    torch.save(state(), file)  # a pickle
    with pytest.raises(ValueError, match="cannot be read"):
        load_checkpoint(file, CONFIG, device="cpu")


def test_safetensors_of_something_else_are_refused(file):
    save_file({"weight": torch.zeros(3)}, file)
    with pytest.raises(ValueError, match="got a safetensors file of another kind"):
        load_checkpoint(file, CONFIG, device="cpu")


# --- saving that goes wrong ----------------------------------------------------------------------


def test_an_older_one_survives_when_the_new_one_cannot_take_its_place(file, monkeypatch):
    def refuse(source, target):
        raise PermissionError(errno.EACCES, "no", str(target))

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionError):
        save_checkpoint(file, state(4), CONFIG, device="cpu")
    assert alone(file)
    assert_same(load_checkpoint(file, CONFIG, device="cpu"), state())


def test_an_older_one_survives_a_full_disk(file, monkeypatch):
    def fill(descriptor):
        os.ftruncate(descriptor, 100)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fill)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(file, state(4), CONFIG, device="cpu")
    assert alone(file)
    assert_same(load_checkpoint(file, CONFIG, device="cpu"), state())


@pytest.mark.skipif(os.name != "posix", reason="folders cannot be opened there")
def test_file_and_folder_reach_the_disk_before_and_after_it_takes_its_place(file, monkeypatch):
    done, sync, replace = [], os.fsync, os.replace

    def noted(name, call):
        def run(*arguments):
            done.append(name(*arguments))
            return call(*arguments)

        return run

    kind = lambda opened: "folder" if stat.S_ISDIR(os.fstat(opened).st_mode) else "file"  # noqa: E731
    monkeypatch.setattr(os, "fsync", noted(kind, sync))
    monkeypatch.setattr(os, "replace", noted(lambda *_: "replace", replace))
    save_checkpoint(file, state(4), CONFIG, device="cpu")
    assert done == ["file", "replace", "folder"]


def test_where_there_can_be_no_folder_nothing_is_left_behind(tmp_path):
    taken = tmp_path / "taken"
    taken.write_text("a file", encoding="utf-8")
    with pytest.raises(OSError, match="taken"):
        save_checkpoint(taken / "checkpoint.safetensors", state(), CONFIG, device="cpu")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="folders are never closed to root"
)
def test_a_folder_that_may_not_be_written_to_keeps_what_it_has(file):
    file.parent.chmod(0o500)
    try:
        with pytest.raises(PermissionError):
            save_checkpoint(file, state(4), CONFIG, device="cpu")
    finally:
        file.parent.chmod(0o700)
    assert alone(file)
    assert_same(load_checkpoint(file, CONFIG, device="cpu"), state())


def test_without_safetensors_the_error_says_what_to_install(file, monkeypatch):
    for module in ("safetensors", "safetensors.torch"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=r"pip install \"sigreg-edu\[train\]\""):
        save_checkpoint(file, state(4), CONFIG, device="cpu")
    with pytest.raises(ImportError, match="need safetensors"):
        load_checkpoint(file, CONFIG, device="cpu")
