"""Every row of the report's tables on cost, and a verdict on each from measurement or arithmetic.

SIGReg is judged in its favour: by the fast form, on the tensors that VICReg gets. Milliseconds of
another machine cannot be checked here, so times are judged by their ratios within one run.
"""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

import numpy as np

from sigreg_edu.checks import require_choice, require_number
from sigreg_edu.losses import SIGRegLoss, VICRegLoss
from sigreg_edu.losses.cost import Measured, peak_memory
from sigreg_edu.losses.timing import in_bytes, in_seconds
from sigreg_edu.slicing import sliced_epps_pulley, trig_sums
from sigreg_edu.statistics import reference_quantiles
from sigreg_edu.training.recorded import vit_runs
from sigreg_edu.views.cost_record import CostRecord, cost_record, find_bench
from sigreg_edu.views.params import Params, choice, slider

__all__ = [
    "CLAIMS",
    "PERFORMANCE",
    "SCALING",
    "TABLES",
    "VERDICTS",
    "Claim",
    "ReportTablesParams",
    "ReportTablesView",
    "Verdict",
    "judge",
    "report_tables_view",
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

TABLES: Mapping[str, str] = MappingProxyType(
    {
        "comparison": "Quantitative comparison",
        "faster": "When which is faster",
        "memory": "Memory efficiency",
        "performance": "Computational performance",
        "scaling": "Scaling behaviour",
        "summary": "Performance summary",
        "text": "Text and configuration",
    }
)
VERDICTS: Mapping[str, str] = MappingProxyType(
    {"holds": "✓", "does not": "✗", "cannot be": "∅"}  # its mark
)
AGREES = 1.5  # two ratios agree if they are within this factor
MOST_ROWS = 8


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
class Verdict:
    """What became of a claim.

    Attributes:
        claim: the claim.
        verdict: key of ``VERDICTS``; "cannot be" is said of what contradicts arithmetic or the
            report itself.
        found: what was measured or counted instead, in words.
        why: one sentence.
        number: the measured counterpart of the claim's number, where there is one.
    """

    claim: Claim
    verdict: str
    found: str
    why: str
    number: float | None = None

    @property
    def mark(self) -> str:
        """✓, ✗ or ∅."""
        return VERDICTS[self.verdict]


Found = tuple[str, str, str] | tuple[str, str, str, float]  # verdict, found, why, number
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
        record: of :func:`cost_record`.

    Returns:
        A verdict for each of ``CLAIMS``, in their order.

    Raises:
        ValueError: the record lacks a step that a verdict needs.
        FileNotFoundError: the recorded trainings are not there; the message says what to do.

    >>> {verdict.verdict for verdict in judge(cost_record())} == set(VERDICTS)
    True
    """
    return tuple(Verdict(claim, *rule(record)) for claim, rule in _RULES)


# --- what the rules ask ---------------------------------------------------------------------------


def _at(record: CostRecord, form: str, n: int, d: int, m: int) -> Measured:
    row = record.at(form, n, d, m)
    if row is None:
        raise ValueError(
            f"the record has no {form!r} at N = {n}, D = {d}, M = {m}. Record it again: "
            "sigreg-edu bench cost"
        )
    return row


def speedup(record: CostRecord, n: int, d: int, m: int) -> float:
    """How many times as long as SIGReg's fast form VICReg took; above 1 SIGReg is the faster."""
    return _at(record, "vicreg", n, d, m).seconds / _at(record, "fast", n, d, m).seconds


def bytes_ratio(d: int, m: int = 1024, n: int = N, form: str = "fast") -> float:
    """How many times SIGReg's peak memory VICReg's is; above 1 SIGReg is the smaller."""
    return peak_memory("vicreg", n, d, m, 17) / peak_memory(form, n, d, m, 17)


def slope(sizes: Iterable[float], costs: Iterable[float]) -> float:
    """Exponent of a power law by least squares on logarithms.

    >>> round(slope([1, 2, 4], [3, 12, 48]), 6)
    2.0
    """
    x, y = np.log(list(sizes)), np.log(list(costs))
    return float(np.polyfit(x, y, 1)[0])


def _growth(record: CostRecord, form: str, m: int) -> float:
    """Exponent of a form's time in D, at the report's N."""
    return slope(SCALING, [_at(record, form, N, d, m).seconds for d in SCALING])


def _holds(condition: bool) -> str:
    return "holds" if condition else "does not"


def _agree(found: float, said: float) -> bool:
    return 1.0 / AGREES <= found / said <= AGREES


def _faster(ratio: float) -> str:
    """A speed-up in words."""
    if ratio >= 1.0:
        return f"SIGReg {ratio:.1f} times as fast"
    return f"VICReg {1.0 / ratio:.1f} times as fast"


def _weights(loss: type) -> int:
    return sum(name.endswith("_weight") for name in inspect.signature(loss).parameters)


def _code_lines(*parts: object) -> int:
    """Lines of code of functions or modules, without blank lines, comments and docstrings."""
    lines = []
    for part in parts:
        told, inside = inspect.getsource(part).splitlines(), False
        for line in map(str.strip, told):
            quotes = line.count('"""')
            code = line and not line.startswith("#") and not inside and not quotes
            inside ^= quotes == 1
            lines += [line] if code else []
    return len(lines)


@lru_cache(maxsize=1)
def _share_of_step() -> dict[str, float]:
    """What of a training step the loss takes, by model, at 1,024 slices, as it was recorded."""
    path = find_bench(Path.cwd(), os.environ, "training.json")
    try:
        costs = json.loads(path.read_text(encoding="utf-8"))["costs"]
        shares = {str(c["model"]): c["share"] for c in costs if c["slices"] == 1024}
        return {m: require_number(s, "share", minimum=0.0, maximum=1.0) for m, s in shares.items()}
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} is no record of training steps ({error}). Record it: sigreg-edu bench training"
        ) from error


