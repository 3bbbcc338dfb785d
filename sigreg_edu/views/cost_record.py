"""The recorded costs of a step, as ``sigreg-edu bench cost`` keeps them in ``data/bench``.

``cost.json`` is of a CPU, ``cost_NAME.json`` of another machine, such as ``cost_cuda.json``.
They are read as JSON and checked; nothing in them is trusted to have the right form.
"""

from __future__ import annotations

import json
import os
import re
import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from sigreg_edu.checks import require_choice, require_integer, require_number
from sigreg_edu.losses.cost import FORMS, CostModel, Measured, terms
from sigreg_edu.training.shipped import DATA_VARIABLE, HOME_VARIABLE

__all__ = [
    "FORM_LABEL",
    "RECORDS",
    "CostRecord",
    "Pair",
    "cost_record",
    "find_bench",
    "load_cost_record",
    "recorded_devices",
]

DEVICES = ("cpu", "cuda")
#: What each form is called in print.
FORM_LABEL: Mapping[str, str] = MappingProxyType(
    {form: form for form in FORMS} | {"vicreg": "VICReg"}
)
AGAIN = "sigreg-edu bench cost"
_NAME = re.compile(r"[\w-]+")
_CLONE = Path(__file__).resolve().parents[2]
MOST_FILE_BYTES = 10_000_000


@dataclass(frozen=True)
class Pair:
    """A form of SIGReg and VICReg, measured in the same turns at the same sizes.

    Attributes:
        sigreg, vicreg: the measured steps.
    """

    sigreg: Measured
    vicreg: Measured

    @property
    def speedup(self) -> float:
        """How many times as long as SIGReg VICReg took: the median of the turns' ratios."""
        turns = (pair.turns or (pair.seconds,) for pair in (self.vicreg, self.sigreg))
        return statistics.median(v / s for v, s in zip(*turns, strict=True))

    @property
    def smaller(self) -> float:
        """How many times SIGReg's peak memory VICReg's is."""
        return self.vicreg.peak_bytes / self.sigreg.peak_bytes


@dataclass(frozen=True, eq=False)
class CostRecord:
    """What was measured on one machine, and the model fitted to it.

    Attributes:
        device: ``"cpu"`` or ``"cuda"``.
        threads: of torch.
        ran_on: the device in words.
        grid: the steps that the model was fitted to.
        held_back: steps at other sizes, which judge it.
        report: steps at the shapes of the report's tables.
        model: the fitted model.
        worst_memory_ratio: between counted and measured memory.
        draw: seconds that 1,024 fresh directions in 384 dimensions take to draw.
    """

    device: str
    threads: int
    ran_on: str
    grid: tuple[Measured, ...]
    held_back: tuple[Measured, ...]
    report: tuple[Measured, ...]
    model: CostModel
    worst_memory_ratio: float
    draw: float

    @property
    def where(self) -> str:
        """What it was measured on, in words."""
        return f"{self.ran_on}, {self.threads} thread{'s' if self.threads > 1 else ''}"

    @property
    def every(self) -> tuple[Measured, ...]:
        """All measured steps."""
        return (*self.grid, *self.held_back, *self.report)

    def at(self, form: str, N: int, D: int, M: int, T: int = 17) -> Measured | None:
        """Return the measured step of a form at these sizes, None if there is none.

        VICReg has neither slices nor knots, but a turn: its step at M and T is the one that took
        turns with SIGReg's at M and T.
        """
        return _index(self).get((form, N, D, M, T))

    def pairs(self, form: str = "fast") -> tuple[Pair, ...]:
        """Return all sizes at which a form of SIGReg and VICReg took turns."""
        partners = ((row, self.at("vicreg", *row.sizes)) for row in self.every if row.form == form)
        return tuple(Pair(row, partner) for row, partner in partners if partner)

    def line(self, form: str, place: int, sizes: Sequence[int]) -> list[Measured]:
        """Return the measured steps that differ from ``sizes`` in one size only, in its order.

        Args:
            form: one of ``FORMS``.
            place: which of N, D, M, T may differ, 0 to 3.
            sizes: N, D, M, T.
        """
        found = _families(self, form, place).get(_fixed(form, place, sizes), ())
        # Of several at one size, as VICReg has, the one that agrees in most of the others counts.
        found = sorted(
            found, key=lambda row: sum(row.sizes[i] == sizes[i] for i in range(4) if i != place)
        )
        rows = {row.sizes[place]: row for row in found}
        return [rows[value] for value in sorted(rows)]


def _fixed(form: str, place: int, sizes: Sequence[int]) -> tuple[int, ...]:
    """The sizes that must agree: all but the one that varies and what a form does not depend on."""
    free = {place, *{"vicreg": (2, 3), "closed form": (3,)}.get(form, ())}
    return tuple(size for i, size in enumerate(sizes) if i not in free)


@lru_cache(maxsize=64)
def _families(record: CostRecord, form: str, place: int) -> Mapping[tuple, list[Measured]]:
    """The measured steps of a form, those together whose fixed sizes agree."""
    families = defaultdict(list)
    for row in record.every:
        if row.form == form:
            families[_fixed(form, place, row.sizes)].append(row)
    return families


