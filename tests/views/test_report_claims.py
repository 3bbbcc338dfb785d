"""The report's tables: every row is there, as the report has it, and judged by numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sigreg_edu.losses.cost import Measured, peak_memory
from sigreg_edu.views import report_claims
from sigreg_edu.views.cost_record import CostRecord, cost_record
from sigreg_edu.views.report_claims import (
    CLAIMS,
    MEMORY,
    PERFORMANCE,
    SCALING,
    TABLES,
    VERDICTS,
    code_lines,
    judge,
)
from sigreg_edu.views.report_tables import MOST_ROWS


def one(table: str, row: str, record: CostRecord | None = None, says: str = ""):
    (found,) = [
        v
        for v in judge(record or cost_record())
        if (v.claim.table, v.claim.row) == (table, row) and says in v.claim.says
    ]
    return found


def altered(change) -> CostRecord:
    """The record after a change of every measured step, its turns included."""
    record = cost_record()
    parts = {
        name: tuple(map(change, getattr(record, name))) for name in ("grid", "held_back", "report")
    }
    return replace(record, **parts)


def lasting(row: Measured, seconds: float) -> Measured:
    return replace(row, seconds=seconds, turns=(seconds,) * 3)


def as_the_report_says(*, factor: float = 1.0) -> CostRecord:
    """A record with the report's own times at its N, SIGReg's in proportion to M; VICReg's times
    a factor."""

    def told(row: Measured) -> Measured:
        if row.N != 6272 or row.D not in SCALING:
            return row
        vicreg, sigreg = SCALING[row.D]
        if row.form == "vicreg":
            return lasting(row, 1e-3 * vicreg * factor)
        return lasting(row, 1e-3 * sigreg * row.M / 512) if row.form == "fast" else row

    return altered(told)


def with_speedup(ratio: float) -> CostRecord:
    """A record where VICReg always takes so many times as long as fast SIGReg."""

    def told(row: Measured) -> Measured:
        if row.form not in ("fast", "vicreg"):
            return row
        return lasting(row, ratio if row.form == "vicreg" else 1.0)

    return altered(told)


def test_every_row_of_every_table_has_one_verdict():
    every = judge(cost_record())
    assert tuple(v.claim for v in every) == CLAIMS
    rows = {table: sum(c.table == table for c in CLAIMS) for table in TABLES}
    assert rows == {
        "comparison": 7, "faster": 8, "memory": 6, "performance": 4, "scaling": 6, "summary": 7,
        "stability": 8, "text": 6,
    }  # fmt: skip
    assert max(rows.values()) == MOST_ROWS
    assert len({(c.table, c.row, c.says) for c in CLAIMS}) == len(CLAIMS)
    for v in every:
        assert v.said in VERDICTS
        assert v.found
        assert v.why.endswith(".")
        assert "nan" not in (v.found + v.why).lower().split()


def test_words_fit_their_columns():
    for record in (cost_record(), as_the_report_says(), with_speedup(2.0), with_speedup(0.5)):
        for v in judge(record):
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
        assert found.said == "holds"
        assert abs(dim / 1024 - said) < 0.01
        whole = [peak_memory(form, 6272, dim, 1024, 17) for form in ("vicreg", "fast")]
        assert found.number == pytest.approx(whole[0] / whole[1])


def test_its_memory_at_vit_small_cannot_be_by_its_own_three_sums():
    for slices in (512, 1024, 2048):
        found = one("performance", f"SIGReg ({slices} slices)")
        assert found.said == "cannot be so"
        assert 1e6 * PERFORMANCE[slices][1] < 4 * 6272**2
        assert "157 MB" in found.why
    assert "161 GB" in one("performance", "SIGReg (1024 slices)").why


def test_a_machine_on_which_the_scaling_table_is_so_gets_it_right():
    honest = as_the_report_says()
    for dim, (vicreg, sigreg) in SCALING.items():
        found = one("scaling", f"D = {dim}", honest)
        assert found.said == "holds"
        assert found.number == pytest.approx(vicreg / sigreg, abs=0.01)
        assert "1.0 times off" in found.why
    assert one("scaling", "Key insight", honest).said == "holds"


def test_a_machine_on_which_vicreg_is_three_times_quicker_gets_it_wrong():
    other = as_the_report_says(factor=1 / 3)
    for dim in SCALING:
        assert one("scaling", f"D = {dim}", other).said == "does not"
    assert one("summary", "2–7x faster for D > 768", other).said == "does not"
    assert one("scaling", "Key insight", other).said == "holds"  # it still grows


ONLY_SIGREG_FASTER = (
    ("faster", "SIGReg: K > 1024"),
    ("faster", "SIGReg: N < 1024"),
    ("faster", "SIGReg: ViT-Large, Giant"),
)
ONLY_VICREG_FASTER = (
    ("faster", "VICReg: K < 512"),
    ("faster", "VICReg: N > 2048"),
    ("faster", "VICReg: quick prototyping"),
)


@pytest.mark.parametrize(("ratio", "right"), [(3.0, ONLY_SIGREG_FASTER), (0.3, ONLY_VICREG_FASTER)])
def test_who_is_always_faster_is_so_at_every_measured_size(ratio, right):
    for key in (*ONLY_SIGREG_FASTER, *ONLY_VICREG_FASTER):
        assert (one(*key, with_speedup(ratio)).said == "holds") == (key in right), key


def test_one_size_at_which_it_is_slower_is_enough_and_is_named():
    def told(row: Measured) -> Measured:
        if row.form not in ("fast", "vicreg"):
            return row
        lost = row.sizes == (6272, 2048, 2048, 17)
        return lasting(row, (0.5 if lost else 3.0) if row.form == "vicreg" else 1.0)

    found = one("faster", "SIGReg: K > 1024", altered(told))
    assert found.said == "does not"
    assert found.number == 0.5
    assert "At N = 6272, D = 2048, M = 2048: VICReg 2.0 times as fast" in found.why


def test_two_to_seven_times_is_asked_of_every_size_and_close_calls_are_told():
    assert one("summary", "2–7x faster for D > 768", with_speedup(3.0)).said == "holds"
    assert one("summary", "2–7x faster for D > 768", with_speedup(8.0)).said == "does not"
    assert "close call" in one("faster", "SIGReg: K > 1024", with_speedup(1.1)).why
    assert "close call" not in one("faster", "SIGReg: K > 1024", with_speedup(3.0)).why


def test_slightly_is_less_than_half_as_fast_again():
    for ratio, verdict in ((0.9, "holds"), (0.6, "does not"), (1.1, "does not")):
        assert one("summary", "VICReg: slightly faster", with_speedup(ratio)).said == verdict


def test_reasons_change_with_the_verdict():
    records = [cost_record(), as_the_report_says(), with_speedup(3.0), with_speedup(0.3)]
    for several in zip(*map(judge, records), strict=True):
        for a in several:
            for b in several:
                assert a.said == b.said or (a.found, a.why) != (b.found, b.why), a.claim


def test_what_the_report_contradicts_itself_cannot_be_so():
    assert one("faster", "SIGReg: many tokens").said == "cannot be so"
    assert "N = 6272 > 2048" in one("faster", "SIGReg: many tokens").why
    assert one("summary", "VICReg: no tuning").said == "cannot be so"


def test_what_nothing_here_decides_cannot_be_checked_and_never_holds():
    for key in (
        ("comparison", "Scalability to large models"),
        ("performance", "VICReg"),
        ("summary", "Scales to 1.8B parameters"),
    ):
        assert one(*key).said == "cannot be checked", key


def test_seeds_that_overlap_tell_nothing_apart():
    assert report_claims._apart([0.5, 0.9], [0.6, 0.7]) == "cannot be checked"
    for verdict in (v for v in judge(cost_record()) if v.claim.says == "expected"):
        assert (verdict.said == "cannot be checked") == ("overlap" in verdict.why)


def test_the_share_of_a_step_is_of_the_tables_sizes():
    share = report_claims._share_of_step(cost_record())
    loss = cost_record().at("fast", 6272, 384, 1024).seconds
    assert share.sigreg == pytest.approx(loss / (loss + share.rest_seconds))
    assert 0.01 < share.vicreg < share.sigreg < 0.2
    assert report_claims._share_of_step(replace(cost_record(), device="cuda")) is None


def test_lines_of_code_are_statements_of_the_named_functions():
    parts = {"statistics.epps_pulley": ["standard_normal_cf"]}
    assert code_lines(parts) == 2
    assert code_lines({"statistics.epps_pulley": ["standard_normal_cf", "quadrature_rule"]}) > 2
    with pytest.raises(ValueError, match=r"sigreg_edu\.losses\.cost has no functions \['walk'\]"):
        code_lines({"losses.cost": ["walk"]})


def test_what_does_not_depend_on_the_machine_is_judged_as_the_facts_have_it():
    assert one("comparison", "Number of hyperparameters").said == "does not"
    assert one("comparison", "Theoretical foundation").found.count("1.22") == 1
    assert one("text", "fixed_slices", says="memory").said == "does not"
    assert one("text", "17 points").said == "does not"


def test_a_record_without_the_needed_step_says_so():
    record = replace(cost_record(), report=(), held_back=(), grid=())
    with pytest.raises(ValueError, match=r"the record has no .* Record it again"):
        judge(record)


def test_numbers_of_both_losses_say_whose_they_are():
    for table, row in (("comparison", "Implementation complexity"), ("memory", "D = 384")):
        found = one(table, row).found
        assert "VICReg" in found
        assert "SIGReg" in found
    assert report_claims._range((0.5, 0.5)) == "0.5 alone"


def test_a_close_call_is_told_in_per_cent():
    assert report_claims._faster(1 / 1.02) == "VICReg faster by 2.0 %"
    assert "1.0 times as fast" not in one("faster", "VICReg: K < 512").why
