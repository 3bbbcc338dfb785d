"""``sigreg-edu train``: train a vision transformer by a configuration, or record an experiment.

Also under torchrun, on several GPUs or machines::

    torchrun --nproc-per-node=4 -m sigreg_edu train vit_small_cifar10
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigreg_edu.cli.errors import UserError, in_words, require

if TYPE_CHECKING:
    from sigreg_edu.training.config import Experiment
    from sigreg_edu.training.monitor import Sign
    from sigreg_edu.training.pretraining import Pretraining, TrainRecord
    from sigreg_edu.training.trackers import Tracker

EPILOG = """examples:
  sigreg-edu train --list
  sigreg-edu train vit_live
  sigreg-edu train vit_live --set loss.lamb=0.05 data.colour=0.5 --folder runs/colour
  sigreg-edu train vit_live --set loss.lamb=0.05 data.colour=0.5 --folder runs/colour --resume
  sigreg-edu train vit_main --record"""


def add_to(commands: argparse._SubParsersAction) -> None:
    """Add ``train`` to the command line."""
    parser = commands.add_parser(
        "train",
        help="train a small vision transformer, or record an experiment again",
        description="Train by a configuration. Checkpoints, curves (CSV) and a summary go into a "
        "folder; Ctrl-C saves and ends, --resume goes on from there.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("config", nargs="?", help="name of a shipped one (see --list), or a .yaml")
    parser.add_argument("--list", action="store_true", help="say which configurations there are")
    parser.add_argument(
        "--set", nargs="+", default=[], metavar="KEY=VALUE", dest="changes", action="extend",
        help="change options, for instance loss.lamb=0.05 steps=1000 data.pose=0.5",
    )  # fmt: skip
    parser.add_argument("--device", default="auto", help="cpu, cuda or auto (auto)")
    parser.add_argument("--folder", type=Path, help="where results go (runs/CONFIG)")
    parser.add_argument("--resume", action="store_true", help="go on from the folder's checkpoint")
    parser.add_argument("--tensorboard", action="store_true", help="write TensorBoard curves, too")
    parser.add_argument("--wandb", metavar="PROJECT", help="log to Weights & Biases, too")
    parser.add_argument(
        "--record",
        action="store_true",
        help="train all that the experiment varies, and keep it in data/runs for the notebooks",
    )
    parser.add_argument("--fresh", action="store_true", help="with --record: all of it again")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Train, record or list."""
    from sigreg_edu.training.config import experiment_names, load_experiment

    if options.list or options.config is None:
        for name in experiment_names():
            print(f"{name:18}{load_experiment(name).about}")
        return 0
    require("safetensors", extra="train", purpose="sigreg-edu train")
    require("tqdm", extra="train", purpose="sigreg-edu train")
    with told_plainly():
        experiment = load_experiment(options.config)
        changes = parse_changes(options.changes)
        return record(experiment, changes, options) if options.record else single(
            experiment, changes, options
        )  # fmt: skip


@contextmanager
def told_plainly() -> Iterator[None]:
    """Turn what the library says of wrong input into a message without a traceback."""
    try:
        yield
    except (ValueError, TypeError, OSError, ImportError, FloatingPointError) as error:
        raise UserError(in_words(error)) from error


def parse_changes(texts: Sequence[str]) -> dict[str, Any]:
    """Return what ``--set`` says, its values read as YAML.

    Raises:
        ValueError: a text without ``=``, or a value that is no YAML.

    >>> parse_changes(["loss.lamb=0.05", "data.varied=[position, size]", "loss.name=none"])
    {'loss.lamb': 0.05, 'data.varied': ['position', 'size'], 'loss.name': 'none'}
    """
    from sigreg_edu.training.config import read_yaml

    changes = {}
    for text in texts:
        key, sign, value = text.partition("=")
        if not sign or not key:
            raise ValueError(f"--set takes KEY=VALUE, got {text!r}. For instance loss.lamb=0.05")
        try:
            changes[key] = read_yaml(value)
        except ValueError as error:
            raise ValueError(f"--set {text}: {error}") from error
    return changes


