"""The two runs that come with the kit, so that notebook 00 has something to show at once.

Each lies in ``data/runs`` as arrays (``.npz``, read without pickle) beside a note for people
(``.json``): its options, what came out, and where it ran. To record both again, some seconds::

    python -m sigreg_edu.training.shipped
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from sigreg_edu.data.digits import load_digits
from sigreg_edu.training.loop import StepRecord
from sigreg_edu.training.probes import effective_rank, knn_accuracy
from sigreg_edu.training.runs import Run, record_run

DATA_VARIABLE, HOME_VARIABLE = "SIGREG_EDU_DATA", "SIGREG_EDU_HOME"
#: Options of :func:`record_run` for each run, by its name; what is not named is the default.
RECIPES = MappingProxyType({"none": {"lamb": 0.0}, "sigreg": {"lamb": 0.01}})
AGAIN = "python -m sigreg_edu.training.shipped"
FILES = tuple(f"digits_{name}.npz" for name in RECIPES)
_PACKAGE = Path(__file__).resolve().parents[1]
DATA_FOLDER = _PACKAGE.parent / "data" / "runs"  # of this clone


def shipped_runs() -> dict[str, Run]:
    """Return the recorded runs by name: ``"none"`` without a regularizer, ``"sigreg"`` with it.

    They were made by :func:`record_run` at its defaults, except for λ = 0 in the first, and watch
    all 1,797 digits in the order of :func:`sigreg_edu.data.load_digits`.

    Raises:
        FileNotFoundError: the data folder is not there; the message says where it was sought.

    >>> runs = shipped_runs()
    >>> {name: run.config["lamb"] for name, run in runs.items()}
    {'none': 0.0, 'sigreg': 0.01}
    """
    folder = find_runs(Path.cwd(), os.environ)
    return {name: load_run(folder / f"digits_{name}.npz") for name in RECIPES}


def save_run(run: Run, path: Path) -> None:
    """Keep a run in an ``.npz`` file.

    Snapshots are kept to four digits of the cloud's own spread: each is moved to mean 0 and scaled
    to standard deviation 1 before it is rounded to half precision, so that a collapsed cloud is
    kept as well as a wide one.

    Args:
        run: what :func:`record_run` returned.
        path: file to write.
    """
    facts = {"config": dict(run.config), "seconds": run.seconds, "finished": run.finished}
    np.savez_compressed(
        path,
        facts=np.array(json.dumps(facts)),
        records=np.array([astuple(record) for record in run.records]),
        snapshot_steps=run.snapshot_steps.numpy(),
        **packed(run.snapshots.numpy()),
    )


def packed(clouds: np.ndarray) -> dict[str, np.ndarray]:
    """Return clouds (S, N, D) in half precision, each beside its ``centre`` and ``spread``."""
    centre = clouds.mean(axis=1, keepdims=True)  # (S, 1, D)
    spread = np.maximum(clouds.std(axis=1, ddof=1, keepdims=True), np.finfo(np.float32).tiny)
    half = ((clouds - centre) / spread).astype(np.float16)
    return {"centre": centre, "spread": spread, "clouds": half}


def unpacked(kept: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the clouds (S, N, D) that :func:`packed` was given, float32."""
    return kept["centre"] + kept["spread"] * kept["clouds"].astype(np.float32)


def load_run(path: Path) -> Run:
    """Return the run in a file that :func:`save_run` wrote.

    Args:
        path: file to read.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is something else, damaged, or its parts do not fit each other.
    """
    kept, facts = read_arrays(path, again=AGAIN)
    with refusing(path, again=AGAIN):
        _require_whole(kept)
        return Run(
            config=MappingProxyType(facts["config"]),
            records=tuple(_record(row) for row in kept["records"]),
            snapshot_steps=torch.from_numpy(kept["snapshot_steps"]),
            snapshots=torch.from_numpy(unpacked(kept)),
            seconds=facts["seconds"],
            finished=facts["finished"],
        )


