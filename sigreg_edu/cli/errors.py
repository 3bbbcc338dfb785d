"""What goes wrong outside the program, told in one sentence with its remedy."""

from __future__ import annotations

import importlib.util


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
