"""The null laws against simulation, and the p-values that come from them."""

import math

import mpmath
import numpy as np
import pytest
import torch
from scipy import integrate

from sigreg_edu.statistics import (
    METHODS,
    ChiSquareMixture,
    EppsPulleyTest,
    SimulatedNull,
    covariance_eigenvalues,
    epps_pulley_quadrature,
    null_distribution,
    p_value,
)
from sigreg_edu.statistics import null as null_module


@pytest.mark.parametrize(
    ("t_max", "mean"), [(1.0, 0.385), (3.0, 1.0525), (5.0, 1.0594)], ids=lambda v: str(v)
)
def test_the_mean_is_the_floor(t_max, mean):
    # E T = int (1 - e^{-t^2}) w dt, by the same rule.
    assert null_distribution(t_max=t_max).mean == pytest.approx(mean, abs=5e-4)


def test_the_mean_of_the_closed_form_is_exact():
    exact = math.sqrt(2 * math.pi) * (1 - 1 / math.sqrt(3))
    # The stand-in rule for all t leaves out what lies beyond t = 7.
    assert null_distribution(method="closed_form").mean == pytest.approx(exact, rel=1e-10)


def test_the_eigenvalues_are_those_of_the_simulated_process(generator):
    x = torch.randn(4000, 300, generator=generator, dtype=torch.float64)
    angles = x[..., None] * torch.tensor([0.75, 2.25], dtype=torch.float64)
    parts = torch.cat([angles.cos().mean(-2), angles.sin().mean(-2)], -1) * math.sqrt(300)
    cosines, sines = null_module._limit_covariance(np.array([0.75, 2.25]), False)
    expected = np.block([[cosines, np.zeros((2, 2))], [np.zeros((2, 2)), sines]])
    # A variance near 0.5 from 4000 draws has a standard error of 0.011.
    assert np.cov(parts.numpy(), rowvar=False) == pytest.approx(expected, abs=0.04)


def test_there_are_two_eigenvalues_a_knot_and_they_descend():
    eigenvalues = covariance_eigenvalues()
    assert eigenvalues.shape == (34,)
    assert (np.diff(eigenvalues) <= 0).all()
    assert (eigenvalues >= 0).all()
    assert covariance_eigenvalues(num_points=5).shape == (10,)


