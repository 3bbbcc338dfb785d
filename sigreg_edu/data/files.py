"""Files that are either whole or not there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["replacing"]


@contextmanager
def replacing(file: Path, *, durable: bool = False) -> Iterator[Path]:
    """Offer a path beside ``file`` to write to; what lies there takes its place at the end.

    Whatever goes wrong before (a full disk, an interrupt, a kill), an older ``file`` stays whole,
    and nothing is left beside it unless the process was killed.

    Args:
        file: what is to be written; its folder must exist.
        durable: whether it must survive a power cut, too: then it reaches the disk first.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(Path(folder) / "a.txt") as beside:
    ...         _ = beside.write_text("whole")
    ...     [(file.name, file.read_text()) for file in Path(folder).iterdir()]
    [('a.txt', 'whole')]
    """
    beside = file.with_name(f".{file.stem}.{os.getpid()}{file.suffix}")
    try:
        yield beside
        if durable:
            with beside.open("rb+") as stream:
                os.fsync(stream.fileno())
        os.replace(beside, file)
    finally:
        beside.unlink(missing_ok=True)
    if durable:
        _sync_folder(file.parent)


def _sync_folder(folder: Path) -> None:
    """Let the disk know a folder's new entry, on systems where a folder can be opened."""
    if os.name != "posix":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network disks cannot; the file is in its place by now
            os.fsync(opened)
    finally:
        os.close(opened)
