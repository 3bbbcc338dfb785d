"""Figure of stems: what a token sees, how a move shows in the tokens, and kNN over training."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.training.vit import STEMS
from sigreg_edu.views.stems import MOVES, PATCH, SIZE, Box, StemsView

LOOKS = {
    "conv": {"color": style.DATA, "linestyle": "-"},
    "patch": {"color": style.OTHER, "linestyle": style.TARGET_LINE},
    "pixels": {"color": style.INK, "linestyle": style.SOFT_LINE},
}
NAMES = {**STEMS, "pixels": "raw pixels"}
FRAMES = {"conv": "solid", "patch": "dashed"}
THIN = 1.4
PALEST_INK = 1.6  # ink is drawn as grey, so that the frames stand out


class StemsFigure(ExplorerFigure):
    """A digit with two frames; two curves that do not move; kNN with the present step."""

    size = (9.6, 4.2)

    def build(self) -> None:
        cells = self.figure.add_gridspec(1, 3, width_ratios=(1.0, 1.0, 1.15))
        image, moves, knn = (self.figure.add_subplot(cell) for cell in cells)
        self._build_image(image)
        self._build_moves(moves)
        self._build_knn(knn)

    def _build_image(self, axes: Axes) -> None:
        axes.set(title="1  what one token sees", xticks=[], yticks=[], anchor="N")
        self.image = self.moving(
            axes.imshow(np.zeros((SIZE, SIZE)), cmap="Greys", vmin=0.0, vmax=PALEST_INK,
                        extent=(0, SIZE, SIZE, 0), interpolation="nearest")
        )  # fmt: skip
        axes.spines[:].set_visible(True)
        (cuts,) = axes.plot(*_cuts(), color=style.GREY, linewidth=0.8)
        self.moving(cuts)
        self.frames, self.sizes = {}, {}
        for stem, height in (("conv", -0.13), ("patch", -0.03)):  # the smaller one above
            look = {"edgecolor": LOOKS[stem]["color"], "linestyle": LOOKS[stem]["linestyle"]}
            frame = Rectangle((0, 0), 1, 1, fill=False, linewidth=3.4, clip_on=False, **look)
            self.frames[stem] = self.moving(axes.add_patch(frame))
            below = {"transform": axes.transAxes, "va": "top"}
            axes.text(0.0, height, f"{FRAMES[stem]}: {NAMES[stem]}", **below)
            self.sizes[stem] = self.moving(axes.text(0.99, height, "", ha="right", **below))

    def _build_moves(self, axes: Axes) -> None:
        axes.set(title="2  when a digit moves", xlabel="moved by, pixels")
        axes.set(xlim=(-0.1, MOVES[-1] + 0.1), ylim=(-0.55, 1.05), yticks=[-0.5, 0.0, 0.5, 1.0])
        axes.set_xticks(range(PATCH + 1))
        axes.axhline(0.0, color=style.FAINT, linewidth=1.2)
        self.similarity = {
            name: axes.plot([], [], marker="o", markersize=4.5, label=NAMES[name], **look)[0]
            for name, look in LOOKS.items()
        }
        axes.legend(title="untrained: cosine\nto unmoved", loc="upper right", borderaxespad=0.0,
                    labelspacing=0.2, alignment="left")  # fmt: skip

    def _build_knn(self, axes: Axes) -> None:
        axes.set(title="3  kNN, embedding, %", ylim=(0.0, 124.0), yticks=[0, 50, 100])
        self.knn_axes = axes
        (self.raw,) = axes.plot([], [], linewidth=THIN, **LOOKS["pixels"])
        self.others, self.knn = {}, {}
        for stem in STEMS:
            look = {**LOOKS[stem], "linewidth": THIN, "color": style.GREY}
            self.others[stem] = self.moving(axes.plot([], [], **look)[0])
        for stem in STEMS:
            self.knn[stem] = self.moving(axes.plot([], [], **LOOKS[stem])[0])
        self.upright = self.moving(axes.axvline(0.0, 0.0, 0.84, color=style.SLICE, linewidth=1.2))
        (marks,) = axes.plot([], [], "o", color=style.SLICE, markersize=9, clip_on=False)
        self.marks = self.moving(marks)
        self.note = axes.text(0.02, 0.99, "", transform=axes.transAxes, va="top", color=style.GREY)

    def static_key(self, view: StemsView) -> Hashable:
        return view.other, view.device, view.raw_knn, tuple(view.steps)

    def show(self, view: StemsView) -> None:
        self.image.set_data(view.image)
        for stem, box in view.seen.items():
            _place(self.frames[stem], box)
            self.sizes[stem].set_text(str(box))
        for stem, line in self.knn.items():
            line.set_data(view.steps, 100.0 * view.knn[stem])
            self.others[stem].set_data(view.steps, 100.0 * view.other_knn[stem])
        here = view.steps[view.now]
        self.upright.set_xdata([here] * 2)
        self.marks.set_data([here] * 2, [100.0 * view.knn[stem][view.now] for stem in STEMS])
        self._show_static(view)

    def _show_static(self, view: StemsView) -> None:
        """Set what only another training changes: the second panel, the frame of the third."""
        self.note.set_text(f"thin grey: {view.other}\ndots: raw pixels")
        for name, line in self.similarity.items():
            line.set_data(view.moves, view.similarity[name])
        self.knn_axes.set_xlim(0, view.steps[-1])
        self.knn_axes.set_xlabel(f"step ({short_device(view.device)})")
        self.raw.set_data([0, view.steps[-1]], [100.0 * view.raw_knn] * 2)


def _cuts() -> tuple[list[float], list[float]]:
    """Return x and y of one line along all edges between patches, with breaks."""
    edges = range(PATCH, SIZE, PATCH)
    at = [place for edge in edges for place in (edge, edge, np.nan)]
    along = [0, SIZE, np.nan] * len(edges)
    return at + along, along + at


def _place(frame: Rectangle, box: Box) -> None:
    frame.set_bounds(box.left, box.top, box.right - box.left, box.bottom - box.top)


def short_device(name: str) -> str:
    """Return where runs were recorded, short enough for an axis.

    >>> short_device("NVIDIA H100 80GB HBM3"), short_device("cpu")
    ('recorded on H100', 'recorded on CPU')
    """
    model = name.removeprefix("NVIDIA ").split()[0]
    return f"recorded on {'CPU' if model == 'cpu' else model}"
