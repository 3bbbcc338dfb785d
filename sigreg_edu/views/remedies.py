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
    cases,
    outcome,
    verdicts,
)
from sigreg_edu.views.params import Params, choice, slider

SIXTEEN = "sixteen"
GROUPS = {SIXTEEN: "the report's sixteen"} | {case.name: case.trouble for case in cases()}
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
        readout: all that in words.
    """

    group: str
    rows: tuple[Row, ...]
    now: int
    counts: dict[str, int]
    readout: str


def remedies_view(params: RemediesParams) -> RemediesView:
    """Look at the remedies of a trouble, or at the report's sixteen.

    Raises:
        FileNotFoundError: the record is not there; the message says what to do.
    """
    rows = _rows(params.group)
    now = min(params.row, len(rows) - 1)
    counts = {verdict: sum(row.verdict.verdict == verdict for row in rows) for verdict in VERDICTS}
    return RemediesView(params.group, rows, now, counts, _in_words(params.group, rows[now], counts))


@lru_cache(maxsize=len(GROUPS))
def _rows(group: str) -> tuple[Row, ...]:
    told = {(row.case, row.remedy): row for row in verdicts()}
    return tuple(
        Row(told[case.name, remedy.name], gone(outcome(case, remedy)))
        for case, remedy in _members(group)
    )


def _members(group: str) -> list[tuple[Case, Remedy]]:
    every = [(case, remedy) for case in cases() for remedy in case.remedies]
    if group == SIXTEEN:
        return [(case, remedy) for case, remedy in every if remedy.says_who == REPORT]
    return [(case, remedy) for case, remedy in every if case.name == group]


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


def _in_words(group: str, row: Row, counts: dict[str, int]) -> str:
    told = row.verdict
    who = "the report" if told.says_who == REPORT else "this kit"
    share = f"{100 * row.gone.mean():.0f} % of the trouble gone"
    knn = "" if told.knn is None else f", kNN {told.knn[0]:.0f} → {told.knn[1]:.0f} %"
    every = ", ".join(f"{count} “{name}”" for name, count in counts.items())
    return (
        f"{GROUPS[group][0].upper()}{GROUPS[group][1:]}: {every}. {told.trouble}, “{told.remedy}” "
        f"({who}): {told.measure} {told.told[0]} → {told.told[1]}, {share}{knn}. "
        f"Verdict: {told.told_verdict}."
    )
