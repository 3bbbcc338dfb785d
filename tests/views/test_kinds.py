"""Each kind of collapse is made as said, and the meters see or miss what the notebook claims."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from sigreg_edu.data import digit_features
from sigreg_edu.losses import SIGReg
from sigreg_edu.slicing import sliced_epps_pulley_textbook, uniform_directions
from sigreg_edu.training import effective_rank, knn_accuracy
from sigreg_edu.views.kinds import (
    CHANCE,
    DIM,
    METERS,
    NUM_RANDOM,
    KindsParams,
    broken,
    diagnose,
    healthy,
    kinds_view,
    mean_cosine,
    mixing,
    nearest_neighbours,
)


def view_of(**changes):
    return kinds_view(KindsParams(**changes))


def objecting(**changes) -> set[str]:
    return {name for name, reading in view_of(**changes).readings.items() if reading.objects}


def test_the_healthy_embedding_is_healthy():
    z, labels, is_test = healthy()
    assert z.shape == (1000, DIM)
    assert 200 < int(is_test.sum()) < 300
    assert z.std(dim=0).numpy() == pytest.approx(np.ones(DIM), abs=0.03)
    assert float(effective_rank(z)) == pytest.approx(DIM, abs=0.02)
    assert knn_accuracy(z[~is_test], labels[~is_test], z[is_test], labels[is_test]) > 0.93
    assert torch.isin(z.float(), digit_features("whitened")[:, :DIM]).all()
    for mixed in (False, True):
        view = view_of(mixed=mixed)
        assert (view.kinds, objecting(mixed=mixed)) == ((), set())
        assert view.readout.startswith("Healthy by every rule. No meter objects.")


def test_mixing_is_a_rotation_that_gives_each_axis_an_equal_share():
    rotation = mixing()
    assert (rotation @ rotation.T).numpy() == pytest.approx(np.eye(DIM), abs=1e-12)
    assert (rotation.abs() == 0.25).all()


def test_the_sliders_do_what_they_say():
    z = healthy()[0]
    flat = broken(KindsParams(scale=0.5, kept=4, rest=0.1, shift=2.0, mixed=False))
    assert flat[:, 1:4].numpy() == pytest.approx(0.5 * z[:, 1:4].numpy())
    assert flat[:, 4:].numpy() == pytest.approx(0.05 * z[:, 4:].numpy())
    assert flat[:, 0].numpy() == pytest.approx(0.5 * z[:, 0].numpy() + 2.0)
    mixed = broken(KindsParams(scale=0.5, kept=4, rest=0.1, shift=2.0))
    assert mixed.numpy() == pytest.approx((flat @ mixing()).numpy())


def test_constant_collapse_is_seen_by_all_that_are_defined():
    assert objecting(scale=0.0, shift=2.0) == set(METERS)
    view = view_of(scale=0.0)
    assert view.readings["cosine"].text == "undefined"
    assert np.isnan(view.readings["cosine"].low)
    assert view.readings["rank"].low == 0.0
    assert view.readings["knn"].low == CHANCE
    assert view.readings["sigreg"].low == pytest.approx(0.40205 * 1000, rel=1e-4)
    assert view.kinds == ("constant",)


def test_rank_knn_cosine_and_standardized_shadows_miss_scale_collapse():
    assert objecting(scale=0.05) == {"std", "sigreg"}
    assert view_of(scale=0.05).kinds == ("scale",)
    assert view_of(scale=2.0).kinds == ("inflated",)
    before, after = view_of().readings, view_of(scale=0.05).readings
    for name in ("rank", "knn", "cosine", "standardized"):
        assert after[name].low == pytest.approx(before[name].low, rel=1e-3, abs=1e-4), name


def test_rank_knn_and_standardized_shadows_miss_a_shift():
    assert objecting(shift=2.0) == {"mean", "sigreg"}
    assert view_of(shift=2.0).kinds == ("shifted",)
    before, after = view_of().readings, view_of(shift=2.0).readings
    for name in ("std", "rank", "knn", "standardized"):
        assert after[name].low == pytest.approx(before[name].low, rel=1e-3), name


def test_the_axes_miss_dimensional_collapse_once_they_are_mixed():
    assert objecting(kept=8) == {"rank", "sigreg"}
    assert objecting(kept=8, mixed=False) == {"std", "rank", "sigreg"}
    view = view_of(kept=8)
    assert view.axis_std == pytest.approx(np.full(DIM, 0.5**0.5), abs=0.03)
    assert view.principal_std[8:] == pytest.approx(np.zeros(8), abs=1e-6)
    assert view.readings["rank"].low == pytest.approx(8.0, abs=0.02)
    assert view.kinds == ("dimensional",)


def test_standardized_shadows_hardly_change_with_the_rank():
    values = [view_of(kept=k).readings["standardized"].low for k in (16, 8, 4, 1)]
    plain = [view_of(kept=k).readings["sigreg"].low for k in (16, 8, 4, 1)]
    assert max(values) < 8.0
    assert plain == sorted(plain)
    assert plain[-1] > 300.0


@pytest.mark.parametrize("changes", [{}, {"kept": 3}, {"scale": 0.4, "shift": 1.0}])
def test_t_is_that_of_the_library(changes):
    view = view_of(**changes)
    z = broken(KindsParams(**changes))
    directions = uniform_directions(DIM, NUM_RANDOM, seed=0, dtype=torch.float64)
    for standardized, name in ((False, "sigreg"), (True, "standardized")):
        loss = SIGReg(NUM_RANDOM, standardize=standardized)
        expected = float(loss(z, directions=directions))
        assert view.readings[name].low == pytest.approx(expected, rel=1e-4)
    every = torch.cat([directions, torch.eye(DIM, dtype=torch.float64)], dim=1)
    statistics = sliced_epps_pulley_textbook(z, every)
    assert view.worst_statistic == pytest.approx(float(statistics.max()), rel=1e-4)


def test_the_worst_shadow_of_a_dead_axis_is_that_axis():
    view = view_of(kept=8, mixed=False)
    assert view.worst == "axis 9"
    assert view.shadow.heights.max() * (view.shadow.edges[1] - view.shadow.edges[0]) == 1.0


def test_standardized_shadow_has_mean_zero_and_std_one():
    view = view_of(scale=0.05, shift=1.0, standardized=True)
    middle = (view.shadow.edges[1:] + view.shadow.edges[:-1]) / 2
    shares = view.shadow.heights / view.shadow.heights.sum()
    assert middle @ shares == pytest.approx(0.0, abs=0.05)
    assert (middle**2) @ shares == pytest.approx(1.0, abs=0.1)


def test_mean_cosine_is_the_mean_over_pairs():
    z = broken(KindsParams(shift=1.0))[:60]
    pairs = [float(torch.cosine_similarity(a, b, dim=0)) for a, b in itertools.combinations(z, 2)]
    assert mean_cosine(z) == pytest.approx(np.mean(pairs), abs=1e-9)


def test_neighbours_keep_through_scale_shift_and_rotation():
    before = nearest_neighbours(broken(KindsParams(mixed=False)))
    for changes in ({"scale": 0.01}, {"shift": 3.0}, {"mixed": True}):
        params = KindsParams(**{"mixed": False, **changes})
        # rounding may turn a tie of distances, one test digit in 238
        assert nearest_neighbours(broken(params)) == pytest.approx(before, abs=0.005)


def test_diagnosis_follows_its_rules():
    assert diagnose(1.0, 15.0, 0.0) == ()
    assert diagnose(0.49, 15.0, 0.0) == ("scale",)
    assert diagnose(1.51, 15.0, 0.51) == ("inflated", "shifted")
    assert diagnose(1.0, 11.4, 0.0) == ("dimensional",)
    assert diagnose(0.0, 0.0, 0.6) == ("constant", "shifted")


def test_a_case_between_the_rules_is_told_as_such():
    view = view_of(kept=8, rest=0.2)  # effective rank 12.5, and T far from Gaussian
    assert view.kinds == ()
    assert view.readout.startswith("No rule names a kind of collapse, yet not all is well.")


def test_words_name_every_kind():
    view = view_of(scale=0.05, kept=4, shift=2.0)
    assert view.readout.startswith(
        "Diagnosis: scale collapse, dimensional collapse and a shifted mean."
    )
    assert "Of 7 meters std of each axis, effective rank, length of the mean" in view.readout
    assert "samples of N(0, 1) have 1.05" in view.readout


def test_what_changes_nothing_is_idle():
    assert KindsParams().idle() == {"rest"}
    assert KindsParams(kept=4, rest=1.0).idle() == {"kept"}
    assert KindsParams(kept=4).idle() == frozenset()
    assert KindsParams(scale=0.0).idle() == {"kept", "rest", "mixed"}
    assert KindsParams(scale=0.0, shift=1.0).idle() == {"kept", "rest"}
