"""A monitored session: the signs are those of a monitor that watches the whole training."""

from __future__ import annotations

import pytest
import torch

from sigreg_edu.training import Monitor, Pretraining, TrainConfig
from sigreg_edu.training.monitored import MonitoredSession
from sigreg_edu.training.runs import one_thread

CONFIG = TrainConfig().with_values(
    {"steps": 60, "batch_size": 16, "loss.num_slices": 16, "look_every": 20, "lr": 0.005}
)


@pytest.fixture(scope="module")
def collapsed() -> MonitoredSession:
    """Without a regularizer, past the steps before which nothing is judged."""
    session = MonitoredSession(Pretraining(CONFIG.with_values({"loss.name": "none"})))
    with one_thread():
        session.run()
    return session


def test_it_tells_of_a_collapse_when_it_has_settled(collapsed):
    (first, *_) = collapsed.signs_until(60)
    assert first.name == "collapse"
    assert first.step == 50
    assert collapsed.signs_until(49) == []


def test_the_monitor_heard_of_every_step_once(collapsed):
    monitor = Monitor(gaussian=False)
    for record in collapsed.training.records:
        monitor.update(record)
    told = [sign for sign in collapsed.monitor.signs if sign.name != "few dimensions"]
    assert told == monitor.signs


def test_an_untrained_network_is_no_sign(collapsed):
    assert all(sign.step > 0 for sign in collapsed.monitor.signs)


@pytest.mark.parametrize(("loss", "gaussian"), [("lejepa", True), ("none", False)])
def test_only_a_loss_with_sigreg_is_held_to_its_floor(loss, gaussian):
    config = CONFIG.with_values({"loss.name": loss, "loss.num_points": 9, "loss.t_max": 1.0})
    monitor = MonitoredSession(Pretraining(config), look_first=False).monitor
    assert monitor.gaussian is gaussian
    assert 0.3 < monitor.floor < 0.5  # 0.385 up to t = 1, 1.05 up to t = 3


@pytest.mark.parametrize(("before", "during"), [(4, 2), (1, 1)])
def test_it_leaves_half_of_the_threads_to_others(before, during, monkeypatch):
    session, threads = MonitoredSession(Pretraining(CONFIG)), torch.get_num_threads()
    step, seen = session.training.step, []
    monkeypatch.setattr(
        session.training, "step", lambda: (seen.append(torch.get_num_threads()), step())
    )
    torch.set_num_threads(before)
    try:
        session.bite()
        assert torch.get_num_threads() == before
    finally:
        torch.set_num_threads(threads)
    assert seen == [during]
