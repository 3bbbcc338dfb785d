"""Record the runs of notebook 04: six losses, the hand-over between two, and sweeps of λ.

All of them train :class:`sigreg_edu.training.joint.JointTraining` at its defaults. They lie in
``data/runs/collapse.npz`` beside a note for people (``.json``) and tables (``.md``). To record
them again, some ten minutes on one core; it may be interrupted, and goes on where it was::

    python -m sigreg_edu.training.collapse
"""

from __future__ import annotations

import argparse
import inspect
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from pathlib import Path

import numpy as np
import torch

from sigreg_edu.data.digits import load_digits
from sigreg_edu.losses.schedules import TRANSITIONS, HybridTransition
from sigreg_edu.training.collapse_file import (
    AGAIN,
    FILE,
    LAMBDAS,
    MOMENTS,
    SEEDS,
    STEPS,
    CollapseRuns,
    Setting,
    WatchedRun,
    load_runs,
    save_runs,
    shown_digits,
    sweep,
)
from sigreg_edu.training.collapse_tables import report
from sigreg_edu.training.joint import JointTraining
from sigreg_edu.training.measures import SPACES
from sigreg_edu.training.objective import CONDITIONS
from sigreg_edu.training.probes import principal_deviations
from sigreg_edu.training.runs import one_thread
from sigreg_edu.training.shipped import DATA_FOLDER, ran_on
from sigreg_edu.training.targets import TARGETS


def plan() -> dict[Setting, tuple[int, ...]]:
    """Return all that is to be recorded, and when each run is looked at."""
    watched = [Setting.default(name, seed=seed) for name in CONDITIONS for seed in SEEDS]
    watched += [Setting.default("hybrid", shape=shape) for shape in TRANSITIONS]
    swept = [one for lamb in (0.0, *LAMBDAS) for target in TARGETS for one in sweep(lamb, target)]
    swept += [one for lamb in LAMBDAS for one in sweep(lamb, condition="vicreg")]
    first = dict.fromkeys(watched, MOMENTS)
    return {**first, **{setting: (STEPS,) for setting in swept if setting not in first}}


def watch(setting: Setting, moments: Sequence[int], *, cloud: bool = False) -> WatchedRun:
    """Train under ``setting`` up to the last of ``moments`` and look at each of them.

    Args:
        setting: what is trained.
        moments: rising numbers of steps.
        cloud: keep some digits' places as well.
    """
    started, steps = time.perf_counter(), moments[-1]
    training = JointTraining(
        setting.condition,
        lamb=setting.lamb,
        target=setting.target,
        transition=HybridTransition(STEPS / 3, 2 * STEPS / 3, setting.shape),
        steps=max(steps, 3),
        seed=setting.seed,
    )
    looks = {}
    for step in range(steps + 1):
        if step in moments:
            looks[step] = _look(training)
        if step < steps:
            training.step()
    after = [min(step, steps - 1) for step in looks]
    shown = [look["projection"][shown_digits(), :2].numpy() for look in looks.values()]
    return WatchedRun(
        setting=setting,
        steps=np.array(list(looks)),
        measures=np.array([[astuple(training.measure_points(look[space])) for space in SPACES]
                           for look in looks.values()], dtype=np.float32),
        invariance=np.array([training.records[s].invariance for s in after], dtype=np.float32),
        spectra={space: np.stack([principal_deviations(look[space]).numpy()
                                  for look in looks.values()]) for space in SPACES},
        cloud=np.stack(shown) if cloud else None,
        seconds=time.perf_counter() - started,
    )  # fmt: skip


def _look(training: JointTraining) -> dict[str, torch.Tensor]:
    """Return where the digits lie now, by space."""
    return {space: training.embed(space) for space in SPACES}


def record(
    folder: Path, wanted: Mapping[Setting, Sequence[int]], *, fresh: bool = False
) -> dict[Setting, WatchedRun]:
    """Record what is wanted and not yet in ``folder``; each run is kept as soon as it is done.

    Args:
        folder: where ``collapse.npz`` lies or will lie.
        wanted: settings, and the moments at which each is looked at.
        fresh: record all of them again.

    Returns:
        All runs that were wanted, in that order. Runs that nobody wants any more are dropped.
    """
    path = folder / FILE
    known = load_runs(path) if path.is_file() and not fresh else {}
    done = {
        setting: known[setting]
        for setting, moments in wanted.items()
        if setting in known and tuple(known[setting].steps) == tuple(moments)
    }
    started = time.perf_counter()
    with one_thread():
        for setting in wanted:
            if setting in done:
                continue
            cloud = len(wanted[setting]) > 1 and setting == Setting.default(setting.condition)
            done[setting] = watch(setting, wanted[setting], cloud=cloud)
            save_runs(done.values(), path)
            print(f"{time.perf_counter() - started:5.0f} s  {len(done)} of {len(wanted)}  "
                  f"{' '.join(map(str, astuple(setting)))}", flush=True)  # fmt: skip
    return {setting: done[setting] for setting in wanted}


def note(runs: Mapping[Setting, WatchedRun]) -> dict[str, object]:
    """Return what a reader wants to know: options, where it ran, how long it took."""
    return {
        "config": {
            "steps": STEPS,
            "seeds": SEEDS,
            "lambdas": LAMBDAS,
            "moments": MOMENTS,
            "default_lambdas": {name: condition.lamb for name, condition in CONDITIONS.items()},
            "defaults": training_defaults(),
        },
        "runs": len(runs),
        "seconds": round(sum(run.seconds for run in runs.values())),
        "ran_on": ran_on(),
        "again": AGAIN,
    }


def training_defaults() -> dict[str, object]:
    """Return what :class:`JointTraining` is asked for unless a setting says otherwise."""
    options = inspect.signature(JointTraining).parameters
    return {name: option.default for name, option in options.items()}


def main(arguments: Sequence[str]) -> int:
    """Record all runs into a folder, by default ``data/runs`` of this clone."""
    parser = argparse.ArgumentParser(prog=AGAIN, description=main.__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=DATA_FOLDER)
    parser.add_argument("--fresh", action="store_true", help="record again what is there")
    options = parser.parse_args(arguments)
    folder: Path = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    try:
        runs = record(folder, plan(), fresh=options.fresh)
    except KeyboardInterrupt:
        print(f"Interrupted. What is done is kept in {folder / FILE}; go on with: {AGAIN}")
        return 130
    labels = load_digits().labels[shown_digits()].numpy()
    with one_thread():
        text = json.dumps(note(runs), indent=2, sort_keys=True)
    (folder / "collapse.json").write_text(text + "\n", encoding="utf-8")
    (folder / "collapse.md").write_text(report(CollapseRuns(runs, labels)), encoding="utf-8")
    size = (folder / FILE).stat().st_size
    print(f"{folder / FILE}: {len(runs)} runs, {size / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
