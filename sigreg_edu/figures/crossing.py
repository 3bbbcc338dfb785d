"""Figure of crossings: both costs against D, and where they cross against the slices."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.parts import tick_at
from sigreg_edu.figures.scaling import FORM_STYLE
from sigreg_edu.views.crossing import D_ENDS, M_ENDS, REPORT_SAYS, SIGREG_FORMS, CrossingView
from sigreg_edu.views.scaling import WHAT, amount

LIMITS = {"seconds": (1e-4, 1e2), "memory": (1e4, 1e11)}
D_TICKS, M_TICKS = (16, 64, 256, 1024, 4096), (16, 64, 256, 1024)
REPORT_LINE = {"color": style.TARGET_INK, "linestyle": style.TARGET_LINE, "linewidth": 1.6}
BOLD, PLAIN = 3.2, 1.5
ABOVE_NOTE, BELOW_LEGEND = 0.1, 0.83  # of the height of the axes


class CrossingFigure(ExplorerFigure):
    """Two curves over D on the left; on the right the D at which they meet, for each M."""

    size = (9.6, 4.7)

    def build(self) -> None:
        self._shown: tuple[str, str] | None = None
        left, right = self.figure.subplots(1, 2, width_ratios=(1.2, 1.0))
        self._build_costs(left)
        self._build_crossings(right)

    def _build_costs(self, axes: Axes) -> None:
        axes.set(xscale="log", yscale="log", xlabel="dimensions D", xlim=D_ENDS)
        axes.grid(color=style.FAINT, linewidth=0.8)
        tick_at(axes.xaxis, D_TICKS)
        self.costs, self.title = axes, axes.set_title("1  time of a step")
        axes.axvline(REPORT_SAYS, **REPORT_LINE)
        self.curves, self.dots, self.stars = {}, {}, {}
        for name in ("sigreg", "vicreg"):
            look = FORM_STYLE["fast" if name == "sigreg" else name]
            (curve,) = axes.plot([], [], label="SIGReg" if name == "sigreg" else "VICReg")
            curve.set_color(look["color"])
            (dots,) = axes.plot([], [], linestyle="", color=look["color"], marker=look["marker"])
            colour = style.TARGET if name == "sigreg" else style.OTHER
            (stars,) = axes.plot([], [], "*", color=colour, markersize=15, markeredgecolor="white")
            for kept, artist in (
                (self.curves, curve), (self.dots, dots), (self.stars, stars),
            ):  # fmt: skip
                kept[name] = self.moving(artist)
        self.meet = self.moving(
            axes.axvline(1.0, ABOVE_NOTE, BELOW_LEGEND, color=style.SLICE, linewidth=1.6)
        )
        look = {"ha": "right", "fontsize": 11, "bbox": dict(style.WHITE_BOX)}
        note = axes.text(0.985, 0.03, "", transform=axes.transAxes, **look)
        self.note = self.moving(note)

    def _build_crossings(self, axes: Axes) -> None:
        axes.set(xscale="log", yscale="log", xlabel="slices M", xlim=M_ENDS, ylim=D_ENDS)
        axes.grid(color=style.FAINT, linewidth=0.8)
        tick_at(axes.xaxis, M_TICKS)
        tick_at(axes.yaxis, D_TICKS[1:])
        self.crossing_title = axes.set_title("2  D where they cross")
        axes.axhline(REPORT_SAYS, label="the report: 1024", **REPORT_LINE)
        self.lines = {}
        for form in SIGREG_FORMS:
            look = FORM_STYLE[form]
            (line,) = axes.plot(
                [], [], color=look["color"], linestyle=look["linestyle"], label=f"against {form}"
            )
            self.lines[form] = self.moving(line)
        (self.mark,) = axes.plot([], [], "o", color=style.SLICE, markersize=10, clip_on=False)
        self.moving(self.mark)
        axes.legend(loc="lower right", labelspacing=0.25)
        axes.text(
            0.03, 0.97, "above: VICReg costs more", transform=axes.transAxes, va="top",
            color=style.OTHER, fontsize=11.5,
        )  # fmt: skip

    def static_key(self, view: CrossingView) -> Hashable:
        return view.what, view.form

    def show(self, view: CrossingView) -> None:
        if self._shown != (view.what, view.form):
            self._show_static(view)
            self._shown = (view.what, view.form)
        for name, values, form in (
            ("sigreg", view.sigreg, view.form), ("vicreg", view.vicreg, "vicreg"),
        ):  # fmt: skip
            self.curves[name].set_data(view.dims, values)
            self.dots[name].set_data(*view.dots[form].T)
            self.stars[name].set_data(*view.stars[name].T)
        here = view.crossing is not None
        self.meet.set_visible(here)
        self.mark.set_visible(here)
        if here:
            self.meet.set_xdata([view.crossing] * 2)
            self.mark.set_data([view.now], [view.crossing])
        measured = any(len(dots) for dots in view.dots.values())
        stars = "★ the report   " if len(view.stars["vicreg"]) else ""
        self.note.set_text(f"{stars}{'dots: measured' if measured else ''}".strip())
        for form, line in self.lines.items():
            line.set_data(view.slices, view.crossings[form])
            line.set_linewidth(BOLD if form == view.form else PLAIN)

    def _show_static(self, view: CrossingView) -> None:
        axes, look = self.costs, FORM_STYLE[view.form]
        low, high = np.log10(LIMITS[view.what])
        axes.yaxis.set_major_locator(
            FixedLocator(10.0 ** np.arange(round(low) + 1, round(high) + 1))
        )
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: amount(view.what, y)))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.set_ylim(*LIMITS[view.what])
        self.title.set_text(f"1  {WHAT[view.what]}")
        self.curves["sigreg"].set(
            color=look["color"], linestyle=look["linestyle"], label=f"SIGReg, {view.form}"
        )
        self.dots["sigreg"].set(color=look["color"], marker=look["marker"])
        axes.legend(
            handles=list(self.curves.values()), loc="upper left", labelspacing=0.25,
            fontsize=11.5, frameon=False,
        )  # fmt: skip
