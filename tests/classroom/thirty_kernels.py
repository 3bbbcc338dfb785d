"""Thirty students on one machine: memory and latency with a kernel each. A script, not a test.

    python tests/classroom/thirty_kernels.py [--kernels 30] [--output data/bench/classroom.json]

Each kernel runs all cells of notebook 01 and keeps its explorers. Then a slider is moved by a line
of code sent to the kernel, timed until the picture is made and the answer is back: in one kernel
while the others rest, and in all of them, each student a move every two seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

from sigreg_edu.cli.measure import MEGABYTE, percentile
from sigreg_edu.cli.records import keep, look_machine

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "01_shadows.ipynb"
OUTPUT = Path("data/bench/classroom.json")
SECONDS = 600.0  # for all cells, while every kernel starts at once
MOVES, EVERY = 15, 2.0  # of each student, and the seconds from one to the next
MOVE = "seen.set(angle={angle}); print(len(seen.picture.frame))"
PREPARE = "seen = explorers.shadow2d_explorer(cloud='cross')"


@dataclass(frozen=True)
class Classroom:
    """What was measured.

    Attributes:
        kernels: how many.
        start_s: until the last one had run all cells, all started at once.
        resident_mb: of a kernel, on average; pages that several share count in each.
        proportional_mb: the same with shared pages divided among them; what thirty really take.
        available_before_mb, available_after_mb: memory that the machine had left.
        alone_ms: median of a move while the others rest.
        median_ms, p95_ms: of a move while all move.
        errors: cells and moves that failed.
    """

    kernels: int
    start_s: float
    resident_mb: float
    proportional_mb: float
    available_before_mb: float
    available_after_mb: float
    alone_ms: float
    median_ms: float
    p95_ms: float
    errors: int


class Student:
    """One kernel with notebook 01, and the moves of its sliders."""

    def __init__(self) -> None:
        self.manager = KernelManager(kernel_name="python3")
        alone = {**os.environ, "OMP_NUM_THREADS": "1"}  # else each kernel wants every core
        self.manager.start_kernel(cwd=str(NOTEBOOK.parent), env=alone)
        self.client: BlockingKernelClient = self.manager.client()
        self.client.start_channels()
        self.errors, self.milliseconds = 0, []

    def run_notebook(self) -> None:
        """Run all code cells."""
        self.client.wait_for_ready(timeout=SECONDS)
        cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
        sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        for source in (*sources, PREPARE):
            self._ask(source)

    def move(self, angle: int) -> None:
        """Move a slider and wait for its picture."""
        start = time.perf_counter()
        self._ask(MOVE.format(angle=angle))
        self.milliseconds.append(1e3 * (time.perf_counter() - start))

    def work(self, seed: int) -> None:
        """Move now and then, at moments that have nothing to do with other students'."""
        chance = random.Random(seed)
        for _ in range(MOVES):
            time.sleep(chance.uniform(0.0, 2.0 * EVERY))
            self.move(chance.randrange(181))

    def _ask(self, code: str) -> None:
        try:
            answer = self.client.execute_interactive(
                code, timeout=SECONDS, output_hook=lambda _message: None, store_history=False
            )
        except (TimeoutError, RuntimeError):  # no answer; the kernel has died
            self.errors += 1
        else:
            self.errors += answer["content"]["status"] != "ok"

    def memory(self) -> tuple[int, int]:
        """Bytes that the kernel's process holds: resident, and with shared pages divided."""
        held = psutil.Process(self.manager.provisioner.pid).memory_full_info()
        return held.rss, getattr(held, "pss", held.uss)

    def leave(self) -> None:
        """End the kernel."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def all_at_once(students: Sequence[Student], what: str, *arguments: Sequence) -> None:
    """Call a method of every student, each in a thread of its own."""
    threads = [
        threading.Thread(target=getattr(student, what), args=given)
        for student, *given in zip(students, *arguments, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def measure(kernels: int) -> Classroom:
    """Fill the classroom, look at its memory, and move."""
    before = psutil.virtual_memory().available
    start = time.monotonic()
    students: list[Student] = []
    try:
        students.extend(Student() for _ in range(kernels))
        all_at_once(students, "run_notebook")
        started = time.monotonic() - start
        held = [student.memory() for student in students]
        after = psutil.virtual_memory().available
        for angle in range(0, 180, 6):
            students[0].move(angle)
        alone = statistics.median(students[0].milliseconds)
        for student in students:
            student.milliseconds.clear()
        all_at_once(students, "work", range(kernels))
    finally:
        for student in students:
            student.leave()
    every = [ms for student in students for ms in student.milliseconds]
    return Classroom(
        kernels=kernels,
        start_s=round(started, 1),
        resident_mb=round(statistics.mean(resident for resident, _ in held) / MEGABYTE),
        proportional_mb=round(statistics.mean(divided for _, divided in held) / MEGABYTE),
        available_before_mb=round(before / MEGABYTE),
        available_after_mb=round(after / MEGABYTE),
        alone_ms=round(alone, 1),
        median_ms=round(statistics.median(every), 1),
        p95_ms=round(percentile(every, 95), 1),
        errors=sum(student.errors for student in students),
    )


def as_table(found: Classroom) -> str:
    """Return the figures as a Markdown table."""
    rows = {
        "kernels, each with notebook 01": found.kernels,
        "all cells run in all of them after, s": found.start_s,
        "resident memory of a kernel, MB": found.resident_mb,
        "the same with shared pages divided, MB": found.proportional_mb,
        "memory left before and after, MB": (
            f"{found.available_before_mb} → {found.available_after_mb}"
        ),
        "a move while the others rest, median ms": found.alone_ms,
        f"a move while all move every {EVERY:g} s, median / p95 ms": (
            f"{found.median_ms} / {found.p95_ms}"
        ),
        "errors": found.errors,
    }
    return "\n".join(
        ["| what | figure |", "| --- | --- |", *(f"| {k} | {v} |" for k, v in rows.items())]
    )


def main() -> int:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kernels", type=int, default=30)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args()
    machine = look_machine()
    found = measure(options.kernels)
    table = as_table(found)
    print(table)
    keep(options.output, {"machine": machine, **asdict(found)}, table)
    return 1 if found.errors else 0


if __name__ == "__main__":
    raise SystemExit(main())
