"""Which exercises a student has passed: kept on this machine, one small file for each.

A file of its own for each exercise means that two notebooks open at once cannot undo each other's
entries, and that a damaged file costs one entry. Nothing is ever sent anywhere.

In a notebook, a check that says "right" keeps it; in a plain script or a test nothing is kept.
"""

from __future__ import annotations

import csv
import html
import io
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib import import_module
from pathlib import Path

from sigreg_edu.data.files import replacing
from sigreg_edu.exercises.core import Exercise

__all__ = ["NOTEBOOKS", "Progress", "Row", "in_notebook", "keep", "look", "place"]

VARIABLE = "SIGREG_EDU_PROGRESS"
#: Modules of exercises in the order of their notebooks, and what these are called.
NOTEBOOKS: Mapping[str, str] = {
    "start_here": "00 Start here",
    "shadows": "01 Shadows",
    "epps_pulley": "02 Epps–Pulley",
    "sigreg": "03 SIGReg",
    "collapse": "04 Collapse",
    "vit": "05 Train a ViT",
    "cost": "06 What it costs",
    "clinic": "07 The clinic",
    "frontiers": "08 Frontiers",
}
_ROOM = "sigreg_edu.exercises."
_FORMAT = "%Y-%m-%dT%H:%M:%S%z"


@dataclass(frozen=True)
class Row:
    """One exercise.

    Attributes:
        notebook: key of ``NOTEBOOKS``.
        exercise: its name there.
        passed: when it was first passed, with its zone; None if not yet.
    """

    notebook: str
    exercise: str
    passed: datetime | None

    @property
    def is_quiz(self) -> bool:
        """Whether it is a lettered question."""
        return self.exercise.startswith("quiz_")


@dataclass(frozen=True)
class Progress:
    """What has been passed so far; a notebook shows it as a page.

    Attributes:
        rows: every exercise of the kit, in the order of the notebooks.
        damaged: names of files that could not be read; they count as not passed.
    """

    rows: tuple[Row, ...]
    damaged: tuple[str, ...] = ()

    def of(self, notebook: str) -> tuple[Row, ...]:
        """The exercises of one notebook."""
        return tuple(row for row in self.rows if row.notebook == notebook)

    def __repr__(self) -> str:
        return "\n".join([self._told(), *map(self._line, NOTEBOOKS), *self._complaints()])

    def _told(self) -> str:
        passed = sum(row.passed is not None for row in self.rows)
        return f"{passed} of {len(self.rows)} exercises and questions passed"

    def _line(self, notebook: str) -> str:
        rows = self.of(notebook)
        marks = "".join("✓" if row.passed else "·" for row in rows)
        passed = sum(row.passed is not None for row in rows)
        return f"{NOTEBOOKS[notebook]:18s} {passed:2d} of {len(rows):2d}  {marks}"

    def _complaints(self) -> list[str]:
        return [f"not readable, counted as not passed: {name}" for name in self.damaged]

    def _repr_html_(self) -> str:
        return f'<div class="sigreg-progress">{self.as_html()}</div>'

    def as_html(self, name: str = "") -> str:
        """The page's body: what was passed in each notebook, and what is left."""
        who = f" of {html.escape(name)}" if name else ""
        parts = [f"<h2>Progress{who}</h2>", f"<p>{self._told()}.</p>"]
        for notebook, title in NOTEBOOKS.items():
            rows = self.of(notebook)
            passed = sum(row.passed is not None for row in rows)
            parts.append(f"<h3>{title}: {passed} of {len(rows)}</h3>\n<ul>")
            parts += [f"<li>{_in_words(row)}</li>" for row in rows]
            parts.append("</ul>")
        parts += [f"<p>{html.escape(line)}</p>" for line in self._complaints()]
        return "\n".join(parts)

    def as_page(self, name: str = "") -> str:
        """A whole HTML page that needs no other file."""
        return (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            "<title>Progress</title><style>body{font:18px/1.5 sans-serif;max-width:48em;margin:2em "
            "auto;padding:0 1em}ul{columns:2}</style></head>\n"
            f"<body>{self.as_html(name)}</body></html>\n"
        )

    def as_dict(self, name: str = "") -> dict[str, object]:
        """The same for programs: notebook → exercise → when it was passed, or None."""
        passed = {
            notebook: {
                row.exercise: row.passed.strftime(_FORMAT) if row.passed else None
                for row in self.of(notebook)
            }
            for notebook in NOTEBOOKS
        }
        return {"student": name, "passed": passed}

    def as_csv(self, name: str = "") -> str:
        """A line for each exercise, for a teacher's spreadsheet."""
        lines = io.StringIO()
        table = csv.writer(lines, lineterminator="\n")
        table.writerow(["student", "notebook", "exercise", "passed"])
        for row in self.rows:
            when = row.passed.strftime(_FORMAT) if row.passed else ""
            table.writerow([_plain_text(name), NOTEBOOKS[row.notebook], row.exercise, when])
        return lines.getvalue()


