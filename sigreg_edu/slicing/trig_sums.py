"""Sums of cos(k theta) and sin(k theta) over points, for every slice: the heart of a fast SIGReg.

The quadrature statistic of a shadow p = z a needs its empirical characteristic function at T
equally spaced knots, so the sums over points of cos(k theta) and sin(k theta), theta = spacing p.
Written out (as in :func:`~sigreg_edu.slicing.sliced_epps_pulley_textbook`) that is an array of
N M T angles, and autograd keeps several of them. Here nothing of that size is ever stored:

* w = exp(i theta) is computed once, and its powers w^k by multiplication;
* points are taken in blocks that fit a processor's cache, and only their sums are kept;
* the gradient, a polynomial in w, is evaluated by Horner's rule;
* projections are kept for the backward pass if they are small, else they are computed again.

Single sums are in the dtype of the points, sums of blocks in float64 (float32 on MPS).

Powers of w lose about k roundings. (Chebyshev's recurrence on cosines alone, which is often used
here, loses k^2 near theta = 0, and took half as long again.)
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch.autograd import forward_ad

from sigreg_edu.checks import require_integer, require_positive
from sigreg_edu.slicing.projections import require_directions
from sigreg_edu.statistics.precision import full_precision, working_dtype

__all__ = ["trigonometric_sums"]

# Angles per block. On a CPU a block's arrays (5 MB) stay in the outer cache; a GPU wants work
# for all its cores at each launch.
BLOCK = {"cpu": 2**18}
BLOCK_ELSEWHERE = 2**21
SLICES_PER_BLOCK = 1024
KEPT_BYTES = 2**25  # projections up to 32 MB are kept for the backward pass

_INSTEAD = "Use sliced_epps_pulley_textbook, which torch differentiates in any way."


def trigonometric_sums(
    z: torch.Tensor, directions: torch.Tensor, *, num_points: int, spacing: float
) -> torch.Tensor:
    """Sums over the points of cos(k spacing p) and sin(k spacing p), k = 0 ... num_points - 1.

    Differentiable once, in ``z`` and in ``directions``, by ``backward()`` or ``autograd.grad`` (not
    by ``torch.func``). Memory beyond the arguments, the result and the gradients: about 10 MB on a
    CPU, and 32 MB more at most for projections.

    Args:
        z: points (..., N, D), float32 or float64.
        directions: A (D, M), with the dtype and device of ``z``.
        num_points: number of knots T.
        spacing: distance between two knots.

    Returns:
        Sums (..., 2, T, M), cosines first, in float64 (float32 on MPS). The first row is N.

    Raises:
        TypeError, ValueError: as :func:`~sigreg_edu.slicing.project`; half precision is refused.

    >>> sums = trigonometric_sums(torch.zeros(5, 2), torch.eye(2), num_points=3, spacing=0.5)
    >>> sums[0, :, 0].tolist(), sums[1, :, 0].tolist()
    ([5.0, 5.0, 5.0], [0.0, 0.0, 0.0])
    """
    require_directions(z, directions)
    require_integer(num_points, "num_points", minimum=2)
    require_positive(spacing, "spacing")
    if z.dtype not in (torch.float32, torch.float64):
        raise TypeError(f"z must be float32 or float64, got {z.dtype}. Widen it: z.float()")
    _require_reverse_mode(z, directions)
    count, dim = z.shape[-2:]
    views = z.reshape(-1, count, dim)  # (..., N, D) -> (V, N, D)
    sums, _ = torch.ops.sigreg_edu.trigonometric_sums(views, directions, num_points, spacing)
    return sums.reshape(*z.shape[:-2], 2, num_points, -1)  # (V, 2, T, M) -> (..., 2, T, M)


def _require_reverse_mode(*tensors: torch.Tensor) -> None:
    """Raise where forward-mode differentiation would quietly find a derivative of 0."""
    if torch.compiler.is_compiling():
        return
    if any(forward_ad.unpack_dual(tensor).tangent is not None for tensor in tensors):
        raise RuntimeError(f"the fast statistic has no forward-mode derivative. {_INSTEAD}")


# The two operators below are told to torch one by one, since torch.library.custom_op would import
# the compiler for everybody at the first call: 70 MB, and one or two seconds.
# They belong to a library that goes with the module, so that it can be imported anew.
_LIBRARY = torch.library.Library("sigreg_edu", "FRAGMENT")
SUMS, SUMS_BACKWARD = "sigreg_edu::trigonometric_sums", "sigreg_edu::trigonometric_sums_backward"
torch.library.define(
    SUMS,
    "(Tensor z, Tensor directions, SymInt num_points, float spacing) -> (Tensor, Tensor)",
    lib=_LIBRARY,
    tags=torch.Tag.pt2_compliant_tag,
)
torch.library.define(
    SUMS_BACKWARD,
    "(Tensor z, Tensor directions, Tensor angles, Tensor gradient, float spacing, "
    "bool for_directions) -> (Tensor, Tensor)",
    lib=_LIBRARY,
    tags=torch.Tag.pt2_compliant_tag,
)


@torch.library.impl(SUMS, "default", lib=_LIBRARY)
def _forward(
    z: torch.Tensor, directions: torch.Tensor, num_points: int, spacing: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Sums (V, 2, T, M), and the angles (V, N, M) if they are kept, else an empty tensor."""
    sums = _empty_sums(z, directions, num_points).zero_()
    angles = _empty_angles(z, directions)
    with full_precision(z):
        scaled = directions * spacing
        if angles.numel():
            flat = angles.view(-1, angles.shape[-1])
            torch.mm(z.reshape(-1, z.shape[-1]), scaled, out=flat)  # (V N, D) @ (D, M) -> (V N, M)
        for block in _blocks(z, directions):
            views, _, slices = block
            _add_sums(_angles_of(block, angles, z, scaled), sums[views, :, :, slices])
    return sums, angles


