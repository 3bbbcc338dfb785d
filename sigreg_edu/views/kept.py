"""Finished work that a view may show at once when the student comes back to it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Kept(Generic[Result]):
    """The latest few results by key; unlike ``lru_cache`` it can be asked what it knows.

    Args:
        most: how many to keep; the one unused for longest goes first.

    >>> kept = Kept(2)
    >>> kept.get("a"), kept.put("a", 1), kept.get("a")
    (None, 1, 1)
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._results: dict[Hashable, Result] = {}

    def get(self, key: Hashable) -> Result | None:
        """Return the result for ``key``, or None."""
        if key in self._results:
            self._results[key] = self._results.pop(key)  # now the most recently used
        return self._results.get(key)

    def put(self, key: Hashable, result: Result) -> Result:
        """Keep ``result`` under ``key`` and return it."""
        self._results.pop(key, None)
        while len(self._results) >= self._most:
            self._results.pop(next(iter(self._results)))
        self._results[key] = result
        return result

    def get_or_make(self, key: Hashable, make: Callable[[], Result]) -> Result:
        """Return the result for ``key``, made now unless it is known."""
        known = self.get(key)
        return self.put(key, make()) if known is None else known
