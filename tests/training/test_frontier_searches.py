"""Searches: what was planted is found, noise is not confirmed."""

from __future__ import annotations

import pytest

from sigreg_edu.training.frontier_searches import search_cell


def test_a_search_finds_what_was_planted_and_noise_is_not_confirmed():
    planted, noise = (search_cell(8, 1024, s) for s in (0.95, 0.0))
    assert planted["cosine"] > 0.9
    assert planted["p_value"] < 1e-4
    assert noise["searched"] > 2 * noise["mean"]
    for row in (planted, noise):
        for name in ("searched_shares", "tested_shares", "slice_shares"):
            assert row[name].sum() == pytest.approx(1.0)
