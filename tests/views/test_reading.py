"""The mean of T is what the formula says, part by part, and so is the toy's objective."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sigreg_edu.losses import LeJEPALoss, invariance
from sigreg_edu.statistics import (
    epps_pulley_quadrature,
    null_distribution,
    quadrature_rule,
    standard_normal_cf,
)
from sigreg_edu.views.reading import (
    BIN_EDGES,
    FEWEST,
    MOST,
    SCALES,
    VIEW_NOISE,
    ReadingParams,
    amount,
    best_statistic,
    expected_parts,
    measured_statistics,
    reading_view,
    toy_curve,
)

LAWS = [(0.0, 1.0), (0.0, 0.5), (0.7, 1.0), (1.5, 0.2), (0.3, 1.8)]


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("t_max", [1.0, 3.0, 6.0])
@pytest.mark.parametrize(("mean", "std"), LAWS)
def test_the_two_parts_add_up_to_the_mean_of_the_librarys_statistic(mean, std, t_max):
    N, repeats = 32, 20_000
    T = epps_pulley_quadrature(mean + std * noise(repeats, N), t_max=t_max)
    distance, added = expected_parts(mean, std, t_max=t_max)
    standard_error = float(T.std()) / np.sqrt(repeats)
    assert float(T.mean()) == pytest.approx(N * distance + added, abs=4 * standard_error)


@pytest.mark.parametrize(("mean", "std"), LAWS)
def test_the_parts_are_the_integrals_they_claim_to_be(mean, std):
    t, weights = quadrature_rule(t_max=6.0)
    cf = torch.exp(1j * mean * t - 0.5 * (std * t) ** 2)
    distance, added = expected_parts(mean, std, t_max=6.0)
    assert distance == pytest.approx(
        float(weights @ (cf - standard_normal_cf(t)).abs() ** 2), abs=1e-12
    )
    assert added == pytest.approx(float(weights @ (1 - cf.abs() ** 2)), abs=1e-12)


def test_the_floor_is_the_mean_of_the_null_law():
    for t_max, floor in ((1.0, 0.3846), (3.0, 1.0525)):
        distance, added = expected_parts(0.0, 1.0, t_max=t_max)
        assert distance == pytest.approx(0.0, abs=1e-15)
        assert added == pytest.approx(null_distribution(t_max=t_max).mean, rel=1e-9)
        assert added == pytest.approx(floor, abs=1e-4)


def test_a_collapsed_shadow_scores_a_share_of_n_and_batches_add_nothing():
    assert expected_parts(0.0, 0.0) == pytest.approx((0.40205, 0.0), abs=1e-5)


def test_without_the_factor_n_what_batches_add_is_the_bias_of_theorem_6():
    view = reading_view(ReadingParams(factor_n=False, batch=64))
    distance, added = expected_parts(0.0, view.std)
    assert view.evidence == pytest.approx(np.full(view.sizes.size, distance))
    assert view.added == pytest.approx(added / view.sizes)
    assert view.expected == pytest.approx(distance + added / 64)


def test_the_switch_divides_everything_by_n():
    for batch in (FEWEST, 256):
        with_n, without = (
            reading_view(ReadingParams(batch=batch, factor_n=f)) for f in (True, False)
        )
        for name in ("expected", "measured", "statistics", "quantile_95", "best", "edges"):
            assert getattr(with_n, name) == pytest.approx(batch * getattr(without, name))
        assert without.floor * without.sizes == pytest.approx(with_n.floor)
        assert (with_n.shares == without.shares).all()


@pytest.mark.parametrize("batch", [FEWEST, 256, MOST])
def test_the_measured_batches_are_the_librarys_statistic_and_scatter_about_the_formula(batch):
    params = ReadingParams(batch=batch, std=1.3, mean=0.2)
    T = measured_statistics(params)
    view = reading_view(params)
    assert view.measured == pytest.approx(T.mean())
    # four standard errors: 200 batches or fewer, 16 at N = 4096
    assert view.measured == pytest.approx(view.expected, abs=4 * T.std() / np.sqrt(T.size))
    assert view.shares.sum() == pytest.approx(1.0)


def test_moving_a_slider_keeps_the_noise():
    at, wider = (measured_statistics(ReadingParams(std=s)) for s in (1.0, 1.0001))
    assert at == pytest.approx(wider, abs=0.02)
    assert not np.allclose(at, measured_statistics(ReadingParams(std=1.0, seed=9)), atol=0.02)


def test_evenly_spaced_quantiles_pass_below_what_any_batch_of_n01_reaches():
    for batch in (16, 256):
        best = best_statistic(batch)
        quantiles = np.sqrt(2) * torch.erfinv(
            2 * (torch.arange(batch, dtype=torch.float64) + 0.5) / batch - 1
        )
        assert best == pytest.approx(float(epps_pulley_quadrature(quantiles)), rel=1e-6)
        assert float(null_distribution().cdf(best)) < 1e-5
    assert best_statistic(MOST) < best_statistic(256) < best_statistic(16) < 0.005


def test_the_null_shares_are_those_of_the_null_law():
    view = reading_view(ReadingParams())
    beyond = view.edges[:-1] > view.quantile_95
    share = float(null_distribution().sf(view.edges[:-1][beyond][0]))
    assert view.null_shares[beyond].sum() == pytest.approx(share, abs=1e-6)
    assert share < 0.05
    assert view.null_shares.sum() == pytest.approx(1.0, abs=1e-3)
    assert (view.edges == BIN_EDGES).all()


def test_the_toys_objective_is_the_mean_of_lejepas_loss():
    params, N, repeats, s = ReadingParams(log_lambda=-1.0), 64, 4000, 0.8
    shared = (1 - VIEW_NOISE**2) ** 0.5 * noise(1, repeats, N, 1, seed=1)
    z = s * (shared + VIEW_NOISE * noise(2, repeats, N, 1, seed=2))  # (V, R, N, 1)
    T = epps_pulley_quadrature(z[..., 0]).mean(0)  # (R,)
    agreement = (z - z.mean(0)).square().mean()
    assert float(agreement) == pytest.approx(s**2 * VIEW_NOISE**2 / 2, rel=0.02)
    one = z[:, 0]  # the library's own terms on one batch, a single slice in one dimension
    loss = LeJEPALoss(lamb=params.lamb, num_slices=1)(one, directions=torch.ones(1, 1).double())
    by_hand = (1 - params.lamb) * invariance(one) + params.lamb * T[0]
    assert float(loss["loss"]) == pytest.approx(float(by_hand), rel=1e-6)
    mean = (1 - params.lamb) * float(agreement) + params.lamb * float(T.mean())
    distance, added = expected_parts(np.zeros_like(SCALES), SCALES)
    largest = (
        (1 - params.lamb) * SCALES**2 * VIEW_NOISE**2 / 2 + params.lamb * (N * distance + added)
    ).max()
    here = np.interp(s, SCALES, toy_curve(params, N).loss) * largest
    assert here == pytest.approx(mean, rel=0.02)  # 4,000 batches scatter by about 1 %


def test_too_small_a_weight_collapses_the_toy_and_the_factor_n_saves_it():
    def best(batch, **changes):
        return toy_curve(ReadingParams(**changes), batch).best_scale

    assert best(256, log_lambda=-5.0) == 0.0
    assert best(256, log_lambda=-4.0) == 0.0
    assert 0.5 < best(1024, log_lambda=-4.0) < 0.7 < best(MOST, log_lambda=-4.0)
    by_weight = [best(256, log_lambda=x) for x in (-3.0, -2.0, -1.0)]
    assert by_weight == sorted(by_weight)
    # without the factor λ must exceed about η²/2 / ∫ t² (1 - e^{-t²/2}) w dt = 0.028, whatever N
    for batch in (256, MOST):
        assert best(batch, log_lambda=-1.7, factor_n=False) == 0.0
        assert 0.35 < best(batch, log_lambda=-1.3, factor_n=False) < 0.45


def test_small_batches_shrink_the_toy_even_without_invariance():
    distance, added = expected_parts(np.zeros_like(SCALES), SCALES)
    smallest, larger = (SCALES[(N * distance + added).argmin()] for N in (FEWEST, 256))
    assert smallest == pytest.approx(0.935, abs=0.006)
    assert larger == pytest.approx(0.995, abs=0.006)


def test_the_readout_tells_the_same_numbers():
    view = reading_view(ReadingParams())
    assert f"has T = {amount(view.statistics[0])}" in view.readout
    assert f"The mean is {amount(view.expected)} = " in view.readout
    assert "settles at s = 0.99" in view.readout
    assert "collapses: s = 0" in reading_view(ReadingParams(log_lambda=-5.0)).readout


def test_three_laws_share_one_number():
    for changes in ({}, {"std": 0.945, "batch": 4096}, {"std": 0.0, "mean": 0.25, "batch": 16}):
        assert reading_view(ReadingParams(**changes)).expected == pytest.approx(7.3, abs=0.12)
