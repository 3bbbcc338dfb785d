"""The live figure: curves as far as the training has come, and the run before dotted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sigreg_edu.figures.live import FIELDS, LiveFigure
from sigreg_edu.views.live import LiveParams, Sessions, live_view


@pytest.fixture(scope="module")
def sessions():
    sessions = Sessions(steps=36)
    for condition in ("none", "lejepa"):
        sessions.of(LiveParams(condition=condition)).run()
    return sessions


def test_curves_hold_what_was_seen(sessions):
    figure, view = LiveFigure(), live_view(LiveParams(step=36), sessions)
    figure.update(view)
    line, other = figure.curves["mean_std"]
    np.testing.assert_allclose(line.get_ydata(), view.curves["mean_std"])
    np.testing.assert_array_equal(line.get_xdata(), [0, 12, 24, 36])
    assert other.get_visible()
    assert len(figure.curves["invariance"][0].get_xdata()) == 36
    assert figure.other_note.get_text() == "dotted: the run before"
    assert sum(len(line.get_xdata()) for line in figure.dots.lines) == 450


def test_a_wide_embedding_gets_a_wider_panel(sessions):
    figure = LiveFigure()
    figure.update(live_view(LiveParams(step=0), sessions))
    assert figure.cloud_axes.get_xlim()[1] == FIELDS[0]
    view = live_view(LiveParams(step=36, space="embedding"), sessions)
    figure.update(replace(view, cloud=3.0 * view.cloud, axes=3.0 * view.axes))
    assert figure.cloud_axes.get_xlim()[1] > FIELDS[0]
    assert figure.curve_axes["effective_rank"].get_ylim()[1] > 32
    assert len(figure.widths.get_data().values) == 32
