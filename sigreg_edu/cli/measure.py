"""What ``sigreg-edu bench explorers`` measures, in JupyterLab in Chromium.

:data:`MEANING` says what each number is; it is written into the results.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sigreg_edu.cli.browser import (
    FRAME_SECONDS,
    SECOND,
    LabPage,
    LiveExplorer,
    NotebookFailed,
    arrow_with_room,
    drag_with_room,
)
from sigreg_edu.cli.notebooks import notebook_of
from sigreg_edu.cli.server import LabServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ElementHandle

REST_SECONDS = 0.4  # longer than an explorer waits before it refines its picture
QUIET_SECONDS, REFINING_SECONDS = 0.2, 0.3  # a little less than it waits, and a little more
WARM_SOAK_MOVES = 200
PAGE_UP, PAGE_DOWN = "PageUp", "PageDown"  # several steps at once
LOOK_SECONDS = 0.15
DRAG_STEPS, DRAG_PIXELS = 60, 120
PLAY_SECONDS = 4.0
AHEAD_ROUNDS, AHEAD_MOVES = 3, 4  # fewer moves in a row than positions that are sent ahead
AHEAD_SECONDS, BETWEEN_SECONDS = 3.0, 0.1
MEGABYTE = 1e6
BARE = "from sigreg_edu.cli.bare import bare_explorer\nexplorer = bare_explorer()\nexplorer"

MEANING = {
    "median_ms, p95_ms, slowest_ms": (
        "from a page key on a slider's handle (the event's own time stamp in the browser) to the "
        "animation frame after the next new picture was painted on the canvas; single moves, each "
        "made when the explorer is at rest, equally many with each slider, which walk its range up "
        "and down, after one move of each to warm up; where a coarse picture comes first, it "
        "is the one that counts"
    ),
    "bare_ms": (
        "the same for an explorer that computes nothing and moves one line, before all others and "
        "after them, medians: what Jupyter, the browser and the kit's widgets take for any picture"
    ),
    "refining_median_ms, refining_p95_ms": (
        f"the same for moves made {REFINING_SECONDS:g} s after the last one's picture, when an "
        "explorer that refines its picture is at it; the time to the last picture before "
        f"{QUIET_SECONDS:g} s without one, since a finer one of the move before may come between"
    ),
    "ahead_median_ms": (
        f"median of {AHEAD_ROUNDS * AHEAD_MOVES} moves of the first slider by an arrow key, made "
        f"after {AHEAD_SECONDS:g} s of rest, in which the neighbours' pictures are sent ahead; "
        "null for explorers that send none, since their pictures are not their sliders' alone"
    ),
    "load_before": (
        "processes that wanted a processor in the minute before; above about 0.5, something else "
        "was running and the times are too long"
    ),
    "idle_sliders": "sliders without an effect on the picture at the explorer's defaults, left out",
    "unanswered": f"moves without a new picture within {FRAME_SECONDS:g} s",
    "dragged_pictures_per_s": (
        f"pictures shown while the mouse drags the first slider in {DRAG_STEPS} steps as fast as "
        "the browser takes them, until the last picture"
    ),
    "played_pictures_per_s": (
        f"pictures shown in {PLAY_SECONDS:g} s of an explorer's play, each a step further; null "
        "for explorers that cannot be played"
    ),
    "blank_frames, frames_looked_at": (
        "animation frames in which the canvas was one even colour or missing, in a second round of "
        "as many moves, apart from the timed ones because looking takes time too"
    ),
    "soak.growth_mb": (
        "resident memory of the kernel after so many moves made in the kernel and shown in the "
        f"browser, less that after {WARM_SOAK_MOVES} moves of warming up (megabytes of 10^6 bytes)"
    ),
    "soak.figures_alive": "Matplotlib figures in that kernel, after a garbage collection",
    "first_picture_s": (
        "from asking for a new kernel to the notebook's first picture on the screen, all cells run "
        "in order, the files already in the system's cache"
    ),
    "resident_mb": "resident memory of the kernel after all cells of that notebook have run",
}


@dataclass(frozen=True)
class SoakResult:
    """What many moves left behind."""

    moves: int
    growth_mb: float
    figures_alive: int


@dataclass(frozen=True)
class ExplorerResult:
    """What one explorer measured; :data:`MEANING` explains each field."""

    name: str
    sliders: int
    idle_sliders: int
    moves: int
    median_ms: float
    p95_ms: float
    slowest_ms: float
    refining_median_ms: float
    refining_p95_ms: float
    ahead_median_ms: float | None
    unanswered: int
    dragged_pictures_per_s: float
    played_pictures_per_s: float | None
    frames_looked_at: int
    blank_frames: int
    console_errors: int
    soak: SoakResult | None


@dataclass(frozen=True)
class NotebookResult:
    """What opening one notebook costs."""

    name: str
    first_picture_s: float
    resident_mb: float


def measure_explorer(
    browser: Browser, server: LabServer, name: str, *, moves: int, soak_moves: int
) -> ExplorerResult:
    """Measure one explorer, alone in a notebook of its own.

    Args:
        browser: a running Chromium.
        server: a running JupyterLab.
        name: of the explorer, in ``sigreg_edu.explorers.GALLERY``.
        moves: timed moves, over all sliders together.
        soak_moves: moves of the memory test; 0 leaves it out.
    """
    lab, explorer = open_alone(browser, server, name, notebook_showing(name))
    live = [slider for slider in explorer.sliders() if explorer.answers(slider)]
    turns = plan(live, moves)
    times = time_moves(explorer, turns)
    refining = time_moves_while_refining(explorer, turns)
    median, p95, slowest = summary(times)
    refining_median, refining_p95, _ = summary(refining)
    ahead = time_ahead(explorer, live[0]) if looks_ahead(lab) else None
    dragged = drag_rate(explorer, live[0])
    played = play_rate(explorer)
    looked, blank = look_for_blanks(explorer, turns)
    result = ExplorerResult(
        name=name,
        sliders=len(live),
        idle_sliders=len(explorer.sliders()) - len(live),
        moves=len(times),
        median_ms=median,
        p95_ms=p95,
        slowest_ms=slowest,
        refining_median_ms=refining_median,
        refining_p95_ms=refining_p95,
        ahead_median_ms=ahead,
        unanswered=(times + refining).count(None),
        dragged_pictures_per_s=round(dragged, 1),
        played_pictures_per_s=None if played is None else round(played, 1),
        frames_looked_at=looked,
        blank_frames=blank,
        console_errors=len(lab.errors),
        soak=measure_soak(lab, soak_moves) if soak_moves else None,
    )
    lab.close()
    return result


def measure_bare(browser: Browser, server: LabServer, *, moves: int) -> float:
    """Return the median milliseconds of a move of :func:`~sigreg_edu.cli.bare.bare_explorer`.

    Raises:
        NotebookFailed: a move was not answered, or the page's console told an error.
    """
    lab, explorer = open_alone(browser, server, "bare", notebook_of(BARE))
    sliders = explorer.sliders()
    explorer.answers(sliders[0])  # a move to warm up
    times = time_moves(explorer, plan(sliders, moves))
    if None in times or lab.errors:
        raise NotebookFailed(f"the bare explorer failed: moves took {times} ms, {lab.errors}")
    lab.close()
    return summary(times)[0]


def open_alone(
    browser: Browser, server: LabServer, name: str, notebook: dict
) -> tuple[LabPage, LiveExplorer]:
    """Open a notebook of one explorer, run it and wait until the picture is at rest."""
    path = server.notebooks / f"bench_{name}.ipynb"
    path.write_text(json.dumps(notebook))
    lab = LabPage.open(browser, server, path.name)
    lab.run_all()
    explorer = lab.explorers()[0]
    explorer.rest(1.0)
    return lab, explorer


def measure_notebook(browser: Browser, server: LabServer, notebook: Path) -> NotebookResult:
    """Measure how soon a notebook's first picture is there, and what its kernel then holds."""
    lab = LabPage.open(browser, server, notebook.name)
    milliseconds = lab.call("firstPicture", seconds=600)
    result = NotebookResult(
        name=notebook.stem,
        first_picture_s=round(milliseconds / SECOND, 2),
        resident_mb=round(resident_bytes(lab) / MEGABYTE, 1),
    )
    lab.close()
    return result


