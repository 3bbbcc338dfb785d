"""One stream a seed: nested, uniform, and nobody else's generator."""

import numpy as np
import pytest
import torch
from scipy import stats

from sigreg_edu.data import digit_views, load_digits, planted_cloud, sample_1d, sample_cloud
from sigreg_edu.data.noise import normal_scores, uniforms


@pytest.mark.parametrize("num_rows", [1, 2, 15, 16, 17, 999])
@pytest.mark.parametrize("num_columns", [1, 5])
def test_a_longer_draw_begins_with_the_shorter_one(num_rows, num_columns):
    long, short = uniforms(1000, num_columns, seed=4), uniforms(num_rows, num_columns, seed=4)
    assert np.array_equal(long[:num_rows], short)


def test_uniforms_are_uniform_and_scores_normal():
    assert stats.kstest(uniforms(20_000, 1, seed=0)[:, 0], "uniform").pvalue > 1e-3
    assert stats.kstest(normal_scores(20_000, 1, seed=1)[:, 0], "norm").pvalue > 1e-3


def test_scores_are_finite_and_seeds_differ():
    assert np.isfinite(normal_scores(100_000, 1, seed=0)).all()
    assert not np.array_equal(uniforms(10, 1, seed=0), uniforms(10, 1, seed=1))


def test_no_global_generator_is_read_or_moved(generators_stay):
    def draw():
        views = digit_views(load_digits().images[:3], generator=torch.Generator().manual_seed(0))
        return [sample_1d("laplace", 9), sample_cloud("ring", 9), planted_cloud(4, 9), views]

    torch.manual_seed(1)
    with generators_stay():
        first = draw()
    torch.manual_seed(2)
    assert all(torch.equal(a, b) for a, b in zip(first, draw(), strict=True))
