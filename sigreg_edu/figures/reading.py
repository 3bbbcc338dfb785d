"""Figure of the number: T against N, T of batches beside the null law, and what λ settles on."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from matplotlib.axes import Axes

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.parts import decade_label, nice_ceiling
from sigreg_edu.views.reading import FEWEST, MOST, SCALES, ReadingView

WITH_N, WITHOUT_N = (0.05, 2e6), (1e-5, 1e3)  # axis of T in panel 1; its top is for the legend
SHOWN = {True: (5e-6, 1e4), False: (1e-9, 5.0)}  # axis of T in panel 2, by factor N
TICKS = {True: (1e-4, 0.01, 1, 100), False: (1e-8, 1e-6, 1e-4, 0.01, 1)}
DOT = {"marker": "o", "markersize": 9, "markeredgecolor": "white", "linestyle": "none"}


class ReadingFigure(ExplorerFigure):
    """Three panels: E[T] against N, T of batches and of the null law, the toy's objective."""

    size = (9.6, 4.3)

    def build(self) -> None:
        growth, law, toy = self.figure.subplots(1, 3, width_ratios=(1.0, 1.05, 1.0))
        self._build_growth(growth)
        self._build_law(law)
        self._build_toy(toy)

    def _build_growth(self, axes: Axes) -> None:
        self.growth_axes = axes
        axes.set(title="1  mean of T against N", xlabel="batch size N", xscale="log", yscale="log")
        axes.set_xlim(FEWEST * 0.8, MOST * 1.25)
        axes.set_xticks([16, 64, 256, 1024, 4096], ["16", "64", "256", "1024", "4096"])
        looks = {
            "this law": {"color": style.DATA, "linewidth": 3.0},
            "its evidence": {"color": style.DATA_SOFT, "linestyle": style.SOFT_LINE},
            "finite batches add": {"color": style.GREY, "linestyle": style.SLICE_LINE},
            "floor: N(0, 1)": {"color": style.TARGET, "linestyle": style.TARGET_LINE},
        }
        lines = [axes.plot([], [], label=label, **look)[0] for label, look in looks.items()]
        self.law, self.evidence, self.added, self.floor = map(self.moving, lines)
        (measured,) = axes.plot([], [], color=style.DATA, label="measured mean", **DOT)
        self.measured = self.moving(measured)
        axes.legend(loc="upper left", borderaxespad=0.0, labelspacing=0.15)

    def _build_law(self, axes: Axes) -> None:
        self.law_axes = axes
        axes.set(title="2  T of single batches", xlabel="T", xscale="log", yticks=[])
        axes.spines["left"].set_visible(False)
        self.null = self.moving(
            axes.stairs([0.0], [0.1, 1.0], color=style.TARGET, linestyle=style.TARGET_LINE,
                        linewidth=2.2, label="N(0, 1)")
        )  # fmt: skip
        self.shares = self.moving(
            axes.stairs([0.0], [0.1, 1.0], fill=True, color=style.DATA, alpha=0.55,
                        label="this law")
        )  # fmt: skip
        (limit,) = axes.plot([], [], color=style.INK, linewidth=1.6, linestyle=style.SOFT_LINE,
                             label="95 % of N(0, 1)")  # fmt: skip
        (one,) = axes.plot([], [], color=style.DATA, label="one batch", **DOT, clip_on=False)
        (best,) = axes.plot([], [], linestyle="none", marker="D", markersize=9, clip_on=False,
                            color=style.INK, label="N quantiles of N(0, 1)")  # fmt: skip
        self.limit, self.one, self.best = map(self.moving, (limit, one, best))
        axes.legend(loc="upper left", borderaxespad=0.0, labelspacing=0.15, handlelength=1.8)

    def _build_toy(self, axes: Axes) -> None:
        axes.set(title="3  what λ settles on", xlabel="std s  (view noise 0.3 s)", ylim=(0.0, 1.5))
        axes.set(xlim=(SCALES[0], SCALES[-1]), xticks=[0, 0.5, 1, 1.5, 2], yticks=[0, 0.5, 1])
        axes.set_ylabel("objective ÷ its largest")
        axes.plot([1.0, 1.0], [0.0, 1.0], color=style.TARGET, linestyle=style.TARGET_LINE)
        (here,) = axes.plot([], [], color=style.SLICE, linestyle=style.SLICE_LINE,
                            label="present s")  # fmt: skip
        looks = (
            {"color": style.GREY, "linestyle": style.SOFT_LINE, "label": f"N = {FEWEST}"},
            {"color": style.GREY, "linestyle": style.TARGET_LINE, "label": f"N = {MOST}"},
            {"color": style.DATA, "linewidth": 3.0, "label": "present N"},
        )
        smallest, largest, present = (axes.plot([], [], **look)[0] for look in looks)
        (ends,) = axes.plot([], [], color=style.GREY, clip_on=False, **DOT)
        (best,) = axes.plot([], [], linestyle="none", marker="D", markersize=10, clip_on=False,
                            color=style.INK, label="its least")  # fmt: skip
        self.here = self.moving(here)
        self.curves = [self.moving(line) for line in (smallest, present, largest)]
        self.ends, self.best_scale = self.moving(ends), self.moving(best)
        axes.legend(handles=[present, best, here, smallest, largest], loc="upper left", ncols=2,
                    borderaxespad=0.0, labelspacing=0.15, columnspacing=1.0,
                    handlelength=1.6)  # fmt: skip

    def static_key(self, view: ReadingView) -> Hashable:
        return view.factor_n, _share_ceiling(view)

    def show(self, view: ReadingView) -> None:
        self._show_growth(view)
        self._show_law(view)
        self._show_toy(view)

    def _show_growth(self, view: ReadingView) -> None:
        self.growth_axes.set_ylim(WITH_N if view.factor_n else WITHOUT_N)
        ticks = (0.1, 1, 10, 100, 1000, 10_000) if view.factor_n else (1e-4, 1e-2, 1)
        self.growth_axes.set_yticks(ticks, [decade_label(tick) for tick in ticks])
        self.growth_axes.minorticks_off()
        self.law.set_data(view.sizes, _visible(view.evidence + view.added))
        self.evidence.set_data(view.sizes, _visible(view.evidence))
        self.added.set_data(view.sizes, _visible(view.added))
        self.floor.set_data(view.sizes, view.floor)
        self.measured.set_data([view.batch], _visible(np.array([view.measured])))

    def _show_law(self, view: ReadingView) -> None:
        top, ends, ticks = _share_ceiling(view), SHOWN[view.factor_n], TICKS[view.factor_n]
        self.law_axes.set(xlim=ends, ylim=(0.0, 1.75 * top))
        self.law_axes.set_xticks(ticks, [decade_label(tick) for tick in ticks])
        self.law_axes.minorticks_off()
        self.null.set_data(view.null_shares, view.edges)
        self.shares.set_data(view.shares, view.edges)
        self.limit.set_data([view.quantile_95] * 2, [0.0, top])
        self.one.set_data([np.clip(view.statistics[0], *ends)], [0.0])
        self.best.set_data([np.clip(view.best, *ends)], [0.0])

    def _show_toy(self, view: ReadingView) -> None:
        for line, curve in zip(self.curves, view.curves, strict=True):
            line.set_data(SCALES, curve.loss)
        smallest, present, largest = view.curves
        self.ends.set_data(
            [smallest.best_scale, largest.best_scale], [smallest.best_loss, largest.best_loss]
        )
        self.best_scale.set_data([present.best_scale], [present.best_loss])
        collapsed = present.best_scale == 0.0
        self.best_scale.set_color(style.FAILURE if collapsed else style.INK)
        self.here.set_data([view.std] * 2, [0.0, 1.0])


def _visible(values: np.ndarray) -> np.ndarray:
    """Return values for a log axis: what is 0, up to rounding, is left out."""
    return np.where(values > 1e-12, values, np.nan)


def _share_ceiling(view: ReadingView) -> float:
    """Return the height of the histograms' axis in few steps."""
    return nice_ceiling(max(view.null_shares.max(), view.shares.max()), floor=0.2)
