"""Text set from kept letters, as a printer sets type.

Matplotlib lays out and rasterizes every letter of a text each time it is painted, 0.1 ms and more a
letter: most of what a picture with a table of numbers costs. Here each word, and each digit and
sign, is rasterized once for a font, size, resolution and colour, and then only placed. Letters of a
word are kerned; beside a digit or a sign nothing is, and all begins at whole pixels, so that a line
may differ from Matplotlib's own by a pixel or two in length.
"""

from __future__ import annotations

import math
import re
from typing import Any, NamedTuple

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.colors import to_rgba
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text

from sigreg_edu.views.kept import Kept

Colour = tuple[float, float, float, float]
#: Latin, Greek, Cyrillic, accents, punctuation, signs: written from left to right, a letter each.
PLAIN = re.compile("[\u0020-\u052f\u1e00-\u1fff\u2010-\u2027\u2030-\u205f\u2070-\u2bff]*")
#: A word stays whole; what is in no word stands alone. A combining accent goes with its letter.
WORD = re.compile(r"(?:[^\W\d_][\u0300-\u036f\u20d0-\u20ff]*)+|.[\u0300-\u036f\u20d0-\u20ff]*")
KEPT_CASES, KEPT_STAMPS = 24, 512  # a stamp takes 1.5 kB (6 at pixel ratio 2); few cases fill
MARGIN = 4  # pixels around a word for what its metrics do not tell


class Size(NamedTuple):
    """Of a word, in pixels: how far it takes the pen, its height and depth from the baseline."""

    advance: float
    ascent: float
    descent: float


class Stamp(NamedTuple):
    """The pixels (height, width, 4) of a word, the lowest row first; no row if it has no ink.

    Its lower left corner lies so far to the right and up from where the pen stands on the baseline.
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
        self._measurer = RendererAgg(1, 1, dots_per_inch)
        self._sizes: Kept[Size] = Kept(KEPT_STAMPS)
        self._stamps: Kept[Stamp] = Kept(KEPT_STAMPS)

    def size(self, word: str) -> Size:
        """Return the size of a word."""
        return self._sizes.get_or_make(word, lambda: self._measured(word))

    def stamp(self, word: str, colour: Colour) -> Stamp:
        """Return the pixels of a word in a colour with an opacity."""
        return self._stamps.get_or_make((word, colour), lambda: self._painted(word, colour))

    def size_of_line(self, line: str) -> Size:
        """Return the size of a line of words and signs."""
        sizes = [self.size(word) for word in WORD.findall(line)] or [Size(0.0, 0.0, 0.0)]
        return Size(
            sum(size.advance for size in sizes),
            max(size.ascent for size in sizes),
            max(size.descent for size in sizes),
        )

    def _measured(self, word: str) -> Size:
        width, height, descent = self._measurer.get_text_width_height_descent(
            word, self._font, False
        )
        return Size(width, height - descent, descent)

    def _painted(self, word: str, colour: Colour) -> Stamp:
        advance, ascent, descent = self.size(word)
        # An accent or an underscore may stand a good part of a letter beside its place.
        beside = MARGIN + math.ceil(self._measurer.points_to_pixels(self._font.get_size()) / 2)
        above, below = (MARGIN + max(0, math.ceil(way)) for way in (ascent, descent))
        sheet = RendererAgg(2 * beside + math.ceil(advance), above + below, self._dots_per_inch)
        ink = sheet.new_gc()
        ink.set_foreground(colour[:3])
        sheet.draw_text(ink, beside, above, word, self._font, 0.0)
        pixels = np.asarray(sheet.buffer_rgba())
        rows, columns = np.nonzero(pixels[..., 3])
        if not rows.size:
            return Stamp(np.empty((0, 0, 4), dtype=np.uint8), 0, 0)
        top, bottom, first, last = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
        cut = pixels[top:bottom, first:last][::-1].copy()
        cut[..., 3] = np.rint(cut[..., 3] * colour[3])
        return Stamp(cut, int(first) - beside, above - int(bottom))


_cases: Kept[Typecase] = Kept(KEPT_CASES)


def typecase_of(font: FontProperties, dots_per_inch: float) -> Typecase:
    """Return the one typecase of a font in its size at a resolution."""
    # Matplotlib, too, tells fonts apart by their hashes. A text may change its font; a copy stays.
    key = (hash(font), dots_per_inch)
    return _cases.get_or_make(key, lambda: Typecase(font.copy(), dots_per_inch))


class TypesetRenderer(RendererAgg):
    """Matplotlib's Agg renderer, but level plain text is set from kept letters."""

    def draw_text(
        self, gc: Any, x: float, y: float, s: str, prop: FontProperties, angle: float,
        ismath: Any = False, mtext: Text | None = None,
    ) -> None:  # fmt: skip
        """Draw one line of text; arguments are those of Matplotlib's renderers."""
        if ismath or angle or not gc.get_antialiased() or not PLAIN.fullmatch(s):
            super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)
            return
        case, colour = typecase_of(prop, self.dpi), to_rgba(gc.get_rgb())
        pen, baseline = float(round(x)), round(self.height - y)
        for word in WORD.findall(s):
            pixels, right, up = case.stamp(word, colour)
            if pixels.size:
                self.draw_image(gc, round(pen) + right, baseline + up, pixels)
            pen += case.size(word).advance

    def get_text_width_height_descent(
        self, s: str, prop: FontProperties, ismath: Any
    ) -> tuple[float, float, float]:
        """Return the size of a line in pixels, as Matplotlib asks for it."""
        if ismath or not PLAIN.fullmatch(s):
            return super().get_text_width_height_descent(s, prop, ismath)
        size = typecase_of(prop, self.dpi).size_of_line(s)
        return size.advance, size.ascent + size.descent, size.descent


class TypesetCanvas(FigureCanvasAgg):
    """An Agg canvas that draws with :class:`TypesetRenderer`."""

    def get_renderer(self) -> TypesetRenderer:
        """Return the renderer, a new one when the figure's size or resolution has changed."""
        renderer = getattr(self, "renderer", None)
        wanted = (*self.get_width_height(physical=True), self.figure.dpi)
        if renderer is None or (renderer.width, renderer.height, renderer.dpi) != wanted:
            self.renderer = TypesetRenderer(*wanted)
        return self.renderer
