"""Which of the report's rows hold? One table at a time, each row with its verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sigreg_edu.checks import require_choice
from sigreg_edu.views.cost_record import RECORDS, cost_record
from sigreg_edu.views.params import Params, choice, slider
from sigreg_edu.views.report_claims import TABLES, VERDICTS, Verdict, judge

MOST_ROWS = 8
#: In the menu, which is narrower than a title.
MENU = {**TABLES, "comparison": "Comparison", "performance": "Performance"}
COUNTED = {"holds": ("holds", "hold"), "does not": ("does not", "do not")}  # one, several


@dataclass(frozen=True)
class ReportTablesParams(Params):
    """State of the explorer of the report's tables."""

    table: str = choice("scaling", MENU, label="table")
    row: int = slider(1, 1, MOST_ROWS, 1, label="row", help="Whose verdict is told below.")
    recorded: str = choice("cpu", RECORDS, label="recorded on")


@dataclass(frozen=True)
class ReportTablesView:
    """What the figure of the report's tables shows.

    Attributes:
        table: key of ``TABLES``.
        verdicts: those of the table, in its order.
        row: which one is told in words, from 0; may lie beyond the last.
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

    @property
    def has_row(self) -> bool:
        """Whether the table has so many rows."""
        return self.row < len(self.verdicts)


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
    counts = {name: sum(v.said == name for v in every) for name in VERDICTS}
    told = _in_words(verdicts[params.row - 1]) if params.row <= len(verdicts) else no_row(verdicts)
    return ReportTablesView(
        table=require_choice(params.table, "table", TABLES),
        verdicts=verdicts,
        row=params.row - 1,
        counts=counts,
        ran_on=ran_on,
        readout=f"{told} (All {len(every)} claims: {', '.join(counted(counts).values())}.)",
    )


def counted(counts: Mapping[str, int]) -> dict[str, str]:
    """Say how many claims have each verdict.

    >>> list(counted({"holds": 1, "does not": 2, "cannot be so": 3}).values())
    ['1 holds', '2 do not', '3 cannot be so']
    """
    words = {name: COUNTED.get(name, (name, name))[count != 1] for name, count in counts.items()}
    return {name: f"{count} {words[name]}" for name, count in counts.items()}


def no_row(verdicts: Sequence[Verdict]) -> str:
    """Say that a table ends before the chosen row."""
    return f"This table has {len(verdicts)} rows."


def _in_words(verdict: Verdict) -> str:
    claim = verdict.claim
    said = {"holds": "It holds", "does not": "It does not hold"}
    return (
        f"The report on {claim.row}: {claim.says}. {said.get(verdict.said, f'It {verdict.said}')}: "
        f"{verdict.found}. {verdict.why}"
    )
