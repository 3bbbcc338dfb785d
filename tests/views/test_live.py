"""The live training's view: what it shows at each step, and what makes another training."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.views.conditions import projection_verdict
from sigreg_edu.views.live import LiveParams, Sessions, live_view


@pytest.fixture
def sessions():
    return Sessions(steps=36)


def test_before_training_it_says_so(sessions):
    view = live_view(LiveParams(), sessions)
    assert view.readout.startswith("LeJEPA, λ = 0.02, not trained yet: the projection has a mean")
    assert view.others is None
    assert view.objective == "loss = 0.98 · invariance + 0.02 · SIGReg"


def test_one_looks_back_at_the_last_look_before_the_step(sessions):
    sessions.of(LiveParams()).run()
    early, late = (live_view(LiveParams(step=step), sessions) for step in (13, 600))
    assert "step 12 of 36 taken" in early.readout
    assert "step 36 of 36 taken" in late.readout
    assert not np.array_equal(early.cloud, late.cloud)


def test_another_loss_target_or_start_is_another_training_and_the_one_before_its_foil(sessions):
    first = sessions.of(LiveParams())
    first.run()
    for other in ({"condition": "none"}, {"target": "teacher"}, {"seed": 1}):
        assert sessions.of(LiveParams(**other)) is not first
        assert live_view(LiveParams(**other), sessions).others is not None
        assert sessions.of(LiveParams()) is first  # and it is kept
    assert sessions.of(LiveParams(step=5, space="embedding", lamb=0.1)) is first


def test_lambda_reaches_the_training_and_its_moves_are_marked(sessions):
    session = sessions.of(LiveParams(lamb=0.02))
    while session.step < 15:
        session.bite()
    session.training.lamb = 0.3
    session.run()
    early, late = (live_view(LiveParams(lamb=0.3, step=step), sessions) for step in (12, 36))
    assert late.turned == [15]
    assert session.lambs[14:16] == [0.02, 0.3]
    assert early.readout.startswith("LeJEPA, λ = 0.02 (now 0.3), step 12 of 36 taken")
    assert late.readout.startswith("LeJEPA, λ = 0.3, step 36 of 36 taken")
    assert late.objective == "loss = 0.7 · invariance + 0.3 · SIGReg"


def test_without_a_regularizer_lambda_has_no_effect(sessions):
    assert "lamb" in LiveParams(condition="none").idle()
    assert sessions.of(LiveParams(condition="none", lamb=0.3)).training.lamb == 0.0


def test_it_says_of_a_training_what_the_recorded_one_says():
    params = LiveParams(condition="vicreg", lamb=0.2, step=36)
    sessions = Sessions(steps=36)
    sessions.of(params).run()
    seen = sessions.of(params).looks[-1].spaces["projection"]
    verdict = projection_verdict(seen.axes, seen.measures.smallest_std)
    assert live_view(params, sessions).readout.endswith(f"Its state: {verdict}")
