"""Figure of growth: a line for each form on logarithmic axes, and what each takes now."""

from __future__ import annotations

from collections.abc import Hashable
from types import MappingProxyType

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.losses.cost import FORMS
from sigreg_edu.views.cost_record import FORM_LABEL
from sigreg_edu.views.scaling import SIZES, WHAT, ScalingView, amount, power

#: Of each form, in every figure of costs.
FORM_STYLE = MappingProxyType(
    {
        "textbook": {"color": style.FAILURE, "marker": "s", "linestyle": (0, (4, 1.5))},
        "fast": {"color": style.DATA, "marker": "o", "linestyle": "-"},
        "closed form": {"color": style.DATA_SOFT, "marker": "^", "linestyle": style.SLICE_LINE},
        "three sums": {"color": style.INK, "marker": "v", "linestyle": style.TARGET_LINE},
        "vicreg": {"color": style.OTHER, "marker": "D", "linestyle": "-"},
    }
)
LIMITS = {"seconds": (1e-4, 1e4), "memory": (1e4, 1e13)}
TICKS = {
    "N": (64, 256, 1024, 2048, 8192),
    "D": (16, 64, 256, 1024, 2048),
    "M": (16, 64, 256, 1024, 2048),
    "T": (9, 13, 17, 25, 33),
}
FAR = 0.4  # opacity of what does not fit the memory


class ScalingFigure(ExplorerFigure):
    """Curves of the model, dots of the measurements, stars of the report; a column of numbers."""

    size = (9.6, 4.9)

    def build(self) -> None:
        curves, words = self.figure.add_gridspec(1, 2, width_ratios=(1.55, 1.0))
        self._build_curves(self.figure.add_subplot(curves))
        self._build_words(self.figure.add_subplot(words))

    def _build_curves(self, axes: Axes) -> None:
        self.axes, self.title = axes, axes.set_title("time of a step")
        axes.set(xscale="log", yscale="log")
        axes.grid(color=style.FAINT, linewidth=0.8)
        self.now = self.moving(axes.axvline(1.0, color=style.SLICE, linewidth=1.4))
        self.near, self.far, self.dots, self.points = {}, {}, {}, {}
        for form in FORMS:
            look = FORM_STYLE[form]
            line = {"color": look["color"], "linestyle": look["linestyle"]}
            dot = {"color": look["color"], "marker": look["marker"], "linestyle": ""}
            (self.near[form],) = axes.plot([], [], **line)
            (self.far[form],) = axes.plot([], [], color=look["color"], linewidth=1.2, alpha=FAR)
            (self.dots[form],) = axes.plot([], [], markersize=6.0, **dot)
            (self.points[form],) = axes.plot(
                [], [], markersize=10.0, markerfacecolor="white", markeredgewidth=2.0, **dot
            )
            for artists in (self.near, self.far, self.dots, self.points):
                self.moving(artists[form])
        self._shown: tuple[str, str] | None = None
        self.stars = {
            name: self.moving(
                axes.plot([], [], "*", markersize=15, color=colour, markeredgecolor="white")[0]
            )
            for name, colour in (("vicreg", style.OTHER), ("sigreg", style.TARGET))
        }

    def _build_words(self, axes: Axes) -> None:
        axes.set(xlim=(0.0, 1.0), ylim=(0.0, 1.0))
        axes.set_axis_off()
        self.others = self.moving(axes.text(0.0, 1.0, "", va="top", fontsize=11.5))
        axes.text(0.72, 0.86, "now", ha="right", color=style.GREY)
        self.grown = axes.text(1.0, 0.86, "grows as", ha="right", color=style.GREY)
        self.told = {}
        for number, form in enumerate(FORMS):
            y, look = 0.76 - 0.1 * number, FORM_STYLE[form]
            axes.plot([0.0, 0.09], [y, y], color=look["color"], linestyle=look["linestyle"])
            axes.plot([0.045], [y], color=look["color"], marker=look["marker"], markersize=6.0)
            axes.text(0.12, y, FORM_LABEL[form], va="center")
            self.told[form] = tuple(
                self.moving(axes.text(x, y, "", ha="right", va="center")) for x in (0.72, 1.0)
            )
        self.notes = axes.text(
            0.0, 0.22, "", va="top", fontsize=11, color=style.GREY, linespacing=1.35
        )

    def static_key(self, view: ScalingView) -> Hashable:
        return view.grows, view.what, _notes(view)

    def show(self, view: ScalingView) -> None:
        if self._shown != (view.grows, view.what):
            self._show_axes(view)
            self._shown = (view.grows, view.what)
        size, takes = view.now
        self.now.set_xdata([size, size])
        for form in FORMS:
            fits = view.fits[form]
            self.near[form].set_data(view.x, np.where(fits, view.curves[form], np.nan))
            self.far[form].set_data(view.x, view.curves[form])
            self.far[form].set_visible(not fits.all())  # else it is hidden by the other
            self.dots[form].set_data(*view.dots[form].T)
            self.points[form].set_data([size], [takes[form]])
            now, exponent = self.told[form]
            now.set_text(amount(view.what, takes[form]))
            exponent.set_text(power(view.grows, view.exponents[form]))
        for name, star in self.stars.items():
            star.set_data(*view.report[name].T)
        self.others.set_text(f"{view.others}; {view.grows} = {size}")
        self.notes.set_text(_notes(view))

    def _show_axes(self, view: ScalingView) -> None:
        axes = self.axes
        axes.set_xlim(view.x[0] / 1.08, view.x[-1] * 1.08)
        axes.set_ylim(*LIMITS[view.what])
        axes.set_xlabel(SIZES[view.grows])
        axes.xaxis.set_major_locator(FixedLocator(TICKS[view.grows]))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
        axes.xaxis.set_minor_locator(NullLocator())
        low, high = np.log10(LIMITS[view.what])
        axes.yaxis.set_major_locator(FixedLocator(10.0 ** np.arange(round(low), round(high) + 1)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: amount(view.what, y)))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.set_ylim(*LIMITS[view.what])
        self.title.set_text(f"{WHAT[view.what]}, forward and backward")


def _notes(view: ScalingView) -> str:
    dots = any(len(dots) for dots in view.dots.values())
    lines = [f"lines: model; filled: measured\n({view.ran_on})" if dots else "lines: model"]
    if not all(fits.all() for fits in view.fits.values()):
        lines.append("thin: needs more than 16 GB")
    if len(view.report["vicreg"]):
        lines.append("★ the report: SIGReg orange")
    return "\n".join(lines)
