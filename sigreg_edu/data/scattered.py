"""Real handwritten digits, scattered over a canvas: a small task that raw pixels do not solve.

Each of the 1,797 digits of :func:`sigreg_edu.data.load_digits` is placed on a larger canvas at a
random position, scale and angle; harder levels add colour, and clutter from pieces of other digits.
The fixed images are one such placing of each digit. A view is another placing of the same digit:
pose, colours and clutter are to be forgotten, and what remains is which digit it is.
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional

from sigreg_edu.checks import require_integer, require_number
from sigreg_edu.data.digits import load_digits
from sigreg_edu.data.images import ImageData

__all__ = ["ScatteredDigits", "place"]

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
        self.size = require_integer(size, "size", minimum=SMALLEST_SIZE)
        self.pose = require_number(pose, "pose", minimum=0.0, maximum=1.0)
        self.colour = require_number(colour, "colour", minimum=0.0, maximum=1.0)
        self.clutter = require_number(clutter, "clutter", minimum=0.0, maximum=1.0)
        digits = load_digits()
        self.glyphs = digits.images  # (1797, 8, 8)
        generator = torch.Generator().manual_seed(PLACING_SEED)
        everything = torch.arange(len(self.glyphs))
        super().__init__(
            images=self._views(everything, 1, generator, slice(None))[0],
            labels=digits.labels,
            train_indices=digits.train_indices,
            test_indices=digits.test_indices,
            class_names=tuple("0123456789"),
        )

    def _views(
        self, indices: torch.Tensor, num_views: int, generator: torch.Generator, part: slice
    ) -> torch.Tensor:
        shape = (num_views, len(indices), OWN + PIECES * PER_PIECE)
        draws = torch.rand(shape, generator=generator, device=self.glyphs.device)[:, part]
        return self._painted(indices[part].repeat(num_views), draws.flatten(0, 1)).unflatten(
            0, (num_views, -1)
        )  # (V·B, C, H, W) -> (V, B, C, H, W)

    def _painted(self, indices: torch.Tensor, draws: torch.Tensor) -> torch.Tensor:
        """Paint paper, clutter and digit from random numbers (N, 34), in that order."""
        own, pieces = draws[:, :OWN], draws[:, OWN:].unflatten(1, (PIECES, PER_PIECE))
        side = 1.0 - self.pose * (1.0 - SMALLEST) * own[:, 0]
        ink = place(self.glyphs[indices], *self._placing(side, own[:, 1:4]), size=self.size)
        if self.colour == 0.0:
            canvas = torch.zeros_like(ink)[:, None]  # (N, 1, H, W)
        else:
            canvas = self._tint(own[:, 4:7])[..., None, None].expand(-1, -1, self.size, self.size)
        if self.clutter > 0.0:
            for piece in pieces.unbind(1):
                canvas = self._over(canvas, *self._piece(piece))
        return self._over(canvas, ink, own[:, 7:10])

    def _placing(self, side: torch.Tensor, own: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Side, angle, and centre that keeps a digit of this side on the canvas."""
        angle = self.pose * LARGEST_TURN * (2.0 * own[:, 0] - 1.0)
        centre = self.pose * (1.0 - side)[:, None] * (2.0 * own[:, 1:3] - 1.0)
        return side, angle, centre

    def _piece(self, piece: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Coverage (N, H, W) of one small piece of another digit anywhere, and its colour draws."""
        which = (piece[:, 0] * len(self.glyphs)).long()
        side = PIECE_SIDE[0] + (PIECE_SIDE[1] - PIECE_SIDE[0]) * piece[:, 1]
        angle = 2.0 * math.pi * piece[:, 2]
        centre = 2.0 * piece[:, 3:5] - 1.0
        coverage = place(self.glyphs[which], side, angle, centre, size=self.size)
        return self.clutter * coverage, piece[:, 5:8]

    def _tint(self, draws: torch.Tensor) -> torch.Tensor:
        return self.colour * DULL * draws  # (N, 3)

    def _over(
        self, canvas: torch.Tensor, coverage: torch.Tensor, draws: torch.Tensor
    ) -> torch.Tensor:
        """Paint ink of a random light colour where ``coverage`` (N, H, W) says so."""
        coverage = coverage[:, None]
        light = 1.0 if self.colour == 0.0 else (1.0 - self._tint(draws))[..., None, None]
        return canvas * (1.0 - coverage) + coverage * light


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
