"""The clinic: trainings that really broke, the remedies that were tried, and a verdict on each.

A trained case is a recorded training that is ill, and for each of its remedies the same training
with that remedy alone. A measured case (memory, time) is a step that is too large or too slow, and
the same step changed. The report's four troubles and their sixteen remedies are among them.

The verdict is a rule over the record, see :func:`judge` and :func:`judge_cost`; nobody wrote it
down by hand. To record all of it again::

    sigreg-edu train clinic --record
    sigreg-edu train clinic_views --record
    python -m sigreg_edu.training.clinic_costs

>>> case("rising").trouble
'SIGReg rises'
>>> [remedy.name for remedy in case("rising").remedies if remedy.says_who == "report"][0]
'larger weight: 25 to 35'
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from sigreg_edu.checks import require_choice
from sigreg_edu.data import make_images
from sigreg_edu.slicing import sliced_epps_pulley
from sigreg_edu.training.clinic_costs import cost_rows
from sigreg_edu.training.config import TrainConfig, load_experiment
from sigreg_edu.training.monitor import highest_rise, null_floor
from sigreg_edu.training.recorded import RecordedRun, vit_runs

__all__ = [
    "CANNOT_BE",
    "Case",
    "HARMS",
    "HELPS",
    "LAST_STEPS",
    "LETTERS",
    "LOGS",
    "Measure",
    "NOTHING",
    "Outcome",
    "REPORT",
    "Remedy",
    "VERDICTS",
    "Verdict",
    "case",
    "cases",
    "chart",
    "direction",
    "judge",
    "judge_cost",
    "outcome",
    "recovered",
    "treated_runs",
    "untreated_runs",
    "verdicts",
    "why_not",
]

HELPS, NOTHING, HARMS, CANNOT_BE = "helps", "does nothing", "harms", "cannot be"
VERDICTS = (HELPS, NOTHING, HARMS, CANNOT_BE)
REPORT, KIT = "report", "this kit"

QUARTER = 0.25  # of the way from ill to healthy: less is no help
TENTH = 0.1  # of that way in kNN: less, and only the meter has moved
ROUNDING = 1e-9  # of shares
CHEAPER, DEARER = 0.8, 1.25  # times the cost before, the one the other's inverse
LAST_STEPS = 20  # whose mean stands for the end of a curve
LARGE, NAN = "large dimension", "nan"


# --- what is measured ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Measure:
    """The number that a trouble is about.

    Attributes:
        label: what people read.
        of: its value for a recorded training; None where it comes from the record of costs.
        logarithmic: whether factors count, not differences.
        higher_is_better: which way health lies.
        unit: after the number.
        factor: from the value to the number that is printed.
        short: its label where there is little room.
    """

    label: str
    of: Callable[[RecordedRun], float] | None = None
    logarithmic: bool = False
    higher_is_better: bool = False
    unit: str = ""
    factor: float = 1.0
    short: str = ""

    def told(self, value: float) -> str:
        """The value for people, with its unit.

        >>> MEASURES["knn"].told(0.731), MEASURES["memory"].told(2.5e8)
        ('73.1 %', '250 MB')
        """
        number = self.factor * value
        digits = f"{number:.1f}" if self.unit == " %" else f"{number:.3g}"
        return f"{digits}{self.unit}"


def _last_t(run: RecordedRun) -> float:
    return float(run.measures["projection"]["sigreg"][-1])


def _knn(run: RecordedRun) -> float:
    return float(run.final["knn"])


def _rise(run: RecordedRun) -> float:
    return highest_rise(run.curves["regularizer"], null_floor())


def _highest_loss(run: RecordedRun) -> float:
    loss = run.curves["loss"]
    return float(loss.max() / loss[0])


#: What the troubles are about, by name.
MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "t": Measure("T of unseen slices", _last_t, logarithmic=True, short="T"),
        "rise": Measure("SIGReg, highest / lowest before", _rise, logarithmic=True, short="rise"),
        "knn": Measure("kNN", _knn, higher_is_better=True, unit=" %", factor=100.0, short="kNN"),
        "spike": Measure("highest loss / first", _highest_loss, logarithmic=True, short="peak"),
        "memory": Measure("most memory of a step", logarithmic=True, unit=" MB", factor=1e-6),
        "time": Measure("time of a step", logarithmic=True, unit=" ms", factor=1e3),
    }
)


# --- cases --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Remedy:
    """Something to try.

    Attributes:
        name: short.
        says_who: ``"report"`` or ``"this kit"``.
        change: options of the ill training that it changes; empty where it changes none.
        special: ``"nan"`` (the inputs are searched), or ``""``.
        cost: name of the recorded step, in measured cases.
    """

    name: str
    says_who: str
    change: Mapping[str, Any] = field(default_factory=dict, hash=False)
    special: str = ""
    cost: str = ""


@dataclass(frozen=True)
class Case:
    """A patient.

    Attributes:
        name: of the case.
        trouble: in three words.
        complaint: what the user says.
        cause: what it really is.
        measure: a key of ``MEASURES``.
        remedies: what was tried, the report's first.
        experiment: where it is recorded; ``""`` for costs.
        change: options that make the healthy training ill.
        cost: name of the recorded step that is too dear, in measured cases.
    """

    name: str
    trouble: str
    complaint: str
    cause: str
    measure: str
    remedies: tuple[Remedy, ...]
    experiment: str = "clinic"
    change: Mapping[str, Any] = field(default_factory=dict, hash=False)
    cost: str = ""

    @property
    def trained(self) -> bool:
        """Whether it is a training; else a step whose cost was measured."""
        return not self.cost

    @property
    def of_the_report(self) -> bool:
        """Whether it is one of the report's four troubles."""
        return any(remedy.says_who == REPORT for remedy in self.remedies)


