"""Every row of the report's tables on cost, and a verdict on each from measurement or arithmetic.

SIGReg is judged in its favour: by the fast form, on the tensors that VICReg gets. Milliseconds of
another machine cannot be checked here, so times are judged by their ratios within one turn. What is
said beside a verdict is put together from the same numbers, and changes with it.
"""

from __future__ import annotations

import ast
import inspect
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

import numpy as np

from sigreg_edu.checks import require_positive
from sigreg_edu.losses import SIGRegLoss, VICRegLoss
from sigreg_edu.losses.cost import Measured, exponent, peak_memory
from sigreg_edu.losses.timing import in_bytes, in_seconds
from sigreg_edu.statistics import reference_quantiles
from sigreg_edu.training.recorded import RecordedRun, vit_runs
from sigreg_edu.views.cost_record import CostRecord, Pair, find_bench

__all__ = [
    "CLAIMS",
    "PERFORMANCE",
    "SCALING",
    "TABLES",
    "VERDICTS",
    "Claim",
    "Verdict",
    "code_lines",
    "judge",
]

#: The report's ViT-Small: 32 images of 196 patches.
N, D = 32 * 196, 384
#: Its table over D: milliseconds of VICReg and of SIGReg (512 slices, as its row of D = 384 tells).
SCALING: Mapping[int, tuple[float, float]] = MappingProxyType(
    {192: (6.2, 7.1), 384: (12.5, 8.2), 768: (45.3, 15.8), 1024: (78.6, 21.2), 2048: (289.4, 42.5)}
)
#: Its table at ViT-Small: milliseconds and MB by slices; 0 slices is VICReg.
PERFORMANCE: Mapping[int, tuple[float, float]] = MappingProxyType(
    {0: (12.5, 45.0), 512: (8.2, 38.0), 1024: (14.1, 42.0), 2048: (26.8, 50.0)}
)
#: Its table of memory: K² against M·K numbers, in its words.
MEMORY = {384: 0.38, 768: 0.75, 1024: 1.0, 2048: 2.0, 4096: 4.0}
#: Its configurations have so many slices, for small, standard and large models.
SLICES = (512, 1024, 2048)

TABLES: Mapping[str, str] = MappingProxyType(
    {
        "comparison": "Quantitative comparison",
        "faster": "When which is faster",
        "memory": "Memory efficiency",
        "performance": "Computational performance",
        "scaling": "Scaling behaviour",
        "summary": "Performance summary",
        "stability": "Stability and quality",
        "text": "Text and configuration",
    }
)
VERDICTS: Mapping[str, str] = MappingProxyType(
    {"holds": "✓", "does not": "✗", "cannot be so": "∅", "cannot be checked": "?"}  # its mark
)
SO, CHECKED = "cannot be so", "cannot be checked"
AGREES = 1.5  # two ratios agree if they are within this factor
CLOSE = 1.15  # a verdict whose number is within this factor of its border is a close call
# The 95 % point of F for three seeds against three: one variance must be so many times the other.
SPREADS_DIFFER = 19.0


@dataclass(frozen=True)
class Claim:
    """One row of a table of the report.

    Attributes:
        table: key of ``TABLES``.
        row: what it is about, in its words.
        says: what it says.
        number: the ratio that it gives, if it gives one: how many times VICReg takes what SIGReg
            takes, of time or, in the table of memory, of bytes.
    """

    table: str
    row: str
    says: str
    number: float | None = None


@dataclass(frozen=True)
class Found:
    """What a rule finds about its claim.

    Attributes:
        said: key of ``VERDICTS``: ``"holds"``, ``"does not"``, ``"cannot be so"`` of what
            contradicts arithmetic or the report itself, ``"cannot be checked"`` of what nothing
            here decides.
        found: what was measured or counted instead, in words.
        why: one or two sentences.
        number: the measured counterpart of the claim's number, where there is one.
    """

    said: str
    found: str
    why: str
    number: float | None = None


@dataclass(frozen=True)
class Verdict(Found):
    """What became of a claim.

    Attributes:
        claim: the claim.
        said, found, why, number: what its rule found.
    """

    claim: Claim = field(kw_only=True)

    @property
    def mark(self) -> str:
        """✓, ✗, ∅ or ?."""
        return VERDICTS[self.said]


Rule = Callable[[CostRecord], Found]
_RULES: list[tuple[Claim, Rule]] = []


def _claim(table: str, row: str, says: str, number: float | None = None) -> Callable[[Rule], Rule]:
    """Enter a claim with the function that judges it."""

    def enter(rule: Rule) -> Rule:
        _RULES.append((Claim(table, row, says, number), rule))
        return rule

    return enter


