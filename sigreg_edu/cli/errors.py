"""What goes wrong outside the program, told in one sentence with its remedy."""

from __future__ import annotations

import errno
import importlib.util
import os

_ELSEWHERE = "Give a place that may be written to, or work in another folder."
#: Why nothing can be written, and what to do.
NOT_WRITABLE = {
    errno.ENOSPC: "Make room on this disk, or give a place on another one.",
    errno.EDQUOT: "Make room in your quota, or give a place elsewhere.",
    errno.EROFS: _ELSEWHERE,
    errno.EACCES: _ELSEWHERE,
    errno.EPERM: _ELSEWHERE,
    errno.ENOENT: "Make it first, or give another place.",
}


class UserError(Exception):
    """Shown without a traceback: the message says what is wrong and what to do."""


def require(module: str, *, extra: str, purpose: str) -> None:
    """Raise :class:`UserError` if ``module``, which comes with ``extra``, is not installed."""
    if importlib.util.find_spec(module) is None:
        raise UserError(
            f"{purpose} needs {module}, which is not installed. "
            f'Install it with: pip install "sigreg-edu[{extra}]" '
            f'(in a clone: pip install -c constraints.txt -e ".[{extra}]").'
        )


def in_words(error: Exception) -> str:
    """Return what an error says; of a place that cannot be written to also what to do.

    >>> in_words(OSError(errno.EROFS, "", "run"))
    'run: Read-only file system. Give a place that may be written to, or work in another folder.'
    >>> in_words(ValueError("steps must be 1 or more, got 0."))
    'steps must be 1 or more, got 0.'
    """
    number = getattr(error, "errno", None)
    if number not in NOT_WRITABLE:
        return str(error)
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{os.strerror(number)}. {NOT_WRITABLE[number]}"
