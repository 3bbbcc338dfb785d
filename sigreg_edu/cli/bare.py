"""An explorer of one line: what any picture costs, whatever it shows.

Jupyter, the browser, the kit's widgets and an almost empty picture take their time also where
nothing is computed. It depends on the machine, so each bench of the explorers measures it, too.
"""

from __future__ import annotations

from dataclasses import dataclass

from sigreg_edu.explorers.core import Explorer
from sigreg_edu.explorers.shell import ExplorerWidget
from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.views.params import Params, slider


@dataclass(frozen=True)
class BareParams(Params):
    """One number."""

    place: int = slider(0, 0, 100, 1, label="place")


@dataclass(frozen=True)
class BareView:
    """That number, in words too."""

    place: int

    @property
    def readout(self) -> str:
        return f"The line is at {self.place}."


class BareFigure(ExplorerFigure):
    """A line in a panel."""

    def build(self) -> None:
        axes = self.figure.add_subplot()
        axes.set(title="1  a line", xlim=(-1.0, 101.0), ylim=(0.0, 1.0))
        self.line = self.moving(axes.axvline(0.0, color=style.DATA))

    def show(self, view: BareView) -> None:
        self.line.set_xdata([view.place] * 2)


class BareWidget(ExplorerWidget):
    """Every picture is asked for: none is sent ahead."""

    looks_ahead = False


def bare_explorer() -> BareWidget:
    """Return an explorer that computes nothing and moves one line.

    >>> widget = bare_explorer()
    >>> widget.set(place=7), widget.explorer.view.readout
    (True, 'The line is at 7.')
    """
    start = BareParams()
    return BareWidget("Bare", Explorer(start, lambda params: BareView(params.place), BareFigure()))
