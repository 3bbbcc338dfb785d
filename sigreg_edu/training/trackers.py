"""Where the numbers of a training go: a CSV file always, TensorBoard and Weights & Biases if asked.

A tracker has ``log(step, values)`` and ``close()``; anything that has them will do.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from sigreg_edu.data.files import replacing

__all__ = ["CsvTracker", "TensorBoardTracker", "Tracker", "WandbTracker"]


class Tracker(Protocol):
    """What :func:`sigreg_edu.training.pretraining.train`'s callers may log to."""

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Take the values of a step."""

    def close(self) -> None:
        """Write what is still held."""


class CsvTracker:
    """Rows of a CSV file, one a step, flushed at once: what was logged survives a kill.

    Args:
        file: where to. Its columns are those of the first row.
        from_step: keep the rows of earlier steps that are there already, and drop later ones,
            which a resumed training takes again; 0 begins afresh.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> with CsvTracker(Path(folder.name) / "records.csv") as tracker:
    ...     tracker.log(1, {"loss": 0.5})
    >>> print((Path(folder.name) / "records.csv").read_text().strip())
    step,loss
    1,0.5
    >>> folder.cleanup()
    """

    def __init__(self, file: str | Path, *, from_step: int = 0) -> None:
        self.file = Path(file)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        columns, rows = self._kept(from_step)
        self._rewrite(columns, rows)
        self._stream = self.file.open("a", newline="", encoding="utf-8")
        self._writer = csv.DictWriter(self._stream, columns) if columns else None

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Append a row."""
        self._write({"step": step, **values})
        self._stream.flush()

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def __enter__(self) -> CsvTracker:
        return self

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _kept(self, step: int) -> tuple[list[str], list[dict[str, Any]]]:
        """Columns and whole rows of the steps up to ``step`` that the file has."""
        if step == 0 or not self.file.is_file():
            return [], []
        with self.file.open(newline="", encoding="utf-8") as stream:
            reader = csv.DictReader(stream)
            rows = [row for row in reader if None not in row.values() and None not in row]
            columns = list(reader.fieldnames or [])
        if "step" not in columns:
            return [], []
        return columns, [r for r in rows if r["step"].isdigit() and int(r["step"]) <= step]

    def _rewrite(self, columns: list[str], rows: list[dict[str, Any]]) -> None:
        """Put the kept rows in the file's place at once, so that a kill loses none of them."""
        with (
            replacing(self.file) as beside,
            beside.open("w", newline="", encoding="utf-8") as stream,
        ):
            if columns:
                writer = csv.DictWriter(stream, columns)
                writer.writeheader()
                writer.writerows(rows)

    def _write(self, row: Mapping[str, Any]) -> None:
        if self._writer is None:
            self._writer = csv.DictWriter(self._stream, list(row))
            self._writer.writeheader()
        self._writer.writerow(row)


class TensorBoardTracker:
    """Curves for ``tensorboard --logdir FOLDER``.

    Args:
        folder: where to.
        from_step: the step a resumed training goes on from; later points that are there already
            are not shown.

    Raises:
        ImportError: tensorboard is not installed.
    """

    def __init__(self, folder: str | Path, *, from_step: int = 0) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise ImportError(
                "this tracker needs tensorboard. Install it: pip install tensorboard"
            ) from error
        self._writer = SummaryWriter(str(folder), purge_step=from_step + 1 if from_step else None)

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Add a point to each curve."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Write what is still held."""
        self._writer.close()


class WandbTracker:
    """Hand everything to Weights & Biases.

    Args:
        run: what ``wandb.init(…)`` returned. Project, name and mode are its business.
    """

    def __init__(self, run: Any) -> None:
        self._run = run

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Hand the values over."""
        self._run.log(dict(values), step=step)

    def close(self) -> None:
        """Finish the run."""
        self._run.finish()
