"""Figure of a patient: curves, worst shadows and widths, ill and treated, and the verdict."""

from __future__ import annotations

import textwrap
from collections.abc import Hashable
from types import MappingProxyType
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from sigreg_edu.figures import style
from sigreg_edu.figures.base import AnyArtist, ExplorerFigure
from sigreg_edu.figures.parts import clipped, worst_shadow_panel
from sigreg_edu.statistics import null_distribution
from sigreg_edu.training.clinic import CANNOT_BE, HARMS, HELPS, NOTHING
from sigreg_edu.views.clinic import ClinicView, Course

ILL = {"color": style.FAILURE, "linestyle": (0, (4, 1.5))}
TREATED = {"color": style.DATA, "linestyle": "-"}
LOOKS = MappingProxyType({"ill": ILL, "treated": TREATED})
MARKERS = {"ill": "s", "treated": "o"}
CUT = 0.66  # where taller bars of a histogram are cut off, below the number
FLOOR = 1e-3  # of the spectrum
COLUMNS = 24  # bold characters of a line beside the spectrum
SAW = "1  T (thin: the loss saw)"
SAW_BLIND = "1  T (thin: standardized)"
SAW_ONE_BLIND = "1  T (thin, ill: standardized)"
#: Sign and colour of each verdict, in every figure of remedies.
SIGNS = MappingProxyType(
    {
        HELPS: ("\N{CHECK MARK}", style.SLICE),
        NOTHING: ("\N{EN DASH}", style.GREY),
        HARMS: ("\N{BALLOT X}", style.FAILURE),
        CANNOT_BE: ("?", style.INK),
    }
)


