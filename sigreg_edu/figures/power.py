"""Figure of power: the law, how often each test rejects as it departs, and the rates here."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.parts import band
from sigreg_edu.views.power import GRID, LEVEL, TESTS, PowerView
from sigreg_edu.views.sample import standard_normal_density

#: By test: short name, and a look of its own in grey too. Those that see shape alone are purple.
LOOKS = {
    "epps_pulley": ("EP", {"color": style.DATA, "linestyle": "-", "marker": "o"}),
    "anderson_darling": ("AD", {"color": style.INK, "linestyle": (0, (5, 2)), "marker": "s"}),
    "cramer_von_mises": ("CM", {"color": "#663300", "linestyle": (0, (6, 1.5, 1.2, 1.5)),
                                "marker": "^"}),
    "kolmogorov_smirnov": ("KS", {"color": style.GREY, "linestyle": (0, (1.2, 1.2)),
                                  "marker": "v"}),
    "shapiro_wilk": ("SW", {"color": style.OTHER, "linestyle": (0, (8, 2)), "marker": "D"}),
    "jarque_bera": ("JB", {"color": "#8000E6", "linestyle": (0, (3, 1.2, 1.2, 1.2, 1.2, 1.2)),
                           "marker": "X"}),
}  # fmt: skip
BAR_PLACES = (6.4, 5.4, 4.4, 3.4, 1.3, 0.3)  # heights; the gap parts the tests of shape alone
LABEL_GAP = 0.075  # least distance of two labels at the lines' ends
END, LABEL_AT = 1.0, 1.06
DENSITY_TOP = 0.9


class PowerFigure(ExplorerFigure):
    """Three panels: the law beside N(0, 1), rejection rates by strength, and bars for one."""

    size = (9.6, 4.3)

    def build(self) -> None:
        law, curves, bars = self.figure.subplots(1, 3, width_ratios=(0.75, 1.25, 0.85))
        self._build_law(law)
        self._build_curves(curves)
        self._build_bars(bars)

    def _build_law(self, axes: Axes) -> None:
        axes.set(title="1  the law", xlabel="x", xlim=(-5.0, 5.0), ylim=(0.0, DENSITY_TOP))
        axes.set(yticks=[], xticks=[-4, -2, 0, 2, 4])
        axes.spines["left"].set_visible(False)
        self.law_area = self.moving(
            axes.fill([0], [0], facecolor=style.DATA, alpha=0.3, label="drawn from")[0]
        )
        (law,) = axes.plot([], [], color=style.DATA)
        (target,) = axes.plot(GRID, standard_normal_density(GRID), color=style.TARGET,
                              linestyle=style.TARGET_LINE, label="N(0, 1)")  # fmt: skip
        self.law = self.moving(law)
        self.moving(target)
        axes.legend(loc="upper left", borderaxespad=0.0, labelspacing=0.15)

    def _build_curves(self, axes: Axes) -> None:
        axes.set(title="2  how often each test rejects", xlabel="strength of the departure")
        axes.set(xlim=(0.0, 1.17), ylim=(0.0, 1.06), ylabel="samples rejected")
        axes.set_xticks([0.0, 0.25, 0.5, 0.75, 1.0], ["0", "0.25", "0.5", "0.75", "1"])
        axes.set_yticks([LEVEL, 0.25, 0.5, 0.75, 1.0], ["5 %", "25 %", "50 %", "75 %", "100 %"])
        axes.plot([0.0, END], [LEVEL, LEVEL], color=style.GREY, linewidth=1.2)
        looks = list(LOOKS.values())
        self.bands = [
            self.moving(axes.fill([0], [0], facecolor=look["color"], alpha=0.16)[0])
            for _, look in looks
        ]
        (here,) = axes.plot([], [], color=style.SLICE, linestyle=style.SLICE_LINE)
        self.here = self.moving(here)
        self.curves = [
            self.moving(axes.plot([], [], markersize=5, linewidth=2.0, **look)[0])
            for _, look in reversed(looks)
        ][::-1]  # Epps–Pulley is painted last, on top
        self.curves[0].set_linewidth(3.2)
        self.leads = [
            self.moving(axes.plot([], [], linewidth=1.0, color=look["color"], clip_on=False)[0])
            for _, look in looks
        ]
        self.labels = [
            self.moving(axes.text(LABEL_AT, 0.0, short, va="center", color=look["color"],
                                  fontweight="bold"))
            for short, look in looks
        ]  # fmt: skip

    def _build_bars(self, axes: Axes) -> None:
        axes.set(title="3  at this strength", xlim=(0.0, 1.0), ylim=(-0.3, 7.0))
        axes.set_xticks([0.0, 0.5, 1.0], ["0 %", "50 %", "100 %"])
        axes.set_xlabel("samples rejected")
        names = [f"{label}  {short}" for label, (short, _) in zip(TESTS.values(), LOOKS.values(),
                                                                  strict=True)]  # fmt: skip
        axes.set_yticks(BAR_PLACES, names)
        axes.tick_params(axis="y", length=0)
        axes.text(-0.03, 2.35, "ignore shift and scale:", ha="right", va="center", color=style.GREY,
                  transform=axes.get_yaxis_transform(), fontsize=11.5)  # fmt: skip
        self.bars = []
        for place, (_, look) in zip(BAR_PLACES, LOOKS.values(), strict=True):
            (bar,) = axes.barh([place], [0.0], height=0.62, color=look["color"], alpha=0.5)
            self.bars.append(self.moving(bar))
        (level,) = axes.plot([LEVEL, LEVEL], [-0.3, 7.0], color=style.GREY, linewidth=1.2)
        self.moving(level)
        (spans,) = axes.plot([], [], color=style.INK, linewidth=1.8)
        self.spans = self.moving(spans)
        self.values = [self.moving(axes.text(0.0, place, "", va="center")) for place in BAR_PLACES]
        self.repeats = self.moving(
            axes.text(1.0, 2.35, "", ha="right", va="center", color=style.GREY, fontsize=11.5)
        )

    def show(self, view: PowerView) -> None:
        self._show_law(view)
        self.here.set_data([view.strength] * 2, [0.0, 1.06])
        for k, curve in enumerate(self.curves):
            curve.set_data(view.strengths, view.rates[k])
            self.bands[k].set_xy(band(view.lower[k], view.upper[k], view.strengths))
        ends = view.rates[:, -1]
        for lead, label, end, at in zip(
            self.leads, self.labels, ends, spread(ends, LABEL_GAP), strict=True
        ):
            lead.set_data([END + 0.01, LABEL_AT - 0.008], [end, at])
            label.set_y(at)
        self._show_bars(view)

    def _show_law(self, view: PowerView) -> None:
        density = np.minimum(view.density, 0.75 * DENSITY_TOP)
        self.law.set_data(view.grid, density)
        self.law_area.set_xy(band(np.zeros_like(density), density, view.grid))

    def _show_bars(self, view: PowerView) -> None:
        spans = ([], [])
        for k, place in enumerate(BAR_PLACES):
            self.bars[k].set_width(view.here[k])
            spans[0].extend([view.here_lower[k], view.here_upper[k], None])
            spans[1].extend([place, place, None])
            inside = view.here[k] > 0.6
            self.values[k].set(
                text=f"{100 * view.here[k]:.0f} %",
                x=view.here_lower[k] - 0.03 if inside else view.here_upper[k] + 0.03,
                ha="right" if inside else "left",
            )
        self.spans.set_data(*spans)
        self.repeats.set_text(f"{view.repeats} repeats")


def spread(places: np.ndarray, gap: float) -> np.ndarray:
    """Return ``places`` moved apart, in order, until any two are at least ``gap`` apart.

    They stay within [0.02, 1.04] as long as there is room.

    >>> spread(np.array([1.0, 1.0, 0.2]), 0.1).round(2).tolist()
    [0.94, 1.04, 0.2]
    """
    order = np.argsort(places, kind="stable")
    apart = gap * np.arange(places.size)
    up = np.maximum.accumulate(places[order] - apart) + apart  # each above the one before
    down = np.minimum.accumulate((np.minimum(up, 1.04) - apart)[::-1])[::-1] + apart
    moved = np.empty_like(places)
    moved[order] = np.maximum(down, 0.02 + apart)
    return moved