@lru_cache(maxsize=4)
def _index(record: CostRecord) -> Mapping[tuple, Measured]:
    return {(row.form, *row.sizes): row for row in record.every}


def cost_record(name: str = "cpu") -> CostRecord:
    """Return a record by its name, one of :func:`recorded_devices`.

    Raises:
        FileNotFoundError: it is not there; the message says what to do.
        ValueError: the name is no name of a file, or the file is something else.

    >>> record = cost_record()
    >>> record.device, len(record.grid) > 100
    ('cpu', True)
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"expected the name of a record, such as 'cpu' or 'cuda', got {name!r}.")
    return load_cost_record(find_bench(Path.cwd(), os.environ, _file(name)))


def _file(name: str) -> str:
    return "cost.json" if name == "cpu" else f"cost_{name}.json"


def recorded_devices() -> tuple[str, ...]:
    """Return the names of all records: ``"cpu"`` for ``cost.json``, NAME for ``cost_NAME.json``."""
    try:
        folder = find_bench(Path.cwd(), os.environ, "cost.json").parent
    except FileNotFoundError:
        return ()
    others = sorted(path.stem.removeprefix("cost_") for path in folder.glob("cost_*.json"))
    return ("cpu", *(name for name in others if _NAME.fullmatch(name)))


def find_bench(start: Path, environment: Mapping[str, str], file: str) -> Path:
    """Return where a file of ``data/bench`` lies: in ``start``, above it, or in the clone.

    Args:
        start: usually the present folder.
        environment: may name the data folder, as for the recorded runs.
        file: its name.

    Raises:
        FileNotFoundError: it is nowhere; the message says what to do.
    """
    tried = list(_candidates(start, environment))
    for folder in tried:
        if (folder / file).is_file():
            return folder / file
    raise FileNotFoundError(
        f"{file} was not found in {tried[0]} or in {len(tried) - 1} other places. Go into a clone "
        f"of sigreg_edu, set {HOME_VARIABLE} to one, or record it there: {AGAIN}"
    )


def _candidates(start: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    if environment.get(DATA_VARIABLE):
        yield Path(environment[DATA_VARIABLE]).expanduser() / "bench"
    elif environment.get(HOME_VARIABLE):
        yield Path(environment[HOME_VARIABLE]).expanduser() / "data" / "bench"
    else:
        for folder in (start, *start.parents, _CLONE):
            yield folder / "data" / "bench"


#: What a reader chooses from: the name of each record, and what it is called.
RECORDS: Mapping[str, str] = MappingProxyType(
    {"cpu": "CPU"} | {name: name for name in recorded_devices() if name != "cpu"}
)


# --- reading --------------------------------------------------------------------------------------


def load_cost_record(path: Path) -> CostRecord:
    """Return the record in a file that ``sigreg-edu bench cost`` kept.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is something else, damaged, or a number is out of range.
    """
    return _load(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _load(path: Path, _changed: int) -> CostRecord:
    try:
        return _record(_read(path))
    except (KeyError, TypeError, ValueError, RecursionError, AttributeError) as error:
        raise ValueError(
            f"{path} is no record of costs ({type(error).__name__}: {error}). Record it again: "
            f"{AGAIN}"
        ) from error


def _read(path: Path) -> dict:
    if path.stat().st_size > MOST_FILE_BYTES:
        raise ValueError(f"it has more than {MOST_FILE_BYTES} bytes")
    return json.loads(path.read_text(encoding="utf-8"))


def _record(kept: Mapping) -> CostRecord:
    device = require_choice(kept["model"]["device"], "device", DEVICES)
    threads = require_integer(kept["model"]["threads"], "threads")
    grid, held_back, report = (
        tuple(map(_row, kept[name])) for name in ("grid", "held_back", "report")
    )
    return CostRecord(
        device=device,
        threads=threads,
        ran_on=str(kept["machine"]["device"]),
        grid=grid,
        held_back=held_back,
        report=report,
        model=CostModel(device, threads, _coefficients(kept["model"]["coefficients"])),
        worst_memory_ratio=require_number(kept["worst_memory_ratio"], "ratio", minimum=1.0),
        draw=require_number(kept["draw"]["seconds"], "seconds of a draw", minimum=0.0),
    )


def _coefficients(kept: Mapping) -> Mapping[str, Mapping[str, float]]:
    """Coefficients of every form, each term of it and no other."""
    found = {}
    for form in FORMS:
        names = set(terms(form, 1, 1, 1, 1))
        if set(kept[form]) != names:
            raise ValueError(f"the terms of {form!r} are not {sorted(names)}")
        found[form] = MappingProxyType(
            {name: require_number(kept[form][name], name, minimum=0.0) for name in names}
        )
    return MappingProxyType(found)


def _row(row: Mapping) -> Measured:
    """One measured step; records of before turns were kept have none."""
    turns = tuple(_seconds(turn) for turn in row.get("turns", ()))
    return Measured(
        form=require_choice(row["form"], "form", FORMS),
        **{name: require_integer(row[name], name) for name in "NDMT"},
        seconds=_seconds(row["seconds"]),
        peak_bytes=require_integer(row["peak_bytes"], "peak_bytes", minimum=0),
        turns=turns,
    )


def _seconds(value: object) -> float:
    return require_number(value, "seconds", minimum=1e-9, maximum=1e6)
