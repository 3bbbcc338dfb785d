"""The blitted figure: what moves is repainted, what does not is drawn once."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from sigreg_edu.figures.base import KEPT_BACKGROUNDS, ExplorerFigure
from sigreg_edu.figures.parts import band, nice_ceiling


@dataclass(frozen=True)
class Level:
    height: float
    top: float = 1.0


class LevelFigure(ExplorerFigure):
    size = (2.0, 1.5)

    def build(self) -> None:
        self.axes = self.figure.subplots()
        self.axes.set(title="level", xlim=(0, 1))
        (line,) = self.axes.plot([], [], "k-")
        self.line = self.moving(line)

    def static_key(self, view: Level) -> float:
        return view.top

    def show(self, view: Level) -> None:
        self.axes.set_ylim(0.0, view.top)
        self.line.set_data([0.0, 1.0], [view.height, view.height])


def pixels(figure: LevelFigure) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(figure.png())))


def freshly_drawn(view: Level) -> np.ndarray:
    figure = LevelFigure()
    figure.update(Level(0.2))  # the first draw settles the layout
    figure.set_pixel_ratio(1.0)  # forgets what was drawn
    figure.update(view)
    return pixels(figure)


@pytest.fixture
def figure() -> LevelFigure:
    figure = LevelFigure()
    figure.update(Level(0.2))
    return figure


def test_a_repainted_picture_is_the_freshly_drawn_one(figure):
    figure.update(Level(0.8))
    assert np.array_equal(pixels(figure), freshly_drawn(Level(0.8)))


def test_the_static_part_is_drawn_once_per_key(figure, monkeypatch):
    draws = []
    draw = figure.canvas.draw
    monkeypatch.setattr(figure.canvas, "draw", lambda: (draws.append(1), draw()))
    figure.update(Level(0.5))
    figure.update(Level(0.5, top=2.0))
    figure.update(Level(0.1))
    figure.update(Level(0.1, top=2.0))
    assert len(draws) == 1
    assert np.array_equal(pixels(figure), freshly_drawn(Level(0.1, top=2.0)))


def test_only_a_few_backgrounds_are_kept(figure):
    for top in range(1, 3 * KEPT_BACKGROUNDS):
        figure.update(Level(0.5, top=float(top)))
    assert len(figure._backgrounds._results) == KEPT_BACKGROUNDS


def test_axes_stay_in_place_once_drawn(figure):
    before = figure.axes.get_position().bounds
    figure.update(Level(0.5, top=100_000.0))
    assert figure.axes.get_position().bounds == before


def test_a_pixel_ratio_of_two_gives_four_times_the_pixels(figure):
    figure.set_pixel_ratio(2.0)
    figure.update(Level(0.2))
    assert pixels(figure).shape == (300, 400, 3)


@pytest.mark.parametrize("module", ["matplotlib.pyplot", "torch._dynamo"])
def test_explorers_do_without_what_is_global_or_heavy(module):
    code = f"import sys, sigreg_edu.explorers; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize(
    ("value", "ceiling"), [(0.0, 1e-6), (0.34, 0.5), (1.0, 1.0), (1.01, 2.0), (6.0, 10.0)]
)
def test_nice_ceilings_are_one_two_or_five_times_a_power_of_ten(value, ceiling):
    assert nice_ceiling(value) == pytest.approx(ceiling)


def test_a_band_runs_along_one_curve_and_back_along_the_other():
    x = np.array([0.0, 1.0])
    outline = band(np.array([0.0, 0.0]), np.array([1.0, 2.0]), x)
    assert outline.tolist() == [[0.0, 1.0], [1.0, 2.0], [1.0, 0.0], [0.0, 0.0]]
