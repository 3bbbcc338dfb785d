"""``sigreg-edu bench losses``: what a regularizer's step costs, forward and backward.

Every form gets the same tensors and the forms take turns, so that whatever else the machine does
falls on all of them; medians and their ratios are what counts.
"""

from __future__ import annotations

import argparse
import math
import platform
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from sigreg_edu.cli.errors import UserError
from sigreg_edu.cli.records import keep, look_machine

if TYPE_CHECKING:
    import torch
    from matplotlib.figure import Figure

    from sigreg_edu.losses.timing import Step

OUTPUT = Path("data/bench/losses.json")

# (N, D, M), and how many times faster than the textbook form the kit promises to be there.
SHAPES = {(256, 64, 256): 2.5, (512, 128, 1024): 6.0, (6272, 384, 1024): 8.0}
PEAK_MB = 64.0  # of the fast form at the largest
KNOTS = 17
COMPARED = ("textbook", "fast", "vicreg")
# One of the four sizes changes at a time, from this base.
BASE = {"N": 2048, "D": 256, "M": 512, "T": 17}
SERIES = {
    "N": (512, 1024, 2048, 4096, 8192),
    "D": (64, 128, 256, 512, 1024),
    "M": (128, 256, 512, 1024, 2048),
    "T": (9, 17, 33, 65),
}
# VICReg against SIGReg as D grows, at the default number of slices.
CROSSOVER = {"N": 2048, "M": 1024, "D": (64, 128, 256, 512, 1024, 2048, 4096)}


@dataclass(frozen=True)
class ShapeResult:
    """One shape, all forms.

    Attributes:
        count: N. dim: D. slices: M.
        median_ms: of each form's forward and backward.
        ratio: times of the textbook form over those of the fast one: the median of the rounds'.
        over_products: the fast form's time over that of its two matrix products alone.
        peak_mb: most memory (10^6 bytes) allocated at once beyond the arguments, of each form.
        relative_error: of the fast form's value and gradient against the textbook form's.
    """

    count: int
    dim: int
    slices: int
    median_ms: Mapping[str, float]
    ratio: float
    over_products: float
    peak_mb: Mapping[str, float]
    relative_error: Mapping[str, float]


@dataclass(frozen=True)
class SeriesResult:
    """Times against one size.

    Attributes:
        name: the size that changes, N, D, M or T.
        values: its values.
        median_ms: of each form, at each value.
        exponents: slope of log time against log size, by least squares over the upper three.
    """

    name: str
    values: Sequence[int]
    median_ms: Mapping[str, Sequence[float]]
    exponents: Mapping[str, float]