# --- one training -------------------------------------------------------------------------------


def single(experiment: Experiment, changes: dict[str, Any], options: argparse.Namespace) -> int:
    """Train once, in one process or as one of several."""
    from sigreg_edu.training.pretraining import Pretraining

    config = experiment.config.with_values(changes)
    folder = options.folder or Path("runs") / experiment.name
    with one_of_several(options.device) as (device, first):
        training = Pretraining(config, device=device)
        training.begin(folder, resume=options.resume)
        # A cluster's queue sends SIGTERM: it is answered as Ctrl-C is.
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            stopped = go_through(training, folder, options, quiet=not first)
        finally:
            signal.signal(signal.SIGTERM, before)
        if first and stopped:
            print(f"Stopped after step {training.steps_taken}, and kept in {folder}. "
                  "The same command with --resume goes on.")  # fmt: skip
        elif first:
            print(summarize(training, folder))
    status = 130 if stopped else 0
    if is_one_of_several():
        leave_at_once(status)
    return status


def is_one_of_several() -> bool:
    """Whether torchrun started this process beside others."""
    return "RANK" in os.environ and int(os.environ.get("WORLD_SIZE", "1")) > 1


def leave_at_once(status: int) -> None:
    """End this process without destructors: gloo's may wait for ever for one that left before."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


@contextmanager
def one_of_several(device: str) -> Iterator[tuple[str, bool]]:
    """Join torchrun's other processes, if it started this one.

    Yields:
        The device of this process, and whether it is the one that writes and speaks.
    """
    if not is_one_of_several():
        yield device, True
        return
    import torch
    import torch.distributed as dist

    from sigreg_edu.training.pretraining import choose_device

    kind = choose_device(device).type
    if kind == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if kind == "cuda" else "gloo")
    yield kind, dist.get_rank() == 0
    dist.barrier()  # nobody leaves while another still speaks with it


def go_through(
    training: Pretraining, folder: Path, options: argparse.Namespace, *, quiet: bool
) -> bool:
    """Take all steps that are left; show, log and watch them, unless another process does.

    Returns:
        Whether it was interrupted; that waits until the present step is logged, and returns once
        its checkpoint is kept.
    """
    from sigreg_edu.training.interrupts import caught_interrupts

    with (
        caught_interrupts([]) as caught,
        nullcontext() if quiet else Logbook(training, folder, options) as book,
        closing(training.take_steps(folder)) as steps,
    ):
        for record in steps:
            if book is not None:
                book.enter(record)
            if any_process(bool(caught), training):
                return True
    return bool(caught)


def any_process(asked: bool, training: Pretraining) -> bool:
    """Whether this or another process was asked to stop: all leave after the same step."""
    import torch

    from sigreg_edu.losses.distributed import sum_over_ranks

    return bool(sum_over_ranks(torch.tensor(float(asked), device=training.device)).item())


class Logbook:
    """Progress bar, files and signs of one training.

    Args:
        training: about to go on.
        folder: gets ``config.yaml``, ``records.csv`` (every step), ``looks.csv`` (every
            ``look_every`` steps) and, if asked for, TensorBoard's files.
        options: of the command line.
    """

    def __init__(self, training: Pretraining, folder: Path, options: argparse.Namespace) -> None:
        import yaml
        from tqdm import tqdm

        from sigreg_edu.training.monitor import monitor_of
        from sigreg_edu.training.trackers import CsvTracker

        self.training = training
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.yaml").write_text(
            yaml.safe_dump(training.config.to_dict(), sort_keys=False), encoding="utf-8"
        )
        self.monitor = monitor_of(training.config)
        done = training.steps_taken
        self.files = [CsvTracker(folder / f"{n}.csv", from_step=done) for n in ("records", "looks")]
        self.others = open_trackers(folder, options, done)
        self.bar = tqdm(total=training.config.steps, initial=done, unit="step", dynamic_ncols=True)

    def __enter__(self) -> Logbook:
        return self

    def __exit__(self, *error: object) -> None:
        self.bar.close()
        for tracker in (*self.files, *self.others):
            tracker.close()

    def enter(self, record: TrainRecord) -> None:
        """Show and keep a step, and look at the embeddings if it is time."""
        values = {name: value for name, value in asdict(record).items() if name != "step"}
        self._log(self.files[0], record.step, values)
        signs = self.monitor.update(record)
        if record.step % self.training.config.look_every == 0 or self.training.finished:
            signs += self._look(record.step)
        for sign in signs:
            self.bar.write(f"step {sign.step}, {sign.name}: {sign.message}")
        self.bar.set_postfix_str(
            f"invariance {record.invariance:.3g}, regularizer {record.regularizer:.3g}",
            refresh=False,
        )
        self.bar.update()

    def _look(self, step: int) -> list[Sign]:
        from sigreg_edu.training.recorded import places_of

        places = places_of(self.training)
        seen = {s: self.training.measure_points(z, s) for s, z in places.items()}
        flat = {f"{s}.{n}": v for s, measures in seen.items() for n, v in asdict(measures).items()}
        self._log(self.files[1], step, flat)
        return self.monitor.look(step, seen["projection"], places["projection"].shape[1])

    def _log(self, file: Tracker, step: int, values: dict[str, float]) -> None:
        for tracker in (file, *self.others):
            tracker.log(step, values)


def open_trackers(folder: Path, options: argparse.Namespace, done: int) -> list[Tracker]:
    """Return what was asked for beside the CSV files, to go on after ``done`` steps."""
    from sigreg_edu.training.trackers import TensorBoardTracker, WandbTracker

    trackers: list[Tracker] = []
    if options.tensorboard:
        trackers.append(TensorBoardTracker(folder / "tensorboard", from_step=done))
    if options.wandb:
        try:
            import wandb
        except ImportError as error:
            raise UserError(
                "--wandb needs wandb, which is not installed. Install it: pip install wandb"
            ) from error
        trackers.append(WandbTracker(wandb.init(project=options.wandb, dir=str(folder))))
    return trackers


def summarize(training: Pretraining, folder: Path) -> str:
    """Write ``summary.json`` and return it in words."""
    from sigreg_edu.training.recorded import final_probes

    probes = final_probes(training)
    text = json.dumps({"steps": training.steps_taken, "probes": probes}, indent=2)
    (folder / "summary.json").write_text(text + "\n", encoding="utf-8")
    lines = [f"{name:18}{100 * value:5.1f} %" for name, value in probes.items()]
    return "\n".join([*lines, f"Kept in {folder}."])


# --- all that an experiment varies ----------------------------------------------------------------


def record(experiment: Experiment, changes: dict[str, Any], options: argparse.Namespace) -> int:
    """Record an experiment where the notebooks look for it, or into ``--folder``."""
    from sigreg_edu.training.recorded import record_experiment
    from sigreg_edu.training.shipped import folder_of_runs

    if changes:
        raise UserError(
            "--record takes an experiment as its file says, got --set. Copy the file, change it, "
            "and record that: sigreg-edu train MY.yaml --record"
        )
    if options.resume or options.tensorboard or options.wandb or "RANK" in os.environ:
        raise UserError(
            "--record goes on by itself, in one process, and keeps its own curves: leave out "
            "--resume, --tensorboard, --wandb and torchrun."
        )
    folder = options.folder or folder_of_runs(Path.cwd(), os.environ)
    try:
        record_experiment(experiment, folder, device=options.device, fresh=options.fresh)
    except KeyboardInterrupt:
        print(f"Stopped; what was finished is kept in {folder}. The same command goes on.")
        return 130
    print(f"Kept in {folder / experiment.name}.npz and .json")
    return 0