FADING = {"loss.lamb": 0.2, "loss.decay": 0.001}  # 25 : 25 at first
WILD = {"lr": 0.1, "warmup": 0, "clip_norm": 1.0e6}
BLIND = {"loss.name": "standardized", "loss.lamb": 0.2, "loss.num_slices": 16}
FEW_FIXED = {"loss.num_slices": 8, "loss.fixed_slices": True}
NO_N = {"loss.lamb": 0.00041101}  # (0.05 / 128) / (0.95 + 0.05 / 128)
WITH_N = {"loss.lamb": 0.909091}  # 10 / 11
NO_LOSS = {"loss.name": "none", "loss.lamb": 0.0}
FEW_ROWS = {"batch_size": 16}
ALL_DRAWN = {"data.varied": ["position", "size", "colour", "texture", "shape"]}
ONE_DRAWN = {"data.varied": ["position"]}
_WITHOUT_BLINDNESS = {"loss.name": "lejepa", "loss.lamb": 0.05, "loss.num_slices": 256}
_VICREG = {"loss.name": "vicreg", "loss.lamb": 0.5, "loss.num_slices": 256}

_CASES = (
    Case(
        "rising",
        "SIGReg rises",
        "SIGReg loss grows over training. Embeddings become non-Gaussian.",
        "The weights begin at 25 : 25 (λ = 0.2), and a schedule takes SIGReg's to a thousandth. On "
        "the way the agreement becomes easier to win by shrinking than by learning.",
        "rise",
        (
            Remedy("larger weight: 25 to 35", REPORT, {"loss.lamb": 0.259259}),  # 35 / 135
            Remedy("milder views (half pose)", REPORT, {"data.pose": 0.5}),
            Remedy("normalized embeddings", REPORT, {"model.normalized": True}),
            Remedy("smaller rate in the warm-up", REPORT, {"warmup": 150}),
            Remedy("no schedule: λ stays 0.2", KIT, {"loss.decay": 1.0}),
            Remedy("no schedule, and λ = 0.05", KIT, {"loss.decay": 1.0, "loss.lamb": 0.05}),
        ),
        change=FADING,
    ),
    Case(
        "memory",
        "out of memory",
        "CUDA OOM errors. Memory usage spikes during the loss.",
        "Every angle of the statistic is written down: N × M × T numbers, several times.",
        "memory",
        (
            Remedy("fewer slices: 1024 to 256", REPORT, cost="fewer slices"),
            Remedy("fixed slices", REPORT, cost="fixed slices"),
            Remedy("half the batch", REPORT, cost="half batch"),
            Remedy("gradient checkpointing", REPORT, cost="checkpointing"),
            Remedy("statistic in blocks", KIT, cost="in blocks"),
        ),
        experiment="",
        cost="step",
    ),
    Case(
        "unstable",
        "training unstable",
        "Loss spikes or NaN values. Gradient explosions.",
        "The learning rate is ten times too large, and there at once, without warm-up; nothing "
        "clips the first gradients.",
        "spike",
        (
            Remedy("weights 1 : 1 (25 : 25)", REPORT, {"loss.lamb": 0.2}),
            Remedy("clipping at norm 1", REPORT, {"clip_norm": 1.0}),
            Remedy("a tenth of the rate", REPORT, {"lr": 0.01}),
            Remedy("look for NaN in the inputs", REPORT, special=NAN),
            Remedy("warm-up of 50 steps", KIT, {"warmup": 50}),
        ),
        change=WILD,
    ),
    Case(
        "slow",
        "slower than expected",
        "SIGReg is slower than VICReg. It holds the training up.",
        "The same N × M × T angles: their cosines take the time, and writing them down more.",
        "time",
        (
            Remedy("fewer slices: 1024 to 256", REPORT, cost="fewer slices"),
            Remedy("fixed slices", REPORT, cost="fixed slices"),
            Remedy("is D below 512? (128, 1024)", REPORT, cost=LARGE),
            Remedy("VICReg instead", REPORT, cost="vicreg"),
            Remedy("statistic in blocks", KIT, cost="in blocks"),
        ),
        experiment="",
        cost="loss",
    ),
    Case(
        "standardized",
        "blind test",
        "SIGReg is calm from the first step, the views agree, and the embedding knows little.",
        "Each shadow is brought to mean 0 and width 1 before it is tested: shrinking and lost "
        "dimensions cannot be seen.",
        "knn",
        (
            Remedy("four times the weight", KIT, {"loss.lamb": 0.8}),
            Remedy("four times the slices", KIT, {"loss.num_slices": 64}),
            Remedy("VICReg instead", KIT, _VICREG),
            Remedy("the shadow as it is", KIT, _WITHOUT_BLINDNESS),
        ),
        change=BLIND,
    ),
    Case(
        "slices",
        "too few slices",
        "SIGReg ends below its floor, better than Gaussian. The embedding is poor.",
        "Eight slices, the same at each step. What lies between them is not looked at, and "
        "collapses.",
        "knn",
        (
            Remedy("ten times the weight", KIT, {"loss.lamb": 0.5}),
            Remedy("eight, but fresh", KIT, {"loss.fixed_slices": False}),
            Remedy("256, still fixed", KIT, {"loss.num_slices": 256}),
            Remedy("256 fresh ones", KIT, {"loss.num_slices": 256, "loss.fixed_slices": False}),
        ),
        change=FEW_FIXED,
    ),
    Case(
        "factor_n",
        "factor N missing",
        "I set the paper's λ = 0.05, and everything collapses.",
        "The statistic lacks its factor N. With 128 rows λ = 0.05 is then 0.0004.",
        "t",
        (
            Remedy("three times the rate", KIT, {"lr": 0.03}),
            Remedy("λ translated: 0.05 with N", KIT, {"loss.lamb": 0.05}),
        ),
        change=NO_N,
    ),
    Case(
        "factor_n_strong",
        "factor N too much",
        "I copied the weight from another repository. SIGReg is perfect, nothing is learned.",
        "A weight of 10 was meant for T / N. For T it is λ = 0.91: agreement hardly counts.",
        "knn",
        (
            Remedy("twice the views", KIT, {"num_views": 4}),
            Remedy("λ translated: 0.05 with N", KIT, {"loss.lamb": 0.05}),
        ),
        change=WITH_N,
    ),
    Case(
        "constant",
        "all alike",
        "The loss is nearly zero after a minute. Every image gets the same embedding.",
        "Only the agreement is asked for, and one answer for all images is the easiest one.",
        "t",
        (
            Remedy("a tenth of the rate", KIT, {"lr": 0.001}),
            Remedy("VICReg", KIT, _VICREG),
            Remedy("SIGReg, λ = 0.05", KIT, {"loss.name": "lejepa", "loss.lamb": 0.05}),
        ),
        change=NO_LOSS,
    ),
    Case(
        "few_rows",
        "too few rows",
        "It works with large batches, but mine hold 16 images.",
        "T grows with N, so λ = 0.05 asks eight times less of 16 rows than of 128; and each step "
        "sees an eighth of the images.",
        "knn",
        (
            Remedy("λ for 16 rows: 0.30", KIT, {"loss.lamb": 0.296296}),
            Remedy("D = 8 instead of 32", KIT, {"model.projection_dim": 8}),
            Remedy("16 views of each", KIT, {"num_views": 16}),
            Remedy("128 rows", KIT, {"batch_size": 128}),
        ),
        change=FEW_ROWS,
    ),
    Case(
        "views",
        "views too strong",
        "The more I augment, the less it knows.",
        "The views draw the shape anew as well: what was to be learned is not shared by them.",
        "knn",
        (
            Remedy("four times the weight", KIT, {"loss.lamb": 0.2}),
            Remedy("a third of the rate", KIT, {"lr": 0.003}),
            Remedy("the shape stays", KIT,
                   {"data.varied": ["position", "size", "colour", "texture"]}),
        ),
        experiment="clinic_views",
        change=ALL_DRAWN,
    ),
    Case(
        "views_weak",
        "views too weak",
        "The views agree at once, and shapes are told apart by their colour.",
        "Only the position is drawn anew: colour, size and texture are an easier thing to agree "
        "on than the shape.",
        "knn",
        (
            Remedy("four times the weight", KIT, {"loss.lamb": 0.2}),
            Remedy("more is drawn anew", KIT,
                   {"data.varied": ["position", "size", "colour", "texture"]}),
        ),
        experiment="clinic_views",
        change=ONE_DRAWN,
    ),
)  # fmt: skip


