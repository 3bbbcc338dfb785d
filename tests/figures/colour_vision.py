"""How colours look to people with a colour-vision deficiency, and how far apart they are then."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import combinations

import numpy as np
import torch
from kornia.color import rgb_to_lab
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D

from sigreg_edu.figures import style

# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB.
DEFICIENCIES = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
APART = 15.0  # CIE 1976 ΔE; one just notices 2.3
THIN = 1.2  # points


def simulated(rgb: np.ndarray, deficiency: str) -> np.ndarray:
    """What colours (…, 3) in sRGB, 0 to 1, look like."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(DEFICIENCIES[deficiency]).T, 0.0, 1.0)
    return np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)


@cache
def distance(one: str, other: str) -> float:
    """The smallest ΔE of two colours (hex) over all deficiencies."""
    both = np.array([to_rgb(one), to_rgb(other)])  # (2, 3)
    found = []
    for deficiency in DEFICIENCIES:
        seen = torch.from_numpy(simulated(both, deficiency)).float().T[:, :, None]  # (3, 2, 1)
        first, second = rgb_to_lab(seen)[:, :, 0].T
        found.append((first - second).norm().item())
    return min(found)


def alike(axes: Axes) -> Iterator[tuple[Line2D, Line2D]]:
    """Pairs of lines that only a colour tells apart, and to some people not even that.

    Thin ones are edges and error bars, which belong to the marker on them. A cloud of points for
    each of the ten classes has its digit written on it.
    """
    lines = [line for line in axes.lines if line.get_visible() and len(line.get_xdata()) > 1]
    lines = [line for line in lines if line.get_linewidth() > THIN]
    if set(style.CLASS_COLOURS) <= {line.get_color() for line in axes.lines}:
        lines = [line for line in lines if line.get_linestyle() != "None"]
    for one, other in combinations(lines, 2):
        colours = one.get_color(), other.get_color()
        if colours[0] != colours[1] and _look(one) == _look(other) and distance(*colours) < APART:
            yield one, other


def _look(line: Line2D) -> tuple:
    """Dashes, marker, and whether it is upright or level."""
    x, y = (np.ptp(np.asarray(values, float)) == 0.0 for values in line.get_data())
    dashes = line._unscaled_dash_pattern[1] if line.get_linestyle() != "None" else "none"
    return tuple(dashes or ()), line.get_marker(), x, y
