"""Figure of rankings: accuracy against the rescaled loss, and their correlation against α."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from matplotlib.axes import Axes

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.vit_sweep import scale_logarithmic, scale_percent
from sigreg_edu.views.ranking import EXPERIMENTS, PAPER, SCORES, WHICH, Models, RankingView

#: Of each experiment's dots.
DOTS = {
    "vit_lambda": {"color": style.DATA, "marker": "o"},
    "vit_slices": {"color": style.DATA_SOFT, "marker": "s"},
    "vit_batch": {"color": style.OTHER, "marker": "^"},
    "vit_main": {"color": style.INK, "marker": "D"},
    "vit_stem": {"color": style.FAILURE, "marker": "X"},
}
CURVES = {
    "all": {"color": style.INK, "linestyle": "-"},
    "lamb": {"color": style.DATA, "linestyle": style.SLICE_LINE},
    "others": {"color": style.OTHER, "linestyle": (0, (4, 1.5))},
}
BOLD, PLAIN = 3.4, 1.5
CLEAR, PALE = 0.85, 0.15
LEGEND = {"loc": "upper left", "bbox_to_anchor": (-0.02, -0.17), "borderaxespad": 0.0,
          "labelspacing": 0.2, "columnspacing": 1.4}  # fmt: skip


class RankingFigure(ExplorerFigure):
    """A dot for each network on the left, a curve for each choice of networks on the right."""

    size = (9.6, 4.7)

    def build(self) -> None:
        self._shown: tuple[Models | None, str] = (None, "")
        dots, curves = self.figure.add_gridspec(1, 2, width_ratios=(1.15, 1.0))
        self._build_dots(self.figure.add_subplot(dots))
        self._build_curves(self.figure.add_subplot(curves))

    def _build_dots(self, axes: Axes) -> None:
        axes.set_xlabel("loss of the last steps / (λ / 0.05)ᵅ")
        self.title, self.dots_axes, self.dots = axes.set_title("1"), axes, {}
        for group, label in EXPERIMENTS.items():
            for kept in (False, True):
                (dots,) = axes.plot(
                    [], [], linestyle="", markersize=8.0, markeredgewidth=0.0, label=label,
                    alpha=CLEAR if kept else PALE, **DOTS[group],
                )  # fmt: skip
                self.dots[group, kept] = self.moving(dots)
        handles = [self.dots[group, True] for group in EXPERIMENTS]
        axes.legend(handles=handles, ncols=3, handlelength=1.0, **LEGEND)
        self.ran_on = axes.text(0.52, -0.287, "", transform=axes.transAxes, va="baseline",
                                color=style.GREY, fontsize=10.5, in_layout=False)  # fmt: skip

    def _build_curves(self, axes: Axes) -> None:
        axes.set(title="2  correlation of ranks", xlabel="α", xlim=(-0.03, 1.03))
        axes.axhline(0.0, color=style.FAINT, linewidth=1.2)
        self.curves_axes = axes
        (paper,) = axes.plot(*zip(*PAPER, strict=True), linestyle="", marker="*", markersize=15,
                             color=style.TARGET, markeredgecolor=style.TARGET_INK,
                             label="the paper's", clip_on=False)  # fmt: skip
        self.upright = self.moving(axes.axvline(0.0, color=style.SLICE, linewidth=1.2))
        self.curves = {}
        for which, label in WHICH.items():
            (line,) = axes.plot([], [], label=label, **CURVES[which])
            self.curves[which] = self.moving(line)
        (mark,) = axes.plot([], [], "o", color=style.SLICE, markersize=9, clip_on=False)
        self.mark, self.paper = self.moving(mark), self.moving(paper)
        axes.legend(handles=[*self.curves.values(), paper], ncols=2, **LEGEND)

    def static_key(self, view: RankingView) -> Hashable:
        return view.score

    def show(self, view: RankingView) -> None:
        if self._shown != (view.models, view.score):
            self._show_static(view)
            self._shown = (view.models, view.score)
        for (group, kept), dots in self.dots.items():
            own = (view.models.groups == group) & (view.chosen == kept)
            dots.set_data(view.rescaled[own], 100.0 * view.accuracy[own])
        for which, line in self.curves.items():
            line.set_linewidth(BOLD if which == view.which else PLAIN)
        self.upright.set_xdata([view.alpha] * 2)
        self.mark.set_data([view.alpha], [view.now])

    def _show_static(self, view: RankingView) -> None:
        """Set what depends on the score alone: limits, title, all curves."""
        self.title.set_text(f"1  {SCORES[view.score]}, %")
        self.ran_on.set_text(f"on {', '.join(view.models.devices)}")
        scale_logarithmic(self.dots_axes, np.array(view.span), axis="x")
        scale_percent(self.dots_axes, 100.0 * view.accuracy)
        for which, line in self.curves.items():
            line.set_data(view.alphas, view.curves[which])
        lowest = min(0.0, *(curve.min() for curve in view.curves.values()))
        bottom = -1.0 if lowest < -0.5 else -0.5 if lowest < 0.0 else 0.0
        self.curves_axes.set_ylim(bottom - 0.03, 1.03)
        self.curves_axes.set_yticks(np.arange(bottom, 1.01, 0.5))
