"""The recorded runs of notebook 04: six losses, the hand-over between two, and sweeps of λ.

All of them train :class:`sigreg_edu.training.joint.JointTraining` at its defaults. They lie in
``data/runs/collapse.npz`` (read without pickle), beside a note for people (``.json``) and tables
(``.md``). To record them again, some ten minutes on one core; it may be interrupted, and goes on
where it was::

    python -m sigreg_edu.training.collapse
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, fields
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from sigreg_edu.checks import require_choice
from sigreg_edu.data.digits import load_digits
from sigreg_edu.losses.schedules import TRANSITIONS, HybridTransition
from sigreg_edu.training.joint import CONDITIONS, SPACES, JointTraining, Measures
from sigreg_edu.training.probes import knn_accuracy
from sigreg_edu.training.runs import one_thread, snapshot_schedule
from sigreg_edu.training.shipped import DATA_FOLDER, find_runs, packed, ran_on, unpacked
from sigreg_edu.training.targets import TARGETS

FILE, AGAIN = "collapse.npz", "python -m sigreg_edu.training.collapse"
STEPS = 600
SEEDS = (0, 1, 2)
#: λ of the sweeps; 0, which is the condition "none", comes on top.
LAMBDAS = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.02, 0.03, 0.1, 0.3, 0.6)
NUM_SHOWN = 300  # test digits in a cloud for drawing
MEASURES = tuple(field.name for field in fields(Measures))
#: When a run is looked at: closer together at first, then every 25 steps, 30 times in all.
MOMENTS = (*snapshot_schedule(25, 7), *range(50, STEPS + 1, 25))


@dataclass(frozen=True)
class Setting:
    """What a run was asked for, and what it is found by.

    Attributes:
        condition: a key of :data:`sigreg_edu.training.joint.CONDITIONS`.
        lamb: λ.
        target: a key of :data:`sigreg_edu.training.targets.TARGETS`.
        shape: of the hybrid's transition, over the middle third; of no matter to the others.
        seed: of everything.
    """

    condition: str
    lamb: float
    target: str = "shared"
    shape: str = "linear"
    seed: int = 0

    @classmethod
    def default(cls, condition: str, *, shape: str = "linear", seed: int = 0) -> Setting:
        """The setting of a condition with its own λ."""
        return cls(condition, CONDITIONS[condition].lamb, shape=shape, seed=seed)


@dataclass(frozen=True, eq=False)
class WatchedRun:
    """A training, looked at S times.

    Attributes:
        setting: what was asked for.
        steps: (S,), rising; s is after s steps.
        measures: (S, 2, 5), the spaces in the order of ``SPACES``, the numbers of ``MEASURES``.
        invariance: (S,), the agreement term on the batch of the step that followed; of the last
            step after it, none followed, so it is that step's own. With a teacher it is the
            distance to the teacher's views.
        spectra: for each space the standard deviations along the principal axes, (S, D).
        cloud: the first two coordinates of the projections of some test digits, (S, N, 2), or
            None if they were not kept.
        seconds: time it took.
    """

    setting: Setting
    steps: np.ndarray
    measures: np.ndarray
    invariance: np.ndarray
    spectra: Mapping[str, np.ndarray]
    cloud: np.ndarray | None
    seconds: float

    def curve(self, name: str, space: str = "projection") -> np.ndarray:
        """Return one of the measures at each moment, shape (S,).

        Args:
            name: a field of :class:`Measures`, or ``"invariance"``.
            space: ``"embedding"`` or ``"projection"``.
        """
        require_choice(name, "name", (*MEASURES, "invariance"))
        require_choice(space, "space", SPACES)
        if name == "invariance":
            return self.invariance
        return self.measures[:, list(SPACES).index(space), MEASURES.index(name)]

    def index(self, step: int) -> int:
        """Return the index of the last moment at ``step`` or before."""
        return int(np.searchsorted(self.steps, step, side="right")) - 1


@dataclass(frozen=True, eq=False)
class CollapseRuns:
    """All recorded runs.

    Attributes:
        runs: by setting.
        labels: the digits of the clouds, (N,).
    """

    runs: Mapping[Setting, WatchedRun]
    labels: np.ndarray

    def of(self, setting: Setting) -> WatchedRun:
        """Return one run.

        Raises:
            KeyError: it was not recorded.
        """
        if setting not in self.runs:
            raise KeyError(f"no run was recorded for {setting}. Record all of them: {AGAIN}")
        return self.runs[setting]

    def final(self, name: str, settings: Iterable[Setting], space: str = "projection"):
        """Return one measure at the end of some runs, shape (R,)."""
        return np.array([self.of(setting).curve(name, space)[-1] for setting in settings])


def principal_deviations(z: torch.Tensor) -> torch.Tensor:
    """Standard deviations along the principal axes, largest first: singular values / sqrt(N - 1).

    Unlike those of the coordinates they show a line or a plane that lies askew.

    Args:
        z: points (N, D), N at least 2.

    Returns:
        Tensor (min(N, D),) of z's dtype, computed in float64.

    >>> principal_deviations(torch.tensor([[1.0, 1.0], [-1.0, -1.0]]))
    tensor([2., 0.])
    """
    centred = z.double() - z.double().mean(dim=0)
    return (torch.linalg.svdvals(centred) / (len(z) - 1) ** 0.5).to(z.dtype)


def shown_digits() -> torch.Tensor:
    """Return which of the 1,797 digits the clouds show: test digits, evenly taken, (N,)."""
    test = load_digits().test_indices
    return test[np.linspace(0, len(test) - 1, NUM_SHOWN).round().astype(int)]


# --- reading ----------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def collapse_runs() -> CollapseRuns:
    """Return the recorded runs; they are read once.

    Raises:
        FileNotFoundError: the data folder is not there; the message says where it was sought.
        ValueError: the file is not whole.
    """
    folder = find_runs(Path.cwd(), os.environ, files=[FILE], again=AGAIN)
    return CollapseRuns(load_runs(folder / FILE), load_digits().labels[shown_digits()].numpy())


def load_runs(path: Path) -> dict[Setting, WatchedRun]:
    """Return the runs in a file that :func:`save_runs` wrote.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: an array is missing or has another shape than the rest.
    """
    with np.load(path, allow_pickle=False) as file:
        kept = {name: file[name] for name in file.files}
    facts = json.loads(str(kept.pop("facts"))) if "facts" in kept else {}
    _require_whole(kept, facts, path)
    clouds = unpacked(kept)
    row_of_cloud = np.cumsum(kept["has_cloud"]) - 1
    runs = {}
    for number, (asked, seconds) in enumerate(
        zip(facts["settings"], facts["seconds"], strict=True)
    ):
        rows = np.flatnonzero(kept["run"] == number)
        setting = Setting(**asked)
        runs[setting] = WatchedRun(
            setting=setting,
            steps=kept["step"][rows],
            measures=kept["measures"][rows],
            invariance=kept["invariance"][rows],
            spectra={space: kept[space][rows] for space in SPACES},
            cloud=clouds[row_of_cloud[rows]] if kept["has_cloud"][rows].all() else None,
            seconds=seconds,
        )
    return runs


def _require_whole(kept: Mapping[str, np.ndarray], facts: Mapping[str, list], path: Path) -> None:
    """Raise ValueError unless the arrays are there and fit each other: a row for each moment."""
    rows = len(kept.get("step", ()))
    shapes = {
        "run": (rows,),
        "step": (rows,),
        "has_cloud": (rows,),
        "invariance": (rows,),
        "measures": (rows, len(SPACES), len(MEASURES)),
        "embedding": (rows, None),
        "projection": (rows, None),
        "clouds": (int(kept.get("has_cloud", np.zeros(0)).sum()), NUM_SHOWN, 2),
    }
    wrong = [name for name, shape in shapes.items() if not _has_shape(kept.get(name), shape)]
    wrong += [name for name in ("settings", "seconds") if name not in facts]
    wrong += [name for name in ("centre", "spread") if name not in kept]
    if wrong or rows == 0:
        raise ValueError(
            f"{path} is not whole: {', '.join(wrong) or 'no run is in it'}. "
            f"Record the runs again: {AGAIN} --fresh"
        )


def _has_shape(array: np.ndarray | None, shape: Sequence[int | None]) -> bool:
    return (
        array is not None
        and array.ndim == len(shape)
        and all(want in (None, have) for want, have in zip(shape, array.shape, strict=True))
    )


# --- tables -----------------------------------------------------------------------------------


def as_table(space: str = "projection", runs: CollapseRuns | None = None) -> str:
    """Return a Markdown table: what each loss left after training, mean ± std over three seeds.

    Args:
        space: ``"embedding"`` or ``"projection"``.
        runs: the recorded runs; those that come with the kit if None.

    >>> print(as_table("embedding").splitlines()[0])  # doctest: +ELLIPSIS
    | loss ... | effective rank | smallest std | kNN % ... | T ... |
    """
    runs = collapse_runs() if runs is None else runs
    require_choice(space, "space", SPACES)
    rows = [("loss", "effective rank", "smallest std", "kNN %", "T")]
    rows += [
        (condition.label, *_summary(runs, name, space, -1))
        for name, condition in CONDITIONS.items()
    ]
    rows.append(("(untrained network)", *_summary(runs, "none", space, 0)))
    rows.append(("(raw pixels)", "", "", f"{100 * pixel_accuracy():.1f}", ""))
    return markdown(rows)


def _summary(runs: CollapseRuns, condition: str, space: str, moment: int) -> Iterator[str]:
    """Give rank, smallest std, kNN in per cent and T of a condition at a moment."""
    names = ("effective_rank", "smallest_std", "knn", "sigreg")
    for name, factor, digits in zip(names, (1, 1, 100, 1), (1, 3, 1, 2), strict=True):
        runs_of = (runs.of(Setting.default(condition, seed=seed)) for seed in SEEDS)
        yield spread_text(
            factor * np.array([run.curve(name, space)[moment] for run in runs_of]), digits
        )


def sweep_table(runs: CollapseRuns, name: str, space: str, *, digits: int, factor: float) -> str:
    """Return a Markdown table of one measure at the end, λ by target and with VICReg beside."""
    rows = [("λ", *(f"SIGReg, {label}" for label in TARGETS.values()), "VICReg")]
    for lamb in (0.0, *LAMBDAS):
        cells = [
            spread_text(factor * runs.final(name, sweep(lamb, target), space), digits)
            for target in TARGETS
        ]
        vicreg = runs.final(name, sweep(lamb, condition="vicreg"), space)
        rows.append((f"{lamb:g}", *cells, spread_text(factor * vicreg, digits)))
    return markdown(rows)


def sweep(lamb: float, target: str = "shared", condition: str = "lejepa") -> list[Setting]:
    """Return the settings of one λ of a sweep, one for each seed; λ = 0 is the condition "none"."""
    if lamb == 0.0:
        condition = "none"
    return [Setting(condition, lamb, target, seed=seed) for seed in SEEDS]


def spread_text(values: np.ndarray, digits: int) -> str:
    """Return mean ± standard deviation.

    >>> spread_text(np.array([1.0, 2.0, 3.0]), 1)
    '2.0 ± 1.0'
    """
    return f"{values.mean():.{digits}f} ± {values.std(ddof=1):.{digits}f}"


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table whose columns also line up as plain text; the first row is its head.

    >>> print(markdown([("λ", "kNN"), ("0.02", "97 %")]))
    | λ    | kNN  |
    |------|------|
    | 0.02 | 97 % |
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| " + " | ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def pixel_accuracy() -> float:
    """Return the kNN accuracy of the raw pixels, which no training has touched."""
    digits, pixels = load_digits(), load_digits().images.flatten(1)
    train, test = digits.train_indices, digits.test_indices
    return knn_accuracy(pixels[train], digits.labels[train], pixels[test], digits.labels[test])


def report(runs: CollapseRuns) -> str:
    """Return the text of ``collapse.md``: all tables."""
    seeds = f"Mean ± standard deviation over {len(SEEDS)} seeds."
    parts = [
        "# The recorded runs of notebook 04",
        f"Real digits (8×8), {STEPS} steps. {seeds} Record them again: `{AGAIN}`.",
    ]
    for space in reversed(SPACES):
        parts += [f"## What each loss leaves: {space}", as_table(space, runs)]
    for title, name, space, digits, factor in (
        ("kNN % of the embedding", "knn", "embedding", 1, 100.0),
        ("kNN % of the projection", "knn", "projection", 1, 100.0),
        ("effective rank of the projection", "effective_rank", "projection", 1, 1.0),
        ("smallest std of the projection", "smallest_std", "projection", 3, 1.0),
        ("smallest std of the embedding", "smallest_std", "embedding", 3, 1.0),
        ("invariance", "invariance", "projection", 4, 1.0),
    ):
        parts.append(f"## Sweep of λ: {title}")
        parts.append(sweep_table(runs, name, space, digits=digits, factor=factor))
    return "\n\n".join(parts) + "\n"


# --- recording --------------------------------------------------------------------------------


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


def save_runs(runs: Iterable[WatchedRun], path: Path) -> None:
    """Keep runs in an ``.npz`` file: a row for each moment of each run.

    The file is written beside ``path`` first, so that an interruption leaves the old one whole.
    """
    runs = list(runs)
    clouds = [run.cloud for run in runs if run.cloud is not None]
    facts = {
        "settings": [asdict(run.setting) for run in runs],
        "seconds": [round(run.seconds, 2) for run in runs],
    }
    half_written = path.with_name(f"new_{path.name}")
    np.savez_compressed(
        half_written,
        facts=np.array(json.dumps(facts)),
        run=np.repeat(np.arange(len(runs), dtype=np.int16), [len(run.steps) for run in runs]),
        step=np.concatenate([run.steps for run in runs]).astype(np.int32),
        measures=np.concatenate([run.measures for run in runs]),
        invariance=np.concatenate([run.invariance for run in runs]),
        has_cloud=np.concatenate([np.full(len(r.steps), r.cloud is not None) for r in runs]),
        **{space: np.concatenate([run.spectra[space] for run in runs]) for space in SPACES},
        **packed(np.concatenate(clouds) if clouds else np.zeros((0, NUM_SHOWN, 2), np.float32)),
    )
    half_written.replace(path)


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
            "rest": "the defaults of sigreg_edu.training.joint.JointTraining",
        },
        "runs": len(runs),
        "seconds": round(sum(run.seconds for run in runs.values())),
        "ran_on": ran_on(),
        "again": AGAIN,
    }


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
