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
from sigreg_edu.views.kept import Kept
from sigreg_edu.views.many_shadows import short
from sigreg_edu.views.params import Params, choice, moment, seed, slider
from sigreg_edu.views.sample import Histogram, histogram

STEPS = 600
KEPT_SESSIONS = 8
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


class Sessions:
    """The latest few trainings by what they are; one of them is shown, the one before is its foil.

    Args:
        steps: of each training; at most what the slider and the axes have room for.
    """

    def __init__(self, steps: int = STEPS) -> None:
        self.steps = steps
        self.before: Session | None = None
        self._kept: Kept[Session] = Kept(KEPT_SESSIONS)
        self._shown: Session | None = None

    def of(self, params: LiveParams) -> Session:
        """Return the training of this state, begun now if there is none."""
        session = self._kept.get(params.key) or self.begin(params)
        if session is not self._shown:
            if self._shown is not None and self._shown.step:
                self.before = self._shown
            self._shown = session
        return session

    def begin(self, params: LiveParams) -> Session:
        """Begin this state's training afresh, with the state's λ."""
        condition, target, seed = params.key
        lamb = None if condition == "none" else params.lamb
        training = JointTraining(condition, lamb=lamb, target=target, steps=self.steps, seed=seed)
        return self._kept.put(params.key, Session(training))


def live_view(params: LiveParams, sessions: Sessions) -> LiveView:
    """Look at the training of this state, as far as it has come, at the step asked for."""
    session = sessions.of(params)
    look = session.looks[max(0, int(np.searchsorted(session.look_steps, params.step, "right")) - 1)]
    seen, digits = look.spaces[params.space], session.training.digits
    before = sessions.before
    lambs, lamb = np.array(session.lambs), _lamb_at(params, session, look)
    return LiveView(
        objective=_objective(params, lamb),
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
        turned=(np.flatnonzero(np.diff(lambs)) + 1).tolist(),
        others=before and (
            before.look_steps,
            {name: before.curve(name, params.space) for name in CURVES},
            before.invariance,
        ),
        dim=len(seen.std),
        readout=_in_words(params, session, look, lamb),
    )  # fmt: skip


def _lamb_at(params: LiveParams, session: Session, look: Look) -> float:
    """λ of the step before the look, of the first step before it; of the next while none is."""
    return session.lambs[max(0, look.step - 1)] if session.lambs else params.lamb


def _objective(params: LiveParams, lamb: float) -> str:
    if params.condition == "none":
        return "loss = invariance alone"
    regularizer = {
        "vicreg": "VICReg",
        "hybrid": "(VICReg → SIGReg)",
        "standardized": "standardized",
    }.get(params.condition, "SIGReg")
    return f"loss = {1 - lamb:.3g} · invariance + {lamb:.3g} · {regularizer}"


def _in_words(params: LiveParams, session: Session, look: Look, lamb: float) -> str:
    seen = look.spaces[params.space]
    m = seen.measures
    weight = "" if params.condition == "none" else f", λ = {lamb:.3g}"
    if weight and params.lamb != lamb:
        weight += f" (now {params.lamb:.3g})"
    asked = "" if params.step == look.step else f" ({params.step} asked for)"
    when = f"step {look.step} of {session.step} taken" if session.step else "not trained yet"
    verdict = projection_verdict if params.space == "projection" else embedding_verdict
    return (
        f"{CONDITIONS[params.condition].label}{weight}, {when}{asked}: "
        f"the {params.space} has a mean standard deviation of {small_number(m.mean_std)}, "
        f"effective rank {m.effective_rank:.1f} of {len(seen.std)}, kNN accuracy "
        f"{100 * m.knn:.0f} %, T = {short(m.sigreg)} ({short(seen.worst_statistic)} in its worst "
        f"shadow). Its state: {verdict(seen.axes, m.smallest_std)}"
    )
