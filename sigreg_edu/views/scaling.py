"""How does a step's cost grow? Time and memory of every form against one size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from sigreg_edu.losses.cost import FORMS, arguments_bytes, exponent, peak_memory
from sigreg_edu.losses.timing import in_bytes, in_seconds
from sigreg_edu.slicing import trig_sums
from sigreg_edu.views.cost_record import RECORDS, CostRecord, cost_record
from sigreg_edu.views.params import Params, choice, slider
from sigreg_edu.views.report_claims import PERFORMANCE, SCALING

SIZES = {"N": "points N", "D": "dimensions D", "M": "slices M", "T": "knots T"}
ENDS = {"N": (64, 8192), "D": (16, 2048), "M": (16, 2048), "T": (9, 33)}
WHAT = {"seconds": "time of a step", "memory": "memory of a step"}
ROOM = 16e9  # bytes of a laptop or a small GPU; what needs more is drawn as out of reach
CURVE = 49
UPPER = 4.0  # exponents are of the upper part of the axis: its last factor of so much
FLAT = 0.05  # a smaller exponent
FAR_OFF = 1.1  # of a dot from its line, a factor: what is less is not told


@dataclass(frozen=True)
class ScalingParams(Params):
    """State of the explorer of growth: what grows, what is looked at, and the sizes now."""

    grows: str = choice("D", SIZES, label="along the axis")
    what: str = choice("seconds", WHAT, label="look at")
    N: int = slider(2048, 64, 8192, 32, label="points N",
                    help="Embeddings of one step: batch × views, or patches as well.")  # fmt: skip
    D: int = slider(256, 16, 2048, 16, label="dimensions D")
    M: int = slider(512, 16, 2048, 16, label="slices M")
    T: int = slider(17, 9, 33, 8, label="knots T",
                    help="Of the three sums: reference points.")  # fmt: skip
    recorded: str = choice("cpu", RECORDS, label="recorded on")

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        """N, D, M, T."""
        return self.N, self.D, self.M, self.T


@dataclass(frozen=True)
class ScalingView:
    """What the figure of growth shows.

    Attributes:
        grows, what: the chosen ones.
        x: sizes along the axis, (X,).
        curves: seconds or bytes of each form by the model, (X,).
        fits: where a step stays within 16 GB, (X,) bool for each form.
        dots: measured steps of each form whose other sizes are the present ones, (R, 2).
        now: the present size, and what each form takes there.
        exponents: of each form in the upper part of the axis; None where it is no power.
        report: what the report gives at these sizes, for SIGReg and VICReg, (R, 2) each.
        others: the sizes that stay, in words.
        ran_on: what it was measured on.
        readout: all that in words.
    """

    grows: str
    what: str
    x: np.ndarray
    curves: Mapping[str, np.ndarray]
    fits: Mapping[str, np.ndarray]
    dots: Mapping[str, np.ndarray]
    now: tuple[int, Mapping[str, float]]
    exponents: Mapping[str, float | None]
    report: Mapping[str, np.ndarray]
    others: str
    ran_on: str
    readout: str


def scaling_view(params: ScalingParams) -> ScalingView:
    """Time or memory of every form against one size, from the chosen record.

    Raises:
        FileNotFoundError: the record is not there; the message says what to do.
    """
    return scaling_of(cost_record(params.recorded), params)


def scaling_of(record: CostRecord, params: ScalingParams) -> ScalingView:
    """Return the view of a record."""
    place = list(SIZES).index(params.grows)
    x = np.geomspace(*ENDS[params.grows], CURVE)
    sizes = [x if i == place else float(size) for i, size in enumerate(params.sizes)]
    curves = {form: np.broadcast_to(_cost(record, params, form, sizes), x.shape) for form in FORMS}
    now = {form: float(_cost(record, params, form, params.sizes)) for form in FORMS}
    exponents = {form: _exponent(x, curve) for form, curve in curves.items()}
    dots = {form: _dots(record, params, form, place) for form in FORMS}

    def line(form: str, at: np.ndarray) -> np.ndarray:
        there = [at if i == place else float(other) for i, other in enumerate(params.sizes)]
        return _cost(record, params, form, there)

    return ScalingView(
        grows=params.grows,
        what=params.what,
        x=x,
        curves=curves,
        fits={
            form: np.broadcast_to(_needed(form, sizes, record.device) <= ROOM, x.shape)
            for form in FORMS
        },
        dots=dots,
        now=(params.sizes[place], now),
        exponents=exponents,
        report=_report(params),
        others=", ".join(f"{n} = {getattr(params, n)}" for n in SIZES if n != params.grows),
        ran_on=record.where,
        readout=_in_words(params, now, exponents, worst_dot(dots, line)),
    )


def _cost(record: CostRecord, params: ScalingParams, form: str, sizes: list) -> np.ndarray:
    if params.what == "memory":
        return peak_memory(form, *sizes, device=record.device)
    return record.model.seconds(form, *sizes)


def _needed(form: str, sizes: list, device: str) -> np.ndarray:
    N, D, M, _ = sizes
    return peak_memory(form, *sizes, device=device) + arguments_bytes(N, D, M)


def _dots(record: CostRecord, params: ScalingParams, form: str, place: int) -> np.ndarray:
    rows = record.line(form, place, params.sizes)
    low, high = ENDS[params.grows]
    kept = [row for row in rows if low <= row.sizes[place] <= high]
    y = [row.seconds if params.what == "seconds" else row.peak_bytes for row in kept]
    return np.array([[row.sizes[place] for row in kept], y], dtype=float).T.reshape(-1, 2)


def _exponent(x: np.ndarray, curve: np.ndarray) -> float | None:
    """Slope on logarithms; None for a curve that also falls, as no power does."""
    upper = curve[x >= x[-1] / UPPER]
    if (np.diff(upper) < -0.01 * upper[:-1]).any():
        return None
    return exponent(x[x >= x[-1] / UPPER], upper)


def _report(params: ScalingParams) -> dict[str, np.ndarray]:
    """The report's own numbers where it has some: at N = 6272, against D or against M."""
    found: dict[str, list] = {"sigreg": [], "vicreg": []}
    if params.N == 6272 and params.T == 17:
        if params.grows == "D" and params.M == 512 and params.what == "seconds":
            found["vicreg"] = [(d, ms / 1e3) for d, (ms, _) in SCALING.items()]
            found["sigreg"] = [(d, ms / 1e3) for d, (_, ms) in SCALING.items()]
        if params.grows == "M" and params.D == 384:
            place, unit = (0, 1e-3) if params.what == "seconds" else (1, 1e6)
            numbers = {m: unit * row[place] for m, row in PERFORMANCE.items()}
            vicreg = numbers.pop(0)
            found["vicreg"] = [(m, vicreg) for m in numbers]
            found["sigreg"] = list(numbers.items())
    return {name: np.array(rows, dtype=float).reshape(-1, 2) for name, rows in found.items()}


