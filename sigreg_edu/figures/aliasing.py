"""Figure of aliasing: a fast wave seen at a few knots, and T against the place of the cloud."""

from __future__ import annotations

from matplotlib.axes import Axes

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.views.aliasing import END, MAX_FREQUENCY, AliasingView

UPRIGHT = 4600.0  # above every T of 1,000 points, 3954 at most


class AliasingFigure(ExplorerFigure):
    """Two panels: what the knots see of the cloud's characteristic function, and T by place."""

    def build(self) -> None:
        wave, curve = self.figure.subplots(1, 2, width_ratios=(1.1, 1.0))
        self._build_wave(wave)
        self._build_curve(curve)

    def _build_wave(self, axes: Axes) -> None:
        axes.set(title="1  what the knots see", xlabel="frequency t")
        axes.set_ylabel("real part of φ$_N$(t)")
        axes.set(xlim=(0.0, MAX_FREQUENCY), ylim=(-1.1, 1.75), yticks=[-1, 0, 1])
        (wave,) = axes.plot([], [], color=style.DATA_SOFT, linewidth=1.2, label="the cloud's wave")
        (target,) = axes.plot([], [], color=style.TARGET, linestyle=style.TARGET_LINE,
                              label="target exp(−t²/2)")  # fmt: skip
        (alias,) = axes.plot([], [], color=style.FAILURE, linestyle=style.SOFT_LINE,
                             label="its slow twin")  # fmt: skip
        (knots,) = axes.plot([], [], "o", color=style.INK, markersize=6, label="the knots")
        self.wave, self.target, self.alias, self.knots = (
            self.moving(line) for line in (wave, target, alias, knots)
        )
        axes.legend(loc="upper right", ncols=2, borderaxespad=0.0, labelspacing=0.2)

    def _build_curve(self, axes: Axes) -> None:
        axes.set(title="2  T when the cloud is moved", xlabel="place of the cloud", ylabel="T")
        axes.set(xlim=(0.0, END), ylim=(0.0, 6200.0), yticks=range(0, 4001, 1000))
        (exact,) = axes.plot([], [], color=style.TARGET, linestyle=style.TARGET_LINE, label="exact")
        (by_knots,) = axes.plot([], [], color=style.DATA, linewidth=1.6, label="by the knots")
        (periods,) = axes.plot([], [], color=style.FAILURE, linestyle=style.SOFT_LINE,
                               label="multiples of 2π/Δt")  # fmt: skip
        (here,) = axes.plot([], [], "o-", color=style.SLICE, markersize=10, markevery=[1],
                            clip_on=False, label="here")  # fmt: skip
        axes.grid(axis="y", color=style.FAINT)
        self.periods, self.exact, self.by_knots, self.here = (
            self.moving(line) for line in (periods, exact, by_knots, here)
        )
        axes.legend(handles=[exact, by_knots, periods, here], loc="upper right", ncols=2,
                    borderaxespad=0.0, labelspacing=0.2, handlelength=1.8,
                    columnspacing=1.2)  # fmt: skip

    def show(self, view: AliasingView) -> None:
        self.wave.set_data(view.t, view.wave)
        self.target.set_data(view.t, view.target)
        self.alias.set_data(view.t, view.alias)
        self.knots.set_data(view.knots, view.at_knots)
        self.exact.set_data(view.places, view.exact)
        self.by_knots.set_data(view.places, view.by_knots)
        self.periods.set_data(*_uprights(view.period))
        self.here.set_data([view.place] * 2, [0.0, view.by_knots_here])


def _uprights(period: float) -> tuple[list[float | None], list[float | None]]:
    """Return one broken line that rises at every multiple of ``period`` within the axis."""
    x: list[float | None] = []
    y: list[float | None] = []
    for k in range(1, int(END / period) + 1):
        x += [k * period, k * period, None]
        y += [0.0, UPRIGHT, None]
    return x, y