def notebook_showing(name: str) -> dict:
    """Return a notebook whose one cell shows the explorer of that name."""
    source = f"from sigreg_edu.explorers import GALLERY\nexplorer = GALLERY[{name!r}]()\nexplorer"
    return notebook_of(source)


# --- moves ----------------------------------------------------------------------------------------


def time_moves(explorer: LiveExplorer, turns: Sequence[ElementHandle]) -> list[float | None]:
    """Return the milliseconds of each move, None where no picture came."""
    watch = explorer.element.evaluate_handle("(one) => window.sigregEdu.stopwatch(one)")
    times, key = [], PAGE_UP
    for slider in turns:
        slider.focus()
        explorer.rest(REST_SECONDS)
        key = walking_key(slider, key)
        watch.evaluate("(watch) => watch.reset()")
        explorer.page.keyboard.press(key)
        times.append(watch.evaluate("(watch, limit) => watch.first(limit)", FRAME_SECONDS * SECOND))
    watch.evaluate("(watch) => watch.stop()")
    return times


def time_moves_while_refining(
    explorer: LiveExplorer, turns: Sequence[ElementHandle]
) -> list[float | None]:
    """Return the milliseconds of each move, made while the picture of the last is refined."""
    watch = explorer.element.evaluate_handle("(one) => window.sigregEdu.stopwatch(one)")
    limits = [QUIET_SECONDS * SECOND, FRAME_SECONDS * SECOND]
    times, key = [], PAGE_UP
    for slider in turns:
        slider.focus()
        key = walking_key(slider, key)
        watch.evaluate("(watch) => watch.reset()")
        explorer.page.keyboard.press(key)
        times.append(watch.evaluate("(watch, [quiet, limit]) => watch.last(quiet, limit)", limits))
        explorer.page.wait_for_timeout((REFINING_SECONDS - QUIET_SECONDS) * SECOND)
    watch.evaluate("(watch) => watch.stop()")
    explorer.rest(REST_SECONDS)
    return times


