"""What a statistic that looks at a few knots only cannot tell apart: aliasing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sigreg_edu.data.one_d import sample_1d
from sigreg_edu.statistics import quadrature_rule
from sigreg_edu.views.knots import gaussian_weights, windings
from sigreg_edu.views.params import Params, seed, slider

NUM_SAMPLES = 1000
END = 70.0
MAX_FREQUENCY = 6.0
PLACES = np.linspace(0.0, END, 281)
FINE = 601  # frequencies at which the fast wave is drawn
EXACT_RULE = (0.05, 141)  # spacing and number of knots: they repeat after 126 only, and reach t = 7


@dataclass(frozen=True)
class AliasingParams(Params):
    """State of the aliasing explorer: a narrow cloud of points at one place."""

    place: float = slider(33.5, 0.0, END, 0.1, label="place of the cloud")
    spread: float = slider(0.0, 0.0, 1.0, 0.02, label="spread (std)")
    num_points: int = slider(17, 3, 65, 1, label="knots")
    t_max: float = slider(3.0, 1.0, MAX_FREQUENCY, 0.1, label="range of t (t_max)")
    seed: int = seed()


@dataclass(frozen=True)
class AliasingView:
    """What the aliasing figure shows.

    Attributes:
        t, wave: fine frequencies and the real part of φ_N there, shape (F,).
        target: exp(-t²/2) on ``t``.
        knots, at_knots: where the quadrature looks and what it sees there, shape (T,).
        alias: the slow wave through the same knots, of the nearest place the knots confuse
            with this one, shape (F,).
        places, by_knots, exact: T of the cloud moved to every place, by quadrature and exactly.
        place, by_knots_here: the present place and T by quadrature there.
        period: 2π / Δt, the distance of places that the knots cannot tell apart.
        readout: all that in words.
    """

    t: np.ndarray
    wave: np.ndarray
    target: np.ndarray
    knots: np.ndarray
    at_knots: np.ndarray
    alias: np.ndarray
    places: np.ndarray
    by_knots: np.ndarray
    exact: np.ndarray
    place: float
    by_knots_here: float
    period: float
    readout: str


def aliasing_view(params: AliasingParams) -> AliasingView:
    """Compare quadrature and exact statistic as one cloud moves far from the origin."""
    knots, weights = (a.numpy() for a in quadrature_rule(params.num_points, params.t_max))
    at_origin = _cf_at_origin(params.spread, params.seed, knots[1], knots.size)
    t = np.linspace(0.0, params.t_max, FINE)
    around = _cf_at_origin(params.spread, params.seed, t[1], FINE)
    period = 2.0 * math.pi / (knots[1] - knots[0])
    twin = params.place - period * round(params.place / period)

    def by_knots(places: np.ndarray) -> np.ndarray:
        moved = np.exp(1j * np.multiply.outer(places, knots)) * at_origin  # (places, knots)
        return NUM_SAMPLES * (np.abs(moved - np.exp(-0.5 * knots**2)) ** 2 @ weights)

    here = float(by_knots(np.array([params.place]))[0])
    true = float(_exact(np.array([params.place]), params.spread, params.seed)[0])
    likeness = (
        f"looks like {round(twin, 1) + 0.0:.1f}"
        if abs(twin - params.place) > 1e-6
        else "has no nearer twin"
    )
    return AliasingView(
        t=t,
        wave=(np.exp(1j * params.place * t) * around).real,
        target=np.exp(-0.5 * t**2),
        knots=knots,
        at_knots=(np.exp(1j * params.place * knots) * at_origin).real,
        alias=(np.exp(1j * twin * t) * around).real,
        places=PLACES,
        by_knots=by_knots(PLACES),
        exact=_exact_curve(params.spread, params.seed),
        place=params.place,
        by_knots_here=here,
        period=period,
        readout=(
            f"{params.num_points} knots on [0, {params.t_max:g}] lie Δt = {knots[1]:.3f} apart, so "
            f"places 2π/Δt = {period:.1f} apart look the same: {params.place:.1f} {likeness}. "
            f"At {params.place:.1f} the knots say T = {here:.4g}, "
            f"exactly it is {true:.4g}."
        ),
    )


@lru_cache(maxsize=64)
def _exact_curve(spread: float, seed: int) -> np.ndarray:
    """Return the exact T of the cloud at every one of PLACES, shape (P,)."""
    return _exact(PLACES, spread, seed)


def _exact(places: np.ndarray, spread: float, seed: int) -> np.ndarray:
    """Return the exact T of the cloud moved to each place, shape of ``places``.

    A move by p multiplies φ_N by e^{ipt}. The integral is a sum over knots so narrow that no place
    on the axis has a twin on it, and so many that the window has died away.
    """
    spacing, count = EXACT_RULE
    t = spacing * np.arange(count)
    moved = np.exp(1j * np.multiply.outer(places, t)) * _cf_at_origin(spread, seed, *EXACT_RULE)
    gap = np.abs(moved - np.exp(-0.5 * t**2)) ** 2  # (places, count)
    return NUM_SAMPLES * (gap @ gaussian_weights(*EXACT_RULE))


@lru_cache(maxsize=64)
def _cf_at_origin(spread: float, seed: int, spacing: float, count: int) -> np.ndarray:
    """Return φ_N of the cloud at place 0, at t = 0, spacing, 2 · spacing, …: complex, (count,)."""
    cloud = sample_1d("gaussian", NUM_SAMPLES, scale=spread, seed=seed).double()
    return windings(cloud.numpy(), spacing, count).mean(axis=1)
