"""A session: the same training in bites, looks at set steps, and nothing lost at a stop."""

from __future__ import annotations

import gc
import itertools
import signal
import threading
import weakref

import numpy as np
import pytest
import torch

from sigreg_edu.training.config import TrainConfig
from sigreg_edu.training.joint import JointTraining
from sigreg_edu.training.measures import SPACES, worst_direction
from sigreg_edu.training.pretraining import Pretraining
from sigreg_edu.training.session import Session


def session(**options) -> Session:
    return Session(JointTraining(**{"steps": 30, **options}))


def test_in_bites_it_is_the_same_training():
    plain = JointTraining("lejepa", steps=30)
    while not plain.finished:
        plain.step()
    bitten = session()
    bitten.run()
    assert bitten.training.records == plain.records
    assert torch.equal(bitten.training.embed(), plain.embed())


def test_it_looks_before_the_first_step_every_twelve_and_after_the_last():
    bitten = session()
    assert bitten.look_steps.tolist() == [0]
    bitten.run()
    assert bitten.look_steps.tolist() == [0, 12, 24, 30]
    assert bitten.finished
    assert len(bitten.curve("knn")) == 4
    assert len(bitten.invariance) == len(bitten.lambs) == 30
    bitten.bite()  # after the end there is nothing to do
    assert bitten.step == 30


def test_a_stop_keeps_what_there_is_with_a_last_look():
    stopped = session()
    while stopped.step < 15:
        stopped.bite()
    stopped.stop()
    stopped.bite()
    assert stopped.look_steps.tolist() == [0, 12, stopped.step]
    assert stopped.finished
    assert not stopped.training.finished


def test_an_interrupt_stops_a_run_and_keeps_what_there_is(monkeypatch):
    interrupted = session()
    step = interrupted.training.step

    def interrupt():
        if interrupted.step == 7:
            raise KeyboardInterrupt
        return step()

    monkeypatch.setattr(interrupted.training, "step", interrupt)
    interrupted.run()
    assert interrupted.stopped
    assert interrupted.look_steps.tolist() == [0, 7]


@pytest.mark.skipif(
    threading.current_thread() is not threading.main_thread(), reason="signals come to the main one"
)
def test_an_interrupt_in_a_step_waits_for_it_and_the_session_can_go_on(monkeypatch):
    plain, bitten = Pretraining(VIT), Session(Pretraining(VIT))
    list(plain.take_steps())
    move = bitten.training.optimizer.step

    def interrupted():
        if bitten.step == 2:
            signal.raise_signal(signal.SIGINT)
        move()

    monkeypatch.setattr(bitten.training.optimizer, "step", interrupted)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            bites(bitten)
    finally:
        signal.signal(signal.SIGINT, before)
    assert bitten.step == len(bitten.lambs) == 3
    assert not bitten.stopped
    bites(bitten)
    assert bitten.training.records == plain.records
    assert bitten.look_steps.tolist() == [0, 2, 4, 5]


def test_a_loss_that_is_no_number_stops_it_and_is_told(monkeypatch):
    broken = session()

    def diverge():
        raise FloatingPointError("the loss is nan")

    monkeypatch.setattr(broken.training, "step", diverge)
    with pytest.raises(FloatingPointError, match="nan"):
        broken.bite()
    assert broken.stopped
    assert broken.look_steps.tolist() == [0]


def test_weights_that_are_no_numbers_stop_it_at_the_look_before():
    broken = session(lr=1e9)
    with pytest.raises(FloatingPointError, match="Try a lower lr"):
        broken.run()
    assert broken.stopped
    assert broken.look_steps.tolist() == [0]
    broken.bite()  # nothing more to do


def test_a_run_says_whether_it_came_to_its_end(monkeypatch):
    ended, interrupted = session(steps=3), session()
    monkeypatch.setattr(interrupted.training, "step", _interrupt)
    assert ended.run() is True
    assert interrupted.run() is False
    assert interrupted.lambs == []


def _interrupt():
    raise KeyboardInterrupt


def test_a_look_tells_both_spaces():
    look = session().looks[0]
    assert {name: len(seen.std) for name, seen in look.spaces.items()} == {
        "embedding": 32,
        "projection": 16,
    }
    assert look.spaces["projection"].cloud.shape == (450, 2)
    assert look.spaces["projection"].worst_shadow.shape == (450,)


def test_the_worst_direction_is_at_least_as_bad_as_any_axis():
    z = torch.randn(300, 6, generator=torch.Generator().manual_seed(0))
    z[:, 4] = 3.0
    direction, statistic = worst_direction(z)
    np.testing.assert_allclose(direction.numpy(), np.eye(6)[4])
    assert statistic > 100


