"""A training that goes on while it is watched: cloud, worst shadow, and curves as they grow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sigreg_edu.training.joint import JointTraining
from sigreg_edu.training.measures import SPACES
from sigreg_edu.training.objective import CONDITIONS
from sigreg_edu.training.session import Look, Session
from sigreg_edu.training.targets import TARGETS
from sigreg_edu.views.conditions import embedding_verdict, projection_verdict
from sigreg_edu.views.embedding import small_number
from sigreg_edu.views.many_shadows import short
from sigreg_edu.views.params import Params, choice, moment, seed, slider
from sigreg_edu.views.sample import Histogram, histogram
from sigreg_edu.views.sessions import (
    KeptSessions,
    lamb_at,
    look_at,
    objective_in_words,
    turns,
    when_in_words,
)

STEPS = 600
CURVES = ("sigreg", "effective_rank", "mean_std", "knn")


@dataclass(frozen=True)
class LiveParams(Params):
    """State of the live training: what is trained, λ of the next step, and where one looks."""

    condition: str = choice(
        "lejepa", {name: c.label for name, c in CONDITIONS.items()}, label="loss"
    )
    lamb: float = slider(
        0.02, 0.0, 0.5, 0.005, label="λ",
        help="May be moved while it trains: the next step obeys.",
    )  # fmt: skip
    step: int = moment(0, STEPS, label="look back to step")
    target: str = choice("shared", TARGETS, label="views agree with")
    space: str = choice("projection", SPACES, label="look at the")
    seed: int = seed(label="new start")

    def idle(self) -> frozenset[str]:
        return frozenset({"lamb"}) if self.condition == "none" else frozenset()

    @property
    def key(self) -> tuple[str, str, int]:
        """What makes it another training."""
        return self.condition, self.target, self.seed


@dataclass(frozen=True)
class LiveView:
    """What the live figure shows.

    Attributes:
        objective: the sum that is minimised, in words.
        cloud, labels: two coordinates of the test digits, shape (450, 2), and their digits.
        shadow: histogram along the worst direction seen.
        worst: T of that shadow.
        std, axes: standard deviation of each coordinate and along each principal axis, falling,
            shape (D,) each.
        step: the step asked for.
        look_steps: steps of the looks so far, shape (L,).
        curves: each of ``CURVES`` over the looks, (L,).
        invariance: at each step taken, shape (S,).
        turned: steps at which λ was moved.
        others: ``look_steps``, ``curves`` and ``invariance`` of the run before, or None.
        dim: D.
        readout: all that in words.
    """

    objective: str
    cloud: np.ndarray
    labels: np.ndarray
    shadow: Histogram
    worst: float
    std: np.ndarray
    axes: np.ndarray
    step: int
    look_steps: np.ndarray
    curves: dict[str, np.ndarray]
    invariance: np.ndarray
    turned: list[int]
    others: tuple[np.ndarray, dict[str, np.ndarray], np.ndarray] | None
    dim: int
    readout: str


class Sessions(KeptSessions[Session[JointTraining]]):
    """The latest few trainings of the small network."""

    def __init__(self, steps: int = STEPS) -> None:
        super().__init__(steps)

    def make(self, params: LiveParams) -> Session[JointTraining]:
        condition, target, seed = params.key
        lamb = None if condition == "none" else params.lamb
        training = JointTraining(condition, lamb=lamb, target=target, steps=self.steps, seed=seed)
        return Session(training)


def live_view(params: LiveParams, sessions: Sessions) -> LiveView:
    """Look at the training of this state, as far as it has come, at the step asked for."""
    session = sessions.of(params)
    look = look_at(session, params.step)
    seen, digits = look.spaces[params.space], session.training.digits
    before = sessions.before
    return LiveView(
        objective=objective_in_words(params.condition, lamb_at(params, session, look.step)),
        cloud=seen.cloud,
        labels=digits.test_labels.numpy(),
        shadow=histogram(seen.worst_shadow),
        worst=seen.worst_statistic,
        std=np.sort(seen.std)[::-1],
        axes=seen.axes,
        step=params.step,
        look_steps=session.look_steps,
        curves={name: session.curve(name, params.space) for name in CURVES},
        invariance=session.invariance,
        turned=turns(session),
        others=before and (
            before.look_steps,
            {name: before.curve(name, params.space) for name in CURVES},
            before.invariance,
        ),
        dim=len(seen.std),
        readout=_in_words(params, session, look),
    )  # fmt: skip


def _in_words(params: LiveParams, session: Session, look: Look) -> str:
    seen = look.spaces[params.space]
    m = seen.measures
    verdict = projection_verdict if params.space == "projection" else embedding_verdict
    return (
        f"{when_in_words(params, session, look.step)}: "
        f"the {params.space} has a mean standard deviation of {small_number(m.mean_std)}, "
        f"effective rank {m.effective_rank:.1f} of {len(seen.std)}, kNN accuracy "
        f"{100 * m.knn:.0f} %, T = {short(m.sigreg)} ({short(seen.worst_statistic)} in its worst "
        f"shadow). Its state: {verdict(seen.axes, m.smallest_std)}"
    )
