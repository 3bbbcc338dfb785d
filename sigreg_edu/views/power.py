"""Power: how often each test rejects samples that depart from N(0, 1) more and more.

Counting takes a second or two, so it goes in steps: a coarse picture from a few repeats at once,
then finer ones. The counts are kept, so that a state seen before is there at once, and moving the
marker of the strength counts nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from sigreg_edu.data.one_d import SHAPES, pdf_1d, sample_1d_batch
from sigreg_edu.statistics import quadrature_rule, rejection_rates
from sigreg_edu.statistics.classical import jarque_bera_statistic
from sigreg_edu.views.params import Params, choice, seed, slider
from sigreg_edu.views.sample import critical_value

LEVEL = 0.05
REPEATS = 1000  # samples per strength, at the end
STRENGTHS = (np.arange(11) / 10.0) ** 1.5  # denser where the curves of large N rise
GRID = np.linspace(-5.0, 5.0, 201)

TESTS = {
    "epps_pulley": "Epps–Pulley",
    "anderson_darling": "Anderson–Darling",
    "cramer_von_mises": "Cramér–von Mises",
    "kolmogorov_smirnov": "Kolmogorov–Smirnov",
    "shapiro_wilk": "Shapiro–Wilk",
    "jarque_bera": "Jarque–Bera",
}
SHAPE_ONLY = ("shapiro_wilk", "jarque_bera")  # ask for some Gaussian: blind to shift and scale
OF_SCALE = {"shift": "shift of the mean", "wider": "wider", "narrower": "narrower"}
DEPARTURES = OF_SCALE | {name: SHAPES[name].label for name in SHAPES if name != "gaussian"}

_COARSE_POINTS, _FINE_POINTS = 24_000, 120_000  # numbers drawn in a step: some 6 and 25 ms
_FEWEST, _MOST = 4, 500  # repeats in a step

# 95 % quantile of the Jarque–Bera statistic under normality, from 1.2 to 4 million simulated
# samples each (standard error below 0.01). rejection_rates simulates it anew for every N, which
# takes a second at N = 500: too long beside a slider.
_JARQUE_BERA_SIZES = (20, 30, 50, 70, 100, 150, 200, 300, 500)
_JARQUE_BERA_95 = (3.802, 4.412, 4.966, 5.232, 5.428, 5.599, 5.681, 5.789, 5.863)


@dataclass(frozen=True)
class PowerParams(Params):
    """State of the explorer of power."""

    departure: str = choice("shift", DEPARTURES, label="departure")
    strength: float = slider(
        0.3, 0.0, 1.0, 0.01, label="strength", help="Where the bars are read off the curves."
    )
    num_samples: int = slider(100, 20, 500, 10, label="sample size N")
    seed: int = seed(label="new samples")


@dataclass(frozen=True)
class PowerView:
    """What the figure of power shows. Rows of K = 6 are in the order of ``TESTS``.

    Attributes:
        grid, density: the law at the present strength, shape (G,).
        strengths: strengths at which samples were drawn, shape (S,).
        rates: share of the samples that each test rejects, shape (K, S).
        lower, upper: 95 % interval around each share, shape (K, S).
        strength: the present strength.
        here, here_lower, here_upper: rates and interval there, between the nearest two strengths
            on a straight line, shape (K,).
        repeats: samples counted at every strength.
        departure: the kind of departure, a key of ``DEPARTURES``.
        readout: all that in words.
    """

    grid: np.ndarray
    density: np.ndarray
    strengths: np.ndarray
    rates: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    strength: float
    here: np.ndarray
    here_lower: np.ndarray
    here_upper: np.ndarray
    repeats: int
    departure: str
    readout: str


def power_view(params: PowerParams) -> PowerView:
    """Show what has been counted for this state: at least a few repeats."""
    count = _count(params)
    if not count.repeats:
        count.add(_COARSE_POINTS)
    return _view(params, count)


def power_refinement(params: PowerParams) -> Iterator[PowerView]:
    """Count on, a step at a time, until ``REPEATS`` samples have been drawn at every strength."""
    count = _count(params)
    while count.repeats < REPEATS:
        count.add(_FINE_POINTS)
        yield _view(params, count)


class Count:
    """How many samples each test has rejected so far, at every strength.

    Attributes:
        rejected: counts, shape (K, S).
        repeats: samples drawn at every strength.
    """

    def __init__(self, departure: str, num_samples: int, seed: int) -> None:
        self.rejected = np.zeros((len(TESTS), STRENGTHS.size), dtype=int)
        self.repeats = 0
        self._law = departure, num_samples
        self._seed, self._blocks = seed, 0

    def add(self, points: int) -> None:
        """Draw one more block of samples, of about so many numbers, and count rejections."""
        departure, size = self._law
        repeats = int(np.clip(points // (size * STRENGTHS.size), _FEWEST, _MOST))
        repeats = min(repeats, REPEATS - self.repeats)
        block_seed = 10_000 * self._seed + self._blocks
        samples = draw(departure, size, repeats, seed=block_seed % 2**31)
        self.rejected += np.rint(rates_by_test(samples) * repeats).astype(int)
        self.repeats += repeats
        self._blocks += 1


@lru_cache(maxsize=256)
def _counted(departure: str, num_samples: int, seed: int) -> Count:
    """Return the one count of a state, which grows as it is refined."""
    return Count(departure, num_samples, seed)


def _count(params: PowerParams) -> Count:
    return _counted(params.departure, params.num_samples, params.seed)


def draw(departure: str, num_samples: int, repeats: int, *, seed: int) -> torch.Tensor:
    """Draw samples at every strength from the same noise, shape (S, R, N).

    >>> draw("shift", 20, 3, seed=0).shape
    torch.Size([11, 3, 20])
    """
    if departure in OF_SCALE:
        noise = sample_1d_batch("gaussian", num_samples, repeats, seed=seed)
        places = [mean_and_std(departure, strength) for strength in STRENGTHS]
        return torch.stack([mean + std * noise for mean, std in places])
    return torch.stack([
        sample_1d_batch(departure, num_samples, repeats, strength=float(strength), seed=seed)
        for strength in STRENGTHS
    ])  # fmt: skip


def mean_and_std(departure: str, strength: float) -> tuple[float, float]:
    """Return mean and standard deviation of the law at a strength; shapes keep 0 and 1."""
    if departure == "shift":
        return float(strength), 1.0
    change = {"wider": strength, "narrower": -0.8 * strength}.get(departure, 0.0)
    return 0.0, 1.0 + float(change)


def rates_by_test(samples: torch.Tensor) -> np.ndarray:
    """Return the share of samples that each test rejects: (S, R, N) to (K, S)."""
    x = samples.double().numpy()
    quick = {
        "epps_pulley": epps_pulley_statistics(x) > critical_value(),
        "jarque_bera": jarque_bera_statistic(x) > jarque_bera_critical(x.shape[-1]),
    }
    others = rejection_rates(samples, level=LEVEL, tests=[t for t in TESTS if t not in quick])
    shares = others | {name: rejects.mean(axis=-1) for name, rejects in quick.items()}
    return np.stack([shares[name] for name in TESTS])


def epps_pulley_statistics(x: np.ndarray) -> np.ndarray:
    """Return the quadrature form of many samples, (..., N) to (...), as ``rejection_rates`` takes.

    The knots are equally spaced, so e^{i t x} is multiplied up from knot to knot: six times quicker
    than cosines and sines, which would be most of the time here.
    """
    knots, weights = (a.numpy() for a in quadrature_rule())
    targets = np.exp(-0.5 * knots**2)
    step = np.exp(1j * knots[1] * x)
    wound, total = np.ones_like(step), np.zeros(x.shape[:-1])
    for target, weight in zip(targets, weights, strict=True):
        total += weight * np.abs(wound.mean(axis=-1) - target) ** 2
        wound *= step
    return x.shape[-1] * total


def jarque_bera_critical(num_samples: int) -> float:
    """Return the value that the Jarque–Bera statistic of normal samples exceeds in 5 % of cases."""
    return float(np.interp(np.log(num_samples), np.log(_JARQUE_BERA_SIZES), _JARQUE_BERA_95))


def interval(rates: np.ndarray, repeats: int) -> tuple[np.ndarray, np.ndarray]:
    """Return Wilson's 95 % interval around shares of ``repeats`` samples, each of their shape."""
    z2 = 1.96**2 / repeats
    middle = (rates + z2 / 2.0) / (1.0 + z2)
    half = np.sqrt(z2 * (rates * (1.0 - rates) + z2 / 4.0)) / (1.0 + z2)
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)


