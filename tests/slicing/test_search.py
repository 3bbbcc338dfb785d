"""The search for the worst direction finds what is planted, and is not believed on what it saw."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from sigreg_edu.data import digit_features, planted_cloud
from sigreg_edu.slicing import (
    find_worst_directions,
    search,
    sliced_epps_pulley,
    uniform_directions,
    worst_direction_test,
    worst_direction_tests,
)
from sigreg_edu.statistics import p_value


def turned(z, seed):
    """The same cloud in axes that know nothing of what was planted; and where that is now."""
    generator = torch.Generator().manual_seed(1000 + seed)
    turn = torch.linalg.qr(torch.randn(z.shape[1], z.shape[1], generator=generator)).Q
    return z @ turn, turn[0]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("dim", [32, 48])
def test_it_finds_a_planted_direction_in_whatever_axes(dim, seed):
    z, planted = turned(planted_cloud(dim, 4096, kind="bimodal", strength=1.0, seed=seed), seed)
    found = worst_direction_test(z, seed=seed)
    assert (found.direction @ planted).abs() > 0.97
    assert found.p_value < 1e-6
    assert found.num_tested == 2048


def test_it_finds_a_faint_one_more_often_than_not():
    # Its T in the searched half, 28, is hardly above the 31 to 35 that a search finds in noise.
    hits = []
    for seed in range(6):
        z, planted = turned(planted_cloud(32, 4096, kind="bimodal", seed=seed), seed)
        hits.append((worst_direction_test(z, seed=seed).direction @ planted).abs() > 0.9)
    assert sum(hits) >= 4


def test_two_heaps_and_tails_are_seen_in_squares(generator):
    z = torch.randn(3000, 20, generator=generator)
    z[:, 3] = z[:, 3].sign()
    z[:, 7] = z[:, 7].pow(3) / 15**0.5
    rotated, _ = turned(z, 0)
    turn = torch.linalg.lstsq(z, rotated).solution
    starts = search._extremes_of_squares(rotated)
    torch.testing.assert_close(starts.norm(dim=0), torch.ones(starts.shape[1]))
    assert (turn[3] @ starts).abs().max() > 0.97
    assert (turn[7] @ starts).abs().max() > 0.97


def test_too_few_points_or_too_many_dimensions_have_no_squares_to_go_by():
    assert search._extremes_of_squares(torch.zeros(50, 12)).shape == (12, 0)
    assert search._extremes_of_squares(torch.zeros(5000, 49)).shape == (49, 0)


def test_a_mean_over_4096_slices_does_not_see_what_the_search_finds():
    z = planted_cloud(32, 4096, kind="bimodal", strength=1.0, seed=3)
    mean = sliced_epps_pulley(z, uniform_directions(32, 4096, seed=0)).mean().item()
    assert mean < 1.3  # samples of N(0, I) have 1.05; see the next test for their spread
    assert worst_direction_test(z, seed=0).p_value < 1e-6


def test_the_mean_over_4096_slices_lies_among_those_of_gaussian_samples():
    directions = uniform_directions(32, 4096, seed=0)
    generator = torch.Generator().manual_seed(0)
    samples = torch.randn(40, 4096, 32, generator=generator)
    of_noise = [sliced_epps_pulley(z, directions).mean().item() for z in samples]
    cloud = planted_cloud(32, 4096, kind="bimodal", strength=1.0, seed=3)
    planted = sliced_epps_pulley(cloud, directions).mean().item()
    assert planted < np.quantile(of_noise, 0.95)


def test_split_p_values_of_noise_are_uniform():
    generator = torch.Generator().manual_seed(1)
    found = [
        worst_direction_test(
            torch.randn(200, 8, generator=generator), num_starts=16, num_steps=20, seed=seed
        ).p_value
        for seed in range(200)
    ]
    assert stats.kstest(found, "uniform").pvalue > 0.01


def test_noise_in_many_dimensions_fools_who_tests_what_was_searched():
    z = torch.randn(1000, 256, generator=torch.Generator().manual_seed(0))
    found = worst_direction_test(z, num_starts=64, num_steps=60)
    assert p_value(found.searched_statistic) < 1e-6
    assert found.p_value > 0.01
    assert found.effect < 0.02


def test_directions_are_unit_vectors_and_their_statistics_fall(generator):
    z = torch.randn(300, 5, generator=generator)
    directions, heights = find_worst_directions(z, num_starts=40, num_steps=30)
    torch.testing.assert_close(directions.norm(dim=0), torch.ones(directions.shape[1]))
    assert (heights.diff() <= 0).all()
    torch.testing.assert_close(heights, sliced_epps_pulley(z, directions))


def test_climbing_only_leads_up(generator):
    z = torch.randn(300, 5, generator=generator)
    start = sliced_epps_pulley(z, search._starts(z, 40, 0)).max()
    heights = [find_worst_directions(z, num_starts=40, num_steps=n)[1][0] for n in (1, 5, 40)]
    assert start <= heights[0] <= heights[1] <= heights[2]


def test_a_shrunk_cloud_is_rejected_with_a_large_effect(generator):
    found = worst_direction_test(0.1 * torch.randn(500, 6, generator=generator), num_starts=8)
    assert found.p_value < 1e-6
    assert found.effect > 0.2


def test_neither_place_nor_width_nor_tilt_count_for_shape_alone(generator):
    z = torch.randn(4000, 32, generator=generator)
    tilt = torch.randn(32, 32, generator=generator) @ torch.diag(torch.logspace(0, -2, 32))
    found = worst_direction_test(z @ tilt + 7.0, shape_only=True, num_starts=64)
    assert found.p_value > 0.001
    assert abs(found.effect) < 0.003
    assert found.tested_shadow.std() == pytest.approx(1.0, abs=1e-3)


def test_split_p_values_of_tilted_noise_are_uniform_for_shape_alone():
    generator = torch.Generator().manual_seed(2)
    tilt = torch.diag(torch.tensor([3.0, 1.0, 0.2, 0.05]))
    options = {"shape_only": True, "num_starts": 16, "num_steps": 20}
    found = [
        worst_direction_test(torch.randn(60, 4, generator=generator) @ tilt, seed=seed, **options)
        for seed in range(200)
    ]
    assert stats.kstest([one.p_value for one in found], "uniform").pvalue > 0.01


def test_several_directions_are_found_one_after_the_other(generator):
    z = torch.randn(3000, 8, generator=generator)
    z[:, 1], z[:, 4] = z[:, 1].sign(), 0.9 * z[:, 4].abs().sub(0.67).sign() + 0.44 * z[:, 4]
    found = worst_direction_tests(z, 3, num_starts=64)
    assert found[0].direction[1].abs() > 0.99
    assert found[1].direction[4].abs() > 0.98
    assert [one.p_value < 0.001 for one in found] == [True, True, False]


def test_flat_axes_have_no_shape(generator):
    z = torch.zeros(100, 5)
    z[:, 2] = torch.randn(100, generator=generator)
    assert len(worst_direction_tests(z, 3, shape_only=True)) == 1
    with pytest.raises(ValueError, match="same point"):
        worst_direction_test(torch.ones(10, 3), shape_only=True)


@pytest.mark.parametrize("threads", [1, 2])
def test_many_equal_eigenvalues_stop_nothing(threads):
    # In float32 LAPACK's divide and conquer fails for just this cloud, with two threads.
    z = digit_features("whitened")[:, :16] * (torch.arange(16) < 8)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        found = worst_direction_tests(z, 2)
    finally:
        torch.set_num_threads(before)
    assert all(one.direction[8:].norm() > 0.99 for one in found)


def test_eigenvectors_of_degenerate_matrices_are_right(generator):
    halves = torch.randn(3, 60, 60, generator=generator)
    halves[:, :40] = halves[:, :, :40] = 0.0  # most eigenvalues are 0
    matrices = halves + halves.mT
    values, vectors = search._eigen(matrices)
    again = vectors @ values.diag_embed() @ vectors.mT
    torch.testing.assert_close(again, matrices, rtol=0, atol=1e-4)
    assert (values.diff(dim=-1) >= 0).all()


def test_a_point_is_bad_along_every_direction():
    found = worst_direction_tests(torch.zeros(100, 3), 2)
    # T / N of one point at 0 is 0.402; the null mean of 50 points is 1.05.
    assert [one.effect for one in found] == pytest.approx([0.402 - 1.0525 / 50] * 2, abs=1e-3)


@pytest.mark.usefixtures("global_generators_untouched")
def test_the_seed_alone_decides(generator):
    z = torch.randn(100, 4, generator=generator)
    one, same = (worst_direction_test(z, num_starts=8, num_steps=5, seed=2) for _ in range(2))
    assert torch.equal(one.direction, same.direction)
    assert one.p_value == same.p_value


@pytest.mark.parametrize(
    ("z", "error", "words"),
    [
        (torch.zeros(10), ValueError, r"N, D\)"),
        (torch.zeros(2, 10, 3), ValueError, r"\(N, D\)"),
        (torch.zeros(3, 2), ValueError, "at least 4"),
        (torch.zeros(10, 2, dtype=torch.int64), TypeError, "float"),
        (torch.full((10, 2), torch.nan), ValueError, "finite"),
    ],
)
def test_what_is_no_cloud_is_refused(z, error, words):
    with pytest.raises(error, match=words):
        worst_direction_test(z)


@pytest.mark.parametrize("options", [{"num_starts": 0}, {"num_steps": 0}, {"seed": -1}])
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        worst_direction_test(torch.zeros(10, 2), **options)