@lru_cache(maxsize=4)
def judge(record: CostRecord) -> tuple[Verdict, ...]:
    """Judge every claim by a record of costs.

    Args:
        record: of :func:`~sigreg_edu.views.cost_record.cost_record`.

    Returns:
        A verdict for each of ``CLAIMS``, in their order.

    Raises:
        ValueError: the record lacks a step that a verdict needs.
        FileNotFoundError: the recorded trainings are not there; the message says what to do.

    >>> from sigreg_edu.views.cost_record import cost_record
    >>> {verdict.said for verdict in judge(cost_record())} == set(VERDICTS)
    True
    """
    return tuple(Verdict(**vars(rule(record)), claim=claim) for claim, rule in _RULES)


# --- what the rules ask ---------------------------------------------------------------------------


def _either(
    condition: bool, found: str, *, holds: str, fails: str, number: float | None = None
) -> Found:
    """A verdict by a condition, with the sentence that belongs to it."""
    return Found("holds" if condition else "does not", found, holds if condition else fails, number)


def _at(record: CostRecord, form: str, n: int, d: int, m: int, t: int = 17) -> Measured:
    row = record.at(form, n, d, m, t)
    if row is None:
        raise ValueError(
            f"the record has no {form!r} at N = {n}, D = {d}, M = {m}. Record it again: "
            "sigreg-edu bench cost"
        )
    return row


def speedup(record: CostRecord, n: int, d: int, m: int) -> float:
    """How many times as long as SIGReg's fast form VICReg took; above 1 SIGReg is the faster."""
    return Pair(_at(record, "fast", n, d, m), _at(record, "vicreg", n, d, m)).speedup


def _pairs(record: CostRecord, keep: Callable[[Measured], bool]) -> list[Pair]:
    """All measured sizes with as many slices as the report's configurations have, where ``keep``.

    Raises:
        ValueError: there is none.
    """
    low, high = SLICES[0], SLICES[-1]
    found = [p for p in record.pairs() if low <= p.sigreg.M <= high and keep(p.sigreg)]
    if not found:
        raise ValueError(
            "the record has no size that a verdict needs. Record it again: sigreg-edu bench cost"
        )
    return found


def _always_faster(record: CostRecord, who: str, keep: Callable[[Measured], bool]) -> Found:
    """Whether ``who``, SIGReg or VICReg, was the faster at every measured size of a region."""
    pairs = sorted(_pairs(record, keep), key=lambda p: p.speedup)
    if who == "VICReg":
        pairs = pairs[::-1]
    worst, best = pairs[0], pairs[-1]
    wins = [p for p in pairs if (p.speedup > 1.0) == (who == "SIGReg")]
    return _either(
        len(wins) == len(pairs),
        f"{who} faster at {len(wins)} of {len(pairs)} measured sizes",
        holds=f"Least so at {_where(worst)}: {_faster(worst.speedup)}.{_close(worst.speedup)}",
        fails=(
            f"At {_where(worst)}: {_faster(worst.speedup)}; at {_where(best)}: "
            f"{_faster(best.speedup)}. D and M decide.{_close(worst.speedup)}"
        ),
        number=worst.speedup,
    )


def _always_smaller(record: CostRecord, keep: Callable[[Measured], bool]) -> Found:
    """Whether SIGReg's fast form held less than VICReg at every measured size of a region."""
    pairs = sorted(_pairs(record, keep), key=lambda p: p.smaller)
    worst, smaller = pairs[0], sum(p.smaller > 1.0 for p in pairs)
    row = worst.sigreg
    textbook = peak_memory("textbook", *row.sizes, device=record.device)
    other = f"The textbook form would hold {in_bytes(textbook)} there."
    return _either(
        smaller == len(pairs),
        f"fast SIGReg smaller at {smaller} of {len(pairs)} measured sizes",
        holds=f"Least so at {_where(worst)}: {worst.smaller:.2g} times smaller. {other}",
        fails=f"At {_where(worst)} VICReg is {1 / worst.smaller:.2g} times smaller. {other}",
        number=worst.smaller,
    )


def _where(pair: Pair) -> str:
    return f"N = {pair.sigreg.N}, D = {pair.sigreg.D}, M = {pair.sigreg.M}"


def _close(number: float, border: float = 1.0) -> str:
    """A sentence for numbers near their border, else nothing."""
    return " A close call." if max(number / border, border / number) < CLOSE else ""


def _growth(record: CostRecord, form: str, m: int) -> float:
    """Exponent of a form's time in D, at the report's N."""
    return exponent(SCALING, [_at(record, form, N, d, m).seconds for d in SCALING])


def _off(found: float, said: float) -> float:
    """By what factor two ratios differ, at least 1."""
    return max(found / said, said / found)


