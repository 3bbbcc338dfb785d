"""Digits as one small picture, dark ink on paper, so that a student sees what the encoder sees."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image

from sigreg_edu.checks import require_tensor
from sigreg_edu.figures.described import DescribedPicture

PIXEL, GAP = 7, 2  # screen pixels for a pixel of a digit, and pixels of paper between digits


def digit_sheet(images: torch.Tensor) -> DescribedPicture:
    """Return rows of digits as a picture that a notebook shows.

    Args:
        images: (R, C, H, W), 0 (paper) to 1 (ink): R rows of C digits, as
            :func:`sigreg_edu.data.digit_views` gives them, one row per view. A single row may be
            (C, H, W).

    Returns:
        A grey picture, and words that say how many there are.

    Raises:
        TypeError, ValueError: not a floating tensor of that shape.

    >>> digit_sheet(torch.rand(2, 5, 8, 8))
    <picture: 2 rows of 5 digits each, dark ink on paper.>
    """
    require_tensor(images, "images")
    rows = images[None] if images.ndim == 3 else images
    if rows.ndim != 4 or rows.numel() == 0:
        raise ValueError(
            f"images must have shape (R, C, H, W) or (C, H, W), got {tuple(images.shape)}. "
            "Stack them."
        )
    ink = torch.nn.functional.pad(rows.detach().cpu().float().clamp(0.0, 1.0), [GAP // 2] * 4)
    count, columns, height, width = ink.shape
    sheet = ink.permute(0, 2, 1, 3).reshape(count * height, columns * width)  # (R·H, C·W)
    grey = (255.0 * (1.0 - sheet)).round().numpy().astype(np.uint8)
    image = Image.fromarray(grey).resize(
        (PIXEL * grey.shape[1], PIXEL * grey.shape[0]), Image.Resampling.NEAREST
    )
    rows_of = "A row of" if count == 1 else f"{count} rows of"
    each = "" if count == 1 else " each"
    return DescribedPicture(image, f"{rows_of} {columns} digits{each}, dark ink on paper.")
