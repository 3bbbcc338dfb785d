"""Real handwritten digits, scattered over a canvas: a small task that raw pixels do not solve.

Each of the 1,797 digits of :func:`sigreg_edu.data.load_digits` is placed on a larger canvas at a
random position, scale and angle; harder levels add colour, and clutter from pieces of other digits.
The fixed images are one such placing of each digit. A view is another placing of the same digit:
pose, colours and clutter are to be forgotten, and what remains is which digit it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch.nn import functional

from sigreg_edu.checks import require_integer, require_number
from sigreg_edu.data.digits import load_digits
from sigreg_edu.data.images import ImageData

__all__ = ["ScatteredDigits", "Scattering", "draw", "place"]

SMALLEST_SIZE = 16  # twice the glyphs': half of it still holds one
PLACING_SEED = 20251108  # of the fixed images, the same for everyone
SMALLEST = 0.5  # side of the smallest digit at full strength, as a share of the canvas
LARGEST_TURN = math.radians(40.0)  # far from turning a 6 into a 9
PIECES = 3  # of other digits, as clutter
PIECE_SIDE = (0.2, 0.45)  # as shares of the canvas
DULL = 0.5  # how far colours may move from black paper and white ink: dark stays darker
# Columns of random numbers in [0, 1): scale, angle, x, y, paper and ink colours; then per piece
# which digit, scale, angle, x, y, colour.
OWN, PER_PIECE = 10, 8


@dataclass(frozen=True)
class Scattering:
    """How digits are placed, coloured and cluttered: paints any of them from random numbers.

    Args:
        size, pose, colour, clutter: as :class:`ScatteredDigits`.

    Raises:
        TypeError, ValueError: a size below 16, a strength outside [0, 1].
    """

    size: int = 16
    pose: float = 1.0
    colour: float = 0.0
    clutter: float = 0.0

    def __post_init__(self) -> None:
        require_integer(self.size, "size", minimum=SMALLEST_SIZE)
        for name in ("pose", "colour", "clutter"):
            require_number(getattr(self, name), name, minimum=0.0, maximum=1.0)

    def fixed(self, glyphs: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:
        """Paint the fixed images (B, C, H, W) of some of the glyphs (N, h, w)."""
        return self.paint(glyphs, indices, fixed_draws(len(glyphs))[indices])

    def paint(
        self, glyphs: torch.Tensor, indices: torch.Tensor, draws: torch.Tensor
    ) -> torch.Tensor:
        """Paint paper, clutter and digit, in that order.

        Args:
            glyphs: (N, h, w), all digits; clutter consists of pieces of any of them.
            indices: (B,), which to paint.
            draws: (B, 34) random numbers from 0 to 1, see :func:`draw`.

        Returns:
            Tensor (B, C, H, W).
        """
        own, pieces = draws[:, :OWN], draws[:, OWN:].unflatten(1, (PIECES, PER_PIECE))
        side = 1.0 - self.pose * (1.0 - SMALLEST) * own[:, 0]
        ink = place(glyphs[indices], *self._placing(side, own[:, 1:4]), size=self.size)
        if self.colour == 0.0:
            canvas = torch.zeros_like(ink)[:, None]  # (B, 1, H, W)
        else:
            canvas = self._tint(own[:, 4:7])[..., None, None].expand(-1, -1, self.size, self.size)
        if self.clutter > 0.0:
            for piece in pieces.unbind(1):
                canvas = self._over(canvas, *self._piece(glyphs, piece))
        return self._over(canvas, ink, own[:, 7:10])

    def _placing(self, side: torch.Tensor, own: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Side, angle, and centre that keeps a digit of this side on the canvas."""
        angle = self.pose * LARGEST_TURN * (2.0 * own[:, 0] - 1.0)
        centre = self.pose * (1.0 - side)[:, None] * (2.0 * own[:, 1:3] - 1.0)
        return side, angle, centre

    def _piece(
        self, glyphs: torch.Tensor, piece: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Coverage (B, H, W) of one small piece of another digit anywhere, and its colour draws."""
        which = (piece[:, 0] * len(glyphs)).long()
        side = PIECE_SIDE[0] + (PIECE_SIDE[1] - PIECE_SIDE[0]) * piece[:, 1]
        angle = 2.0 * math.pi * piece[:, 2]
        centre = 2.0 * piece[:, 3:5] - 1.0
        coverage = place(glyphs[which], side, angle, centre, size=self.size)
        return self.clutter * coverage, piece[:, 5:8]

    def _tint(self, draws: torch.Tensor) -> torch.Tensor:
        return self.colour * DULL * draws  # (B, 3)

    def _over(
        self, canvas: torch.Tensor, coverage: torch.Tensor, draws: torch.Tensor
    ) -> torch.Tensor:
        """Paint ink of a random light colour where ``coverage`` (B, H, W) says so."""
        coverage = coverage[:, None]
        light = 1.0 if self.colour == 0.0 else (1.0 - self._tint(draws))[..., None, None]
        return canvas * (1.0 - coverage) + coverage * light


def draw(count: int, num_views: int, *, generator: torch.Generator) -> torch.Tensor:
    """Draw the random numbers (V, count, 34), from 0 to 1, of which views are painted.

    >>> draw(5, 2, generator=torch.Generator().manual_seed(0)).shape
    torch.Size([2, 5, 34])
    """
    shape = (num_views, count, OWN + PIECES * PER_PIECE)
    return torch.rand(shape, generator=generator, device=generator.device)


@lru_cache(maxsize=1)
def fixed_draws(count: int) -> torch.Tensor:
    """Return the random numbers (count, 34) of the fixed images; not to be changed."""
    return draw(count, 1, generator=torch.Generator().manual_seed(PLACING_SEED))[0]


class ScatteredDigits(ImageData):
    """The digits on a canvas, and views that place them anew.

    All random numbers are drawn whatever the strengths are, so that turning a strength up moves
    the same picture on: the same seed, the same digit, further away.

    Args:
        size: H = W of the canvas, at least 16.
        pose: 0 leaves each digit upright, centred and large; 1 places it anywhere that holds it,
            half to full size, turned by up to 40 degrees.
        colour: 0 is white ink on black paper, one channel; above it paper and ink move towards
            random colours (dark paper, light ink), three channels.
        clutter: opacity of three pieces of other digits behind the digit.

    Raises:
        TypeError, ValueError: a size below 16, a strength outside [0, 1].
        ImportError: scikit-learn, which brings the digits, is not installed.

    >>> digits = ScatteredDigits()
    >>> digits.images.shape
    torch.Size([1797, 1, 16, 16])
    >>> views = digits.views(torch.arange(5), 3, generator=torch.Generator().manual_seed(0))
    >>> views.shape
    torch.Size([3, 5, 1, 16, 16])
    """

    def __init__(
        self, size: int = 16, *, pose: float = 1.0, colour: float = 0.0, clutter: float = 0.0
    ) -> None:
        self.scattering = Scattering(size, pose, colour, clutter)
        digits = load_digits()
        self.glyphs = digits.images  # (1797, 8, 8)
        super().__init__(
            images=self.scattering.fixed(self.glyphs, torch.arange(len(self.glyphs))),
            labels=digits.labels,
            train_indices=digits.train_indices,
            test_indices=digits.test_indices,
            class_names=tuple("0123456789"),
        )

    def _views(
        self, indices: torch.Tensor, num_views: int, generator: torch.Generator, part: slice
    ) -> torch.Tensor:
        draws = draw(len(indices), num_views, generator=generator)[:, part]
        every = indices[part].repeat(num_views)
        painted = self.scattering.paint(self.glyphs, every, draws.flatten(0, 1))
        return painted.unflatten(0, (num_views, -1))  # (V·B, C, H, W) -> (V, B, C, H, W)


def place(
    glyphs: torch.Tensor,
    side: torch.Tensor,
    angle: torch.Tensor,
    centre: torch.Tensor,
    *,
    size: int,
) -> torch.Tensor:
    """Place small images on larger canvases, by bilinear interpolation.

    Args:
        glyphs: (N, h, w), 0 where there is nothing.
        side: (N,) side of the placed image as a share of the canvas, above 0.
        angle: (N,) in radians.
        centre: (N, 2) x and y of its centre, −1 to 1 across the canvas.
        size: H = W of the canvas.

    Returns:
        Tensor (N, H, W).

    >>> glyph, one = torch.ones(1, 8, 8), torch.ones(1)
    >>> place(glyph, 0.5 * one, 0.0 * one, torch.zeros(1, 2), size=16).sum()
    tensor(64.)
    """
    # affine_grid maps the canvas to the image, the inverse of what moves the image:
    # q = R(−angle) (p − centre) / side.
    cos, sin = angle.cos() / side, angle.sin() / side
    rows = torch.stack([torch.stack([cos, sin], 1), torch.stack([-sin, cos], 1)], 1)  # (N, 2, 2)
    offset = -(rows @ centre[:, :, None])  # (N, 2, 1)
    maps = torch.cat([rows, offset], dim=2)  # (N, 2, 3)
    grid = functional.affine_grid(maps, [len(glyphs), 1, size, size], align_corners=False)
    return functional.grid_sample(glyphs[:, None], grid, align_corners=False)[:, 0]
