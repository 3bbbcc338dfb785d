"""The decision chart: one page of A4 for the wall, from what is seen to what helps."""

from __future__ import annotations

import io
import textwrap
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.text import Text

from sigreg_edu.checks import require_choice
from sigreg_edu.figures import style
from sigreg_edu.figures.described import picture_html
from sigreg_edu.training.clinic_chart import Branch, chart_branches, chart_head

A4 = (8.27, 11.69)  # inches, portrait
DOTS_PER_INCH = 110  # of the picture in a notebook
SIZE, HEAD, TITLE = 8.8, 9.6, 16.0  # of the type, in points
LINE = 1.32 * SIZE / 72 / A4[1]  # height of a line, as a share of the page
PAD = 0.010  # inside a box
GAP = 0.0085  # between boxes
COLUMNS = ((0.035, 0.17), (0.228, 0.185), (0.436, 0.170), (0.620, 0.345))  # left, width
WIDTHS = (18, 20, 18, 41)  # characters of a line in each
HEADS = ("You see", "read", "if", "then")
FILLS = ("#FBE9E0", "#E5F1F8", "#F3F3F3", "#E3F3EC")
EDGES = (style.FAILURE, style.DATA, style.GREY, style.SLICE)
KEPT = (" → ", " MB", " ms", " %", " ×", " · ", " : ", "T = ", "kNN ")  # not torn at a line's end
FORMATS = ("pdf", "png", "svg")


@dataclass(frozen=True)
class Box:
    """A frame with words.

    Attributes:
        frame: the rectangle.
        words: the text in it.
    """

    frame: FancyBboxPatch
    words: Text


class DecisionChart:
    """The chart; a notebook shows it as a picture.

    Args:
        branches: what it says; the clinic's own if None.

    Attributes:
        figure: one page of A4.
        boxes: all frames with their words.
        title: the words above them.

    Raises:
        FileNotFoundError: the record is not there; the message says what to do.
    """

    def __init__(self, branches: tuple[Branch, ...] | None = None) -> None:
        self.boxes: list[Box] = []
        self.title: list[Text] = []
        with mpl.rc_context({**style.RC, "pdf.fonttype": 42}):
            self.figure = Figure(figsize=A4, dpi=DOTS_PER_INCH)
            FigureCanvasAgg(self.figure)
            top = self._draw_title()
            for branch in chart_branches() if branches is None else branches:
                top = self._draw_branch(branch, top)
        self.bottom = top

    def __repr__(self) -> str:
        return f"<decision chart: {len(self.boxes)} boxes on one page>"

    def save(self, path: str | Path) -> Path:
        """Write the chart: a vector page (.pdf, .svg) or a picture (.png), by the path's ending.

        Raises:
            ValueError: another ending.
        """
        path = Path(path)
        kind = require_choice(path.suffix.lstrip(".").lower(), "the path's ending", FORMATS)
        path.write_bytes(self._encoded(kind, dots_per_inch=200))
        return path

    @property
    def words(self) -> str:
        """All that is written on it, in the order of reading."""
        told = [*self.title, *(box.words for box in self.boxes)]
        return ". ".join(" ".join(text.get_text().split()) for text in told)

    def _repr_png_(self) -> bytes:
        return self._encoded("png")

    def _repr_html_(self) -> str:
        return picture_html(self._repr_png_(), self.words)

    def _encoded(self, kind: str, *, dots_per_inch: int = DOTS_PER_INCH) -> bytes:
        """The page, the same bytes each time: no date in it, and no random names."""
        undated = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(kind, {})
        stream = io.BytesIO()
        with mpl.rc_context({"pdf.fonttype": 42, "svg.hashsalt": "sigreg-edu"}):
            self.figure.savefig(stream, format=kind, dpi=dots_per_inch, metadata=undated)
        return stream.getvalue()

    # --- drawing ----------------------------------------------------------------------------------

    def _draw_title(self) -> float:
        """Draw title, first questions and heads of the columns; return where the rest begins."""
        y, left = 0.975, COLUMNS[0][0]
        self._say(left, y, "SIGReg: what is wrong, and what helps?", TITLE, bold=True)
        y -= 0.030
        for line in chart_head():
            self._say(left, y, line, HEAD)
            y -= 1.35 * HEAD / 72 / A4[1]
        y -= 0.012
        for (x, _), head in zip(COLUMNS, HEADS, strict=True):
            self._say(x, y, head, 11.0, bold=True)
        return y - 0.022

    def _say(self, x: float, y: float, words: str, size: float, *, bold: bool = False) -> None:
        weight = "bold" if bold else "normal"
        self.title.append(self.figure.text(x, y, words, va="top", fontsize=size, fontweight=weight))

    def _draw_branch(self, branch: Branch, top: float) -> float:
        """Draw a branch from ``top`` down; return where the next one begins."""
        causes = [(_wrapped(c.sign, 2), _wrapped(c.cure, 3)) for c in branch.causes]
        heights = [_height(sign, cure) for sign, cure in causes]
        sides = [_wrapped(branch.see, 0), _wrapped(branch.read, 1)]
        least = _height(*sides)
        heights[-1] += max(0.0, least - sum(heights) - GAP * (len(heights) - 1))
        whole = sum(heights) + GAP * (len(heights) - 1)
        for column, words in enumerate(sides):
            self._draw_box(column, top, whole, words, bold=column == 0)
        self._draw_arrow(0, top - whole / 2)
        for (sign, cure), height in zip(causes, heights, strict=True):
            self._draw_box(2, top, height, sign)
            self._draw_box(3, top, height, cure)
            for column in (1, 2):
                self._draw_arrow(column, top - height / 2)
            top -= height + GAP
        return top - 0.6 * GAP

    def _draw_box(
        self, column: int, top: float, height: float, words: str, *, bold: bool = False
    ) -> None:
        left, width = COLUMNS[column]
        frame = FancyBboxPatch(
            (left, top - height), width, height, boxstyle="round,pad=0,rounding_size=0.006",
            mutation_aspect=A4[0] / A4[1], transform=self.figure.transFigure,
            facecolor=FILLS[column], edgecolor=EDGES[column], linewidth=1.0,
        )  # fmt: skip
        self.figure.add_artist(frame)
        text = self.figure.text(
            left + PAD, top - height / 2, words, va="center", fontsize=SIZE, linespacing=1.22,
            fontweight="bold" if bold else "normal",
        )  # fmt: skip
        self.boxes.append(Box(frame, text))

    def _draw_arrow(self, column: int, y: float) -> None:
        """Draw an arrow from a column to the next."""
        left, width = COLUMNS[column]
        self.figure.add_artist(
            FancyArrowPatch(
                (left + width, y), (COLUMNS[column + 1][0], y), arrowstyle="-|>",
                mutation_scale=8, color=style.GREY, linewidth=1.0, shrinkA=0, shrinkB=0,
                transform=self.figure.transFigure,
            )
        )  # fmt: skip


def _wrapped(words: str, column: int) -> str:
    for kept in KEPT:
        words = words.replace(kept, kept.replace(" ", "\N{NO-BREAK SPACE}"))
    return textwrap.fill(words, WIDTHS[column], break_long_words=False, break_on_hyphens=False)


def _height(*texts: str) -> float:
    """Height of boxes side by side that hold these texts, as a share of the page."""
    return max(text.count("\n") + 1 for text in texts) * LINE + PAD