#: Patients whose illness the student is to find: only a letter is told. Of each, the first seed.
LETTERS: Mapping[str, str] = MappingProxyType(
    {
        "A": "standardized",
        "B": "factor_n_strong",
        "C": "slices",
        "D": "rising",
        "E": "unstable",
        "F": "views",
    }
)
#: Patients of whom only the log is shown: illnesses known by then, of another seed.
LOGS: Mapping[str, str] = MappingProxyType(
    {"X": "standardized", "Y": "factor_n_strong", "Z": "slices"}
)


def cases() -> tuple[Case, ...]:
    """Return all cases, the report's four troubles first.

    >>> [case.name for case in cases()][:4]
    ['rising', 'memory', 'unstable', 'slow']
    >>> sum(r.says_who == "report" for case in cases() for r in case.remedies)
    16
    """
    return tuple(sorted(_CASES, key=lambda case: not case.of_the_report))


def case(name: str) -> Case:
    """Return a case by its name.

    Raises:
        ValueError: there is none of that name; the nearest is given.
    """
    known = {case.name: case for case in _CASES}
    return known[require_choice(name, "case", known)]


# --- the record ---------------------------------------------------------------------------------


def untreated_runs(case: Case) -> tuple[RecordedRun, ...]:
    """Return the ill training, a run a seed.

    Raises:
        FileNotFoundError: the record is not there; the message says what to do.
        ValueError: these runs are not in it.
    """
    return _runs(case.experiment, case.change)


