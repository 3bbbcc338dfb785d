"""Joint-embedding training under one of several losses, step by step: what notebook 04 watches.

Every condition minimises the same sum, so that λ means the same in all of them:

    (1 - λ) · invariance + λ · regularizer,   invariance as LeJEPA's.

============ ======================================================================= =============
condition    regularizer                                                             λ by default
============ ======================================================================= =============
none         –                                                                       0
vicreg       variance + covariance / 25                                              0.2
sigreg       SIGReg                                                                  0.2
hybrid       v · (variance + covariance / 25) + s · SIGReg, (v, s) as scheduled      0.2
lejepa       SIGReg                                                                  0.02
standardized the report's: three sums over standardized shadows                      0.2
============ ======================================================================= =============

λ = 0.2 is what the weights of VICReg (25, 25, 1) and of the report (25, 25) mean: the mean squared
difference of two views is four times LeJEPA's invariance, so 25 · mean (z_a - z_b)² + 25 · R is
125 times 0.8 · invariance + 0.2 · R. Adam does not care for the factor.

The views are compared behind a projector, as LeJEPA's code does; the *embedding* is what enters it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import nn

from sigreg_edu.checks import require_choice, require_integer, require_number
from sigreg_edu.data.digits import digit_views, load_digits
from sigreg_edu.losses import HybridTransition, SIGReg, VICRegLoss
from sigreg_edu.slicing import sliced_epps_pulley, uniform_directions
from sigreg_edu.training.encoder import embed, make_linear, small_encoder, standardize_output
from sigreg_edu.training.loop import Regularizer, StepRecord, train
from sigreg_edu.training.probes import effective_rank, knn_accuracy, standard_deviations
from sigreg_edu.training.targets import make_agreement

COVARIANCE_SHARE = 1.0 / 25.0  # of VICReg's covariance beside its variance
SLICES, REPORT_SLICES = 64, 16
YARDSTICK_SLICES = 256
YARDSTICK_SAMPLES = 256
YARDSTICK_SEED = 2**31
SPACES = MappingProxyType({"embedding": "embedding", "projection": "projection"})


@dataclass(frozen=True)
class Condition:
    """One of the losses that are compared.

    Attributes:
        label: its name for people.
        lamb: λ unless another is asked for.
    """

    label: str
    lamb: float


#: The conditions by name; the module's head says what each minimises.
CONDITIONS: Mapping[str, Condition] = MappingProxyType(
    {
        "none": Condition("no regularizer", 0.0),
        "vicreg": Condition("VICReg", 0.2),
        "sigreg": Condition("SIGReg, report's weights", 0.2),
        "hybrid": Condition("hybrid: VICReg → SIGReg", 0.2),
        "lejepa": Condition("LeJEPA", 0.02),
        "standardized": Condition("report: standardized", 0.2),
    }
)


@dataclass(frozen=True)
class Measures:
    """What one space, embedding or projection, looks like at a moment; all 1,797 digits.

    Attributes:
        smallest_std, mean_std: standard deviation of the coordinates, the narrowest and the mean.
        effective_rank: dimensions that are filled, from 1 to D; 0 for a single point.
        knn: accuracy of ten nearest neighbours among the training digits, on the test digits.
        sigreg: T on 256 of the digits along 256 directions that no training sees, factor N
            included: 1.05 for samples of N(0, I).
    """

    smallest_std: float
    mean_std: float
    effective_rank: float
    knn: float
    sigreg: float


class JointTraining:
    """A network with a projector, trained on the digits under one condition, a step at a time.

    The same seed starts from the same weights and sees the same batches and views under every
    condition. Whoever drives it may set ``lamb`` between two steps, stop at any time, and go on.

    Args:
        condition: a key of :data:`CONDITIONS`.
        lamb: λ; the condition's own if None. ``"none"`` has λ = 0 and no other.
        target: what a view agrees with, a key of :data:`sigreg_edu.training.targets.TARGETS`.
        transition: of ``"hybrid"``, in steps; by default a straight line over the middle third.
        steps: number of updates until ``finished``.
        batch_size: B.
        lr: highest learning rate.
        num_slices: directions of SIGReg in a step; by default 64, and 16 for ``"standardized"``,
            whose three sums cost N² a slice.
        embedding_dim: dimension of the embedding.
        projection_dim: D, dimension of what the loss sees.
        seed: of everything.

    Attributes:
        condition, target, steps: as given.
        backbone: module from images (B, 8, 8) to embeddings.
        network: backbone and projector, to projections (B, D).
        records: one :class:`StepRecord` per step taken.

    Raises:
        TypeError, ValueError: an argument of the wrong kind or out of range.

    >>> training = JointTraining("lejepa", steps=3)
    >>> training.step().step, training.finished
    (1, False)
    """

    def __init__(
        self,
        condition: str = "lejepa",
        *,
        lamb: float | None = None,
        target: str = "shared",
        transition: HybridTransition | None = None,
        steps: int = 600,
        batch_size: int = 128,
        lr: float = 0.003,
        num_slices: int | None = None,
        embedding_dim: int = 32,
        projection_dim: int = 16,
        seed: int = 0,
    ) -> None:
        self.condition = require_choice(condition, "condition", CONDITIONS)
        self.lamb = CONDITIONS[condition].lamb if lamb is None else lamb
        self.target, self.steps = target, require_integer(steps, "steps", minimum=3)
        self.digits = load_digits()
        embedding_dim = require_integer(embedding_dim, "embedding_dim")
        projection_dim = require_integer(projection_dim, "projection_dim")
        self.backbone = small_encoder(embedding_dim, seed=seed)
        standardize_output(self.backbone, self.digits.train_images)
        self.network = nn.Sequential(
            self.backbone, make_projector(embedding_dim, projection_dim, seed=seed)
        )
        self.transition = _require_transition(transition, steps)
        self.records: list[StepRecord] = []
        self._mixture = [1.0, 0.0]  # hybrid's (v, s)
        self._training = train(
            self.digits.train_images,
            encoder=self.network,
            make_views=digit_views,
            regularizer=self._make_regularizer(num_slices, seed),
            lamb=lambda step: self.lamb,
            steps=steps,
            batch_size=batch_size,
            lr=lr,
            seed=seed,
            agreement=make_agreement(target, self.network),
        )

    @property
    def lamb(self) -> float:
        """λ of the next step."""
        return self._lamb

    @lamb.setter
    def lamb(self, value: float) -> None:
        value = require_number(value, "lamb", minimum=0.0, maximum=1.0)
        if self.condition == "none" and value > 0.0:
            raise ValueError(
                f"lamb must be 0 without a regularizer, got {value}. Choose another condition."
            )
        self._lamb = value

    @property
    def finished(self) -> bool:
        """Whether all steps have been taken."""
        return len(self.records) >= self.steps

    def step(self) -> StepRecord:
        """Take the next step and return its record.

        Raises:
            RuntimeError: all steps have been taken, or an earlier one broke off.
            FloatingPointError: the loss is no longer finite.
        """
        if self.finished:
            raise RuntimeError(
                f"all {self.steps} steps have been taken. Make another JointTraining, with more."
            )
        self._mixture[:] = self.transition(len(self.records))
        try:
            record = next(self._training)
        except StopIteration:
            raise RuntimeError(
                f"this training broke off after step {len(self.records)}, by an interrupt or an "
                "error, and cannot go on. Make another JointTraining."
            ) from None
        self.records.append(record)
        return record

    def embed(self, space: str = "projection") -> torch.Tensor:
        """Return where the 1,797 digits lie, (1797, D), float32.

        Args:
            space: ``"embedding"`` or ``"projection"``.
        """
        require_choice(space, "space", SPACES)
        module = self.backbone if space == "embedding" else self.network
        return embed(module, self.digits.images)

    def measure(self, space: str = "projection") -> Measures:
        """Look at the embedding or the projection as it is now."""
        return self.measure_points(self.embed(space))

    def measure_points(self, z: torch.Tensor) -> Measures:
        """Look at points (1797, D), one for each digit in the order of the data."""
        digits, std = self.digits, standard_deviations(z)
        train, test = digits.train_indices, digits.test_indices
        unseen = uniform_directions(z.shape[1], YARDSTICK_SLICES, seed=YARDSTICK_SEED)
        return Measures(
            smallest_std=std.min().item(),
            mean_std=std.mean().item(),
            effective_rank=effective_rank(z).item(),
            knn=knn_accuracy(z[train], digits.labels[train], z[test], digits.labels[test]),
            sigreg=sliced_epps_pulley(z[test[:YARDSTICK_SAMPLES]], unseen).mean().item(),
        )

    def _make_regularizer(self, num_slices: int | None, seed: int) -> Regularizer:
        if self.condition == "standardized":
            slices = REPORT_SLICES if num_slices is None else num_slices
            return SIGReg(slices, method="reference_points", standardize=True, seed=seed)
        sigreg = SIGReg(SLICES if num_slices is None else num_slices, seed=seed)
        if self.condition == "vicreg":
            return vicreg_regularizer
        if self.condition != "hybrid":
            return sigreg

        def hybrid(z: torch.Tensor) -> torch.Tensor:
            vicreg, gaussian = self._mixture
            return vicreg * vicreg_regularizer(z) + gaussian * sigreg(z)

        return hybrid


def _require_transition(transition: HybridTransition | None, steps: int) -> HybridTransition:
    """The transition given, or a straight line over the middle third."""
    if transition is None:
        return HybridTransition(steps / 3, 2 * steps / 3, "linear")
    if not isinstance(transition, HybridTransition):
        raise TypeError(
            f"transition must be a HybridTransition, got {type(transition).__name__}. "
            "For example: HybridTransition(200, 400, shape='cosine')"
        )
    return transition


def vicreg_regularizer(z: torch.Tensor) -> torch.Tensor:
    """VICReg's variance + covariance / 25 of two views (2, B, D): a scalar.

    >>> vicreg_regularizer(torch.zeros(2, 8, 3))  # 1 - sqrt(1e-4) for each coordinate
    tensor(0.9900)
    """
    loss = VICRegLoss(variance_weight=1.0, covariance_weight=COVARIANCE_SHARE)
    return loss.regularizer(*z)["vicreg_loss"]


def make_projector(in_dim: int, out_dim: int, *, hidden_dim: int = 128, seed: int = 0) -> nn.Module:
    """Build the usual projector: a hidden layer with BatchNorm, then a linear one.

    Args:
        in_dim: dimension of the embedding.
        out_dim: D, dimension of the projection.
        hidden_dim: width of the hidden layer.
        seed: of the weights.

    >>> make_projector(32, 16)(torch.zeros(5, 32)).shape
    torch.Size([5, 16])
    """
    generator = torch.Generator().manual_seed(require_integer(seed, "seed", minimum=0) + 2**32)
    return nn.Sequential(
        make_linear(in_dim, hidden_dim, generator=generator, gain=2.0),
        nn.BatchNorm1d(hidden_dim),
        nn.GELU(),
        make_linear(hidden_dim, out_dim, generator=generator, gain=1.0),
    )
