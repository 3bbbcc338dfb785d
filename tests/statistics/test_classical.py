"""The classical tests against SciPy and tabulated critical values."""

import numpy as np
import pytest
import torch
from scipy import stats

from sigreg_edu.statistics import CLASSICAL_TESTS, classical_test
from sigreg_edu.statistics.classical import (
    anderson_darling_null,
    anderson_darling_statistic,
    cramer_von_mises_null,
    jarque_bera_null,
    jarque_bera_statistic,
)

names = pytest.mark.parametrize("name", CLASSICAL_TESTS)


@pytest.fixture
def x(generator):
    return torch.randn(80, generator=generator, dtype=torch.float64)


def test_scipys_tests_are_scipys(x):
    array = x.numpy()
    expected = {
        "shapiro_wilk": stats.shapiro(array),
        "kolmogorov_smirnov": stats.kstest(array, "norm"),
        "cramer_von_mises": stats.cramervonmises(array, "norm"),
    }
    for name, result in expected.items():
        computed = classical_test(x, name)
        assert computed.statistic == pytest.approx(result.statistic, rel=1e-12)
        assert computed.p_value == pytest.approx(result.pvalue, rel=1e-12)
    jarque_bera = classical_test(x, "jarque_bera").statistic
    assert jarque_bera == pytest.approx(stats.jarque_bera(array).statistic, rel=1e-12)
    assert jarque_bera == pytest.approx(jarque_bera_statistic(array), rel=1e-12)


def test_anderson_darling_agrees_with_scipys_monte_carlo(x):
    array = x.numpy()
    result = stats.goodness_of_fit(
        stats.norm,
        array,
        known_params={"loc": 0, "scale": 1},
        statistic="ad",
        n_mc_samples=2000,
        rng=np.random.default_rng(0),
    )
    computed = classical_test(x, "anderson_darling")
    assert computed.statistic == pytest.approx(result.statistic, rel=1e-10)
    assert computed.p_value == pytest.approx(result.pvalue, abs=0.035)  # three standard errors


def test_anderson_darling_survives_where_phi_rounds_to_one():
    assert np.isfinite(anderson_darling_statistic(np.array([-50.0, 40.0, 60.0])))


def test_limit_laws_have_their_tabulated_critical_values():
    # Anderson & Darling 1954 give 2.492 and 3.857, the latter since corrected to 3.878.
    assert anderson_darling_null().quantile([0.95, 0.99]) == pytest.approx([2.4924, 3.8781], 1e-4)
    assert cramer_von_mises_null().quantile([0.95, 0.99]) == pytest.approx([0.46136, 0.74346], 1e-4)
    assert anderson_darling_null().mean == pytest.approx(1, rel=1e-12)
    assert cramer_von_mises_null().mean == pytest.approx(1 / 6, rel=1e-12)


def test_jarque_bera_is_simulated_until_its_limit_is_near():
    small, limit = jarque_bera_null(50), jarque_bera_null(2000)
    assert limit.quantile(0.95) == pytest.approx(stats.chi2(2).ppf(0.95))
    assert small.quantile(0.95) < 5.4  # chi^2 would say 5.99


@names
def test_normal_samples_pass(x, name):
    result = classical_test(x, name)
    assert result.name == name
    assert result.p_value > 0.05


@names
def test_exactly_the_two_that_say_so_ignore_shift_and_scale(x, name):
    ignores = CLASSICAL_TESTS[name].ignores_shift_and_scale
    moved = classical_test(3 * x + 5, name)
    assert moved.ignores_shift_and_scale == ignores
    if ignores:
        assert moved.statistic == pytest.approx(classical_test(x, name).statistic, rel=1e-9)
    else:
        assert moved.p_value < 1e-6


@names
def test_skewed_samples_are_seen(generator, name):
    skewed = -torch.rand(200, generator=generator, dtype=torch.float64).log() - 1
    assert classical_test(skewed, name).p_value < 1e-3


def test_the_mean_of_equal_numbers_may_be_rounded_and_jarque_bera_is_still_undefined():
    # 0.1 seven times has a mean that is not 0.1: the moments would be those of the rounding.
    assert np.isnan(jarque_bera_statistic(np.full((3, 7), 0.1))).all()


@pytest.mark.usefixtures("cpu_before_float64")
def test_samples_go_to_the_cpu_before_float64_which_mps_lacks():
    classical_test(torch.tensor([0.0, 1.0, -1.0]), "jarque_bera")


@names
@pytest.mark.parametrize("value", [0.0, 0.1])
def test_a_constant_sample_is_undefined_or_rejected(name, value):
    result = classical_test(torch.full((30,), value), name)
    if CLASSICAL_TESTS[name].ignores_shift_and_scale:
        assert np.isnan(result.statistic)
        assert np.isnan(result.p_value)
    else:
        assert result.p_value < 1e-3


@names
def test_half_precision_and_long_samples_are_answered(generator, name):
    x = torch.randn(5500, generator=generator)
    assert classical_test(x.half(), name).p_value > 1e-3


@names
@pytest.mark.parametrize(
    ("x", "error"),
    [
        (torch.zeros(0), ValueError),
        (torch.zeros(2, 50), ValueError),
        (torch.tensor([0.0, 1.0, float("nan"), 2.0]), ValueError),
        (torch.tensor([0.0, 1.0, float("inf"), 2.0]), ValueError),
        (torch.arange(10), TypeError),
        (np.zeros(10), TypeError),
    ],
    ids=["empty", "batch", "nan", "inf", "integers", "numpy"],
)
def test_bad_input_is_refused(name, x, error):
    with pytest.raises(error, match="x "):
        classical_test(x, name)


def test_a_sample_too_short_for_its_test_is_refused():
    with pytest.raises(ValueError, match="at least 3 samples"):
        classical_test(torch.zeros(2), "shapiro_wilk")
    with pytest.raises(ValueError, match="at least 3 samples"):
        classical_test(torch.tensor([0.0, 1.0]), "jarque_bera")
    with pytest.raises(ValueError, match="Did you mean 'shapiro_wilk'"):
        classical_test(torch.zeros(5), "shapiro")
