"""The three forms in the picture are the library's, and show what they are said to show."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from sigreg_edu.data.one_d import SHAPES, sample_1d
from sigreg_edu.statistics import (
    epps_pulley_closed_form,
    epps_pulley_quadrature,
    epps_pulley_reference_points,
    reference_quantiles,
    standardize,
)
from sigreg_edu.views.forms import SWEEPS, FormsParams, forms_view

ROOT_2PI = math.sqrt(2.0 * math.pi)


def by_library(x: torch.Tensor) -> np.ndarray:
    """The three forms of one sample in the units of the picture."""
    x = x.double()
    of_points = ROOT_2PI * epps_pulley_reference_points(x)
    return np.array([float(epps_pulley_closed_form(x)), float(epps_pulley_quadrature(x)),
                     float(of_points)])  # fmt: skip


@pytest.mark.parametrize("shape", list(SHAPES))
@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1.0), (-3.0, 0.05), (1.5, 3.0), (0.0, 0.0)])
def test_the_table_is_what_the_library_says(shape, shift, scale):
    params = FormsParams(shape=shape, strength=1.0, shift=shift, scale=scale, num_samples=300)
    x, table = params.sample(), forms_view(params).table
    # Pairs of far outliers alias (33.5 apart): up to 1e-3 at scale 3, else the tail beyond t = 6.
    heavy = scale == 3.0 and shape in ("student_t", "outliers")
    rel = 2e-3 if heavy else 1e-7
    assert table[0, :, 0] == pytest.approx(by_library(x), rel=rel)
    assert table[1, :, 0] == pytest.approx(by_library(standardize(x.double())), rel=1e-6)
    twin = sample_1d("gaussian", 300, seed=params.seed)
    assert table[0, :, 1] == pytest.approx(by_library(twin), rel=1e-7)
    assert table[1, :, 1] == pytest.approx(by_library(standardize(twin.double())), rel=1e-7)


@pytest.mark.parametrize("sweep", list(SWEEPS))
@pytest.mark.parametrize("standardized", [False, True])
def test_each_curve_is_the_statistic_of_the_swept_sample(sweep, standardized):
    params = FormsParams(
        shape="skewed", shift=0.4, scale=1.3, num_samples=200, sweep=sweep, standardize=standardized
    )
    view = forms_view(params)
    for at in (0, 1, 7, view.places.size - 1):
        place = view.places[at]
        changed = params.changed(**{sweep: int(place) if sweep == "num_samples" else float(place)})
        x = changed.sample().double()
        truth = by_library(standardize(x) if standardized else x)
        # at scale 0.01 the library's eps is 1e-4 of the std, which the flat curve leaves out
        assert view.curves[:, at] == pytest.approx(truth, rel=1e-3)


@pytest.mark.parametrize("sweep", list(SWEEPS))
def test_the_marked_place_lies_on_the_curves(sweep):
    for standardized in (False, True):
        view = forms_view(
            FormsParams(shape="laplace", sweep=sweep, standardize=standardized, scale=1.05)
        )
        for curve, value in zip(view.curves, view.values, strict=True):
            assert np.interp(view.place, view.places, curve) == pytest.approx(value, rel=1e-6)


def test_closed_form_and_quadrature_differ_by_the_tail_beyond_3():
    view = forms_view(FormsParams(scale=0.0))
    # All points at 0: 2N ∫_3^∞ (1 - e^{-t²/2})² e^{-t²/2} dt, and the trapezoid rule's own error
    assert view.table[0, 0, 0] == pytest.approx(1000 * ROOT_2PI * (1 - 2**0.5 + 3**-0.5), rel=1e-6)
    assert view.table[0, 1, 0] == pytest.approx(402.0, abs=0.2)
    healthy = forms_view(FormsParams())
    assert healthy.table[0, 1, 0] == pytest.approx(healthy.table[0, 0, 0], rel=0.02)


def test_reference_points_are_lowest_near_scale_1_1_and_the_closed_form_near_1():
    lowest = np.mean([forms_view(FormsParams(seed=seed)).lowest for seed in range(12)], axis=0)
    assert lowest[:2] == pytest.approx(1.0, abs=0.02)
    assert lowest[2] == pytest.approx(1.09, abs=0.02)


def test_reference_points_grow_with_n_and_the_others_do_not():
    sizes, mean = np.empty(0), np.zeros(1)
    for seed in range(20):
        view = forms_view(FormsParams(sweep="num_samples", seed=seed))
        sizes, mean = view.places, mean + view.curves / 20
    small, large = sizes == 100, sizes == 5000
    assert mean[2, large] > 4.0 * mean[2, small]
    # 20 samples: the mean of T has a standard error of 0.2
    assert mean[0, large] == pytest.approx(1.06, abs=0.6)
    assert mean[0, small] == pytest.approx(1.06, abs=0.6)


def test_the_bias_of_17_points_is_their_distance_from_the_gaussian():
    # E T / N → ∫ |φ - φ_17|² e^{-t²/2} dt / √(2π), by the closed sums of the Gaussian kernel
    g = reference_quantiles().numpy()
    within = np.exp(-0.5 * (g[:, None] - g) ** 2).mean()
    bias = 3**-0.5 - 2 * 2**-0.5 * np.exp(-0.25 * g**2).mean() + within
    floor = (1.0 - 3**-0.5) * ROOT_2PI
    mean = np.mean([forms_view(FormsParams(num_samples=5000, seed=s)).table[0, 2, 0]
                    for s in range(20)])  # fmt: skip
    # standard error of the mean of 20 values: about 0.4
    assert mean == pytest.approx(5000 * bias * ROOT_2PI + floor, abs=2.0)


def test_standardizing_flattens_every_curve_and_hides_collapse():
    for sweep in ("scale", "shift"):
        view = forms_view(FormsParams(scale=0.05, shift=2.0, standardize=True, sweep=sweep))
        flat = view.curves[:, view.places != 0.0] if sweep == "scale" else view.curves
        # but for the eps of the division, 2e-5 of the std at this scale
        assert (np.ptp(flat, axis=1) < 1e-3 * flat.mean(axis=1)).all()
    shrunk = forms_view(FormsParams(scale=0.05, shift=2.0)).table
    assert (shrunk[0, :, 0] > 100 * shrunk[0, :, 1])[:2].all()
    assert shrunk[1, :, 0] == pytest.approx(shrunk[1, :, 1], rel=1e-3)


def test_only_scale_zero_itself_shows_after_standardizing():
    view = forms_view(FormsParams(scale=0.0, standardize=True))
    assert view.values == pytest.approx(view.curves[:, 0])
    assert view.values[0] > 100 * view.curves[0, 1]
    assert "nothing to divide by" in view.readout


def test_the_readout_names_the_library_values():
    params = FormsParams(shift=1.0)
    x = params.sample()
    words = forms_view(params).readout
    assert f"{float(epps_pulley_reference_points(x)):.3g} by 17 reference points" in words
    assert f"{float(epps_pulley_closed_form(x)):.3g} by the closed form" in words
