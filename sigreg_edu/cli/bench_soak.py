"""``sigreg-edu bench soak``: all explorers on one page, moved at random for an hour.

Does memory grow, does anything fail, in the kernel or in the browser? Caches fill first: in the
first quarter explorers take turns, so that each of them has moved. Growth counts from the second
quarter to the last one.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sigreg_edu.cli.browser import LabPage, LiveExplorer, open_browser
from sigreg_edu.cli.errors import UserError, require
from sigreg_edu.cli.measure import MEGABYTE, resident_bytes
from sigreg_edu.cli.notebooks import notebook_of
from sigreg_edu.cli.records import keep, look_machine
from sigreg_edu.cli.server import serve_lab

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession

    from sigreg_edu.cli.server import LabServer

OUTPUT = Path("data/bench/soak.json")
GROWTH_MB = 25.0  # what the kit promises
FEWEST_LOOKS, MOST_LOOKS = 8, 60  # at the memory; one a minute in between
# Moves of one explorer before another's turn, as a student's: whenever another cell is chosen,
# JupyterLab 4.6 by itself keeps some 800 listeners and 260 nodes more, with or without explorers.
STRETCH, FIRST_STRETCH = 20, 8  # the latter while they take turns
MOST_WAIT = 0.5  # seconds of rest after a move, at most; half of the moves have none
DRAG_PIXELS = 120
Turn = TypeVar("Turn")
KEYS = ("ArrowRight", "ArrowLeft", "PageUp", "PageDown", "Home", "End")


@dataclass(frozen=True)
class Look:
    """Memory at one moment.

    Attributes:
        minute: since the start.
        moves: until then.
        kernel_mb: resident memory of the kernel (10^6 bytes).
        browser_mb: JavaScript's heap of the page, after a garbage collection.
    """

    minute: float
    moves: int
    kernel_mb: float
    browser_mb: float


@dataclass(frozen=True)
class Soak:
    """What an hour of moves left behind.

    Attributes:
        explorers: how many stood on the page.
        seed: of the moves.
        looks: memory, at even distances.
        errors: what explorers showed and what the browser's console said.
    """

    explorers: int
    seed: int
    looks: tuple[Look, ...]
    errors: tuple[str, ...]

    @property
    def kernel_growth_mb(self) -> float:
        """From the second quarter to the last one, medians."""
        return growth([look.kernel_mb for look in self.looks])

    @property
    def browser_growth_mb(self) -> float:
        """The same of the browser."""
        return growth([look.browser_mb for look in self.looks])

    @property
    def keeps_promises(self) -> bool:
        """Whether memory is flat and nothing failed."""
        most = max(self.kernel_growth_mb, self.browser_growth_mb)
        return most <= GROWTH_MB and not self.errors


def growth(values: Sequence[float]) -> float:
    """Return the median of the last quarter less that of the second one.

    >>> growth([1, 5, 10, 10, 10, 10, 12, 12])
    2.0
    """
    quarter = len(values) // 4
    last, second = values[-quarter:], values[quarter : 2 * quarter]
    return statistics.median(last) - statistics.median(second)


def add_to(subjects: argparse._SubParsersAction) -> None:
    """Add ``soak`` to ``bench``."""
    parser = subjects.add_parser(
        "soak",
        help="random moves of all explorers for an hour: does memory grow?",
        description="Show explorers on one page and move their sliders at random. Exit status 1 if "
        "memory grows or anything fails.",
    )
    parser.add_argument("--minutes", type=float, default=60.0, help="how long (60)")
    parser.add_argument("--seed", type=int, default=0, help="of the moves (0)")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="some explorers instead of all")
    parser.add_argument("--output", type=Path, help=f"({OUTPUT}; with --only: nowhere)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Move, look, print, keep."""
    from sigreg_edu.cli.bench import chosen, look_versions

    require("psutil", extra="test", purpose="sigreg-edu bench")
    if not options.minutes > 0:
        raise UserError(f"--minutes must be above 0, got {options.minutes:g}.")
    names, machine = chosen(options.only), look_machine()
    with serve_lab([]) as server, open_browser() as browser:
        found = soak_page(browser, server, names, minutes=options.minutes, seed=options.seed)
        versions = look_versions(browser.version)
    table = as_table(found)
    print(table)
    output = options.output or (None if options.only else OUTPUT)
    if output:
        keep(output, {"machine": machine, "versions": versions, **asdict(found)}, table)
    return 0 if found.keeps_promises else 1


