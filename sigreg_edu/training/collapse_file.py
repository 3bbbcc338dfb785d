"""The file of notebook 04's recorded runs: what is in it, how it is read and written.

It is ``data/runs/collapse.npz``, made by :mod:`sigreg_edu.training.collapse` and read without
pickle.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from sigreg_edu.checks import require_choice
from sigreg_edu.data.digits import load_digits
from sigreg_edu.data.files import replacing
from sigreg_edu.losses.schedules import TRANSITIONS
from sigreg_edu.training.measures import SPACES, Measures
from sigreg_edu.training.objective import CONDITIONS
from sigreg_edu.training.runs import snapshot_schedule
from sigreg_edu.training.shipped import find_runs, packed, read_arrays, refusing, unpacked
from sigreg_edu.training.targets import TARGETS

FILE, AGAIN = "collapse.npz", "python -m sigreg_edu.training.collapse"
AFRESH = f"{AGAIN} --fresh"
STEPS = 600
SEEDS = (0, 1, 2)
#: λ of the sweeps; 0, which is the condition "none", comes on top.
LAMBDAS = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.02, 0.03, 0.1, 0.3, 0.6)
NUM_SHOWN = 300  # test digits in a cloud for drawing
MEASURES = tuple(field.name for field in fields(Measures))
#: When a run is looked at: closer together at first, then every 25 steps, 30 times in all.
MOMENTS = (*snapshot_schedule(25, 7), *range(50, STEPS + 1, 25))
LAST_MOMENT = len(MOMENTS) - 1


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

    def final(
        self, name: str, settings: Iterable[Setting], space: str = "projection"
    ) -> np.ndarray:
        """Return one measure, or the invariance, at the end of some runs, shape (R,)."""
        return np.array([self.of(setting).curve(name, space)[-1] for setting in settings])


def sweep(lamb: float, target: str = "shared", condition: str = "lejepa") -> list[Setting]:
    """Return the settings of one λ of a sweep, one for each seed; λ = 0 is the condition "none"."""
    if lamb == 0.0:
        condition = "none"
    return [Setting(condition, lamb, target, seed=seed) for seed in SEEDS]


def shown_digits() -> torch.Tensor:
    """Return which of the 1,797 digits the clouds show: test digits, evenly taken, (N,)."""
    test = load_digits().test_indices
    return test[np.linspace(0, len(test) - 1, NUM_SHOWN).round().astype(int)]


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
        ValueError: it cannot be read, an array is missing or does not fit the rest, or a number in
            it cannot be.
    """
    kept, facts = read_arrays(path, again=AFRESH)
    with refusing(path, again=AFRESH):
        _require_whole(kept, facts)
        clouds = np.full((len(kept["step"]), NUM_SHOWN, 2), np.nan, dtype=np.float32)
        clouds[kept["has_cloud"]] = unpacked(kept)
        runs = [
            _run_of_rows(kept, clouds, kept["run"] == number, Setting(**asked), seconds)
            for number, (asked, seconds) in enumerate(
                zip(facts["settings"], facts["seconds"], strict=True)
            )
        ]
    return {run.setting: run for run in runs}


def _run_of_rows(
    kept: Mapping[str, np.ndarray],
    clouds: np.ndarray,
    rows: np.ndarray,
    setting: Setting,
    seconds: float,
) -> WatchedRun:
    return WatchedRun(
        setting=setting,
        steps=kept["step"][rows],
        measures=kept["measures"][rows],
        invariance=kept["invariance"][rows],
        spectra={space: kept[space][rows] for space in SPACES},
        cloud=clouds[rows] if kept["has_cloud"][rows].all() else None,
        seconds=seconds,
    )


def _require_whole(kept: Mapping[str, np.ndarray], facts: Mapping[str, list]) -> None:
    """Raise ValueError unless the arrays are there and fit each other: a row for each moment."""
    rows, clouds = len(kept.get("step", ())), int(kept.get("has_cloud", np.zeros(0)).sum())
    shapes = {
        "run": (rows,),
        "step": (rows,),
        "has_cloud": (rows,),
        "invariance": (rows,),
        "measures": (rows, len(SPACES), len(MEASURES)),
        "embedding": (rows, None),
        "projection": (rows, None),
        "clouds": (clouds, NUM_SHOWN, 2),
        "centre": (clouds, 1, 2),
        "spread": (clouds, 1, 2),
    }
    wrong = [name for name, shape in shapes.items() if not _has_shape(kept.get(name), shape)]
    wrong += [name for name in ("settings", "seconds") if name not in facts]
    wrong = wrong or _impossible(kept, facts)
    if wrong or rows == 0:
        raise ValueError(f"wrong: {', '.join(wrong) or 'no run is in it'}")


def _impossible(kept: Mapping[str, np.ndarray], facts: Mapping[str, list]) -> list[str]:
    """The parts of a file of the right shape that hold what no recording writes."""
    settings, on = [Setting(**asked) for asked in facts["settings"]], np.diff(kept["run"])
    holds = {
        "run": (on >= 0).all() and np.array_equal(np.unique(kept["run"]), np.arange(len(settings))),
        "step": bool((np.diff(kept["step"])[on == 0] > 0).all()),
        "settings": len(set(settings)) == len(settings) and all(map(_is_known, settings)),
        "seconds": len(facts["seconds"]) == len(settings),
    }
    numbers = ("measures", "invariance", *SPACES, "clouds", "centre", "spread")
    holds |= {name: bool(np.isfinite(kept[name]).all()) for name in numbers}
    return [name for name, good in holds.items() if not good]


def _is_known(setting: Setting) -> bool:
    return (
        setting.condition in CONDITIONS
        and setting.target in TARGETS
        and setting.shape in TRANSITIONS
        and 0.0 <= setting.lamb <= 1.0
    )


def _has_shape(array: np.ndarray | None, shape: Sequence[int | None]) -> bool:
    return (
        array is not None
        and array.ndim == len(shape)
        and all(want in (None, have) for want, have in zip(shape, array.shape, strict=True))
    )


def save_runs(runs: Iterable[WatchedRun], path: Path) -> None:
    """Keep runs in an ``.npz`` file: a row for each moment of each run."""
    runs = list(runs)
    clouds = [run.cloud for run in runs if run.cloud is not None]
    facts = {
        "settings": [asdict(run.setting) for run in runs],
        "seconds": [round(run.seconds, 2) for run in runs],
    }
    arrays = {
        "facts": np.array(json.dumps(facts)),
        "run": np.repeat(np.arange(len(runs), dtype=np.int16), [len(run.steps) for run in runs]),
        "step": np.concatenate([run.steps for run in runs]).astype(np.int32),
        "measures": np.concatenate([run.measures for run in runs]),
        "invariance": np.concatenate([run.invariance for run in runs]),
        "has_cloud": np.concatenate([np.full(len(r.steps), r.cloud is not None) for r in runs]),
        **{space: np.concatenate([run.spectra[space] for run in runs]) for space in SPACES},
        **packed(np.concatenate(clouds) if clouds else np.zeros((0, NUM_SHOWN, 2), np.float32)),
    }
    with replacing(path) as beside:
        np.savez_compressed(beside, **arrays)
