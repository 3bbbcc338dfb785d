"""Recorded experiments: trainings of vision transformers, kept for looking at without a GPU.

Each experiment of ``sigreg_edu/configs/experiments`` has one file of arrays in ``data/runs``
(``.npz``, read without pickle) beside a note for people (``.json``). To record one again::

    sigreg-edu train vit_main --record

It may be interrupted, and goes on with the runs that are missing.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch

from sigreg_edu.data import ImageData, make_images
from sigreg_edu.data.files import replacing
from sigreg_edu.training.config import Experiment, TrainConfig, load_experiment
from sigreg_edu.training.measures import SPACES
from sigreg_edu.training.pretraining import Pretraining, TrainRecord, VitMeasures
from sigreg_edu.training.probes import (
    factor_probes,
    knn_accuracy,
    linear_probe,
    principal_deviations,
)
from sigreg_edu.training.shipped import (
    find_runs,
    packed,
    ran_on,
    read_arrays,
    refusing,
    unpacked,
)

__all__ = ["RecordedRun", "final_probes", "load_runs", "record_experiment", "vit_runs", "watch"]

RECORD_FIELDS = tuple(f.name for f in fields(TrainRecord) if f.name != "step")
MOST_PIXELS = 10_000_000  # of the training images together, for probes of the pixels
MEASURES = tuple(f.name for f in fields(VitMeasures))


@dataclass(frozen=True, eq=False)
class RecordedRun:
    """A training that was recorded, and what was seen of it.

    Attributes:
        config: all its options.
        curves: for each field of :class:`TrainRecord` but the step its values, (steps,) float32.
        look_steps: when it was looked at, (L,) int64, from 0 (untrained) to the last step.
        measures: for each space and each field of :class:`VitMeasures`, (L,) float32.
        spectra: for each space standard deviations along the principal axes, (L, D) float32.
        clouds: projections of the watched test images, (L, T, D) float32; None if not kept.
        labels: of those images, (T,) int64.
        final: probes of the trained embedding by name, fitted on all training images, see
            :func:`final_probes`; for data with factors also ``untrained.factor.NAME``.
        ran_on: device and versions.
        seconds: of training, without the looks.
        images_per_second: views that went through the network each second.
        peak_megabytes: of the GPU's memory; None on a CPU.
    """

    config: TrainConfig
    curves: Mapping[str, np.ndarray]
    look_steps: np.ndarray
    measures: Mapping[str, Mapping[str, np.ndarray]]
    spectra: Mapping[str, np.ndarray]
    clouds: np.ndarray | None
    labels: np.ndarray
    final: Mapping[str, float]
    ran_on: Mapping[str, Any]
    seconds: float
    images_per_second: float
    peak_megabytes: float | None


def watch(
    config: TrainConfig,
    *,
    device: str = "cpu",
    data: ImageData | None = None,
    keep_clouds: bool = False,
) -> RecordedRun:
    """Train to the end, and look before it, every ``look_every`` steps, and after it.

    Args:
        config: the training.
        device: where.
        data: the images that ``config.data`` names, if they are at hand.
        keep_clouds: keep where the test images lie, too.
    """
    run = Pretraining(config, device=device, data=data)
    looks, spent = [_look(run, keep_clouds=keep_clouds)], 0.0
    untrained = {f"untrained.{name}": score for name, score in _factors(run).items()}
    if run.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(run.device)
    began = time.perf_counter()
    for record in run.take_steps():
        spent += time.perf_counter() - began
        if record.step % config.look_every == 0 or run.finished:
            looks.append(_look(run, keep_clouds=keep_clouds))
        began = time.perf_counter()
    on_gpu = run.device.type == "cuda"
    return RecordedRun(
        config=config,
        curves={n: np.float32([getattr(r, n) for r in run.records]) for n in RECORD_FIELDS},
        look_steps=np.array([look["step"] for look in looks]),
        measures={
            space: {n: np.float32([getattr(look[space], n) for look in looks]) for n in MEASURES}
            for space in SPACES
        },
        spectra={space: np.stack([look["spectra"][space] for look in looks]) for space in SPACES},
        clouds=np.stack([look["cloud"] for look in looks]) if keep_clouds else None,
        labels=run.labels_of()[run.test_indices].numpy(),
        final=final_probes(run) | untrained,
        ran_on={**ran_on(), "device": _device_name(run.device)},
        seconds=spent,
        images_per_second=config.steps * config.batch_size * config.num_views / spent,
        peak_megabytes=torch.cuda.max_memory_allocated(run.device) / 2**20 if on_gpu else None,
    )


def _look(run: Pretraining, *, keep_clouds: bool) -> dict[str, Any]:
    """What both spaces look like now."""
    places = places_of(run)
    seen: dict[str, Any] = {space: run.measure_points(z, space) for space, z in places.items()}
    seen["step"] = run.steps_taken
    seen["spectra"] = {space: principal_deviations(z).numpy() for space, z in places.items()}
    seen["cloud"] = places["projection"][run.test_indices].numpy() if keep_clouds else None
    return seen


def places_of(run: Pretraining) -> dict[str, torch.Tensor]:
    """Return where the watched images lie in both spaces, (N, D) each, by one pass."""
    pieces = list(run.embed_in_bites())
    return {space: torch.cat([piece[space] for piece in pieces]) for space in SPACES}


def final_probes(run: Pretraining) -> dict[str, float]:
    """Return what probes make of the embedding, and of raw pixels, on all test images.

    Returns:
        ``knn`` and ``linear`` of the embedding; for small sets ``raw_knn`` and ``raw_linear`` of
        the pixels; for each factor of the data ``factor.NAME`` and ``chance.NAME``.
    """
    data = run.data
    train, test = data.train_indices, data.test_indices
    labels = data.labels[train].cpu(), data.labels[test].cpu()
    z = run.embed("embedding", train), run.embed("embedding", test)
    found = {
        "knn": knn_accuracy(z[0], labels[0], z[1], labels[1]),
        "linear": linear_probe(z[0], labels[0], z[1], labels[1]),
        **_raw_probes(data, labels),
    }
    return found | _factors(run)


def _factors(run: Pretraining) -> dict[str, float]:
    """Return what linear probes make of each factor of the data, and what guessing makes of it."""
    data = run.data
    if not data.factors:
        return {}
    parts = (data.train_indices, data.test_indices)
    z = [run.embed("embedding", part) for part in parts]
    factors = [{n: f[part].cpu() for n, f in data.factors.items()} for part in parts]
    found: dict[str, float] = {}
    for name, score in factor_probes(z[0], factors[0], z[1], factors[1]).items():
        found |= {f"factor.{name}": score.accuracy, f"chance.{name}": score.chance}
    return found


_RAW: WeakKeyDictionary[ImageData, dict[str, float]] = WeakKeyDictionary()


def _raw_probes(data: ImageData, labels: tuple[torch.Tensor, torch.Tensor]) -> dict[str, float]:
    """What the same probes make of the pixels, of sets that are small enough to ask."""
    parts = (data.train_indices, data.test_indices)
    if len(parts[0]) * data.images[0].numel() > MOST_PIXELS:
        return {}
    if data not in _RAW:  # it is slow, and several runs may share a set
        raw = tuple(data.pixels(part).flatten(1).cpu() for part in parts)
        _RAW[data] = {
            "raw_knn": knn_accuracy(raw[0], labels[0], raw[1], labels[1]),
            "raw_linear": linear_probe(raw[0], labels[0], raw[1], labels[1]),
        }
    return _RAW[data]


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"


def record_experiment(
    experiment: Experiment,
    folder: Path,
    *,
    device: str = "cpu",
    fresh: bool = False,
    report: Callable[[str], None] = print,
) -> list[RecordedRun]:
    """Record what of an experiment is not yet in ``folder``; each run is kept as it is done.

    Args:
        experiment: from :func:`sigreg_edu.training.config.load_experiment`.
        folder: where ``NAME.npz`` lies or will lie.
        device: where to train.
        fresh: record all of it again.
        report: takes a line a run.

    Returns:
        All runs, in the experiment's order. Runs that it no longer names are dropped.
    """
    path = folder / f"{experiment.name}.npz"
    known = load_runs(path) if path.is_file() and not fresh else []
    wanted = experiment.configs()
    done = [run for run in known if run.config in wanted]
    named: Mapping[str, Any] = {}
    data: ImageData | None = None  # one set for all runs on it
    for number, config in enumerate(wanted, start=1):
        if any(run.config == config for run in done):
            continue
        keep = experiment.clouds and config.seed == wanted[0].seed
        if config.data != named:
            named, data = config.data, make_images(**config.data)
        done.append(watch(config, device=device, data=data, keep_clouds=keep))
        _save(sorted(done, key=lambda run: wanted.index(run.config)), experiment, path)
        report(
            f"{number} of {len(wanted)}: {experiment.variants[number - 1]}, "
            f"{done[-1].seconds:.0f} s, kNN {100 * done[-1].final['knn']:.1f} %"
        )
    return sorted(done, key=lambda run: wanted.index(run.config))


def _save(runs: list[RecordedRun], experiment: Experiment, path: Path) -> None:
    """Write the arrays of all runs, and the note."""
    arrays: dict[str, np.ndarray] = {}
    facts = []
    for number, run in enumerate(runs):
        arrays |= {f"{number}.{name}": array for name, array in _arrays_of(run).items()}
        facts.append(_facts_of(run))
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as beside:
        np.savez_compressed(beside, facts=np.array(json.dumps(facts)), **arrays)
    text = json.dumps(_note(runs, experiment), indent=2, ensure_ascii=False)
    path.with_suffix(".json").write_text(text + "\n", encoding="utf-8")


def _arrays_of(run: RecordedRun) -> dict[str, np.ndarray]:
    arrays = {
        "curves": np.stack([run.curves[name] for name in RECORD_FIELDS]),
        "look_steps": run.look_steps,
        "measures": np.stack([[run.measures[s][n] for n in MEASURES] for s in SPACES]),
        "labels": run.labels.astype(np.int64),
        **{f"spectra.{space}": run.spectra[space] for space in SPACES},
    }
    if run.clouds is not None:
        arrays |= {f"cloud.{name}": array for name, array in packed(run.clouds).items()}
    return arrays


def _facts_of(run: RecordedRun) -> dict[str, Any]:
    return {
        "config": run.config.to_dict(),
        "final": dict(run.final),
        "ran_on": dict(run.ran_on),
        "seconds": run.seconds,
        "images_per_second": run.images_per_second,
        "peak_megabytes": run.peak_megabytes,
    }


def _note(runs: Iterable[RecordedRun], experiment: Experiment) -> dict[str, Any]:
    """What a reader wants to know: what was asked, what came out, where it ran."""
    return {
        "about": experiment.about,
        "again": f"sigreg-edu train {experiment.name} --record",
        "runs": [_rounded(_facts_of(run)) for run in runs],
    }


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    return float(f"{value:.5g}") if isinstance(value, float) else value


def load_runs(path: Path) -> list[RecordedRun]:
    """Return the runs of a file that :func:`record_experiment` wrote.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is something else, damaged, or its parts do not fit each other.
    """
    again = f"sigreg-edu train {path.stem} --record --fresh"
    kept, facts = read_arrays(path, again=again)
    with refusing(path, again=again):
        return [_run_of(number, kept, fact) for number, fact in enumerate(facts)]


def _run_of(number: int, kept: Mapping[str, np.ndarray], fact: Mapping[str, Any]) -> RecordedRun:
    """Put one run together, and refuse arrays that do not fit each other."""
    start = f"{number}."
    own = {k.removeprefix(start): v for k, v in kept.items() if k.startswith(start)}
    cloud = {k.removeprefix("cloud."): v for k, v in own.items() if k.startswith("cloud.")}
    run = RecordedRun(
        config=TrainConfig.from_dict(fact["config"]),
        curves=dict(zip(RECORD_FIELDS, own["curves"], strict=True)),
        look_steps=own["look_steps"],
        measures={
            space: dict(zip(MEASURES, values, strict=True))
            for space, values in zip(SPACES, own["measures"], strict=True)
        },
        spectra={space: own[f"spectra.{space}"] for space in SPACES},
        clouds=unpacked(cloud) if cloud else None,
        labels=own["labels"],
        final=MappingProxyType(fact["final"]),
        ran_on=MappingProxyType(fact["ran_on"]),
        seconds=fact["seconds"],
        images_per_second=fact["images_per_second"],
        peak_megabytes=fact["peak_megabytes"],
    )
    _require_whole(run)
    return run


def _require_whole(run: RecordedRun) -> None:
    looks, steps = len(run.look_steps), run.config.steps
    holds = {
        "curves": all(curve.shape == (steps,) for curve in run.curves.values()),
        "look_steps": bool((np.diff(run.look_steps) > 0).all()) and run.look_steps[-1] == steps,
        "measures": all(v.shape == (looks,) for m in run.measures.values() for v in m.values()),
        "spectra": all(len(spectrum) == looks for spectrum in run.spectra.values()),
        "clouds": run.clouds is None or run.clouds.shape[:2] == (looks, len(run.labels)),
    }
    if wrong := [name for name, good in holds.items() if not good]:
        raise ValueError(f"wrong: {', '.join(wrong)}")


def vit_runs(name: str = "vit_main") -> list[RecordedRun]:
    """Return the recorded runs of an experiment that the kit ships.

    Args:
        name: of the experiment.

    Raises:
        FileNotFoundError: the data folder is not there; the message says where it was sought.

    >>> {run.config.model.name for run in vit_runs("vit_main")}
    {'vit_micro'}
    """
    file = f"{load_experiment(name).name}.npz"
    again = f"sigreg-edu train {name} --record"
    folder = find_runs(Path.cwd(), os.environ, files=(file,), again=again)
    return list(_read_once(folder / file))


@lru_cache(maxsize=16)
def _read_once(path: Path) -> tuple[RecordedRun, ...]:
    return tuple(load_runs(path))
