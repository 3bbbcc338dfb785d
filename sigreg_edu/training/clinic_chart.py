"""The decision chart's text: what is seen, which numbers to read, what is behind it, what helps.

Its numbers come from the clinic's record, so the chart says what was measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sigreg_edu.training.clinic import MEASURES, Verdict, case, floor_at, verdicts
from sigreg_edu.training.clinic_costs import cost_rows, shipped_costs

__all__ = ["Branch", "Cause", "chart_branches", "chart_head"]


@dataclass(frozen=True)
class Cause:
    """What may be behind it.

    Attributes:
        sign: what one reads if it is this.
        cure: what helps, with the measured numbers.
    """

    sign: str
    cure: str


@dataclass(frozen=True)
class Branch:
    """One answer to 'what do you see?'.

    Attributes:
        see: what the user says.
        read: which numbers to look at.
        causes: what may be behind it, one or more.
    """

    see: str
    read: str
    causes: tuple[Cause, ...]


def chart_head() -> tuple[str, ...]:
    """Return what to read before anything else, a line each.

    >>> chart_head()[0]
    'First: which space? The loss acts on the projection; probes read the embedding.'
    """
    healthy, point = floor_at(256)
    numbers = f"T (healthy {healthy:.2f}; one point {point / 256:.3f} N), effect (T − healthy) / N"
    return (
        "First: which space? The loss acts on the projection; probes read the embedding.",
        f"Then, of that space: {numbers}, worst shadow,",
        "std of the axes, effective rank, invariance. A low invariance alone says nothing.",
    )


def chart_branches() -> tuple[Branch, ...]:
    """Return the chart's branches, with numbers from the record.

    Raises:
        FileNotFoundError: the record is not there; the message says what to do.

    >>> [branch.see for branch in chart_branches()][:2]
    ['SIGReg rises', 'The loss spikes, or is NaN']
    """
    return (*_visible(), *_costly(), *_silent(), *_elsewhere())


def lamb_without_n(lamb: float, rows: int) -> float:
    """Return the λ beside T / N that weighs as much as ``lamb`` beside T, for N ``rows``.

    >>> there = lamb_without_n(0.05, 128)
    >>> round(there, 3), round(there / 128 / (1.0 - there), 6) == round(0.05 / 0.95, 6)
    (0.871, True)
    """
    return lamb * rows / (1.0 - lamb + lamb * rows)


def _row(case_name: str, start: str) -> Verdict:
    return next(row for row in verdicts() if row.case == case_name and row.remedy.startswith(start))


def _told(case_name: str, start: str) -> str:
    row = _row(case_name, start)
    return f"{MEASURES[case(case_name).measure].short} {row.told[0]} → {row.told[1]}".strip()


def _knn(case_name: str, start: str) -> str:
    low, high = _row(case_name, start).knn or (np.nan, np.nan)
    return f"kNN {low:.0f} → {high:.0f} %"


def _cost(name: str, before: str, what: str) -> str:
    rows, measure = cost_rows(), MEASURES[what]
    told = (measure.told(float(np.median(getattr(rows[key], what)))) for key in (before, name))
    return " → ".join(told)


def _visible() -> tuple[Branch, ...]:
    return (
        Branch(
            "SIGReg rises",
            "λ of the step; std, invariance: do both fall?",
            (
                Cause(
                    "yes: λ falls, or is too small",
                    f"λ = 0.05 to the end ({_told('rising', 'no schedule, and')}, "
                    f"{_knn('rising', 'no schedule, and')}); milder views help, too "
                    f"({_told('rising', 'milder')}). A weight of 35 for 25 does not help "
                    f"({_told('rising', 'larger')}), nor does it stop if one normalizes "
                    f"({_told('rising', 'normalized')}).",
                ),
            ),
        ),
        Branch(
            "The loss spikes, or is NaN",
            "NaN at step 1? Norm of the gradient, rate",
            (
                Cause(
                    "NaN at step 1",
                    "It is in the data: search all pictures. Clipping does not help.",
                ),
                Cause(
                    "spikes: the rate",
                    f"A tenth of it ({_knn('unstable', 'a tenth')}); clipping at 1 gave "
                    f"{_knn('unstable', 'clipping')}, a warm-up {_knn('unstable', 'warm')}.",
                ),
            ),
        ),
    )


_EQUALS = "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}"


def _costly() -> tuple[Branch, ...]:
    encoder, loss = (
        MEASURES["memory"].told(cost_rows()[name].memory[0]) for name in ("encoder", "loss")
    )
    sizes = shipped_costs()["sizes"]
    ours = f"N = {sizes.rows}, D = {sizes.dim}, M = {sizes.slices:,}".replace(" = ", _EQUALS)
    return (
        Branch(
            "Out of memory",
            f"Which is large, encoder or loss? (Ours: {encoder}, {loss} at {ours})",
            (
                Cause(
                    "the loss: N · M · T",
                    f"Statistic in blocks ({_cost('in blocks', 'loss', 'memory')}), or fewer "
                    f"slices ({_cost('fewer slices', 'loss', 'memory')}). Fixed slices spare "
                    "nothing.",
                ),
                Cause(
                    "the encoder",
                    f"Checkpoints ({_cost('encoder, checkpointing', 'encoder', 'memory')}), or a "
                    "smaller batch.",
                ),
            ),
        ),
        Branch(
            "Too slow",
            "Time of the loss alone; N, D, M, T (ours: as above)",
            (
                Cause(
                    "N · M · T cosines",
                    f"Statistic in blocks ({_cost('in blocks', 'loss', 'time')}); a quarter of the "
                    f"slices ({_cost('fewer slices', 'loss', 'time')}).",
                ),
            ),
        ),
    )


def _silent() -> tuple[Branch, ...]:
    return (
        Branch(
            "All calm, kNN poor, invariance low",
            "std; effective rank; T of slices that the loss did not see",
            (
                Cause(
                    "std small, the loss’s SIGReg calm",
                    f"It standardizes each shadow: test it as it is "
                    f"({_knn('standardized', 'the shadow')}).",
                ),
                Cause(
                    "T of other slices high",
                    f"Slices are few and fixed: fresh ones, many ({_knn('slices', '256 fresh')}).",
                ),
                Cause(
                    "gradient exactly 0, T = 0.402 N",
                    "All points are on one place: another start, no last layer of zeros.",
                ),
            ),
        ),
        Branch(
            "T at its floor, kNN poor, invariance stays high",
            "λ in terms of T; what views share",
            (
                Cause(
                    "λ far too large",
                    f"Translate it: 0.05 with the factor N "
                    f"({_knn('factor_n_strong', 'λ translated')}).",
                ),
                Cause(
                    "views share too little",
                    f"Keep what is to be learned ({_knn('views', 'the shape')}); a larger λ does "
                    "not bring it back.",
                ),
            ),
        ),
    )


def _elsewhere() -> tuple[Branch, ...]:
    return (
        Branch(
            "It works there, not here",
            "Factor N? Rows of a batch? Ranks? Precision?",
            (
                Cause(
                    "T / N there, or another N",
                    f"0.05 without N collapsed ({_told('factor_n', 'λ translated')} with it). A "
                    "code with T / N needs λ' = λN : (1 − λ + λN); 0.05 at N = 128 is "
                    f"{lamb_without_n(0.05, 128):.2f} there.",
                ),
                Cause(
                    "several ranks",
                    "Join cosines, sines and counts, then take T. No mean of the ranks’ T.",
                ),
                Cause("bfloat16", "Widen to float32 before cosines are taken."),
                Cause(
                    "16 rows instead of 128",
                    f"More rows ({_knn('few_rows', '128 rows')}); λ for 16 rows gave "
                    f"{_knn('few_rows', 'λ for')}.",
                ),
            ),
        ),
    )
