"""The record of costs: what is measured, that it is kept whole, and that damage is refused."""

from __future__ import annotations

import json

import pytest
import torch

from sigreg_edu.training.clinic_costs import (
    Sizes,
    Textbook,
    cost_rows,
    cost_steps,
    load_costs,
    record_costs,
)

SMALL = Sizes(rows=4, dim=4, wide=8, slices=4, fewer=2)


def test_fresh_slices_differ_from_call_to_call_and_fixed_ones_do_not():
    z = torch.randn(16, 4, generator=torch.Generator().manual_seed(0))
    fresh, fixed = Textbook(4), Textbook(4, fixed_slices=True)
    assert fresh(z) != fresh(z)
    assert fixed(z) == fixed(z)


def test_checkpoints_change_no_gradient():
    steps = cost_steps(SMALL)
    usual, checkpointed = steps["encoder"](), steps["encoder, checkpointing"]()
    for before, after in zip(usual, checkpointed, strict=True):
        # The same sums, taken again: float32 rounding.
        torch.testing.assert_close(before, after, rtol=1e-5, atol=1e-7)


def test_what_is_recorded_is_read_again(tmp_path):
    kept = load_costs(record_costs(tmp_path, sizes=SMALL, rounds=2))
    assert kept["sizes"] == SMALL
    assert set(kept["rows"]) == set(cost_steps(SMALL))
    assert all(len(row.time) == 2 for row in kept["rows"].values())


@pytest.mark.parametrize(
    "damage",
    [
        lambda kept: kept.pop("rows"),
        lambda kept: kept["rows"].pop("loss"),
        lambda kept: kept["rows"]["loss"].update(time=[]),
        lambda kept: kept["rows"]["loss"].update(memory=[-1.0]),
        lambda kept: kept["sizes"].update(colour=3),
        lambda kept: kept.update(rows=[1]),
    ],
)
def test_a_damaged_record_is_refused_and_the_command_is_named(tmp_path, damage):
    path = record_costs(tmp_path, sizes=SMALL, rounds=1)
    kept = json.loads(path.read_text())
    damage(kept)
    path.write_text(json.dumps(kept))
    with pytest.raises(ValueError, match="clinic_costs"):
        load_costs(path)


def test_a_record_that_is_no_json_is_refused(tmp_path):
    path = tmp_path / "clinic_costs.json"
    path.write_text("{")
    with pytest.raises(ValueError, match="cannot be used"):
        load_costs(path)


def test_the_shipped_record_is_of_the_steps_that_are_measured_now():
    rows = cost_rows()
    assert set(rows) == set(cost_steps(SMALL))
    assert rows["in blocks"].memory[0] < 0.2 * rows["loss"].memory[0]
    assert rows["encoder, checkpointing"].memory[0] < rows["encoder"].memory[0]
