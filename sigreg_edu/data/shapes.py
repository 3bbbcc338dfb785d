"""Shapes made by rule: pictures of which everything is known, from five factors.

Each picture shows one shape in one colour, at one position, in one size and with one texture. A
view keeps some of these factors and draws the others anew, so that what an encoder should keep
and what it should forget is for the user to say, and can be measured factor by factor.

The shapes are drawn from signed distances, negative inside and positive outside: a pixel is
covered by ½ − distance in pixels, cut off at 0 and 1, which gives smooth edges.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType

import torch

from sigreg_edu.checks import require_choice, require_integer
from sigreg_edu.data.images import ImageData
from sigreg_edu.data.splits import split_by_class

__all__ = ["FACTORS", "Shapes", "draw_shapes"]

COLOURS = {
    "red": (0.95, 0.20, 0.20),
    "yellow": (0.95, 0.85, 0.15),
    "green": (0.20, 0.75, 0.25),
    "cyan": (0.15, 0.85, 0.90),
    "blue": (0.25, 0.40, 1.00),
    "magenta": (0.90, 0.30, 0.90),
}
# Lengths are in units in which the canvas spans [−1, 1]. A large shape at the edge of an outer
# cell just touches the border: 0.42 + 0.08 + 0.50 = 1.
RADII = {"small": 0.26, "medium": 0.36, "large": 0.5}
CELL, JITTER = 0.42, 0.08  # distance of the cells' centres; how far a shape may be from its cell's
PERIOD = 0.25  # of the textures, whatever the size of the shape
BACKGROUND, DARK = 0.08, 0.4  # grey of the paper; what a texture leaves of the colour

FACTORS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "shape": ("circle", "square", "triangle", "star", "ring", "cross"),
        "colour": tuple(COLOURS),
        "position": (
            *("top left", "top", "top right"),
            *("left", "centre", "right"),
            *("bottom left", "bottom", "bottom right"),
        ),
        "size": tuple(RADII),
        "texture": ("plain", "stripes", "checks", "dots"),
    }
)

SMALLEST_SIZE = 24  # below it the textures are finer than the pixels
SMALLEST_COUNT = 2 * len(FACTORS["shape"])  # one of each shape to train on and one to test on
DRAWING_SEED = 20251109  # of the fixed images, the same for everyone
COLUMNS = len(FACTORS) + 2  # of random numbers in [0, 1): one a factor, two for the jitter


class Shapes(ImageData):
    """Pictures of shapes with five known factors, and views that draw some factors anew.

    In the fixed images each value of each factor comes up equally often (to within one), in an
    independent order for each factor. ``labels`` is the shape, ``factors`` has all five by name.
    The place within its cell belongs to the position: it changes with it, and only with it.

    All random numbers are drawn whatever is varied: the same seed draws the same new size whether
    or not the colour changes too.

    Args:
        count: N, at least 12.
        size: H = W of the pictures, at least 24.
        varied: names of the factors that a view draws anew; none makes every view the image
            itself, all leave nothing to be learnt.

    Attributes:
        varied: those names, in the order of :data:`FACTORS`.
        offsets: (N, 2) x and y from the cell's centre, −1 to 1 across the cell.

    Raises:
        TypeError, ValueError: a count or size that is too small, a factor that does not exist.

    >>> shapes = Shapes(100, varied=("position", "size"))
    >>> shapes.images.shape, shapes.class_names[shapes.labels[0]] in FACTORS["shape"]
    (torch.Size([100, 3, 32, 32]), True)
    >>> shapes.views(torch.arange(5), 3, generator=torch.Generator().manual_seed(0)).shape
    torch.Size([3, 5, 3, 32, 32])
    """

    def __init__(
        self,
        count: int = 3000,
        size: int = 32,
        *,
        varied: Collection[str] = ("position", "size"),
    ) -> None:
        count = require_integer(count, "count", minimum=SMALLEST_COUNT)
        self.size = require_integer(size, "size", minimum=SMALLEST_SIZE)
        self.varied = _require_factors(varied)
        generator = torch.Generator().manual_seed(DRAWING_SEED)
        factors = {
            name: torch.arange(count)[torch.randperm(count, generator=generator)] % len(values)
            for name, values in FACTORS.items()
        }
        self.offsets = 2.0 * torch.rand(count, 2, generator=generator) - 1.0
        train_indices, test_indices = split_by_class(factors["shape"])
        super().__init__(
            images=draw_shapes(factors, self.offsets, size=self.size),
            labels=factors["shape"],
            train_indices=train_indices,
            test_indices=test_indices,
            class_names=FACTORS["shape"],
            factors=factors,
        )

    def _views(
        self, indices: torch.Tensor, num_views: int, generator: torch.Generator, part: slice
    ) -> torch.Tensor:
        shape = (num_views, len(indices), COLUMNS)
        draws = torch.rand(shape, generator=generator, device=self.device)[:, part].flatten(0, 1)
        shown = indices[part]
        views = self._redrawn(shown.repeat(num_views), draws)  # (V·B, 3, H, W)
        return views.unflatten(0, (num_views, len(shown)))

    def _redrawn(self, indices: torch.Tensor, draws: torch.Tensor) -> torch.Tensor:
        """Draw images (N,) again, their varied factors from random numbers (N, 7)."""
        factors = {name: values[indices] for name, values in self.factors.items()}
        for column, (name, values) in enumerate(FACTORS.items()):
            if name in self.varied:
                factors[name] = (draws[:, column] * len(values)).long()
        moves = "position" in self.varied
        offsets = 2.0 * draws[:, -2:] - 1.0 if moves else self.offsets[indices]
        return draw_shapes(factors, offsets, size=self.size)


def _require_factors(varied: Collection[str]) -> tuple[str, ...]:
    """Return the names in ``varied`` in the order of ``FACTORS``, each once."""
    if isinstance(varied, str) or not isinstance(varied, Collection):
        raise TypeError(
            "varied must be several names of factors, such as ('position', 'size'), "
            f"got {varied!r}. For one name pass a tuple of one, for none pass ()."
        )
    for name in varied:
        require_choice(name, "each name in varied", FACTORS)
    return tuple(name for name in FACTORS if name in varied)


def draw_shapes(
    factors: Mapping[str, torch.Tensor], offsets: torch.Tensor, *, size: int = 32
) -> torch.Tensor:
    """Draw one picture for each row of factors, on the factors' device.

    Args:
        factors: for each name in :data:`FACTORS` labels (N,) int64, which value.
        offsets: (N, 2) x and y from the centre of the position's cell, −1 to 1 across it.
        size: H = W.

    Returns:
        Tensor (N, 3, H, W) of float32 from 0 to 1.

    >>> first = {name: torch.zeros(1, dtype=torch.int64) for name in FACTORS}
    >>> draw_shapes(first, torch.zeros(1, 2)).shape
    torch.Size([1, 3, 32, 32])
    """
    device = offsets.device
    cell = torch.stack([factors["position"] % 3 - 1, factors["position"] // 3 - 1], dim=1)
    centre = CELL * cell + JITTER * offsets  # (N, 2); y points down, as the rows of an image
    pixels = (2.0 * torch.arange(size, device=device) + 1.0) / size - 1.0  # their centres
    x = (pixels - centre[:, :1])[:, None, :]  # (N, 1, W)
    y = (pixels - centre[:, 1:])[:, :, None]  # (N, H, 1)
    radius = _table(tuple(RADII.values()), device)[factors["size"]][:, None, None]  # (N, 1, 1)

    outside = radius * _chosen(factors, "shape", _SHAPES, x / radius, y / radius)
    covered = _inside(outside, size)[:, None]  # (N, 1, H, W)
    light = _chosen(factors, "texture", _TEXTURES, x, y, size=size)[:, None]
    ink = _table(tuple(COLOURS.values()), device)[factors["colour"]][..., None, None]
    return BACKGROUND * (1.0 - covered) + covered * (DARK + (1.0 - DARK) * light) * ink


@functools.cache
def _table(values: tuple, device: torch.device) -> torch.Tensor:
    """Constants as a tensor, sent to a device once."""
    return torch.tensor(values, device=device)


def _chosen(
    factors: Mapping[str, torch.Tensor],
    name: str,
    functions: Mapping[str, Callable[..., torch.Tensor]],
    x: torch.Tensor,
    y: torch.Tensor,
    **options: int,
) -> torch.Tensor:
    """Evaluate for each row the function that its factor names, at x (N, 1, W) and y (N, H, 1).

    Every function is evaluated for every row: that is quicker than to sort the rows, which would
    make a GPU wait for the CPU.
    """
    values, *others = (functions[value](x, y, **options) for value in FACTORS[name])
    for label, other in enumerate(others, start=1):
        values = torch.where((factors[name] == label)[:, None, None], other, values)
    return values  # (N, H, W)


def _inside(outside: torch.Tensor, size: int) -> torch.Tensor:
    """Share of a pixel that lies inside, from its centre's distance to the edge."""
    return (0.5 - 0.5 * size * outside).clamp(0.0, 1.0)


