"""What several tests of figures ask."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from matplotlib.text import Text

from sigreg_edu.figures.base import ExplorerFigure


@pytest.fixture
def assert_words_are_apart() -> Callable[[ExplorerFigure], None]:
    """The check that a figure's words can be read."""
    return _apart


def _apart(figure: ExplorerFigure) -> None:
    """Fail if a visible text is cut off by the picture's edge, or two of them overlap."""
    renderer, frame = figure.canvas.get_renderer(), figure.figure.bbox
    texts = [text for text in figure.figure.findobj(Text) if text.get_visible() and text.get_text()]
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts]
    for number, (words, box) in enumerate(boxes):
        assert frame.x0 <= box.x0, words
        assert box.x1 <= frame.x1, words
        assert frame.y0 <= box.y0, words
        assert box.y1 <= frame.y1, words
        for others, other in boxes[number + 1 :]:
            assert not box.overlaps(other), (words, others)
