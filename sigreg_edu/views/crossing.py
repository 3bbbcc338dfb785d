"""Where do SIGReg and VICReg cross? The dimension from which VICReg costs more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sigreg_edu.losses.cost import peak_memory
from sigreg_edu.views.cost_record import RECORDS, CostRecord, cost_record
from sigreg_edu.views.params import Params, choice, slider
from sigreg_edu.views.report_claims import SCALING
from sigreg_edu.views.scaling import FAR_OFF, WHAT, amount, step_of_the_fast_form, worst_dot

SIGREG_FORMS = {"fast": "fast", "textbook": "textbook"}
REPORT_SAYS = 1024  # "SIGReg is faster for K > 1024"
D_ENDS, M_ENDS = (16, 8192), (16, 2048)
D_GRID = np.geomspace(*D_ENDS, 109)
M_GRID = np.geomspace(*M_ENDS, 36)


@dataclass(frozen=True)
class CrossingParams(Params):
    """State of the explorer of crossings."""

    M: int = slider(1024, 16, 2048, 16, label="slices M")
    N: int = slider(2048, 64, 8192, 32, label="points N")
    T: int = slider(17, 9, 33, 8, label="knots T")
    what: str = choice("seconds", WHAT, label="look at")
    form: str = choice("fast", SIGREG_FORMS, label="form of SIGReg")
    recorded: str = choice("cpu", RECORDS, label="recorded on")


@dataclass(frozen=True)
class CrossingView:
    """What the figure of crossings shows.

    Attributes:
        what, form: the chosen ones.
        dims: D, (X,).
        sigreg, vicreg: seconds or bytes by the model, (X,).
        dots: measured steps of both at these N, M and T, (R, 2).
        crossing: D from which VICReg costs more; 16 or less is told as 16, None if there is none.
        slices: M, (Y,).
        crossings: for each form of SIGReg the crossing at each M, nan where there is none, (Y,).
        now: present M.
        stars: the report's ratio table as (D, seconds), SIGReg and VICReg, where it fits.
        ran_on: what was measured on.
        readout: all that in words.
    """

    what: str
    form: str
    dims: np.ndarray
    sigreg: np.ndarray
    vicreg: np.ndarray
    dots: Mapping[str, np.ndarray]
    crossing: float | None
    slices: np.ndarray
    crossings: Mapping[str, np.ndarray]
    now: int
    stars: Mapping[str, np.ndarray]
    ran_on: str
    readout: str


def crossing_view(params: CrossingParams) -> CrossingView:
    """Both costs against D, and where they cross at each M, from the chosen record.

    Raises:
        FileNotFoundError: the record is not there; the message says what to do.
    """
    return crossing_of(cost_record(params.recorded), params)


def crossing_of(record: CostRecord, params: CrossingParams) -> CrossingView:
    """Return the view of a record."""
    sigreg = cost(record, params, params.form, D_GRID, params.M)
    vicreg = cost(record, params, "vicreg", D_GRID, params.M)
    now = crossing_dimension(D_GRID, sigreg, vicreg)
    dots = {form: _dots(record, params, form) for form in (params.form, "vicreg")}
    off = _off(record, params, dots)
    ends = [crossing_dimension(D_GRID, sigreg * times, vicreg) for times in (1 / off, off)]
    crossings = {form: _against_slices(record, params, form) for form in SIGREG_FORMS}
    return CrossingView(
        what=params.what,
        form=params.form,
        dims=D_GRID,
        sigreg=sigreg,
        vicreg=vicreg,
        dots=dots,
        crossing=now,
        slices=M_GRID,
        crossings=crossings,
        now=params.M,
        stars=_stars(params),
        ran_on=record.where,
        readout=_in_words(record, params, now, _doubt(params, dots, off, now, ends)),
    )


def cost(
    record: CostRecord, params: CrossingParams, form: str, dims: np.ndarray, slices: np.ndarray
) -> np.ndarray:
    """Seconds or bytes of a form at the present N and T."""
    if params.what == "memory":
        return peak_memory(form, params.N, dims, slices, params.T, device=record.device)
    return record.model.seconds(form, params.N, dims, slices, params.T)


def crossing_dimension(dims: np.ndarray, sigreg: np.ndarray, vicreg: np.ndarray) -> float | None:
    """Return the D from which VICReg stays the larger one, by a straight line on logarithms.

    Args:
        dims: D, ascending, (X,).
        sigreg: cost of SIGReg at each, (X,).
        vicreg: cost of VICReg, (X,).

    Returns:
        D; the first of ``dims`` if VICReg is larger at all of them, None if not at the last.

    >>> round(crossing_dimension(np.array([10.0, 1000.0]), np.array([2, 2]), np.array([1, 4])), 6)
    100.0
    """
    gaps = np.log(vicreg / sigreg)
    if gaps[-1] < 0.0:
        return None
    below = np.flatnonzero(gaps < 0.0)
    if not len(below):
        return float(dims[0])
    i = below[-1]
    share = gaps[i] / (gaps[i] - gaps[i + 1])
    return float(np.exp(np.log(dims[i]) + share * np.log(dims[i + 1] / dims[i])))


def _against_slices(record: CostRecord, params: CrossingParams, form: str) -> np.ndarray:
    dims, slices = np.broadcast_arrays(D_GRID[None, :], M_GRID[:, None])  # (Y, X)
    sigreg = cost(record, params, form, dims, slices)
    vicreg = cost(record, params, "vicreg", dims, slices)
    found = (crossing_dimension(D_GRID, s, v) for s, v in zip(sigreg, vicreg, strict=True))
    return np.array([np.nan if d is None else d for d in found])


def _dots(record: CostRecord, params: CrossingParams, form: str) -> np.ndarray:
    rows = record.line(form, 1, (params.N, 0, params.M, params.T))
    y = [row.seconds if params.what == "seconds" else row.peak_bytes for row in rows]
    return np.array([[row.D for row in rows], y], dtype=float).T.reshape(-1, 2)


def _off(record: CostRecord, params: CrossingParams, dots: Mapping[str, np.ndarray]) -> float:
    """By what factor measured times are off these lines at worst, or SIGReg's off the model.

    Memory is counted, not fitted: it is not off.
    """
    if params.what == "memory":
        return 1.0
    if not len(dots[params.form]):
        return record.model.within(row for row in record.every if row.form == params.form)

    def line(form: str, dims: np.ndarray) -> np.ndarray:
        return cost(record, params, form, dims, np.asarray(params.M))

    return worst_dot(dots, line)[0]


def _doubt(
    params: CrossingParams,
    dots: Mapping[str, np.ndarray],
    off: float,
    crossing: float | None,
    ends: Sequence[float | None],
) -> str:
    """Where else the crossing may lie, in words; nothing where the lines are near the dots."""
    if crossing is None or off < FAR_OFF or ends[0] is None:
        return ""
    if len(dots[params.form]):
        whose = f"Measured steps are up to {off:.1f} times off these lines"
    else:
        whose = f"No SIGReg was measured here; elsewhere it is up to {off:.1f} times off its line"
    upper = f"to {ends[1]:.0f}" if ends[1] else f"to beyond {D_ENDS[1]}"
    return f" {whose}, so it may lie anywhere from D ≈ {ends[0]:.0f} {upper}."


def _stars(params: CrossingParams) -> dict[str, np.ndarray]:
    """The report's table over D, at its N and its unsaid 512 slices."""
    fits = (params.N, params.M, params.what) == (6272, 512, "seconds")
    rows = SCALING.items() if fits else ()
    return {
        "sigreg": np.array([(d, ms / 1e3) for d, (_, ms) in rows]).reshape(-1, 2),
        "vicreg": np.array([(d, ms / 1e3) for d, (ms, _) in rows]).reshape(-1, 2),
    }


