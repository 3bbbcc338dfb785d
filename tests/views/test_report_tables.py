"""The report's tables: every row is there, as the report has it, and judged by numbers."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from sigreg_edu.losses.cost import CostModel, Measured, peak_memory
from sigreg_edu.views.cost_record import CostRecord, cost_record
from sigreg_edu.views.report_tables import (
    CLAIMS,
    MEMORY,
    MOST_ROWS,
    PERFORMANCE,
    SCALING,
    TABLES,
    VERDICTS,
    ReportTablesParams,
    judge,
    report_tables_view,
    slope,
)


def verdicts(record: CostRecord | None = None) -> dict:
    every = judge(record or cost_record())
    return {(v.claim.table, v.claim.row, v.claim.says): v for v in every}


def one(table: str, row: str, record: CostRecord | None = None):
    (found,) = [v for key, v in verdicts(record).items() if key[:2] == (table, row)]
    return found


def as_the_report_says(*, factor: float = 1.0) -> CostRecord:
    """A record whose speed-ups are the report's own at 512 slices, times a factor."""
    record = cost_record()

    def told(row: Measured) -> Measured:
        if row.N != 6272 or row.D not in SCALING:
            return row
        vicreg, sigreg = SCALING[row.D]
        if row.form == "vicreg":
            return replace(row, seconds=1e-3 * vicreg * factor)
        return replace(row, seconds=1e-3 * sigreg * row.M / 512) if row.form == "fast" else row

    return replace(record, report=tuple(map(told, record.report)), grid=(), held_back=record.grid)


def test_every_row_of_every_table_has_one_verdict():
    every = judge(cost_record())
    assert tuple(v.claim for v in every) == CLAIMS
    rows = {table: sum(c.table == table for c in CLAIMS) for table in TABLES}
    assert rows == {
        "comparison": 7, "faster": 8, "memory": 6, "performance": 4, "scaling": 6, "summary": 8,
        "text": 6,
    }  # fmt: skip
    assert max(rows.values()) == MOST_ROWS
    assert len({(c.table, c.row, c.says) for c in CLAIMS}) == len(CLAIMS)
    for v in every:
        assert v.verdict in VERDICTS
        assert v.found
        assert v.why.endswith(".")
        assert "nan" not in (v.found + v.why).lower().split()


def test_words_fit_their_columns():
    for v in judge(cost_record()):
        assert len(v.claim.row) <= 30, v.claim
        assert len(v.claim.says) <= 36, v.claim
        assert len(v.found) <= 62, v.found


def test_the_numbers_are_the_reports_own():
    said = [float(c.number) for c in CLAIMS if c.table == "scaling" and c.number]
    assert said == [0.87, 1.52, 2.87, 3.71, 6.81]
    memory = [c.says for c in CLAIMS if c.table == "memory"][:5]
    assert memory == [
        "576 KB against 1,536 KB", "2,304 KB against 3,072 KB", "4,096 KB against 4,096 KB",
        "16,384 KB against 8,192 KB", "65,536 KB against 16,384 KB",
    ]  # fmt: skip
    assert SCALING[384][1] == PERFORMANCE[512][0]  # the column has 512 slices
    assert SCALING[384][0] == PERFORMANCE[0][0]


def test_the_arithmetic_of_its_memory_table_is_right_and_not_what_a_step_holds():
    for dim, said in MEMORY.items():
        found = one("memory", f"D = {dim}")
        assert found.verdict == "holds"
        assert abs(dim / 1024 - said) < 0.01
        whole = [peak_memory(form, 6272, dim, 1024, 17) for form in ("vicreg", "fast")]
        assert found.number == pytest.approx(whole[0] / whole[1])


def test_its_memory_at_vit_small_cannot_be_by_its_own_three_sums():
    for slices in (512, 1024, 2048):
        found = one("performance", f"SIGReg ({slices} slices)")
        assert found.verdict == "cannot be"
        assert 1e6 * PERFORMANCE[slices][1] < 4 * 6272**2
        assert "157 MB" in found.why
    assert "161 GB" in one("performance", "SIGReg (1024 slices)").why


def test_a_machine_on_which_the_scaling_table_is_so_gets_it_right():
    honest = as_the_report_says()
    for dim, (vicreg, sigreg) in SCALING.items():
        found = one("scaling", f"D = {dim}", honest)
        assert found.verdict == "holds"
        assert found.number == pytest.approx(vicreg / sigreg)
    assert one("scaling", "Key insight", honest).verdict == "holds"
    assert one("faster", "SIGReg: K > 1024", honest).verdict == "holds"


def test_a_machine_on_which_vicreg_is_three_times_quicker_gets_it_wrong():
    other = as_the_report_says(factor=1 / 3)
    for dim in SCALING:
        assert one("scaling", f"D = {dim}", other).verdict == "does not"
    assert one("summary", "2–7x faster for D > 768", other).verdict == "does not"
    assert one("scaling", "Key insight", other).verdict == "holds"  # it still grows


def test_two_lists_that_both_claim_many_tokens_cannot_be():
    assert one("faster", "SIGReg: many tokens").verdict == "cannot be"
    assert "N = 6272 > 2048" in one("faster", "SIGReg: many tokens").why
    assert one("summary", "VICReg: no tuning").verdict == "cannot be"


def test_what_does_not_depend_on_the_machine_is_judged_as_the_facts_have_it():
    assert one("comparison", "Number of hyperparameters").verdict == "does not"
    assert one("comparison", "Theoretical foundation").found.count("1.22") == 1
    fixed = [v for key, v in verdicts().items() if key[1:] == ("fixed_slices", "save memory")]
    assert [v.verdict for v in fixed] == ["does not"]
    assert one("text", "17 points").verdict == "does not"


def test_a_record_without_the_needed_step_says_so():
    record = replace(cost_record(), report=(), held_back=(), grid=())
    with pytest.raises(ValueError, match=r"the record has no .* Record it again"):
        judge(record)


def test_exponents_are_of_power_laws():
    assert slope([1, 10, 100], [2, 20, 200]) == pytest.approx(1.0)
    model = CostModel("cpu", 1, {"vicreg": dict.fromkeys(("overhead", "elementwise", "matrix"), 0)
                                 | {"covariance": 1e-9}})  # fmt: skip
    times = [model.seconds("vicreg", 64, d, 1, 2) for d in (16, 64, 256)]
    assert slope([16, 64, 256], times) == pytest.approx(2.0)


@pytest.mark.parametrize("table", TABLES)
def test_the_view_tells_the_chosen_row_and_the_last_one_beyond_the_end(table):
    count = sum(c.table == table for c in CLAIMS)
    for row in (1, MOST_ROWS):
        view = report_tables_view(ReportTablesParams(table=table, row=row))
        chosen = view.verdicts[view.row]
        assert view.row == min(row, count) - 1
        assert chosen.claim.row in view.readout
        assert chosen.why in view.readout
    assert sum(view.counts.values()) == len(CLAIMS)
    assert re.search(rf"All {len(CLAIMS)} claims", view.readout)
