"""Other weights of the frequencies: what each listens to, which flaws it sees, how it pulls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import torch

from sigreg_edu.slicing import trigonometric_sums
from sigreg_edu.statistics.weights import WEIGHTS, null_of_rule, weight_function, weight_rule
from sigreg_edu.views.params import Params, choice, seed, slider

NUM_SAMPLES, REPEATS, NUM_KNOTS = 100, 300, 17
FARTHEST = 6.0
T_GRID = np.linspace(0.0, FARTHEST, 121)
X_GRID = np.linspace(0.0, 8.0, 81)
BINS = 24
SHIFT, SCALE, SEPARATION = 0.3, 0.8, 0.9
LEVEL = 0.05


@dataclass(frozen=True)
class Flaw:
    """A law that is not N(0, 1).

    Attributes:
        label: for people.
        cf: its characteristic function on the T grid, complex.
        bend: from normal noise and a second draw, uniform on [0, 1], to samples.
    """

    label: str
    cf: Callable[[np.ndarray], np.ndarray]
    bend: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def _laplace(noise: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
    """Laplace's law of variance 1: a Gaussian whose variance is exponential with mean 1."""
    return noise * (-torch.log1p(-uniform)).sqrt()


def _heaps(noise: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
    side = torch.where(uniform < 0.5, -1.0, 1.0)
    return SEPARATION * side + (1.0 - SEPARATION**2) ** 0.5 * noise


#: Flaws by name.
FLAWS: Mapping[str, Flaw] = MappingProxyType(
    {
        "shift": Flaw(
            f"shifted by {SHIFT:g}",
            lambda t: np.exp(1j * SHIFT * t - t**2 / 2),
            lambda noise, uniform: noise + SHIFT,
        ),
        "narrower": Flaw(
            f"width {SCALE:g}",
            lambda t: np.exp(-((SCALE * t) ** 2) / 2) + 0j,
            lambda noise, uniform: SCALE * noise,
        ),
        "heaps": Flaw(
            "two heaps",
            lambda t: np.cos(SEPARATION * t) * np.exp(-(1 - SEPARATION**2) * t**2 / 2) + 0j,
            _heaps,
        ),
        "tails": Flaw("heavy tails (Laplace)", lambda t: 1 / (1 + t**2 / 2) + 0j, _laplace),
    }
)
#: As short as a select shows them.
WEIGHT_LABELS = {**WEIGHTS, "exponential": "exponential"}
FLAW_LABELS = {name: flaw.label for name, flaw in FLAWS.items()}


@dataclass(frozen=True)
class WeightsParams(Params):
    """State of the explorer of weights."""

    weight: str = choice(
        "gaussian", WEIGHT_LABELS, label="weight",
        help="The kernel of the exponential weight is the inverse quadratic.",
    )  # fmt: skip
    width: float = slider(1.0, 0.25, 3.0, 0.05, label="width of the weight")
    t_max: float = slider(3.0, 0.5, FARTHEST, 0.1, label="t up to (t_max)")
    flaw: str = choice("heaps", FLAW_LABELS, label="flaw")
    seed: int = seed(label="new samples")

    def idle(self) -> frozenset[str]:
        return frozenset({"width"}) if self.weight == "uniform" else frozenset()


@dataclass(frozen=True)
class WeightsView:
    """What the figure of weights shows.

    Attributes:
        t: frequencies (G,).
        weight: w(t), 0 beyond t_max, (G,).
        gap: |φ_P - φ|² of the flaw over its largest value, (G,).
        noise: what a Gaussian sample differs from φ by, N E|φ_N - φ|² = 1 - φ², (G,).
        statistics: T over its 5 % limit, (B,) midpoints of bins.
        null, flawed: shares of Gaussian samples and of the flaw's in each bin, (B,).
        power: share of samples rejected by flaw, in the order of ``FLAWS``, (4,).
        usual: the same under LeJEPA's weight, (4,).
        x: places (X,).
        pull, usual_pull: how hard a point at x is drawn to the middle of a Gaussian cloud, times
            N, (X,).
        flaw: the present flaw.
        null_mean, limit: mean and 95 % quantile of T for Gaussian samples.
        readout: all that in words.
    """

    t: np.ndarray
    weight: np.ndarray
    gap: np.ndarray
    noise: np.ndarray
    statistics: np.ndarray
    null: np.ndarray
    flawed: np.ndarray
    power: np.ndarray
    usual: np.ndarray
    x: np.ndarray
    pull: np.ndarray
    usual_pull: np.ndarray
    flaw: str
    null_mean: float
    limit: float
    readout: str


LARGEST_RATIO = 5.0  # T over its limit, where the axis ends


def weights_view(params: WeightsParams) -> WeightsView:
    """Compute what the present weight sees."""
    rule = weight_rule(params.weight, width=params.width, t_max=params.t_max, num_points=NUM_KNOTS)
    limit, null_mean = _limit(params.weight, params.width, params.t_max)
    usual_limit = _limit("gaussian", 1.0, 3.0)[0]
    of_flaws = {
        name: _statistics(_gaps(name, params.t_max, params.seed), rule[1]) / limit
        for name in (*FLAWS, "none")
    }
    power = np.array([(of_flaws[name] > 1.0).mean() for name in FLAWS])
    usual_weights = weight_rule()[1]
    usual = np.array(
        [
            (_statistics(_gaps(name, 3.0, params.seed), usual_weights) > usual_limit).mean()
            for name in FLAWS
        ]
    )
    edges = np.linspace(0.0, LARGEST_RATIO, BINS + 1)
    weight = weight_function(params.weight, torch.from_numpy(T_GRID), width=params.width).numpy()
    return WeightsView(
        t=T_GRID,
        weight=np.where(params.t_max + 1e-9 >= T_GRID, weight, 0.0),
        gap=_flaw_gap(params.flaw),
        noise=1.0 - np.exp(-(T_GRID**2)),
        statistics=(edges[1:] + edges[:-1]) / 2,
        null=_shares(of_flaws["none"], edges),
        flawed=_shares(of_flaws[params.flaw], edges),
        power=power,
        usual=usual,
        x=X_GRID,
        pull=_pull(*rule),
        usual_pull=_usual_pull(),
        flaw=params.flaw,
        null_mean=null_mean,
        limit=limit,
        readout=_readout(params, power, usual, null_mean, limit),
    )


def _flaw_gap(name: str) -> np.ndarray:
    gap = np.abs(FLAWS[name].cf(T_GRID) - np.exp(-(T_GRID**2) / 2)) ** 2
    return gap / gap.max()


@lru_cache(maxsize=512)
def _limit(weight: str, width: float, t_max: float) -> tuple[float, float]:
    """95 % quantile and mean of T under N(0, 1)."""
    law = null_of_rule(*weight_rule(weight, width=width, t_max=t_max, num_points=NUM_KNOTS))
    return float(law.quantile(1.0 - LEVEL)), law.mean


@lru_cache(maxsize=8)
def _samples(seed: int) -> dict[str, torch.Tensor]:
    """Samples (R, N) of each flaw, and Gaussian ones, from the same noise."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(REPEATS, NUM_SAMPLES, generator=generator)
    uniform = torch.rand(REPEATS, NUM_SAMPLES, generator=generator)
    bent = {name: flaw.bend(noise, uniform) for name, flaw in FLAWS.items()}
    return {**bent, "none": noise}


@lru_cache(maxsize=512)
def _gaps(name: str, t_max: float, seed: int) -> np.ndarray:
    """|φ_N - φ|² of each sample at the knots, (R, T)."""
    sums = trigonometric_sums(
        _samples(seed)[name].unsqueeze(-1),  # (R, N, 1): one shadow of each
        torch.ones(1, 1),
        num_points=NUM_KNOTS,
        spacing=t_max / (NUM_KNOTS - 1),
    )
    means = sums.squeeze(-1).double().numpy() / NUM_SAMPLES  # (R, 2, T)
    knots = np.linspace(0.0, t_max, NUM_KNOTS)
    return (means[:, 0] - np.exp(-(knots**2) / 2)) ** 2 + means[:, 1] ** 2


def _statistics(gaps: np.ndarray, weights: torch.Tensor) -> np.ndarray:
    return NUM_SAMPLES * gaps @ weights.numpy()  # (R, T) @ (T,) -> (R,)


def _shares(ratios: np.ndarray, edges: np.ndarray) -> np.ndarray:
    inside = np.clip(ratios, edges[0], edges[-1])
    return np.histogram(inside, edges)[0] / len(ratios)


def _pull(knots: torch.Tensor, weights: torch.Tensor) -> np.ndarray:
    """N times the slope of T in one point at x, the others being N(0, 1) exactly, (X,).

    N T = Σ w (1 + φ² - 2 φ cos(t x)), whose derivative is 2 Σ w φ t sin(t x).
    """
    t, w = knots.numpy(), weights.numpy()
    return 2.0 * np.sin(np.outer(X_GRID, t)) @ (w * t * np.exp(-(t**2) / 2))


@lru_cache(maxsize=1)
def _usual_pull() -> np.ndarray:
    return _pull(*weight_rule())


def _readout(
    params: WeightsParams, power: np.ndarray, usual: np.ndarray, null_mean: float, limit: float
) -> str:
    seen = power[list(FLAWS).index(params.flaw)]
    before = usual[list(FLAWS).index(params.flaw)]
    best = list(FLAWS)[int(power.argmax())]
    return (
        f"This weight has the floor {null_mean:.3f} and the 5 % limit {limit:.2f}. It rejects "
        f"{100 * seen:.0f} % of samples of {NUM_SAMPLES} with the flaw “{FLAW_LABELS[params.flaw]}”"
        f", LeJEPA's weight {100 * before:.0f} %. Of the four flaws it sees "
        f"“{FLAW_LABELS[best]}” best ({100 * power.max():.0f} %)."
    )
