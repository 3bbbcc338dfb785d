"""What each loss makes of scattered digits: recorded trainings of a small vision transformer."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch

from sigreg_edu.statistics import null_distribution
from sigreg_edu.training.config import SUPERVISED, load_experiment
from sigreg_edu.training.measures import (
    SPACES,
    WATCHED_DIRECTIONS,
    worst_direction,
)
from sigreg_edu.training.objective import CONDITIONS
from sigreg_edu.training.recorded import RecordedRun, vit_runs
from sigreg_edu.views.conditions import projection_verdict
from sigreg_edu.views.embedding import FIELD, LENS, Cloud, cloud_of
from sigreg_edu.views.many_shadows import short
from sigreg_edu.views.params import Params, choice, moment, slider
from sigreg_edu.views.sample import Histogram, beyond, histogram
from sigreg_edu.views.sessions import lag_in_words

EXPERIMENT = "vit_main"
SEES_T = ("none", "sigreg", "lejepa")  # losses whose regularizer, or what is watched, is T
_CONFIG = load_experiment(EXPERIMENT).config
SEEDS = tuple(sorted({config.seed for config in load_experiment(EXPERIMENT).configs()}))
LABELS = {name: condition.label for name, condition in CONDITIONS.items()} | {
    SUPERVISED: "supervised"
}
LAST_MOMENT = math.ceil(_CONFIG.steps / _CONFIG.look_every)
CURVES = ("knn", "linear", "effective_rank", "sigreg")
SCALES = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)  # of the map, times a power of ten
INSIDE = 0.9  # of all looks; in some, half-way, the projections lie far out (BatchNorm lags)


@dataclass(frozen=True)
class VitReplayParams(Params):
    """State of the explorer of recorded vision transformers: which, when, and where one looks."""

    loss: str = choice("lejepa", LABELS, label="loss")
    look: int = moment(
        LAST_MOMENT, LAST_MOMENT, label="moment of training",
        help=f"0 is before training, {LAST_MOMENT} after its last step.",
    )  # fmt: skip
    space: str = choice(
        "embedding", SPACES, label="axes, curves of",
        help="The loss sees the projection. The embedding, which enters the projector, is used.",
    )  # fmt: skip
    seed: int = slider(
        SEEDS[0], SEEDS[0], SEEDS[-1], 1, label="seed",
        help=f"Of weights, batches, views and slices. The map was kept for seed {SEEDS[0]} only.",
    )  # fmt: skip


@dataclass(frozen=True)
class VitReplayView:
    """What the figure of recorded vision transformers shows; S seeds, L looks.

    Attributes:
        loss, space, seed: the chosen ones.
        map: the projected test digits on their two widest principal axes, in units of ``scale``;
            None where they were not kept.
        scale: the map's half width over that of other maps, the same at all looks.
        shadow: histogram of the projections along the worst direction, None with the map.
        worst: T of that shadow.
        spectrum, untrained: standard deviations along the space's principal axes, now and before
            training, shape (D,) each.
        steps: of the looks, shape (L,).
        now: the present look, an index.
        chosen: the present seed, an index.
        curves: each of ``CURVES`` in the space, shape (S, L).
        invariance: at each step taken, shape (S, steps).
        raw: kNN accuracy of raw pixels.
        supervised: kNN accuracy of the supervised network's embedding after training.
        device: where the run was recorded.
        readout: all that in words.
    """

    loss: str
    space: str
    seed: int
    map: Cloud | None
    scale: float
    shadow: Histogram | None
    worst: float | None
    spectrum: np.ndarray
    untrained: np.ndarray
    steps: np.ndarray
    now: int
    chosen: int
    curves: dict[str, np.ndarray]
    invariance: np.ndarray
    raw: float
    supervised: float
    device: str
    readout: str

    @property
    def dim(self) -> int:
        """D, dimension of the space."""
        return len(self.spectrum)


def vit_replay_view(params: VitReplayParams) -> VitReplayView:
    """Look at a recorded training at one moment.

    Raises:
        FileNotFoundError: the recorded runs are not there; the message says what to do.
        ValueError: this run is not among them.
    """
    runs = runs_of(params.loss)
    chosen = _chosen(params, runs)
    run = runs[chosen]
    now = round(params.look / LAST_MOMENT * (len(run.look_steps) - 1))
    kept = run.clouds is not None
    shadow, worst = _worst_shadow(params.loss, now) if kept else (None, None)
    return VitReplayView(
        loss=params.loss,
        space=params.space,
        seed=params.seed,
        map=_map(params.loss, now) if kept else None,
        scale=_maps(params.loss)[1],
        shadow=shadow,
        worst=worst,
        spectrum=run.spectra[params.space][now],
        untrained=run.spectra[params.space][0],
        steps=run.look_steps,
        now=now,
        chosen=chosen,
        curves=_curves(params.loss, params.space),
        invariance=_invariance(params.loss),
        raw=run.final["raw_knn"],
        supervised=_mean_and_spread(SUPERVISED, "knn")[0],
        device=str(run.ran_on["device"]),
        readout=_in_words(params, run, now, shadow, worst),
    )


@lru_cache(maxsize=1)
def _recorded() -> tuple[RecordedRun, ...]:
    """All runs of the experiment, whose name costs some milliseconds to look up."""
    return tuple(vit_runs(EXPERIMENT))


@lru_cache(maxsize=len(LABELS))
def runs_of(loss: str) -> tuple[RecordedRun, ...]:
    """Return the recorded runs of a loss, one a seed, in the order of the seeds."""
    runs = (run for run in _recorded() if run.config.loss.name == loss)
    return tuple(sorted(runs, key=lambda run: run.config.seed))


def _chosen(params: VitReplayParams, runs: tuple[RecordedRun, ...]) -> int:
    seeds = [run.config.seed for run in runs]
    if params.seed in seeds:
        return seeds.index(params.seed)
    raise ValueError(
        f"expected a recorded run of {LABELS[params.loss]} with seed {params.seed}, got seeds "
        f"{seeds}; record what is missing: sigreg-edu train {EXPERIMENT} --record"
    )


# --- the map ----------------------------------------------------------------------------------


@lru_cache(maxsize=len(LABELS))
def _maps(loss: str) -> tuple[np.ndarray, float]:
    """Return the flat clouds of all looks, (L, N, 2), and the scale that holds most."""
    clouds = next((run.clouds for run in runs_of(loss) if run.clouds is not None), None)
    if clouds is None:
        return np.zeros((0, 0, 2)), 1.0
    flat = flat_maps(clouds)
    return flat, map_scale(float(np.quantile(np.abs(flat).max(axis=2), INSIDE)))


@lru_cache(maxsize=len(LABELS) * (LAST_MOMENT + 1))
def _map(loss: str, now: int) -> Cloud:
    flat, scale = _maps(loss)
    labels = next(run.labels for run in runs_of(loss) if run.clouds is not None)
    return magnified(cloud_of(flat[now] / scale, labels))


def magnified(cloud: Cloud) -> Cloud:
    """Magnify a small cloud twice or thrice, where nothing stronger is called for.

    A map that holds every look of a cloud which wanders is wide, and leaves its clusters small.
    """
    if cloud.magnification > 1.0:
        return cloud
    reach = float(np.quantile(np.abs(cloud.points - cloud.middle).max(axis=1), 0.98))
    fits = [factor for factor in (2.0, 3.0) if factor * reach <= LENS]
    return replace(cloud, magnification=max(fits, default=1.0))


def flat_maps(clouds: np.ndarray) -> np.ndarray:
    """Project each look on its two widest principal axes, turned to fit the look that follows.

    Principal axes come with no sign and change places when their widths cross, so that a map of
    them would jump. Here the last look stands on its axes; each look before is turned (or
    mirrored) in its plane so that the points move least. The origin stays where it is.

    Args:
        clouds: L looks at the same N points, shape (L, N, D), D at least 2.

    Returns:
        Array (L, N, 2).
    """
    looks = torch.from_numpy(clouds).double()  # in torch, whose threads the explorer holds back
    flat = torch.stack([cloud @ _widest_axes(cloud) for cloud in looks])  # (N, D) @ (D, 2)
    for look in range(len(flat) - 2, -1, -1):
        here, after = (points - points.mean(dim=0) for points in flat[look : look + 2])
        left, _, right = torch.linalg.svd(here.T @ after)  # orthogonal Procrustes, (2, 2)
        flat[look] = flat[look] @ (left @ right)
    return flat.numpy()


def _widest_axes(cloud: torch.Tensor) -> torch.Tensor:
    """Two principal axes (D, 2), the largest entry of each positive."""
    _, axes = torch.linalg.eigh(cloud.double().T.cov())  # the widest last
    two = axes[:, [-1, -2]].to(cloud)
    return two * two.gather(0, two.abs().argmax(dim=0, keepdim=True)).sign()


def map_scale(reach: float) -> float:
    """Return the smallest round factor by which the map must be larger than usual to hold a cloud.

    >>> map_scale(2.0), map_scale(4.0), map_scale(28.0)
    (1.0, 1.5, 10.0)
    """
    wanted = max(1.0, reach / FIELD)
    power = 10.0 ** math.floor(math.log10(wanted))
    return min(s * power for s in (*SCALES, 10.0) if s * power >= wanted * (1.0 - 1e-9))


@lru_cache(maxsize=len(LABELS) * (LAST_MOMENT + 1))
def _worst_shadow(loss: str, now: int) -> tuple[Histogram, float]:
    """Return the histogram of the projections along the direction of largest T, and that T."""
    clouds = next(run.clouds for run in runs_of(loss) if run.clouds is not None)
    z = torch.from_numpy(clouds[now])
    direction, worst = worst_direction(z)
    return histogram((z @ direction).numpy()), worst


# --- curves and words -------------------------------------------------------------------------


@lru_cache(maxsize=len(LABELS) * len(SPACES))
def _curves(loss: str, space: str) -> dict[str, np.ndarray]:
    """Return each measure over the looks of every seed, (S, L)."""
    runs = runs_of(loss)
    return {name: np.stack([run.measures[space][name] for run in runs]) for name in CURVES}


@lru_cache(maxsize=len(LABELS))
def _invariance(loss: str) -> np.ndarray:
    return np.stack([run.curves["invariance"] for run in runs_of(loss)])


@lru_cache(maxsize=2 * len(LABELS))
def _mean_and_spread(loss: str, probe: str) -> tuple[float, float, int]:
    """Mean and standard deviation over the seeds of a probe after training; number of seeds."""
    values = np.array([run.final[probe] for run in runs_of(loss)])
    if not len(values):
        return math.nan, math.nan, 0
    return float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else 0.0, len(values)


def _in_words(
    params: VitReplayParams,
    run: RecordedRun,
    now: int,
    shadow: Histogram | None,
    worst: float | None,
) -> str:
    measured = {name: float(run.measures[params.space][name][now]) for name in CURVES}
    lamb = "" if params.loss in ("none", SUPERVISED) else f" (λ = {run.config.loss.lamb:g})"
    return (
        f"Step {run.look_steps[now]} of {run.config.steps}, {LABELS[params.loss]}{lamb}, seed "
        f"{params.seed}. The {params.space}: effective rank {measured['effective_rank']:.1f} of "
        f"{run.spectra[params.space].shape[1]}, T = {short(measured['sigreg'])} (Gaussian: "
        f"{null_distribution().mean:.2f}), kNN {_percent(measured['knn'])}, online linear probe "
        f"{_percent(measured['linear'])}. {_lag_in_words(params, run, now)}"
        f"{_of_the_projection(params, run, now)} "
        f"{_of_the_shadow(run, shadow, worst)} {_after_training(params.loss, run)}"
    )


def _lag_in_words(params: VitReplayParams, run: RecordedRun, now: int) -> str:
    """Say why T is so high where the loss saw a far lower one; only T itself can be compared."""
    if params.loss not in SEES_T or params.space != "projection" or now == 0:
        return ""
    in_batch = float(run.curves["regularizer"][run.look_steps[now] - 1])
    return lag_in_words(in_batch, float(run.measures["projection"]["sigreg"][now]))


def _percent(share: float) -> str:
    return f"{100.0 * share:.1f} %"


def _of_the_projection(params: VitReplayParams, run: RecordedRun, now: int) -> str:
    """Say which collapse it is, where a loss cares."""
    if params.loss == SUPERVISED:
        return "The projection is the ten logits, which no loss asks to be Gaussian."
    narrowest = float(run.measures["projection"]["smallest_std"][now])
    subject = "Its state" if params.space == "projection" else "The projection"
    return f"{subject}: {projection_verdict(run.spectra['projection'][now], narrowest)}"


def _of_the_shadow(run: RecordedRun, shadow: Histogram | None, worst: float | None) -> str:
    if shadow is None or worst is None:
        return f"Map and worst shadow were kept for seed {SEEDS[0]} only."
    directions = WATCHED_DIRECTIONS + run.spectra["projection"].shape[1]
    return f"Of {directions} shadows its worst has T = {short(worst)}.{beyond(shadow)}"


def _after_training(loss: str, run: RecordedRun) -> str:
    """Say what probes fitted on all training images make of the trained embedding."""
    probes = ("linear", "knn")
    best, _, count = _mean_and_spread(SUPERVISED, "linear")
    beside = ""
    if loss != SUPERVISED and count:
        beside = f" ({run.final['linear'] / best:.2f} of the supervised {_percent(best)})"
    linear, knn = (_percent(run.final[probe]) for probe in probes)
    words = (
        f"After training, probes fitted on all training images: linear {linear}{beside}, kNN {knn}"
    )
    (a, da, seeds), (b, db, _) = (_mean_and_spread(loss, probe) for probe in probes)
    if seeds > 1:
        words += (
            f"; over {seeds} seeds {100 * a:.1f} ± {100 * da:.1f} % and "
            f"{100 * b:.1f} ± {100 * db:.1f} %"
        )
    raw_linear, raw_knn = (_percent(run.final[f"raw_{probe}"]) for probe in probes)
    return f"{words}; raw pixels {raw_linear} and {raw_knn}."
