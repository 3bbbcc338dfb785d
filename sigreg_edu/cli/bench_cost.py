"""``sigreg-edu bench cost``: seconds and memory of one step against its sizes, and a model of both.

Every form of the regularizer is measured over a grid of points, dimensions, slices and knots, as
far as a step fits into the limits of time and memory. The whole grid is gone through in rounds,
some minutes apart. In a round each form has one turn at each size, on the same tensors as the
others; the median of its rounds counts, whatever it is, and ratios of two forms are taken within a
round. A cost model is fitted to the grid and judged on sizes that it has not seen. The shapes of
the report's tables are measured beside it.
"""

from __future__ import annotations

import argparse
import itertools
import platform
import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from sigreg_edu.cli.errors import UserError
from sigreg_edu.cli.records import keep, look_machine

if TYPE_CHECKING:
    from sigreg_edu.losses.cost import CostModel, Measured
    from sigreg_edu.losses.timing import Step

Sizes = tuple[int, int, int, int]  # N, D, M, T

OUTPUT = Path("data/bench/cost.json")
MOST_SECONDS, MOST_BYTES = 1.0, 1.5e9  # of a step
LEAST_ROUNDS = 3  # of fewer there is no median that forgets one disturbed turn
ALWAYS = ("fast", "vicreg")  # at the report's shapes, however long they take
WITHIN = 2.0  # the planner's promise: prediction within this ratio of the measurement

# One size changes at a time, from each of these: for sums over points, and for sums over pairs.
BASES: tuple[Sizes, ...] = ((2048, 256, 512, 17), (256, 64, 128, 17))
SERIES = {
    "N": (64, 128, 256, 512, 1024, 2048, 4096, 8192),
    "D": (16, 64, 256, 512, 1024, 2048),
    "M": (16, 64, 128, 256, 512, 1024, 2048),
    "T": (9, 17, 25, 33),
}
CORNERS = {"N": (64, 512, 4096), "D": (16, 256, 2048), "M": (16, 256, 2048), "T": (9, 33)}
# Where the fast form computes projections again, since they are too large to be kept.
LARGE: tuple[Sizes, ...] = (
    (8192, 64, 2048, 9), (8192, 256, 2048, 17), (6144, 512, 2048, 9), (8192, 512, 1536, 17),
)  # fmt: skip
HELD_BACK = 24  # sizes between those of the grid, not used in the fit
QUICK = 3  # sizes of each list that ``--quick`` keeps

# The report: ViT-Small, N = 32 images of 196 patches. Its table over D has 512 slices; its standard
# is 1024, for large models 2048. N = 32 and N = 196 are other ways to read its heading.
DRAWN = (384, 1024)  # D, M
REPORT_N, REPORT_D = 32 * 196, (192, 384, 768, 1024, 2048)
REPORT: tuple[Sizes, ...] = (
    *((REPORT_N, D, M, 17) for D in REPORT_D for M in (512, 1024, 2048)),
    *((N, D, M, 17) for N in (32, 196) for D in REPORT_D for M in (512, 1024)),
)


