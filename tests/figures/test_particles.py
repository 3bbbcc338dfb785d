"""The particles' figure: its artists hold the view's numbers."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures.particles import LEAST, REACH, ParticlesFigure
from sigreg_edu.views.particles import ParticlesParams, particles_view, refine_particles


def finished(**changes):
    params = ParticlesParams(**changes)
    view = particles_view(params)
    for finer in refine_particles(params):
        view = finer
    return view


@pytest.fixture(scope="module")
def figure():
    return ParticlesFigure()


def test_points_slices_and_moves_are_drawn(figure):
    view = finished(step=3, num_slices=4)
    figure.update(view)
    np.testing.assert_array_equal(np.array(figure.points.get_data()).T, view.points)
    ends = [segment[1] for segment in figure.slices.get_segments()]
    np.testing.assert_allclose(ends, REACH * view.slices, rtol=1e-6)
    assert len(figure.moves.get_segments()) == len(view.moves)


def test_digits_have_a_colour_each(figure):
    view = finished(cloud="digits")
    figure.update(view)
    assert not figure.points.get_visible()
    drawn = sum(len(line.get_xdata()) for line in figure.dots.lines)
    assert drawn == len(view.points)


def test_what_is_below_the_axis_lies_on_its_edge(figure):
    view = finished(cloud="rank_one", loss="fixed", num_slices=2, step=240)
    figure.update(view)
    assert figure.said.get_ydata()[0] == pytest.approx(view.losses[-1])
    assert view.turned_statistics.min() < LEAST < figure.turned.get_ydata().min()
    assert len(figure.loss.get_xdata()) == 241
