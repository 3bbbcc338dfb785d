"""Fresh or fixed slices at equal cost: a cloud trained with either, judged by unseen directions.

The points of a cloud are themselves the parameters, and go down the gradient of the mean of T over
M slices: fresh ones at each step, or those of the first step at every step. Both flows begin with
the same cloud and the same slices. What they come to is judged along other directions, which no
step has used.

Flows take up to a second, so they go on step by step while the sliders rest, and are kept.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from sigreg_edu.data.noise import normal_scores
from sigreg_edu.slicing import quasi_random_directions, sliced_epps_pulley, uniform_directions
from sigreg_edu.statistics import null_distribution
from sigreg_edu.views.kept import Kept
from sigreg_edu.views.many_shadows import short
from sigreg_edu.views.params import Params, choice, power_slider, seed, slider

NUM_SAMPLES = 256
NUM_STEPS, STRIDE = 200, 10  # gradient steps, and how many from one look to the next
PICTURE_EVERY = 4  # looks at the two flows that are shown
STEP_SECONDS = 0.015  # of a refinement's step, and the rest of a look
UNSEEN = 512  # directions that judge
MOST_SLICES = 256
COUNTS = tuple(2**k for k in range(9))  # 1 to MOST_SLICES
STEPS = np.arange(0, NUM_STEPS + 1, STRIDE)
BIN_EDGES = np.geomspace(1e-3, 300.0, 46)
JITTER = 0.05  # std of what has collapsed: points on one spot would feel one force and stay there

CLOUDS = {
    "half_collapsed": "half of them collapsed",
    "line": "all but one collapsed",
    "shrunk": "all shrunk to std 0.1",
    "corners": "all coordinates ±1",
    "gaussian": "Gaussian",
}


@dataclass(frozen=True)
class FreshOrFixedParams(Params):
    """State of the explorer of fresh and fixed slices."""

    cloud: str = choice(
        "half_collapsed", CLOUDS, label="first cloud", help="Where the points are at step 0."
    )
    num_slices: int = power_slider(
        16, 1, MOST_SLICES, label="slices M", help="Slices a step: fresh or fixed, they cost alike."
    )
    dim: int = power_slider(32, 2, 64, label="dimension D")
    step: int = slider(NUM_STEPS, 0, NUM_STEPS, STRIDE, label="step shown")
    seed: int = seed()


@dataclass(frozen=True)
class FreshOrFixedView:
    """What the figure of fresh and fixed slices shows. NaN stands for what is not yet computed.

    Attributes:
        steps: steps at which the clouds were looked at, shape (S,).
        fresh, fixed: mean of T over unseen directions at each, shape (S,).
        reported: mean of T over the fixed slices themselves, shape (S,).
        step: the step shown.
        edges: of the histograms of T over single unseen directions, equal steps of log T, (B + 1,).
        fresh_shares, fixed_shares: shares of the directions at the step shown, shape (B,).
        null_shares: the same for samples of N(0, 1), shape (B,).
        null_mean: mean of T for samples of N(0, 1).
        counts: numbers of slices, shape (C,).
        fresh_by_count, fixed_by_count: mean of T over unseen directions at the step shown, (C,).
        num_slices: the present M.
        readout: all that in words.
    """

    steps: np.ndarray
    fresh: np.ndarray
    fixed: np.ndarray
    reported: np.ndarray
    step: int
    edges: np.ndarray
    fresh_shares: np.ndarray
    fixed_shares: np.ndarray
    null_shares: np.ndarray
    null_mean: float
    counts: np.ndarray
    fresh_by_count: np.ndarray
    fixed_by_count: np.ndarray
    num_slices: int
    readout: str


def fresh_or_fixed_view(params: FreshOrFixedParams) -> FreshOrFixedView:
    """Show what is known of both flows by now: at the least where they begin."""
    fresh, fixed = _pair(params, params.num_slices)
    look = params.step // STRIDE
    fixed_by_count = _means_by_count(params, fresh=False)
    return FreshOrFixedView(
        steps=STEPS,
        fresh=fresh.means(),
        fixed=fixed.means(),
        reported=fixed.reports(),
        step=params.step,
        edges=BIN_EDGES,
        fresh_shares=_shares(fresh.latest(look)),
        fixed_shares=_shares(fixed.latest(look)),
        null_shares=_null_shares(),
        null_mean=null_distribution().mean,
        counts=np.array(COUNTS),
        fresh_by_count=_means_by_count(params, fresh=True),
        fixed_by_count=fixed_by_count,
        num_slices=params.num_slices,
        readout=_in_words(params, fresh, fixed, fixed_by_count),
    )


def refine_fresh_or_fixed(params: FreshOrFixedParams) -> Iterator[FreshOrFixedView]:
    """Let both flows go on, some of their steps at a time, and then those with every other M.

    Each refinement takes ``STEP_SECONDS`` and the rest of a step, and most show nothing new: a
    slider need not wait long. The first one goes on until there is news.
    """
    own, shown = _pair(params, params.num_slices), None
    while not _are_done(own):
        before = _num_looks(own)
        _go_on_for(STEP_SECONDS, own)
        while shown is None and _num_looks(own) == before:
            go_on(own)
        news = _num_looks(own) // PICTURE_EVERY > before // PICTURE_EVERY
        if shown is None or news or _are_done(own):
            shown = fresh_or_fixed_view(params)
        yield shown
    others = [flow for m in COUNTS if m != params.num_slices for flow in _pair(params, m)]
    while not _are_done(others):
        _go_on_for(STEP_SECONDS, others)
        if shown is None or _are_done(others):
            shown = fresh_or_fixed_view(params)
        yield shown


def _are_done(flows: Sequence[SlicedFlow]) -> bool:
    return all(flow.is_done for flow in flows)


def _num_looks(flows: Sequence[SlicedFlow]) -> int:
    """How many looks all of the flows have had since their start."""
    return min(len(flow.looks) for flow in flows) - 1


def _go_on_for(seconds: float, flows: Sequence[SlicedFlow]) -> None:
    """Let flows go on, those that are furthest behind together, until the time is over."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end and not _are_done(flows):
        go_on(flows)