def report_crossing() -> float:
    """Where the report's own table over D crosses.

    >>> 192 < report_crossing() < 384
    True
    """
    vicreg, sigreg = np.array(list(SCALING.values())).T
    return crossing_dimension(np.array(list(SCALING), dtype=float), sigreg, vicreg)


def _in_words(
    record: CostRecord, params: CrossingParams, crossing: float | None, doubt: str
) -> str:
    costs, more = (
        ("takes longer", "slower") if params.what == "seconds" else ("holds more", "larger")
    )
    if crossing is None:
        found = f"VICReg {costs} than SIGReg ({params.form}) at no D up to {D_ENDS[1]}"
    elif crossing <= D_ENDS[0]:
        found = f"VICReg {costs} than SIGReg ({params.form}) at every D from {D_ENDS[0]} on"
    else:
        found = (
            f"VICReg {costs} than SIGReg ({params.form}) from D ≈ {crossing:.0f} on, which is "
            f"{crossing / params.M:.2g} M"
        )
    there = np.array([float(REPORT_SAYS)])
    ours, theirs = (
        amount(params.what, float(cost(record, params, form, there, params.M)[0]))
        for form in (params.form, "vicreg")
    )
    own = (
        f", but its table of times crosses near D = {report_crossing():.0f}"
        if params.what == "seconds"
        else ", by K² against M·K alone"
    )
    return (
        f"At N = {params.N}, M = {params.M}, T = {params.T} {found}.{doubt} "
        f"At D = {REPORT_SAYS}: SIGReg {ours}, VICReg {theirs}. "
        f"The report has VICReg the {more} one for D > {REPORT_SAYS}, whatever M{own}."
        f"{step_of_the_fast_form('M', params.N)}"
    )