def _knn(experiment: str, loss: str) -> dict[float, list[float]]:
    """Final kNN accuracies of a recorded loss, by λ."""
    found: dict[float, list[float]] = {}
    for run in vit_runs(experiment):
        if run.config.loss.name == loss:
            found.setdefault(run.config.loss.lamb, []).append(run.final["knn"])
    return found


def _percents(scores: Iterable[float]) -> str:
    scores = list(scores)
    return f"{100 * min(scores):.0f}–{100 * max(scores):.0f} %"


# --- quantitative comparison ----------------------------------------------------------------------


@_claim("comparison", "Computational complexity", "O(K²) against O(K)")
def _complexity(record: CostRecord) -> Found:
    vicreg, sigreg = (_growth(record, form, 1024) for form in ("vicreg", "fast"))
    return (
        _holds(vicreg > 1.4 and sigreg < 1.2),
        f"time grows as D^{vicreg:.1f} and D^{sigreg:.1f}",
        "N·D² against N·D·M + N·M·T: linear in D while M stays; which is less depends on M.",
    )


@_claim("comparison", "Memory usage", "K² against M×K: SIGReg")
def _memory_usage(record: CostRecord) -> Found:
    vicreg, fast = (_at(record, form, N, D, 1024).peak_bytes for form in ("vicreg", "fast"))
    return (
        _holds(vicreg > fast),
        f"ViT-Small's step: {in_bytes(vicreg)} against {in_bytes(fast)}",
        "M·K is less than K² only for K > M, and neither is what fills memory.",
        vicreg / fast,
    )


@_claim("comparison", "Number of hyperparameters", "3 weights against 1")
def _hyperparameters(_record: CostRecord) -> Found:
    vicreg, sigreg = _weights(VICRegLoss), _weights(SIGRegLoss)
    return (
        _holds((vicreg, sigreg) == (3, 1)),
        f"{vicreg} weights against {sigreg}",
        "Its SIGRegLoss has two weights, and slices, points and ε beside them.",
    )


@_claim("comparison", "Theoretical foundation", "heuristic against optimal Gaussian")
def _foundation(_record: CostRecord) -> Found:
    variance = reference_quantiles(17).square().mean().item()
    return (
        _holds(abs(variance - 1.0) < 0.02),
        f"its 17 points have variance {variance:.2f}, not 1",
        (
            "The theory is for N(0, I) and the unstandardized statistic; the report tests "
            "standardized shadows against 17 points."
        ),
    )