def go_on(flows: Sequence[SlicedFlow]) -> None:
    """Do the next small piece of work: one look that is due, or a step of those furthest behind.

    Those at their end are left alone.
    """
    due = next((flow for flow in flows if flow.look_is_due), None)
    if due is not None:
        due.look()
        return
    behind = min(flow.step for flow in flows)
    if behind < NUM_STEPS:
        _descend([flow for flow in flows if flow.step == behind])


def _descend(flows: Sequence[SlicedFlow]) -> None:
    """Take one step of each flow. One call has all their shadows, as each has a cost of its own.

    The mean of T over slices a_m has the gradient Σ T'(p_m) a_mᵀ / M at its points, p_m = z a_m.
    """
    slices = [flow.slices() for flow in flows]  # (D, M) each
    shadows = torch.cat([flow.z @ A for flow, A in zip(flows, slices, strict=True)], dim=1)
    slopes = _slopes(shadows).split([A.shape[1] for A in slices], dim=1)  # (N, M) each
    for flow, A, slope in zip(flows, slices, slopes, strict=True):
        flow.move(slope @ A.T / A.shape[1])


def _slopes(shadows: torch.Tensor) -> torch.Tensor:
    """Return the derivative of T of each shadow, a column, by its points; both are (N, M)."""
    points = shadows.T.unsqueeze(-1).contiguous().requires_grad_(True)  # (M, N, 1)
    statistics = sliced_epps_pulley(points, points.new_ones(1, 1))
    (slopes,) = torch.autograd.grad(statistics.sum(), points)
    return slopes.squeeze(-1).T


