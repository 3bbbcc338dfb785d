"""Text set from kept letters is the text that Matplotlib paints, at whole pixels."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.transforms import Bbox

from sigreg_edu.figures.typecase import TypesetCanvas, TypesetRenderer, typecase_of

SIZE = (300, 80)
INK = (0.2, 0.4, 0.6, 1.0)
FONTS = (FontProperties(size=12.5), FontProperties(size=11.0, weight="bold"))


def painted(
    renderer, line, *, font=FONTS[0], at=(30.0, 40.0), angle=0.0, math=False, dpi=100, clip=None,
    ink=INK, alpha=None,
):  # fmt: skip
    """What a reader sees of a line on white, (height, width, 3)."""
    sheet = renderer(*SIZE, dpi)
    pen = sheet.new_gc()
    pen.set_foreground(ink, isRGBA=True)
    pen.set_alpha(alpha)
    if clip:
        pen.set_clip_rectangle(Bbox.from_bounds(*clip))
    sheet.draw_text(pen, *at, line, font, angle, ismath=math)
    pixels = np.asarray(sheet.buffer_rgba()) / 255.0
    return pixels[..., :3] * pixels[..., 3:] + 1.0 - pixels[..., 3:]


@pytest.mark.parametrize("font", FONTS)
@pytest.mark.parametrize("line", ["0.314", "−12.5 ms", "x̂ = 10⁻⁶", "T / N", "AVATAR", "100 %"])
def test_a_line_looks_as_matplotlib_paints_it(line, font):
    ours, theirs = (painted(kind, line, font=font) for kind in (TypesetRenderer, RendererAgg))
    assert np.abs(ours - theirs).max() < 0.01
    assert theirs.min() < 0.5


@pytest.mark.parametrize(
    "how",
    [
        {"alpha": 0.3},
        {"ink": (0.2, 0.4, 0.6, 0.3)},
        {"dpi": 200},
        {"at": (-4.0, 6.0)},
        {"at": (280.0, 79.0)},
    ],
)
@pytest.mark.parametrize("line", ["0.314", "a_b"])
def test_opacity_resolution_and_edges_are_as_matplotlibs(how, line):
    ours, theirs = (painted(kind, line, **how) for kind in (TypesetRenderer, RendererAgg))
    assert np.abs(ours - theirs).max() < 0.01
    assert theirs.min() < 0.9


def test_text_is_clipped():
    whole, cut = (painted(TypesetRenderer, "0.314", clip=c) for c in (None, (0, 0, 50, 80)))
    assert (cut[:, :49] == whole[:, :49]).all()
    assert (cut[:, 51:] == 1.0).all()
    assert (whole[:, 51:] < 0.5).any()


@pytest.mark.parametrize("line", ["", " "])
def test_nothing_is_painted_where_nothing_is_written(line):
    assert (painted(TypesetRenderer, line) == 1.0).all()


def test_what_is_written_otherwise_is_left_to_matplotlib():
    line = "a\u05d1\u05d2\u0301"  # Hebrew runs from right to left
    ours, theirs = (painted(kind, line) for kind in (TypesetRenderer, RendererAgg))
    assert (ours == theirs).all()


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
    case = typecase_of(FontProperties(size=9.0), 100)
    assert case.stamp("7", INK) is typecase_of(FontProperties(size=9.0), 100).stamp("7", INK)
    assert case is not typecase_of(FontProperties(size=9.0), 200)
    assert (case.stamp("7", INK).pixels != case.stamp("7", (1.0, 0.0, 0.0, 1.0)).pixels).any()


def test_a_font_that_changes_finds_other_letters():
    font = FontProperties(size=12.5)
    before = painted(TypesetRenderer, "0.314", font=font)
    font.set_weight("bold")
    assert (painted(TypesetRenderer, "0.314", font=font) != before).any()


def test_a_picture_painted_again_asks_matplotlib_for_no_letter(monkeypatch):
    figure = Figure(figsize=(2.0, 1.0), dpi=100)
    canvas = TypesetCanvas(figure)
    words = figure.text(0.1, 0.5, "T = 0.314")
    canvas.draw()
    words.set_text("T = 431.0")
    asked = []
    monkeypatch.setattr(RendererAgg, "draw_text", lambda *given, **_: asked.append(given))
    canvas.draw()
    assert asked == []
    assert np.asarray(canvas.buffer_rgba())[..., :3].min() == 0


def test_the_canvas_follows_its_figure():
    figure = Figure(figsize=(2.0, 4.6), dpi=100)  # 4.6 * 100 is not quite 460
    canvas = TypesetCanvas(figure)
    canvas.draw()
    assert np.asarray(canvas.buffer_rgba()).shape == (460, 200, 4)
    first = canvas.get_renderer()
    assert isinstance(first, TypesetRenderer)
    assert canvas.get_renderer() is first
    figure.set_dpi(200)
    canvas.draw()
    assert isinstance(canvas.get_renderer(), TypesetRenderer)
    assert np.asarray(canvas.buffer_rgba()).shape == (920, 400, 4)