@_claim("comparison", "Training stability", "good against superior")
def _stability(_record: CostRecord) -> Found:
    own, vicreg, best = (
        [score for scores in _knn("vit_main", loss).values() for score in scores]
        for loss in ("sigreg", "vicreg", "lejepa")
    )
    return (
        _holds(np.ptp(own) < np.ptp(vicreg)),
        f"kNN over {len(own)} seeds: {_percents(own)} against {_percents(vicreg)}",
        (
            f"With its weights of 25 : 25 SIGReg varies more over seeds than VICReg; at LeJEPA's λ "
            f"it reaches {_percents(best)}."
        ),
    )


@_claim("comparison", "Implementation complexity", "simple against moderate")
def _implementation(_record: CostRecord) -> Found:
    vicreg = _code_lines(VICRegLoss.regularizer, VICRegLoss._variance, VICRegLoss._covariance)
    fast = _code_lines(trig_sums, sliced_epps_pulley)
    return (
        _holds(fast > vicreg),
        f"{vicreg} lines of code here against {fast}",
        "The textbook form has ten lines; to be fast and small takes blocks and an own gradient.",
    )


@_claim("comparison", "Scalability to large models", "poor (> 1B) against excellent")
def _scalability(_record: CostRecord) -> Found:
    shares = _share_of_step()
    least = min(shares.values())
    return (
        "does not",
        f"SIGReg takes {100 * least:.1f} % of a ViT-Small's step",
        (
            "A model's parameters enter neither cost, only N and D; the larger the model, the "
            "smaller the loss's share."
        ),
    )


# --- when which is faster -------------------------------------------------------------------------


@_claim("faster", "SIGReg: K > 1024", "SIGReg is faster")
def _large_dimension(record: CostRecord) -> Found:
    ratio, with_more = speedup(record, N, 2048, 1024), speedup(record, N, 1024, 2048)
    return (
        _holds(ratio > 1.0),
        f"D = 2048, M = 1024: {_faster(ratio)}",
        (
            f"True of 1,024 slices; with 2,048, as its large models have, at D = 1024: "
            f"{_faster(with_more)}."
        ),
        ratio,
    )


@_claim("faster", "SIGReg: N < 1024", "SIGReg is faster")
def _moderate_batch(record: CostRecord) -> Found:
    small, large = speedup(record, 196, D, 1024), speedup(record, N, D, 1024)
    return (
        _holds(small > 1.0),
        f"N = 196, D = 384: {_faster(small)}",
        f"Both costs are linear in N, so N hardly decides (N = {N}: {_faster(large)}).",
        small,
    )


@_claim("faster", "SIGReg: many tokens", "SIGReg is faster")
def _many_tokens(record: CostRecord) -> Found:
    ratio = speedup(record, N, D, 1024)
    return (
        "cannot be" if N > 2048 else _holds(ratio > 1.0),
        f"ViT-Small, M = 1024: {_faster(ratio)}",
        f"Its 32 · 196 tokens are N = {N} > 2048, where its own next list has VICReg faster.",
        ratio,
    )


@_claim("faster", "SIGReg: ViT-Large, Giant", "SIGReg is faster")
def _large_scale(record: CostRecord) -> Found:
    ratio = speedup(record, N, 1024, 2048)
    return (
        _holds(ratio > 1.0),
        f"D = 1024, M = 2048: {_faster(ratio)}",
        "Its configuration for large models doubles the slices, and the cost with them.",
        ratio,
    )


@_claim("faster", "VICReg: K < 512", "VICReg is faster")
def _small_dimension(record: CostRecord) -> Found:
    ratios = [speedup(record, N, d, m) for d in (192, D) for m in (512, 1024)]
    return (
        _holds(max(ratios) < 1.0),
        f"D = 192 and 384: VICReg {1 / max(ratios):.1f}–{1 / min(ratios):.1f} times as fast",
        "Measured so, but its own table has SIGReg 1.52 times as fast at D = 384.",
        max(ratios),
    )


@_claim("faster", "VICReg: N > 2048", "VICReg is faster")
def _very_large_batch(record: CostRecord) -> Found:
    ratio = speedup(record, N, 2048, 512)
    return (
        _holds(ratio < 1.0),
        f"N = {N}, D = 2048, M = 512: {_faster(ratio)}",
        "Both costs are linear in N; D against M decides.",
        ratio,
    )