def looks_ahead(lab: LabPage) -> bool:
    """Return whether the notebook's ``explorer`` sends pictures ahead."""
    return lab.run("print(explorer.looks_ahead)").strip() == "True"


def time_ahead(explorer: LiveExplorer, slider: ElementHandle) -> float:
    """Return the median milliseconds of moves to where a picture is there already."""
    watch = explorer.element.evaluate_handle("(one) => window.sigregEdu.stopwatch(one)")
    times: list[float | None] = []
    explorer.answers(slider)
    for _ in range(AHEAD_ROUNDS):
        explorer.page.wait_for_timeout(AHEAD_SECONDS * SECOND)
        key = arrow_with_room(slider)
        for _ in range(AHEAD_MOVES):
            watch.evaluate("(watch) => watch.reset()")
            explorer.page.keyboard.press(key)
            limit = FRAME_SECONDS * SECOND
            times.append(watch.evaluate("(watch, limit) => watch.first(limit)", limit))
            explorer.page.wait_for_timeout(BETWEEN_SECONDS * SECOND)
    watch.evaluate("(watch) => watch.stop()")
    explorer.rest(REST_SECONDS)
    return summary(times)[0]


def walking_key(slider: ElementHandle, key: str) -> str:
    """Return the page key that goes on in the direction of ``key``, or back from the end."""
    low, now, high = (
        float(slider.get_attribute(f"aria-value{name}")) for name in ("min", "now", "max")
    )
    if now >= high:
        return PAGE_DOWN
    return PAGE_UP if now <= low else key


