"""The three forms of the statistic side by side, with and without standardizing.

All three are one sum over frequencies, N Σ_k w_k |φ_N(t_k) - target(t_k)|²:

* quadrature: 17 knots on [0, 3], target exp(-t²/2);
* closed form: the same knots carried on to t = 6, where the window exp(-t²/2) is gone;
* reference points: as the closed form, but the target is the characteristic function of 17 points,
  and by its definition there is no factor √(2π). The view multiplies it back in.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sigreg_edu.data.one_d import sample_1d
from sigreg_edu.statistics import quadrature_rule, reference_quantiles
from sigreg_edu.views.knots import gaussian_weights, windings
from sigreg_edu.views.params import choice, switch
from sigreg_edu.views.sample import Histogram, SampleParams, histogram

FORMS = ("closed form", "quadrature", "17 points ×√2π")
SWEEPS = {"scale": "scale (std)", "shift": "shift (mean)", "num_samples": "sample size N"}
EPS = 1e-6  # of the standardization, as in statistics.standardize

_SPACING = 3.0 / 16.0  # the default quadrature's, so that its knots are the first 17 of these
_COUNT = 33
_SCALES = np.concatenate([[0.0, 0.01], np.arange(1, 31) / 10.0])
_SHIFTS = np.linspace(-3.0, 3.0, 61)
_SIZES = np.unique(np.round(np.geomspace(10, 5000, 25), -1)).astype(int)


@dataclass(frozen=True)
class FormsParams(SampleParams):
    """State of the explorer of the three forms."""

    standardize: bool = switch(
        False, label="standardize", help="Give the sample mean 0 and std 1 before it is tested."
    )
    sweep: str = choice("scale", SWEEPS, label="T drawn against")


@dataclass(frozen=True)
class FormsView:
    """What the figure of the three forms shows. Rows of F = 3 are in the order of ``FORMS``.

    Attributes:
        sample: histogram of the sample.
        seen: histogram of what is tested, if that is not the sample itself.
        sweep: the parameter that the curves run over, a key of ``SWEEPS``.
        standardize: whether the curves are of the standardized sample.
        places: values of that parameter, shape (P,).
        curves: T at each of them, all else as it is, shape (F, P).
        healthy_curve: closed form of the healthy twin, shape (P,): the same noise, Gaussian of mean
            0 and std 1, standardized or not as the sample is.
        place: the present value of the parameter.
        values: T of each form at the present place, shape (F,).
        lowest: where each curve is lowest, shape (F,).
        table: T of each form; rows as it is and standardized, columns the sample and its healthy
            twin, shape (2, F, 2).
        readout: all that in words.
    """

    sample: Histogram
    seen: Histogram | None
    sweep: str
    standardize: bool
    places: np.ndarray
    curves: np.ndarray
    healthy_curve: np.ndarray
    place: float
    values: np.ndarray
    lowest: np.ndarray
    table: np.ndarray
    readout: str


def forms_view(params: FormsParams) -> FormsView:
    """Compute the three forms of the present sample, and along the chosen sweep."""
    x = params.sample().numpy().astype(np.float64)
    seen = standardized(x)
    noise = _noise("gaussian", 0.0, params.num_samples, params.seed)
    table = np.array(
        [[_forms(f(x)), _forms(f(noise))] for f in (lambda values: values, standardized)]
    ).swapaxes(1, 2)  # (2, 2, F) -> (2, F, 2)
    place = float(getattr(params, params.sweep))
    values, healthy = table[int(params.standardize), :, 0], table[int(params.standardize), 0, 1]
    grid, on_grid = _swept(params)
    places, *curves, healthy_curve = _with_present(
        grid, np.vstack([on_grid, _healthy_curve(params, grid)]), place, np.append(values, healthy)
    )
    return FormsView(
        sample=histogram(x),
        seen=histogram(seen) if params.standardize else None,
        sweep=params.sweep,
        standardize=params.standardize,
        places=places,
        curves=np.array(curves),
        healthy_curve=healthy_curve,
        place=place,
        values=values,
        lowest=np.array([_lowest(grid, curve) for curve in on_grid]),
        table=table,
        readout=_in_words(params, table),
    )


def standardized(x: np.ndarray) -> np.ndarray:
    """Return (x - mean) / (std + eps), as :func:`sigreg_edu.statistics.standardize` does."""
    return (x - x.mean()) / (x.std(ddof=1) + EPS)


@lru_cache(maxsize=1)
def _rule() -> tuple[np.ndarray, np.ndarray]:
    """Return weights and targets of the three forms at the common knots, each (F, K)."""
    knots = _SPACING * np.arange(_COUNT)
    phi = np.exp(-0.5 * knots**2)
    exact = gaussian_weights(_SPACING, _COUNT)
    quadrature = np.zeros(_COUNT)
    weights_17 = quadrature_rule()[1].numpy()
    quadrature[: weights_17.size] = weights_17
    of_points = np.cos(np.outer(knots, reference_quantiles().numpy())).mean(axis=1)
    return np.stack([exact, quadrature, exact]), np.stack([phi, phi, of_points])


def _forms_of_cf(cf: np.ndarray, num_samples: int) -> np.ndarray:
    """Return T of the three forms from φ_N at the knots: (..., K) to (..., F)."""
    weights, targets = _rule()
    gap = np.abs(cf[..., None, :] - targets) ** 2  # (..., F, K)
    return num_samples * (gap * weights).sum(axis=-1)


def _cf(x: np.ndarray) -> np.ndarray:
    return windings(x, _SPACING, _COUNT).mean(axis=1)


def _forms(x: np.ndarray) -> np.ndarray:
    return _forms_of_cf(_cf(x), x.size)


def _noise(shape: str, strength: float, num_samples: int, seed: int) -> np.ndarray:
    """Return the sample before it is shifted and scaled, shape (N,)."""
    x = sample_1d(shape, num_samples, strength=strength, seed=seed)
    return x.numpy().astype(np.float64)


def _swept(params: FormsParams) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of the sweep and the three curves there, (P,) and (F, P)."""
    noise = (params.shape, params.strength, params.num_samples, params.seed)
    turn = np.exp(1j * params.shift * _SPACING * np.arange(_COUNT))  # what a shift does to φ_N
    if params.sweep == "num_samples":
        return _SIZES, _along_sizes(
            params.shape, params.strength, params.seed, params.shift, params.scale,
            params.standardize,
        ).T  # fmt: skip
    if params.standardize:
        return _standardized_sweep(params)
    if params.sweep == "scale":
        return _SCALES, _forms_of_cf(_along_scales(*noise) * turn, params.num_samples).T
    turns = np.exp(1j * np.outer(_SHIFTS, _SPACING * np.arange(_COUNT)))  # (P, K)
    still = _cf(params.scale * _noise(*noise))
    return _SHIFTS, _forms_of_cf(still * turns, params.num_samples).T


