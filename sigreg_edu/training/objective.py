"""What is minimised: one sum for every loss that is compared, so that λ means the same in all.

    (1 - λ) · invariance + λ · regularizer,   invariance as LeJEPA's.

============ ======================================================================= =============
condition    regularizer                                                             λ by default
============ ======================================================================= =============
none         –                                                                       0
vicreg       variance + c · covariance, c = 1/25                                     0.2
sigreg       SIGReg                                                                  0.2
hybrid       v · (variance + c · covariance) + s · SIGReg, (v, s) as scheduled       0.2
lejepa       SIGReg                                                                  0.02
standardized the report's: three sums over standardized shadows                      0.2
============ ======================================================================= =============

λ = 0.2 is what the weights of VICReg (25, 25, 1) and of the report (25, 25) mean: the mean squared
difference of two views is four times LeJEPA's invariance, so 25 · mean (z_a - z_b)² + 25 · R is
125 times 0.8 · invariance + 0.2 · R. Adam does not care for the factor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import torch
from torch import nn

from sigreg_edu.checks import require_choice, require_number
from sigreg_edu.losses import SIGReg, VICRegLoss
from sigreg_edu.losses.inputs import only_to_watch

__all__ = [
    "CONDITIONS",
    "COVARIANCE_SHARE",
    "Condition",
    "Regularizer",
    "require_lamb",
    "vicreg_regularizer",
]

COVARIANCE_SHARE = 1.0 / 25.0  # c, of VICReg's covariance beside its variance
SLICES, REPORT_SLICES = 64, 16


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


class Regularizer(nn.Module):
    """What one condition asks of the embeddings, beside that views agree.

    Args:
        condition: a key of :data:`CONDITIONS`. ``"none"`` looks at SIGReg, for λ = 0.
        num_slices: directions of SIGReg in a step; by default 64, and 16 for ``"standardized"``,
            whose three sums cost N² a slice.
        fixed_slices: keep the first step's directions.
        num_points: knots of SIGReg (quantiles of the standardized form).
        t_max: last knot.
        covariance: c, share of VICReg's covariance beside its variance.
        seed: of the directions.

    Attributes:
        mixture: (v, s), weights of VICReg's two terms and of SIGReg. Whoever trains ``"hybrid"``
            sets it before each step.

    Shape:
        z (V, B, D) -> scalar. VICReg takes views in pairs, so V is even there.

    Raises:
        TypeError, ValueError: an unknown condition, an option out of range.

    >>> Regularizer("vicreg")(torch.zeros(2, 8, 3))  # 1 - sqrt(1e-4) for each coordinate
    tensor(0.9900)
    """

    def __init__(
        self,
        condition: str,
        *,
        num_slices: int | None = None,
        fixed_slices: bool = False,
        num_points: int = 17,
        t_max: float = 3.0,
        covariance: float = COVARIANCE_SHARE,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.condition = require_choice(condition, "condition", CONDITIONS)
        self.mixture = (1.0, 0.0) if condition in ("vicreg", "hybrid") else (0.0, 1.0)
        report = condition == "standardized"
        usual = REPORT_SLICES if report else SLICES
        self.sigreg = SIGReg(
            usual if num_slices is None else num_slices,
            num_points,
            t_max=t_max,
            fixed_slices=fixed_slices,
            method="reference_points" if report else "quadrature",
            standardize=report,
            seed=seed,
        )
        self.covariance = require_number(covariance, "covariance", minimum=0.0)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        if self.condition == "vicreg":
            return vicreg_regularizer(z, covariance=self.covariance)
        if self.condition != "hybrid":
            return self.sigreg(z)
        v, s = self.mixture  # both are asked at each step, also where one has weight 0
        vicreg = only_to_watch(v == 0.0, partial(vicreg_regularizer, covariance=self.covariance), z)
        return v * vicreg + s * only_to_watch(s == 0.0, self.sigreg, z)

    def extra_repr(self) -> str:
        return f"condition={self.condition!r}"


def vicreg_regularizer(z: torch.Tensor, *, covariance: float = COVARIANCE_SHARE) -> torch.Tensor:
    """VICReg's variance + c · covariance of the views (V, B, D), the mean over pairs: a scalar.

    >>> vicreg_regularizer(torch.zeros(2, 8, 3))  # 1 - sqrt(1e-4) for each coordinate
    tensor(0.9900)
    """
    if len(z) % 2:
        raise ValueError(
            f"VICReg takes views in pairs, got {len(z)} of them. Make an even number of views."
        )
    loss = VICRegLoss(variance_weight=1.0, covariance_weight=covariance)
    pairs = [loss.regularizer(*pair)["vicreg_loss"] for pair in z.split(2)]
    return torch.stack(pairs).mean() if len(pairs) > 1 else pairs[0]


def require_lamb(lamb: object, condition: str) -> float:
    """Return λ if it is a number from 0 to 1, and 0 where there is no regularizer.

    >>> require_lamb(0.1, "none")
    Traceback (most recent call last):
        ...
    ValueError: lamb must be 0 without a regularizer, got 0.1. Choose another condition.
    """
    lamb = require_number(lamb, "lamb", minimum=0.0, maximum=1.0)
    if condition == "none" and lamb > 0.0:
        raise ValueError(
            f"lamb must be 0 without a regularizer, got {lamb}. Choose another condition."
        )
    return lamb
