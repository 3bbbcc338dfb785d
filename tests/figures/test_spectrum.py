"""What the figure of the spectrum draws is what the view holds."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures.spectrum import ARROW, LOOKS, SpectrumFigure
from sigreg_edu.views.spectrum import SpectrumParams, refine_spectrum, spectrum_view

KERNEL = {"probe": "kernel", "noise": 0.3}


@pytest.fixture(scope="module")
def figure() -> SpectrumFigure:
    return SpectrumFigure()


def shown(figure: SpectrumFigure, **changes):
    params = SpectrumParams(**changes)
    view = [spectrum_view(params), *refine_spectrum(params)][-1]
    figure.update(view)
    return view


def test_cloud_ellipse_and_task_are_those_of_the_view(figure):
    view = shown(figure, stretch=0.6)
    assert np.array_equal(np.transpose(figure.cloud.get_data()), view.cloud)
    width, height = (np.max(values) for values in figure.ellipse.get_data())
    assert width / height == pytest.approx(view.spread[0] / view.spread[1], rel=1e-3)
    assert np.hypot(*(values[1] for values in figure.task.get_data())) == pytest.approx(ARROW)


def test_estimates_and_their_mean_are_drawn_inside_the_axes(figure):
    for changes in ({}, {"stretch": 0.98, "num_labels": 10, "noise": 2.0}):
        view = shown(figure, **changes)
        each, _, mean, truth = figure.for_linear
        assert np.array_equal(np.transpose(each.get_data()), view.found.each)
        assert np.array_equal(np.ravel(mean.get_data()), view.found.mean)
        low, high = figure.found_axes.get_xlim()
        assert (np.abs(view.found.each) < high).mean() > 0.97
        assert low < truth.get_xdata()[0] < high


def test_only_one_probe_is_shown_at_a_time(figure):
    for changes, linear in (({}, True), (KERNEL, False), ({"ridge": 0.3}, True)):
        shown(figure, **changes)
        assert all(artist.get_visible() == linear for artist in figure.for_linear)
        assert all(artist.get_visible() != linear for artist in figure.for_kernel)
        assert figure.extremes.get_visible() == figure.linear_key.get_visible() == linear
        assert figure.leading.get_visible() == figure.kernel_key.get_visible() != linear


@pytest.mark.parametrize("name", list(LOOKS))
def test_dots_are_the_measured_errors_and_curves_the_theory(figure, name):
    view = shown(figure, ridge=0.3)
    assert np.array_equal(figure.dots[name].get_ydata(), getattr(view.measured, name))
    assert np.array_equal(figure.curves[name].get_ydata(), getattr(view.curve, name))


def test_no_bias_is_no_line(figure):
    shown(figure)
    assert np.isnan(figure.curves["bias2"].get_ydata()).all()


def test_the_kernel_probes_dots_are_joined_where_there_is_no_theory(figure):
    view = shown(figure, **KERNEL, same_labels=True)
    assert np.array_equal(figure.curves["total"].get_ydata(), view.measured.total)
    assert np.array_equal(figure.curves["bias2"].get_ydata(), view.curve.bias2)
    top = figure.error_axes.get_ylim()[1]
    assert np.nanmax(figure.leading.get_ydata()) < top
    _, wave, predicted = figure.for_kernel
    assert np.array_equal(wave.get_ydata(), view.found.truth)
    assert np.array_equal(predicted.get_ydata(), view.found.mean)


def test_all_sums_lie_below_the_legend(figure):
    for changes in ({}, {"noise": 0.1, "num_labels": 300}, {"noise": 2.0, "num_labels": 10}):
        view = shown(figure, **changes)
        low, high = figure.error_axes.get_ylim()
        assert low < view.curve.total.min()
        assert view.curve.total.max() < high / 10