@_claim("faster", "VICReg: simple architectures", "VICReg is faster")
def _simple_architecture(_record: CostRecord) -> Found:
    return (
        "does not",
        "no cost depends on the architecture",
        "A loss sees N embeddings of D numbers, whatever made them.",
    )


@_claim("faster", "VICReg: quick prototyping", "VICReg is faster")
def _prototyping(record: CostRecord) -> Found:
    ratio = speedup(record, 256, 64, 128)
    return (
        _holds(ratio < 1.0),
        f"N = 256, D = 64, M = 128: {_faster(ratio)}",
        (
            "Small sizes favour VICReg, but "
            f"{in_seconds(_at(record, 'fast', 256, 64, 128).seconds)} hold nobody up."
        ),
        ratio,
    )


# --- memory efficiency ----------------------------------------------------------------------------


def _memory_row(d: int, said: float) -> None:
    @_claim("memory", f"D = {d}", f"{4 * d * d // 1024:,} KB against {4 * d:,} KB", said)
    def rule(_record: CostRecord) -> Found:
        vicreg, fast = (peak_memory(form, N, d, 1024, 17) for form in ("vicreg", "fast"))
        return (
            _holds(abs(d / 1024 - said) < 0.01),
            f"a whole step: {in_bytes(vicreg)} against {in_bytes(fast)}",
            "Right for these two tensors; a step holds points, gradients and waves as well.",
            vicreg / fast,
        )


for _d, _said in MEMORY.items():
    _memory_row(_d, _said)


@_claim("memory", "Key insight", "SIGReg smaller for D > 1024")
def _memory_insight(_record: CostRecord) -> Found:
    fast = bytes_ratio(2048)
    textbook = peak_memory("textbook", N, 2048, 1024, 17)
    three = peak_memory("three sums", N, 2048, 1024, 17)
    return (
        _holds(fast > 1.5),
        f"D = 2048: {fast:.1f} times less, by the fast form",
        (
            f"Only the fast form: the textbook's needs {in_bytes(textbook)} at M = 1024, the "
            f"report's three sums {in_bytes(three)}."
        ),
        fast,
    )


# --- computational performance --------------------------------------------------------------------


@_claim("performance", "VICReg", "12.5 ms, 45 MB", 1.0)
def _baseline(record: CostRecord) -> Found:
    row = _at(record, "vicreg", N, D, 512)
    return (
        _holds(_agree(row.peak_bytes / 1e6, PERFORMANCE[0][1])),
        f"{in_seconds(row.seconds)} here, {in_bytes(row.peak_bytes)}",
        (
            f"Milliseconds of another machine cannot be checked; its memory is within {AGREES:g} "
            "times of what a step holds here."
        ),
        1.0,
    )