def read_arrays(path: Path, *, again: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return the arrays of an ``.npz`` file, and the facts that it holds as JSON, without pickle.

    Args:
        path: file to read.
        again: the command that makes such a file, for the message.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it cannot be read as one.
    """
    with refusing(path, again=again), np.load(path, allow_pickle=False) as file:
        kept = {name: file[name] for name in file.files}
        return kept, json.loads(str(kept.pop("facts")))


@contextmanager
def refusing(path: Path, *, again: str) -> Iterator[None]:
    """Turn whatever a damaged file does to its reader into one message that says what to do."""
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as e:  # of zip, zlib, NumPy, JSON, or of what their results are used for
        why = "no file of arrays" if "pickle" in str(e) else f"{type(e).__name__}: {e}"
        raise ValueError(
            f"expected {path} to be whole, got one that cannot be used ({why}). If it is a short "
            f"text that names git-lfs, fetch the file itself; else record it again: {again}"
        ) from e


def _require_whole(kept: Mapping[str, np.ndarray]) -> None:
    """Raise ValueError unless the arrays of a run fit each other and hold possible numbers."""
    records, steps, clouds = kept["records"], kept["snapshot_steps"], kept["clouds"]
    holds = {
        "records": records.ndim == 2 and records.shape[1] == len(fields(StepRecord)),
        "snapshot_steps": steps.ndim == 1 and bool((np.diff(steps) > 0).all()),
        "clouds": clouds.ndim == 3 and len(clouds) == len(steps) > 0,
    }
    for name in ("centre", "spread"):
        holds[name] = kept[name].shape == (len(clouds), 1, clouds.shape[-1])
    for name in ("records", "clouds", "centre", "spread"):
        holds[name] &= bool(np.isfinite(kept[name]).all())
    if wrong := [name for name, good in holds.items() if not good]:
        raise ValueError(f"wrong: {', '.join(wrong)}")


def find_runs(
    start: Path,
    environment: Mapping[str, str],
    *,
    files: Sequence[str] = FILES,
    again: str = AGAIN,
) -> Path:
    """Return the folder of the recorded runs, the first that has all of ``files``.

    ``SIGREG_EDU_DATA`` (a data folder) or ``SIGREG_EDU_HOME`` (a clone) decides if one is set;
    else the folder the user stands in or one above it, else the clone that the package is
    installed from. ``again`` is the command that records them.

    Raises:
        FileNotFoundError: there is none; the message says what to do.
    """
    tried = list(_candidates(start, environment))
    for folder in tried:
        if all((folder / name).is_file() for name in files):
            return folder
    raise FileNotFoundError(
        f"the recorded runs were not found in {tried[0]} or in {len(tried) - 1} other places. "
        f"Go into a clone of sigreg_edu, set {HOME_VARIABLE} to one, or record them there: {again}"
    )


def folder_of_runs(start: Path, environment: Mapping[str, str]) -> Path:
    """Return where recordings go: the first place that :func:`find_runs` would look in.

    A place counts if its ``data`` folder is there, or if a variable names it.

    Raises:
        FileNotFoundError: there is none; the message says what to do.
    """
    named = bool(environment.get(DATA_VARIABLE) or environment.get(HOME_VARIABLE))
    for folder in _candidates(start, environment):
        if named or folder.parent.is_dir():
            return folder
    raise FileNotFoundError(
        f"there is no data folder here to record into. Go into a clone of sigreg_edu, or say "
        f"where: --folder, or the variable {DATA_VARIABLE}."
    )


def _candidates(start: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    if environment.get(DATA_VARIABLE):
        yield Path(environment[DATA_VARIABLE]).expanduser() / "runs"
        return
    if environment.get(HOME_VARIABLE):
        yield Path(environment[HOME_VARIABLE]).expanduser() / "data" / "runs"
        return
    for folder in (start, *start.parents, _PACKAGE.parent):
        yield folder / "data" / "runs"


def _record(row: np.ndarray) -> StepRecord:
    values = dict(zip([field.name for field in fields(StepRecord)], row.tolist(), strict=True))
    return StepRecord(**{**values, "step": int(values["step"])})


def note(run: Run) -> dict[str, object]:
    """Return what a reader wants to know of a run: options, what came out, where it ran."""
    digits, z = load_digits(), run.snapshots[-1]
    train, test = digits.train_indices, digits.test_indices
    accuracy = knn_accuracy(z[train], digits.labels[train], z[test], digits.labels[test])
    return {
        "config": dict(run.config),
        "metrics": {
            "invariance": run.records[-1].invariance,
            "sigreg": run.records[-1].regularizer,
            "std": z.std(dim=0).tolist(),
            "effective_rank": effective_rank(z).item(),
            "knn_accuracy": accuracy,
            "seconds": round(run.seconds, 1),
        },
        "ran_on": ran_on(),
        "again": AGAIN,
    }


def ran_on() -> dict[str, object]:
    """Return what a number that was worked out here may depend on: device and versions."""
    return {
        "device": "cpu",
        "machine": platform.machine(),
        "python": platform.python_version(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }


def main(arguments: Sequence[str]) -> int:
    """Record both runs into the folder given, or into ``data/runs`` of this clone."""
    folder = Path(arguments[0]) if arguments else DATA_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, recipe in RECIPES.items():
        run = record_run(**recipe)
        save_run(run, folder / f"digits_{name}.npz")
        text = json.dumps(note(run), indent=2, sort_keys=True)
        (folder / f"digits_{name}.json").write_text(text + "\n", encoding="utf-8")
        print(f"{folder / f'digits_{name}.npz'}: {run.seconds:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
