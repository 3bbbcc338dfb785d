"""How many points a test needs: N for power 0.8 against D, by flaw and test; recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sigreg_edu.training.frontier_samples import (
    ALTERNATIVES,
    POWER,
    SAMPLE_COUNTS,
    SAMPLE_DIMS,
    SAMPLES,
    TESTS,
)
from sigreg_edu.training.frontier_tables import recorded
from sigreg_edu.training.frontiers import Growth, growth
from sigreg_edu.views.params import Params, choice, power_slider

#: The flaws as short as a select shows them; the read-out has ``ALTERNATIVES``.
FLAW_LABELS = {
    "bimodal": "one bimodal direction",
    "rank": "half of them flat",
    "tails": "heavy tails in all",
    "shrunk": "all shrunk to 0.9",
}
TEST_LABELS = {name: label for name, (label, _, _) in TESTS.items()}


@dataclass(frozen=True)
class SampleSizeParams(Params):
    """State of the explorer of sample sizes."""

    alternative: str = choice("bimodal", FLAW_LABELS, label="flaw")
    test: str = choice("slices", TEST_LABELS, label="test in words")
    dim: int = power_slider(8, SAMPLE_DIMS[0], SAMPLE_DIMS[-1], label="dimension D")


@dataclass(frozen=True)
class SampleSizeView:
    """What the figure of sample sizes shows; tests in the order of ``TESTS``.

    Attributes:
        dims: dimensions (D,).
        needed: N for power 0.8 by test, (D,); NaN where none that was tried sufficed.
        most: the largest N that was tried, by test.
        fits: N = c · D^α by test, (D,); NaN where N is not known, or it cannot be fitted.
        exponents: α by test; NaN likewise. Fitted where N is known.
        counts: numbers of points (K,).
        power: share rejected by test at the present dimension, (K,); NaN where not tried.
        test: the test in words.
        dim: the present dimension.
        readout: all that in words.
    """

    dims: np.ndarray
    needed: Mapping[str, np.ndarray]
    most: Mapping[str, int]
    fits: Mapping[str, np.ndarray]
    exponents: Mapping[str, float]
    counts: np.ndarray
    power: Mapping[str, np.ndarray]
    test: str
    dim: int
    readout: str


def sample_size_view(params: SampleSizeParams) -> SampleSizeView:
    """Look up the recorded power study.

    Raises:
        FileNotFoundError: the records are not there; the message says what to do.
    """
    rows, dims = recorded(SAMPLES), np.array(SAMPLE_DIMS, dtype=float)
    growths = {test: growth(params.alternative, test) for test in TESTS}
    return SampleSizeView(
        dims=dims,
        needed={test: found.needed for test, found in growths.items()},
        most={test: most for test, (_, _, most) in TESTS.items()},
        fits={test: _fit(dims, found) for test, found in growths.items()},
        exponents={test: found.alpha for test, found in growths.items()},
        counts=np.array(SAMPLE_COUNTS, dtype=float),
        power={test: rows[params.alternative, test, params.dim]["power"] for test in TESTS},
        test=params.test,
        dim=params.dim,
        readout=_readout(params, growths),
    )


def _fit(dims: np.ndarray, found: Growth) -> np.ndarray:
    return np.where(np.isfinite(found.needed), found.factor * dims**found.alpha, np.nan)


def power_text(alpha: float) -> str:
    """Return an exponent for the eye, with one decimal.

    >>> power_text(-0.52), power_text(-0.01)
    ('−0.5', '0.0')
    """
    return f"{round(alpha, 1) + 0.0:.1f}".replace("-", "−")


def _readout(params: SampleSizeParams, growths: Mapping[str, Growth]) -> str:
    place = SAMPLE_DIMS.index(params.dim)
    at = growths[params.test].needed[place]
    label, repeats, most = TESTS[params.test]
    enough = f"{at:.0f} points" if np.isfinite(at) else f"more than the {most:,} points tried"
    others = "; ".join(
        f"{TESTS[test][0]} {found.needed[place]:.0f}"
        if np.isfinite(found.needed[place])
        else f"{TESTS[test][0]} over {TESTS[test][2]:,}"
        for test, found in growths.items()
        if test != params.test
    )
    return (
        f"Against “{ALTERNATIVES[params.alternative]}” at D = {params.dim} the test “{label}” "
        f"needs {enough} to reject at 5 % with probability {POWER:g} ({repeats} clouds at each "
        f"N). {_growth_text(growths[params.test], most)} The others: {others}."
    )


def _growth_text(found: Growth, most: int) -> str:
    """An exponent in words, and which dimensions it leaves out."""
    known = np.isfinite(found.needed)
    if not np.isfinite(found.alpha):
        return "In too few dimensions enough points were tried to fit a growth."
    if known.all():
        return f"Over D, N goes like D^{power_text(found.alpha)}."
    first = int(np.flatnonzero(~known)[0])
    return (
        f"Up to D = {SAMPLE_DIMS[first - 1]} N goes like D^{power_text(found.alpha)}; at "
        f"D = {SAMPLE_DIMS[first]} the {most:,} points tried are too few, so up to there it is at "
        f"least D^{power_text(found.at_least)}."
    )
