"""Which of the report's rows hold? One table at a time, each row with its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sigreg_edu.checks import require_choice
from sigreg_edu.views.cost_record import RECORDS, cost_record
from sigreg_edu.views.params import Params, choice, slider
from sigreg_edu.views.report_claims import TABLES, VERDICTS, Verdict, judge

MOST_ROWS = 8


@dataclass(frozen=True)
class ReportTablesParams(Params):
    """State of the explorer of the report's tables."""

    table: str = choice("scaling", TABLES, label="table")
    row: int = slider(1, 1, MOST_ROWS, 1, label="row", help="Whose verdict is told below.")
    recorded: str = choice("cpu", RECORDS, label="recorded on")


@dataclass(frozen=True)
class ReportTablesView:
    """What the figure of the report's tables shows.

    Attributes:
        table: key of ``TABLES``.
        verdicts: those of the table, in its order.
        row: which one is told in words, from 0.
        counts: how many of all claims have each verdict.
        ran_on: what was measured on.
        readout: the chosen row in words.
    """

    table: str
    verdicts: tuple[Verdict, ...]
    row: int
    counts: Mapping[str, int]
    ran_on: str
    readout: str


def report_tables_view(params: ReportTablesParams) -> ReportTablesView:
    """Judge one table of the report by the chosen record.

    Raises:
        FileNotFoundError: the record is not there; the message says what to do.
    """
    record = cost_record(params.recorded)
    return table_of(judge(record), params, record.where)


def table_of(
    every: tuple[Verdict, ...], params: ReportTablesParams, ran_on: str
) -> ReportTablesView:
    """Return the view of one table among all verdicts."""
    verdicts = tuple(v for v in every if v.claim.table == params.table)
    row = min(params.row, len(verdicts)) - 1
    counts = {name: sum(v.verdict == name for v in every) for name in VERDICTS}
    return ReportTablesView(
        table=require_choice(params.table, "table", TABLES),
        verdicts=verdicts,
        row=row,
        counts=counts,
        ran_on=ran_on,
        readout=_in_words(verdicts[row], counts),
    )


def _in_words(verdict: Verdict, counts: Mapping[str, int]) -> str:
    claim = verdict.claim
    said = {"holds": "It holds", "does not": "It does not hold"}
    numbers = ", ".join(f"{count} {name}" for name, count in counts.items())
    return (
        f"The report on {claim.row}: {claim.says}. {said.get(verdict.said, f'It {verdict.said}')}: "
        f"{verdict.found}. "
        f"{verdict.why} (All {sum(counts.values())} claims: {numbers}.)"
    )