def treated_runs(case: Case, remedy: Remedy) -> tuple[RecordedRun, ...]:
    """Return the training with a remedy, a run a seed; the ill one where no option changes."""
    return _runs(case.experiment, {**case.change, **remedy.change})


def healthy_runs(case: Case) -> tuple[RecordedRun, ...]:
    """Return the healthy training that the case started from, a run a seed."""
    return _runs(case.experiment, {})


def chart(patient: str) -> str:
    """Return what the log of a patient says at its end, and nothing of what is wrong with it.

    Args:
        patient: a letter, a key of ``LETTERS`` or of ``LOGS``, or the name of a trained case.

    Raises:
        FileNotFoundError: the record is not there; the message says what to do.

    >>> print(chart("B").splitlines()[0])
    loss 0.98, its SIGReg 1.03, invariance 0.476
    >>> print(chart("Y").splitlines()[0])
    loss 1.01, its SIGReg 1.07, invariance 0.467
    """
    seed = 1 if patient in LOGS else 0
    name = {**LETTERS, **LOGS}.get(patient, patient)
    run = untreated_runs(case(name))[seed]
    ends = {name: float(curve[-LAST_STEPS:].mean()) for name, curve in run.curves.items()}
    seen = {name: float(values[-1]) for name, values in run.measures["projection"].items()}
    dim = run.config.model.projection_dim
    return (
        f"loss {ends['loss']:.2f}, its SIGReg {ends['regularizer']:.2f}, "
        f"invariance {ends['invariance']:.3f}\n"
        f"T of slices that it did not see {seen['sigreg']:.1f} (256 test images)\n"
        f"std {seen['mean_std']:.2f}, rank {seen['effective_rank']:.0f} of {dim}, "
        f"kNN {100 * _knn(run):.0f} %"
    )