def _view(params: PowerParams, count: Count) -> PowerView:
    rates = count.rejected / count.repeats
    lower, upper = interval(rates, count.repeats)

    def here(values: np.ndarray) -> np.ndarray:
        return np.array([np.interp(params.strength, STRENGTHS, row) for row in values])

    return PowerView(
        grid=GRID,
        density=_density(params.departure, params.strength),
        strengths=STRENGTHS,
        rates=rates,
        lower=lower,
        upper=upper,
        strength=params.strength,
        here=here(rates),
        here_lower=here(lower),
        here_upper=here(upper),
        repeats=count.repeats,
        departure=params.departure,
        readout=_in_words(params, here(rates), count.repeats),
    )


def _density(departure: str, strength: float) -> np.ndarray:
    grid = torch.from_numpy(GRID)
    if departure in OF_SCALE:
        mean, std = mean_and_std(departure, strength)
        return pdf_1d("gaussian", grid, shift=mean, scale=std).numpy()
    return pdf_1d(departure, grid, strength=strength).numpy()


def departure_in_words(departure: str, strength: float) -> str:
    """Return what a strength means: the law's mean and std, or the shape in its own units.

    >>> departure_in_words("wider", 0.5)
    'mean 0, std 1.50'
    """
    if departure in OF_SCALE:
        mean, std = mean_and_std(departure, strength)
        return f"mean {mean:.2f}, std 1" if departure == "shift" else f"mean 0, std {std:.2f}"
    return f"{SHAPES[departure].label}: {SHAPES[departure].describe(strength)}"


def _in_words(params: PowerParams, here: np.ndarray, repeats: int) -> str:
    law = departure_in_words(params.departure, params.strength)
    shares = ", ".join(
        f"{label} {100 * rate:.0f} %" for label, rate in zip(TESTS.values(), here, strict=True)
    )
    words = (
        f"Samples of {params.num_samples} from {law} are rejected at the 5 % level by {shares} "
        f"({repeats} repeats)."
    )
    if params.departure in OF_SCALE:
        words += " Shapiro–Wilk and Jarque–Bera ignore shift and scale by design."
    return words