def _performance_row(slices: int, says: str) -> None:
    ms, megabytes = PERFORMANCE[slices]

    @_claim("performance", f"SIGReg ({slices} slices)", says, PERFORMANCE[0][0] / ms)
    def rule(record: CostRecord) -> Found:
        ratio, kernel = speedup(record, N, D, slices), 4.0 * N**2
        fast = _at(record, "fast", N, D, slices)
        impossible = kernel > 1e6 * megabytes
        return (
            "cannot be" if impossible else _holds(_agree(ratio, PERFORMANCE[0][0] / ms)),
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
        ratio = speedup(record, N, d, 512)
        more = speedup(record, N, d, 1024)
        same_side = (ratio > 1.0) == (said > 1.0)
        return (
            _holds(_agree(ratio, said) and same_side),
            f"M = 512: {_faster(ratio)}",
            (
                f"The column has 512 slices without saying so; with 1,024, its standard: "
                f"{_faster(more)}."
            ),
            ratio,
        )


for _d in SCALING:
    _scaling_row(_d)


@_claim("scaling", "Key insight", "the advantage grows with D")
def _scaling_insight(record: CostRecord) -> Found:
    ratios = [speedup(record, N, d, 512) for d in SCALING]
    return (
        _holds(all(late > early for early, late in pairwise(ratios))),
        f"from {ratios[0]:.2f} at D = 192 to {ratios[-1]:.1f} at 2048",
        "VICReg's N·D² outgrows N·D·M + N·M·T, wherever they cross.",
    )


# --- performance summary --------------------------------------------------------------------------


@_claim("summary", "Linear O(K)", "against quadratic O(K²)")
def _linear(record: CostRecord) -> Found:
    return _complexity(record)


@_claim("summary", "2–7x faster for D > 768", "SIGReg is faster")
def _two_to_seven(record: CostRecord) -> Found:
    ratios = {m: [speedup(record, N, d, m) for d in (1024, 2048)] for m in (512, 1024)}
    both = [ratio for pair in ratios.values() for ratio in pair]
    return (
        _holds(min(both) >= 2.0 and max(both) <= 7.0),
        (
            f"{ratios[512][0]:.1f}–{ratios[512][1]:.1f} (M = 512), {ratios[1024][0]:.1f}–"
            f"{ratios[1024][1]:.1f} (M = 1024)"
        ),
        "At D = 1024 and 2048; half the slices are half the time, and the summary names no M.",
        min(both),
    )


@_claim("summary", "Lower memory", "for large models")
def _lower_memory(_record: CostRecord) -> Found:
    ratios = [bytes_ratio(d) for d in (1024, 2048)]
    return (
        _holds(min(ratios) > 1.0),
        f"{ratios[0]:.1f}–{ratios[1]:.1f} times less at D = 1024, 2048",
        "By the fast form; the textbook's fills N·M·T and is the larger one at all these D.",
        min(ratios),
    )


@_claim("summary", "Scales to 1.8B parameters", "proven in LeJEPA")
def _billions(_record: CostRecord) -> Found:
    shares = _share_of_step()
    return (
        _holds(max(shares.values()) < 0.5),
        "LeJEPA's paper reports a 1.8B ViT-g",
        (
            f"Quoted, not measured here; the loss takes {100 * max(shares.values()):.1f} % of a "
            f"small model's step and {100 * min(shares.values()):.1f} % of a ViT-Small's."
        ),
    )


@_claim("summary", "VICReg: simpler", "simpler implementation")
def _simpler(record: CostRecord) -> Found:
    return _implementation(record)


@_claim("summary", "VICReg: slightly faster", "for D < 512")
def _slightly(record: CostRecord) -> Found:
    ratio = speedup(record, N, D, 1024)
    return (
        _holds(1.0 / AGREES < ratio < 1.0),
        f"D = 384, M = 1024: {_faster(ratio)}",
        "Not slightly; and its table over D has SIGReg faster at D = 384.",
        ratio,
    )


@_claim("summary", "VICReg: no tuning", "no hyperparameter tuning")
def _no_tuning(_record: CostRecord) -> Found:
    by_lambda = {lamb: np.mean(s) for lamb, s in _knn("vit_lambda", "vicreg").items()}
    return (
        "cannot be" if _weights(VICRegLoss) > 1 else "holds",
        f"kNN over λ: {_percents(by_lambda.values())}",
        "Its first table counts VICReg's three weights as a drawback.",
    )


@_claim("summary", "SIGReg: robust", "to hyperparameter choices")
def _robust(_record: CostRecord) -> Found:
    by_lambda = {lamb: float(np.mean(s)) for lamb, s in _knn("vit_lambda", "lejepa").items()}
    good = [lamb for lamb, score in by_lambda.items() if score >= 0.9 * max(by_lambda.values())]
    return (
        _holds(max(good) >= 10.0 * min(good)),
        f"kNN over λ: {_percents(by_lambda.values())}",
        f"Within a tenth of the best only for λ from {min(good):g} to {max(good):g}.",
    )


# --- text and configuration -----------------------------------------------------------------------


@_claim("text", "Efficient: O(K)", "three sums over pairs of points")
def _three_sums(record: CostRecord) -> Found:
    rows = record.line("three sums", 0, (256, 64, 128, 17))[-3:]
    grown = slope([row.N for row in rows], [row.seconds for row in rows])
    return (
        _holds(grown < 1.2),
        f"time grows as N^{grown:.1f}",
        "(1/N²) Σ over pairs is N² terms a slice; K is not in it at all.",
    )


@_claim("text", "17 points", "optimal, from LeJEPA")
def _seventeen(record: CostRecord) -> Found:
    rows = record.line("fast", 3, (2048, 256, 512, 17))
    grown = slope([row.T for row in rows], [row.seconds for row in rows])
    return (
        "does not",
        f"17 are LeJEPA's knots; time grows as T^{grown:.1f}",
        "LeJEPA integrates over 17 frequencies; it has no reference points and proves no optimum.",
    )


@_claim("text", "fixed_slices", "save memory")
def _fixed_memory(record: CostRecord) -> Found:
    directions, fast = 4 * D * 1024, _at(record, "fast", N, D, 1024).peak_bytes
    return (
        _holds(directions > fast),
        f"directions: {in_bytes(directions)}; a step: {in_bytes(fast)} more",
        "Fresh or kept, the directions are D × M numbers.",
    )


@_claim("text", "fixed_slices", "cache, and be faster")
def _fixed_time(record: CostRecord) -> Found:
    share = record.draw / (record.draw + _at(record, "fast", N, D, 1024).seconds)
    return (
        _holds(share > 0.1),
        f"drawing takes {100 * share:.1f} % of a step",
        "At ViT-Small's sizes there is little to save, and fixed slices leave blind spots.",
    )


@_claim("text", "fewer num_slices", "for speed and memory")
def _fewer_slices(record: CostRecord) -> Found:
    few, many = (_at(record, "fast", N, D, m) for m in (512, 1024))
    time, memory = few.seconds / many.seconds, few.peak_bytes / many.peak_bytes
    return (
        _holds(time < 0.75),
        f"512 for 1,024: {time:.2f} of the time, {memory:.2f} of the memory",
        "Projections and waves are proportional to M, points and gradients are not.",
    )


@_claim("text", "Time by slices", "8.2, 14.1, 26.8 ms")
def _by_slices(record: CostRecord) -> Found:
    times = [_at(record, "fast", N, D, m).seconds for m in (512, 1024, 2048)]
    said = PERFORMANCE[2048][0] / PERFORMANCE[512][0]
    return (
        _holds(_agree(times[2] / times[0], said)),
        f"1 : {times[1] / times[0]:.1f} : {times[2] / times[0]:.1f}, not 1 : 1.7 : {said:.1f}",
        (
            "From 32 MB of projections on the fast form computes them twice, which keeps its "
            "memory small."
        ),
    )


CLAIMS: tuple[Claim, ...] = tuple(claim for claim, _ in _RULES)


# --- the explorer ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class ReportTablesParams(Params):
    """State of the explorer of the report's tables."""

    table: str = choice("scaling", TABLES, label="table")
    row: int = slider(1, 1, MOST_ROWS, 1, label="row", help="Whose verdict is told below.")


@dataclass(frozen=True)
class ReportTablesView:
    """What the figure of the report's tables shows.

    Attributes:
        table: key of ``TABLES``.
        verdicts: those of the table, in its order.
        row: which one is told in words, from 0.
        counts: how many of all claims have each verdict.
        ran_on: what was measured on.
        readout: the chosen row in words.
    """

    table: str
    verdicts: tuple[Verdict, ...]
    row: int
    counts: Mapping[str, int]
    ran_on: str
    readout: str


def report_tables_view(params: ReportTablesParams) -> ReportTablesView:
    """Judge one table of the report by the record.

    Raises:
        FileNotFoundError: the record is not there; the message says what to do.
    """
    record = cost_record()
    return table_of(judge(record), params, record.where)


def table_of(
    every: tuple[Verdict, ...], params: ReportTablesParams, ran_on: str
) -> ReportTablesView:
    """Return the view of one table among all verdicts."""
    verdicts = tuple(v for v in every if v.claim.table == params.table)
    row = min(params.row, len(verdicts)) - 1
    counts = {name: sum(v.verdict == name for v in every) for name in VERDICTS}
    return ReportTablesView(
        table=require_choice(params.table, "table", TABLES),
        verdicts=verdicts,
        row=row,
        counts=counts,
        ran_on=ran_on,
        readout=_in_words(verdicts[row], counts),
    )


def _in_words(verdict: Verdict, counts: Mapping[str, int]) -> str:
    claim = verdict.claim
    said = {"holds": "It holds", "does not": "It does not hold", "cannot be": "It cannot be"}
    numbers = ", ".join(f"{count} {name}" for name, count in counts.items())
    return (
        f"The report on {claim.row}: {claim.says}. {said[verdict.verdict]}: {verdict.found}. "
        f"{verdict.why} (All {sum(counts.values())} claims: {numbers}.)"
    )
