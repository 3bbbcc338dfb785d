"""Embeddings of one's own, from a file: read a few rows at a time, never by pickle.

>>> import tempfile
>>> with tempfile.TemporaryDirectory() as folder:
...     file = Path(folder) / "z.npy"
...     np.save(file, np.zeros((5, 3), dtype=np.float32))
...     z = open_embeddings(file)
...     z.shape, z.rows(0, 2)
((5, 3), tensor([[0., 0., 0.],
        [0., 0., 0.]]))
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from sigreg_edu.checks import require_integer

__all__ = ["FORMATS", "EmbeddingFile", "open_embeddings"]

CHUNK = 65_536  # rows: 32 MB of 128 numbers in float32
FEWEST = 2
PICKLED = (".pkl", ".pickle", ".pt", ".pth", ".bin", ".ckpt")
INSTALL = 'safetensors is not installed. Install it: pip install "sigreg-edu[train]"'


@dataclass(frozen=True)
class EmbeddingFile:
    """A matrix of numbers in a file, or some of its rows: (N, D).

    Attributes:
        path: of the file.
        name: of the array in it, ``""`` where a file holds one without a name.
        chosen: which of the file's rows, N of them.
        dim: D.
    """

    path: Path
    name: str
    chosen: range
    dim: int
    _read: Callable[[range], torch.Tensor]

    def __len__(self) -> int:
        return len(self.chosen)

    @property
    def shape(self) -> tuple[int, int]:
        """N and D."""
        return len(self), self.dim

    def rows(self, start: int, stop: int) -> torch.Tensor:
        """Return rows ``start`` to ``stop``, without the last, as float32 (stop - start, D).

        Raises:
            IndexError: there are no such rows.
            ValueError: a number of them is NaN or infinite; the message says which.
        """
        if not 0 <= start < stop <= len(self):
            raise IndexError(
                f"{self.path} has rows 0 to {len(self) - 1}, asked: {start} to {stop - 1}."
            )
        asked = self.chosen[start:stop]
        rows = self._read(asked)
        bad = (~rows.isfinite()).nonzero()
        if len(bad):
            row, column = bad[0].tolist()
            raise ValueError(
                f"expected finite numbers in {self.path}, got {rows[row, column].item()} in row "
                f"{asked[row]}, column {column} (counted from 0). Leave such rows out."
            )
        return rows

    def only(self, rows: slice) -> EmbeddingFile:
        """Return the same file with some of its rows, as of a list, with a step of at least 1.

        Where the views of an image lie side by side, ``slice(None, None, 2)`` takes one of two.

        Raises:
            ValueError: fewer than two rows, or a step below 1.
        """
        if rows.step is not None and rows.step < 1:
            raise ValueError(f"expected rows with a step of at least 1, got {rows.step}.")
        chosen = self.chosen[rows]
        if len(chosen) < FEWEST:
            raise ValueError(
                f"expected at least {FEWEST} rows, got {len(chosen)} of the {len(self):,} in "
                f"{self.path}. Take more of them."
            )
        return replace(self, chosen=chosen)

    def chunks(self, size: int = CHUNK) -> Iterator[torch.Tensor]:
        """Return all rows, ``size`` at a time.

        Raises:
            ValueError: as :meth:`rows`.
        """
        size = require_integer(size, "size")
        for start in range(0, len(self), size):
            yield self.rows(start, min(start + size, len(self)))


def open_embeddings(
    path: str | Path, *, name: str | None = None, rows: slice | None = None
) -> EmbeddingFile:
    """Open a file of embeddings, one row for each.

    ``.npy`` and ``.safetensors`` are read row by row from the disk, of any size; ``.npz`` and
    ``.csv`` are read whole. A csv may have one line of headings.

    Args:
        path: of a ``.npy``, ``.npz``, ``.safetensors`` or ``.csv`` file.
        name: of the array, where a ``.npz`` or ``.safetensors`` file holds several.
        rows: only these, as of a list, with a positive step; all where it is None.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: another kind of file, a pickle, damaged, no matrix of numbers, several arrays
            and no ``name``, or fewer than two rows. The message says what to do.
        ImportError: safetensors is not installed.
    """
    file = _open(path, name)
    return file if rows is None else file.only(rows)


def _open(path: str | Path, name: str | None) -> EmbeddingFile:
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}. Check its name.")
    kind = path.suffix.lower()
    if kind in PICKLED:
        raise ValueError(
            f"{path} may hold a pickle, which can run any code when it is read, so it is not "
            "opened. Save the matrix anew: numpy.save('z.npy', z.numpy())."
        )
    if kind not in FORMATS:
        raise ValueError(
            f"expected a file that ends in {', '.join(FORMATS)}, got {path.name}. Save the matrix "
            "as one of these."
        )
    if name is not None and kind in (".npy", ".csv"):
        raise ValueError(f"{path} holds one array without a name, asked: {name}. Leave it out.")
    return FORMATS[kind](path, name)


def _open_npy(path: Path, _name: str | None) -> EmbeddingFile:
    with _reading(path):
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    return _of_array(path, "", array)


def _open_npz(path: Path, name: str | None) -> EmbeddingFile:
    with _reading(path, zipfile.BadZipFile):
        arrays = np.load(path, allow_pickle=False)
    with arrays:
        name = _chosen(path, name, list(arrays.files))
        with _reading(path, zipfile.BadZipFile):
            array = arrays[name]
    return _of_array(path, name, array)


def _open_safetensors(path: Path, name: str | None) -> EmbeddingFile:
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise ImportError(INSTALL) from error
    with _reading(path, SafetensorError):
        opened = safe_open(path, framework="pt")
    name = _chosen(path, name, list(opened.keys()))
    rows = opened.get_slice(name)
    shape = _matrix_shape(path, name, tuple(rows.get_shape()))
    kind = rows[:1].dtype
    _require_numbers(path, name, not kind.is_complex and kind != torch.bool, str(kind))

    def read(asked: range) -> torch.Tensor:
        return rows[asked.start : asked.stop : asked.step].float()

    return EmbeddingFile(path, name, range(shape[0]), shape[1], read)


def _open_csv(path: Path, _name: str | None) -> EmbeddingFile:
    with _reading(path):
        with path.open(encoding="utf-8-sig") as lines:
            headings = not _are_numbers(lines.readline().split(","))
        array = np.loadtxt(
            path, np.float32, delimiter=",", skiprows=int(headings), ndmin=2, encoding="utf-8-sig"
        )
    return _of_array(path, "", array)


FORMATS: dict[str, Callable[[Path, str | None], EmbeddingFile]] = {
    ".npy": _open_npy,
    ".npz": _open_npz,
    ".safetensors": _open_safetensors,
    ".csv": _open_csv,
}


def _of_array(path: Path, name: str, array: np.ndarray) -> EmbeddingFile:
    shape = _matrix_shape(path, name, array.shape)
    _require_numbers(path, name, array.dtype.kind in "fiu", str(array.dtype))

    def read(asked: range) -> torch.Tensor:
        rows = array[asked.start : asked.stop : asked.step]
        return torch.from_numpy(np.array(rows, dtype=np.float32))

    return EmbeddingFile(path, name, range(shape[0]), shape[1], read)


def _chosen(path: Path, name: str | None, names: Sequence[str]) -> str:
    """The array that was asked for, or the only one."""
    if name is None and len(names) == 1:
        return names[0]
    if name in names:
        return name
    if not names:
        raise ValueError(f"expected an array in {path}, got none. Save one.")
    asked = "several" if name is None else f"asked: {name}"
    raise ValueError(f"{path} holds {', '.join(sorted(names))}; {asked}. Choose one by name=.")


def _matrix_shape(path: Path, name: str, shape: tuple[int, ...]) -> tuple[int, int]:
    of_what = f" for {name}" if name else ""
    if len(shape) != 2 or shape[1] < 1:
        raise ValueError(
            f"expected a matrix (N, D){of_what} in {path}, got shape {shape}. Save one row for "
            "each embedding."
        )
    if shape[0] < FEWEST:
        raise ValueError(
            f"expected at least {FEWEST} embeddings{of_what} in {path}, got {shape[0]}. Add some."
        )
    return shape[0], shape[1]


def _require_numbers(path: Path, name: str, good: bool, kind: str) -> None:
    if not good:
        of_what = f" for {name}" if name else ""
        raise ValueError(
            f"expected real numbers{of_what} in {path}, got {kind}. Save them as float32."
        )


def _are_numbers(words: Sequence[str]) -> bool:
    try:
        return bool([float(word) for word in words])
    except ValueError:
        return False


@contextmanager
def _reading(path: Path, *errors: type[Exception]) -> Iterator[None]:
    """Say of a file that cannot be read what it should have been."""
    try:
        yield
    except (ValueError, OSError, EOFError, *errors) as error:
        raise ValueError(
            f"expected {path} to be a whole {path.suffix} file of numbers, without pickled "
            "objects, got one that cannot be read as such. Write the matrix again, as float32."
        ) from error
