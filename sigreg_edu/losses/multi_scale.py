"""SIGReg at several levels of a hierarchy of embeddings, such as patches, quadrants and images."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import nn

from sigreg_edu.checks import require_integer, require_number, require_tensor
from sigreg_edu.losses.inputs import require_embeddings, weighted_sum
from sigreg_edu.losses.sigreg import SIGReg

__all__ = ["LEVELS", "MultiScaleSIGReg", "token_levels"]

LEVELS = ("patches", "quadrants", "images")


def token_levels(
    tokens: torch.Tensor, *, rescaled: bool = False
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Three samples of points from the tokens of a batch: all tokens, quadrants, whole images.

    A quadrant or an image is the mean of its tokens. If tokens are N(0, I) and independent, a mean
    of k has variance 1/k. All of these can be N(0, I) at once only if the tokens of an image are
    all the same. ``rescaled`` multiplies a mean of k by sqrt(k): then independence is asked for.

    Args:
        tokens: (B, S², D), an even grid S × S of each image, row by row.
        rescaled: multiply means of k tokens by sqrt(k).

    Returns:
        Points (B S², D), (4 B, D) and (B, D).

    Raises:
        TypeError, ValueError: ``tokens`` is no floating-point tensor of such a shape.

    >>> [tuple(level.shape) for level in token_levels(torch.zeros(8, 16, 5))]
    [(128, 5), (32, 5), (8, 5)]
    """
    require_tensor(tokens, "tokens")
    side = math.isqrt(tokens.shape[1]) if tokens.ndim == 3 else 0
    if side < 2 or side % 2 or side**2 != tokens.shape[1]:
        raise ValueError(
            "tokens must have shape (B, S², D) with an even S, such as (B, 16, D); got "
            f"{tuple(tokens.shape)}. Leave a class token out."
        )
    half = side // 2
    quadrants = tokens.unflatten(1, (2, half, 2, half)).mean((2, 4)).flatten(0, 2)  # (4 B, D)
    images = tokens.mean(1)  # (B, D)
    if rescaled:
        quadrants, images = half * quadrants, side * images
    return tokens.flatten(0, 1), quadrants, images


class MultiScaleSIGReg(nn.Module):
    """A weighted sum of SIGReg over the levels of a hierarchy.

        loss = sum_l weight_l · SIGReg(z_l; M_l)

    Each level has a sample of its own, with its own N and D, its own number of slices, and its own
    random directions. T carries the factor N: the same flaw counts sixteen times as much among 16 B
    patches as among B images, and weights may be used to undo that.

    Args:
        num_slices: M of each level.
        weights: of each level, at least 0; 1 each by default.
        levels: their names; by default "patches", "quadrants", "images" for three of them, else
            "level_0", "level_1", ….
        num_points, t_max, scale_by_n, distributed: as :class:`SIGReg`.
        seed: of the directions of all levels.

    Shape:
        a sequence of points (N_l, D_l), or (V, N_l, D_l) with each view tested by itself -> dict of
        scalars: ``loss``, and for each level its SIGReg, without weight, by its name.

    Raises:
        TypeError, ValueError: options that do not fit each other; another number of levels.

    >>> tokens = torch.randn(64, 16, 8, generator=torch.Generator().manual_seed(0))
    >>> parts = MultiScaleSIGReg((64, 64, 64))(token_levels(tokens))
    >>> list(parts), bool(parts["patches"] < 3 < parts["images"])
    (['loss', 'patches', 'quadrants', 'images'], True)
    """

    def __init__(
        self,
        num_slices: Sequence[int] = (256, 256, 256),
        weights: Sequence[float] | None = None,
        *,
        levels: Sequence[str] | None = None,
        num_points: int = 17,
        t_max: float = 3.0,
        scale_by_n: bool = True,
        distributed: bool = True,
        seed: int = 0,
    ) -> None:
        super().__init__()
        count = len(num_slices)
        if count == 0:
            raise ValueError("num_slices must name at least one level, got none. Pass (256,).")
        usual = LEVELS if count == len(LEVELS) else [f"level_{i}" for i in range(count)]
        self.levels = tuple(usual if levels is None else levels)
        self.weights = tuple((1.0,) * count if weights is None else weights)
        for name, given in (("weights", self.weights), ("levels", self.levels)):
            if len(given) != count:
                raise ValueError(
                    f"{name} must have one entry for each of {count} levels, got {len(given)}."
                )
        if len({*self.levels, "loss"}) != count + 1:
            raise ValueError(
                f"levels must be different names, none of them 'loss', got {self.levels}."
            )
        for weight in self.weights:
            require_number(weight, "a weight", minimum=0.0)
        options = {
            "num_points": num_points,
            "t_max": t_max,
            "scale_by_n": scale_by_n,
            "distributed": distributed,
        }
        generator = torch.Generator().manual_seed(require_integer(seed, "seed", minimum=0))
        self.parts = nn.ModuleList(
            SIGReg(slices, generator=generator, **options) for slices in num_slices
        )

    def forward(self, levels: Sequence[torch.Tensor]) -> dict[str, torch.Tensor]:
        """The loss of the points of all levels, and SIGReg of each."""
        if isinstance(levels, torch.Tensor) or len(levels) != len(self.parts):
            got = "one tensor" if isinstance(levels, torch.Tensor) else f"{len(levels)} of them"
            raise ValueError(
                f"expected a sequence of {len(self.parts)} tensors, {', '.join(self.levels)}; got "
                f"{got}. token_levels makes three from tokens."
            )
        values = [part(require_embeddings(z)) for part, z in zip(self.parts, levels, strict=True)]
        loss = weighted_sum(*zip(self.weights, values, strict=True))
        return {"loss": loss, **dict(zip(self.levels, values, strict=True))}

    def extra_repr(self) -> str:
        """The levels and their weights."""
        return f"levels={self.levels}, weights={self.weights}"
