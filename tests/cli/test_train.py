"""``sigreg-edu train``: trains, resumes, stops and records, and says plainly what is wrong."""

import csv
import errno
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from sigreg_edu.cli import main
from sigreg_edu.cli.train import Logbook, open_trackers, parse_changes
from sigreg_edu.training import pretraining

QUICK = (
    "steps=6",
    "batch_size=16",
    "look_every=3",
    "save_every=2",
    "warmup=2",
    "loss.num_slices=8",
)


def train(folder, *options, changes=QUICK):
    return main(["train", "vit_live", "--device", "cpu", "--folder", str(folder),
                 "--set", *changes, *options])  # fmt: skip


def rows(file):
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_list_names_every_experiment_and_what_it_is(capsys):
    assert main(["train", "--list"]) == 0
    said = capsys.readouterr().out
    assert re.search(r"vit_main +Six losses", said)
    assert main(["train"]) == 0  # without a name: the same list


def test_a_training_leaves_curves_checkpoint_options_and_a_summary(tmp_path, capsys):
    assert train(tmp_path) == 0
    assert [row["step"] for row in rows(tmp_path / "records.csv")] == list("123456")
    looks = rows(tmp_path / "looks.csv")
    assert [row["step"] for row in looks] == ["3", "6"]
    assert 0.0 < float(looks[-1]["embedding.knn"]) < 1.0
    probes = json.loads((tmp_path / "summary.json").read_text())["probes"]
    assert {"knn", "linear", "raw_knn", "raw_linear"} <= probes.keys()
    assert "linear" in capsys.readouterr().out
    again = ["train", str(tmp_path / "config.yaml"), "--device", "cpu",
             "--folder", str(tmp_path / "again")]  # fmt: skip
    assert main(again) == 0
    same = (tmp_path / "records.csv").read_text(), (tmp_path / "again" / "records.csv").read_text()
    assert same[0] == same[1]


def test_a_killed_training_resumes_bit_for_bit(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    changes = (*QUICK[1:], "steps=40")
    assert train(whole, changes=changes) == 0
    command = [sys.executable, "-m", "sigreg_edu", "train", "vit_live", "--device", "cpu",
               "--folder", str(killed), "--set", *changes]  # fmt: skip
    environment = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment)
    while not (killed / "checkpoint.safetensors").exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert train(killed, "--resume", changes=changes) == 0
    ours, theirs = (load_file(folder / "checkpoint.safetensors") for folder in (killed, whole))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert (killed / "records.csv").read_text() == (whole / "records.csv").read_text()


LONG = (*QUICK, "steps=80", "look_every=20", "save_every=100000")
CURVES = ("records.csv", "looks.csv")


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """The curves of a training that nothing interrupts."""
    folder = tmp_path_factory.mktemp("whole")
    assert train(folder, changes=LONG) == 0
    return [(folder / name).read_text() for name in CURVES]


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_a_clusters_signal_save_and_no_row_is_lost(tmp_path, sent, uninterrupted):
    command = [sys.executable, "-m", "sigreg_edu", "train", "vit_live", "--device", "cpu",
               "--folder", str(tmp_path), "--set", *LONG]  # fmt: skip
    environment = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    )
    records = tmp_path / "records.csv"
    while not (records.exists() and len(records.read_text().splitlines()) > 4):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(sent)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    stopped = int(re.search(r"Stopped after step (\d+), .* --resume goes on", said)[1])
    kept = load_file(tmp_path / "checkpoint.safetensors")
    assert int(kept["steps_taken"]) == stopped == len(rows(records))
    assert train(tmp_path, "--resume", changes=LONG) == 0
    assert [(tmp_path / name).read_text() for name in CURVES] == uninterrupted


