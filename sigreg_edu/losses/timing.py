"""Measuring what one step of a regularizer takes: forms on the same tensors, in turn.

Whatever else the machine does falls on all forms that take turns; medians and their ratios are what
counts. What cannot fit the memory is never started.
"""

from __future__ import annotations

import math
import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from torch.profiler import ProfilerActivity, profile

from sigreg_edu.checks import require_choice, require_integer
from sigreg_edu.losses.cost import FORMS, Measured, arguments_bytes, peak_memory
from sigreg_edu.losses.sigreg import SIGReg
from sigreg_edu.losses.vicreg import VICRegLoss
from sigreg_edu.slicing import sliced_epps_pulley_textbook, uniform_directions

__all__ = [
    "Step",
    "cloud",
    "forms",
    "forward_and_backward",
    "in_bytes",
    "in_seconds",
    "measure",
    "measuring",
    "milliseconds",
    "peak_bytes",
    "require_room",
    "room_bytes",
    "settle_allocator",
    "take_turns",
    "turn",
]

KNOTS = 17
TURN_MS = 20.0  # a shorter step is repeated within its turn
ROOM_SHARE = 0.5  # of the free memory that a measurement may take
UNKNOWN_ROOM = 4e9  # where the system does not tell how much is free
_CGROUP = Path("/sys/fs/cgroup")

Step = Callable[[], object]


# --- the forms ------------------------------------------------------------------------------------


def forms(
    directions: torch.Tensor, num_points: int = KNOTS
) -> dict[str, Callable[[torch.Tensor], torch.Tensor]]:
    """The regularizers of points (N, D) that are compared, by the names of ``FORMS``.

    Args:
        directions: A (D, M), for all but VICReg.
        num_points: T, knots or, of the three sums, reference points.

    Returns:
        Functions of points (N, D) to a scalar.

    >>> z, directions = cloud(64, 4, 8)
    >>> values = {name: form(z).item() for name, form in forms(directions).items()}
    >>> list(values)
    ['textbook', 'fast', 'closed form', 'three sums', 'vicreg']
    >>> abs(values["textbook"] - values["fast"]) < 1e-4
    True
    """
    fast, exact = SIGReg(num_points=num_points), SIGReg(method="closed_form")
    three = SIGReg(num_points=num_points, method="reference_points", standardize=True)
    vicreg = VICRegLoss()
    return {
        "textbook": lambda z: sliced_epps_pulley_textbook(
            z, directions, num_points=num_points
        ).mean(),
        "fast": lambda z: fast(z, directions=directions),
        "closed form": lambda z: exact(z, directions=directions),
        "three sums": lambda z: three(z, directions=directions),
        # VICReg's regularizer sums over two views; half the points in each make the same N.
        "vicreg": lambda z: vicreg.regularizer(*z.chunk(2))["vicreg_loss"],
    }


def forward_and_backward(form: Callable, z: torch.Tensor) -> Step:
    """One step of a regularizer: its value and its gradient with respect to ``z`` (N, D)."""

    def step() -> tuple[torch.Tensor, torch.Tensor]:
        leaf = z.detach().requires_grad_()
        value = form(leaf)
        return value.detach(), torch.autograd.grad(value, leaf)[0]

    return step


def cloud(
    count: int, dim: int, slices: int, device: str = "cpu"
) -> tuple[torch.Tensor, torch.Tensor]:
    """Gaussian points (N, D) and directions (D, M), always the same.

    >>> [tuple(tensor.shape) for tensor in cloud(5, 3, 2)]
    [(5, 3), (3, 2)]
    """
    z = torch.randn(count, dim, generator=torch.Generator().manual_seed(0))
    return z.to(device), uniform_directions(dim, slices, seed=0, device=device)


# --- time -----------------------------------------------------------------------------------------


def take_turns(
    steps: Mapping[str, Step], rounds: int, device: str = "cpu"
) -> dict[str, list[float]]:
    """Milliseconds of each step in each round, after two steps of each to warm up.

    A short step is repeated within its turn until the turn takes ``TURN_MS``, and averaged.
    """
    settle_allocator()
    repeats = {}
    for name, step in steps.items():
        step()
        repeats[name] = repeats_for(milliseconds(step, 1, device))
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            times[name].append(milliseconds(step, repeats[name], device))
    return times