def _faster(ratio: float) -> str:
    """A speed-up in words.

    >>> _faster(2.0), _faster(0.25), _faster(0.9986)
    ('SIGReg 2.0 times as fast', 'VICReg 4.0 times as fast', 'VICReg faster by 0.1 %')
    """
    who, times = ("SIGReg", ratio) if ratio >= 1.0 else ("VICReg", 1.0 / ratio)
    if times < CLOSE:
        return f"{who} faster by {100 * (times - 1):.1f} %"
    return f"{who} {times:.1f} times as fast"


def _weights(loss: type) -> int:
    return sum(name.endswith("_weight") for name in inspect.signature(loss).parameters)


# --- lines of code --------------------------------------------------------------------------------

#: What is counted as SIGReg by the textbook: slices, quadrature and statistic.
SIGREG_PARTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "slicing.directions": ("uniform_directions", "_gaussian", "_unit_columns"),
        "slicing.projections": ("project",),
        "statistics.epps_pulley": ("quadrature_rule", "standard_normal_cf"),
        "slicing.sliced_epps_pulley": ("sliced_epps_pulley_textbook",),
    }
)
#: What is counted as VICReg: centring, variance, covariance and their sum.
VICREG_PARTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"losses.vicreg": ("_centred", "_variance", "_covariance", "_total", "regularizer")}
)


def code_lines(parts: Mapping[str, Iterable[str]]) -> int:
    """Lines of functions, one for each statement: no comments, docstrings or wrapped lines.

    Args:
        parts: for each module of the kit the names of functions or methods in it.

    Raises:
        ValueError: a module has no such function.

    >>> code_lines({"statistics.epps_pulley": ["standard_normal_cf"]})
    2
    """
    count = 0
    for module, names in parts.items():
        tree = ast.parse(inspect.getsource(import_module(f"sigreg_edu.{module}")))
        known = {f.name: f for f in ast.walk(tree) if isinstance(f, ast.FunctionDef)}
        if missing := set(names) - set(known):
            raise ValueError(f"sigreg_edu.{module} has no functions {sorted(missing)}.")
        count += sum(_statements(known[name]) for name in names)
    return count


def _statements(function: ast.FunctionDef) -> int:
    if ast.get_docstring(function) is not None:
        function.body = function.body[1:]
    return len(ast.unparse(function).splitlines())


def _all_functions(module: str) -> dict[str, list[str]]:
    tree = ast.parse(inspect.getsource(import_module(f"sigreg_edu.{module}")))
    return {module: [f.name for f in tree.body if isinstance(f, ast.FunctionDef)]}


# --- recorded trainings ---------------------------------------------------------------------------


@dataclass(frozen=True)
class _Share:
    """What the losses would take of a recorded ViT-Small's step, at the sizes of the table."""

    sigreg: float
    vicreg: float
    rest_seconds: float


def _share_of_step(record: CostRecord) -> _Share | None:
    """The loss at the table's sizes over the step with it; None for a machine without that step."""
    if record.device != "cpu":
        return None
    path = find_bench(Path.cwd(), os.environ, "training.json")
    try:
        costs = json.loads(path.read_text(encoding="utf-8"))["costs"]
        (row,) = [c for c in costs if c["model"] == "vit_small" and c["slices"] == 1024]
        rest = require_positive(row["step_ms"] - row["loss_ms"], "the step without its loss") / 1e3
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} is no record of training steps ({error}). Record it: sigreg-edu bench training"
        ) from error
    sigreg, vicreg = (_at(record, form, N, D, 1024).seconds for form in ("fast", "vicreg"))
    return _Share(sigreg / (rest + sigreg), vicreg / (rest + vicreg), rest)


def _runs(experiment: str, loss: str) -> dict[float, list[RecordedRun]]:
    """Recorded runs of a loss, by λ."""
    found: dict[float, list[RecordedRun]] = {}
    for run in vit_runs(experiment):
        if run.config.loss.name == loss:
            found.setdefault(run.config.loss.lamb, []).append(run)
    return found


@lru_cache(maxsize=4)
def _knn(loss: str) -> Mapping[float, tuple[float, ...]]:
    """Final kNN accuracies of the seeds of a loss, by λ."""
    runs = _runs("vit_lambda", loss).items()
    return MappingProxyType({lamb: tuple(run.final["knn"] for run in own) for lamb, own in runs})


def _best(loss: str) -> tuple[float, tuple[float, ...]]:
    """The λ with the best mean kNN, and the kNN accuracies of its seeds."""
    return max(_knn(loss).items(), key=lambda item: np.mean(item[1]))


def _at_their_best(measure: Callable[[RecordedRun], float]) -> tuple[list[float], list[float]]:
    """A measure of each seed's run, of SIGReg (as in LeJEPA) and of VICReg, each at its best λ."""
    of_sigreg, of_vicreg = (
        [measure(run) for run in _runs("vit_lambda", loss)[_best(loss)[0]]]
        for loss in ("lejepa", "vicreg")
    )
    return of_sigreg, of_vicreg