class SlicedFlow:
    """A cloud on its way down the gradient of the mean of T over M slices.

    z ← z - r ∇T with r = ½ (1 + cos(π s / S)) / (1/D + 1/M) at step s of S. A step along one slice
    is as long as the force there if the slices are few and at right angles; if they are many and
    overlap, D takes the place of M.

    Args:
        cloud: a key of ``CLOUDS``.
        dim: D.
        num_slices: M.
        fresh: other slices at each step.
        seed: of the cloud and of the slices.

    Attributes:
        z: the points now, shape (N, D); each step moves them in place.
        step: gradient steps taken.
        reported: mean of T over the slices of the next step, at each look so far.
    """

    def __init__(self, cloud: str, dim: int, num_slices: int, *, fresh: bool, seed: int) -> None:
        z, statistics = _beginning(cloud, dim, seed)
        self.z = z.clone()
        self.step = 0
        # One array for all looks: a small one now and then, kept between the large ones of the
        # steps, would stop hundreds of megabytes from going back to the system.
        self._looks = np.empty((STEPS.size, UNSEEN), dtype=statistics.dtype)
        self._looks[0] = statistics
        self._dim, self._num_slices, self._fresh, self._seed = dim, num_slices, fresh, seed
        self._rate = 1.0 / (1.0 / dim + 1.0 / num_slices)
        self.reported = [self._report()]

    @property
    def is_done(self) -> bool:
        """Whether the last step was taken and looked at."""
        return self.step == NUM_STEPS and not self.look_is_due

    @property
    def look_is_due(self) -> bool:
        """Whether it has gone ``STRIDE`` steps since the last look."""
        return self.step // STRIDE == len(self.reported)

    @property
    def looks(self) -> np.ndarray:
        """T along each unseen direction, at each look so far, shape (so far, ``UNSEEN``)."""
        return self._looks[: len(self.reported)]

    def slices(self) -> torch.Tensor:
        """Return the slices of the next step, shape (D, M)."""
        drawn = _most_slices(self._dim, _stream(self._seed) + 1 + (self.step if self._fresh else 0))
        return drawn[:, : self._num_slices].contiguous()  # M slices are the first of 2 M

    def move(self, gradient: torch.Tensor) -> None:
        """Take one step down the gradient (N, D) of the mean of T."""
        decay = 0.5 * (1.0 + math.cos(math.pi * self.step / NUM_STEPS))
        self.z -= self._rate * decay * gradient
        self.step += 1

    def look(self) -> None:
        """Note T along unseen directions and along the flow's own slices."""
        self._looks[len(self.reported)] = _along_unseen(self.z)
        self.reported.append(self._report())

    def means(self) -> np.ndarray:
        """Return the mean of T over unseen directions at each look, shape (S,)."""
        return _padded(self.looks.mean(axis=1))

    def reports(self) -> np.ndarray:
        """Return the mean of T over the flow's own slices at each look, shape (S,)."""
        return _padded(self.reported)

    def mean_at(self, look: int) -> float:
        """Return the mean of T over unseen directions at a look, NaN if it is still to come."""
        return float(self.looks[look].mean()) if look < len(self.looks) else math.nan

    def latest(self, look: int) -> np.ndarray:
        """Return T along each unseen direction at a look, or at the last one before it."""
        return self.looks[min(look, len(self.looks) - 1)]

    def _report(self) -> float:
        return float(sliced_epps_pulley(self.z, self.slices()).mean())