def turn(step: Step, device: str = "cpu") -> float:
    """Milliseconds of one step that is already warm, in one turn of it.

    A step that fills its turn alone is not run again.
    """
    first = milliseconds(step, 1, device)
    repeats = repeats_for(first)
    return first if repeats == 1 else milliseconds(step, repeats, device)


def repeats_for(ms: float) -> int:
    """How often a step of ``ms`` milliseconds is repeated in its turn.

    >>> repeats_for(3.0), repeats_for(500.0)
    (7, 1)
    """
    return math.ceil(TURN_MS / max(ms, 1e-3))


def milliseconds(step: Step, repeats: int, device: str = "cpu") -> float:
    """Mean time of ``repeats`` steps, on a GPU until it is done."""
    _finish(device)
    start = time.perf_counter()
    for _ in range(repeats):
        step()
    _finish(device)
    return 1e3 * (time.perf_counter() - start) / repeats


def settle_allocator() -> None:
    """Free 31 MB once, as any training has: smaller blocks then come without new pages.

    glibc maps a large block anew each time, until it has seen one as large freed (up to 32 MB).
    A process that has only made small blocks would time the mapping with them.
    """
    torch.empty(31 * 2**20, dtype=torch.uint8)


def _finish(device: str) -> None:
    """Wait for a GPU, which answers before it is done."""
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)


# --- memory ---------------------------------------------------------------------------------------


def peak_bytes(step: Step, device: str = "cpu") -> int:
    """Most bytes that torch's allocator has handed out at once during ``step``.

    >>> peak_bytes(lambda: torch.zeros(1000, dtype=torch.float64).sum()) >= 8000
    True
    """
    if device.startswith("cuda"):
        return _peak_on_gpu(step, device)
    with _quiet(), profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        step()
    events = profiled.profiler.kineto_results.events()
    memory = sorted((e for e in events if e.name() == "[memory]"), key=lambda e: e.start_ns())
    held = peak = 0
    for event in memory:
        held += event.nbytes()
        peak = max(peak, held)
    return peak


def _peak_on_gpu(step: Step, device: str) -> int:
    _finish(device)
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    step()
    _finish(device)
    return torch.cuda.max_memory_allocated(device) - before


@contextmanager
def _quiet() -> Iterator[None]:
    """Send to nowhere what the profiler writes past Python onto the standard error stream."""
    try:
        kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    except OSError:  # there is no such stream
        yield
        return
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def room_bytes(device: str = "cpu") -> float:
    """Bytes that a measurement may take: half of what is free, since others want some too."""
    if device.startswith("cuda"):
        return ROOM_SHARE * torch.cuda.mem_get_info(device)[0]
    return ROOM_SHARE * min(_free_of_machine(), _free_of_container())


def _free_of_machine() -> float:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        told = dict(line.split(":", 1) for line in lines)
        return 1024.0 * int(told["MemAvailable"].split()[0])
    except (OSError, KeyError, ValueError):  # another system
        return UNKNOWN_ROOM / ROOM_SHARE


def _free_of_container() -> float:
    """What is left of a container's own limit; infinite where there is none."""
    try:
        limit, used = ((_CGROUP / f"memory.{name}").read_text() for name in ("max", "current"))
        return float(limit) - float(used)
    except (OSError, ValueError):  # no container, or its limit is "max"
        return math.inf


