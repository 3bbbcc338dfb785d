"""Rejection rates: right size, right power, counted once, and refined in steps."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sigreg_edu.data.one_d import sample_1d_batch
from sigreg_edu.statistics import (
    EppsPulleyTest,
    classical_test,
    epps_pulley_quadrature,
    rejection_rates,
)
from sigreg_edu.statistics.classical import jarque_bera_null
from sigreg_edu.views import power
from sigreg_edu.views.power import (
    DEPARTURES,
    OF_SCALE,
    REPEATS,
    SHAPE_ONLY,
    STRENGTHS,
    TESTS,
    PowerParams,
    departure_in_words,
    draw,
    interval,
    jarque_bera_critical,
    power_refinement,
    power_view,
    rates_by_test,
)

BLIND = [list(TESTS).index(name) for name in SHAPE_ONLY]
SEEING = [k for k in range(len(TESTS)) if k not in BLIND]


def refined(**changes):
    """The final view of a state."""
    params = PowerParams(**changes)
    view = power_view(params)
    for finer in power_refinement(params):
        view = finer
    return view


@pytest.mark.parametrize("num_samples", [20, 100, 500])
def test_under_the_null_every_test_rejects_one_in_twenty(num_samples):
    repeats = 6000 if num_samples < 500 else 3000
    samples = sample_1d_batch("gaussian", num_samples, repeats, seed=99)[None]
    rates = rates_by_test(samples)[:, 0]
    # four standard errors, and half a per cent for the tests whose critical value is a limit's
    slack = 4 * np.sqrt(0.05 * 0.95 / repeats) + 0.005
    assert rates == pytest.approx(0.05, abs=slack)


def test_rates_agree_with_the_library_test_by_test():
    samples = draw("skewed", 50, 60, seed=3)
    library = rejection_rates(samples)
    for name, rates in zip(TESTS, rates_by_test(samples), strict=True):
        # only Jarque–Bera has a critical value of its own: a sample near it may change sides
        assert rates == pytest.approx(library[name], abs=0.04 if name == "jarque_bera" else 1e-12)


def test_rates_agree_with_p_values_one_sample_at_a_time():
    samples = draw("wider", 60, 25, seed=1)[6]  # (R, N) at one strength
    rates = dict(zip(TESTS, rates_by_test(samples[None])[:, 0], strict=True))
    p = [float(EppsPulleyTest().p_value(x)) for x in samples]
    assert rates["epps_pulley"] == np.mean(np.array(p) < 0.05)
    for name in ("anderson_darling", "kolmogorov_smirnov", "shapiro_wilk"):
        p = [classical_test(x, name).p_value for x in samples]
        assert rates[name] == pytest.approx(np.mean(np.array(p) < 0.05), abs=0.0401)


def test_statistics_by_powers_are_the_quadrature_form():
    x = draw("student_t", 40, 5, seed=0).double()
    ours = power.epps_pulley_statistics(x.numpy())
    assert ours == pytest.approx(epps_pulley_quadrature(x).numpy(), rel=1e-11, abs=1e-13)


@pytest.mark.parametrize("num_samples", [20, 60, 100])
def test_tabled_jarque_bera_quantiles_agree_with_a_simulation(num_samples):
    simulated = jarque_bera_null(num_samples)
    # 20,000 simulated samples: the share beyond the right quantile has a standard error of 0.0015
    assert float(simulated.sf(jarque_bera_critical(num_samples))) == pytest.approx(0.05, abs=0.006)


@pytest.mark.parametrize("departure", list(OF_SCALE))
def test_shapiro_wilk_and_jarque_bera_ignore_shift_and_scale(departure):
    view = refined(departure=departure, num_samples=50)
    # a shifted or scaled sample is rejected if and only if the sample itself is, up to rounding
    assert np.ptp(view.rates[BLIND], axis=1) == pytest.approx(0.0, abs=2e-3)
    assert view.rates[BLIND] == pytest.approx(0.05, abs=0.03)
    assert (view.rates[SEEING, -1] > 0.8).all()
    assert "by design" in view.readout


def test_every_test_sees_an_extreme_shape():
    view = refined(departure="skewed", num_samples=200)
    assert (view.rates[:, -1] > 0.95).all()
    assert "by design" not in view.readout


def test_power_rises_with_the_sample_size():
    small, large = (refined(departure="shift", num_samples=n, strength=0.3) for n in (20, 100))
    assert (large.here[SEEING] > small.here[SEEING] + 0.2).all()


def test_power_against_a_shift_is_near_that_of_the_best_test():
    # The z-test is the best unbiased one; its power at mean δ is Φ(δ√N - 1.96) + Φ(-δ√N - 1.96).
    view = refined(departure="shift", num_samples=100)
    z = torch.from_numpy(STRENGTHS) * 10.0
    normal = torch.distributions.Normal(0.0, 1.0)
    best = (normal.cdf(z - 1.96) + normal.cdf(-z - 1.96)).numpy()
    epps_pulley = view.rates[0]
    assert (epps_pulley <= best + 0.04).all()
    assert (epps_pulley >= best - 0.2).all()


def test_a_coarse_view_comes_first_and_finer_ones_follow():
    params = PowerParams(departure="laplace", num_samples=40, seed=7)
    coarse = power_view(params)
    assert 4 <= coarse.repeats < REPEATS
    repeats = [view.repeats for view in power_refinement(params)]
    assert repeats == sorted(set(repeats))
    assert repeats[-1] == REPEATS
    assert power_view(params).repeats == REPEATS
    assert list(power_refinement(params)) == []


def test_moving_the_marker_counts_nothing(monkeypatch):
    params = PowerParams(departure="uniform", num_samples=30, seed=8)
    before = power_view(params)

    def refuse(*_):
        raise AssertionError("counted again")

    monkeypatch.setattr(power, "rates_by_test", refuse)
    after = power_view(params.changed(strength=0.9))
    assert (after.rates == before.rates).all()
    assert after.strength == 0.9
    assert not np.array_equal(after.density, before.density)


def test_the_same_seed_draws_the_same_samples_and_strength_zero_is_gaussian():
    for departure in DEPARTURES:
        samples = draw(departure, 20, 3, seed=5)
        assert torch.equal(samples, draw(departure, 20, 3, seed=5))
        assert torch.allclose(samples[0], sample_1d_batch("gaussian", 20, 3, seed=5), atol=1e-6)
    counts = [power.Count("shift", 20, seed) for seed in (0, 0, 1)]
    for count in counts:
        count.add(20_000)
    assert (counts[0].rejected == counts[1].rejected).all()
    assert not (counts[0].rejected == counts[2].rejected).all()


def test_blocks_are_fresh_samples_and_end_at_the_last_repeat():
    count = power.Count("shift", 20, 0)
    count.add(22_000)
    first = count.rejected.copy()
    count.add(22_000)
    assert not (count.rejected - first == first).all()
    for _ in range(30):
        if count.repeats < REPEATS:
            count.add(200_000)
    assert count.repeats == REPEATS


def test_intervals_cover_the_share_and_shrink_with_repeats():
    rates = np.array([0.0, 0.05, 0.5, 1.0])
    for repeats in (10, 1000):
        lower, upper = interval(rates, repeats)
        assert (lower <= rates + 1e-12).all()
        assert (upper >= rates - 1e-12).all()
    # Wilson's interval for 5 of 100, from the textbook formula
    lower, upper = interval(np.array([0.05]), 100)
    assert (lower[0], upper[0]) == pytest.approx((0.02154, 0.11175), abs=1e-4)
    assert interval(rates, 1000)[1][2] < interval(rates, 10)[1][2]


def test_values_here_are_read_off_the_curves():
    view = refined(departure="shift", num_samples=100, strength=float(STRENGTHS[5]))
    assert view.here == pytest.approx(view.rates[:, 5])
    assert f"Epps–Pulley {100 * view.here[0]:.0f} %" in view.readout


def test_each_departure_is_said_in_its_own_units():
    assert departure_in_words("shift", 0.3) == "mean 0.30, std 1"
    assert departure_in_words("narrower", 1.0) == "mean 0, std 0.20"
    assert "freedom" in departure_in_words("student_t", 0.5)
    for departure in DEPARTURES:
        for strength in (0.0, 1.0):
            assert np.isfinite(power_view(
                PowerParams(departure=departure, strength=strength, num_samples=20)
            ).density).all()  # fmt: skip
