"""A small vision transformer while it is trained: its digits, worst shadow, and what it has learnt.

The trainings are those of :mod:`sigreg_edu.training.pretraining`, small enough for one core: 300
steps take about a minute. A state that was never trained is shown at once, without a look at its
network; :func:`first_look` then takes that in small bites.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import numpy as np
import torch

from sigreg_edu.data import load_digits
from sigreg_edu.data.scattered import Scattering
from sigreg_edu.statistics import null_distribution
from sigreg_edu.training.config import TrainConfig
from sigreg_edu.training.measures import SPACES
from sigreg_edu.training.monitor import report_targets
from sigreg_edu.training.monitored import MonitoredSession
from sigreg_edu.training.objective import CONDITIONS
from sigreg_edu.training.pretraining import Pretraining, TrainRecord
from sigreg_edu.training.session import Look
from sigreg_edu.training.vit import STEMS
from sigreg_edu.views.digit_views import image_and_views, in_colours, raw_knn_of
from sigreg_edu.views.embedding import FIELD, Cloud, cloud_of, small_number
from sigreg_edu.views.many_shadows import short
from sigreg_edu.views.params import Params, choice, moment, seed, slider
from sigreg_edu.views.sample import Histogram, beyond, histogram
from sigreg_edu.views.sessions import (
    KeptSessions,
    lag_in_words,
    lamb_at,
    look_at,
    objective_in_words,
    turns,
    when_in_words,
)
from sigreg_edu.views.strengths import clutter_slider, colour_slider, pose_slider

STEPS = 300
CURVES = ("sigreg", "effective_rank", "knn", "linear")
#: λ that suits this training; for VICReg the usual weights, 0.2, are far too small here.
LAMBS = {**{name: c.lamb for name, c in CONDITIONS.items()}, "lejepa": 0.05, "vicreg": 0.5}
FREQUENCIES = np.linspace(0.0, 3.0, 61)  # where the loss looks
SIZE = 16  # of the images
EXAMPLES = (2, 7)  # digits whose views are shown
EXAMPLE_SEED = 4
#: Of the losses that do not ask for SIGReg.
REGULARIZERS = {"vicreg": "VICReg", "hybrid": "hybrid", "standardized": "standardized"}
TOLD_SIGNS = 2
LEAST_SCALE = 1e-4
INSIDE = 0.99  # this share of the points must lie on the map
TARGETS = {
    "invariance": "invariance below 0.1",
    "sigreg": "SIGReg from 0.5 to 2",
    "ratio": "a ratio near 1 : 1",
}


@dataclass(frozen=True)
class VitTrainingParams(Params):
    """State of the live transformer: what is trained, on what, and where one looks."""

    condition: str = choice(
        "lejepa", {name: c.label for name, c in CONDITIONS.items()}, label="loss"
    )
    lamb: float = slider(
        LAMBS["lejepa"], 0.0, 0.8, 0.005, label="λ",
        help="May be moved while it trains: the next step obeys.",
    )  # fmt: skip
    pose: float = pose_slider()
    colour: float = colour_slider()
    clutter: float = clutter_slider()
    stem: str = choice("conv", STEMS, label="tokens from")
    step: int = moment(0, STEPS, label="look back to step")
    space: str = choice("projection", SPACES, label="look at the")
    seed: int = seed(label="new start")

    def idle(self) -> frozenset[str]:
        return frozenset({"lamb"}) if self.condition == "none" else frozenset()

    @property
    def scattering(self) -> Scattering:
        """What makes the images."""
        return Scattering(SIZE, self.pose, self.colour, self.clutter)

    @property
    def key(self) -> tuple[str, Scattering, str, int]:
        """What makes it another training."""
        return self.condition, self.scattering, self.stem, self.seed


@dataclass(frozen=True, eq=False)
class Seen:
    """What was seen of the chosen space at one step; the T points are the test digits.

    Attributes:
        map: the points along two principal axes, turned to fit the look before, over ``scale``.
        scale: the round number that brings them onto the panel; of projections, of whose size
            something is asked, at least 1.
        shadow: histogram along the worst direction seen.
        worst: T of that shadow.
        ecf: characteristic function of that shadow at ``FREQUENCIES``, complex, shape (F,).
    """

    map: Cloud
    scale: float
    shadow: Histogram
    worst: float
    ecf: np.ndarray


@dataclass(frozen=True, eq=False)
class VitTrainingView:
    """What the figure of the live transformer shows.

    Attributes:
        objective: the sum that is minimised, in words.
        tiles: for each of two digits the image and two views, colours (2, 3, S, S, 3), 0 to 1.
        seen: the space at the step asked for; None while no look has been taken.
        step: the step asked for.
        look_steps: steps of the looks so far, shape (L,).
        curves: each of ``CURVES`` over the looks, (L,); the effective rank as a share of D.
        invariance, regularizer: at each step taken, shape (S,).
        regularizer_name: of what the loss asks of the projections, watched where λ is 0.
        raw_knn: kNN accuracy of raw pixels; None while no look has been taken.
        turned: steps at which λ was moved.
        before: ``look_steps`` and kNN accuracy of the run before, or None.
        space: the chosen one.
        readout: all that in words.
    """

    objective: str
    tiles: np.ndarray
    seen: Seen | None
    step: int
    look_steps: np.ndarray
    curves: dict[str, np.ndarray]
    invariance: np.ndarray
    regularizer: np.ndarray
    regularizer_name: str
    raw_knn: float | None
    turned: list[int]
    before: tuple[np.ndarray, np.ndarray] | None
    space: str
    readout: str


class VitSessions(KeptSessions[MonitoredSession]):
    """The latest few trainings of the transformer.

    Args:
        steps: of each, at most 300.
        changes: of :func:`vit_config` by name, such as ``{"batch_size": 64}``.
    """

    def __init__(self, steps: int = STEPS, changes: Mapping[str, Any] | None = None) -> None:
        super().__init__(steps)
        self.changes = dict(changes or {})

    def make(self, params: VitTrainingParams) -> MonitoredSession:
        config = vit_config(params).with_values({**self.changes, "steps": self.steps})
        return MonitoredSession(partial(Pretraining, config), look_first=False)


def vit_config(params: VitTrainingParams) -> TrainConfig:
    """Return the training of a state: some 0.1 s a step on one core.

    >>> config = vit_config(VitTrainingParams(colour=0.5))
    >>> config.steps, config.loss.lamb, config.data["colour"]
    (300, 0.05, 0.5)
    """
    standardized = params.condition == "standardized"  # three sums of N² terms in each slice
    return TrainConfig().with_values(
        {
            "data.size": SIZE,
            "data.pose": params.pose,
            "data.colour": params.colour,
            "data.clutter": params.clutter,
            "model.stem": params.stem,
            "model.projection_dim": 32,
            "loss.name": params.condition,
            "loss.lamb": 0.0 if params.condition == "none" else params.lamb,
            "loss.num_slices": 16 if standardized else 256,
            "steps": STEPS,
            "batch_size": 128,
            "lr": 0.005,
            "warmup": 20,
            "look_every": 20,
            "seed": params.seed,
        }
    )


def vit_training_view(params: VitTrainingParams, sessions: VitSessions) -> VitTrainingView:
    """Look at the training of this state, as far as it has come, at the step asked for.

    Raises:
        ImportError: scikit-learn, which brings the digits, is not installed.
    """
    session = sessions.of(params)
    look = look_at(session, params.step)
    return VitTrainingView(
        objective=objective_in_words(
            params.condition, lamb_at(params, session, look.step if look else 0)
        ),
        tiles=_tiles(params.scattering),
        seen=look and _seen(session, look, params.space),
        step=params.step,
        look_steps=session.look_steps,
        curves=_curves(session, params.space),
        invariance=session.invariance,
        regularizer=np.array([record.regularizer for record in session.records]),
        regularizer_name=REGULARIZERS.get(params.condition, "SIGReg"),
        raw_knn=raw_knn_of(params.scattering) if look else None,
        turned=turns(session),
        before=sessions.before and (
            sessions.before.look_steps, sessions.before.curve("knn", params.space)
        ),
        space=params.space,
        readout=_in_words(params, session, look),
    )  # fmt: skip


def first_look(params: VitTrainingParams, sessions: VitSessions) -> Iterator[VitTrainingView]:
    """Look at a training that was not looked at yet, a bite at a time; the last shows it."""
    session, before = sessions.of(params), vit_training_view(params, sessions)
    if session.looks:
        return
    while not session.looks:
        yield before
        session.bite()
    yield vit_training_view(params, sessions)


@lru_cache(maxsize=64)
def _tiles(scattering: Scattering) -> np.ndarray:
    """Return two images and two views of each, (2, 3, S, S, 3)."""
    digits = load_digits()
    labels = digits.labels[digits.train_indices]
    shown = torch.stack([digits.train_indices[labels == digit][0] for digit in EXAMPLES])
    generator = torch.Generator().manual_seed(EXAMPLE_SEED)
    image, views = image_and_views(scattering, shown, 2, generator=generator)
    return in_colours(torch.cat([image[None], views]))


def _seen(session: MonitoredSession, look: Look, space: str) -> Seen:
    here, training = look.spaces[space], session.training
    scale = _scale(here.plane, least=1.0 if space == "projection" else LEAST_SCALE)
    return Seen(
        map=cloud_of(here.plane / scale, training.labels_of()[training.test_indices].numpy()),
        scale=scale,
        shadow=histogram(here.worst_shadow),
        worst=here.worst_statistic,
        ecf=np.exp(1j * FREQUENCIES[:, None] * here.worst_shadow).mean(axis=1),
    )


def _scale(plane: np.ndarray, *, least: float) -> float:
    """Return the smallest of 1, 1.5, 2, 3, 5, 7, 10 and so on that brings a cloud onto the map."""
    reach = float(np.quantile(np.abs(plane).max(axis=1), INSIDE))
    wanted = max(least, reach / FIELD)
    power = 10.0 ** math.floor(math.log10(wanted))
    scales = (float(f"{step * power:.3g}") for step in (1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0))
    return next(scale for scale in scales if scale >= wanted * (1.0 - 1e-9))


def _curves(session: MonitoredSession, space: str) -> dict[str, np.ndarray]:
    curves = {name: session.curve(name, space) for name in CURVES}
    dims = [len(look.spaces[space].std) for look in session.looks]
    return {**curves, "effective_rank": curves["effective_rank"] / np.array(dims)}


# --- in words ---------------------------------------------------------------------------------


def _in_words(params: VitTrainingParams, session: MonitoredSession, look: Look | None) -> str:
    when = when_in_words(params, session, look.step if look else 0)
    if look is None:
        return f"{when}. The untrained network is being looked at."
    told = f"{when}: {_space_in_words(params, session, look)}"
    return f"{told} {_course_in_words(params, session, look)}" if look.step else told


def _space_in_words(params: VitTrainingParams, session: MonitoredSession, look: Look) -> str:
    seen = look.spaces[params.space]
    m, untrained = seen.measures, session.looks[0].spaces[params.space].measures
    compared = f"raw pixels {100 * raw_knn_of(params.scattering):.0f} %"
    if look.step:
        compared = f"untrained {100 * untrained.knn:.0f} %, {compared}"
    return (
        f"in the {params.space} kNN names {100 * m.knn:.0f} % of the test digits ({compared}), "
        f"the linear probe that learns along {100 * m.linear:.0f} %. Mean standard deviation "
        f"{small_number(m.mean_std)}, effective rank {m.effective_rank:.1f} of {len(seen.std)}, "
        f"T = {short(m.sigreg)} ({short(seen.worst_statistic)} in the worst shadow; "
        f"{null_distribution().mean:.2f} for N(0, I)).{beyond(histogram(seen.worst_shadow))}"
    )


def _course_in_words(params: VitTrainingParams, session: MonitoredSession, look: Look) -> str:
    """Say which of the report's targets hold, and which signs of trouble came last."""
    record = session.training.records[look.step - 1]
    if params.condition in REGULARIZERS:  # its value is another; the target is of SIGReg
        record = replace(record, regularizer=look.spaces["projection"].measures.sigreg)
    met = report_targets(record)
    signs = session.signs_until(look.step)[-TOLD_SIGNS:]
    told = "; ".join(f"step {sign.step}, {sign.name}: {sign.message}" for sign in signs)
    return (
        f"{_batch_in_words(params, session, look.step)} "
        f"{_lag_in_words(params, record, look)}"
        f"Of the report's targets {_met_in_words(met)}. "
        f"{f'Latest signs: {told}.' if told else 'No sign of trouble.'}"
    )


