"""A figure that redraws only what moves.

A full draw takes tens of milliseconds, most of it axes, ticks and text that stay as they are.
:class:`ExplorerFigure` draws these once, keeps the pixels, and for each new view paints only the
moving artists over a copy (blitting). All text is set from kept letters (``typecase``). The canvas
is Agg's and never pyplot's: nothing is registered globally, so a figure lives exactly as long as
its owner.
"""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, TypeVar

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from PIL import Image

from sigreg_edu.figures.style import RC
from sigreg_edu.figures.typecase import TypesetCanvas
from sigreg_edu.views.kept import Kept

AnyArtist = TypeVar("AnyArtist", bound=Artist)
KEPT_BACKGROUNDS = 4  # 1.5 MB each (6 at pixel ratio 2): a slider that turns back finds them


class ExplorerFigure(ABC):
    """Base of every explorer's figure: ``build`` once, ``show`` per view.

    A subclass makes its axes and artists in :meth:`build`, hands each artist that will change to
    :meth:`moving`, and sets their data in :meth:`show`. Whatever is not moving is drawn once; if it
    depends on the view after all (limits, tick labels), :meth:`static_key` names on what, and a
    change of it redraws all.

    Attributes:
        size: width and height in inches (100 pixels each at pixel ratio 1).
        figure: the Matplotlib figure.
    """

    size: ClassVar[tuple[float, float]] = (9.6, 4.0)
    dots_per_inch: ClassVar[int] = 100

    def __init__(self) -> None:
        self._moving: list[Artist] = []
        self._backgrounds: Kept[Any] = Kept(KEPT_BACKGROUNDS)
        with mpl.rc_context(dict(RC)):
            self.figure = Figure(figsize=self.size, dpi=self.dots_per_inch, layout="constrained")
            self.figure.get_layout_engine().set(w_pad=0.1, h_pad=0.08, wspace=0.04)
            self.canvas = TypesetCanvas(self.figure)
            self.build()

    @abstractmethod
    def build(self) -> None:
        """Make the axes and every artist, once."""

    @abstractmethod
    def show(self, view: Any) -> None:
        """Set the artists' data from ``view``; make no new artist."""

    def static_key(self, view: Any) -> Hashable:
        """Return what the unmoving part depends on; by default it depends on nothing."""
        return None

    def moving(self, artist: AnyArtist) -> AnyArtist:
        """Register an artist that changes with the view; it is painted above the static part."""
        artist.set_animated(True)
        self._moving.append(artist)
        return artist

    def update(self, view: Any) -> None:
        """Show ``view``: repaint what moves, and all of it only for a new :meth:`static_key`."""
        self.show(view)
        self.canvas.restore_region(self._background(self.static_key(view)))
        for artist in self._moving:
            if artist.get_visible():
                self.figure.draw_artist(artist) if artist.axes is None else (
                    artist.axes.draw_artist(artist)
                )

    @contextmanager
    def kept_as_it_is(self, view: Any) -> Iterator[None]:
        """Let the block draw what it likes; afterwards ``view``, shown before, is shown again.

        Its pixels were kept, which is quicker than to paint them anew.
        """
        pixels = self.canvas.copy_from_bbox(self.figure.bbox)
        try:
            yield
        finally:
            self.show(view)
            self.canvas.restore_region(pixels)

    def set_pixel_ratio(self, ratio: float) -> None:
        """Draw ``ratio`` device pixels per picture pixel (2 on a high-density screen)."""
        self.figure.set_dpi(self.dots_per_inch * ratio)
        self._backgrounds = Kept(KEPT_BACKGROUNDS)

    def png(self) -> bytes:
        """Return the present picture as PNG."""
        return self._encoded("PNG", compress_level=6)

    def jpeg(self) -> bytes:
        """Return the present picture as JPEG: a few milliseconds, for a picture that moves."""
        return self._encoded("JPEG", quality=90, subsampling=0)

    def webp(self) -> bytes:
        """Return the present picture as WebP: a third of a JPEG's bytes, for pages that keep it."""
        return self._encoded("WEBP", quality=80)

    def _background(self, key: Hashable) -> Any:
        """Return the pixels of the unmoving part, drawn now unless they were kept."""
        background = self._backgrounds.get(key)
        if background is None:
            with mpl.rc_context(dict(RC)):
                self.canvas.draw()
            self.figure.set_layout_engine("none")  # later draws must not shift the axes
            background = self.canvas.copy_from_bbox(self.figure.bbox)
        return self._backgrounds.put(key, background)

    def _encoded(self, kind: str, **options: Any) -> bytes:
        width, height = self.canvas.get_width_height(physical=True)
        image = Image.frombuffer(
            "RGBA", (width, height), self.canvas.buffer_rgba(), "raw", "RGBA", 0, 1
        )
        stream = io.BytesIO()
        image.convert("RGB").save(stream, kind, **options)
        return stream.getvalue()