class ClinicFigure(ExplorerFigure):
    """Three panels of curves; two shadows; widths of the axes above the verdict.

    It is painted in three layers: what is drawn once for all; what depends on patient and remedy,
    whose pixels are kept, too; and what moves with the moment of training.
    """

    size = (9.6, 5.2)

    def build(self) -> None:
        self.figure.get_layout_engine().set(rect=(0.0, 0.0, 1.0, 0.9))
        self._shown: Hashable = None
        self._patients: list[Artist] = []
        self.title = self._patients_own(
            self.figure.text(0.012, 0.985, "", va="top", fontsize=12.5, fontweight="bold")
        )
        left, middle, right = self.figure.add_gridspec(1, 3, width_ratios=(1.3, 1.0, 1.15))
        self._build_curves([self.figure.add_subplot(c) for c in left.subgridspec(3, 1)])
        self._build_shadows([self.figure.add_subplot(c) for c in middle.subgridspec(2, 1)])
        spectrum, words = (self.figure.add_subplot(c) for c in right.subgridspec(2, 1))
        self._build_spectrum(spectrum)
        self._build_words(words)

    def _build_curves(self, rows: list[Axes]) -> None:
        self.t_axes, self.invariance_axes, self.knn_axes = rows
        titles = (SAW, "2  invariance", "3  kNN, %")
        self.t_title, *_ = [
            axes.set_title(title, fontsize=12.5, pad=3)
            for axes, title in zip(rows, titles, strict=True)
        ]
        for axes in rows:
            axes.tick_params(labelbottom=axes is rows[-1])
        for axes, low, high in ((self.t_axes, 0.1, 1000.0), (self.invariance_axes, 1e-6, 100.0)):
            axes.set(yscale="log", ylim=(low, high))
            axes.minorticks_off()
        self.t_axes.set_yticks([0.1, 1, 10, 100, 1000], ["0.1", "", "10", "", "1000"])
        self.invariance_axes.set_yticks([1e-6, 1e-3, 1, 100], ["10⁻⁶", "10⁻³", "1", "100"])
        self.t_axes.axhline(null_distribution().mean, color=style.TARGET,
                            linestyle=style.TARGET_LINE, linewidth=1.6)  # fmt: skip
        self.knn_axes.set(ylim=(0, 104), yticks=[0, 50, 100], xlabel="step")
        self.raw = self._patients_own(
            self.knn_axes.axhline(0.0, color=style.GREY, linewidth=1.2, linestyle=style.SLICE_LINE)
        )
        self.raw_note = self._patients_own(
            self.knn_axes.text(0.99, 0.0, "raw pixels", ha="right", va="bottom", fontsize=11,
                               color=style.GREY, transform=self.knn_axes.get_yaxis_transform())
        )  # fmt: skip
        self.upright = [self.moving(a.axvline(0.0, color=style.SLICE, linewidth=1.4)) for a in rows]
        self.lines = {who: self._lines(who, look) for who, look in LOOKS.items()}

    def _lines(self, who: str, look: dict) -> dict:
        dots = {"marker": MARKERS[who], "markersize": 5.0}
        made = {
            "saw": self.t_axes.plot([], [], linewidth=1.0, alpha=0.7, **look),
            "t": self.t_axes.plot([], [], **look, **dots),
            "invariance": self.invariance_axes.plot([], [], **{**look, "linewidth": 1.6}),
            "knn": self.knn_axes.plot([], [], **look, **dots),
        }
        return {name: self._patients_own(line) for name, (line,) in made.items()}

    def _build_shadows(self, cells: list[Axes]) -> None:
        self.shadows = {}
        for who, axes, title in zip(
            LOOKS, cells, ("4  its worst shadow", "5  with the remedy"), strict=True
        ):
            panel, words = worst_shadow_panel(self, axes, title=title)
            bars = axes.patches[0]
            bars.set_facecolor(LOOKS[who]["color"])
            self.shadows[who] = (panel, words, bars)
        cells[-1].set_xlabel("dashes: N(0, 1)", color=style.TARGET_INK)

    def _build_spectrum(self, axes: Axes) -> None:
        self.spectrum_axes = axes
        axes.set_title("6  std of axes, by rank", pad=3)
        axes.set(yscale="log", ylim=(0.8 * FLOOR, 10.0))
        axes.set_yticks([1e-3, 1e-2, 0.1, 1, 10], ["0.001", "0.01", "0.1", "1", "10"])
        axes.minorticks_off()
        axes.axhline(1.0, color=style.TARGET, linestyle=style.TARGET_LINE, linewidth=1.6)
        self.spectra = {
            who: self.moving(axes.plot([], [], marker=MARKERS[who], markersize=3.0, **look)[0])
            for who, look in LOOKS.items()
        }

    def _build_words(self, axes: Axes) -> None:
        axes.set(xlim=(0.0, 1.0), ylim=(0.0, 1.0))
        axes.set_axis_off()
        for y, who, word in ((0.98, "ill", "as it came"), (0.85, "treated", "with the remedy:")):
            axes.plot([0.02, 0.14], [y, y], marker=MARKERS[who], markersize=5.0, **LOOKS[who])
            axes.text(0.18, y, word, va="center", fontsize=12)
        self.remedy, self.verdict, self.numbers = (
            self._patients_own(axes.text(0.0, y, "", va="top", **look))
            for y, look in (
                (0.76, {"fontweight": "bold"}),
                (0.54, {"fontweight": "bold", "fontsize": 14}),
                (0.40, {"fontsize": 11.5, "linespacing": 1.3}),
            )
        )

    def _patients_own(self, artist: AnyArtist) -> AnyArtist:
        """Register an artist that changes with patient and remedy alone."""
        artist.set_animated(True)
        self._patients.append(artist)
        return artist

    def static_key(self, view: ClinicView) -> Hashable:
        frame = len(view.ill.spectrum), int(view.ill.looks[-1]), _saw(view)
        return frame, (view.patient, view.complaint, view.remedy)

    def _background(self, key: tuple[Hashable, Hashable]) -> Any:
        """Return the pixels of frame and patient; for a new remedy the frame's are used again."""
        background = self._backgrounds.get(key)
        if background is None:
            self.canvas.restore_region(super()._background(key[0]))
            for artist in self._patients:
                if artist.get_visible():
                    (artist.axes or self.figure).draw_artist(artist)
            background = self.canvas.copy_from_bbox(self.figure.bbox)
        return self._backgrounds.put(key, background)

    def show(self, view: ClinicView) -> None:
        key = self.static_key(view)
        if key != self._shown:
            self._show_patient(view)
            self._shown = key
        now = view.ill.looks[view.now]
        for line in self.upright:
            line.set_xdata([now, now])
        for who, course in (("ill", view.ill), ("treated", view.treated)):
            self._show_now(who, course)

    def _show_patient(self, view: ClinicView) -> None:
        """Set what depends on the patient and its remedy alone."""
        self._show_axes(view)
        self.title.set_text(
            textwrap.fill(f"{view.patient[0].upper()}{view.patient[1:]}: {view.complaint}", 92)
        )
        self.t_title.set_text(_saw(view))
        for who, course in (("ill", view.ill), ("treated", view.treated)):
            self._show_curves(who, course)
        self.raw.set_ydata([100.0 * view.raw] * 2)
        self.raw_note.set_y(100.0 * view.raw)
        self.remedy.set_text(textwrap.fill(view.remedy, COLUMNS))
        sign, colour = SIGNS.get(view.verdict, ("", style.INK))
        self.verdict.set(text=f"{sign} {view.verdict}".strip(), color=colour)
        self.numbers.set_text("\n".join(textwrap.fill(line, COLUMNS + 7) for line in view.numbers))

    def _show_axes(self, view: ClinicView) -> None:
        """Set what is the same for most patients: the number of steps and of dimensions."""
        end, dim = int(view.ill.looks[-1]), len(view.ill.spectrum)
        for axes in (self.t_axes, self.invariance_axes, self.knn_axes):
            axes.set(xlim=(-0.03 * end, 1.03 * end), xticks=[0, end // 2, end])
        self.spectrum_axes.set(xlim=(0.0, dim + 1.0), xticks=[1, dim // 2, dim])

    def _show_curves(self, who: str, course: Course | None) -> None:
        lines = self.lines[who]
        for line in lines.values():
            line.set_visible(course is not None)
        if course is None:
            return
        steps = np.arange(1, len(course.invariance) + 1)
        lines["saw"].set_visible(course.saw is not None)
        if course.saw is not None:
            lines["saw"].set_data(steps, _inside(self.t_axes, course.saw))
        lines["t"].set_data(course.looks, _inside(self.t_axes, course.t))
        lines["invariance"].set_data(steps, _inside(self.invariance_axes, course.invariance))
        lines["knn"].set_data(course.looks, 100.0 * course.knn)

    def _show_now(self, who: str, course: Course | None) -> None:
        """Set what depends on the moment: the worst shadow and the widths of the axes."""
        panel, words, bars = self.shadows[who]
        for artist in (bars, words, self.spectra[who]):
            artist.set_visible(course is not None)
        if course is None:
            return
        ranks = np.arange(1, len(course.spectrum) + 1)
        self.spectra[who].set_data(ranks, np.maximum(course.spectrum, FLOOR))
        panel.show(clipped(course.shadow, CUT))
        words.set_text(f"T = {course.worst:.3g}")


def _saw(view: ClinicView) -> str:
    """Title of the curves of T; that the loss saw standardized shadows is part of the cause."""
    if not (view.revealed and view.ill.blind):
        return SAW
    return SAW_BLIND if view.treated is None or view.treated.blind else SAW_ONE_BLIND


def _inside(axes: Axes, values: np.ndarray) -> np.ndarray:
    """Hold values within the limits of an axis."""
    return np.clip(values, *axes.get_ylim())
