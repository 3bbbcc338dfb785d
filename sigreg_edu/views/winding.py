"""The characteristic function as arrows wound round the unit circle."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sigreg_edu.statistics import empirical_cf
from sigreg_edu.views.params import slider
from sigreg_edu.views.sample import DENSITY_GRID, Histogram, SampleParams, histogram

MAX_FREQUENCY = 6.0
TRAIL = 121  # frequencies from 0 to MAX_FREQUENCY at which the mean arrow's way is drawn


@dataclass(frozen=True)
class WindingParams(SampleParams):
    """State of the winding explorer."""

    t: float = slider(1.0, 0.0, MAX_FREQUENCY, 0.05, label="frequency t")


@dataclass(frozen=True)
class WindingView:
    """What the winding figure shows.

    Attributes:
        sample: histogram of the sample.
        wave_x, wave: places on the sample's axis and cos(t x) there, shape (G,).
        t: the present frequency.
        wound: each point of the sample on the circle, e^{i t x_j}, complex, shape (N,).
        mean: their mean φ_N(t), complex.
        target: φ(t) = exp(-t²/2), where a standard Gaussian's mean arrow ends.
        trail_t, trail: frequencies and φ_N there, shape (F,) and complex (F,).
        readout: all that in words.
    """

    sample: Histogram
    wave_x: np.ndarray
    wave: np.ndarray
    t: float
    wound: np.ndarray
    mean: complex
    target: float
    trail_t: np.ndarray
    trail: np.ndarray
    readout: str


def winding_view(params: WindingParams) -> WindingView:
    """Wind the sample round the circle at frequency t, and follow the mean arrow."""
    x = params.sample()
    frequencies = np.linspace(0.0, MAX_FREQUENCY, TRAIL)
    trail = empirical_cf(x, x.new_tensor(frequencies)).numpy()
    wound = np.exp(1j * params.t * x.numpy().astype(np.float64))
    mean, target = complex(wound.mean()), math.exp(-0.5 * params.t**2)
    return WindingView(
        sample=histogram(x.numpy()),
        wave_x=DENSITY_GRID,
        wave=np.cos(params.t * DENSITY_GRID),
        t=params.t,
        wound=wound,
        mean=mean,
        target=target,
        trail_t=frequencies,
        trail=trail,
        readout=(
            f"At t = {params.t:.2f} the {params.num_samples} points end on the circle at angle "
            f"t·x. Their mean arrow ends at {mean.real:.3f} {'+' if mean.imag >= 0 else '−'} "
            f"{abs(mean.imag):.3f} i and has length {abs(mean):.3f}; a standard Gaussian's ends at "
            f"{target:.3f}. The gap between the two is {abs(mean - target):.3f}."
        ),
    )
