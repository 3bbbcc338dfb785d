"""Checks at the public edge, shared by every room.

Each check says what was expected, what came and what to do. Functions validate once, where the
user calls them; the private helpers behind them trust their input.
"""

from __future__ import annotations

import difflib
import math
import numbers
from collections.abc import Iterable

import torch

__all__ = [
    "did_you_mean",
    "require_choice",
    "require_finite",
    "require_generator",
    "require_integer",
    "require_number",
    "require_one_source",
    "require_points",
    "require_positive",
    "require_probability",
    "require_same_device",
    "require_samples",
    "require_tensor",
]


def require_tensor(x: object, name: str = "x") -> torch.Tensor:
    """Return ``x`` if it is a floating-point tensor, else say how to make it one.

    Raises:
        TypeError: for anything but a tensor of float16, bfloat16, float32 or float64.

    >>> require_tensor([1.0, 2.0], "p")
    Traceback (most recent call last):
        ...
    TypeError: p must be a torch.Tensor, got list. Convert it: torch.as_tensor(p, dtype=torch.float32)
    """  # noqa: E501 - the doctest shows the message as it is printed
    if not isinstance(x, torch.Tensor):
        raise TypeError(
            f"{name} must be a torch.Tensor, got {type(x).__name__}. "
            f"Convert it: torch.as_tensor({name}, dtype=torch.float32)"
        )
    if not x.is_floating_point():
        raise TypeError(
            f"{name} must hold floating-point numbers, got {x.dtype}. "
            f"Convert it: torch.as_tensor({name}, dtype=torch.float32)"
        )
    return x


def require_samples(x: object, name: str = "x", *, minimum: int = 1) -> torch.Tensor:
    """Return ``x`` if it is (..., N) with at least ``minimum`` samples on its last axis.

    Raises:
        TypeError: not a floating-point tensor.
        ValueError: no axis, fewer than ``minimum`` samples, or an empty batch.

    >>> require_samples(torch.zeros(1), minimum=2)
    Traceback (most recent call last):
        ...
    ValueError: x needs at least 2 samples on its last axis, got shape (1,). Pass a larger sample.
    """
    x = require_tensor(x, name)
    if x.ndim == 0:
        raise ValueError(
            f"{name} must have its samples on the last axis, shape (..., N), got a scalar. "
            f"Pass several samples, or {name}.reshape(1) for one."
        )
    if x.shape[-1] < minimum:
        plural = "sample" if minimum == 1 else "samples"
        raise ValueError(
            f"{name} needs at least {minimum} {plural} on its last axis, "
            f"got shape {tuple(x.shape)}. Pass a larger sample."
        )
    return _require_batch(x, name)


def require_points(z: object, name: str = "z", *, minimum: int = 1) -> torch.Tensor:
    """Return ``z`` if it is (..., N, D) with at least ``minimum`` points and one dimension.

    Raises:
        TypeError: not a floating-point tensor.
        ValueError: fewer than two axes, too few points, no dimension, or an empty batch.

    >>> require_points(torch.zeros(3))
    Traceback (most recent call last):
        ...
    ValueError: z must have shape (..., N, D): points, then dimensions; got (3,). For one dimension pass z.unsqueeze(-1).
    """  # noqa: E501 - the doctest shows the message as it is printed
    z = require_tensor(z, name)
    if z.ndim < 2:
        raise ValueError(
            f"{name} must have shape (..., N, D): points, then dimensions; got {tuple(z.shape)}. "
            f"For one dimension pass {name}.unsqueeze(-1)."
        )
    if z.shape[-2] < minimum or z.shape[-1] < 1:
        raise ValueError(
            f"{name} needs at least {minimum} point{'' if minimum == 1 else 's'} and one "
            f"dimension, got shape {tuple(z.shape)} for (..., N, D). Pass more points."
        )
    return _require_batch(z, name)


def require_matrix(z: object, name: str = "z", *, minimum: int = 1) -> torch.Tensor:
    """Return ``z`` if it is (N, D): :func:`require_points` without leading axes.

    >>> require_matrix(torch.zeros(2, 5, 3))
    Traceback (most recent call last):
        ...
    ValueError: z must have shape (N, D), got (2, 5, 3). Take one matrix.
    """
    z = require_points(z, name, minimum=minimum)
    if z.ndim != 2:
        raise ValueError(f"{name} must have shape (N, D), got {tuple(z.shape)}. Take one matrix.")
    return z


def _require_batch(x: torch.Tensor, name: str) -> torch.Tensor:
    """Return ``x`` unless one of its leading axes is empty."""
    if x.numel() == 0:
        raise ValueError(
            f"{name} is empty, shape {tuple(x.shape)}: a leading axis has length 0. "
            "Pass at least one batch entry."
        )
    return x


def require_finite(x: torch.Tensor, name: str = "x") -> torch.Tensor:
    """Return ``x`` if every entry is finite. Reads the values, so it synchronises a GPU.

    >>> require_finite(torch.tensor([0.0, float("nan")]))
    Traceback (most recent call last):
        ...
    ValueError: x must be finite, got 1 NaN or infinite value among 2. Remove or repair it first.
    """
    bad = int((~torch.isfinite(x)).sum())
    if bad:
        values, them = ("value", "it") if bad == 1 else ("values", "them")
        raise ValueError(
            f"{name} must be finite, got {bad} NaN or infinite {values} among {x.numel()}. "
            f"Remove or repair {them} first."
        )
    return x