def _apart(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """Whether every seed of ours is above every seed of theirs, or below, or neither.

    With three seeds each, one order in twenty has all of one above all of the other.

    >>> _apart([3, 4], [1, 2]), _apart([1, 2], [3, 4]), _apart([1, 3], [2, 4])
    ('holds', 'does not', 'cannot be checked')
    """
    if min(ours) > max(theirs):
        return "holds"
    return "does not" if max(ours) < min(theirs) else CHECKED


_ORDERS = {
    "holds": "Every seed of SIGReg is on the better side of every seed of VICReg.",
    "does not": "Every seed of VICReg is on the better side of every seed of SIGReg.",
    CHECKED: "The seeds' ranges overlap: three of each do not tell them apart.",
}


def _percents(scores: Iterable[float]) -> str:
    scores = list(scores)
    return f"{100 * min(scores):.0f}–{100 * max(scores):.0f} %"


# --- quantitative comparison ----------------------------------------------------------------------


@_claim("comparison", "Computational complexity", "O(K²) against O(K)")
def _complexity(record: CostRecord) -> Found:
    vicreg, sigreg = (_growth(record, form, 1024) for form in ("vicreg", "fast"))
    counted = "Counted: N·D² against N·D·M + N·M·T"
    return _either(
        vicreg > 1.4 and sigreg < 1.2,
        f"time grows as D^{vicreg:.1f} (VICReg), D^{sigreg:.1f} (SIGReg)",
        holds=f"{counted}: linear in D while M stays. Which is less depends on M.",
        fails=f"{counted}, but on this machine the times do not grow so.",
    )


@_claim("comparison", "Memory usage", "K² against M×K: SIGReg")
def _memory_usage(record: CostRecord) -> Found:
    pair = Pair(*(_at(record, form, N, D, 1024) for form in ("fast", "vicreg")))
    vicreg, fast = pair.vicreg.peak_bytes, pair.sigreg.peak_bytes
    neither = "Neither of the two arrays is what fills memory"
    return _either(
        vicreg > fast,
        f"ViT-Small's step: VICReg {in_bytes(vicreg)}, SIGReg {in_bytes(fast)}",
        holds=f"{neither}, and with M > K the claim's own count says the opposite.",
        fails=f"{neither}, and M·K is less than K² only for K > M.",
        number=pair.smaller,
    )


@_claim("comparison", "Number of hyperparameters", "3 weights against 1")
def _hyperparameters(_record: CostRecord) -> Found:
    vicreg, sigreg = _weights(VICRegLoss), _weights(SIGRegLoss)
    return _either(
        (vicreg, sigreg) == (3, 1),
        f"weights: VICReg {vicreg}, SIGReg {sigreg}",
        holds="So its own classes have it.",
        fails="Its SIGRegLoss has two weights, and slices, points and ε beside them.",
    )


@_claim("comparison", "Theoretical foundation", "heuristic against optimal Gaussian")
def _foundation(_record: CostRecord) -> Found:
    variance = reference_quantiles(17).square().mean().item()
    theory = "The theory is for N(0, I) and the unstandardized statistic"
    return _either(
        abs(variance - 1.0) < 0.02,
        f"its 17 points have variance {variance:.2f}, not 1",
        holds=f"{theory}.",
        fails=f"{theory}; the report tests standardized shadows against 17 points.",
    )


@_claim("comparison", "Training stability", "good against superior")
def _stability(_record: CostRecord) -> Found:
    (ours, sigreg), (theirs, vicreg) = _best("lejepa"), _best("vicreg")
    ratio = np.var(vicreg) / max(np.var(sigreg), 1e-12)
    said = CHECKED
    if max(ratio, 1.0 / ratio) > SPREADS_DIFFER:
        said = "holds" if ratio > 1.0 else "does not"
    least = f"to tell two spreads apart takes {SPREADS_DIFFER:.0f} times with three seeds each"
    return Found(
        said,
        f"kNN over seeds: VICReg {_percents(vicreg)}, SIGReg {_percents(sigreg)}",
        (
            f"At the best λ of each, {ours:g} and {theirs:g}. The larger variance is "
            f"{max(ratio, 1.0 / ratio):.1f} times the smaller; {least}."
        ),
    )


@_claim("comparison", "Implementation complexity", "simple against moderate")
def _implementation(_record: CostRecord) -> Found:
    vicreg, textbook = code_lines(VICREG_PARTS), code_lines(SIGREG_PARTS)
    blocks = code_lines(_all_functions("slicing.trig_sums"))
    counted = (
        "Counted without comments: centring, variance, covariance and their sum, against slices, "
        "quadrature and textbook statistic."
    )
    more = f"The fast form adds {blocks} for its blocks and its gradient."
    return _either(
        textbook >= 1.25 * vicreg,
        f"lines of code here: VICReg {vicreg}, SIGReg {textbook}",
        holds=f"{counted} {more}",
        fails=f"{counted} VICReg is not shorter by a quarter. {more}",
    )


@_claim("comparison", "Scalability to large models", "poor (> 1B) against excellent")
def _scalability(record: CostRecord) -> Found:
    why = "No model of a billion parameters is trained here. Parameters enter neither cost."
    share = _share_of_step(record)
    if share is None:
        return Found(CHECKED, "no training step is recorded on this machine", why)
    return Found(
        CHECKED,
        f"of a step: VICReg {_percent(share.vicreg)}, SIGReg {_percent(share.sigreg)}",
        (
            f"{why} Shares of a ViT-Small's step, at N = {N}, D = {D}, M = 1024 beside the other "
            f"{in_seconds(share.rest_seconds)} of a step with 2 × 32 images of 64 patches."
        ),
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


# --- when which is faster -------------------------------------------------------------------------


@_claim("faster", "SIGReg: K > 1024", "SIGReg is faster")
def _large_dimension(record: CostRecord) -> Found:
    return _always_faster(record, "SIGReg", lambda row: row.D > 1024)


@_claim("faster", "SIGReg: N < 1024", "SIGReg is faster")
def _moderate_batch(record: CostRecord) -> Found:
    return _always_faster(record, "SIGReg", lambda row: row.N < 1024)


@_claim("faster", "SIGReg: many tokens", "SIGReg is faster")
def _many_tokens(record: CostRecord) -> Found:
    ratio = speedup(record, N, D, 1024)
    return Found(
        SO,
        f"ViT-Small, M = 1024: {_faster(ratio)}",
        f"Its 32 · 196 tokens are N = {N} > 2048, where its own next list has VICReg faster.",
        ratio,
    )


@_claim("faster", "SIGReg: ViT-Large, Giant", "SIGReg is faster")
def _large_scale(record: CostRecord) -> Found:
    found = _always_faster(record, "SIGReg", lambda row: row.D >= 1024 and row.M == 2048)
    why = f"With the 2,048 slices of its configuration for large models. {found.why}"
    return Found(found.said, found.found, why, found.number)


@_claim("faster", "VICReg: K < 512", "VICReg is faster")
def _small_dimension(record: CostRecord) -> Found:
    found = _always_faster(record, "VICReg", lambda row: row.D < 512)
    why = f"{found.why} Its own table has SIGReg 1.52 times as fast at D = 384."
    return Found(found.said, found.found, why, found.number)


@_claim("faster", "VICReg: N > 2048", "VICReg is faster")
def _very_large_batch(record: CostRecord) -> Found:
    return _always_faster(record, "VICReg", lambda row: row.N > 2048)


@_claim("faster", "VICReg: simple architectures", "VICReg is faster")
def _simple_architecture(_record: CostRecord) -> Found:
    return Found(
        "does not",
        "no cost depends on the architecture",
        "A loss sees N embeddings of D numbers, whatever made them.",
    )


@_claim("faster", "VICReg: quick prototyping", "VICReg is faster")
def _prototyping(record: CostRecord) -> Found:
    def small(row: Measured) -> bool:
        return row.N <= 512 and row.D <= 256

    found = _always_faster(record, "VICReg", small)
    longest = max(pair.sigreg.seconds for pair in _pairs(record, small))
    why = f"{found.why} For N ≤ 512, D ≤ 256 no SIGReg step took more than {in_seconds(longest)}."
    return Found(found.said, found.found, why, found.number)


# --- memory efficiency ----------------------------------------------------------------------------


def _memory_row(d: int, said: float) -> None:
    @_claim("memory", f"D = {d}", f"{4 * d * d // 1024:,} KB against {4 * d:,} KB", said)
    def rule(record: CostRecord) -> Found:
        vicreg, fast = (
            peak_memory(form, N, d, 1024, 17, device=record.device) for form in ("vicreg", "fast")
        )
        return _either(
            abs(d / 1024 - said) < 0.01,
            f"a whole step: VICReg {in_bytes(vicreg)}, SIGReg {in_bytes(fast)}",
            holds="Right for these two arrays. A step holds points, gradients and waves as well.",
            fails="Wrong for these two arrays.",
            number=vicreg / fast,
        )


for _d, _said in MEMORY.items():
    _memory_row(_d, _said)


@_claim("memory", "Key insight", "SIGReg smaller for D > 1024")
def _memory_insight(record: CostRecord) -> Found:
    return _always_smaller(record, lambda row: row.D > 1024)


# --- computational performance --------------------------------------------------------------------


@_claim("performance", "VICReg", "12.5 ms, 45 MB", 1.0)
def _baseline(record: CostRecord) -> Found:
    row = _at(record, "vicreg", N, D, 512)
    off = _off(row.peak_bytes / 1e6, PERFORMANCE[0][1])
    return Found(
        CHECKED,
        f"{in_seconds(row.seconds)} here, {in_bytes(row.peak_bytes)}",
        (
            "Milliseconds of another machine, not named, and the base of its speedups. Its memory "
            f"is {off:.1f} times off what a step holds here."
        ),
        1.0,
    )


def _performance_row(slices: int, says: str) -> None:
    ms, megabytes = PERFORMANCE[slices]

    @_claim("performance", f"SIGReg ({slices} slices)", says, PERFORMANCE[0][0] / ms)
    def rule(record: CostRecord) -> Found:
        ratio, kernel = speedup(record, N, D, slices), 4.0 * N**2
        fast = _at(record, "fast", N, D, slices)
        return Found(
            SO,
            f"fast form: {_faster(ratio)}, {in_bytes(fast.peak_bytes)}",
            (
                f"By its three sums one slice's {N} × {N} kernel is {in_bytes(kernel)}, all "
                f"{in_bytes(kernel * slices)}: not {megabytes:.0f} MB."
            ),
            ratio,
        )


_performance_row(512, "8.2 ms, 38 MB: 1.5x faster")
_performance_row(1024, "14.1 ms, 42 MB: comparable")
_performance_row(2048, "26.8 ms, 50 MB: more thorough")


# --- scaling behaviour ----------------------------------------------------------------------------


def _scaling_row(d: int) -> None:
    vicreg, sigreg = SCALING[d]
    said = round(vicreg / sigreg, 2)

    @_claim("scaling", f"D = {d}", f"{vicreg:g} ms against {sigreg:g} ms", said)
    def rule(record: CostRecord) -> Found:
        ratio, more = speedup(record, N, d, 512), speedup(record, N, d, 1024)
        off, same_side = _off(ratio, said), (ratio > 1.0) == (said > 1.0)
        compared = f"{off:.1f} times off its {said:g}{'' if same_side else ', on the other side'}"
        rest = (
            f"({AGREES:g} would pass.{_close(off, AGREES)}) With 1,024 slices, its standard: "
            f"{_faster(more)}."
        )
        return _either(
            off <= AGREES and same_side,
            f"M = 512: {_faster(ratio)}",
            holds=f"The column has 512 slices without saying so. Measured so: {compared}. {rest}",
            fails=f"The column has 512 slices without saying so. Measured: {compared}. {rest}",
            number=ratio,
        )


for _d in SCALING:
    _scaling_row(_d)


@_claim("scaling", "Key insight", "the advantage grows with D")
def _scaling_insight(record: CostRecord) -> Found:
    by_slices = {m: [speedup(record, N, d, m) for d in SCALING] for m in (512, 1024)}
    ends = " and ".join(f"{r[0]:.2f}–{r[-1]:.1f} (M = {m})" for m, r in by_slices.items())
    falls = [m for m, r in by_slices.items() if any(late <= early for early, late in pairwise(r))]
    return _either(
        not falls,
        f"VICReg ÷ SIGReg {ends}",
        holds="From D = 192 to 2048 without a step back: N·D² outgrows N·D·M + N·M·T.",
        fails=f"With {' and '.join(map(str, falls))} slices it falls from some D to the next.",
    )


# --- performance summary --------------------------------------------------------------------------

_claim("summary", "Linear O(K)", "against quadratic O(K²)")(_complexity)


@_claim("summary", "2–7x faster for D > 768", "SIGReg is faster")
def _two_to_seven(record: CostRecord) -> Found:
    pairs = sorted(_pairs(record, lambda row: row.D > 768), key=lambda p: p.speedup)
    least, most = pairs[0], pairs[-1]
    ends = (
        f"{_faster(least.speedup)} at {_where(least)}, {_faster(most.speedup)} at {_where(most)}."
    )
    return _either(
        least.speedup >= 2.0 and most.speedup <= 7.0,
        f"{least.speedup:.2g}–{most.speedup:.2g} times over {len(pairs)} measured sizes",
        holds=ends,
        fails=f"{ends} The summary names neither N nor M.",
        number=least.speedup,
    )


@_claim("summary", "Lower memory", "for large models")
def _lower_memory(record: CostRecord) -> Found:
    return _always_smaller(record, lambda row: row.D >= 1024)


@_claim("summary", "Scales to 1.8B parameters", "proven in LeJEPA")
def _billions(_record: CostRecord) -> Found:
    return Found(
        CHECKED,
        "LeJEPA's paper reports a 1.8B ViT-g",
        "Quoted from the paper: neither the report nor this kit trains a model of that size.",
    )


_claim("summary", "VICReg: simpler", "simpler implementation")(_implementation)


@_claim("summary", "VICReg: slightly faster", "for D < 512")
def _slightly(record: CostRecord) -> Found:
    pairs = sorted(
        (Pair(_at(record, "fast", N, d, m), _at(record, "vicreg", N, d, m))
         for d in (192, D) for m in (512, 1024)),
        key=lambda p: p.speedup,
    )  # fmt: skip
    least, most = pairs[0].speedup, pairs[-1].speedup
    own = "Its table over D has SIGReg faster at D = 384."
    return _either(
        least > 1.0 / AGREES and most < 1.0,
        f"at its N: VICReg {1 / most:.1f}–{1 / least:.1f} times as fast",
        holds=f"Slightly: never more than {AGREES:g} times. {own}",
        fails=f"Slightly would be at most {AGREES:g} times. {own}",
        number=most,
    )


@_claim("summary", "VICReg: no tuning", "no hyperparameter tuning")
def _no_tuning(_record: CostRecord) -> Found:
    means = {lamb: float(np.mean(scores)) for lamb, scores in _knn("vicreg").items()}
    return Found(
        SO,
        f"kNN over λ: {_percents(means.values())}",
        f"Its first table counts VICReg's {_weights(VICRegLoss)} weights as a drawback.",
    )


# --- stability and quality ------------------------------------------------------------------------

_claim("stability", "Superior stability", "by LeJEPA's results")(_stability)


@_claim("stability", "No stop-gradient, no EMA", "SIGReg needs neither")
def _no_teacher(_record: CostRecord) -> Found:
    lamb, scores = _best("lejepa")
    raw = float(np.mean([run.final["raw_knn"] for run in _runs("vit_lambda", "lejepa")[lamb]]))
    vicreg = _percents(_best("vicreg")[1])
    return _either(
        min(scores) > raw,
        f"kNN without either: {_percents(scores)}; raw pixels {100 * raw:.0f} %",
        holds=f"Trained here without either, at λ = {lamb:g}. VICReg needs neither too: {vicreg}.",
        fails=f"Trained here without either, at λ = {lamb:g}, some seed is no better than pixels.",
    )


@_claim("stability", "Robust", "to hyperparameter choices")
def _robust(_record: CostRecord) -> Found:
    ours, theirs = (_good_range(loss) for loss in ("lejepa", "vicreg"))
    count = len(_knn("lejepa"))
    within = f"λ within a tenth of the best kNN: {_range(ours)}"
    other = f"VICReg's of the same {count} λ: {_range(theirs)}."
    return _either(
        ours[1] >= 10.0 * ours[0],
        within,
        holds=f"A factor of ten or more. {other}",
        fails=f"A factor of {ours[1] / ours[0]:.2g}; ten would be robust. {other}",
    )


def _range(ends: tuple[float, float]) -> str:
    """Two ends, or the only one there is.

    >>> _range((0.05, 0.1)), _range((0.5, 0.5))
    ('0.05–0.1', '0.5 alone')
    """
    low, high = ends
    return f"{low:g} alone" if low == high else f"{low:g}–{high:g}"


def _good_range(loss: str) -> tuple[float, float]:
    """The least and the largest λ whose mean kNN is within a tenth of the best."""
    means = {lamb: float(np.mean(scores)) for lamb, scores in _knn(loss).items()}
    good = [lamb for lamb, mean in means.items() if mean >= 0.9 * max(means.values())]
    return min(good), max(good)


@_claim("stability", "Smoother loss curves", "than VICReg's")
def _smoother(_record: CostRecord) -> Found:
    sigreg, vicreg = _at_their_best(_roughness)
    said = _apart([-rough for rough in sigreg], [-rough for rough in vicreg])
    return Found(
        said,
        f"jitter over range: SIGReg {_percents(sigreg)}, VICReg {_percents(vicreg)}",
        (
            "Step-to-step changes over the curve's range, after warm-up, at the best λ of each. "
            f"{_ORDERS[said]}"
        ),
    )


def _roughness(run: RecordedRun) -> float:
    """Standard deviation of a loss curve's steps over its range, after warm-up."""
    curve = run.curves["loss"][run.config.warmup :].astype(float)
    return float(np.std(np.diff(curve)) / np.ptp(curve))


def _quality_row(
    row: str, says: str, name: str, measure: Callable[[RecordedRun], float], *, share: bool
) -> None:
    @_claim("stability", row, says)
    def rule(_record: CostRecord) -> Found:
        sigreg, vicreg = _at_their_best(measure)
        said = _apart(sigreg, vicreg)
        told = [_percents(v) if share else f"{min(v):.0f}–{max(v):.0f}" for v in (sigreg, vicreg)]
        return Found(
            said,
            f"{name}: SIGReg {told[0]}, VICReg {told[1]}",
            f"Each at its best λ, small digits. {_ORDERS[said]}",
        )


_quality_row(
    "Better representations", "expected", "linear probe",
    lambda run: run.final["linear"], share=True,
)  # fmt: skip
_quality_row(
    "Less mode collapse", "expected", "least spread of a projection",
    lambda run: float(run.measures["projection"]["smallest_std"][-1]), share=True,
)  # fmt: skip
_quality_row(
    "More diverse features", "expected", "effective rank",
    lambda run: float(run.measures["embedding"]["effective_rank"][-1]), share=False,
)  # fmt: skip
_quality_row("Downstream performance", "expected", "kNN", lambda run: run.final["knn"], share=True)


# --- text and configuration -----------------------------------------------------------------------


@_claim("text", "Efficient: O(K)", "three sums over pairs of points")
def _three_sums(record: CostRecord) -> Found:
    rows = record.line("three sums", 0, (256, 64, 128, 17))[-3:]
    grown = exponent([row.N for row in rows], [row.seconds for row in rows])
    counted = "(1/N²) Σ over pairs is N² terms a slice; K is not in it at all"
    return _either(
        grown < 1.2,
        f"time grows as N^{grown:.1f}",
        holds=f"{counted}, but on this machine the time is hardly more than linear in N.",
        fails=f"{counted}.",
    )


@_claim("text", "17 points", "optimal, from LeJEPA")
def _seventeen(record: CostRecord) -> Found:
    rows = record.line("fast", 3, (2048, 256, 512, 17))
    grown = exponent([row.T for row in rows], [row.seconds for row in rows])
    return Found(
        "does not",
        f"17 are LeJEPA's knots; time grows as T^{grown:.1f}",
        "LeJEPA integrates over 17 frequencies; it has no reference points and proves no optimum.",
    )


@_claim("text", "fixed_slices", "save memory")
def _fixed_memory(record: CostRecord) -> Found:
    directions, fast = 4 * D * 1024, _at(record, "fast", N, D, 1024).peak_bytes
    return _either(
        directions > 0.1 * fast,
        f"directions: {in_bytes(directions)}; a step: {in_bytes(fast)} more",
        holds="At ViT-Small's sizes, if the directions need not be kept between steps.",
        fails="Fresh or kept, the directions are D × M numbers, and less than a tenth of a step.",
    )


@_claim("text", "fixed_slices", "cache, and be faster")
def _fixed_time(record: CostRecord) -> Found:
    share = record.draw / (record.draw + _at(record, "fast", N, D, 1024).seconds)
    blind = "Fixed slices leave blind spots."
    return _either(
        share > 0.1,
        f"drawing takes {_percent(share)} of a step",
        holds=f"At ViT-Small's sizes more than a tenth would be saved. {blind}",
        fails=f"At ViT-Small's sizes less than a tenth would be saved. {blind}",
    )


@_claim("text", "fewer num_slices", "for speed and memory")
def _fewer_slices(record: CostRecord) -> Found:
    rows = [[_at(record, "fast", N, d, m) for m in (512, 1024)] for d in SCALING]
    time = [few.seconds / many.seconds for few, many in rows]
    memory = [few.peak_bytes / many.peak_bytes for few, many in rows]
    return _either(
        max(time) < 0.8 and max(memory) < 0.95,
        f"512 for 1,024: time × {_ends(time)}, memory × {_ends(memory)}",
        holds="At every D of its table. Projections and waves are proportional to M.",
        fails="Not at every D of its table: points and gradients are not proportional to M.",
    )


@_claim("text", "Time by slices", "8.2, 14.1, 26.8 ms")
def _by_slices(record: CostRecord) -> Found:
    said = PERFORMANCE[2048][0] / PERFORMANCE[512][0]
    lines = ([record.at("fast", N, d, m) for m in (512, 2048)] for d in SCALING)
    grown = [many.seconds / few.seconds for few, many in lines if few and many]
    if not grown:
        _at(record, "fast", N, D, 2048)
    nearest = float(np.clip(said, min(grown), max(grown)))
    outside = f"The report's {said:.1f} times is {_off(nearest, said):.2f} times off the nearest"
    return _either(
        _off(nearest, said) < CLOSE,
        f"512 to 2048 slices: time × {_ends(grown)} over {len(grown)} D",
        holds=f"The report's {said:.1f} times lies among them, or within {CLOSE - 1:.0%}.",
        fails=(
            f"{outside}; {CLOSE:g} would pass. From 32 MB of projections on the fast form computes "
            "them twice, which keeps its memory small."
        ),
    )


def _ends(values: Sequence[float]) -> str:
    """The least and the largest, two digits.

    >>> _ends([0.5, 0.46]), _ends([2.0, 2.0])
    ('0.46–0.5', '2')
    """
    low, high = f"{min(values):.2g}", f"{max(values):.2g}"
    return low if low == high else f"{low}–{high}"


CLAIMS: tuple[Claim, ...] = tuple(claim for claim, _ in _RULES)