@torch.library.register_fake(SUMS, lib=_LIBRARY)
def _(z, directions, num_points, _spacing):
    return _empty_sums(z, directions, num_points), _empty_angles(z, directions)


def _empty_sums(z: torch.Tensor, directions: torch.Tensor, num_points: int) -> torch.Tensor:
    shape = (z.shape[0], 2, num_points, directions.shape[1])
    return z.new_empty(shape, dtype=working_dtype(z.device))


def _empty_angles(z: torch.Tensor, directions: torch.Tensor) -> torch.Tensor:
    views, count, _ = z.shape
    kept = views * count * directions.shape[1] * z.element_size() <= KEPT_BYTES
    return z.new_empty((views, count, directions.shape[1]) if kept else (0,))


def _blocks(z: torch.Tensor, directions: torch.Tensor) -> Iterator[tuple[slice, slice, slice]]:
    """Blocks whose angles fit the cache: views, points, directions.

    A block has several views only if it has all of their points.
    """
    views, count, _ = z.shape
    width = min(directions.shape[1], SLICES_PER_BLOCK)
    height = max(1, angles_per_block(z.device.type) // width)
    depth = max(1, height // count)
    for first in range(0, views, depth):
        for left in range(0, directions.shape[1], width):
            for top in range(0, count, height):
                yield (
                    slice(first, first + depth),
                    slice(top, top + height),
                    slice(left, left + width),
                )


def angles_per_block(kind: str) -> int:
    """How many angles a block has on a kind of device, ``"cpu"`` or another."""
    return BLOCK.get(kind, BLOCK_ELSEWHERE)


def _angles_of(
    block: tuple[slice, slice, slice], angles: torch.Tensor, z: torch.Tensor, scaled: torch.Tensor
) -> torch.Tensor:
    """The angles (v, n, m) of a block, kept ones or computed again."""
    views, rows, slices = block
    return angles[block] if angles.numel() else z[views, rows] @ scaled[:, slices]


def _add_sums(theta: torch.Tensor, sums: torch.Tensor) -> None:
    """Add the sums over the points of a block: theta (v, n, m), sums (v, 2, T, m)."""
    views, count, slices = theta.shape
    w = _unit_arrows(theta)
    power = w.clone()
    of_block = w.new_full((sums.shape[2], views, slices), count)  # (T, v, m); w^0 = 1
    for k in range(1, sums.shape[2]):
        torch.sum(power, dim=1, out=of_block[k])  # (v, n, m) -> (v, m)
        power *= w
    sums += torch.view_as_real(of_block).permute(1, 3, 0, 2)  # (T, v, m, 2) -> (v, 2, T, m)


def _unit_arrows(theta: torch.Tensor) -> torch.Tensor:
    """w = exp(i theta) = cos(theta) + i sin(theta)."""
    return torch.polar(torch.ones_like(theta), theta)


@torch.library.impl(SUMS_BACKWARD, "default", lib=_LIBRARY)
def _backward(
    z: torch.Tensor,
    directions: torch.Tensor,
    angles: torch.Tensor,
    gradient: torch.Tensor,
    spacing: float,
    for_directions: bool,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Gradients for z (V, N, D) and, if asked for, directions (D, M), of gradient (V, 2, T, M)."""
    for_z = torch.zeros_like(z, memory_format=torch.contiguous_format)
    for_a = torch.zeros_like(directions) if for_directions else directions.new_empty(0)
    k = torch.arange(gradient.shape[2], device=z.device).unsqueeze(-1)  # (T, 1)
    # d/dp (a_k cos(k theta) + b_k sin(k theta)) = Re[k spacing (b_k + i a_k) w^k]
    gradient = gradient.to(z.dtype)
    slopes = torch.complex(gradient[:, 1], gradient[:, 0]).mul_(k * spacing)  # (V, T, M)
    with full_precision(z):
        scaled = directions * spacing
        for block in _blocks(z, directions):
            views, rows, slices = block
            theta = _angles_of(block, angles, z, scaled)
            for_p = _real_polynomial(slopes[views, :, slices], theta).flatten(0, 1)  # (v n, m)
            theirs = for_z[views, rows].view(-1, z.shape[-1])  # (v n, D)
            theirs.addmm_(for_p, directions[:, slices].T)  # (v n, m) @ (m, D)
            if for_directions:
                points = z[views, rows].reshape(-1, z.shape[-1])
                for_a[:, slices].addmm_(points.T, for_p)  # (D, v n) @ (v n, m)
    return for_z, for_a


@torch.library.register_fake(SUMS_BACKWARD, lib=_LIBRARY)
def _(z, directions, _angles, _gradient, _spacing, for_directions):
    for_a = torch.empty_like(directions) if for_directions else directions.new_empty(0)
    return torch.empty_like(z, memory_format=torch.contiguous_format), for_a


def _refuse(_ctx, *_gradients) -> None:
    raise RuntimeError(
        f"the fast statistic has no second derivative, as a gradient penalty needs it. {_INSTEAD}"
    )


torch.library.register_autograd(SUMS_BACKWARD, _refuse, lib=_LIBRARY)


def _real_polynomial(coefficients: torch.Tensor, theta: torch.Tensor) -> torch.Tensor:
    """Re sum_k c_k w^k by Horner's rule, c_0 = 0: c (v, T, m) and theta (v, n, m) to (v, n, m)."""
    w = _unit_arrows(theta)
    c = coefficients.unsqueeze(2).unbind(1)  # T times (v, 1, m)
    value = c[-1].expand_as(w).clone()
    for k in range(len(c) - 2, 0, -1):
        torch.addcmul(c[k], value, w, out=value)
    value *= w
    return value.real.contiguous()


def _setup_context(ctx, inputs, output) -> None:
    z, directions, _, spacing = inputs
    ctx.mark_non_differentiable(output[1])
    ctx.set_materialize_grads(False)  # else zeros of the angles' size are made for their gradient
    ctx.save_for_backward(z, directions, output[1])
    ctx.spacing = spacing


def _gradients(ctx, gradient: torch.Tensor | None, _) -> tuple:
    if gradient is None:  # nothing downstream depends on the sums
        return None, None, None, None
    z, directions, angles = ctx.saved_tensors
    for_directions = ctx.needs_input_grad[1]
    for_z, for_a = torch.ops.sigreg_edu.trigonometric_sums_backward(
        z, directions, angles, gradient, ctx.spacing, for_directions
    )
    return for_z, for_a if for_directions else None, None, None


torch.library.register_autograd(SUMS, _gradients, setup_context=_setup_context, lib=_LIBRARY)
