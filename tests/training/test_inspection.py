"""Inspection: the kinds of collapse told apart by T / N, from tensors and from files."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import integrate

from sigreg_edu.data import open_embeddings
from sigreg_edu.slicing import sliced_epps_pulley
from sigreg_edu.training import effective_rank, gaussian_effect, inspect_embeddings
from sigreg_edu.training.inspection import count_heaps, inspection_steps, random_directions

DIM = 24


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def rank_1(count: int, seed: int) -> torch.Tensor:
    return noise(count, 1, seed=seed) @ noise(1, DIM, seed=9) + 0.01 * noise(count, DIM, seed=5)


def clusters(count: int, seed: int) -> torch.Tensor:
    centres = noise(6, DIM, seed=8)
    centres = centres - centres.mean(0)
    return centres[torch.arange(count) % 6] + 0.6 * noise(count, DIM, seed=seed)


MADE = {
    "healthy": lambda n, s: noise(n, DIM, seed=s),
    "scale": lambda n, s: 0.3 * noise(n, DIM, seed=s),
    "inflated": lambda n, s: 3.0 * noise(n, DIM, seed=s),
    "shifted": lambda n, s: noise(n, DIM, seed=s) + 0.3,
    "dimensional": rank_1,
    "clustered": clusters,
    "shape": lambda n, s: noise(n, DIM, seed=s).exp().sub(1.65).div(2.16),
    "constant": lambda n, s: torch.full((n, DIM), 0.7),
}


@pytest.mark.parametrize("count", [1500, 6000])
@pytest.mark.parametrize("kind", MADE)
def test_each_kind_is_named_first_whatever_the_number_of_rows(kind, count):
    found = inspect_embeddings(MADE[kind](count, 3))
    assert found.kinds[:1] == (() if kind == "healthy" else (kind,))


@pytest.mark.parametrize("kind", ["healthy", "scale", "shifted", "dimensional"])
def test_nothing_else_is_named(kind):
    assert len(inspect_embeddings(MADE[kind](4000, 4)).kinds) <= 1


@pytest.mark.parametrize(("count", "dim"), [(40, 40), (200, 40), (100, 300), (400, 500)])
def test_few_rows_of_noise_are_healthy(count, dim):
    # Axes that fit their own rows would be 0.3 to 1.7 wide, and a mean is long by chance.
    for seed in range(8):
        found = next(inspection_steps(noise(count, dim, seed=20 + seed)))
        assert found.kinds == found.remarks == ()


@pytest.mark.parametrize("length", [1.0, 10.0, 33.51, 67.02, 1000.0])
def test_a_far_mean_is_far_however_the_knots_alias(length):
    z = noise(2000, 8)
    z[:, 3] += length
    assert next(inspection_steps(z)).kinds == ("shifted",)
    assert next(inspection_steps(0.1 * z)).kinds == ("scale", "shifted")


def test_a_single_row_far_out_decides_nothing_and_is_told():
    z = noise(2000, 16)
    z[77, 5] = 1000.0
    found = next(inspection_steps(z))
    assert found.kinds == found.remarks == ()
    assert found.far == 1


def test_effects_do_not_grow_with_the_rows():
    few, many = (inspect_embeddings(clusters(n, 1)).effects for n in (1500, 12_000))
    for kind, effect in many.items():
        assert few[kind] == pytest.approx(effect, rel=0.25, abs=0.01)


def test_moments_are_those_of_the_rows_however_far_away():
    z = noise(3000, 5).double() * torch.tensor([1.0, 2.0, 0.5, 1.0, 1.0]) + 1e4
    found = inspect_embeddings(z)
    torch.testing.assert_close(found.mean, z.mean(0))
    torch.testing.assert_close(found.std, z.std(0))
    torch.testing.assert_close(found.axes, torch.linalg.svdvals(z - z.mean(0)) / 2999**0.5)
    assert found.effective_rank == pytest.approx(effective_rank(z).item(), rel=1e-6)


def test_the_statistic_is_that_of_all_rows_although_they_come_in_pieces(tmp_path):
    z = 1.2 * noise(70_000, 3)
    np.save(tmp_path / "z.npy", z.numpy())
    found = inspect_embeddings(open_embeddings(tmp_path / "z.npy"), seed=3)
    expected = sliced_epps_pulley(z, random_directions(3, 3))
    torch.testing.assert_close(found.statistics.float(), expected, rtol=1e-4, atol=1e-3)
    same = inspect_embeddings(z, seed=3)
    assert found.effects == same.effects
    assert len(found.rows) == 8192
    assert found.rows.unique(dim=0).shape == found.rows.shape


@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.0), (0.7, 0.4), (3.0, 2.0), (0.0, 0.0)])
def test_the_effect_of_a_gaussian_is_the_integral(mean, std):
    def gap(t):
        own = np.exp(1j * t * mean - t**2 * std**2 / 2)
        return abs(own - np.exp(-(t**2) / 2)) ** 2 * np.exp(-(t**2) / 2)

    exact = integrate.quad(gap, -3.0, 3.0)[0]
    found = gaussian_effect(torch.tensor(mean), torch.tensor(std)).item()
    assert found == pytest.approx(exact, rel=2e-3, abs=1e-9)  # 17 knots


def test_a_sample_of_that_gaussian_has_that_effect():
    z = 0.4 * noise(20_000, 1) + 0.7
    statistic = sliced_epps_pulley(z, torch.ones(1, 1)).item()
    expected = gaussian_effect(torch.tensor(0.7), torch.tensor(0.4)).item()
    assert statistic / 20_000 == pytest.approx(expected, rel=0.03)


def test_the_p_value_of_noise_is_not_small_and_that_of_a_departure_is_the_smallest():
    ps = [inspect_embeddings(noise(300, 4, seed=s)).p_value for s in range(12)]
    assert min(ps) > 0.005
    assert 0.2 < np.mean(ps) < 0.8
    assert next(inspection_steps(1.3 * noise(300, 4))).p_value == 0.005


@pytest.mark.parametrize("count", [200, 2000])
def test_heaps_are_counted_and_tails_and_plateaus_are_none(count):
    x = noise(count)
    heap = torch.arange(count) % 10
    assert count_heaps(x) == 1
    assert count_heaps(torch.linspace(0.0, 1.0, count)) == 1
    assert count_heaps(x / noise(count, 3, seed=1).square().mean(1).sqrt()) == 1  # Student's t
    assert count_heaps(0.3 * x + 3.0 * (heap == 0)) == 2
    assert count_heaps(0.3 * x + 2.0 * (heap % 3)) == 3


def test_rows_that_are_the_same_are_counted_once():
    z = noise(6, 4)[torch.arange(60) % 6]
    assert inspect_embeddings(z).distinct == 6


def test_few_rows_are_not_searched():
    found = inspect_embeddings(noise(4, 3))
    assert found.worst == found.shapes == ()
    assert np.isfinite(list(found.effects.values())).all()


def test_one_point_is_searched_as_it_is_but_has_no_shape():
    found = inspect_embeddings(torch.zeros(50, 3))
    assert found.kinds == ("constant",)
    assert found.effective_rank == 0.0
    assert len(found.worst) == 3
    assert found.shapes == ()


@pytest.mark.usefixtures("global_generators_untouched")
def test_the_seed_alone_decides():
    z = clusters(300, 1)
    one, same = (inspect_embeddings(z, seed=2) for _ in range(2))
    assert one.effects == same.effects
    assert [w.p_value for w in one.worst] == [w.p_value for w in same.worst]


@pytest.mark.parametrize(
    ("z", "error", "words"),
    [
        (torch.zeros(4), ValueError, r"N, D\)"),
        (torch.zeros(1, 4), ValueError, "at least 2"),
        (torch.full((5, 2), torch.inf), ValueError, "finite"),
        (torch.zeros(5, 2, dtype=torch.int64), TypeError, "float"),
        ([[0.0]], TypeError, "tensor"),
    ],
)
def test_what_are_no_embeddings_is_refused(z, error, words):
    with pytest.raises(error, match=words):
        inspect_embeddings(z)


def test_a_file_with_a_hole_says_where(tmp_path):
    z = np.zeros((10, 2), dtype=np.float32)
    z[7, 1] = np.nan
    np.save(tmp_path / "z.npy", z)
    with pytest.raises(ValueError, match="row 7, column 1"):
        inspect_embeddings(open_embeddings(tmp_path / "z.npy"))