def require_positive(value: object, name: str) -> float:
    """Return ``value`` as a float if it is a finite number above 0.

    >>> require_positive(-1.0, "t_max")
    Traceback (most recent call last):
        ...
    ValueError: t_max must be a finite number above 0, got -1.0.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        kind = type(value).__name__
        raise TypeError(f"{name} must be a number above 0, got {value!r} ({kind}). Pass a float.")
    if not 0 < value < math.inf:  # false for NaN
        raise ValueError(f"{name} must be a finite number above 0, got {value}.")
    return float(value)


def require_probability(value: object, name: str) -> float:
    """Return ``value`` as a float if it lies strictly between 0 and 1.

    >>> require_probability(5, "level")
    Traceback (most recent call last):
        ...
    ValueError: level must lie strictly between 0 and 1, got 5. For 5 per cent pass 0.05.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number between 0 and 1, got {type(value).__name__}.")
    if not 0.0 < value < 1.0:
        raise ValueError(
            f"{name} must lie strictly between 0 and 1, got {value}. For 5 per cent pass 0.05."
        )
    return float(value)


def require_integer(value: object, name: str, *, minimum: int = 1) -> int:
    """Return ``value`` as an int if it is a whole number of at least ``minimum``.

    >>> require_integer(2.5, "num_points")
    Traceback (most recent call last):
        ...
    TypeError: num_points must be a whole number, got 2.5 (float). Pass an int.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(
            f"{name} must be a whole number, got {value!r} ({type(value).__name__}). Pass an int."
        )
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {value}.")
    return int(value)


def require_number(
    value: object, name: str, *, minimum: float = -math.inf, maximum: float = math.inf
) -> float:
    """Return ``value`` as a float if it is finite and lies between two ends, both included.

    >>> require_number(2, "lamb", minimum=0.0, maximum=1.0)
    Traceback (most recent call last):
        ...
    ValueError: lamb must be a finite number from 0 to 1, got 2. Move it into that range.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        kind = type(value).__name__
        raise TypeError(f"{name} must be a number, got {value!r} ({kind}). Pass a float.")
    if not math.isfinite(value) or not minimum <= value <= maximum:
        ends = _ends(minimum, maximum)
        advice = " Move it into that range." if ends and not math.isnan(value) else ""
        raise ValueError(f"{name} must be a finite number{ends}, got {value}.{advice}")
    return float(value)


def _ends(minimum: float, maximum: float) -> str:
    """What to say of the ends of a range: nothing where there are none."""
    if math.isinf(minimum) and math.isinf(maximum):
        return ""
    if math.isinf(maximum):
        return f" of at least {minimum:g}"
    return (
        f" of at most {maximum:g}" if math.isinf(minimum) else f" from {minimum:g} to {maximum:g}"
    )


def require_generator(generator: object, name: str = "generator") -> torch.Generator:
    """Return ``generator`` if it is one. None would mean torch's global one, which is nobody's.

    >>> require_generator(None)
    Traceback (most recent call last):
        ...
    TypeError: generator must be a torch.Generator, got NoneType. Pass torch.Generator().manual_seed(0)
    """  # noqa: E501 - the doctest shows the message as it is printed
    if not isinstance(generator, torch.Generator):
        raise TypeError(
            f"{name} must be a torch.Generator, got {type(generator).__name__}. "
            "Pass torch.Generator().manual_seed(0)"
        )
    return generator


def require_one_source(generator: object, seed: object) -> torch.Generator:
    """Return the one source of randomness: ``generator``, or a new one on the CPU from ``seed``.

    >>> require_one_source(None, None)
    Traceback (most recent call last):
        ...
    ValueError: pass either generator= or seed=, got neither: for instance seed=0, or generator=torch.Generator().manual_seed(0) for new numbers at each call.
    """  # noqa: E501 - the doctest shows the message as it is printed
    if (generator is None) == (seed is None):
        given = "neither" if generator is None else "both"
        raise ValueError(
            f"pass either generator= or seed=, got {given}: for instance seed=0, or "
            "generator=torch.Generator().manual_seed(0) for new numbers at each call."
        )
    if generator is None:
        return torch.Generator().manual_seed(require_integer(seed, "seed", minimum=0))
    return require_generator(generator)


def require_choice(value: object, name: str, choices: Iterable[str]) -> str:
    """Return ``value`` if it is one of ``choices``, else name the nearest.

    >>> require_choice("quadratur", "method", ["quadrature", "closed_form"])
    Traceback (most recent call last):
        ...
    ValueError: method must be one of 'quadrature', 'closed_form', got 'quadratur'. Did you mean 'quadrature'?
    """  # noqa: E501 - the doctest shows the message as it is printed
    known = list(choices)
    if isinstance(value, str) and value in known:
        return value
    message = f"{name} must be one of {', '.join(map(repr, known))}, got {value!r}."
    hint = did_you_mean(value, known)
    raise ValueError(f"{message} {hint}" if hint else message)


def did_you_mean(value: object, known: Iterable[str]) -> str:
    """A question that names the nearest of ``known``; empty if none is near.

    >>> did_you_mean("quadratur", ["quadrature", "closed_form"])
    "Did you mean 'quadrature'?"
    """
    nearest = difflib.get_close_matches(str(value), known, n=1, cutoff=0.4)
    return f"Did you mean {nearest[0]!r}?" if nearest else ""


def require_same_device(**tensors: torch.Tensor) -> torch.device:
    """Return the device that all of the named tensors share.

    >>> require_same_device(z=torch.zeros(1), directions=torch.zeros(1, device="meta"))
    Traceback (most recent call last):
        ...
    ValueError: z and directions must be on one device, got z on cpu, directions on meta. Move one: directions.to(z.device)
    """  # noqa: E501 - the doctest shows the message as it is printed
    (first, reference), *others = tensors.items()
    for name, tensor in others:
        if tensor.device != reference.device:
            raise ValueError(
                f"{first} and {name} must be on one device, got {first} on {reference.device}, "
                f"{name} on {tensor.device}. Move one: {name}.to({first}.device)"
            )
    return reference.device
