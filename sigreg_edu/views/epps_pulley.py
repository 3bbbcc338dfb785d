"""The Epps–Pulley statistic of one sample: histogram, characteristic functions and their gap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sigreg_edu.statistics import epps_pulley_terms, null_distribution
from sigreg_edu.views.knots import windings
from sigreg_edu.views.params import slider
from sigreg_edu.views.sample import (
    Histogram,
    SampleParams,
    beyond,
    critical_value,
    histogram,
    p_in_words,
)

MAX_FREQUENCY = 6.0
FINE_FREQUENCIES = 161


@dataclass(frozen=True)
class EppsPulleyParams(SampleParams):
    """State of the Epps–Pulley explorer."""

    t_max: float = slider(3.0, 0.5, MAX_FREQUENCY, 0.1, label="range of t (t_max)")
    num_points: int = slider(17, 3, 65, 1, label="knots")


@dataclass(frozen=True)
class EppsPulleyView:
    """What the Epps–Pulley figure shows.

    Attributes:
        sample: histogram of the sample.
        t: a fine grid of frequencies, shape (F,).
        ecf: empirical characteristic function φ_N on the grid, complex, shape (F,).
        target: exp(-t²/2) on the grid, shape (F,).
        integrand: N |φ_N - φ|² exp(-t²/2) on the grid, shape (F,).
        knots, at_knots: where the quadrature looks and the integrand there, shape (T,).
        t_max: end of the integral.
        statistic: the statistic T.
        p_value: of T under N(0, 1).
        null_mean, null_95: mean and 95 % quantile of T under N(0, 1).
        readout: all that in words.
    """

    sample: Histogram
    t: np.ndarray
    ecf: np.ndarray
    target: np.ndarray
    integrand: np.ndarray
    knots: np.ndarray
    at_knots: np.ndarray
    t_max: float
    statistic: float
    p_value: float
    null_mean: float
    null_95: float
    readout: str


def epps_pulley_view(params: EppsPulleyParams) -> EppsPulleyView:
    """Compute everything that the Epps–Pulley figure shows."""
    x = params.sample()
    coarse = epps_pulley_terms(x, num_points=params.num_points, t_max=params.t_max)
    t = np.linspace(0.0, MAX_FREQUENCY, FINE_FREQUENCIES)
    ecf = windings(x.double().numpy(), t[1], FINE_FREQUENCIES).mean(axis=1)
    target = np.exp(-0.5 * t**2)
    null = null_distribution(num_points=params.num_points, t_max=params.t_max)
    statistic = float(coarse.statistic)
    p, null_95 = float(null.sf(statistic)), critical_value(params.num_points, params.t_max)
    hist = histogram(x.numpy())
    verdict = "unusual for" if p < 0.05 else "nothing unusual for"
    return EppsPulleyView(
        sample=hist,
        t=t,
        ecf=ecf,
        target=target,
        integrand=params.num_samples * np.abs(ecf - target) ** 2 * target,  # the window is φ too
        knots=coarse.knots.numpy(),
        at_knots=coarse.integrand.numpy() * params.num_samples,
        t_max=params.t_max,
        statistic=statistic,
        p_value=p,
        null_mean=null.mean,
        null_95=null_95,
        readout=(
            f"T = {statistic:.3g} with N = {params.num_samples}. Samples of N(0, 1) give "
            f"{null.mean:.2f} on average and stay below {null_95:.2f} in 95 of 100 cases: "
            f"{p_in_words(p)}, {verdict} N(0, 1).{beyond(hist)}"
        ),
    )
