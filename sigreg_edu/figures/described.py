"""Pictures that a notebook shows together with words for those who cannot see them."""

from __future__ import annotations

import base64
import html
import io
from dataclasses import dataclass

from PIL import Image


def picture_html(png: bytes, words: str) -> str:
    """Return an HTML element that holds a picture and has ``words`` as alternative text.

    >>> picture_html(b"png", "a & b")
    '<img src="data:image/png;base64,cG5n" alt="a &amp; b">'
    """
    source = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    return f'<img src="{source}" alt="{html.escape(words)}">'


@dataclass(frozen=True, eq=False)
class DescribedPicture:
    """A picture and its words; a notebook shows one and reads out the other.

    Attributes:
        image: the picture.
        words: what it shows.
    """

    image: Image.Image
    words: str

    def __repr__(self) -> str:
        return f"<picture: {self.words}>"

    def _repr_png_(self) -> bytes:
        stream = io.BytesIO()
        self.image.save(stream, "PNG")
        return stream.getvalue()

    def _repr_html_(self) -> str:
        return picture_html(self._repr_png_(), self.words)