def soak_page(
    browser: Browser, server: LabServer, names: Sequence[str], *, minutes: float, seed: int = 0
) -> Soak:
    """Show explorers on one page, move their sliders at random, and look at the memory.

    Args:
        browser: a running Chromium.
        server: a running JupyterLab.
        names: of the explorers, in ``sigreg_edu.explorers.GALLERY``.
        minutes: how long.
        seed: of the moves.
    """
    notebook = server.notebooks / "soak.ipynb"
    cells = [f"GALLERY[{name!r}]()" for name in names]
    told = notebook_of("from sigreg_edu.explorers import GALLERY", *cells)
    notebook.write_text(json.dumps(told), encoding="utf-8")
    lab = LabPage.open(browser, server, notebook.name)
    lab.run_all()
    explorers = lab.explorers()
    memory = lab.page.context.new_cdp_session(lab.page)
    chance, moves, looks, errors = random.Random(seed), 0, [], []
    start = time.monotonic()
    count = min(max(round(minutes), FEWEST_LOOKS), MOST_LOOKS)
    seconds = 60.0 * minutes
    turns = _turns(explorers, chance, lambda: time.monotonic() < start + seconds / 4)
    for number in range(1, count + 1):
        end = start + number / count * seconds
        while time.monotonic() < end:
            errors += _move(next(turns), chance)
            moves += 1
        minute = (time.monotonic() - start) / 60.0
        resident = round(resident_bytes(lab) / MEGABYTE, 1)
        looks.append(Look(round(minute, 2), moves, resident, _heap(memory)))
    errors += lab.errors
    lab.close()
    return Soak(len(names), seed, tuple(looks), tuple(errors))


def _turns(
    explorers: Sequence[Turn], chance: random.Random, at_first: Callable[[], bool]
) -> Iterator[Turn]:
    """Yield who moves next, without end: at first one after the other, then at random.

    >>> begun = iter([True, True, False])
    >>> turns = _turns(["a", "b"], random.Random(0), lambda: next(begun, False))
    >>> "".join(itertools.islice(turns, 2 * FIRST_STRETCH))
    'aaaaaaaabbbbbbbb'
    """
    in_order = itertools.cycle(explorers)
    while at_first():
        yield from itertools.repeat(next(in_order), FIRST_STRETCH)
    while True:
        yield from itertools.repeat(chance.choice(explorers), STRETCH)


def _move(explorer: LiveExplorer, chance: random.Random) -> list[str]:
    """Move one slider by a key or the mouse, and return what went wrong."""
    slider = chance.choice(explorer.sliders())
    if chance.random() < 0.3:
        explorer.pull(slider, chance.uniform(-DRAG_PIXELS, DRAG_PIXELS))
    else:
        slider.focus()
        for _ in range(chance.randint(1, 6)):
            explorer.page.keyboard.press(chance.choice(KEYS))
    if chance.random() < 0.5:
        explorer.rest(chance.uniform(0.0, MOST_WAIT))
    error = explorer.error()
    return [f"{explorer.title()}: {error}"] if error else []


def _heap(page: CDPSession) -> float:
    page.send("HeapProfiler.collectGarbage")
    return round(page.send("Runtime.getHeapUsage")["usedSize"] / MEGABYTE, 1)


def as_table(found: Soak) -> str:
    """Return the memory over time as a Markdown table, and what is promised of it."""
    lines = ["| minute | moves | kernel MB | browser MB |", "|" + " --- |" * 4]
    every = max(len(found.looks) // 12, 1)
    lines += [
        f"| {look.minute:.1f} | {look.moves} | {look.kernel_mb:.0f} | {look.browser_mb:.0f} |"
        for look in found.looks[every - 1 :: every]
    ]
    told = (
        f"{found.explorers} explorers on one page, {found.looks[-1].moves} random moves (seed "
        f"{found.seed}). Growth from the second quarter to the last: kernel "
        f"{found.kernel_growth_mb:.1f} MB, JavaScript's heap {found.browser_growth_mb:.1f} MB "
        f"(promised ≤ {GROWTH_MB:g} MB each); {len(found.errors)} errors."
    )
    return "\n".join([*lines, "", told, *found.errors])