def worst_dot(
    dots: Mapping[str, np.ndarray], line: Callable[[str, np.ndarray], np.ndarray]
) -> tuple[float, str, float]:
    """Return the dot that lies farthest off its line: by what factor, of which form, and where.

    Args:
        dots: measured (size, cost) of each form, (R, 2).
        line: form and sizes (R,) → the model's costs.

    Returns:
        1, no form and 0 where there is no dot.

    >>> worst_dot({"fast": np.array([[64, 3.0], [128, 8.0]])}, lambda _, size: size / 32)
    (2.0, 'fast', 128.0)
    """
    found = [(1.0, "", 0.0)]
    for form, rows in dots.items():
        if len(rows):
            size, measured = rows.T
            off = measured / line(form, size)
            off = np.maximum(off, 1.0 / off)
            worst = off.argmax()
            found.append((float(off[worst]), form, float(size[worst])))
    return max(found)


def step_of_the_fast_form(name: str, other: int) -> str:
    """Say where along N or M the fast form no longer keeps its projections, if it is on the axis.

    Args:
        name: ``"N"`` or ``"M"``, along the axis.
        other: the other one of the two.

    >>> step_of_the_fast_form("M", 512)
    ''
    """
    border, (low, high) = trig_sums.KEPT_BYTES / (4 * other), ENDS[name]
    if not low < border < high:
        return ""
    return (
        f" From {name} ≈ {border:.0f} on the fast form keeps its projections no longer, but "
        "computes them again: less memory, more time; hence the step of its line."
    )


def amount(what: str, number: float) -> str:
    """Seconds or bytes in words.

    >>> amount("seconds", 0.0042), amount("memory", 4.2e7)
    ('4.2 ms', '42 MB')
    """
    return in_seconds(number) if what == "seconds" else in_bytes(number)


def _in_words(
    params: ScalingParams,
    now: Mapping[str, float],
    exponents: Mapping[str, float | None],
    worst: tuple[float, str, float],
) -> str:
    said = "; ".join(
        f"{form} {amount(params.what, now[form])} ({power(params.grows, exponents[form])})"
        for form in FORMS
    )
    takes = "takes, forward and backward" if params.what == "seconds" else "holds at once"
    starred = _report(params)["vicreg"].size > 0
    stars = " Stars: the report's own numbers, of another machine." if starred else ""
    return (
        f"At N = {params.N}, D = {params.D}, M = {params.M}, T = {params.T} one step {takes}: "
        f"{said}. In brackets: how it grows along the upper part of the axis."
        f"{_off_in_words(params.grows, worst)}{_step_in_words(params)}{stars}"
    )


def _off_in_words(name: str, worst: tuple[float, str, float]) -> str:
    times, form, size = worst
    if times < FAR_OFF:
        return ""
    return f" Dots are up to {times:.1f} times off their lines ({form} at {name} = {size:.0f})."


def _step_in_words(params: ScalingParams) -> str:
    others = {"N": params.M, "M": params.N}
    if params.grows not in others:
        return ""
    return step_of_the_fast_form(params.grows, others[params.grows])


def power(name: str, exponent: float | None) -> str:
    """A power law in words, with one decimal; flat below a twentieth.

    >>> power("D", 1.957), power("D", -0.001), power("M", None)
    ('D^2.0', 'flat', 'no power')
    """
    if exponent is None:
        return "no power"
    return "flat" if abs(exponent) < FLAT else f"{name}^{exponent:.1f}"
