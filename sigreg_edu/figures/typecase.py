"""Text set from kept letters, as a printer sets type.

Matplotlib lays out and rasterizes every letter of a text each time it is painted, 0.1 ms and more a
letter: most of what a picture with a table of numbers costs. Here each word, and each digit and
sign, is rasterized once for a font, size and colour, and its pixels are placed from then on. Texts
begin at whole pixels, and pairs of a word and a sign are not kerned; else they look the same.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.font_manager import FontProperties

Colour = tuple[float, float, float, float]
#: Words stay whole, since their letters are kerned; what is in no word stands alone. A combining
#: accent goes with its letter.
SORT = re.compile(r"(?:[^\W\d_][\u0300-\u036f]*)+|.[\u0300-\u036f]*", re.DOTALL)
KEPT_CASES = 64  # fonts in a size
KEPT_SORTS = 1024  # words and signs of each; 1 to 5 kB each
MARGIN = 3  # pixels around a word for what its metrics do not tell


class Size(NamedTuple):
    """Of a word, in pixels: its advance, its height above and its depth below the baseline."""

    width: float
    ascent: float
    descent: float


class Sort(NamedTuple):
    """The pixels (height, width, 4) of a word, and the place of their lower left corner.

    The place is relative to where the word begins on the baseline, in pixels to the right and up.
    """

    pixels: np.ndarray
    right: int
    up: int


class Typecase:
    """The words and signs of one font in one size.

    Args:
        font: family, weight, slant and size.
        dots_per_inch: of the figure.
    """

    def __init__(self, font: FontProperties, dots_per_inch: float) -> None:
        self._font = font
        self._dots_per_inch = dots_per_inch
        self._bench = RendererAgg(1, 1, dots_per_inch)
        self.size = lru_cache(KEPT_SORTS)(self._measured)
        self.sort = lru_cache(KEPT_SORTS)(self._cast)

    def size_of_line(self, line: str) -> Size:
        """Return the size of a line of words and signs."""
        sizes = [self.size(word) for word in SORT.findall(line)] or [Size(0.0, 0.0, 0.0)]
        return Size(
            sum(size.width for size in sizes),
            max(size.ascent for size in sizes),
            max(size.descent for size in sizes),
        )

    def _measured(self, word: str) -> Size:
        width, height, descent = self._bench.get_text_width_height_descent(word, self._font, False)
        return Size(width, height - descent, descent)

    def _cast(self, word: str, colour: Colour) -> Sort | None:
        """Return the pixels of a word in a colour with an opacity; None for one without ink."""
        size = self.size(word)
        left, low = MARGIN + math.ceil(size.ascent), MARGIN + math.ceil(size.descent)
        height = low + math.ceil(size.ascent) + MARGIN
        sheet = RendererAgg(2 * left + math.ceil(size.width), height, self._dots_per_inch)
        ink = sheet.new_gc()
        ink.set_foreground(colour[:3])
        sheet.draw_text(ink, left, height - low, word, self._font, 0.0)
        pixels = np.asarray(sheet.buffer_rgba())
        rows, columns = np.nonzero(pixels[..., 3])
        if not rows.size:
            return None
        top, bottom, first, last = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
        # Agg takes images with the lowest row first.
        cut = pixels[top:bottom, first:last][::-1].copy()
        cut[..., 3] = np.rint(cut[..., 3] * colour[3])
        return Sort(cut, int(first) - left, height - low - int(bottom))


@lru_cache(KEPT_CASES)
def typecase(font: FontProperties, dots_per_inch: float) -> Typecase:
    """Return the one typecase of a font and a size."""
    return Typecase(font, dots_per_inch)


class TypesetRenderer(RendererAgg):
    """Matplotlib's Agg renderer, but level text is set from kept letters."""

    def draw_text(
        self, gc: Any, x: float, y: float, s: str, prop: FontProperties, angle: float,
        ismath: Any = False, mtext: Any = None,
    ) -> None:  # fmt: skip
        """Draw one line of text; arguments are those of Matplotlib's renderers."""
        if ismath or angle or not gc.get_antialiased():
            super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)
            return
        case, colour = typecase(prop.copy(), self.dpi), gc.get_rgb()
        across, baseline = float(round(x)), round(self.height - y)
        for word in SORT.findall(s):
            sort = case.sort(word, colour)
            if sort is not None:
                self.draw_image(gc, round(across) + sort.right, baseline + sort.up, sort.pixels)
            across += case.size(word).width

    def get_text_width_height_descent(
        self, s: str, prop: FontProperties, ismath: Any
    ) -> tuple[float, float, float]:
        """Return the size of a line in pixels, as Matplotlib asks for it."""
        if ismath:
            return super().get_text_width_height_descent(s, prop, ismath)
        size = typecase(prop.copy(), self.dpi).size_of_line(s)
        return size.width, size.ascent + size.descent, size.descent


class TypesetCanvas(FigureCanvasAgg):
    """An Agg canvas that draws with :class:`TypesetRenderer`."""

    def get_renderer(self) -> TypesetRenderer:
        """Return the renderer, a new one when the figure's size or resolution has changed."""
        renderer = super().get_renderer()
        if not isinstance(renderer, TypesetRenderer):
            self.renderer = TypesetRenderer(renderer.width, renderer.height, renderer.dpi)
        return self.renderer
