"""Joint-embedding training under one of several losses, step by step: what notebook 04 watches.

What each condition minimises is in :mod:`sigreg_edu.training.objective`.
The views are compared behind a projector, as LeJEPA's code does; the *embedding* is what enters it.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn

from sigreg_edu.checks import require_choice, require_integer
from sigreg_edu.data.digits import digit_views, load_digits
from sigreg_edu.losses import HybridTransition
from sigreg_edu.training.encoder import embed, small_encoder, standardize_output
from sigreg_edu.training.loop import StepRecord, train_encoder
from sigreg_edu.training.measures import SPACES, Measures, measure_points
from sigreg_edu.training.objective import CONDITIONS, Regularizer, require_lamb
from sigreg_edu.training.projector import make_projector
from sigreg_edu.training.seeds import spread_seed
from sigreg_edu.training.targets import make_agreement


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
        seed: of everything; see :func:`sigreg_edu.training.seeds.spread_seed`.

    Attributes:
        condition, target, steps: as given.
        backbone: module from images (B, 8, 8) to embeddings.
        network: backbone and projector, to projections (B, D).
        regularizer: what the condition asks of the projections.
        records: one :class:`StepRecord` per step taken.
        look_every: steps between two looks, for a session.
        single_threaded: whether PyTorch had better use one thread: matrices so small gain nothing
            from more.

    Raises:
        TypeError, ValueError: an argument of the wrong kind or out of range.

    >>> training = JointTraining("lejepa", steps=3)
    >>> training.step().step, training.finished
    (1, False)
    """

    look_every = 12
    single_threaded = True

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
        seeds = spread_seed(seed)
        self.backbone = small_encoder(embedding_dim, seed=seeds.encoder)
        standardize_output(self.backbone, self.digits.train_images)
        self.network = nn.Sequential(
            self.backbone, make_projector(embedding_dim, projection_dim, seed=seeds.projector)
        )
        self.transition = _require_transition(transition, steps)
        self.records: list[StepRecord] = []
        self.regularizer = Regularizer(condition, num_slices=num_slices, seed=seeds.slices)
        self._training = train_encoder(
            self.digits.train_images,
            encoder=self.network,
            make_views=digit_views,
            regularizer=self.regularizer,
            lamb=lambda step: self.lamb,
            steps=steps,
            batch_size=batch_size,
            lr=lr,
            seed=seeds.batches,
            agreement=make_agreement(target, self.network),
        )

    @property
    def lamb(self) -> float:
        """λ of the next step."""
        return self._lamb

    @lamb.setter
    def lamb(self, value: float) -> None:
        self._lamb = require_lamb(value, self.condition)

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
        if self.condition == "hybrid":
            self.regularizer.mixture = self.transition(len(self.records))
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

    def embed_in_bites(self) -> Iterator[dict[str, torch.Tensor]]:
        """Where the digits lie in both spaces: so small a network does it in one bite."""
        yield {space: self.embed(space) for space in SPACES}

    @property
    def test_indices(self) -> torch.Tensor:
        """Rows of ``embed(…)`` that are test images."""
        return self.digits.test_indices

    def measure(self, space: str = "projection", z: torch.Tensor | None = None) -> Measures:
        """Look at the embedding or the projection as it is now.

        Args:
            space: ``"embedding"`` or ``"projection"``.
            z: where the digits lie in it, if that is known already.
        """
        return self.measure_points(self.embed(space) if z is None else z)

    def measure_points(self, z: torch.Tensor) -> Measures:
        """Look at points (1797, D), one for each digit in the order of the data."""
        digits = self.digits
        return measure_points(z, digits.labels, digits.train_indices, digits.test_indices)


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