@lru_cache(maxsize=4)
def first_cloud(cloud: str, dim: int, seed: int) -> torch.Tensor:
    """Return the points of one of ``CLOUDS`` at step 0, shape (N, D), float32."""
    z = torch.from_numpy(normal_scores(NUM_SAMPLES, dim, seed=seed)).float()
    kept = {"half_collapsed": dim // 2, "line": 1}.get(cloud, dim)
    z[:, kept:] *= JITTER
    if cloud == "shrunk":
        z *= 0.1
    return z.sign() + JITTER * z if cloud == "corners" else z


@lru_cache(maxsize=2)
def _most_slices(dim: int, seed: int) -> torch.Tensor:
    """Return the most slices of a step, (D, ``MOST_SLICES``), read only."""
    return uniform_directions(dim, MOST_SLICES, seed=seed)


@lru_cache(maxsize=8)
def unseen_directions(dim: int) -> torch.Tensor:
    """Return evenly spread directions that no flow uses, shape (D, ``UNSEEN``)."""
    return quasi_random_directions(dim, UNSEEN, seed=0)


def fewest_fixed(fixed_by_count: np.ndarray, fresh_mean: float) -> int | None:
    """Return the smallest of ``COUNTS`` whose fixed slices do as well as ``fresh_mean``, or None.

    >>> fewest_fixed(np.array([9.0, 8.0, 7.0, 2.0, 3.0, 1.0, 0.5, 0.4, 0.3]), 2.5)
    8
    """
    enough = [m for m, mean in zip(COUNTS, fixed_by_count, strict=True) if mean <= fresh_mean]
    return min(enough, default=None)


def _along_unseen(z: torch.Tensor) -> np.ndarray:
    return sliced_epps_pulley(z, unseen_directions(z.shape[1])).numpy()


@lru_cache(maxsize=4)
def _beginning(cloud: str, dim: int, seed: int) -> tuple[torch.Tensor, np.ndarray]:
    """Return the first cloud and T along each unseen direction, both read only."""
    z = first_cloud(cloud, dim, seed)
    return z, _along_unseen(z)


def _pair(params: FreshOrFixedParams, count: int) -> tuple[SlicedFlow, SlicedFlow]:
    """Return the fresh and the fixed flow with ``count`` slices, which grow as they are refined."""
    return _flow(params, count, fresh=True), _flow(params, count, fresh=False)


def _flow(params: FreshOrFixedParams, count: int, *, fresh: bool) -> SlicedFlow:
    return _known_flows.get_or_make(
        _key(params, count, fresh),
        lambda: SlicedFlow(params.cloud, params.dim, count, fresh=fresh, seed=params.seed),
    )


def _key(params: FreshOrFixedParams, count: int, fresh: bool) -> tuple[str, int, int, int, bool]:
    return params.cloud, params.dim, params.seed, count, fresh


def _means_by_count(params: FreshOrFixedParams, *, fresh: bool) -> np.ndarray:
    """Return the mean of T over unseen directions at the step shown, for each of ``COUNTS``."""
    flows = (_known_flows.get(_key(params, count, fresh)) for count in COUNTS)
    look = params.step // STRIDE
    return np.array([math.nan if flow is None else flow.mean_at(look) for flow in flows])


def _stream(seed: int) -> int:
    """Return where the seeds of the slices begin, apart from the cloud's own seed."""
    return 1_000_003 * (seed + 1) % 2**31


def _padded(values: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return the values of the looks so far, NaN for those to come, shape (S,)."""
    padded = np.full(STEPS.size, np.nan)
    padded[: len(values)] = values
    return padded


@lru_cache(maxsize=1)
def _null_shares() -> np.ndarray:
    return np.diff(null_distribution().cdf(BIN_EDGES))


def _shares(statistics: np.ndarray) -> np.ndarray:
    clipped = np.clip(statistics, BIN_EDGES[0], BIN_EDGES[-1])
    return np.histogram(clipped, BIN_EDGES)[0] / statistics.size


def _in_words(
    params: FreshOrFixedParams, fresh: SlicedFlow, fixed: SlicedFlow, fixed_by_count: np.ndarray
) -> str:
    look, M = params.step // STRIDE, params.num_slices
    means = fresh.mean_at(look), fixed.mean_at(look)
    if math.isnan(means[0] + means[1]):
        return (
            f"Both flows are being computed: step {min(fresh.step, fixed.step)} of {params.step}. "
            f"They begin at T = {short(fresh.mean_at(0))} over unseen directions."
        )
    reports = fresh.reported[look], fixed.reported[look]
    slices = "1 slice" if M == 1 else f"{M} slices"
    return (
        f"After {params.step} steps with {slices} in {params.dim} dimensions, the mean of T over "
        f"{UNSEEN} unseen directions is {_short(means[0])} with fresh slices and "
        f"{_short(means[1])} with fixed ones (samples of N(0, 1): {null_distribution().mean:.2f}); "
        f"the slices themselves report {_short(reports[0])} and {_short(reports[1])}. "
        f"{_match_in_words(params, means[0], fixed_by_count)}"
    )


def _match_in_words(params: FreshOrFixedParams, fresh: float, fixed_by_count: np.ndarray) -> str:
    if params.step == 0:
        return "Nothing has moved yet."
    if max(fresh, fixed_by_count[COUNTS.index(params.num_slices)]) < null_distribution().mean:
        return "Both are below what samples have; lower than that is no more Gaussian."
    fewest, slices = fewest_fixed(fixed_by_count, fresh), f"{params.num_slices} fresh"
    if fewest is not None and not np.isnan(fixed_by_count[: COUNTS.index(fewest)]).any():
        return f"It takes {fewest} fixed slices to do as well as {slices}."
    if np.isnan(fixed_by_count).any():
        return f"How many fixed slices do as well as {slices} is being computed."
    return f"Not even {MOST_SLICES} fixed slices do as well as {slices}."


def _short(statistic: float) -> str:
    """Return T for the eye, small values with one digit that counts.

    >>> _short(0.0004), _short(0.02), _short(12.3)
    ('0.0004', '0.02', '12.3')
    """
    return f"{statistic:.1g}" if statistic < 0.1 else short(statistic)


_known_flows: Kept[SlicedFlow] = Kept(5 * 2 * len(COUNTS))  # of 5 states, 110 kB each at D = 64
