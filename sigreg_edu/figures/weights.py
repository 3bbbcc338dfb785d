"""Figure of weights: the weight and what there is to hear, T, power by flaw, and the pull."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.parts import band
from sigreg_edu.views.weights import (
    FARTHEST,
    FLAWS,
    LARGEST_RATIO,
    X_GRID,
    WeightsView,
)

SHORT = ("shift", "width", "heaps", "tails")
PULL_TOP = 3.3


class WeightsFigure(ExplorerFigure):
    """Four panels, two by two."""

    size = (9.6, 6.2)

    def build(self) -> None:
        (weight, statistic), (power, pull) = self.figure.subplots(2, 2)
        self._build_weight(weight)
        self._build_statistic(statistic)
        self._build_power(power)
        self._build_pull(pull)

    def _build_weight(self, axes: Axes) -> None:
        axes.set(title="1  what the weight listens to", xlabel="frequency t")
        axes.set(xlim=(0.0, FARTHEST), ylim=(0.0, 1.5), yticks=[0, 0.5, 1])
        self.weight_area = self.moving(axes.fill([0], [0], facecolor=style.DATA, alpha=0.25)[0])
        (weight,) = axes.plot([], [], color=style.DATA, label="weight w(t)")
        (gap,) = axes.plot([], [], color=style.FAILURE, linestyle=style.SLICE_LINE, label="flaw")
        (noise,) = axes.plot(
            [], [], color=style.GREY, linestyle=style.SOFT_LINE, label="noise 1 − φ²"
        )
        self.weight, self.gap, self.noise = map(self.moving, (weight, gap, noise))
        axes.legend(loc="upper center", ncols=3, columnspacing=1.0, borderaxespad=0.1)

    def _build_statistic(self, axes: Axes) -> None:
        axes.set(title="2  T over its 5 % limit", xlabel="T / limit (5: or more)")
        axes.set(xlim=(0.0, LARGEST_RATIO), ylim=(0.0, 0.62), yticks=[])
        axes.spines["left"].set_visible(False)
        edges = np.linspace(0.0, LARGEST_RATIO, 25)
        zeros = np.zeros(24)
        self.null = self.moving(
            axes.stairs(zeros, edges, fill=True, color=style.TARGET, alpha=0.45, label="Gaussian")
        )
        self.flawed = self.moving(
            axes.stairs(zeros, edges, color=style.FAILURE, linewidth=2.2, label="with the flaw")
        )
        axes.axvline(1.0, color=style.GREY, linestyle=style.TARGET_LINE, linewidth=1.4)
        axes.legend(loc="upper right", borderaxespad=0.1)

    def _build_power(self, axes: Axes) -> None:
        axes.set(title="3  samples rejected", xlim=(-0.6, 3.6), ylim=(0.0, 1.22))
        axes.set_xticks(range(4), SHORT)
        axes.set_yticks([0, 0.5, 1], ["0 %", "50 %", "100 %"])
        bars = axes.bar(range(4), np.zeros(4), width=0.6, color=style.DATA, label="this weight")
        self.bars = [self.moving(bar) for bar in bars]
        (usual,) = axes.plot(
            [], [], "D", color=style.TARGET, markersize=9, markeredgecolor=style.INK,
            label="LeJEPA's",
        )  # fmt: skip
        self.usual = self.moving(usual)
        axes.legend(loc="upper center", ncols=2, borderaxespad=0.1)

    def _build_pull(self, axes: Axes) -> None:
        axes.set(title="4  pull on one point", xlabel="its place x in a Gaussian cloud")
        axes.set(xlim=(0.0, X_GRID[-1]), ylim=(-0.6, PULL_TOP), yticks=[0, 1, 2, 3])
        axes.axhline(0.0, color=style.FAINT, linewidth=1.0)
        (usual,) = axes.plot(
            [], [], color=style.TARGET, linestyle=style.TARGET_LINE, label="LeJEPA's"
        )
        (pull,) = axes.plot([], [], color=style.DATA, label="this weight")
        self.usual_pull, self.pull = self.moving(usual), self.moving(pull)
        axes.legend(loc="upper right", borderaxespad=0.1)

    def show(self, view: WeightsView) -> None:
        self.weight.set_data(view.t, view.weight)
        self.weight_area.set_xy(band(np.zeros_like(view.weight), view.weight, view.t))
        self.gap.set_data(view.t, view.gap)
        self.noise.set_data(view.t, view.noise)
        self.null.set_data(values=np.minimum(view.null, 0.6))
        self.flawed.set_data(values=np.minimum(view.flawed, 0.6))
        for name, bar, share in zip(FLAWS, self.bars, view.power, strict=True):
            bar.set_height(share)
            bar.set_alpha(1.0 if name == view.flaw else 0.45)
        self.usual.set_data(range(4), view.usual)
        self.pull.set_data(view.x, np.minimum(view.pull, PULL_TOP))
        self.usual_pull.set_data(view.x, view.usual_pull)
