"""All remedies of the clinic: how much of the trouble each took away, and the verdict on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sigreg_edu.training.clinic import (
    REPORT,
    VERDICTS,
    Case,
    Outcome,
    Remedy,
    Verdict,
    case,
    cases,
    outcome,
    verdicts,
)
from sigreg_edu.views.params import Params, choice, slider

SIXTEEN = "sixteen"
GROUPS = {SIXTEEN: "the report's sixteen"} | {own.name: own.trouble for own in cases()}
MOST_ROWS = 16
LOWEST, HIGHEST = -0.5, 1.1  # of what is gone, where the axis ends


@dataclass(frozen=True)
class RemediesParams(Params):
    """State of the explorer of remedies."""

    group: str = choice(SIXTEEN, GROUPS, label="remedies of")
    row: int = slider(
        0, 0, MOST_ROWS - 1, 1, label="row",
        help="The one that is told in words. A trouble with fewer remedies stays at its last.",
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Row:
    """One remedy.

    Attributes:
        verdict: as :func:`sigreg_edu.training.clinic.verdicts` has it.
        gone: share of the trouble that is gone, a number a seed (or one, of a cost), (S,).
    """

    verdict: Verdict
    gone: np.ndarray


@dataclass(frozen=True)
class RemediesView:
    """What the figure of remedies shows.

    Attributes:
        group: whose remedies.
        rows: one a remedy.
        now: the row that is told in words.
        counts: how often each verdict occurs among the rows.
        note: complaint and cause of the trouble, a line each; ``""`` where there are several.
        readout: all that in words.
    """

    group: str
    rows: tuple[Row, ...]
    now: int
    counts: dict[str, int]
    note: str
    readout: str


def remedies_view(params: RemediesParams) -> RemediesView:
    """Look at the remedies of a trouble, or at the report's sixteen.

    Raises:
        FileNotFoundError: the record is not there; the message says what to do.
    """
    rows = _rows(params.group)
    now = min(params.row, len(rows) - 1)
    counts = {verdict: sum(row.verdict.verdict == verdict for row in rows) for verdict in VERDICTS}
    return RemediesView(
        group=params.group,
        rows=rows,
        now=now,
        counts=counts,
        note=_note(params.group),
        readout=_in_words(params, rows, counts),
    )


def _note(group: str) -> str:
    if group == SIXTEEN:
        return ""
    own = case(group)
    return f"“{own.complaint}”\n{own.cause}"


@lru_cache(maxsize=len(GROUPS))
def _rows(group: str) -> tuple[Row, ...]:
    told = {(row.case, row.remedy): row for row in verdicts()}
    return tuple(
        Row(told[case.name, remedy.name], gone(outcome(case, remedy)))
        for case, remedy in _members(group)
    )


def _members(group: str) -> list[tuple[Case, Remedy]]:
    every = [(own, remedy) for own in cases() for remedy in own.remedies]
    if group == SIXTEEN:
        return [(own, remedy) for own, remedy in every if remedy.says_who == REPORT]
    return [(own, remedy) for own, remedy in every if own.name == group]


def gone(found: Outcome) -> np.ndarray:
    """Return which share of the trouble is gone: recovered, or saved where it is a cost.

    Of a training 1 is the healthy one; of a cost 1 would be none at all. Below 0 it grew.

    >>> cost = Outcome((100.0, 100.0), (50.0, 30.0), (), (), (), (), (), "helps")
    >>> float(gone(cost)[0])
    0.6
    """
    if found.recovered:
        return np.array(found.recovered)
    return np.array([1.0 - float(np.median(np.divide(found.after, found.before)))])


def _in_words(params: RemediesParams, rows: tuple[Row, ...], counts: dict[str, int]) -> str:
    group, row = params.group, rows[min(params.row, len(rows) - 1)]
    told = row.verdict
    who = "the report" if told.says_who == REPORT else "this kit"
    share = f"{100 * row.gone.mean():.0f} % of the trouble gone".replace("-", "−")
    knn = "" if told.knn is None else f", kNN {told.knn[0]:.0f} → {told.knn[1]:.0f} %"
    every = ", ".join(f"{count} “{name}”" for name, count in counts.items())
    return (
        f"{GROUPS[group][0].upper()}{GROUPS[group][1:]}: {every}. "
        f"Row {_counted(params.row, len(rows))}: {told.trouble}, “{told.remedy}” "
        f"({who}): {told.measure} {told.told[0]} → {told.told[1]}, {share}{knn}. "
        f"Verdict: {told.told_verdict}."
    )


def _counted(row: int, count: int) -> str:
    """The number of a row, from 0 as the slider has it; beyond the last, that it is the last.

    >>> _counted(1, 5), _counted(9, 5)
    ('1 of 0–4', '4, the last')
    """
    return f"{row} of 0–{count - 1}" if row < count else f"{count - 1}, the last"
