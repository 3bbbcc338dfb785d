"""A function that ``torch.compile`` leaves alone, at no cost where nothing is compiled."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import torch

__all__ = ["uncompiled"]

P = ParamSpec("P")
R = TypeVar("R")


def uncompiled(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function so that ``torch.compile`` calls it instead of compiling it.

    As ``torch.compiler.disable``, which however imports the compiler at once: 70 MB and a second
    or two for everyone who only imports the losses. Here it is imported by who compiles.

    Args:
        function: any; inside a compiled model it ends one graph, and another begins after it.

    >>> uncompiled(abs)(-2)
    2
    """
    apart: list[Callable[P, R]] = []  # no lru_cache: the compiler looks through one, and warns

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        if not torch.compiler.is_compiling():
            return function(*args, **kwargs)
        if not apart:
            apart.append(torch.compiler.disable(function))
        return apart[0](*args, **kwargs)

    return call
