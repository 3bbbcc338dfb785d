"""The digits' shadows against independent computations, and the claims made about them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from sigreg_edu.data import digit_features
from sigreg_edu.statistics import EppsPulleyTest
from sigreg_edu.views import diaconis_freedman
from sigreg_edu.views.diaconis_freedman import (
    COARSE,
    NUM_DIRECTIONS,
    DiaconisFreedmanParams,
    diaconis_freedman_view,
    features,
    mixing_directions,
    refine_diaconis_freedman,
    standardized,
)
from sigreg_edu.views.kept import Kept


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch):
    monkeypatch.setattr(diaconis_freedman, "_many", Kept(4))


def finest(**changes):
    params = DiaconisFreedmanParams(**changes)
    return [diaconis_freedman_view(params), *refine_diaconis_freedman(params)][-1]


def medians(**changes) -> float:
    params = DiaconisFreedmanParams(**changes)
    return float(np.median(diaconis_freedman._statistics(params, NUM_DIRECTIONS)))


def test_the_statistic_is_that_of_the_standardized_shadow():
    view = finest(features="whitened", mixed=9, which=4)
    shadow = features("whitened").double() @ mixing_directions(9, 0)[:, 4].double()
    test = EppsPulleyTest(17, t_max=5.0, standardize=True)
    assert view.statistic == pytest.approx(float(test(shadow)), rel=1e-3)
    kurtosis = stats.kurtosis(shadow.numpy())  # divides by N, the standard deviation by N - 1
    assert f"excess kurtosis {(kurtosis + 3.0) * (1796 / 1797) ** 2 - 3.0:.2f}" in view.readout


@pytest.mark.parametrize("mixed", [1, 2, 61])
def test_directions_mix_so_many_features_and_have_length_1(mixed):
    directions = mixing_directions(mixed, 3)
    assert ((directions != 0.0).sum(dim=0) == mixed).all()
    assert torch.allclose(directions.norm(dim=0), torch.ones(NUM_DIRECTIONS))


def test_one_more_feature_leaves_the_others_weights_in_proportion():
    few, more = mixing_directions(5, 0), mixing_directions(6, 0)
    kept = few[:, 0] != 0.0
    ratio = more[kept, 0] / few[kept, 0]
    assert torch.allclose(ratio, ratio[0].expand(5))


def test_a_constant_shadow_becomes_0_and_not_nan():
    assert (standardized(torch.ones(1, 50)) == 0.0).all()


def test_equal_length_is_what_it_says():
    assert torch.allclose(features("equal_length").norm(dim=1), torch.tensor(61.0**0.5))


def test_features_are_the_digits_in_another_order():
    mine, theirs = features("standardized"), digit_features("standardized")
    assert torch.allclose(mine.sum(dim=1).sort().values, theirs.sum(dim=1).sort().values)


@pytest.mark.parametrize("kind", ["standardized", "whitened"])
def test_the_weights_of_the_pixels_make_the_shadow(kind):
    """The picture in panel 1, applied to standardized pixels, is the shadow in panel 2."""
    view = finest(features=kind, mixed=61, which=2)
    weights = torch.from_numpy(view.pattern.ravel()[diaconis_freedman._kept_pixels()])
    by_pixels = features("standardized").double() @ weights
    shadow = features(kind).double() @ mixing_directions(61, 0)[:, 2].double()
    assert float(torch.corrcoef(torch.stack([by_pixels, shadow]))[0, 1]) == pytest.approx(
        1.0, abs=1e-5
    )


def test_mixing_brings_the_shadows_of_pixels_nearer_to_a_gaussian_but_not_there():
    single, some, all_ = (medians(mixed=k) for k in (1, 8, 61))
    assert single > 3.0 * some > 4.0 * all_
    assert all_ > 5.0  # of Gaussian samples 95 in 100 stay below 0.96


def test_nearly_all_shadows_of_whitened_digits_exceed_what_gaussian_samples_do():
    params = DiaconisFreedmanParams(features="whitened", mixed=61)
    statistics = diaconis_freedman._statistics(params, NUM_DIRECTIONS)
    assert (statistics > 0.96).mean() > 0.95


def test_equal_lengths_take_most_of_it_away_and_so_do_few_images():
    whitened = medians(features="whitened", mixed=61)
    assert medians(features="equal_length", mixed=61) < 0.2 * whitened
    assert medians(features="whitened", mixed=61, num_images=97) < 0.2 * whitened


def test_the_first_look_holds_the_first_directions_of_the_fine_one():
    params = DiaconisFreedmanParams(mixed=20)
    coarse = diaconis_freedman._statistics(params, COARSE)
    fine = diaconis_freedman._statistics(params, NUM_DIRECTIONS)
    assert coarse == pytest.approx(fine[:COARSE], rel=1e-4, abs=1e-4)
    assert list(refine_diaconis_freedman(params))
    assert not list(refine_diaconis_freedman(params))


def test_shares_add_up_to_one():
    view = finest()
    for shares in (view.singles, view.mixtures):
        assert shares.sum() == pytest.approx(1.0)
    assert view.null.sum() == pytest.approx(1.0, abs=0.01)  # the rest is below the first edge
