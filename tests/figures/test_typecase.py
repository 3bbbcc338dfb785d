"""Text set from kept letters is the text that Matplotlib paints, at whole pixels."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from sigreg_edu.figures.typecase import TypesetCanvas, TypesetRenderer, typecase

SIZE = (300, 80)
INK = (0.2, 0.4, 0.6, 1.0)
FONTS = (FontProperties(size=12.5), FontProperties(size=11.0, weight="bold"))


def painted(renderer, line, *, font=FONTS[0], alpha=None, at=(30.0, 40.0), angle=0.0, math=False):
    """What a reader sees of a line on white, (height, width, 3)."""
    sheet = renderer(*SIZE, 100)
    ink = sheet.new_gc()
    ink.set_foreground(INK, isRGBA=True)
    ink.set_alpha(alpha)
    sheet.draw_text(ink, *at, line, font, angle, ismath=math)
    pixels = np.asarray(sheet.buffer_rgba()) / 255.0
    return pixels[..., :3] * pixels[..., 3:] + 1.0 - pixels[..., 3:]


@pytest.mark.parametrize("font", FONTS)
@pytest.mark.parametrize("line", ["0.314", "−12.5 ms", "x̂ = 10⁻⁶", "T / N", "AVATAR", "100 %"])
def test_a_line_looks_as_matplotlib_paints_it(line, font):
    ours, theirs = (painted(kind, line, font=font) for kind in (TypesetRenderer, RendererAgg))
    assert np.abs(ours - theirs).max() < 0.01
    assert theirs.min() < 0.5


def test_opacity_is_kept():
    ours, theirs = (painted(kind, "0.314", alpha=0.3) for kind in (TypesetRenderer, RendererAgg))
    assert np.abs(ours - theirs).max() < 0.01


def test_a_line_begins_at_a_whole_pixel():
    assert (painted(TypesetRenderer, "0.314", at=(30.4, 39.7)) == painted(
        TypesetRenderer, "0.314", at=(30.0, 40.0))).all()  # fmt: skip


@pytest.mark.parametrize("how", [{"angle": 90.0, "at": (30.0, 70.0)}, {"math": True}])
def test_turned_text_and_formulas_are_matplotlibs_own(how):
    ours, theirs = (painted(kind, "$x^2$", **how) for kind in (TypesetRenderer, RendererAgg))
    assert (ours == theirs).all()


@pytest.mark.parametrize("line", ["0.314", "12.5 µs", "gap 3", "lp"])
def test_a_line_is_as_large_as_matplotlib_says(line):
    sheets = [kind(*SIZE, 100) for kind in (TypesetRenderer, RendererAgg)]
    ours, theirs = (
        sheet.get_text_width_height_descent(line, FONTS[0], ismath=False) for sheet in sheets
    )
    assert ours == pytest.approx(theirs, abs=1.0)


def test_letters_are_kept_by_font_size_and_colour():
    case = typecase(FontProperties(size=9.0), 100)
    assert case.sort("7", INK) is typecase(FontProperties(size=9.0), 100).sort("7", INK)
    assert case is not typecase(FontProperties(size=9.0), 200)
    assert (case.sort("7", INK).pixels != case.sort("7", (1.0, 0.0, 0.0, 1.0)).pixels).any()
    assert case.sort(" ", INK) is None


def test_a_font_that_changes_finds_other_letters():
    font = FontProperties(size=12.5)
    before = painted(TypesetRenderer, "0.314", font=font)
    font.set_weight("bold")
    assert (painted(TypesetRenderer, "0.314", font=font) != before).any()


def test_the_canvas_follows_its_figure():
    figure = Figure(figsize=(2.0, 1.0), dpi=100)
    canvas = TypesetCanvas(figure)
    figure.text(0.1, 0.5, "0.314")
    canvas.draw()
    first = canvas.get_renderer()
    assert canvas.get_renderer() is first
    figure.set_dpi(200)
    canvas.draw()
    assert canvas.get_width_height(physical=True) == (400, 200)
    assert np.asarray(canvas.buffer_rgba()).shape == (200, 400, 4)
    assert np.asarray(canvas.buffer_rgba()).min() == 0