def _batch_in_words(params: VitTrainingParams, session: MonitoredSession, step: int) -> str:
    """Say what the loss saw in the last batch before the look."""
    record = session.training.records[step - 1]
    name = REGULARIZERS.get(params.condition, "SIGReg")
    return (
        f"In the last batch the invariance was {short(record.invariance)}, {name} "
        f"{short(record.regularizer)}."
    )


def _lag_in_words(params: VitTrainingParams, record: TrainRecord, look: Look) -> str:
    """Say where the test digits are far less Gaussian than the batch that the loss saw."""
    if params.condition in REGULARIZERS or params.space != "projection":
        return ""
    return lag_in_words(record.regularizer, look.spaces["projection"].measures.sigreg)


def _met_in_words(met: dict[str, bool]) -> str:
    """Say which targets hold and which do not.

    >>> _met_in_words({"invariance": True, "sigreg": False, "ratio": False})
    'invariance below 0.1 holds; SIGReg from 0.5 to 2 and a ratio near 1 : 1 do not hold'
    """
    sentences = []
    for wanted, one, several in ((True, "holds", "hold"), (False, "does not hold", "do not hold")):
        names = [TARGETS[name] for name, holds in met.items() if holds == wanted]
        if names:
            *others, last = names
            listed = f"{', '.join(others)} and {last}" if others else last
            sentences.append(f"{listed} {several if others else one}")
    return "; ".join(sentences)
