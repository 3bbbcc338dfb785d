"""The one stream of noise a seed stands for, so that a moving slider never redraws the sample.

Everything random in :mod:`sigreg_edu.data` starts from these uniforms. A sample is a fixed function
of them and of the sliders ("common random numbers"): what changes on screen is what the student
changed. The stream is nested: its first ``n`` rows are the same however many are asked for.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy import special

# Keeps Φ⁻¹(u) within ±7.04; of a million draws one in a million would be touched.
_MARGIN = 1e-12


def uniforms(num_rows: int, num_columns: int, *, seed: int) -> np.ndarray:
    """Draw independent uniforms on (0, 1), the same for the same seed.

    Args:
        num_rows: how many rows; a longer draw begins with the shorter one.
        num_columns: how many columns; changing this changes every value.
        seed: any whole number.

    Returns:
        Array (num_rows, num_columns) of float64, each value strictly between 0 and 1.

    >>> long, short = uniforms(5, 2, seed=0), uniforms(3, 2, seed=0)
    >>> bool((long[:3] == short).all())
    True
    """
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.rand(num_rows, num_columns, generator=generator, dtype=torch.float64)
    return drawn.numpy().clip(_MARGIN, 1.0 - _MARGIN)


def normal_scores(num_rows: int, num_columns: int, *, seed: int) -> np.ndarray:
    """The same stream pushed through Φ⁻¹: independent N(0, 1) values, nested like :func:`uniforms`.

    Args:
        num_rows: how many rows; a longer draw begins with the shorter one.
        num_columns: how many columns; changing this changes every value.
        seed: any whole number.

    Returns:
        Array (num_rows, num_columns) of float64.

    >>> normal_scores(2, 3, seed=0).shape
    (2, 3)
    """
    return special.ndtri(uniforms(num_rows, num_columns, seed=seed))
