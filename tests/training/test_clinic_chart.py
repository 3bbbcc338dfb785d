"""The chart's text: its claims are those of the verdicts."""

from __future__ import annotations

import pytest

from sigreg_edu.training.clinic import HELPS, NOTHING, verdicts
from sigreg_edu.training.clinic_chart import chart_branches, chart_head, lamb_without_n

#: What the chart says helps, and what it says does not.
SAID = [
    ("rising", "no schedule, and", True),
    ("rising", "milder", True),
    ("rising", "larger", False),
    ("rising", "normalized", False),
    ("unstable", "a tenth", True),
    ("memory", "statistic in blocks", True),
    ("memory", "fewer slices", True),
    ("memory", "fixed", False),
    ("memory", "half", True),
    ("memory", "gradient", True),
    ("slow", "statistic in blocks", True),
    ("slow", "fewer slices", True),
    ("standardized", "the shadow", True),
    ("slices", "256 fresh", True),
    ("factor_n_strong", "λ translated", True),
    ("views", "the shape", True),
    ("views", "four times", False),
    ("factor_n", "λ translated", True),
    ("few_rows", "128 rows", True),
]


@pytest.mark.parametrize(("name", "start", "helps"), SAID)
def test_what_the_chart_says_is_what_was_judged(name, start, helps):
    told = next(r for r in verdicts() if r.case == name and r.remedy.startswith(start))
    assert (told.verdict == HELPS) == helps


@pytest.mark.parametrize(("lamb", "rows"), [(0.05, 128), (0.2, 16), (1.0, 7), (0.0, 7)])
def test_a_translated_lambda_weighs_statistic_and_agreement_as_before(lamb, rows):
    there = lamb_without_n(lamb, rows)
    # (1 − λ) · invariance + λ · T is a multiple of (1 − λ') · invariance + λ' · T / N.
    assert there / rows * (1.0 - lamb) == pytest.approx(lamb * (1.0 - there))
    assert 0.0 <= there <= 1.0


def test_branches_have_words_in_every_place_and_differ():
    branches = chart_branches()
    assert len({branch.see for branch in branches}) == len(branches) >= 6
    for branch in branches:
        assert branch.read
        assert branch.causes
        assert all(cause.sign and cause.cure for cause in branch.causes)


def test_memory_is_told_with_the_sizes_it_was_measured_at():
    memory = next(branch for branch in chart_branches() if branch.see == "Out of memory")
    assert "N = 256, D = 128, M = 1,024" in memory.read.replace("\N{NO-BREAK SPACE}", " ")


def test_no_number_is_missing():
    words = " ".join(
        f"{cause.sign} {cause.cure}" for branch in chart_branches() for cause in branch.causes
    )
    assert "nan" not in words.replace("NaN", "")
    assert "1.05" in " ".join(chart_head())
    assert NOTHING not in words