def _with_present(
    grid: np.ndarray, curves: np.ndarray, place: float, values: np.ndarray
) -> np.ndarray:
    """Return grid and curves as rows, with the present place among them so that they meet it."""
    rows = np.vstack([grid, curves])
    at = int(np.searchsorted(grid, place))
    if at < grid.size and grid[at] == place:
        return rows
    return np.insert(rows, at, np.append(place, values), axis=1)


def _standardized_sweep(params: FormsParams) -> tuple[np.ndarray, np.ndarray]:
    """Return flat curves: neither shift nor scale reaches the statistic, but for scale 0 itself."""
    places = _SCALES if params.sweep == "scale" else _SHIFTS
    noise = _noise(params.shape, params.strength, params.num_samples, params.seed)
    scales = _SCALES if params.sweep == "scale" else np.full(_SHIFTS.size, params.scale)
    flat = _forms(standardized(noise))
    point = _forms(np.zeros(noise.size))  # nothing to divide by: all points at 0
    return places, np.where(scales > 0.0, flat[:, None], point[:, None])


@lru_cache(maxsize=64)
def _along_scales(shape: str, strength: float, num_samples: int, seed: int) -> np.ndarray:
    """Return φ_N of the scaled noise at the knots, for every one of _SCALES, shape (P, K)."""
    x = _noise(shape, strength, num_samples, seed)
    steps = np.empty((_SCALES.size, x.size), dtype=np.complex128)
    steps[:2] = np.exp(1j * _SPACING * np.outer(_SCALES[:2], x))
    steps[2:] = windings(x, 0.1 * _SPACING, _SCALES.size - 1)[1:]  # scale j / 10: the j-th power
    wound, cf = steps.copy(), np.ones((_SCALES.size, _COUNT), dtype=np.complex128)
    for k in range(1, _COUNT):
        cf[:, k] = wound.mean(axis=1)
        wound *= steps
    return cf


@lru_cache(maxsize=64)
def _along_sizes(
    shape: str, strength: float, seed: int, shift: float, scale: float, standardize: bool
) -> np.ndarray:
    """Return T of the sample's beginnings, for every one of _SIZES, shape (P, F)."""
    x = shift + scale * _noise(shape, strength, int(_SIZES[-1]), seed)
    tested: Callable[[np.ndarray], np.ndarray] = standardized if standardize else np.asarray
    return np.array([_forms(tested(x[:size])) for size in _SIZES])


def _healthy_curve(params: FormsParams, places: np.ndarray) -> np.ndarray:
    """Return the closed form of the healthy twin at every place, shape (P,)."""
    if params.sweep == "num_samples":
        return _along_sizes("gaussian", 0.0, params.seed, 0.0, 1.0, params.standardize)[:, 0]
    noise = _noise("gaussian", 0.0, params.num_samples, params.seed)
    value = _forms(standardized(noise) if params.standardize else noise)[0]
    return np.full(places.size, value)


def _lowest(places: np.ndarray, curve: np.ndarray) -> float:
    """Return where the curve is lowest: the bottom of the parabola through its lowest points."""
    at = int(curve.argmin())
    if at in (0, curve.size - 1):
        return float(places[at])
    second, first, _ = np.polyfit(places[at - 1 : at + 2] - places[at], curve[at - 1 : at + 2], 2)
    return float(places[at] - first / (2.0 * second)) if second > 0.0 else float(places[at])


def _in_words(params: FormsParams, table: np.ndarray) -> str:
    (raw, tested), of_points = table[:, :, 0], table[:, 2, 0] / math.sqrt(2.0 * math.pi)
    words = (
        f"As it is, the sample scores {raw[0]:.3g} by the closed form, {raw[1]:.3g} by quadrature "
        f"and {of_points[0]:.3g} by 17 reference points (× √(2π) = {raw[2]:.3g}). "
        f"Standardized: {tested[0]:.3g}, {tested[1]:.3g} and {of_points[1]:.3g}"
    )
    if params.scale == 0.0:
        return f"{words}: only at scale 0 itself there is nothing to divide by."
    return f"{words}, whatever its shift and scale."
