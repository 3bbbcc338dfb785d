"""Figure of recorded vision transformers: map of the digits, worst shadow, widths, curves."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.embedding import CloudPanel
from sigreg_edu.figures.parts import clipped, worst_shadow_panel
from sigreg_edu.statistics import null_distribution
from sigreg_edu.views.embedding import LENS, Cloud
from sigreg_edu.views.vit_replay import SEEDS, VitReplayView

CUT = 0.66  # where taller bars of the histogram are cut off, below the number
FLOOR = 1e-3  # of the spectrum: the embedding's last axis has no width at all
BOLD, THIN = 2.4, 0.9
ROOM = 30.0  # per cent that a word above a line takes up
FIRST = {"color": style.DATA, "linestyle": "-"}
SECOND = {"color": style.DATA_SOFT, "linestyle": style.SOFT_LINE}
#: Each panel of curves: title, and the two that it shows.
PANELS = {
    "accuracy": ("kNN, dotted: linear, %", ("knn", "linear")),
    "rank": ("effective rank", ("effective_rank",)),
    "loss": ("invariance, dotted: T", ("invariance", "sigreg")),
}
NOT_KEPT = f"kept for\nseed {SEEDS[0]} only"


class VitReplayFigure(ExplorerFigure):
    """The map; the worst shadow above the widths of all axes; three panels of curves."""

    size = (9.6, 4.7)

    def build(self) -> None:
        left, middle, right = self.figure.add_gridspec(1, 3, width_ratios=(1.5, 0.95, 1.2))
        self._build_map(self.figure.add_subplot(left))
        shadow, spectrum = (self.figure.add_subplot(cell) for cell in middle.subgridspec(2, 1))
        self._build_shadow(shadow)
        self._build_spectrum(spectrum)
        self._build_curves([self.figure.add_subplot(cell) for cell in right.subgridspec(3, 1)])

    # --- the map -------------------------------------------------------------------------------

    def _build_map(self, axes: Axes) -> None:
        self.map_axes = axes
        self.map = CloudPanel(self, axes, title="1  projections of test digits")
        self.circle = axes.lines[0]
        self._circle = self.circle.get_xydata().copy()
        look = {"color": style.TARGET, "linestyle": style.TARGET_LINE, "linewidth": 1.6}
        self.inner_circle = self.moving(axes.plot([], [], **look)[0])  # the circle in the inset
        axes.set_xlabel("two widest principal axes")
        self.device = self.moving(
            axes.text(0.02, 0.015, "", va="bottom", color=style.GREY, fontsize=11,
                      transform=axes.transAxes)
        )  # fmt: skip
        self.no_map = self.moving(axes.text(0.0, 0.0, NOT_KEPT, ha="center", va="center"))

    def _show_map(self, view: VitReplayView) -> None:
        ticks = np.array([-3, 0, 3])
        labels = [f"{tick * view.scale:g}".replace("-", "\N{MINUS SIGN}") for tick in ticks]
        self.map_axes.set_xticks(ticks, labels)
        self.map_axes.set_yticks(ticks, labels)
        self.circle.set_data(*(self._circle.T / view.scale))
        self.device.set_text(f"recorded on{' ' if len(view.device) < 8 else chr(10)}{view.device}")
        self.no_map.set_visible(view.map is None)
        if view.map is not None:
            self.map.show(view.map)
            self._show_inner_circle(view.map)
        self._show_artists(view.map)

    def _show_inner_circle(self, cloud: Cloud) -> None:
        """Magnify the circle of N(0, I) with the cloud, as far as the inset holds it."""
        self.inner_circle.set_visible(cloud.magnification > 1.0)
        away = cloud.magnification * (self.circle.get_xydata() - cloud.middle)  # from its middle
        away[np.abs(away).max(axis=1) > LENS] = np.nan
        home = self.map.box.get_xy()[:4].mean(axis=0)
        self.inner_circle.set_data(*(home + away).T)

    def _show_artists(self, cloud: Cloud | None) -> None:
        """The panel shows and hides its inset by itself; the rest is hidden where no map is."""
        for artist in (*self.map.dots.lines, self.map.discs, *self.map.names):
            artist.set_visible(cloud is not None)
        if cloud is None:
            inset = (self.map.heap, self.map.rays, self.map.box, self.map.factor)
            for artist in (*inset, self.inner_circle):
                artist.set_visible(False)

    # --- shadow and widths ---------------------------------------------------------------------

    def _build_shadow(self, axes: Axes) -> None:
        self.shadow, self.worst = worst_shadow_panel(self, axes, title="2  worst shadow")
        self.bars = axes.patches[0]
        axes.set_xlabel("dashes: N(0, 1)", color=style.TARGET_INK)

    def _build_spectrum(self, axes: Axes) -> None:
        self.spectrum_axes = axes
        axes.set_title("3  std of axes", pad=4)
        axes.set(xlabel="principal axis, by rank", yscale="log", ylim=(0.8 * FLOOR, 30.0))
        axes.set_yticks([1e-3, 1e-2, 0.1, 1, 10], ["0.001", "0.01", "0.1", "1", "10"])
        axes.minorticks_off()
        axes.axhline(1.0, color=style.TARGET, linestyle=style.TARGET_LINE, linewidth=1.6)
        (self.untrained,) = axes.plot([], [], color=style.GREY, linewidth=1.2)
        (self.spectrum,) = axes.plot([], [], "o-", color=style.DATA, markersize=3.0)
        self.moving(self.untrained)
        self.moving(self.spectrum)
        axes.text(0.98, 0.97, "grey: untrained", ha="right", va="top", color=style.GREY,
                  fontsize=11.5, transform=axes.transAxes)  # fmt: skip

    # --- curves --------------------------------------------------------------------------------

    def _build_curves(self, rows: list[Axes]) -> None:
        self.curve_axes = dict(zip(PANELS, rows, strict=True))
        self.curves: dict[str, list[Line2D]] = {}  # one a seed, the chosen one's last
        self.marks: dict[str, Line2D] = {}
        for (title, names), axes in zip(PANELS.values(), rows, strict=True):
            axes.set_title(title, fontweight="normal", fontsize=12.5, pad=4)
            axes.tick_params(labelbottom=axes is rows[-1])
            for name, look in reversed(list(zip(names, (FIRST, SECOND), strict=False))):
                lines = [axes.plot([], [], **look, linewidth=THIN)[0] for _ in SEEDS[1:]]
                lines += axes.plot([], [], **look, linewidth=BOLD)
                (mark,) = axes.plot([], [], "o", color=style.SLICE, markersize=7, clip_on=False)
                self.curves[name] = [self.moving(line) for line in lines]
                self.marks[name] = self.moving(mark)
        rows[-1].set_xlabel("step")
        self.heading = rows[0].text(0.0, 1.36, "", transform=rows[0].transAxes, fontsize=13.5,
                                    fontweight="bold", va="baseline")  # fmt: skip
        self._set_limits()

    def _set_limits(self) -> None:
        accuracy, loss = self.curve_axes["accuracy"], self.curve_axes["loss"]
        accuracy.set(ylim=(0.0, 128.0), yticks=[0, 50, 100])
        self.levels = {}
        for name, look in (
            ("raw pixels", {"color": style.GREY, "linestyle": style.SLICE_LINE}),
            ("supervised", {"color": style.INK, "linestyle": style.TARGET_LINE}),
        ):
            line = accuracy.axhline(np.nan, linewidth=1.2, **look)
            note = accuracy.text(0.01, 0.0, name, color=look["color"], fontsize=11,
                                 transform=accuracy.get_yaxis_transform())  # fmt: skip
            self.levels[name] = (line, note)
        loss.set(yscale="log", ylim=(1e-6, 2e3))
        loss.set_yticks([1e-6, 1e-3, 1, 1e3], ["10⁻⁶", "10⁻³", "1", "10³"])
        loss.minorticks_off()
        loss.axhline(null_distribution().mean, color=style.TARGET, linestyle=style.TARGET_LINE,
                     linewidth=1.4)  # fmt: skip

    def static_key(self, view: VitReplayView) -> Hashable:
        return view.space, view.dim, view.scale

    def show(self, view: VitReplayView) -> None:
        self._show_map(view)
        self._show_shadow(view)
        ranks = np.arange(1, view.dim + 1)
        self.spectrum.set_data(ranks, np.maximum(view.spectrum, FLOOR))
        self.untrained.set_data(ranks, np.maximum(view.untrained, FLOOR))
        self._show_static(view)
        for name, curves in view.curves.items():
            factor = 100.0 if name in PANELS["accuracy"][1] else 1.0
            self._show_curve(name, view, view.steps, factor * curves, view.now)
        steps = np.arange(1, view.invariance.shape[1] + 1)
        at = min(max(int(view.steps[view.now]), 1), len(steps)) - 1
        self._show_curve("invariance", view, steps, view.invariance, at)

    def _show_shadow(self, view: VitReplayView) -> None:
        self.bars.set_visible(view.shadow is not None)
        self.worst.set_text(NOT_KEPT if view.worst is None else f"T = {view.worst:.3g}")
        if view.shadow is not None:
            self.shadow.show(clipped(view.shadow, CUT))

    def _show_curve(
        self, name: str, view: VitReplayView, x: np.ndarray, curves: np.ndarray, at: int
    ) -> None:
        """Show a curve a seed, (S, L), the chosen one bold and with a mark."""
        *thin, bold = self.curves[name]
        low, high = bold.axes.get_ylim()
        bold.set_data(x, np.clip(curves[view.chosen], low, high))
        self.marks[name].set_data(x[[at]], bold.get_ydata()[[at]])
        others = np.delete(curves, view.chosen, axis=0)
        for number, line in enumerate(thin):
            line.set_visible(number < len(others))
            if number < len(others):
                line.set_data(x, np.clip(others[number], low, high))

    def _show_static(self, view: VitReplayView) -> None:
        """Set what depends on the space, its dimension and the map's scale alone."""
        self.heading.set_text(f"4  the {view.space}")
        self.spectrum_axes.set_xlim(0.0, view.dim + 1.0)
        self.spectrum_axes.set_xticks([1, view.dim // 2, view.dim])
        self.curve_axes["rank"].set_ylim(0.0, 1.06 * view.dim)
        self.curve_axes["rank"].set_yticks([0, view.dim // 2, view.dim])
        end = int(view.steps[-1])
        for axes in self.curve_axes.values():
            axes.set(xlim=(-0.03 * end, 1.03 * end), xticks=[0, end // 2, end])
        levels = {"raw pixels": 100.0 * view.raw, "supervised": 100.0 * view.supervised}
        for name, height in levels.items():
            line, note = self.levels[name]
            line.set_ydata([height] * 2)
            note.set_y(height)
            crowded = max(levels.values()) - min(levels.values()) < ROOM
            note.set_va("top" if crowded and height == min(levels.values()) else "bottom")
