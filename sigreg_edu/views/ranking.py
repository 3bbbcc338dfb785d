"""Does the loss rank the models? LeJEPA's loss of recorded trainings against their accuracy.

The paper claims that the training loss ranks models without any label: Spearman's correlation with
the accuracy is about 0.85, and about 0.99 after the loss is divided by λ^0.4. Here the same is
asked of all recorded trainings of LeJEPA's loss on one set of images.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import scipy  # scipy.stats loads when first used
from numpy.typing import ArrayLike

from sigreg_edu.checks import require_number
from sigreg_edu.training.config import TrainConfig
from sigreg_edu.training.recorded import RecordedRun, vit_runs
from sigreg_edu.views.params import Params, choice, slider

#: Experiments with such runs, and what varies in each; a run that two share is the first's.
EXPERIMENTS: Mapping[str, str] = MappingProxyType(
    {
        "vit_lambda": "λ",
        "vit_slices": "slices",
        "vit_batch": "batch size",
        "vit_main": "λ and seed",
        "vit_stem": "stem",
    }
)
OVER_LAMBDA = "vit_lambda"
LOSSES = ("lejepa", "sigreg")  # the same loss; "sigreg" has the report's λ
WHICH = {"all": "all runs", "lamb": "only λ varies", "others": "all but those"}
SCORES = {"knn": "kNN", "linear": "linear probe"}
LAST_STEPS = 20  # over which the loss is averaged
PAPER = ((0.0, 0.85), (0.4, 0.99))  # α and the correlation that the paper reports
REFERENCE = 0.05  # the λ that the rescaled loss is told at
STEP = 0.02
ALPHAS = np.round(np.arange(0.0, 1.0 + STEP / 2, STEP), 10)
_TIE = 1e-9


@dataclass(frozen=True)
class RankingParams(Params):
    """State of the explorer of rankings."""

    alpha: float = slider(
        0.0, 0.0, 1.0, STEP, label="power of λ (α)",
        help="The loss is divided by λ to this power. 0 is the loss as it is; the paper has 0.4.",
    )  # fmt: skip
    which: str = choice("all", WHICH, label="runs")
    score: str = choice("knn", SCORES, label="accuracy of", help="Both of the embedding.")


@dataclass(frozen=True, eq=False)
class Models:
    """R trained networks.

    Attributes:
        groups: the experiment of each, (R,).
        steps: how long each was trained, (R,).
        losses: mean over the last 20 steps, (R,).
        lambdas: λ, (R,).
        scores: accuracy by its name, (R,).
        devices: what they ran on.
    """

    groups: np.ndarray
    steps: np.ndarray
    losses: np.ndarray
    lambdas: np.ndarray
    scores: Mapping[str, np.ndarray]
    devices: tuple[str, ...]

    def chosen(self, which: str) -> np.ndarray:
        """Return which of them a key of ``WHICH`` means, (R,) bool."""
        over_lambda = self.groups == OVER_LAMBDA
        everyone = np.ones_like(over_lambda)
        return {"all": everyone, "lamb": over_lambda, "others": ~over_lambda}[which]


@dataclass(frozen=True)
class RankingView:
    """What the figure of rankings shows.

    Attributes:
        alpha, which, score: the chosen ones.
        models: all trained networks.
        chosen: those that are ranked, (R,) bool.
        rescaled: loss / (λ / 0.05)^α: in the order of loss / λ^α, and equal to the loss at
            λ = 0.05, (R,).
        span: the least and the largest of these over every α.
        accuracy: (R,).
        alphas: (A,).
        curves: for each key of ``WHICH`` the correlation at each α, (A,).
        now: correlation of the chosen at the present α.
        readout: all that in words.
    """

    alpha: float
    which: str
    score: str
    models: Models
    chosen: np.ndarray
    rescaled: np.ndarray
    span: tuple[float, float]
    accuracy: np.ndarray
    alphas: np.ndarray
    curves: Mapping[str, np.ndarray]
    now: float
    readout: str


def ranking_view(params: RankingParams) -> RankingView:
    """Rank the recorded networks by their loss, and compare with their accuracy.

    Raises:
        FileNotFoundError: the recorded runs are not there; the message says what to do.
    """
    return ranking_of(recorded_models(), params)


def ranking_of(models: Models, params: RankingParams) -> RankingView:
    """Return the view of some trained networks."""
    chosen, accuracy = models.chosen(params.which), models.scores[params.score]
    curves = _curves(models, params.score)
    now = rescaled_correlation(
        models.losses[chosen], models.lambdas[chosen], accuracy[chosen], params.alpha
    )
    ends = [_at_reference(models, alpha) for alpha in (0.0, 1.0)]
    return RankingView(
        alpha=params.alpha,
        which=params.which,
        score=params.score,
        models=models,
        chosen=chosen,
        rescaled=_at_reference(models, params.alpha),
        span=(float(np.min(ends)), float(np.max(ends))),
        accuracy=accuracy,
        alphas=ALPHAS,
        curves=curves,
        now=now,
        readout=_in_words(params, models, curves[params.which], now),
    )


def _at_reference(models: Models, alpha: float) -> np.ndarray:
    return models.losses / (models.lambdas / REFERENCE) ** alpha


# --- the correlation --------------------------------------------------------------------------


def rescaled_correlation(
    losses: ArrayLike, lambdas: ArrayLike, scores: ArrayLike, alpha: float
) -> float:
    """Return how well the rescaled loss ranks models: minus Spearman's ρ(loss / λ^α, score).

    Args:
        losses: training loss of each model, (R,).
        lambdas: λ of each, above 0, (R,).
        scores: accuracy of each, (R,).
        alpha: α.

    Returns:
        From -1 to 1; 1 where a lower loss always means a better score.

    Raises:
        ValueError: fewer than three models, shapes that differ, a number that is not finite, a λ
            of 0, or numbers that are all equal, which have no ranks.

    >>> rescaled_correlation([0.1, 0.2, 0.4], [0.05, 0.05, 0.05], [0.9, 0.8, 0.6], 0.0)
    1.0
    >>> rescaled_correlation([0.1, 0.2, 0.4], [0.01, 0.1, 1.0], [0.6, 0.8, 0.9], 1.0)
    1.0
    """
    alpha = require_number(alpha, "alpha")
    losses, lambdas, scores = (np.asarray(a, dtype=float) for a in (losses, lambdas, scores))
    _require_models(losses, lambdas, scores)
    rescaled = losses / lambdas**alpha
    for name, numbers in (("the rescaled losses", rescaled), ("the scores", scores)):
        if np.ptp(numbers) == 0.0:
            raise ValueError(f"{name} are all {numbers[0]:g} and have no ranks. Give others.")
    return -float(scipy.stats.spearmanr(rescaled, scores).statistic)


def _require_models(losses: np.ndarray, lambdas: np.ndarray, scores: np.ndarray) -> None:
    shapes = [a.shape for a in (losses, lambdas, scores)]
    if losses.ndim != 1 or len(set(shapes)) > 1 or len(losses) < 3:
        raise ValueError(
            f"losses, lambdas and scores must be three lists of one length, at least 3, got "
            f"shapes {shapes[0]}, {shapes[1]} and {shapes[2]}. Give a number of each a model."
        )
    if not all(np.isfinite(a).all() for a in (losses, lambdas, scores)):
        raise ValueError("losses, lambdas and scores must be finite. Leave such models out.")
    if lambdas.min() <= 0.0:
        raise ValueError(
            f"lambdas must be above 0, got {lambdas.min():g}. Leave models without SIGReg out."
        )


@lru_cache(maxsize=2 * len(SCORES))
def _curves(models: Models, score: str) -> dict[str, np.ndarray]:
    """For each key of ``WHICH`` the correlation at each of ``ALPHAS``, (A,)."""
    return {which: _curve(models, score, models.chosen(which)) for which in WHICH}


def _curve(models: Models, score: str, chosen: np.ndarray) -> np.ndarray:
    """:func:`rescaled_correlation` at all of ``ALPHAS`` at once, from one table of ranks."""
    losses, lambdas = models.losses[chosen], models.lambdas[chosen]
    rescaled = losses / lambdas ** ALPHAS[:, None]  # (A, R)
    table = np.column_stack([rescaled.T, models.scores[score][chosen]])  # (R, A + 1)
    return -scipy.stats.spearmanr(table).statistic[-1, :-1]


def best_alphas(alphas: np.ndarray, correlations: np.ndarray) -> tuple[float, float, float]:
    """Return both ends of the longest stretch of α with the highest correlation, and that.

    >>> best_alphas(np.array([0.0, 0.1, 0.2, 0.3, 0.4]), np.array([0.9, 0.5, 0.9, 0.9, 0.1]))
    (0.2, 0.3, 0.9)
    """
    top = float(correlations.max())
    at_top = np.flatnonzero(correlations >= top - _TIE)
    stretches = np.split(at_top, np.flatnonzero(np.diff(at_top) > 1) + 1)
    longest = max(stretches, key=len)
    return float(alphas[longest[0]]), float(alphas[longest[-1]]), top


# --- the recorded networks --------------------------------------------------------------------


@lru_cache(maxsize=1)
def recorded_models() -> Models:
    """Return the recorded networks that are ranked: LeJEPA's loss, on scattered grey digits.

    A training that several experiments have in common counts once.

    Raises:
        FileNotFoundError: the recorded runs are not there; the message says what to do.
    """
    return models_of({name: vit_runs(name) for name in EXPERIMENTS})


def models_of(experiments: Mapping[str, Iterable[RecordedRun]]) -> Models:
    """Return the networks among recorded experiments that are ranked, each training once."""
    found: dict[str, tuple[str, RecordedRun]] = {}
    for name, runs in experiments.items():
        for run in runs:
            if is_ranked(run.config):
                found.setdefault(_same_training(run.config), (name, run))
    runs = [run for _, run in found.values()]
    return Models(
        groups=np.array([name for name, _ in found.values()]),
        steps=np.array([run.config.steps for run in runs]),
        losses=np.array([run.curves["loss"][-LAST_STEPS:].mean() for run in runs], dtype=float),
        lambdas=np.array([run.config.loss.lamb for run in runs]),
        scores={name: np.array([run.final[name] for run in runs]) for name in SCORES},
        devices=tuple(sorted({run.ran_on["device"] for run in runs})),
    )


def is_ranked(config: TrainConfig) -> bool:
    """Whether a training is of LeJEPA's loss, on grey digits that are scattered in full.

    >>> is_ranked(TrainConfig.from_dict({"loss": {"name": "vicreg"}}))
    False
    """
    data = config.data
    plain = not data.get("colour", 0.0) and not data.get("clutter", 0.0)
    scattered = data["name"] == "digits" and data.get("pose", 1.0) == 1.0 and plain
    return scattered and config.loss.name in LOSSES and config.loss.lamb > 0.0


def _same_training(config: TrainConfig) -> str:
    """What two configurations of one training have in common."""
    plain = config.to_dict()
    for looks_only in ("look_every", "save_every"):
        del plain[looks_only]
    return json.dumps(plain, sort_keys=True)


# --- words ------------------------------------------------------------------------------------


def _in_words(params: RankingParams, models: Models, curve: np.ndarray, now: float) -> str:
    chosen = models.chosen(params.which)
    first, last, top = best_alphas(ALPHAS, curve)
    where = f"α = {first:g}" if first == last else f"α from {first:g} to {last:g}"
    at_alpha = "" if params.alpha == 0.0 else f", {_signed(now)} at α = {params.alpha:g}"
    return (
        f"{chosen.sum()} runs of LeJEPA's loss on scattered digits ({_groups(models, chosen)}). "
        f"Correlation of a lower loss with better {SCORES[params.score]} accuracy: "
        f"{_signed(curve[0])} with the raw loss{at_alpha}; the paper has 0.85 and, at α = 0.4, "
        f"0.99. The best here is {_signed(top)} at {where}, but that α was chosen on these same "
        f"runs: expect less on others."
    )


def _groups(models: Models, chosen: np.ndarray) -> str:
    """Name the groups by the steps of their runs: '200 steps: 7 over λ, 9 over slices'."""
    said = []
    for steps in np.unique(models.steps[chosen]):
        alike = chosen & (models.steps == steps)
        counts = {label: (alike & (models.groups == g)).sum() for g, label in EXPERIMENTS.items()}
        named = ", ".join(f"{count} over {label}" for label, count in counts.items() if count)
        said.append(f"{steps} steps: {named}")
    return "; ".join(said)


def _signed(correlation: float) -> str:
    """Return a correlation with two decimals; -0.00 is 0.00.

    >>> _signed(-0.001), _signed(0.5), _signed(-0.456)
    ('0.00', '0.50', '−0.46')
    """
    rounded = math.fabs(round(correlation, 2))
    return f"{'−' if correlation < 0.0 and rounded else ''}{rounded:.2f}"
