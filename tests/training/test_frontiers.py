"""The records of notebook 08 and the verdicts on them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from sigreg_edu.training import (
    frontiers,
)
from sigreg_edu.training.frontier_descent import (
    DESCENT_METHODS,
    DESCENT_SEEDS,
    DESCENTS,
    STRIDES,
)
from sigreg_edu.training.frontier_samples import (
    ALTERNATIVES,
    SAMPLE_DIMS,
    TESTS,
    fitted_growth,
)
from sigreg_edu.training.frontier_tables import (
    load_table,
    recorded,
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
            found = frontiers.growth(alternative, test)
            known = np.isfinite(found.needed)
            assert known.shape == (len(SAMPLE_DIMS),)
            assert np.isfinite(found.alpha) == (known.sum() > 2)
            assert np.isnan(found.at_least) == known.all()


def test_growth_tells_what_the_first_dimension_left_out_would_make_of_it():
    found = frontiers.growth("bimodal", "worst")
    assert np.isfinite(found.needed).tolist() == [True] * 5 + [False]
    needed = np.append(found.needed[:5], TESTS["worst"][2])
    assert found.at_least == pytest.approx(fitted_growth(np.array(SAMPLE_DIMS), needed)[1])
    assert found.at_least > found.alpha


@pytest.mark.parametrize("method", DESCENT_METHODS)
def test_the_best_stride_leaves_least_of_those_that_keep_the_rest_healthy(method):
    rows, best = recorded(DESCENTS), frontiers.best_descent(method)
    left = {}
    for stride in STRIDES:
        of_seeds = [rows[method, stride, seed] for seed in DESCENT_SEEDS]
        if all(row["other"].max() <= 2 and row["widths"][1] <= 1.3 for row in of_seeds):
            left[stride] = np.log([row["planted"][-1] for row in of_seeds]).mean()
    assert best.stride == min(left, key=left.get)
    assert np.log(best.mean_left) == pytest.approx(left[best.stride])
    assert best.stride < max(STRIDES)  # else longer ones should be tried


def test_table_and_verdict_of_hidden_heaps_are_of_the_same_descents():
    learned, fresh = (frontiers.best_descent(name) for name in ("learned_25", "fresh_64"))
    (verdict,) = (v for v in frontiers.verdicts() if v.idea == "learned slices, hidden heaps")
    assert verdict.result.endswith(f"{learned.mean_left:.1f} against {fresh.mean_left:.1f}")


def test_with_three_seeds_12_per_cent_of_comparisons_pass_by_luck():
    noise = np.random.default_rng(0).standard_normal((2, 4000, 3))
    luck = [frontiers.verdict_of(*pair) != "no difference" for pair in zip(*noise, strict=True)]
    assert np.mean(luck) == pytest.approx(2 * stats.t.sf(2, 4), abs=0.015)  # three of its errors
    assert round(200 * stats.t.sf(2, 4)) == 12  # as the exercise says


def test_a_table_can_be_recorded_by_itself(tmp_path, monkeypatch, capsys):
    part = frontiers.PARTS["descents"]
    few = frontiers.Part(part.kind, part.wanted[:1], lambda *key: {
        "planted": np.zeros(101), "other": np.zeros(101), "widths": np.ones(2),
        "seconds": np.array(1.0)})  # fmt: skip
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