def summary(times: Sequence[float | None]) -> tuple[float, float, float]:
    """Return median, 95th percentile and largest of the moves that were answered, if any was.

    >>> summary([30.0, None, 10.0])
    (20.0, 30.0, 30.0)
    >>> summary([None])
    (inf, inf, inf)
    """
    answered = [t for t in times if t is not None]
    if not answered:
        return math.inf, math.inf, math.inf
    found = (statistics.median(answered), percentile(answered, 95), max(answered))
    return tuple(round(t, 1) for t in found)


def look_for_blanks(explorer: LiveExplorer, turns: Sequence[ElementHandle]) -> tuple[int, int]:
    """Move as often again and return (animation frames looked at, blank ones)."""
    watch = explorer.element.evaluate_handle("(one) => window.sigregEdu.blankWatch(one)")
    for slider in turns:  # some steps may change nothing, so no new picture is waited for
        slider.focus()
        explorer.page.keyboard.press(arrow_with_room(slider))
        explorer.rest(LOOK_SECONDS)
    counts = watch.evaluate("(watch) => watch.stop()")
    return counts["looked"], counts["blank"]


def drag_rate(explorer: LiveExplorer, slider: ElementHandle) -> float:
    """Return the pictures per second while a slider is dragged by the mouse."""
    watch = explorer.element.evaluate_handle("(one) => window.sigregEdu.stopwatch(one)")
    explorer.drag(slider, drag_with_room(slider, DRAG_PIXELS), steps=DRAG_STEPS)
    shown = watch.evaluate("(watch) => watch.shown()")
    watch.evaluate("(watch) => watch.stop()")
    return (len(shown) - 1) / (shown[-1] - shown[0]) * SECOND if len(shown) > 1 else 0.0


def play_rate(explorer: LiveExplorer) -> float | None:
    """Return the pictures per second while an explorer plays, None if it has no play button."""
    if not explorer.can_play():
        return None
    watch = explorer.element.evaluate_handle("(one) => window.sigregEdu.stopwatch(one)")
    explorer.play(PLAY_SECONDS)
    shown = watch.evaluate("(watch) => watch.shown()")
    watch.evaluate("(watch) => watch.stop()")
    return (len(shown) - 1) / (shown[-1] - shown[0]) * SECOND if len(shown) > 1 else 0.0


def plan(sliders: Sequence[ElementHandle], moves: int) -> list[ElementHandle]:
    """Return which slider each move is for: equally many for each, ``moves`` or a few more in all.

    Raises:
        ValueError: there is no slider.
    """
    if not sliders:
        raise ValueError("no slider of the explorer changes its picture, so nothing can be timed.")
    each = math.ceil(moves / len(sliders))
    return [slider for slider in sliders for _ in range(each)]


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest of ``values`` that at least so many per cent of them do not exceed.

    >>> percentile([10, 20, 30, 40], 95)
    40
    >>> percentile(range(1, 101), 95)
    95
    """
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]


# --- memory ---------------------------------------------------------------------------------------


def measure_soak(lab: LabPage, moves: int) -> SoakResult:
    """Move the sliders of the notebook's ``explorer`` from its kernel and see what it leaves."""
    run_soak(lab, WARM_SOAK_MOVES)
    before = resident_bytes(lab)
    figures = run_soak(lab, moves)
    growth = (resident_bytes(lab) - before) / MEGABYTE
    return SoakResult(moves=moves, growth_mb=round(growth, 1), figures_alive=figures)


def run_soak(lab: LabPage, moves: int) -> int:
    """Run :func:`sigreg_edu.cli.soak.soak` in the kernel and return the figures alive."""
    code = f"from sigreg_edu.cli.soak import soak; print(soak(explorer, {moves}))"
    figures = int(lab.run(code))
    lab.explorers()[0].rest(1.0)  # until the browser has shown them all
    return figures


def resident_bytes(lab: LabPage) -> int:
    """Return the resident memory of the notebook's kernel."""
    import psutil

    kernel = int(lab.run("import os; print(os.getpid())"))
    return psutil.Process(kernel).memory_info().rss
