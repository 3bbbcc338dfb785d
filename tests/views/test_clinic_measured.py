"""Measured patients: each shows what it says, by its own numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sigreg_edu.losses.timing import cloud, forms, forward_and_backward, peak_bytes
from sigreg_edu.views.clinic_measured import (
    DEAD_ROWS,
    LABELS,
    LEVELS,
    ClinicMeasuredParams,
    clinic_measured_view,
    reading,
)


@pytest.mark.parametrize("name", LABELS)
def test_a_reading_is_whole_finite_and_told(name):
    found = reading(name)
    count = len(found.x)
    assert count <= LEVELS
    assert found.ill.shape == found.cured.shape == (count,)
    assert len(found.marks) == count
    assert len(found.notes) in (0, count)
    assert np.isfinite([found.ill, found.cured]).all()
    assert (np.diff(found.x) > 0).all() or name == "standardized"
    for level in (0, LEVELS - 1):
        view = clinic_measured_view(ClinicMeasuredParams(case=name, level=level))
        name_of_it = found.setting.partition(",")[0][1:]
        assert view.readout[1:].startswith(f"{name_of_it} = {found.marks[view.now]}")
        assert found.complaint in view.readout
        assert found.why in view.readout


def test_counted_memory_is_what_is_measured():
    found = reading("memory")
    z, directions = cloud(512, 64, int(found.x[1]))
    for form, line in (("textbook", found.ill), ("fast", found.cured)):
        measured = peak_bytes(forward_and_backward(forms(directions)[form], z))
        assert line[1] == pytest.approx(measured, rel=0.1)  # as the cost model promises


def test_joined_ranks_have_one_value_and_parts_lose_sight():
    found = reading("ranks")
    assert np.ptp(found.cured) == 0.0
    assert found.ill[0] == pytest.approx(found.cured[0], rel=1e-4)  # one rank: the same, float32
    assert (np.diff(found.ill) < 0).all()
    assert found.ill[-1] < 1.5


def test_a_dead_start_stays_and_any_spread_leaves():
    found = reading("dead")
    assert found.ill[0] == found.cured[0] == pytest.approx(0.40205 * DEAD_ROWS, rel=1e-3)
    assert found.notes[0].endswith(" 0")
    assert (found.cured[1:] < 1.05).all()


def test_a_standardized_test_does_not_see_shrinking():
    found = reading("standardized")
    assert np.ptp(found.ill) < 0.01  # but for eps beside the width
    assert found.cured[-1] > 50.0


def test_the_pull_grows_with_the_rows_only_with_the_factor():
    found = reading("factor_n")
    assert found.cured[-1] > 100.0 * found.cured[0]
    assert found.ill.max() < 1.2 * found.ill.min()  # noise of 16 rows


def test_bfloat16_matters_at_many_rows_only():
    found = reading("bf16")
    gaps = np.abs(found.ill - found.cured)
    assert gaps[0] < 0.02
    assert gaps[-1] > 1.0  # more than the floor itself
    # what the cell of notebook 07 beside it prints
    assert (found.cured[-1], found.ill[-1]) == pytest.approx((1.09, 4.82), abs=0.01)


def test_few_rows_hide_what_many_show():
    found = reading("rows")
    gaps = found.ill - found.cured
    assert gaps[0] < 0.5
    assert gaps[-1] > 10.0


def test_the_embedding_is_not_what_the_loss_makes_gaussian():
    found = reading("space")
    assert found.ill[-1] > 10.0 * found.cured[-1]


def test_measuring_leaves_torchs_own_noise_alone():
    before = torch.get_rng_state()
    reading.cache_clear()
    for name in ("dead", "ranks", "factor_n"):
        reading(name)
    assert torch.equal(before, torch.get_rng_state())
