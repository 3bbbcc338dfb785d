"""Weighted sums of chi-squared variables against laws that are known."""

import numpy as np
import pytest
from scipy import integrate, special, stats

from sigreg_edu.statistics import ChiSquareMixture, covariance_eigenvalues

PROBABILITIES = [1e-6, 0.01, 0.1, 0.3, 0.5, 0.6, 0.7, 0.9, 0.999, 1 - 1e-9]


@pytest.mark.parametrize("degrees", [1, 2, 3, 5, 10, 40, 200, 1000])
def test_equal_weights_are_chi_squared(degrees):
    mixture, law = ChiSquareMixture(np.ones(degrees)), stats.chi2(degrees)
    x = law.ppf(PROBABILITIES)
    # The contour's error is largest, 1e-11, near ten equal weights.
    assert mixture.sf(x) == pytest.approx(law.sf(x), rel=1e-10)
    assert mixture.pdf(x) == pytest.approx(law.pdf(x), rel=1e-10)
    assert mixture.cdf(x) == pytest.approx(law.cdf(x), rel=1e-9, abs=1e-10)
    assert mixture.quantile(PROBABILITIES[1:-1]) == pytest.approx(x[1:-1], rel=1e-9)


def test_far_tails_keep_their_relative_accuracy():
    law, mixture = stats.chi2(3), ChiSquareMixture([2.0, 2.0, 2.0])
    x = np.array([10.0, 50.0, 200.0, 600.0])
    assert mixture.sf(2 * x) == pytest.approx(law.sf(x), rel=1e-11, abs=0)
    assert mixture.log_sf(2 * x) == pytest.approx(law.logsf(x), rel=1e-12)
    # P(chi^2_3 > x) = 2 Phi(-sqrt x) + sqrt(2x / pi) e^{-x/2}, here far below the smallest float.
    parts = np.log(2) + special.log_ndtr(-np.sqrt(5e4)), np.log(2 * 5e4 / np.pi) / 2 - 2.5e4
    assert mixture.log_sf(1e5) == pytest.approx(np.logaddexp(*parts), rel=1e-13)


def test_pairs_of_weights_are_sums_of_exponentials():
    # Z_1^2 + Z_2^2 is exponential; sums of distinct exponentials have an elementary tail.
    a = np.array([1.0, 0.7, 0.31, 0.1])
    shares = [np.prod([b / (b - c) for c in a if c != b]) for b in a]
    x = np.array([0.05, 0.5, 1, 2, 5, 10, 20, 50, 100, 500])
    tail = sum(share * np.exp(-x / (2 * b)) for share, b in zip(shares, a, strict=True))
    density = sum(s * np.exp(-x / (2 * b)) / (2 * b) for s, b in zip(shares, a, strict=True))
    mixture = ChiSquareMixture(np.repeat(a, 2))
    assert mixture.sf(x) == pytest.approx(tail, rel=1e-11, abs=0)
    # At small x the elementary sum itself cancels.
    assert mixture.pdf(x) == pytest.approx(density, rel=1e-11, abs=1e-14)


@pytest.fixture(scope="module")
def mixture():
    eigenvalues = covariance_eigenvalues()
    return ChiSquareMixture(eigenvalues[eigenvalues > 1e-15])


def test_the_density_integrates_to_the_tail(mixture):
    for low in (0.0, 1.0, 8.0):
        area = integrate.quad(mixture.pdf, low, 80, limit=200, epsabs=1e-12)[0]
        assert area == pytest.approx(float(mixture.sf(low)), abs=1e-8)


def test_moments_are_those_of_the_density(mixture):
    mean = integrate.quad(lambda x: x * mixture.pdf(x), 0, 80, limit=200)[0]
    square = integrate.quad(lambda x: x * x * mixture.pdf(x), 0, 80, limit=200)[0]
    assert mixture.mean == pytest.approx(mean, rel=1e-7)
    assert mixture.variance == pytest.approx(square - mean**2, rel=1e-6)


def test_it_agrees_with_simulation(mixture):
    draws = np.random.default_rng(0).standard_normal((200_000, mixture.weights.size)) ** 2
    simulated = np.quantile(draws @ mixture.weights, [0.5, 0.95, 0.99])
    # Standard errors of these quantiles are 0.002, 0.011 and 0.03.
    assert mixture.quantile([0.5, 0.95, 0.99]) == pytest.approx(simulated, rel=0.015)


def test_the_tail_falls_smoothly_all_the_way(mixture):
    x = np.linspace(0.5, 1500, 20_001)
    log_sf = mixture.log_sf(x)
    slope = np.diff(log_sf)
    assert (slope < 0).all()
    # No seam: the slope has no jumps, and settles at that of the largest weight.
    rate = (x[1] - x[0]) / (2 * mixture.weights[0])
    assert slope[-1] == pytest.approx(-rate, rel=1e-2)
    jumps = np.abs(np.diff(slope)) / rate
    assert jumps[100:].max() < 1e-3


def test_quantiles_invert_the_distribution_function(mixture):
    p = np.array([[1e-9, 1e-3, 0.5], [0.95, 1 - 1e-6, 1 - 1e-12]])
    x = mixture.quantile(p)
    assert x.shape == p.shape
    assert mixture.cdf(x)[0, 1:] == pytest.approx(p[0, 1:], rel=1e-9)
    assert mixture.sf(x)[1] == pytest.approx(1 - p[1], rel=1e-9)


def test_edges_are_what_a_positive_variable_says(mixture):
    x = np.array([-1.0, 0.0, np.inf, np.nan])
    assert mixture.sf(x)[:2].tolist() == [1.0, 1.0]
    assert 0 < mixture.sf(np.inf) < 1e-300
    assert 0 < mixture.sf(1e6) < 1e-300
    assert mixture.pdf(x)[:3].tolist() == [0.0, 0.0, 0.0]
    for method in (mixture.sf, mixture.pdf, mixture.cdf, mixture.log_sf):
        assert np.isnan(method(np.nan))
        assert method(np.empty(0)).shape == (0,)
        assert np.shape(method(1.0)) == ()
    assert mixture.log_sf(np.inf) == -np.inf


def test_the_density_starts_where_the_number_of_weights_says():
    assert ChiSquareMixture([1.0]).pdf(0.0) == np.inf
    assert ChiSquareMixture([1.0, 4.0]).pdf(0.0) == pytest.approx(0.25)
    assert ChiSquareMixture([1.0, 4.0]).pdf(1e-12) == pytest.approx(0.25)
    assert ChiSquareMixture([1.0, 4.0, 1.0]).pdf(0.0) == 0.0


@pytest.mark.parametrize("weights", [[], [0.0], [1.0, -1.0], [np.nan], [np.inf]])
def test_weights_are_positive_numbers(weights):
    with pytest.raises(ValueError, match="weights"):
        ChiSquareMixture(weights)


def test_it_is_frozen(mixture):
    with pytest.raises(ValueError, match="read-only"):
        mixture.weights[0] = 1.0


@pytest.mark.parametrize("p", [0.0, 1.0, -0.1, np.nan])
def test_quantiles_are_asked_inside_the_unit_interval(mixture, p):
    with pytest.raises(ValueError, match="strictly between"):
        mixture.quantile(p)
