"""Which λ, and does a stop-gradient or an averaged teacher help? Recorded runs, after training."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sigreg_edu.training.collapse_file import LAMBDAS, SEEDS, collapse_runs, sweep
from sigreg_edu.training.measures import SPACES
from sigreg_edu.training.targets import TARGETS
from sigreg_edu.views.embedding import small_number
from sigreg_edu.views.params import Params, choice, slider

SWEPT = (0.0, *LAMBDAS)
LINES = (*TARGETS, "vicreg")  # VICReg's views agree with each other
CURVES = ("knn", "effective_rank", "smallest_std", "invariance")
DEFAULT = SWEPT.index(0.02)


@dataclass(frozen=True)
class SweepParams(Params):
    """State of the explorer of λ."""

    position: int = slider(
        DEFAULT, 0, len(SWEPT) - 1, 1, label="which λ (0 is λ = 0)",
        help="λ = " + ", ".join(f"{lamb:g}" for lamb in SWEPT),
    )  # fmt: skip
    target: str = choice("shared", TARGETS, label="views agree with")
    space: str = choice(
        "projection", SPACES, label="space",
        help="The loss sees the projection. The embedding enters the projector.",
    )  # fmt: skip

    @property
    def lamb(self) -> float:
        """λ."""
        return SWEPT[self.position]


@dataclass(frozen=True)
class SweepView:
    """What the figure of λ shows; all after training, L values of λ, three seeds.

    Attributes:
        lambdas: λ, 0 first, shape (L,).
        now: the present λ, an index.
        target, space: the chosen ones.
        curves: for each of ``CURVES`` and ``LINES`` the values by λ and seed, shape (L, 3); the
            invariance is that of the projection in both spaces.
        spectra: for each target the standard deviations along the principal axes at the present
            λ, mean over the seeds, shape (D,).
        readout: all that in words.
    """

    lambdas: np.ndarray
    now: int
    target: str
    space: str
    curves: dict[str, dict[str, np.ndarray]]
    spectra: dict[str, np.ndarray]
    readout: str

    @property
    def dim(self) -> int:
        """Dimension of the space."""
        return len(self.spectra[self.target])


def sweep_view(params: SweepParams) -> SweepView:
    """Look at the recorded runs of one λ among those of all.

    Raises:
        FileNotFoundError: the recorded runs are not there; the message says what to do.
    """
    kept, curves = collapse_runs(), _curves(params.space)
    spectra = {
        target: np.mean([kept.of(setting).spectra[params.space][-1]
                         for setting in sweep(params.lamb, target)], axis=0)
        for target in TARGETS
    }  # fmt: skip
    return SweepView(
        lambdas=np.array(SWEPT),
        now=params.position,
        target=params.target,
        space=params.space,
        curves=curves,
        spectra=spectra,
        readout=_in_words(params, curves, len(spectra[params.target])),
    )


@lru_cache(maxsize=len(SPACES))
def _curves(space: str) -> dict[str, dict[str, np.ndarray]]:
    """Return the values (L, 3) by measure and line."""
    return {
        name: {line: np.stack([_at_end(name, line, lamb, space) for lamb in SWEPT])
               for line in LINES}
        for name in CURVES
    }  # fmt: skip


def _at_end(name: str, line: str, lamb: float, space: str) -> np.ndarray:
    """Return one measure at one λ, (3,)."""
    settings = sweep(lamb, condition="vicreg") if line == "vicreg" else sweep(lamb, line)
    return collapse_runs().final(name, settings, space)


def same_as_shared(lamb: float) -> float:
    """Return the λ whose objective a stop-gradient at ``lamb`` follows, for two views.

    A stop-gradient halves the invariance's gradient: (1 - λ)/2 : λ is 1 - λ' : λ' with
    λ' = 2λ / (1 + λ). Adam does not care for a common factor.

    >>> round(same_as_shared(0.01), 4), same_as_shared(0.0)
    (0.0198, 0.0)
    """
    return 2.0 * lamb / (1.0 + lamb)


def _in_words(params: SweepParams, curves: dict[str, dict[str, np.ndarray]], dim: int) -> str:
    here = {name: curves[name][params.target][params.position] for name in CURVES}
    knn = 100.0 * here["knn"]
    return (
        f"λ = {params.lamb:g}, views agree with {_whom(params.target)}; after training the "
        f"{params.space} has kNN accuracy {knn.mean():.1f} % (± {knn.std(ddof=1):.1f} over "
        f"{len(SEEDS)} seeds), effective rank {here['effective_rank'].mean():.1f} of {dim}, and "
        f"its narrowest coordinate std {small_number(here['smallest_std'].mean())}. "
        f"{_compared(params, curves)}"
    )


def _whom(target: str) -> str:
    return {
        "shared": "each other",
        "stop_gradient": "frozen copies of each other",
        "teacher": "an averaged teacher",
    }[target]


def _compared(params: SweepParams, curves: dict[str, dict[str, np.ndarray]]) -> str:
    """Say what the choice of the target changes at this λ."""
    stds, knns = (
        {target: curves[name][target][params.position].mean() for target in TARGETS}
        for name in ("smallest_std", "knn")
    )
    if params.lamb == 0.0:
        shared, stopped, teacher = (small_number(stds[target]) for target in TARGETS)
        return (
            f"Without a regularizer that std is {shared} with each other, {stopped} with a "
            f"stop-gradient, {teacher} with a teacher."
        )
    spread = 100.0 * (max(knns.values()) - min(knns.values()))
    words = f"The three targets differ by {spread:.1f} points of kNN."
    if params.target == "stop_gradient":
        words += f" It halves one gradient, as λ = {same_as_shared(params.lamb):.2g} would."
    return words