# --- shapes: signed distance to the edge, in units in which the shape reaches out to 1


def _circle(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return (x * x + y * y).sqrt() - 1.0


def _ring(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return ((x * x + y * y).sqrt() - 0.72).abs() - 0.28


def _square(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return torch.maximum(x.abs(), y.abs()) - 0.8


def _cross(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Two bars, one on the other."""
    across = torch.maximum(x.abs() - 1.0, y.abs() - 0.3)
    return torch.minimum(across, torch.maximum(x.abs() - 0.3, y.abs() - 1.0))


def _triangle(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Inside all three lines, each opposite to a corner."""
    return functools.reduce(torch.maximum, _beyond(x, y, lines=3, first=math.pi / 2, distance=0.5))


def _star(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Beyond at most one of the five lines of a pentagram: the second largest distance."""
    distance = math.cos(math.radians(72.0))
    largest, *others = _beyond(x, y, lines=5, first=-math.pi / 2, distance=distance)
    second = torch.full_like(largest, -math.inf)
    for other in others:
        second = torch.maximum(second, torch.minimum(largest, other))
        largest = torch.maximum(largest, other)
    return second


def _beyond(
    x: torch.Tensor, y: torch.Tensor, *, lines: int, first: float, distance: float
) -> list[torch.Tensor]:
    """How far a point is beyond each of several lines all around, at a distance from the middle."""
    angles = [first + 2.0 * math.pi * line / lines for line in range(lines)]
    return [math.cos(angle) * x + (math.sin(angle) * y - distance) for angle in angles]


# --- textures: 1 where the colour is light, 0 where it is dark


def _plain(x: torch.Tensor, y: torch.Tensor, *, size: int) -> torch.Tensor:
    del size  # there is no edge to smooth
    return torch.ones_like(x + y)


def _stripes(x: torch.Tensor, y: torch.Tensor, *, size: int) -> torch.Tensor:
    return _bands(y, size) + torch.zeros_like(x)


def _checks(x: torch.Tensor, y: torch.Tensor, *, size: int) -> torch.Tensor:
    """Light where both stripes or neither are."""
    columns, rows = _bands(x, size), _bands(y, size)
    return columns * rows + (1.0 - columns) * (1.0 - rows)


def _dots(x: torch.Tensor, y: torch.Tensor, *, size: int) -> torch.Tensor:
    """Dark dots on a light ground."""
    away = (_to_nearest(x).square() + _to_nearest(y).square()).sqrt()
    return 1.0 - _inside(away - 0.3 * PERIOD, size)


def _bands(along: torch.Tensor, size: int) -> torch.Tensor:
    """Light and dark bands of half a period each."""
    return _inside(_to_nearest(along).abs() - 0.25 * PERIOD, size)


def _to_nearest(along: torch.Tensor) -> torch.Tensor:
    """Signed distance to the nearest multiple of the period."""
    return along - PERIOD * (along / PERIOD).round()


_SHAPES = {
    "circle": _circle,
    "square": _square,
    "triangle": _triangle,
    "star": _star,
    "ring": _ring,
    "cross": _cross,
}
_TEXTURES = {"plain": _plain, "stripes": _stripes, "checks": _checks, "dots": _dots}
