"""Figure of three judges: the cloud, what each says of it, and what it says at every scale."""

from __future__ import annotations

from collections.abc import Hashable

from matplotlib.axes import Axes

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.parts import draw_target_circle
from sigreg_edu.views.accepts import JUDGES, AcceptsView
from sigreg_edu.views.many_shadows import short

#: By judge: a colour and, for a grey print, a line style of its own.
LOOKS = {
    "vicreg": {"color": style.OTHER, "linestyle": (0, (5, 2))},
    "moments": {"color": style.INK, "linestyle": style.SOFT_LINE},
    "sigreg": {"color": style.DATA, "linestyle": "-"},
}
ACCEPTS, OBJECTS = style.GREY, style.FAILURE
MOST = 4000.0  # of value ÷ limit; nothing the sliders allow is above
TICKS, TICK_LABELS = (0, 1, 10, 100, 1000), ("0", "1", "10", "100", "1000")
PLACES = (2.0, 1.0, 0.0)  # heights of the judges in the second panel


class AcceptsFigure(ExplorerFigure):
    """Three panels: the cloud, each judge's value against its limit, and the same by scale."""

    size = (9.6, 4.2)

    def build(self) -> None:
        cloud, verdicts, curves = self.figure.subplots(1, 3, width_ratios=(1.0, 1.1, 1.1))
        self._build_cloud(cloud)
        self._build_verdicts(verdicts)
        self._build_curves(curves)

    def _build_cloud(self, axes: Axes) -> None:
        self.cloud_axes = axes
        axes.set(title="1  the cloud", aspect="equal", anchor="N")
        axes.axhline(0.0, color=style.FAINT, linewidth=1.0, zorder=0)
        axes.axvline(0.0, color=style.FAINT, linewidth=1.0, zorder=0)
        (points,) = axes.plot([], [], "o", color=style.DATA, markersize=3.2, alpha=0.4,
                              markeredgewidth=0.0)  # fmt: skip
        self.points = self.moving(points)
        self.moving(draw_target_circle(axes))
        axes.text(0.0, -0.13, "dashes: 95 % of N(0, I) inside", transform=axes.transAxes,
                  va="top", color=style.TARGET_INK, fontsize=11.5)  # fmt: skip

    def _build_verdicts(self, axes: Axes) -> None:
        axes.set(title="2  the judges", ylim=(-0.35, 3.0), yticks=[], xlabel="value ÷ limit")
        _by_limit(axes, "x", most=MOST, linscale=2.0)
        axes.spines["left"].set_visible(False)
        axes.axvspan(0.0, 1.0, color=style.FAINT, alpha=0.45, linewidth=0.0, zorder=0)
        axes.axvline(1.0, color=style.GREY, linewidth=1.5, zorder=1)
        axes.text(0.5, 2.98, "accepted", ha="center", va="top", color=style.GREY)
        axes.text(MOST, 2.98, "orange: N(0, I)", ha="right", va="top", color=style.TARGET_INK)
        (usual,) = axes.plot([], [], "|", color=style.TARGET, markersize=24, markeredgewidth=3.0)
        self.bars = [
            self.moving(axes.barh(place, 0.0, height=0.3, linewidth=0.0)[0]) for place in PLACES
        ]
        self.usual = self.moving(usual)
        self.marks = [
            self.moving(axes.plot([], [], markersize=11, clip_on=False)[0]) for _ in PLACES
        ]
        self.names = [
            self.moving(axes.text(0.04, place + 0.22, "", va="bottom", fontweight="bold"))
            for place in PLACES
        ]  # fmt: skip

    def _build_curves(self, axes: Axes) -> None:
        axes.set(title="3  at every scale", xlabel="scale factor", ylabel="value ÷ limit")
        axes.set(xlim=(0.0, 3.0), xticks=[0, 1, 2, 3])
        _by_limit(axes, "y", most=1e5, linscale=1.0)  # above MOST is room for the legend
        axes.axhspan(0.0, 1.0, color=style.FAINT, alpha=0.45, linewidth=0.0, zorder=0)
        axes.axhline(1.0, color=style.GREY, linewidth=1.5, zorder=1)
        axes.text(0.05, 0.04, "accepted", va="bottom", color=style.GREY)
        (here,) = axes.plot([], [], color=style.SLICE, linestyle=style.SLICE_LINE, linewidth=1.8)
        self.here = self.moving(here)
        self.curves = [
            self.moving(axes.plot([], [], label=JUDGES[name], clip_on=False, **look)[0])
            for name, look in LOOKS.items()
        ]
        self.dots = [
            self.moving(axes.plot([], [], "o", color=look["color"], markersize=9, clip_on=False)[0])
            for look in LOOKS.values()
        ]
        axes.legend(loc="upper right", borderaxespad=0.0, labelspacing=0.15, handlelength=2.2)

    def static_key(self, view: AcceptsView) -> Hashable:
        return view.field

    def show(self, view: AcceptsView) -> None:
        field = view.field
        self.cloud_axes.set(xlim=(-field, field), ylim=(-field, field))
        self.cloud_axes.set(xticks=_ticks(field), yticks=_ticks(field))
        self.points.set_data(view.points.T)
        shares = view.values / view.limits
        self.usual.set_data(view.usual / view.limits, PLACES)
        for k, label in enumerate(JUDGES.values()):
            self._show_verdict(k, label, float(shares[k]), view)
        self.here.set_data([view.scale] * 2, [0.0, MOST])
        for curve, dot, values, limit, share in zip(
            self.curves, self.dots, view.curves, view.limits, shares, strict=True
        ):
            curve.set_data(view.scales, values / limit)
            dot.set_data([view.scale], [share])

    def _show_verdict(self, k: int, label: str, share: float, view: AcceptsView) -> None:
        wrong = bool(view.objects[k])
        colour = OBJECTS if wrong else ACCEPTS
        self.bars[k].set(width=share, facecolor=colour, alpha=0.55)
        self.marks[k].set_data([share], [PLACES[k]])
        self.marks[k].set(
            marker="X" if wrong else "o",
            color=colour,
            markerfacecolor=colour if wrong else "white",
            markeredgewidth=2.0,
        )
        verdict = "objects" if wrong else "accepts"
        self.names[k].set_text(f"{label}: {verdict}, {short(float(view.values[k]))}")
        self.names[k].set_color(colour if wrong else style.INK)


def _by_limit(axes: Axes, which: str, *, most: float, linscale: float) -> None:
    """Make an axis that is linear up to the limit, 1, and logarithmic above it."""
    scale, limits = getattr(axes, f"set_{which}scale"), getattr(axes, f"set_{which}lim")
    scale("symlog", linthresh=1.0, linscale=linscale)
    limits(0.0, most)
    getattr(axes, f"set_{which}ticks")(TICKS, TICK_LABELS)
    axes.minorticks_off()


def _ticks(field: float) -> list[int]:
    return [-3, 0, 3] if field < 6.0 else [-8, 0, 8]