def _runs(experiment: str, change: Mapping[str, Any]) -> tuple[RecordedRun, ...]:
    wanted, seeds = _configs(experiment, change)
    by_config = _by_config(experiment)
    found = tuple(by_config[config] for config in wanted if config in by_config)
    if not found:
        raise ValueError(
            f"{experiment} holds no run with {dict(change)} for seeds {seeds}; record what is "
            f"missing: sigreg-edu train {experiment} --record"
        )
    return found


@lru_cache(maxsize=4)
def _by_config(experiment: str) -> dict[TrainConfig, RecordedRun]:
    return {run.config: run for run in vit_runs(experiment)}


def _configs(experiment: str, change: Mapping[str, Any]) -> tuple[list[TrainConfig], list[int]]:
    base, seeds = _base_and_seeds(experiment)
    return [base.with_values({**change, "seed": seed}) for seed in seeds], seeds


@lru_cache(maxsize=4)
def _base_and_seeds(experiment: str) -> tuple[TrainConfig, list[int]]:
    plan = load_experiment(experiment)
    return plan.config, sorted({config.seed for config in plan.configs()})


# --- verdicts -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What a remedy did; S seeds, or rounds of a timing.

    Attributes:
        before, after: the trouble's measure, (S,) each.
        healthy: the same of the healthy training, (S,); empty for costs.
        knn_before, knn_after: what the embedding knows, (S,); empty for costs.
        recovered: share of the way from ill to healthy, (S,); empty for costs.
        learned: the same of kNN over that of raw pixels, (S,); empty for costs.
        verdict: one of ``VERDICTS``.
        why: what kept it from another one, or what else is to be known, in a few words.
    """

    before: tuple[float, ...]
    after: tuple[float, ...]
    healthy: tuple[float, ...]
    knn_before: tuple[float, ...]
    knn_after: tuple[float, ...]
    recovered: tuple[float, ...]
    learned: tuple[float, ...]
    verdict: str
    why: str = ""

    @property
    def one_seed(self) -> bool:
        """Whether it hangs on a single training."""
        return len(self.recovered) == 1

    @property
    def told(self) -> str:
        """The verdict for people, with why, and with the number of seeds where it is one."""
        because = f": {self.why}" if self.why else ""
        return f"{self.verdict}{because}{' (one seed)' if self.one_seed else ''}"


def recovered(before: float, after: float, healthy: float, *, logarithmic: bool = False) -> float:
    """Return which share of the way from ill to healthy was gone: 1 all, 0 none, below 0 worse.

    Args:
        before: the measure of the ill training.
        after: with the remedy.
        healthy: of the healthy training.
        logarithmic: whether factors count; all three must then be above 0.

    >>> recovered(0.2, 0.5, 0.7)
    0.6
    >>> recovered(100.0, 10.0, 1.0, logarithmic=True)
    0.5
    """
    numbers = (before, after, healthy)
    if logarithmic:
        numbers = tuple(math.log(max(number, 1e-12)) for number in numbers)
    ill, now, well = numbers
    return 0.0 if well == ill else round((now - ill) / (well - ill), 9)


def judge(shares: Sequence[float], learned: Sequence[float], *, acts_on: int = 1) -> str:
    """Judge a remedy of a training by its record.

    Of the trouble's measure, and of kNN, the mean of all seeds must lie beyond a limit, and still
    do so when its standard error is taken off; of two seeds that is the one nearer to the limit.
    One seed has no spread to show; its verdict stands, and is told as one of one seed.

    ===========  =================================================================================
    cannot be    there is nothing that it could act on
    helps        at least a quarter of the way from ill to healthy is gone, and a tenth of the way
                 of kNN, both beyond their standard error
    harms        the mirror image: the trouble has grown by a quarter of that way, and kNN has lost
                 a tenth of its own
    does nothing everything else; :func:`why_not` says what kept it from another verdict
    ===========  =================================================================================

    Args:
        shares: what was recovered of the trouble's measure, (S,), see :func:`recovered`.
        learned: the same of kNN over that of raw pixels, (S,).
        acts_on: number of things that the remedy would change (NaN found in the inputs).

    >>> judge([0.9, 0.8], [0.8, 0.7]), judge([-0.9, -0.8], [-0.8, -0.7])
    ('helps', 'harms')
    >>> judge([0.9, 0.1], [0.8, 0.1]), judge([0.9, 0.8], [0.0, 0.0])
    ('does nothing', 'does nothing')
    """
    if acts_on == 0:
        return CANNOT_BE
    way, known = direction(shares, QUARTER), direction(learned, TENTH)
    return {(1, 1): HELPS, (-1, -1): HARMS}.get((way, known), NOTHING)


def direction(shares: Sequence[float], limit: float) -> int:
    """Return 1 where the mean is at ``limit`` or above, -1 at ``-limit`` or below, else 0.

    By no less than its standard error, each time.

    >>> direction([0.5, 0.3], 0.25), direction([-0.5, -0.3], 0.25), direction([0.5, 0.2], 0.25)
    (1, -1, 0)
    """
    count = len(shares)
    error = float(np.std(shares, ddof=1)) / math.sqrt(count) if count > 1 else 0.0
    beyond = abs(float(np.mean(shares))) - error
    return int(np.sign(np.mean(shares))) if beyond >= limit - ROUNDING else 0


def why_not(shares: Sequence[float], learned: Sequence[float]) -> str:
    """Return what kept a remedy that does nothing from another verdict, in a few words.

    >>> why_not([0.9, 0.8], [0.0, 0.0]), why_not([0.0, 0.1], [0.5, 0.6])
    ('the meter alone moves', 'kNN alone moves')
    >>> why_not([0.9, 0.1], [0.8, 0.7]), why_not([0.05, 0.1], [0.0, 0.1])
    ('the seeds differ', 'too little moves')
    """
    if judge([float(np.mean(shares))], [float(np.mean(learned))]) != NOTHING:
        return "the seeds differ"
    way, known = direction(shares, QUARTER), direction(learned, TENTH)
    if way and known:
        return "meter against kNN"
    if tuple(shares) != tuple(learned) and (way or known):
        return "the meter alone moves" if way else "kNN alone moves"
    return "too little moves"


def judge_cost(before: Iterable[float], after: Iterable[float]) -> str:
    """Judge a remedy by what a step costs, by the ratios after / before of all rounds.

    It helps where the upper quartile is at most 0.8, harms where the lower one is at least 1.25,
    and does nothing between them.

    >>> judge_cost([100.0, 100.0, 90.0], [50.0, 60.0, 70.0]), judge_cost([10.0], [9.7])
    ('helps', 'does nothing')
    """
    low, high = np.quantile(_ratios(after, before), (0.25, 0.75))
    return HELPS if high <= CHEAPER else HARMS if low >= DEARER else NOTHING


def outcome(case: Case, remedy: Remedy) -> Outcome:
    """Return what a remedy did to a patient, from the record.

    Raises:
        FileNotFoundError: the record is not there; the message says what to do.
    """
    return _outcome(case.name, case.remedies.index(remedy))


@lru_cache(maxsize=128)
def _outcome(name: str, index: int) -> Outcome:
    patient = case(name)
    remedy = patient.remedies[index]
    return _of_training(patient, remedy) if patient.trained else _of_cost(patient, remedy)


def _of_training(case: Case, remedy: Remedy) -> Outcome:
    measure = MEASURES[case.measure]
    seen = [untreated_runs(case), treated_runs(case, remedy), healthy_runs(case)]
    count = min(map(len, seen))
    ill, cured, well = (runs[:count] for runs in seen)
    before, after, healthy = ([measure.of(run) for run in runs] for runs in (ill, cured, well))
    know = [[_over_pixels(run) for run in runs] for runs in (ill, cured, well)]
    shares = [
        recovered(*three, logarithmic=measure.logarithmic)
        for three in zip(before, after, healthy, strict=True)
    ]
    learned = [recovered(*three) for three in zip(*know, strict=True)]
    acts_on = broken_pixels(case) if remedy.special == NAN else 1
    verdict = judge(shares, learned, acts_on=acts_on)
    return Outcome(
        before=tuple(before),
        after=tuple(after),
        healthy=tuple(healthy),
        knn_before=tuple(map(_knn, ill)),
        knn_after=tuple(map(_knn, cured)),
        recovered=tuple(shares),
        learned=tuple(learned),
        verdict=verdict,
        why=why_not(shares, learned) if verdict == NOTHING else "",
    )


def _over_pixels(run: RecordedRun) -> float:
    """kNN as a multiple of that of raw pixels: milder views also make the images easier."""
    return _knn(run) / float(run.final["raw_knn"])


def broken_pixels(case: Case) -> int:
    """Return how many pixels of a case's images are NaN or infinite."""
    images = make_images(**_base_and_seeds(case.experiment)[0].with_values(case.change).data).images
    return int((~torch.isfinite(images.float())).sum())