# --- with a transformer -----------------------------------------------------------------------

VIT = TrainConfig().with_values(
    {"steps": 5, "batch_size": 8, "loss.num_slices": 8, "look_every": 2, "model.projection_dim": 8}
)


def bites(session: Session) -> list[tuple[int, int]]:
    """Steps and looks after each bite, to the end."""
    seen = []
    while not session.finished:
        session.bite()
        seen.append((session.step, len(session.looks)))
    return seen


def test_a_transformer_is_trained_as_without_a_session():
    plain = Pretraining(VIT)
    for _ in plain.take_steps():
        pass
    bitten = Session(Pretraining(VIT))
    assert bitten.run()
    assert bitten.training.records == plain.records
    assert bitten.look_steps.tolist() == [0, 2, 4, 5]
    assert len(bitten.looks[-1].spaces["projection"].std) == 8


def test_a_bite_is_a_step_or_a_part_of_a_look():
    images = []

    class Counting(Pretraining):
        def embed_in_bites(self):
            for part in super().embed_in_bites():
                images.append(len(part["embedding"]))
                yield part

    session = Session(Counting(VIT), look_first=False)
    assert session.looks == []
    assert not session.finished
    steps = [step for step, _ in bites(session)]
    assert all(after - before in (0, 1) for before, after in itertools.pairwise([0, *steps]))
    assert max(images) <= 256
    assert sum(images) == 4 * 1797
    assert len(steps) == len(images) + 4 * len(SPACES) + 5


def test_a_look_in_bites_is_the_look_at_once():
    session = Session(Pretraining(VIT))
    for space, seen in session.looks[0].spaces.items():
        z, training = session.training.embed(space), session.training
        # other sizes of matrices are rounded otherwise
        np.testing.assert_allclose(seen.std, z.std(0).numpy(), rtol=1e-4)
        assert seen.measures.knn == pytest.approx(training.measure(space).knn, abs=0.01)


def test_stopped_before_its_first_look_it_looks_once():
    session = Session(Pretraining(VIT), look_first=False)
    session.bite()
    session.stop()
    assert session.look_steps.tolist() == [0]
    assert session.finished


def test_a_training_may_ask_for_one_thread(monkeypatch):
    seen = {}
    for make in (JointTraining, lambda steps: Pretraining(VIT.with_values({"steps": steps}))):
        bitten = Session(make(steps=3))
        step = bitten.training.step

        def watched(step=step, training=bitten.training):
            seen[type(training)] = torch.get_num_threads()
            return step()

        monkeypatch.setattr(bitten.training, "step", watched)
        before = torch.get_num_threads()
        torch.set_num_threads(2)
        try:
            bitten.bite()
        finally:
            torch.set_num_threads(before)
    assert seen == {JointTraining: 1, Pretraining: 2}


def test_the_map_does_not_flip_from_look_to_look():
    bitten = session(steps=120, seed=1)  # whose two widest axes change little from look to look
    bitten.run()
    for before, after in itertools.pairwise(bitten.looks[2:]):
        one, two = (look.spaces["projection"].plane for look in (before, after))
        fit = (one * two).sum()
        assert fit > 0.5 * np.linalg.norm(one) * np.linalg.norm(two)
        for other in (two * [1, -1], two * [-1, 1], two[:, ::-1], -two[:, ::-1]):
            assert fit >= (one * other).sum()


def test_a_training_that_is_only_named_is_made_by_the_first_bite():
    made = []

    def make():
        made.append(Pretraining(VIT))
        return made[-1]

    later = Session(make, look_first=False)
    assert not later.is_made
    assert (later.step, later.finished, later.records, len(later.invariance)) == (0, False, [], 0)
    assert not made
    later.bite()
    assert later.is_made
    assert later.training is made[0]
    later.run()
    assert len(made) == 1
    assert later.finished


def test_made_late_it_is_the_same_training():
    now, later = Session(Pretraining(VIT)), Session(lambda: Pretraining(VIT))
    now.run()
    later.run()
    assert later.records == now.records


@pytest.mark.parametrize("bites", [0, 1, 40])
def test_a_session_that_nobody_holds_goes_at_once(bites):
    """Dozens that a slider makes would else wait, with all their images, for Python's collector."""
    gc.collect()
    gc.disable()
    try:
        session = Session(JointTraining("lejepa", steps=24), look_first=False)
        for _ in range(bites):
            session.bite()
        held = weakref.ref(session)
        del session
        assert held() is None
    finally:
        gc.enable()