@pytest.fixture
def interruptible():
    """Ctrl-C raises KeyboardInterrupt, whatever runs the tests has made of it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_however_often_it_is_interrupted_each_step_is_in_the_curves_once(
    tmp_path, monkeypatch, sent
):
    assert train(tmp_path / "whole") == 0
    enter, save = Logbook.enter, pretraining.save_checkpoint

    def interrupted(call):
        def run(*arguments, **options):
            signal.raise_signal(sent)
            call(*arguments, **options)
            signal.raise_signal(sent)

        return run

    monkeypatch.setattr(Logbook, "enter", interrupted(enter))
    monkeypatch.setattr(pretraining, "save_checkpoint", interrupted(save))
    parts = tmp_path / "parts"
    assert train(parts) == 130
    for _ in range(5):
        assert train(parts, "--resume") == 130
    assert train(parts, "--resume") == 130  # all steps are taken; its save was interrupted
    for name in CURVES:
        assert (parts / name).read_text() == (tmp_path / "whole" / name).read_text()


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("interrupt", [True, False])
def test_a_full_disk_is_told_and_nothing_is_said_to_be_kept(
    tmp_path, monkeypatch, capsys, interrupt
):
    def fail(*arguments, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    enter = Logbook.enter

    def interrupted(book, record):
        enter(book, record)
        if interrupt:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Logbook, "enter", interrupted)
    monkeypatch.setattr(pretraining, "save_checkpoint", fail)
    assert train(tmp_path) == 1
    said = capsys.readouterr()
    assert "No space left on device" in said.err
    assert "ept in" not in said.out
    assert "Traceback" not in said.err


def test_a_training_is_never_overwritten(tmp_path, capsys):
    assert train(tmp_path) == 0
    assert train(tmp_path) == 1
    said = capsys.readouterr().err
    assert "a training lies in" in said
    assert "(--resume), or name another folder (--folder)" in said


def test_a_training_that_fails_at_once_does_not_block_the_next(tmp_path, monkeypatch):
    def fail(*arguments):
        raise FloatingPointError("step 1 is not finite")

    with monkeypatch.context() as broken:
        broken.setattr(pretraining.Pretraining, "_update", fail)
        assert train(tmp_path) == 1
    assert train(tmp_path) == 0


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--set", "loss.lambda=0.1"], "Did you mean 'lamb'?"),
        (["--set", "steps"], "KEY=VALUE"),
        (["--set", "steps=-1"], "steps must be at least 1"),
        (["--set", "data.pose=2"], "pose must be a finite number from 0 to 1"),
        (["--device", "tpu"], "device"),
        (["--resume"], "no checkpoint"),
        (["--set", "loss.lamb=["], "YAML"),
        (["--record", "--set", "steps=3"], "Copy the file"),
        (["--record", "--tensorboard"], "leave out"),
    ],
)
def test_wrong_input_is_told_in_a_sentence(tmp_path, capsys, options, expected):
    folder = [] if "--record" in options else ["--folder", str(tmp_path)]
    assert main(["train", "vit_live", *folder, *options]) == 1
    said = capsys.readouterr().err
    assert expected in said
    assert "Traceback" not in said


def test_an_unknown_configuration_names_the_nearest(capsys):
    assert main(["train", "vit_mian"]) == 1
    assert "vit_main" in capsys.readouterr().err


def test_changes_are_read_as_yaml():
    assert parse_changes(["a.b=[x, y]", "c=true", "d=1.5"]) == {
        "a.b": ["x", "y"], "c": True, "d": 1.5
    }  # fmt: skip


def test_wandb_is_opened_for_its_project(tmp_path, monkeypatch):
    opened = []
    fake = SimpleNamespace(init=lambda **options: opened.append(options) or SimpleNamespace())
    monkeypatch.setitem(sys.modules, "wandb", fake)
    open_trackers(tmp_path, SimpleNamespace(tensorboard=False, wandb="mine"), 0)
    assert opened[0]["project"] == "mine"


def test_a_missing_wandb_says_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "wandb", None)
    assert train(tmp_path, "--wandb", "mine") == 1
    assert "pip install wandb" in capsys.readouterr().err


def test_tensorboard_curves_are_written_on_request(tmp_path):
    pytest.importorskip("tensorboard")
    assert train(tmp_path, "--tensorboard") == 0
    assert list((tmp_path / "tensorboard").glob("events*"))


def test_signs_are_told_while_it_trains(tmp_path, capsys):
    changes = (*QUICK, "steps=70", "loss.name=none", "lr=0.05")
    assert train(tmp_path, changes=changes) == 0
    assert "collapse" in capsys.readouterr().out


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_torchrun_gives_the_update_of_one_process(tmp_path):
    alone, spread = tmp_path / "alone", tmp_path / "spread"
    quick = (*QUICK, "lr=0.001")  # a larger one spreads rounding by more than 1e-4 in six steps
    assert train(alone, changes=quick) == 0
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2",
               f"--master-port={free_port()}", "-m", "sigreg_edu", "train", "vit_live",
               "--device", "cpu", "--folder", str(spread), "--set", *quick]  # fmt: skip
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    ours, theirs = (rows(folder / "records.csv") for folder in (spread, alone))
    for name in ("loss", "invariance", "regularizer", "smallest_std", "gradient_norm"):
        pairs = ((float(a[name]), float(b[name])) for a, b in zip(ours, theirs, strict=True))
        assert all(x == pytest.approx(y, rel=1e-4) for x, y in pairs), name  # sums in another order


def test_processes_that_are_stopped_leave_after_the_same_step(tmp_path):
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2",
               f"--master-port={free_port()}", "-m", "sigreg_edu", "train", "vit_live",
               "--device", "cpu", "--folder", str(tmp_path), "--set", *LONG, "steps=100000",
               "look_every=100000"]  # fmt: skip
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    )
    records = tmp_path / "records.csv"
    while not (records.exists() and len(records.read_text().splitlines()) > 4):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=25)  # torchrun kills after 30 s who does not leave
    stopped = int(re.search(r"Stopped after step (\d+), .* --resume goes on", said)[1])
    kept = load_file(tmp_path / "checkpoint.safetensors")
    assert int(kept["steps_taken"]) == stopped == len(rows(records))