def add_to(subjects: argparse._SubParsersAction) -> None:
    """Add ``cost`` to ``bench``."""
    parser = subjects.add_parser(
        "cost",
        help="seconds and memory of every form over a grid of sizes, and the model of them",
        description="Measure a grid of sizes, a few minutes, and fit the cost model that the "
        f"planner uses. Exit status 1 if it is not within {WITHIN:g} times of the measurements.",
    )
    parser.add_argument("--threads", type=int, default=2, help="torch threads on the CPU (2)")
    parser.add_argument("--device", default="cpu", help="cpu (cpu) or cuda")
    parser.add_argument(
        "--rounds", type=int, default=3, help="times that all sizes are gone through (3, the least)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="a few small sizes only; keep nothing, unless said"
    )
    parser.add_argument(
        "--output", type=Path, help=f"where record and table go ({OUTPUT}; on a GPU: cost_cuda)"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure, fit, print the table, keep it."""
    import torch

    for name, least in (("threads", 1), ("rounds", LEAST_ROUNDS)):
        if getattr(options, name) < least:
            raise UserError(f"--{name} must be at least {least}, got {getattr(options, name)}.")
    device = options.device
    if device not in ("cpu", "cuda") or (device == "cuda" and not torch.cuda.is_available()):
        raise UserError(f"there is no {device!r} here. Leave --device out for the CPU.")
    machine = {**look_machine(), "threads": options.threads, "device": device_name(device)}
    before, began = torch.get_num_threads(), time.perf_counter()
    torch.set_num_threads(options.threads)
    try:
        measured = measure_all(device, options.rounds, quick=options.quick)
        draw = measure_draw(device, options.rounds)
    finally:
        torch.set_num_threads(before)
    record = as_record(measured, device, options.threads, machine)
    record |= {"draw": draw, "minutes": round((time.perf_counter() - began) / 60.0, 1)}
    table = as_table(record)
    print(table)
    usual = OUTPUT if device == "cpu" else OUTPUT.with_name("cost_cuda.json")
    output = options.output or (None if options.quick else usual)
    if output:
        keep(output, record, table)
    return 0 if options.quick or keeps_promise(record) else 1


# --- measuring ------------------------------------------------------------------------------------


def grid(*, quick: bool = False) -> list[Sizes]:
    """The sizes that the model is fitted to, small ones first."""
    found = set(itertools.product(*CORNERS.values())) | set(LARGE)
    for base, (place, values) in itertools.product(BASES, enumerate(SERIES.values())):
        found |= {(*base[:place], value, *base[place + 1 :]) for value in values}
    ordered = sorted(found, key=lambda sizes: (effort(sizes), sizes))
    return ordered[: 8 * QUICK] if quick else ordered


def held_back(*, quick: bool = False) -> list[Sizes]:
    """Sizes at random between the smallest and the largest of the grid, always the same."""
    import numpy as np

    rng = np.random.default_rng(2511)
    ends = np.log([[min(SERIES[name]), max(SERIES[name])] for name in "NDMT"])  # (4, 2)
    drawn = np.exp(rng.uniform(*ends.T, size=(HELD_BACK, 4))).round().astype(int)
    found = [tuple(map(int, sizes)) for sizes in drawn]
    return sorted(found, key=effort)[:QUICK] if quick else found


def measure_all(device: str, rounds: int, *, quick: bool = False) -> dict[str, list[Measured]]:
    """Measure the grid, the sizes held back and the report's shapes, all in the same way.

    They are gone through together, from small to large, so that what else the machine does in the
    meantime falls on all three. The first round decides which steps fit, and finds their memory.
    """
    report = sorted(REPORT, key=effort)[: 2 * QUICK] if quick else REPORT
    plan = {"grid": grid(quick=quick), "held_back": held_back(quick=quick), "report": report}
    ordered = sorted((effort(four), four, name) for name, sizes in plan.items() for four in sizes)
    measured: dict[tuple[str, Sizes], list[Measured]] = {}
    for number, (_, sizes, name) in enumerate(ordered, start=1):
        _tell_progress(1, rounds, number, len(ordered))
        seen = list(itertools.chain(*measured.values()))
        chosen = fitting(sizes, seen, ALWAYS if name == "report" else (), device=device)
        measured[name, sizes] = measure_sizes(sizes, chosen, device)
    for later in range(2, rounds + 1):
        for number, (_, sizes, name) in enumerate(ordered, start=1):
            _tell_progress(later, rounds, number, len(ordered))
            measured[name, sizes] = another_turn(measured[name, sizes], device)
    print()
    found = {name: [] for name in plan}
    for (name, _), rows in measured.items():
        found[name] += rows
    return found


def _tell_progress(now: int, rounds: int, number: int, count: int) -> None:
    print(f"\rround {now} of {rounds}, {number} of {count} sizes ", end="", flush=True)


def effort(sizes: Sizes) -> float:
    """What a step computes, about, over all forms but those that sum over pairs."""
    N, D, M, T = sizes
    return float(8 * N * M * T + N * D * (D + M))


def fitting(
    sizes: Sizes, seen: Sequence[Measured], always: Sequence[str] = (), *, device: str = "cpu"
) -> list[str]:
    """The forms whose step at these sizes keeps the limits, by what was seen at smaller ones."""
    from sigreg_edu.losses.cost import FORMS, peak_memory

    small = [form for form in FORMS if peak_memory(form, *sizes, device=device) <= MOST_BYTES]
    return [
        form
        for form in small
        if form in always or expected_seconds(form, sizes, seen) <= MOST_SECONDS
    ]


def expected_seconds(form: str, sizes: Sizes, seen: Sequence[Measured]) -> float:
    """A guess from the nearest measured step: as much slower as there is more to compute."""
    import numpy as np

    own = [row for row in seen if row.form == form]
    if not own:
        return 0.0
    nearest = min(own, key=lambda row: np.abs(np.log(np.divide(row.sizes, sizes))).sum())
    return nearest.seconds * work(form, sizes) / work(form, nearest.sizes)


def work(form: str, sizes: Sizes) -> float:
    """What grows fastest in a form's step, and a constant for what does not."""
    from sigreg_edu.losses.cost import terms

    counts = terms(form, *sizes)
    waves = 8.0 * (counts.get("waves", 0.0) + counts.get("pairs", 0.0))
    return float(1e5 + waves + counts.get("products", 0.0) + counts.get("covariance", 0.0))


def measure_sizes(sizes: Sizes, names: Sequence[str], device: str) -> list[Measured]:
    """One turn of some forms on the same tensors, one after the other, and their memory."""
    from sigreg_edu.losses import timing
    from sigreg_edu.losses.cost import Measured

    steps = _steps(sizes, names, device)
    rows = []
    for name, step in steps.items():
        seconds = _one_turn(step, device)
        peak = timing.peak_bytes(step, device)
        rows.append(Measured(name, *sizes, seconds, peak, turns=(seconds,)))
    return rows


def another_turn(rows: Sequence[Measured], device: str) -> list[Measured]:
    """Rows of the same sizes after one more turn of each: the median of all its turns counts."""
    if not rows:
        return []
    steps = _steps(rows[0].sizes, [row.form for row in rows], device)
    found = []
    for row in rows:
        turns = (*row.turns, _one_turn(steps[row.form], device))
        found.append(replace(row, seconds=statistics.median(turns), turns=turns))
    return found


def _steps(sizes: Sizes, names: Sequence[str], device: str) -> dict[str, Step]:
    """Steps of some forms on the same tensors."""
    from sigreg_edu.losses import timing

    N, D, M, T = sizes
    timing.settle_allocator()
    z, directions = timing.cloud(N, D, M, device)
    every = timing.forms(directions, T)
    return {name: timing.forward_and_backward(every[name], z) for name in names}


def _one_turn(step: Step, device: str) -> float:
    """Seconds of a step, warm, to four digits."""
    from sigreg_edu.losses import timing

    step()  # warms up
    return float(f"{timing.turn(step, device) / 1e3:.4g}")


def measure_draw(device: str, rounds: int) -> dict[str, float]:
    """How long it takes to draw the directions of the report's ViT-Small anew."""
    from sigreg_edu.losses import SIGReg, timing

    z = timing.cloud(2, DRAWN[0], 1, device)[0]
    sigreg = SIGReg(num_slices=DRAWN[1])
    times = timing.take_turns({"draw": lambda: sigreg.draw_directions(z)}, rounds, device)
    seconds = float(f"{statistics.median(times['draw']) / 1e3:.4g}")
    return {"D": DRAWN[0], "M": DRAWN[1], "seconds": seconds}


# --- keeping --------------------------------------------------------------------------------------


def as_record(
    measured: Mapping[str, Sequence[Measured]],
    device: str,
    threads: int,
    machine: Mapping[str, object],
) -> dict:
    """Return all that is kept: the measurements, the model and how far it is off."""
    from sigreg_edu.losses.cost import CostModel

    model = CostModel.fit(enough(measured["grid"]), device=device, threads=threads)
    known = {name: within_known(model, rows) for name, rows in measured.items()}
    return {
        "meaning": __doc__,
        "machine": machine,
        "versions": {"python": platform.python_version(), "torch": metadata.version("torch")},
        "model": {"device": device, "threads": threads, "coefficients": model.coefficients},
        "worst_ratio": {name: worst_by_form(model, rows) for name, rows in known.items()},
        "worst_memory_ratio": worst_memory(itertools.chain(*measured.values()), device),
        **{name: [asdict(row) for row in rows] for name, rows in measured.items()},
    }


def enough(rows: Sequence[Measured]) -> list[Measured]:
    """Measurements of the forms that have as many as their model has terms."""
    from sigreg_edu.losses.cost import terms

    forms = [row.form for row in rows]
    return [row for row in rows if forms.count(row.form) >= len(terms(row.form, *row.sizes))]


def within_known(model: CostModel, rows: Iterable[Measured]) -> list[Measured]:
    """Measurements of the forms that the model knows."""
    return [row for row in rows if row.form in model.coefficients]


def worst_by_form(model: CostModel, rows: Sequence[Measured]) -> dict[str, float]:
    """The worst ratio between prediction and measurement, of each form and of all."""
    by_form = {form: [row for row in rows if row.form == form] for form in model.coefficients}
    found = {form: round(model.within(own), 2) for form, own in by_form.items() if own}
    return {**found, "all": max(found.values(), default=1.0)}


def worst_memory(rows: Iterable[Measured], device: str) -> float:
    """The worst ratio between counted and measured memory, where it is a megabyte or more."""
    from sigreg_edu.losses.cost import peak_memory

    ratios = [
        peak_memory(row.form, *row.sizes, device=device) / row.peak_bytes
        for row in rows
        if row.peak_bytes >= 1e6
    ]
    return round(max((max(r, 1 / r) for r in ratios), default=1.0), 3)


def keeps_promise(record: Mapping) -> bool:
    """Whether the model is within twice of the measurements, on the grid and held back."""
    return all(record["worst_ratio"][name]["all"] <= WITHIN for name in ("grid", "held_back"))


def device_name(device: str) -> str:
    """The GPU's name, or cpu."""
    import torch

    return torch.cuda.get_device_name(device) if device == "cuda" else device


def as_table(record: Mapping) -> str:
    """The report's shapes and the model's worst ratios as Markdown."""
    from sigreg_edu.losses.cost import FORMS

    lines = ["| N | D | M | " + " | ".join(f"{form} ms, MB" for form in FORMS) + " |"]
    lines.append("|" + " --- |" * (3 + len(FORMS)))
    cells = {(r["N"], r["D"], r["M"], r["form"]): r for r in record["report"]}
    for sizes in dict.fromkeys(key[:3] for key in cells):
        told = [_cell(cells.get((*sizes, form))) for form in FORMS]
        lines.append("| " + " | ".join([*map(str, sizes), *told]) + " |")
    lines += ["", f"Forward and backward, float32, T = 17, on {record['machine']['device']}."]
    lines += ["", "Worst ratio between the model and the measurements:", ""]
    lines += ["| | measured | " + " | ".join([*FORMS, "all"]) + " |"]
    lines.append("|" + " --- |" * (3 + len(FORMS)))
    for name, worst in record["worst_ratio"].items():
        told = [f"{worst[form]:.2f}" if form in worst else "–" for form in (*FORMS, "all")]
        lines.append(f"| {_LABELS[name]} | {len(record[name])} | {' | '.join(told)} |")
    kept = "" if keeps_promise(record) else " NOT KEPT"
    lines += ["", f"Promised: within {WITHIN:g} on the grid and on what was held back.{kept}"]
    lines.append(f"Memory as counted is within {record['worst_memory_ratio']:g} of the measured.")
    return "\n".join(lines)


_LABELS = {
    "grid": "grid, fitted to",
    "held_back": "held back",
    "report": "the report's shapes, not fitted to",
}


def _cell(row: Mapping | None) -> str:
    return f"{1e3 * row['seconds']:.3g}, {row['peak_bytes'] / 1e6:.3g}" if row else "–"