def _of_cost(case: Case, remedy: Remedy) -> Outcome:
    rows = cost_rows()
    prefix = "step, " if case.measure == "memory" else ""
    pair = rows[case.cost], rows[f"{prefix}{remedy.cost}"]
    before, after = (getattr(row, case.measure) for row in pair)
    why = _against_vicreg() if remedy.cost == LARGE else ""
    return Outcome(before, after, (), (), (), (), (), judge_cost(before, after), why)


def _against_vicreg() -> str:
    """What the larger D changes: VICReg's time, not SIGReg's own."""
    rows = cost_rows()
    pairs = (("loss", "vicreg"), (LARGE, f"vicreg, {LARGE}"))
    before, after = (
        float(np.median(_ratios(rows[own].time, rows[rival].time))) for own, rival in pairs
    )
    return f"{before:.2g} × VICReg's time, then {after:.2g} ×"


def _ratios(own: Iterable[float], rival: Iterable[float]) -> tuple[float, ...]:
    return tuple(a / b for a, b in zip(own, rival, strict=True))


@dataclass(frozen=True)
class Verdict:
    """One row of the table of remedies.

    Attributes:
        case: its name.
        trouble: in three words.
        remedy: its name.
        says_who: ``"report"`` or ``"this kit"``.
        measure: what is judged.
        before, after: its mean over the seeds, the geometric one where factors count (its median
            over rounds of a timing).
        told: both for people, with units.
        knn: kNN before and after, in per cent; None for costs.
        verdict: one of ``VERDICTS``.
        told_verdict: the same, with what kept it from another, see :class:`Outcome`.
    """

    case: str
    trouble: str
    remedy: str
    says_who: str
    measure: str
    before: float
    after: float
    told: tuple[str, str]
    knn: tuple[float, float] | None
    verdict: str
    told_verdict: str


