"""The trainings behind a live picture: which one is shown, and which ones are still known."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable
from typing import Generic, Protocol, TypeVar

from sigreg_edu.training.objective import CONDITIONS
from sigreg_edu.training.session import Look, Session
from sigreg_edu.views.kept import Kept
from sigreg_edu.views.many_shadows import short

KEPT_BEGUN, KEPT_FRESH = 8, 2  # the latter may go: making one again takes half a second
LAGGING = 4.0  # times the SIGReg of the batch

AnySession = TypeVar("AnySession", bound=Session)


class TrainingParams(Protocol):
    """What the state of a live training has, besides what else the picture shows.

    Attributes:
        condition: the loss, a key of :data:`sigreg_edu.training.CONDITIONS`.
        lamb: λ of the next step.
        step: which one is looked at.
        key: what makes it another training.
    """

    condition: str
    lamb: float
    step: int

    @property
    def key(self) -> Hashable: ...


class KeptSessions(ABC, Generic[AnySession]):
    """The latest few trainings by what they are; one of them is shown, the one before is its foil.

    Those that were never begun are kept apart: a slider that makes another training at each of its
    positions must not push out what a student has trained.

    Args:
        steps: of each training; at most what the slider and the axes have room for.
    """

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.before: AnySession | None = None
        self._begun: Kept[AnySession] = Kept(KEPT_BEGUN)
        self._fresh: Kept[AnySession] = Kept(KEPT_FRESH)
        self._shown: tuple[Hashable, AnySession] | None = None

    @abstractmethod
    def make(self, params: TrainingParams) -> AnySession:
        """Make this state's training afresh, with the state's λ."""

    def of(self, params: TrainingParams) -> AnySession:
        """Return the training of this state, made now if there is none."""
        key = params.key
        session = self._fresh.get(key) or self._begun.get(key) or self.begin(params)
        if self._shown is None or session is not self._shown[1]:
            self._leave()
            self._shown = key, session
        return session

    def begin(self, params: TrainingParams) -> AnySession:
        """Begin this state's training afresh."""
        return self._fresh.put(params.key, self.make(params))

    def _leave(self) -> None:
        """Keep the one that was shown, if it has taken a step, as the foil of the next."""
        if self._shown is not None and self._shown[1].step:
            key, self.before = self._shown
            self._begun.put(key, self.before)


def look_at(session: Session, step: int) -> Look | None:
    """Return the last look up to ``step``; None while there is none at all."""
    return next((look for look in reversed(session.looks) if look.step <= step), None)


def turns(session: Session) -> list[int]:
    """Return the steps after which λ was moved."""
    lambs = session.lambs
    return [step for step in range(1, len(lambs)) if lambs[step] != lambs[step - 1]]


def lamb_at(params: TrainingParams, session: Session, step: int) -> float:
    """λ of the step before the look, of the first step before it; of the next while none is."""
    return session.lambs[max(0, step - 1)] if session.lambs else params.lamb


def objective_in_words(condition: str, lamb: float) -> str:
    """Return the sum that is minimised.

    >>> objective_in_words("lejepa", 0.02)
    'loss = 0.98 · invariance + 0.02 · SIGReg'
    """
    if condition == "none":
        return "loss = invariance alone"
    regularizer = {
        "vicreg": "VICReg",
        "hybrid": "(VICReg → SIGReg)",
        "standardized": "standardized",
    }.get(condition, "SIGReg")
    return f"loss = {1 - lamb:.3g} · invariance + {lamb:.3g} · {regularizer}"


def lag_in_words(in_batch: float, in_test: float) -> str:
    """Say why T of the test images is far above the SIGReg that the loss saw, where it is.

    >>> lag_in_words(2.0, 3.0), lag_in_words(2.0, 90.0)[:30]
    ('', 'The loss saw SIGReg 2.00 in it')
    """
    if in_test < LAGGING * in_batch:
        return ""
    return (
        f"The loss saw SIGReg {short(in_batch)} in its batch: there BatchNorm takes the batch's "
        "own mean and width, here its running averages, which lag while the network moves fast. "
    )


def when_in_words(params: TrainingParams, session: Session, step: int) -> str:
    """Return the loss, its λ and how far it has come, with the step asked for if it is another."""
    lamb = lamb_at(params, session, step)
    weight = "" if params.condition == "none" else f", λ = {lamb:.3g}"
    if weight and params.lamb != lamb:
        weight += f" (now {params.lamb:.3g})"
    asked = "" if params.step == step else f" ({params.step} asked for)"
    when = f"step {step} of {session.step} taken" if session.step else "not trained yet"
    return f"{CONDITIONS[params.condition].label}{weight}, {when}{asked}"
