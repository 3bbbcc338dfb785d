"""Directions to look along: unit vectors, the columns of A (D, M).

The sphere's uniform law is that of a Gaussian vector over its length. Everything here is that
idea, with the Gaussian vectors drawn independently, made orthogonal, spread evenly, or frozen.

Randomness enters by ``generator=`` or ``seed=``; the global generator is never touched.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

import numpy as np
import scipy  # scipy.stats loads when first used: half a second and 45 MB
import torch

from sigreg_edu.checks import require_choice, require_integer, require_one_source

__all__ = [
    "DIRECTIONS",
    "direction_from_angles",
    "fixed_directions",
    "orthogonal_directions",
    "quasi_random_directions",
    "sample_directions",
    "uniform_directions",
]


def uniform_directions(
    dim: int,
    num_slices: int,
    *,
    generator: torch.Generator | None = None,
    seed: int | None = None,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> torch.Tensor:
    """Independent directions, uniform on the sphere: Gaussian vectors divided by their lengths.

    Args:
        dim: dimension D.
        num_slices: number of directions M.
        generator: source of randomness, advanced by the call. Directions are drawn on its device.
        seed: instead of ``generator``: a number that gives the same directions each time, on
            every device.
        dtype: of the result, float32 or float64 (halves: drawn in float32 and rounded).
        device: of the result.

    Returns:
        Directions A (D, M), columns of length 1.

    Raises:
        ValueError: both or neither of ``generator`` and ``seed``, or a size below 1.
        TypeError: ``dtype`` is no floating-point type.

    >>> directions = uniform_directions(3, 5, seed=0)
    >>> directions.shape, bool(torch.allclose(directions.norm(dim=0), torch.ones(5)))
    (torch.Size([3, 5]), True)
    """
    _require_sizes(dim, num_slices, dtype)
    gaussian = _gaussian((dim, num_slices), generator, seed, dtype)  # (D, M)
    return _unit_columns(gaussian).to(device, dtype)


def orthogonal_directions(
    dim: int,
    num_slices: int,
    *,
    generator: torch.Generator | None = None,
    seed: int | None = None,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> torch.Tensor:
    """Directions in blocks of D that are at right angles to each other.

    Each block is a random rotation's columns (Haar), independent of the other blocks; the last is
    cut to what remains. Every single direction is uniform on the sphere, and together they leave
    fewer gaps than independent ones.

    Args, Raises: as :func:`uniform_directions`.

    Returns:
        Directions A (D, M).

    >>> directions = orthogonal_directions(4, 4, seed=0)
    >>> bool(torch.allclose(directions.T @ directions, torch.eye(4), atol=1e-6))
    True
    """
    _require_sizes(dim, num_slices, dtype)
    blocks = math.ceil(num_slices / dim)
    gaussian = _gaussian((blocks, dim, dim), generator, seed, dtype)
    rotations, triangular = torch.linalg.qr(gaussian)  # (blocks, D, D)
    # QR leaves the signs open; taking R's diagonal positive is what makes Q uniform.
    signs = triangular.diagonal(dim1=-2, dim2=-1).sign().unsqueeze(-2)  # (blocks, 1, D)
    columns = (rotations * signs).transpose(0, 1).reshape(dim, blocks * dim)  # (D, blocks * D)
    return columns[:, :num_slices].to(device, dtype).contiguous()


# A Sobol sequence is defined by tabulated numbers, which SciPy has for this many dimensions.
_SOBOL_MAX_DIM = 21_201  # scipy.stats.qmc.Sobol.MAXDIM


def quasi_random_directions(
    dim: int,
    num_slices: int,
    *,
    sequence: str = "sobol",
    seed: int,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> torch.Tensor:
    """Evenly spread directions: a scrambled low-discrepancy sequence in place of random numbers.

    Points that fill the unit cube evenly become Gaussian by the normal quantile function, then
    unit by dividing by their length. Best in low dimensions and with M a power of 2.

    Args:
        dim: dimension D; the Sobol sequence goes up to 21,201.
        num_slices: number of directions M, any number.
        sequence: ``"sobol"`` or ``"halton"``.
        seed: of the scrambling; each seed gives another, equally even set.
        dtype: of the result.
        device: of the result.

    Returns:
        Directions A (D, M).

    Raises:
        ValueError: unknown ``sequence``, a size below 1, or D too large for Sobol.

    >>> quasi_random_directions(2, 3, seed=0).shape
    torch.Size([2, 3])
    """
    _require_sizes(dim, num_slices, dtype)
    require_choice(sequence, "sequence", ("sobol", "halton"))
    require_integer(seed, "seed", minimum=0)
    if sequence == "sobol" and dim > _SOBOL_MAX_DIM:
        raise ValueError(
            f"the Sobol sequence has at most {_SOBOL_MAX_DIM} dimensions, got dim={dim}. "
            "Use sequence='halton' or uniform_directions."
        )
    qmc = scipy.stats.qmc
    engine = qmc.Sobol if sequence == "sobol" else qmc.Halton
    sampler = engine(dim, scramble=True, rng=np.random.default_rng(seed))
    with warnings.catch_warnings():  # Sobol warns when M is no power of 2: less even, not wrong
        warnings.simplefilter("ignore", UserWarning)
        cube = sampler.random(num_slices)  # (M, D)
    inside = torch.from_numpy(cube).clamp(1e-12, 1 - 1e-12)  # the quantile at 0 is -infinity
    return _unit_columns(torch.special.ndtri(inside).T).to(device, dtype).contiguous()


def fixed_directions(
    dim: int,
    num_slices: int,
    *,
    seed: int,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> torch.Tensor:
    """The same uniform directions at every call: ``uniform_directions`` with a required seed.

    Used at every training step they leave a blind spot: whatever differs from a Gaussian only
    along directions that are not among them is never corrected (with M < D there is a whole
    subspace in which a sample may do as it likes). Fresh directions each step leave none for long.

    Args, Returns, Raises: as :func:`uniform_directions`.

    >>> bool((fixed_directions(8, 4, seed=1) == fixed_directions(8, 4, seed=1)).all())
    True
    """
    return uniform_directions(dim, num_slices, seed=seed, dtype=dtype, device=device)


DIRECTIONS: dict[str, Callable[..., torch.Tensor]] = {
    "uniform": uniform_directions,
    "orthogonal": orthogonal_directions,
    "quasi_random": quasi_random_directions,
    "fixed": fixed_directions,
}
_SEED_ONLY = ("quasi_random", "fixed")


def sample_directions(kind: str, dim: int, num_slices: int, **options: object) -> torch.Tensor:
    """Directions of a named kind.

    Args:
        kind: a key of ``DIRECTIONS``.
        dim: dimension D.
        num_slices: number of directions M.
        options: of the function that ``DIRECTIONS`` names.

    Returns:
        Directions A (D, M).

    Raises:
        ValueError: unknown ``kind``.
        TypeError: ``generator`` for a kind that takes only ``seed``.

    >>> sample_directions("orthogonal", 3, 2, seed=0).shape
    torch.Size([3, 2])
    """
    require_choice(kind, "kind", DIRECTIONS)
    if kind in _SEED_ONLY and "generator" in options:
        raise TypeError(
            f"{kind!r} directions take seed=, not generator=: pass seed=0, for instance."
        )
    return DIRECTIONS[kind](dim, num_slices, **options)


def direction_from_angles(
    azimuth: float,
    elevation: float | None = None,
    *,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> torch.Tensor:
    """The unit vector at the given angles, in degrees.

    Args:
        azimuth: angle from the first axis towards the second.
        elevation: angle above the plane of these two. Leave it out in two dimensions.
        dtype: of the result.
        device: of the result.

    Returns:
        A direction (2,), or (3,) with ``elevation``. ``[:, None]`` makes it an A with M = 1.

    >>> direction_from_angles(90.0).abs().round(decimals=3)
    tensor([0., 1.])
    >>> direction_from_angles(0.0, 90.0).abs().round(decimals=3)
    tensor([0., 0., 1.])
    """
    turn = math.radians(azimuth)
    plane = [math.cos(turn), math.sin(turn)]
    if elevation is None:
        return torch.tensor(plane, dtype=dtype, device=device)
    lift = math.radians(elevation)
    x, y = (math.cos(lift) * value for value in plane)
    return torch.tensor([x, y, math.sin(lift)], dtype=dtype, device=device)


def _require_sizes(dim: int, num_slices: int, dtype: torch.dtype) -> None:
    require_integer(dim, "dim")
    require_integer(num_slices, "num_slices")
    if not (isinstance(dtype, torch.dtype) and dtype.is_floating_point):
        raise TypeError(f"dtype must be a floating-point torch dtype, got {dtype}.")


def _gaussian(
    shape: tuple[int, ...],
    generator: torch.Generator | None,
    seed: int | None,
    dtype: torch.dtype,
) -> torch.Tensor:
    """Standard normal numbers on the generator's device, at least in float32."""
    generator = require_one_source(generator, seed)
    wide = torch.float64 if dtype == torch.float64 else torch.float32
    return torch.randn(shape, generator=generator, dtype=wide, device=generator.device)


def _unit_columns(vectors: torch.Tensor) -> torch.Tensor:
    """Divide each column of (D, M) by its length."""
    return vectors / torch.linalg.vector_norm(vectors, dim=0, keepdim=True)