def _in_words(row: Row) -> str:
    what = row.exercise.removeprefix("quiz_").replace("_", " ")
    what = f"question: {what}" if row.is_quiz else what
    if row.passed is None:
        return f"○ {html.escape(what)}"
    return f"✓ <b>{html.escape(what)}</b>, {row.passed:%Y-%m-%d}"


def _plain_text(name: str) -> str:
    """A name that no spreadsheet takes for a formula."""
    return f"'{name}" if name[:1] in tuple("=+-@\t\r") else name


# --- where it is kept -----------------------------------------------------------------------------


def place(environment: Mapping[str, str] | None = None) -> Path:
    """Return the folder of the entries: ``SIGREG_EDU_PROGRESS``, else the user's own data folder.

    >>> place({"SIGREG_EDU_PROGRESS": "mine"}).name
    'mine'
    """
    given = (os.environ if environment is None else environment).get(VARIABLE)
    if given:
        return Path(given).expanduser()
    from platformdirs import user_data_path  # comes with Jupyter

    return user_data_path("sigreg_edu", appauthor=False) / "progress"


def in_notebook() -> bool:
    """Whether this code runs in a notebook's kernel."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


def keep(exercise: Exercise, folder: Path | None = None) -> str:
    """Keep that an exercise was passed; the first time counts.

    Args:
        exercise: one that a module of this room defines; of others nothing is kept.
        folder: by default :func:`place`.

    Returns:
        "" or, where it could not be kept, why.
    """
    name = _name_of(exercise)
    if name is None:
        return ""
    folder = place() if folder is None else folder
    file = folder / f"{name}.json"
    try:
        if _read(file) is not None:
            return ""
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(file) as beside:
            beside.write_text(json.dumps({"passed": _now()}) + "\n", encoding="utf-8")
    except OSError as error:
        return (
            f"(Your progress could not be kept in {folder}: {error.strerror or error}. The answer "
            f"is right all the same. Set {VARIABLE} to a folder that you may write to.)"
        )
    return ""


def _now() -> str:
    return datetime.now(UTC).strftime(_FORMAT)


def _name_of(exercise: Exercise) -> str | None:
    """``notebook.exercise``, or None for an exercise that no module of this room defines."""
    for notebook in NOTEBOOKS:
        module = sys.modules.get(_ROOM + notebook)
        for name, value in vars(module).items() if module else ():
            if value is exercise:
                return f"{notebook}.{name}"
    return None


def look(folder: Path | None = None) -> Progress:
    """Return what has been passed so far.

    Args:
        folder: by default :func:`place`; it need not exist.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as empty:
    ...     progress = look(Path(empty))
    >>> sum(row.passed is not None for row in progress.rows), len(progress.rows) > 100
    (0, True)
    """
    folder = place() if folder is None else folder
    rows, damaged = [], []
    for notebook, exercise in _all_exercises():
        file = folder / f"{notebook}.{exercise}.json"
        passed = _read(file)
        if passed is None and file.exists():
            damaged.append(file.name)
        rows.append(Row(notebook, exercise, passed))
    return Progress(tuple(rows), tuple(damaged))


def _read(file: Path) -> datetime | None:
    """When an exercise was passed, None if it was not, or if the file cannot be read."""
    try:
        return datetime.strptime(json.loads(file.read_text(encoding="utf-8"))["passed"], _FORMAT)
    except (OSError, ValueError, KeyError, TypeError):
        return None


@lru_cache(maxsize=1)
def _all_exercises() -> Sequence[tuple[str, str]]:
    """Notebook and name of every exercise, in the order in which they are defined."""
    return tuple(
        (notebook, name)
        for notebook in NOTEBOOKS
        for name, value in vars(import_module(_ROOM + notebook)).items()
        if isinstance(value, Exercise)
    )
