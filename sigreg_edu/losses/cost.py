r"""What one step of a regularizer costs: operations counted, memory exactly, seconds by a fit.

A step is the value and its gradient with respect to N points in D dimensions, along M slices, with
T knots (or reference points). What each form has to do grows with products of these sizes:

=========== ==================================================== =================================
form        operations                                           memory that grows fastest
=========== ==================================================== =================================
textbook    projections N·D·M, waves N·M·T                       24 N·M·T bytes
fast        the same in blocks; projections twice if too large   4 N·M, up to 32 MB; 32 M·T
closed form projections N·D·M, pairs N²·M                        16 N²·M
three sums  projections, pairs, and waves N·M·T to T points      16 N²·M + 16 N·M·T
vicreg      covariance N·D²                                      14 N·D, or 32 D²
=========== ==================================================== =================================

Seconds are a sum of such terms, each times a coefficient that is fitted to measurements:

    seconds = sum over terms of coefficient × count,     coefficients ≥ 0 .

All functions also take arrays for sizes, and then return arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import scipy  # scipy.optimize loads when first used

from sigreg_edu.checks import require_choice, require_positive
from sigreg_edu.slicing import trig_sums
from sigreg_edu.statistics.epps_pulley import PAIRS_PER_BLOCK

__all__ = [
    "FORMS",
    "CostModel",
    "Measured",
    "arguments_bytes",
    "exponent",
    "peak_memory",
    "terms",
]

#: The forms of the regularizer that are compared.
FORMS = ("textbook", "fast", "closed form", "three sums", "vicreg")
#: Numbers beyond which an array of float32 leaves the cache, and is paged in anew at each step.
IN_CACHE = 2**21
FIT_STEPS, LEAST_WEIGHT = 40, 0.1


@dataclass(frozen=True)
class Measured:
    """One measured step.

    Attributes:
        form: one of ``FORMS``.
        N, D, M, T: the sizes.
        seconds: of value and gradient together; the median of the turns where there are several.
        peak_bytes: most memory at once, beyond the points and the directions.
        turns: seconds of each turn, in which the other forms at these sizes had theirs as well.
    """

    form: str
    N: int
    D: int
    M: int
    T: int
    seconds: float
    peak_bytes: int
    turns: tuple[float, ...] = ()

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        """N, D, M, T."""
        return self.N, self.D, self.M, self.T


def exponent(sizes: Iterable[float], costs: Iterable[float]) -> float:
    """Exponent of a power law, by least squares on logarithms.

    Args:
        sizes: two or more, positive.
        costs: as many, positive.

    >>> round(exponent([1, 2, 4], [3, 12, 48]), 6)
    2.0
    """
    x, y = np.log(list(sizes)), np.log(list(costs))
    return float(np.polyfit(x, y, 1)[0])


# --- counting -------------------------------------------------------------------------------------


def terms(form: str, N: Any, D: Any, M: Any, T: Any, *, device: str = "cpu") -> dict[str, Any]:
    """Count what one step does, apart from factors that are the same at all sizes.

    Args:
        form: one of ``FORMS``.
        N: points.
        D: dimensions.
        M: slices.
        T: knots. All four may be arrays.
        device: ``"cpu"`` or ``"cuda"``, which decides on the fast form's blocks.

    Returns:
        Count of each kind of operation.

    Raises:
        ValueError: there is no such form.

    >>> counts = terms("textbook", 6272, 384, 512, 17)
    >>> f"{counts['products']:.3g}", f"{counts['waves']:.3g}"
    ('1.23e+09', '5.46e+07')
    >>> sorted(terms("vicreg", 6272, 384, 512, 17))
    ['covariance', 'elementwise', 'matrix', 'overhead']
    """
    require_choice(form, "form", FORMS)
    N, D, M, T = (np.asarray(size, dtype=float) for size in (N, D, M, T))
    every = {
        "overhead": np.ones_like(N * D * M * T),
        "products": N * D * M,  # z A, and its gradient's way back
        "waves": N * M * T,
        "waves beyond the cache": np.maximum(N * M * T - IN_CACHE, 0.0),
        "pairs": N**2 * M,
        "pairs beyond the cache": np.maximum(N**2 * M - IN_CACHE, 0.0),
        "projections": N * M,
        "products again": N * D * M * ~_keeps_projections(N, M),  # in the backward pass
        "points": N * D + D * M,
        "sums": M * T,
        "calls": T * _blocks(N, M, device),  # each power of the waves, in each block
        "covariance": N * D**2,
        "elementwise": N * D,
        "matrix": D**2,
    }
    return {name: _plain(every[name]) for name in _TERMS[form]}


def _plain(count: Any) -> Any:
    """A float for one number, an array for several."""
    return count if np.ndim(count) else float(count)


_TERMS = {
    "textbook": ("overhead", "products", "points", "waves", "waves beyond the cache"),
    "fast": (
        "overhead", "products", "points", "waves", "projections", "products again",
        "sums", "calls",
    ),
    "closed form": ("overhead", "products", "points", "pairs", "pairs beyond the cache"),
    "three sums": ("overhead", "products", "points", "waves", "pairs", "pairs beyond the cache"),
    "vicreg": ("overhead", "covariance", "elementwise", "matrix"),
}  # fmt: skip


def _keeps_projections(N: Any, M: Any) -> Any:
    """Whether the fast form keeps its projections for the gradient, or computes them again."""
    return np.asarray(4 * N * M <= trig_sums.KEPT_BYTES)


def _blocks(N: Any, M: Any, device: str) -> Any:
    """How many blocks of angles the fast form takes."""
    width, height = _block_shape(N, M, device)
    return np.ceil(N / height) * np.ceil(M / width)


def _block_shape(N: Any, M: Any, device: str) -> tuple[Any, Any]:
    """Slices and points of the fast form's blocks."""
    width = np.minimum(M, trig_sums.SLICES_PER_BLOCK)
    angles = trig_sums.angles_per_block(device.partition(":")[0])
    return width, np.minimum(N, np.maximum(1, angles // width))


def arguments_bytes(N: Any, D: Any, M: Any) -> Any:
    """Bytes of the points N×D and the directions D×M themselves, float32.

    >>> arguments_bytes(6272, 384, 1024) / 1e6
    11.206656
    """
    return 4 * D * (N + M)


def peak_memory(form: str, N: Any, D: Any, M: Any, T: Any, *, device: str = "cpu") -> Any:
    """Most bytes that one step holds at once beyond points and directions, in float32.

    Counted from the arrays that each form keeps for its gradient and those that it needs while it
    computes; the pairs, and all sums over blocks, are float64.

    Args:
        form: one of ``FORMS``.
        N: points.
        D: dimensions.
        M: slices.
        T: knots. All four may be arrays.
        device: ``"cpu"`` or ``"cuda"``, which decides on the fast form's blocks.

    Returns:
        Bytes.

    >>> round(peak_memory("textbook", 6272, 384, 1024, 17) / 1e6)
    2620
    >>> round(peak_memory("fast", 6272, 384, 1024, 17) / 1e6)
    44
    >>> f"{peak_memory('three sums', 6272, 384, 1024, 17) / 1e9:.0f} GB"
    '646 GB'
    """
    require_choice(form, "form", FORMS)
    N, D, M, T = (np.asarray(size, dtype=float) for size in (N, D, M, T))
    needed = {
        "textbook": _textbook_bytes,
        "fast": lambda *sizes: _fast_bytes(*sizes, device),
        "closed form": _pairs_bytes,
        "three sums": lambda *sizes: _pairs_bytes(*sizes) + 16 * N * M * T - 8 * N * M,
        "vicreg": _vicreg_bytes,
    }[form](N, D, M, T)
    return _plain(needed)


def _textbook_bytes(N: Any, D: Any, M: Any, T: Any) -> Any:
    """Six arrays of N M T: angles, the sine's gradient, and what the cosine's is made of."""
    return np.maximum(24 * N * M * T, 4 * N * (M + D))


def _fast_bytes(N: Any, D: Any, M: Any, T: Any, device: str) -> Any:
    """Gradient, scaled directions, sums twice, kept angles, and what one block needs."""
    width, height = _block_shape(N, M, device)
    kept = _keeps_projections(N, M)
    per_angle = np.where(kept, np.where(_blocks(N, M, device) > 1, 24, 20), 28)
    always = 4 * N * D + 4 * D * M + 32 * M * T
    return always + np.where(kept, 4 * N * M, 0) + per_angle * width * height


def _pairs_bytes(N: Any, D: Any, M: Any, _T: Any) -> Any:
    """Difference and kernel of every pair, and three arrays of a block of pairs."""
    rows = np.minimum(N, np.maximum(1, PAIRS_PER_BLOCK // (N * M)))
    pairs = 16 * N**2 * M + 24 * rows * N * M + 16 * N * M
    return np.maximum(pairs, 4 * N * (M + D))


def _vicreg_bytes(N: Any, D: Any, _M: Any, _T: Any) -> Any:
    """Centred points several times, or both views' covariances four times."""
    return np.maximum(14 * N * D, 32 * D**2 + 4 * N * D) + 12 * D


# --- seconds --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CostModel:
    """Seconds of a step on one machine, as a sum of counted operations.

    Attributes:
        device: ``"cpu"`` or ``"cuda"``.
        threads: of torch on the CPU.
        coefficients: for each form, seconds for one operation of each of its :func:`terms`.
        factors: for each form, how much slower than that this machine is; 1 where not said.
    """

    device: str
    threads: int
    coefficients: Mapping[str, Mapping[str, float]]
    factors: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def seconds(self, form: str, N: Any, D: Any, M: Any, T: Any) -> Any:
        """Predict how long one step takes; sizes may be arrays.

        Raises:
            ValueError: the model knows no such form.
        """
        known = self.coefficients[require_choice(form, "form", self.coefficients)]
        counts = terms(form, N, D, M, T, device=self.device)
        total = sum(known[name] * count for name, count in counts.items())
        total = self.factors.get(form, 1.0) * total
        return _plain(total)

    @classmethod
    def fit(cls, rows: Iterable[Measured], *, device: str = "cpu", threads: int = 1) -> CostModel:
        """Fit the coefficients to measured steps, none of them negative.

        What is made small is the logarithm of predicted over measured, the largest ones first: a
        step of a millisecond counts as much as one of a second, half as long as much as twice.

        Raises:
            ValueError: a form has fewer measurements than terms.

        >>> rows = [Measured("vicreg", n, d, 16, 17, 1e-6 + 1e-9 * n * d**2, 0)
        ...         for n in (64, 512) for d in (16, 64, 256)]
        >>> model = CostModel.fit(rows)
        >>> round(model.seconds("vicreg", 128, 128, 16, 17) / (1e-6 + 1e-9 * 128**3), 3)
        1.0
        """
        rows = list(rows)
        forms = sorted({row.form for row in rows}, key=FORMS.index)
        found = {
            form: _fit_one([row for row in rows if row.form == form], device) for form in forms
        }
        return cls(device, threads, found)

    def within(self, rows: Iterable[Measured]) -> float:
        """Return the worst ratio between prediction and measurement, at least 1, whichever is more.

        Raises:
            ValueError: there are no rows.
        """
        ratios = [self.seconds(row.form, *row.sizes) / row.seconds for row in rows]
        if not ratios:
            raise ValueError("rows must hold a measurement, got none. Give measured steps.")
        return max(max(ratio, 1.0 / ratio) for ratio in ratios)

    def calibrated(self, rows: Sequence[Measured]) -> CostModel:
        """Return the model for a machine on which some steps were measured.

        A form's factor is the median ratio of its measured to its predicted seconds; forms that
        were not measured get that of all.

        Raises:
            ValueError: there are no rows.
        """
        plain = replace(self, factors={})
        ratios = {row: row.seconds / plain.seconds(row.form, *row.sizes) for row in rows}
        if not ratios:
            raise ValueError("rows must hold a measurement, got none. Give measured steps.")
        usual = float(np.median(list(ratios.values())))
        factors = {}
        for form in self.coefficients:
            own = [ratio for row, ratio in ratios.items() if row.form == form]
            factors[form] = float(np.median(own)) if own else usual
        return replace(self, factors=factors)


def _fit_one(rows: Sequence[Measured], device: str) -> dict[str, float]:
    """Coefficients of one form by non-negative least squares on relative errors."""
    form, names = rows[0].form, list(_TERMS[rows[0].form])
    if len(rows) < len(names):
        raise ValueError(
            f"{form!r} has {len(names)} terms, got {len(rows)} measurements. Measure more sizes."
        )
    seconds = np.array([require_positive(row.seconds, "seconds") for row in rows])
    sizes = np.array([row.sizes for row in rows]).T  # (4, R)
    counts = terms(form, *sizes, device=device)
    table = np.stack([counts[name] for name in names], axis=1)  # (R, terms)
    return dict(zip(names, _least_log_ratios(table, seconds).tolist(), strict=True))


def _least_log_ratios(table: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """Coefficients c >= 0 with a small sum of log((table c) / seconds)^4.

    Fourth powers, since a planner is judged by its worst prediction. Each step is a non-negative
    least-squares problem in the logarithms' linear part (Gauss-Newton), in which a row's square is
    weighted by the square of its last logarithm.

    Args:
        table: counts (R, terms).
        seconds: measured (R,).

    Returns:
        Seconds for one of each count (terms,).
    """
    most = table.max(axis=0)  # columns differ by ten orders of magnitude, and may be all zero
    scaled = table / np.where(most > 0.0, most, 1.0)
    guess, weight = seconds, np.ones(len(seconds))
    best, least = np.zeros(len(most)), np.inf
    for _ in range(FIT_STEPS):
        rows, goal = weight / guess, weight * (1.0 + np.log(seconds / guess))
        found, _ = scipy.optimize.nnls(scaled * rows[:, None], goal)
        predicted = np.maximum(scaled @ found, 1e-3 * seconds)
        error = float((np.log(predicted / seconds) ** 4).sum())
        if error < least:
            best, least = found, error
        guess = np.sqrt(guess * predicted)  # half a step on logarithms, which does not overshoot
        gap = np.abs(np.log(guess / seconds))
        weight = np.sqrt(weight * np.maximum(gap / max(gap.max(), 1e-12), LEAST_WEIGHT))
    return best / np.where(most > 0.0, most, 1.0)
