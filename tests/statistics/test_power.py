"""Rejection rates: each test keeps its level, and rejects what it can see."""

import numpy as np
import pytest
import torch
from scipy import special, stats

from sigreg_edu.statistics import (
    CLASSICAL_TESTS,
    POWER_TESTS,
    EppsPulleyTest,
    classical_test,
    rejection_rates,
)
from sigreg_edu.statistics.power import _shapiro_wilk_score


def test_they_are_epps_pulley_and_the_classics():
    assert list(POWER_TESTS) == ["epps_pulley", *CLASSICAL_TESTS]


@pytest.mark.parametrize("num_samples", [50, 200])
@pytest.mark.parametrize("level", [0.05, 0.2])
def test_every_test_keeps_its_level(num_samples, level):
    generator = torch.Generator().manual_seed(num_samples)
    rates = rejection_rates(torch.randn(2000, num_samples, generator=generator), level=level)
    standard_error = (level * (1 - level) / 2000) ** 0.5
    for name, rate in rates.items():
        assert rate == pytest.approx(level, abs=3.5 * standard_error), name


@pytest.mark.parametrize("name", POWER_TESTS)
def test_a_rejection_is_a_p_value_below_the_level(generator, name):
    x = 1.2 * torch.randn(60, 40, generator=generator, dtype=torch.float64) + 0.1
    if name == "epps_pulley":
        p = EppsPulleyTest().p_value(x).numpy()
    else:
        p = np.array([classical_test(row, name).p_value for row in x])
    # SciPy's Cramer-von Mises p-value has a correction for N, ours is the limit: near the level
    # one sample of sixty may differ.
    assert rejection_rates(x, level=0.1)[name] == pytest.approx((p < 0.1).mean(), abs=1.01 / 60)


@pytest.mark.parametrize("count", [3, 4, 5, 6, 11, 12, 40, 500])
def test_shapiro_wilk_for_many_is_scipys_for_one(count):
    x = np.sort(np.random.default_rng(count).standard_normal((20, count)), axis=-1)
    expected = [stats.shapiro(row).pvalue for row in x]
    # SciPy stores some of Royston's constants in single precision.
    assert special.ndtr(-_shapiro_wilk_score(x)) == pytest.approx(expected, abs=1e-7)


def test_only_those_that_can_see_a_shift_reject_it(generator):
    rates = rejection_rates(1 + torch.randn(300, 50, generator=generator))
    for name, rate in rates.items():
        ignores = name in CLASSICAL_TESTS and CLASSICAL_TESTS[name].ignores_shift_and_scale
        assert rate < 0.12 if ignores else rate > 0.95, name


def test_settings_are_rows_of_the_answer(generator):
    samples = torch.randn(3, 50, 30, generator=generator)
    samples[2] += 2
    rates = rejection_rates(samples)
    for name, rate in rates.items():
        assert rate.shape == (3,)
        assert rate[1] == pytest.approx(rejection_rates(samples[1], tests=[name])[name])
    assert rates["epps_pulley"][2] == 1.0


@pytest.mark.usefixtures("cpu_before_float64")
def test_samples_go_to_the_cpu_before_float64_which_mps_lacks():
    rejection_rates(torch.tensor([[0.0, 1.0, -1.0]]))


@pytest.mark.parametrize("value", [0.0, 0.1])
def test_collapse_is_not_rejected_by_those_that_cannot_judge_it(value):
    rates = rejection_rates(torch.full((5, 20), value))
    assert rates == {
        name: 0.0 if name in ("shapiro_wilk", "jarque_bera") else 1.0 for name in POWER_TESTS
    }


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_nor_is_it_where_the_mean_of_equal_numbers_is_rounded(dtype):
    ignoring = ["shapiro_wilk", "jarque_bera"]
    rates = rejection_rates(torch.full((10, 7), 0.1, dtype=dtype), tests=ignoring)
    assert rates == dict.fromkeys(ignoring, 0.0)


@pytest.mark.parametrize(
    ("samples", "options", "error"),
    [
        (torch.zeros(50), {}, ValueError),
        (torch.zeros(2, 2, 2, 50), {}, ValueError),
        (torch.zeros(5, 2), {}, ValueError),
        (torch.full((2, 5), float("nan")), {}, ValueError),
        (torch.zeros(5, 20, dtype=torch.int64), {}, TypeError),
        (torch.zeros(5, 20), {"level": 5}, ValueError),
        (torch.zeros(5, 20), {"tests": ["lilliefors"]}, ValueError),
    ],
)
def test_bad_input_is_refused(samples, options, error):
    with pytest.raises(error):
        rejection_rates(samples, **options)
