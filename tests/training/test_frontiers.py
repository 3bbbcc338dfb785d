"""The records of notebook 08 and the verdicts on them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from sigreg_edu.training import (
    frontiers,
)
from sigreg_edu.training.frontier_samples import (
    ALTERNATIVES,
    SAMPLE_DIMS,
    TESTS,
)
from sigreg_edu.training.frontier_tables import (
    load_table,
)
from sigreg_edu.training.frontier_trainings import IDEAS, LAMBDAS, METHODS, SEEDS


@pytest.mark.parametrize(
    ("gain", "verdict"), [(0.1, "helps"), (-0.1, "harms"), (0.01, "no difference")]
)
def test_a_verdict_needs_more_than_twice_the_standard_error(gain, verdict):
    old = np.array([0.79, 0.80, 0.81])
    assert frontiers.verdict_of(old + gain, old) == verdict


def test_the_best_lambda_has_the_best_mean():
    for name in METHODS:
        best = frontiers.results(name).mean()
        assert best == max(frontiers.results(name, lamb).mean() for lamb in LAMBDAS)


def test_every_idea_names_a_method_to_be_compared_with():
    assert set(IDEAS.values()) <= set(METHODS)
    assert {method.idea for method in METHODS.values()} == set(IDEAS)
    assert frontiers.judged("fixed_64") == frontiers.judged("one_scale") == "no difference"


def test_each_verdict_says_what_was_tried_and_found():
    for verdict in frontiers.verdicts():
        assert verdict.verdict in frontiers.VERDICTS
        assert "against" in verdict.result
        assert verdict.report
        assert verdict.tried


def test_growth_is_given_for_each_flaw_and_test():
    for alternative in ALTERNATIVES:
        for test in TESTS:
            needed, alpha = frontiers.growth(alternative, test)
            assert needed.shape == (len(SAMPLE_DIMS),)
            assert np.isfinite(alpha) == (np.isfinite(needed).sum() > 2)


def test_a_table_can_be_recorded_by_itself(tmp_path, monkeypatch, capsys):
    part = frontiers.PARTS["descents"]
    few = frontiers.Part(part.kind, part.wanted[:1], lambda *key: {
        "planted": np.zeros(101), "other": np.zeros(101), "seconds": np.array(1.0)})  # fmt: skip
    monkeypatch.setattr(frontiers, "PARTS", {**frontiers.PARTS, "descents": few})
    assert frontiers.main([str(tmp_path), "--part", "descents"]) == 0
    assert list(load_table(tmp_path / part.kind.file, part.kind)) == [part.wanted[0]]
    note = json.loads((tmp_path / "frontiers.json").read_text("utf-8"))
    assert note["config"]["trainings"]["seeds"] == list(SEEDS)
    assert note["ran_on"]["threads"] == 1


def test_an_interrupt_tells_how_to_go_on(tmp_path, monkeypatch, capsys):
    def interrupt(*key):
        raise KeyboardInterrupt

    part = frontiers.PARTS["descents"]
    monkeypatch.setattr(
        frontiers, "PARTS", {"descents": frontiers.Part(part.kind, part.wanted, interrupt)}
    )
    assert frontiers.main([str(tmp_path)]) == 130
    assert "go on with: python -m sigreg_edu.training.frontiers" in capsys.readouterr().out
