"""Which trainings are still known: begun ones outlive those that a slider made in passing."""

from __future__ import annotations

import gc
import weakref
from dataclasses import dataclass

import pytest

from sigreg_edu.training.joint import JointTraining
from sigreg_edu.training.session import Session
from sigreg_edu.views.sessions import (
    KEPT_BEGUN,
    KEPT_FRESH,
    KeptSessions,
    lamb_at,
    look_at,
    objective_in_words,
    turns,
    when_in_words,
)


@dataclass(frozen=True)
class Setting:
    seed: int = 0
    condition: str = "lejepa"
    lamb: float = 0.02
    step: int = 0

    @property
    def key(self) -> int:
        return self.seed


class Few(KeptSessions[Session[JointTraining]]):
    def make(self, params: Setting) -> Session[JointTraining]:
        return Session(JointTraining(steps=self.steps, seed=params.seed))


@pytest.fixture
def sessions() -> Few:
    return Few(14)


def take_steps(session: Session, count: int) -> None:
    while session.step < count:
        session.bite()


def test_a_training_outlives_a_slider_that_passes_many_others(sessions):
    first = sessions.of(Setting())
    take_steps(first, 2)
    for seed in range(1, 3 * KEPT_BEGUN):
        sessions.of(Setting(seed))
    assert sessions.of(Setting()) is first


def test_those_that_were_never_begun_are_forgotten(sessions):
    gone = weakref.ref(sessions.of(Setting(1)))
    for seed in range(2, 2 + KEPT_FRESH):
        sessions.of(Setting(seed))
    gc.collect()  # a session and its work hold each other
    assert gone() is None


def test_the_foil_is_the_last_one_that_was_begun(sessions):
    first = sessions.of(Setting())
    take_steps(first, 1)
    sessions.of(Setting(1))
    sessions.of(Setting(2))
    assert sessions.before is first


def test_begun_afresh_the_old_one_is_its_own_foil(sessions):
    first = sessions.of(Setting())
    first.run()
    again = sessions.begin(Setting())
    assert sessions.of(Setting()) is again is not first
    assert sessions.before is first


def test_the_look_is_the_last_one_up_to_the_step(sessions):
    session = sessions.of(Setting())
    session.run()
    assert [look_at(session, step).step for step in (0, 11, 12, 13, 600)] == [0, 0, 12, 12, 14]
    assert look_at(Session(JointTraining(steps=3), look_first=False), 0) is None


def test_moves_of_lambda_are_told(sessions):
    session = sessions.of(Setting())
    take_steps(session, 3)
    session.training.lamb = 0.3
    session.run()
    assert turns(session) == [3]
    params = Setting(lamb=0.3)
    assert [lamb_at(params, session, step) for step in (0, 3, 4)] == [0.02, 0.02, 0.3]
    assert when_in_words(params, session, 0) == ("LeJEPA, λ = 0.02 (now 0.3), step 0 of 14 taken")


def test_words_of_what_was_not_trained_yet(sessions):
    session = sessions.of(Setting())
    assert when_in_words(Setting(step=5), session, 0) == (
        "LeJEPA, λ = 0.02, not trained yet (5 asked for)"
    )
    without = Setting(condition="none")
    assert when_in_words(without, session, 0) == "no regularizer, not trained yet"
    assert objective_in_words("none", 0.2) == "loss = invariance alone"