def test_gauss_hermite_gives_the_closed_forms_eigenvalues():
    # An independent rule for the weight e^{-t^2/2} on the whole line.
    t, w = np.polynomial.hermite_e.hermegauss(60)
    damping = np.exp(-(t[:, None] ** 2 + t**2) / 2)
    kernel = damping * (np.exp(np.outer(t, t)) - 1)  # covariance of the complex process
    expected = np.linalg.eigvalsh(np.sqrt(w)[:, None] * kernel * np.sqrt(w))[::-1]
    computed = covariance_eigenvalues(method="closed_form")
    assert computed[:12] == pytest.approx(expected[:12], rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("num_samples", [8, 64, 1024])
def test_the_limit_law_is_good_from_eight_samples_on(num_samples):
    generator = torch.Generator().manual_seed(num_samples)
    statistics = torch.cat(
        [
            epps_pulley_quadrature(torch.randn(500, num_samples, generator=generator))
            for _ in range(8)
        ]
    )
    assert statistics.mean().item() == pytest.approx(1.0525, abs=0.06)  # four standard errors
    # The 95 % quantile has a standard error of 0.08, the rate one of 0.0035.
    assert statistics.quantile(0.95).item() == pytest.approx(2.945, abs=0.24)
    assert (p_value(statistics) < 0.05).double().mean().item() == pytest.approx(0.05, abs=0.0105)


def test_the_critical_value_is_2_945():
    assert float(null_distribution().quantile(0.95)) == pytest.approx(2.9456, abs=1e-4)


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("t_max", [0.01, 1.0, 3.0, 20.0])
def test_the_limit_covariance_has_the_digits_of_many_digit_arithmetic(t_max, standardize):
    knots = np.linspace(0.0, t_max, 5)
    computed = null_module._limit_covariance(knots, standardize)
    with mpmath.workdps(60):
        for i, s in enumerate(map(mpmath.mpf, knots)):
            for j, t in enumerate(map(mpmath.mpf, knots)):
                cosine, sine = mpmath.cosh(s * t) - 1, mpmath.sinh(s * t)
                if standardize:
                    cosine, sine = cosine - (s * t) ** 2 / 2, sine - s * t
                damping = mpmath.exp(-(s**2 + t**2) / 2)
                # from st = 1 on two digits cancel at most
                assert computed[0][i, j] == pytest.approx(float(damping * cosine), rel=3e-14)
                assert computed[1][i, j] == pytest.approx(float(damping * sine), rel=3e-14)


@pytest.mark.parametrize("t_max", [27.0, 30.0, 100.0])
def test_far_knots_do_not_overflow(t_max, generator):
    fine = {"num_points": 1 + round(4 * t_max), "t_max": t_max}  # 0.25 apart: the exact integral
    exact = null_distribution(method="closed_form")
    assert null_distribution(**fine).mean == pytest.approx(exact.mean, rel=1e-9)
    x = torch.randn(50, generator=generator, dtype=torch.float64)
    expected = EppsPulleyTest(method="closed_form").p_value(x).item()
    got = EppsPulleyTest(fine["num_points"], t_max=t_max).p_value(x).item()
    assert got == pytest.approx(expected, rel=1e-6)
    assert 0 < EppsPulleyTest(t_max=t_max).p_value(x) <= 1
    composite = null_distribution(**fine, standardize=True, num_samples=1001)
    assert np.isfinite(composite.samples).all()


# --- simulated laws -------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("standardize", [False, True])
def test_simulated_statistics_are_those_of_the_test(method, standardize):
    """The simulation's own arithmetic (a recurrence) is that of the public functions."""
    knots, weights, target = null_module._rule(method, 17, 3.0)
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(50, 30, generator=generator, dtype=torch.float64)
    expected = EppsPulleyTest(method=method, standardize=standardize)(x)
    if standardize:
        std, mean = torch.std_mean(x, dim=-1, keepdim=True)
        x = (x - mean) / std
    real, imag = null_module._ecf_on_grid(x, float(knots[1]), len(knots))
    gap = (real - torch.from_numpy(target)) ** 2 + imag**2
    computed = 30 * gap @ torch.from_numpy(weights)
    # eps = 1e-6 is added to the standard deviation by the test alone
    assert torch.allclose(computed, expected, rtol=1e-4 if standardize else 1e-9, atol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_the_composite_law_meets_its_limit_where_draws_of_the_process_take_over(method):
    sampled = null_distribution(method=method, standardize=True, num_samples=1000)
    limit = null_distribution(method=method, standardize=True, num_samples=1001)
    # Two simulations of 20,000: standard errors of 0.5 % (mean) and 1.5 % (95 % quantile).
    assert sampled.mean == pytest.approx(limit.mean, rel=0.025)
    assert float(sampled.quantile(0.95)) == pytest.approx(float(limit.quantile(0.95)), rel=0.06)


@pytest.mark.parametrize(
    "options", [{"num_points": 5001}, {"t_max": 0.03}, {"t_max": 0.01}], ids=str
)
def test_simulated_laws_hold_off_the_defaults(options, monkeypatch):
    monkeypatch.setattr(null_module, "NUM_SIMULATIONS", 200)
    null_module._simulated.cache_clear()
    null = null_distribution(standardize=True, num_samples=20, **options)
    null_module._simulated.cache_clear()
    x = torch.randn(200, 20, generator=torch.Generator().manual_seed(0)).double()
    expected = EppsPulleyTest(standardize=True, eps=1e-15, **options)(x)
    # A rounding of 1e-16 in phi_N is squared beside a gap of 1e-6 or so at the smallest t_max.
    assert null.samples == pytest.approx(expected.sort().values.numpy(), rel=1e-6)


def test_the_composite_limit_has_the_mean_of_its_eigenvalues():
    eigenvalues = covariance_eigenvalues(standardize=True)
    simulated = null_distribution(standardize=True, num_samples=5000)
    assert simulated.mean == pytest.approx(eigenvalues.sum(), rel=0.02)
    assert simulated.variance == pytest.approx(2 * (eigenvalues**2).sum(), rel=0.1)


def test_the_reference_points_bias_grows_with_n():
    small, large = (
        null_distribution(method="reference_points", num_samples=n).mean for n in (100, 4000)
    )
    assert large > small + 3


def test_a_simulated_p_value_counts_itself():
    null = SimulatedNull(np.arange(1.0, 100.0))
    assert null.sf([0.0, 1.0, 50.0, 1000.0]) == pytest.approx([1.0, 1.0, 0.51, 0.01])
    assert null.cdf(50.0) == pytest.approx(0.49)
    assert np.isnan(null.sf(np.nan))
    assert null.log_sf(1000.0) == pytest.approx(math.log(0.01))
    assert (null.mean, null.variance) == (50.0, pytest.approx(816.67, abs=0.01))


def test_a_simulated_density_is_a_density():
    null = null_distribution(standardize=True, num_samples=40)
    x = np.linspace(0, 8, 4001)
    assert integrate.trapezoid(null.pdf(x), x) == pytest.approx(1.0, abs=0.01)
    assert null.pdf(np.array([-1.0, 1e6])).tolist() == [0.0, 0.0]


@pytest.mark.usefixtures("global_generators_untouched")
def test_simulations_are_seeded_cached_and_leave_the_global_generators_alone():
    options = {"standardize": True, "num_samples": 33}
    first = null_distribution(**options)
    assert null_distribution(**options) is first
    null_module._simulated.cache_clear()
    assert np.array_equal(null_distribution(**options).samples, first.samples)
    assert not np.array_equal(null_distribution(**options, seed=1).samples, first.samples)


def test_without_the_factor_n_the_law_is_narrower_by_n():
    scaled, plain = null_distribution(), null_distribution(scale_by_n=False, num_samples=50)
    assert isinstance(plain, ChiSquareMixture)
    assert plain.sf(0.04) == pytest.approx(scaled.sf(2.0), rel=1e-10)


@pytest.mark.parametrize(
    "options", [{"standardize": True}, {"method": "reference_points"}, {"scale_by_n": False}]
)
def test_a_law_that_depends_on_n_asks_for_n(options):
    with pytest.raises(ValueError, match=r"Pass num_samples=x\.shape\[-1\]"):
        null_distribution(**options)


@pytest.mark.parametrize(
    "options",
    [
        {"method": "exact"},
        {"num_points": 1},
        {"t_max": 0.0},
        {"standardize": True, "num_samples": 1},
        {"standardize": True, "num_samples": 2},
        {"standardize": True, "num_samples": 2, "scale_by_n": False},
        {"standardize": True, "num_samples": 20, "seed": -1},
    ],
)
def test_bad_options_are_refused(options):
    with pytest.raises(ValueError, match="must be"):
        null_distribution(**options)


# --- p-values -------------------------------------------------------------------------------------


def test_p_values_keep_shape_and_kind():
    statistic = torch.tensor([[0.5, 3.0], [0.0, 100.0]])
    p = p_value(statistic)
    assert p.shape == (2, 2)
    assert p.dtype == torch.float64
    assert p[1, 0] == 1
    assert isinstance(p_value(3.0), float)
    assert isinstance(p_value(3), float)
    assert p_value(torch.tensor(3.0)).shape == ()


def test_tiny_p_values_stay_positive_and_ordered():
    p = p_value(torch.tensor([10.0, 50.0, 200.0, 500.0], dtype=torch.float64))
    assert (p > 0).all()
    assert (p.diff() < 0).all()
    assert p_value(1e7) > 0


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -0.5])
def test_impossible_statistics_are_refused(bad):
    for statistic in (bad, torch.tensor([1.0, bad])):
        with pytest.raises(ValueError, match="statistic must"):
            p_value(statistic)


@pytest.mark.parametrize("bad", ["3", [3.0], True, torch.tensor([3])])
def test_what_is_no_statistic_is_refused(bad):
    with pytest.raises(TypeError, match="statistic must"):
        p_value(bad)


@pytest.mark.usefixtures("cpu_before_float64")
def test_p_values_go_to_the_cpu_before_float64_which_mps_lacks():
    p_value(torch.tensor([1.0, 2.0]))


def test_rounding_below_zero_counts_as_zero():
    assert p_value(-1e-15) == 1.0