def add_to(subjects: argparse._SubParsersAction) -> None:
    """Add ``losses`` to ``bench``."""
    parser = subjects.add_parser(
        "losses",
        help="forward and backward of SIGReg, fast and by the textbook, of VICReg and of peers",
        description="Time the regularizers on the same tensors, in turn, a few minutes. Exit "
        "status 1 if the kit does not keep a promise.",
    )
    parser.add_argument("--threads", type=int, default=2, help="torch threads on the CPU (2)")
    parser.add_argument("--device", default="cpu", help="cpu (the promises are for it) or cuda")
    parser.add_argument("--rounds", type=int, default=9, help="turns of each form (9)")
    parser.add_argument(
        "--quick", action="store_true", help="the two smaller shapes only; keep nothing"
    )
    parser.add_argument(
        "--output",
        type=Path,
        help=f"where table and plot go ({OUTPUT}; on a GPU: nowhere, unless said)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure, print the table, keep it with its plot."""
    import torch

    for name in ("threads", "rounds"):
        if getattr(options, name) < 1:
            raise UserError(f"--{name} must be at least 1, got {getattr(options, name)}.")
    if options.device != "cpu" and not torch.cuda.is_available():
        raise UserError(f"there is no {options.device!r} here. Leave --device out for the CPU.")
    output = options.output or (OUTPUT if options.device == "cpu" else None)
    machine = {**look_machine(), "threads": options.threads, "device": _device_name(options.device)}
    before = torch.get_num_threads()
    torch.set_num_threads(options.threads)
    try:
        wanted = list(SHAPES)[:2] if options.quick else list(SHAPES)
        shapes = [measure_shape(*shape, options.device, options.rounds) for shape in wanted]
        series = [] if options.quick else measure_series(options.device, options.rounds)
    finally:
        torch.set_num_threads(before)
    table = as_table(shapes, series)
    print(table)
    if output and not options.quick:
        record = {
            "meaning": __doc__,
            "machine": machine,
            "versions": look_versions(),
            "shapes": [asdict(result) for result in shapes],
            "series": [asdict(result) for result in series],
        }
        keep(output, record, table)
        draw(shapes, series).savefig(output.with_suffix(".png"))
    return 0 if options.device != "cpu" or all(map(keeps_promises, shapes)) else 1


def keeps_promises(result: ShapeResult) -> bool:
    """Whether the fast form is as fast, as small and as exact as the kit promises."""
    promised = SHAPES[(result.count, result.dim, result.slices)]
    return (
        result.ratio >= promised
        and result.peak_mb["fast"] <= PEAK_MB
        and max(result.relative_error.values()) <= 1e-5
    )


# --- the forms ------------------------------------------------------------------------------------


def compared_forms(
    directions: torch.Tensor, num_points: int = KNOTS
) -> dict[str, Callable[[torch.Tensor], torch.Tensor]]:
    """The regularizers of points (N, D) that are compared; peers where they are installed."""
    from sigreg_edu.losses.timing import forms

    every = forms(directions, num_points)
    found = {name: every[name] for name in COMPARED}
    lightly = _lightly(directions, num_points)
    return {**found, "lightly": lightly} if lightly else found


def _lightly(directions: torch.Tensor, num_points: int) -> Callable | None:
    """lightly's SIGReg, if it is installed. It draws its own directions."""
    try:
        from lightly.loss.lejepa_loss import SIGReg as Peer
    except ImportError:
        return None
    peer = Peer(knots=num_points, t_max=3.0, num_vectors=directions.shape[1])
    return lambda z: peer.to(z.device)(z.unsqueeze(0)).mean()


def matrix_products(z: torch.Tensor, directions: torch.Tensor) -> Step:
    """The products that no form can do without: projections, and their gradient's way back."""
    import torch

    gradient = torch.ones(z.shape[0], directions.shape[1], device=z.device)
    return lambda: (z @ directions, gradient @ directions.T)  # (N, M), (N, D)


# --- measuring ------------------------------------------------------------------------------------


def measure_shape(count: int, dim: int, slices: int, device: str, rounds: int) -> ShapeResult:
    """Time all forms at one shape, and compare their memory and results."""
    from sigreg_edu.losses.timing import cloud, forward_and_backward, peak_bytes, take_turns

    print(f"N = {count}, D = {dim}, M = {slices} …", flush=True)
    z, directions = cloud(count, dim, slices, device)
    steps = {
        name: forward_and_backward(form, z) for name, form in compared_forms(directions).items()
    }
    products = {"matrix products": matrix_products(z, directions)}
    times = take_turns({**steps, **products}, rounds, device)
    (value, gradient), (expected, exact) = steps["fast"](), steps["textbook"]()
    return ShapeResult(
        count,
        dim,
        slices,
        median_ms={name: round(statistics.median(ms), 3) for name, ms in times.items()},
        ratio=round(_median_ratio(times["textbook"], times["fast"]), 2),
        over_products=round(_median_ratio(times["fast"], times["matrix products"]), 2),
        peak_mb={name: round(peak_bytes(step, device) / 1e6, 1) for name, step in steps.items()},
        relative_error={
            "value": float(abs(value / expected - 1)),
            "gradient": float((gradient - exact).norm() / exact.norm()),
        },
    )


def _median_ratio(over: Sequence[float], under: Sequence[float]) -> float:
    return statistics.median(a / b for a, b in zip(over, under, strict=True))


def measure_series(device: str, rounds: int) -> list[SeriesResult]:
    """Time the fast form, the textbook's and VICReg against N, D, M and T, and the crossover."""
    found = []
    for name, values in SERIES.items():
        found.append(_one_series(name, values, BASE, COMPARED, device, rounds))
    base = {**BASE, "N": CROSSOVER["N"], "M": CROSSOVER["M"]}
    crossover = _one_series("D", CROSSOVER["D"], base, ("fast", "vicreg"), device, rounds)
    return [*found, crossover]


def _one_series(
    name: str,
    values: Sequence[int],
    base: Mapping[str, int],
    compared: Sequence[str],
    device: str,
    rounds: int,
) -> SeriesResult:
    from sigreg_edu.losses.cost import exponent
    from sigreg_edu.losses.timing import cloud, forms, forward_and_backward, take_turns

    print(f"{name} = {', '.join(map(str, values))} …", flush=True)
    medians: dict[str, list[float]] = {form: [] for form in compared}
    for value in values:
        size = {**base, name: value}
        z, directions = cloud(size["N"], size["D"], size["M"], device)
        every = forms(directions, size["T"])
        steps = {form: forward_and_backward(every[form], z) for form in compared}
        for form, ms in take_turns(steps, max(3, rounds // 2), device).items():
            medians[form].append(round(statistics.median(ms), 3))
    upper = slice(-3, None)  # where overhead is small
    exponents = {form: round(exponent(values[upper], ms[upper]), 2) for form, ms in medians.items()}
    return SeriesResult(name, tuple(values), medians, exponents)


def crossover(series: SeriesResult) -> float | None:
    """The D from which VICReg is slower than SIGReg, between two measured ones; None if never.

    >>> crossover(SeriesResult("D", (10, 1000), {"fast": [2, 2], "vicreg": [1, 4]}, {}))
    100.0
    """
    gaps = [
        math.log(v / f)
        for v, f in zip(series.median_ms["vicreg"], series.median_ms["fast"], strict=True)
    ]
    for i in range(1, len(gaps)):
        if gaps[i - 1] < 0 <= gaps[i]:
            share = gaps[i - 1] / (gaps[i - 1] - gaps[i])
            low, high = (math.log(series.values[j]) for j in (i - 1, i))
            return round(math.exp(low + share * (high - low)), 6)
    return None


def look_versions() -> dict[str, str]:
    """Versions of all that has a part in the numbers."""
    found = {"python": platform.python_version()}
    for name in ("torch", "lightly"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _device_name(device: str) -> str:
    import torch

    return torch.cuda.get_device_name(device) if device.startswith("cuda") else device


# --- telling --------------------------------------------------------------------------------------


def as_table(shapes: Sequence[ShapeResult], series: Sequence[SeriesResult]) -> str:
    """The results as Markdown, with the promises and the crossover under them."""
    names = list(shapes[0].median_ms)
    head = ["N", "D", "M", *(f"{name} ms" for name in names)]
    head += ["textbook / fast (promised)", "fast / products", "peak MB textbook, fast"]
    lines = [_row(head), _row(["---"] * len(head))]
    for r in shapes:
        promised = SHAPES[(r.count, r.dim, r.slices)]
        kept = "" if keeps_promises(r) else " NOT KEPT"
        cells = [r.count, r.dim, r.slices, *(f"{r.median_ms[name]:.3g}" for name in names)]
        cells += [f"{r.ratio:.1f} (≥ {promised:g}){kept}", f"{r.over_products:.1f}"]
        cells.append(f"{r.peak_mb['textbook']:.0f}, {r.peak_mb['fast']:.0f}")
        lines.append(_row(cells))
    lines += ["", "Forward and backward, float32; medians, and medians of ratios within a round."]
    error = max(max(r.relative_error.values()) for r in shapes)
    lines.append(f"Largest relative difference from the textbook form: {error:.1e} (≤ 1e-5).")
    if series:
        lines += _series_table(series)
    return "\n".join(lines)


def _series_table(series: Sequence[SeriesResult]) -> list[str]:
    base = ", ".join(f"{name} = {value}" for name, value in BASE.items())
    lines = ["", f"Time as a power of each size (the others at {base}; upper three points):", ""]
    names = list(series[0].exponents)
    lines += [_row(["size", "from", "to", *names]), _row(["---"] * (3 + len(names)))]
    for s in series[:-1]:
        cells = [f"{s.exponents[name]:.2f}" for name in names]
        lines.append(_row([s.name, s.values[0], s.values[-1], *cells]))
    dims = series[-1]
    lines += ["", f"SIGReg (M = {CROSSOVER['M']}) against VICReg at N = {CROSSOVER['N']}:", ""]
    lines += [_row(["D", *dims.values]), _row(["---"] * (1 + len(dims.values)))]
    for name, label in (("fast", "SIGReg ms"), ("vicreg", "VICReg ms")):
        lines.append(_row([label, *(f"{ms:.3g}" for ms in dims.median_ms[name])]))
    at = crossover(dims)
    told = f"VICReg is the slower one from about D = {at:.0f} on." if at else "They do not cross."
    return [*lines, "", told]


def _short(ms: float) -> str:
    """Two significant digits, in plain figures."""
    return f"{ms:,.0f}" if ms >= 10 else f"{ms:.2g}"


def _row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def draw(shapes: Sequence[ShapeResult], series: Sequence[SeriesResult]) -> Figure:
    """The plot: each form's time at each shape, and SIGReg against VICReg as D grows."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from sigreg_edu.figures import style

    colours = {
        "textbook": style.FAILURE,
        "lightly": style.TARGET,
        "fast": style.DATA,
        "matrix products": style.GREY,
        "vicreg": style.OTHER,
    }
    with mpl.rc_context(dict(style.RC)):
        figure = Figure(figsize=(13, 4.8), dpi=100, layout="constrained")
        bars, curves = figure.subplots(1, 2)
        names = [name for name in colours if name in shapes[0].median_ms]
        for i, name in enumerate(names):
            x = [j + (i - len(names) / 2 + 0.5) * 0.8 / len(names) for j in range(len(shapes))]
            heights = [r.median_ms[name] for r in shapes]
            drawn = bars.bar(x, heights, 0.8 / len(names), color=colours[name], label=name)
            bars.bar_label(drawn, fmt=_short, fontsize=8, padding=2)
        ticks = [f"N = {r.count}\nD = {r.dim}, M = {r.slices}" for r in shapes]
        bars.set_xticks(range(len(shapes)), ticks)
        bars.set_yscale("log")
        bars.set_ylim(top=20 * max(max(r.median_ms.values()) for r in shapes))
        bars.set_ylabel("forward + backward, ms")
        bars.set_title("One step of each, on the same tensors")
        bars.legend(ncols=3, loc="upper left")
        dims = series[-1]
        for name, label, marker in (("fast", "SIGReg", "o"), ("vicreg", "VICReg", "s")):
            curves.loglog(
                dims.values, dims.median_ms[name], marker=marker, color=colours[name], label=label
            )
        at = crossover(dims)
        if at:
            curves.axvline(at, color=style.GREY, linestyle=":")
            curves.annotate(f" D ≈ {at:.0f}", (at, min(dims.median_ms["vicreg"])))
        curves.set_xticks(dims.values, list(map(str, dims.values)))
        curves.minorticks_off()
        curves.set_xlabel("dimension D")
        curves.set_ylabel("forward + backward, ms")
        curves.set_title(f"N = {CROSSOVER['N']}, M = {CROSSOVER['M']} slices")
        curves.legend()
    return figure
