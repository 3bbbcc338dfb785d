"""Tables of recorded results: rows found by a key, numbers in arrays, read without pickle.

The records of notebook 08 are such tables: one row for each training, descent, search or cell of
a power study, saved as soon as it is there, so that recording goes on where it was interrupted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from sigreg_edu.data.files import replacing
from sigreg_edu.training.shipped import find_runs, read_arrays, refusing

__all__ = ["AGAIN", "Key", "Row", "TableKind", "fill_table", "load_table", "recorded", "save_table"]

AGAIN = "python -m sigreg_edu.training.frontiers"
Key = tuple[str | int | float, ...]
Row = Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class TableKind:
    """What a table holds.

    Attributes:
        file: its name in ``data/runs``.
        keys: what each part of a key means.
        columns: the shape of each array of a row, by name.
    """

    file: str
    keys: tuple[str, ...]
    columns: Mapping[str, tuple[int, ...]]


def save_table(path: Path, kind: TableKind, rows: Mapping[Key, Row]) -> None:
    """Keep rows in an ``.npz`` file, in single precision.

    Args:
        path: file to write; it is replaced as a whole.
        kind: of the table.
        rows: by key.
    """
    facts = {"keys": [list(key) for key in rows]}
    arrays = {
        name: np.array([row[name] for row in rows.values()], dtype=np.float32).reshape(-1, *shape)
        for name, shape in kind.columns.items()
    }
    with replacing(path) as beside:
        np.savez_compressed(beside, facts=np.array(json.dumps(facts)), **arrays)


def load_table(path: Path, kind: TableKind) -> dict[Key, dict[str, np.ndarray]]:
    """Return the rows of a file that :func:`save_table` wrote, float64.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is something else, damaged, or not such a table.
    """
    kept, facts = read_arrays(path, again=AGAIN)
    with refusing(path, again=AGAIN):
        keys = [tuple(key) for key in facts["keys"]]
        _require_whole(keys, kept, kind)
        return {
            key: {name: kept[name][row].astype(np.float64) for name in kind.columns}
            for row, key in enumerate(keys)
        }


def _require_whole(keys: list[Key], kept: Mapping[str, np.ndarray], kind: TableKind) -> None:
    wrong = [
        name
        for name, shape in kind.columns.items()
        if name not in kept
        or kept[name].shape != (len(keys), *shape)
        or kept[name].dtype != np.float32
        or np.isinf(kept[name]).any()
    ]
    if len(set(keys)) != len(keys) or any(len(key) != len(kind.keys) for key in keys):
        wrong.append("keys")
    if wrong:
        raise ValueError(f"wrong: {', '.join(wrong)}")


def fill_table(
    path: Path,
    kind: TableKind,
    wanted: Iterable[Key],
    make: Callable[..., Row],
    *,
    fresh: bool = False,
) -> dict[Key, Row]:
    """Record the rows that are wanted and not yet in a file; each is kept as soon as it is done.

    Args:
        path: of the table.
        kind: of the table.
        wanted: keys, in the order of recording. Rows that nobody wants any more are dropped.
        make: ``make(*key)`` returns a row.
        fresh: record all of them again.
    """
    wanted = list(wanted)
    known = load_table(path, kind) if path.is_file() and not fresh else {}
    rows: dict[Key, Row] = {key: known[key] for key in wanted if key in known}
    for key in wanted:
        if key not in rows:
            rows[key] = make(*key)
            save_table(path, kind, rows)
            print(f"{path.name}: {len(rows)} of {len(wanted)}  {key}", flush=True)
    rows = {key: rows[key] for key in wanted}
    save_table(path, kind, rows)
    return rows


def recorded(kind: TableKind) -> dict[Key, dict[str, np.ndarray]]:
    """Return the rows that come with the kit; they are read once.

    Raises:
        FileNotFoundError: the data folder is not there; the message says where it was sought.
        ValueError: the file is not whole.
    """
    folder = find_runs(Path.cwd(), os.environ, files=[kind.file], again=AGAIN)
    return _read_once(folder / kind.file, kind)


@lru_cache(maxsize=8)
def _read_once(path: Path, kind: TableKind) -> dict[Key, dict[str, np.ndarray]]:
    return load_table(path, kind)
