"""A session that also keeps the warning signs, as the training's command prints them.

>>> from sigreg_edu.training import Pretraining, TrainConfig
>>> config = TrainConfig().with_values({"steps": 2, "batch_size": 8})
>>> session = MonitoredSession(Pretraining(config))
>>> session.run(), session.signs_until(2)
(True, [])
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cached_property

from sigreg_edu.training.monitor import Monitor, Sign, monitor_of
from sigreg_edu.training.pretraining import Pretraining
from sigreg_edu.training.runs import half_the_threads
from sigreg_edu.training.session import Session, SpaceLook

__all__ = ["MonitoredSession"]


class MonitoredSession(Session[Pretraining]):
    """A :class:`Session` of a transformer that tells a :class:`Monitor` what it sees.

    The monitor hears of the steps at each look, and of the projections, which the loss sees. Half
    of the cores are left to whoever watches.

    Args:
        training, look_first: as of :class:`Session`.
    """

    _told = 0

    @cached_property
    def monitor(self) -> Monitor:
        """It has ``signs``, all that were told."""
        return monitor_of(self.training.config)

    def signs_until(self, step: int) -> list[Sign]:
        """Return the signs that had appeared after ``step`` steps, the latest last."""
        return [sign for sign in self.monitor.signs if sign.step <= step]

    def _threads(self) -> AbstractContextManager[None]:
        return half_the_threads()

    def _add(self, spaces: dict[str, SpaceLook]) -> None:
        super()._add(spaces)
        for record in self.training.records[self._told :]:
            self.monitor.update(record)
        self._told = self.step
        if self.step:  # an untrained network is no sign of anything
            seen = spaces["projection"]
            self.monitor.look(self.step, seen.measures, len(seen.std))
