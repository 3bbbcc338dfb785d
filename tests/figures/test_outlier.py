"""What the figure of the outlier draws is what the view holds."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures.outlier import LEAST, LOSS_LOOKS, MOST, OutlierFigure, within
from sigreg_edu.views.outlier import LOSSES, PLANE_BOUND, OutlierParams, outlier_view


@pytest.fixture(scope="module")
def figure() -> OutlierFigure:
    return OutlierFigure()


def shown(figure: OutlierFigure, **changes):
    view = outlier_view(OutlierParams(**changes))
    figure.update(view)
    return view


def test_the_outlier_and_its_arrow_lead_to_the_place_after_a_step(figure):
    view = shown(figure, loss="mean_std", distance=20.0)
    start = np.array([data[0] for data in figure.outlier.get_data()])
    end = np.array([data[0] for data in figure.after.get_data()])
    move = np.array([figure.arrows.U[-1], figure.arrows.V[-1]])
    assert start == pytest.approx(view.outlier)
    assert start + move == pytest.approx(end)


def test_arrows_that_would_leave_the_panel_end_at_its_edge(figure):
    view = shown(figure, loss="four_moments", distance=30.0)
    tips = figure.arrows.get_offsets() + np.column_stack([figure.arrows.U, figure.arrows.V])
    assert np.abs(tips).max() == pytest.approx(view.field)
    assert np.abs(view.after).max() > view.field
    short = np.array([[0.5, -0.25]])
    assert within(np.zeros((1, 2)), short, 5.0) == pytest.approx(short)
    assert within(np.zeros((1, 2)), np.zeros((1, 2)), 5.0) == pytest.approx(0.0)


def test_points_beyond_the_panel_make_no_arrow_longer(figure):
    moved = within(np.array([[6.0, 0.0]]), np.array([[3.0, 1.0]]), 5.0)
    assert moved.tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize("loss", list(LOSSES))
def test_curves_markers_and_the_chosen_loss(figure, loss):
    view = shown(figure, loss=loss, distance=8.0)
    for name in LOSSES:
        assert np.array_equal(figure.shares[name].get_ydata(), view.shares[name])
        assert figure.sizes[name].get_color() == LOSS_LOOKS[name]["color"]
    widths = {name: line.get_linewidth() for name, line in figure.sizes.items()}
    assert max(widths, key=widths.get) == loss
    assert figure.share_mark.get_ydata()[0] == view.share
    assert LEAST <= figure.size_mark.get_ydata()[0] <= MOST


def test_the_bound_and_the_equal_share_are_drawn(figure):
    view = shown(figure, num_samples=100)
    bound = next(line for line in figure.figure.axes[1].lines
                 if line.get_label().startswith("SIGReg ≤"))  # fmt: skip
    assert set(bound.get_ydata()) == {PLANE_BOUND}
    assert set(figure.equal.get_ydata()) == {view.equal_share}