def require_room(
    form: str, N: int, D: int, M: int, T: int, *, device: str = "cpu", room: float | None = None
) -> float:
    """Return the bytes that a step needs with its tensors, if they are to be had.

    Args:
        form: one of ``FORMS``.
        N: points.
        D: dimensions.
        M: slices.
        T: knots.
        device: where.
        room: bytes that it may take; by default :func:`room_bytes`.

    Raises:
        ValueError: it does not fit; how much it would need, and what fits.

    >>> require_room("three sums", 6272, 384, 1024, 17, room=8e9)
    Traceback (most recent call last):
        ...
    ValueError: one step of 'three sums' at N = 6272, D = 384, M = 1024, T = 17 would need 646 GB, and 8 GB may be taken here. Take fewer points or slices, or form='fast' (55 MB).
    """  # noqa: E501 - the doctest shows the message as it is printed
    tensors = arguments_bytes(N, D, M)
    needed = peak_memory(form, N, D, M, T, device=device) + tensors
    room = room_bytes(device) if room is None else room
    if needed <= room:
        return needed
    fast = peak_memory("fast", N, D, M, T, device=device) + tensors
    other = f", or form='fast' ({in_bytes(fast)})" if fast < needed else ""
    raise ValueError(
        f"one step of {form!r} at N = {N}, D = {D}, M = {M}, T = {T} would need "
        f"{in_bytes(needed)}, and {in_bytes(room)} may be taken here. Take fewer points or slices"
        f"{other}."
    )


def in_bytes(number: float) -> str:
    """A number of bytes in words, three digits.

    >>> in_bytes(4.4e7), in_bytes(1.61e11), in_bytes(512)
    ('44 MB', '161 GB', '512 B')
    """
    for size, name in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if number >= size:
            return f"{_three_digits(number / size)} {name}"
    return f"{number:.0f} B"


def in_seconds(number: float) -> str:
    """A number of seconds in words, three digits.

    >>> in_seconds(0.0123), in_seconds(2.5), in_seconds(4.2e-5), in_seconds(7200.0)
    ('12.3 ms', '2.5 s', '42 µs', '7,200 s')
    """
    for size, name in ((1.0, "s"), (1e-3, "ms")):
        if number >= size:
            return f"{_three_digits(number / size)} {name}"
    return f"{_three_digits(1e6 * number)} µs"


def _three_digits(number: float) -> str:
    """Three digits that count, in plain figures.

    >>> _three_digits(0.99951), _three_digits(1234.5)
    ('1', '1,234')
    """
    return f"{number:.3g}" if number < 999.5 else f"{number:,.0f}"


# --- one form at one size -------------------------------------------------------------------------


def measure(
    form: str, N: int, D: int, M: int, T: int, device: str = "cpu", rounds: int = 3
) -> tuple[float, int]:
    """Measure one step of a form, forward and backward, float32.

    Args:
        form: one of ``FORMS``.
        N: points.
        D: dimensions.
        M: slices.
        T: knots.
        device: ``"cpu"`` or ``"cuda"``.
        rounds: turns, of which the median counts.

    Returns:
        Seconds, and the most bytes held at once beyond points and directions.

    Raises:
        TypeError, ValueError: a size is no whole number or too small, there is no such form, or it
            would not fit the memory: the message says how much it would need.

    >>> seconds, peak = measure("fast", 64, 8, 16, 9, rounds=1)
    >>> seconds > 0, abs(peak / peak_memory("fast", 64, 8, 16, 9) - 1) < 0.1
    (True, True)
    """
    *_, last = measuring(form, N, D, M, T, device, rounds)
    return last.seconds, last.peak_bytes


def measuring(
    form: str, N: int, D: int, M: int, T: int, device: str = "cpu", rounds: int = 3
) -> Iterator[Measured | None]:
    """:func:`measure` in bites of one turn each: None after each, and the result at last.

    Args, Raises: as :func:`measure`; what is wrong is said before the first bite.
    """
    require_choice(form, "form", FORMS)
    for name, value, least in (("N", N, 2), ("D", D, 1), ("M", M, 1), ("T", T, 2)):
        require_integer(value, name, minimum=least)
    require_integer(rounds, "rounds")
    require_room(form, N, D, M, T, device=device)
    return _bites(form, (N, D, M, T), device, rounds)


def _bites(
    form: str, sizes: tuple[int, int, int, int], device: str, rounds: int
) -> Iterator[Measured | None]:
    N, D, M, T = sizes
    settle_allocator()
    z, directions = cloud(N, D, M, device)
    step = forward_and_backward(forms(directions, T)[form], z)
    step()  # warms up
    yield None
    peak = peak_bytes(step, device)
    yield None
    times = []
    while len(times) < rounds:
        yield None
        times.append(turn(step, device))
    yield Measured(form, *sizes, statistics.median(times) / 1e3, peak)