def verdicts(says_who: str | None = None) -> tuple[Verdict, ...]:
    """Return a row for each remedy of each case, the report's troubles first.

    Args:
        says_who: ``"report"``: its sixteen only; ``"this kit"``: the others; None: all.

    Raises:
        FileNotFoundError: the record is not there; the message says what to do.

    >>> rows = verdicts("report")
    >>> len(rows), rows[0].trouble, rows[0].remedy
    (16, 'SIGReg rises', 'larger weight: 25 to 35')
    """
    if says_who is not None:
        require_choice(says_who, "says_who", (REPORT, KIT))
    return tuple(
        _verdict(case, remedy)
        for case in cases()
        for remedy in case.remedies
        if says_who in (None, remedy.says_who)
    )


def _verdict(case: Case, remedy: Remedy) -> Verdict:
    found, measure = outcome(case, remedy), MEASURES[case.measure]
    before, after = (_middle(values, measure, case) for values in (found.before, found.after))
    knn = None
    if case.trained:
        knn = (100.0 * float(np.mean(found.knn_before)), 100.0 * float(np.mean(found.knn_after)))
    return Verdict(
        case=case.name,
        trouble=case.trouble,
        remedy=remedy.name,
        says_who=remedy.says_who,
        measure=measure.label,
        before=before,
        after=after,
        told=(measure.told(before), measure.told(after)),
        knn=knn,
        verdict=found.verdict,
        told_verdict=found.told,
    )


def _middle(values: Sequence[float], measure: Measure, case: Case) -> float:
    if not case.trained:
        return float(np.median(values))
    return float(np.exp(np.mean(np.log(values))) if measure.logarithmic else np.mean(values))


def floor_at(rows: int) -> tuple[float, float]:
    """Return T of healthy points, and of all points on one place at 0, for N rows.

    >>> healthy, dead = floor_at(256)
    >>> round(healthy, 2), round(dead / 256, 3)
    (1.05, 0.402)
    """
    point = sliced_epps_pulley(torch.zeros(rows, 1), torch.ones(1, 1)).item()
    return null_floor(), point
