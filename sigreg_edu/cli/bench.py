"""``sigreg-edu bench``; ``bench explorers``: how soon a slider's picture comes, in a browser."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path

from sigreg_edu.cli import bench_cost, bench_losses, bench_soak, bench_training
from sigreg_edu.cli.browser import open_browser
from sigreg_edu.cli.errors import UserError, require
from sigreg_edu.cli.lab import find_notebook
from sigreg_edu.cli.measure import (
    MEANING,
    ExplorerResult,
    NotebookResult,
    measure_bare,
    measure_explorer,
    measure_notebook,
)
from sigreg_edu.cli.records import keep, look_machine
from sigreg_edu.cli.server import serve_lab

OUTPUT = Path("data/bench/explorers.json")
VERSIONS_OF = ("jupyterlab", "ipykernel", "ipywidgets", "anywidget", "matplotlib", "numpy", "torch")
# What the kit promises on two cores.
MEDIAN_MS, P95_MS, GROWTH_MB = 50.0, 100.0, 25.0
AHEAD_MS = 20.0  # of explorers with a single slider
PLAYED_PER_S = 15.0
FIRST_PICTURE_S, RESIDENT_MB = 6.0, 450.0


def add_to(commands: argparse._SubParsersAction) -> None:
    """Add ``bench`` to the command line."""
    parser = commands.add_parser("bench", help="measure how quick the kit is on this machine")
    subjects = parser.add_subparsers(title="what to measure", metavar="SUBJECT", required=True)
    explorers = subjects.add_parser(
        "explorers",
        help="from a slider's move to its picture, for every explorer, in Chromium",
        description="Measure every explorer in JupyterLab in a headless Chromium, about a minute "
        "each. Exit status 1 if the kit does not keep a promise.",
    )
    explorers.add_argument(
        "--only", nargs="+", metavar="NAME", help="some explorers instead of all"
    )
    explorers.add_argument("--moves", type=int, default=40, help="timed moves per explorer (40)")
    explorers.add_argument(
        "--soak-moves", type=int, default=2000, help="moves of the memory test (2000; 0: none)"
    )
    explorers.add_argument(
        "--notebook", default="01", help="whose start and memory to measure (01; '': none)"
    )
    explorers.add_argument(
        "--output",
        type=Path,
        help=f"where the numbers go, with the table beside them ({OUTPUT}; with --only: nowhere)",
    )
    explorers.set_defaults(run=run)
    bench_losses.add_to(subjects)
    bench_cost.add_to(subjects)
    bench_training.add_to(subjects)
    bench_soak.add_to(subjects)


def run(options: argparse.Namespace) -> int:
    """Measure, print the table, keep it."""
    require("psutil", extra="test", purpose="sigreg-edu bench")
    names = chosen(options.only)
    given = options.notebook
    notebook = find_notebook(given, Path.cwd(), os.environ) if given else None
    results, machine = [], look_machine()
    with serve_lab([notebook] if notebook else []) as server, open_browser() as browser:
        bare = [measure_bare(browser, server, moves=options.moves)]
        for name in names:
            print(f"{name} …", flush=True)
            result = measure_explorer(
                browser, server, name, moves=options.moves, soak_moves=options.soak_moves
            )
            results.append(result)
        bare.append(measure_bare(browser, server, moves=options.moves))
        opened = measure_notebook(browser, server, notebook) if notebook else None
        chromium = browser.version
    table = as_table(results, opened, bare)
    print(table)
    output = options.output or (None if options.only else OUTPUT)
    if output:
        made_with = look_versions(chromium)
        keep(output, as_record(results, opened, bare, machine=machine, versions=made_with), table)
    return 0 if all(map(keeps_promises, results)) and notebook_keeps_promises(opened) else 1


def chosen(only: Sequence[str] | None) -> list[str]:
    """Return the names of the explorers to measure.

    Raises:
        UserError: there is no explorer of that name.
    """
    from sigreg_edu.explorers import GALLERY

    for name in only or ():
        if name not in GALLERY:
            raise UserError(f"there is no explorer {name!r}. Choose from: {', '.join(GALLERY)}.")
    return list(only or GALLERY)


def keeps_promises(result: ExplorerResult) -> bool:
    """Whether an explorer is as quick and as clean as the kit promises."""
    soak = result.soak
    return (
        result.median_ms <= MEDIAN_MS
        and result.p95_ms <= P95_MS
        and (result.played_pictures_per_s is None or result.played_pictures_per_s >= PLAYED_PER_S)
        and (result.sliders > 1 or (result.ahead_median_ms or 0.0) <= AHEAD_MS)
        and not (result.unanswered or result.blank_frames or result.console_errors)
        and (soak is None or (soak.growth_mb <= GROWTH_MB and soak.figures_alive == 1))
    )


def notebook_keeps_promises(result: NotebookResult | None) -> bool:
    """Whether a notebook opens as soon, and stays as small, as the kit promises."""
    if result is None:
        return True
    return result.first_picture_s <= FIRST_PICTURE_S and result.resident_mb <= RESIDENT_MB


def as_table(
    results: Sequence[ExplorerResult], opened: NotebookResult | None, bare: Sequence[float]
) -> str:
    """Return the results as a Markdown table, with the promises under it."""
    head = (
        "explorer | median ms | p95 ms | slowest ms | median/p95 while refining | ahead, median ms"
    )
    head += " | blank frames | dragged, played, pictures/s | memory growth MB | figures | kept"
    lines = [f"| {head} |", "|" + " --- |" * 11]
    for r in results:
        soak = (f"{r.soak.growth_mb:g}", f"{r.soak.figures_alive}") if r.soak else ("–", "–")
        blank = f"{r.blank_frames} of {r.frames_looked_at}"
        times = [f"{ms:.0f}" for ms in (r.median_ms, r.p95_ms, r.slowest_ms)]
        times.append(f"{r.refining_median_ms:.0f}/{r.refining_p95_ms:.0f}")
        kept = "yes" if keeps_promises(r) else "NO"
        played = "–" if r.played_pictures_per_s is None else f"{r.played_pictures_per_s:.0f}"
        rates = f"{r.dragged_pictures_per_s:.0f}, {played}"
        times.append("–" if r.ahead_median_ms is None else f"{r.ahead_median_ms:.0f}")
        cells = [r.name, *times, blank, rates, *soak, kept]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", f"Promised: median ≤ {MEDIAN_MS:g} ms, p95 ≤ {P95_MS:g} ms, no blank frame, "]
    lines[-1] += f"growth ≤ {GROWTH_MB:g} MB, one figure; played ≥ {PLAYED_PER_S:g} pictures/s; "
    lines[-1] += f"with a single slider, sent ahead, ≤ {AHEAD_MS:g} ms."
    lines.append(
        "An explorer that computes nothing and moves one line, before all others and after them: "
        f"median {' and '.join(f'{ms:.0f}' for ms in bare)} ms."
    )
    if opened:
        lines.append(
            f"Notebook {opened.name}: first picture {opened.first_picture_s:g} s after asking for "
            f"a kernel (promised ≤ {FIRST_PICTURE_S:g} s), kernel {opened.resident_mb:.0f} MB "
            f"(promised ≤ {RESIDENT_MB:g} MB)."
        )
    return "\n".join(lines)


def as_record(
    results: Sequence[ExplorerResult],
    opened: NotebookResult | None,
    bare: Sequence[float],
    *,
    machine: Mapping[str, object],
    versions: Mapping[str, str],
) -> dict:
    """Return all that is kept of a measurement."""
    return {
        "meaning": MEANING,
        "machine": machine,
        "versions": versions,
        "bare_ms": list(bare),
        "explorers": [asdict(result) for result in results],
        "notebook": asdict(opened) if opened else None,
    }


def look_versions(chromium: str) -> dict[str, str]:
    """Return the versions of all that has a part in the numbers."""
    packages = {name: metadata.version(name) for name in VERSIONS_OF}
    return {"python": platform.python_version(), "chromium": chromium, **packages}
