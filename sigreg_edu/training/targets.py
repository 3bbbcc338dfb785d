"""What a view is asked to agree with: the other views, their frozen copies, or a slow teacher's.

All three have the value of :func:`sigreg_edu.losses.invariance` where teacher and student are one,
so that λ means the same. For V views z_v with mean m, the mean of the *other* views of v is

    m_v = (V m - z_v) / (V - 1),   and   z_v - m = (V - 1) / V · (z_v - m_v).

Whoever says that collapse is prevented by a stop-gradient means more than these: in BYOL and
SimSiam a predictor stands between a view and its target. Here none does.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from types import MappingProxyType

import torch
from torch import nn

from sigreg_edu.checks import require_choice, require_number
from sigreg_edu.losses import invariance
from sigreg_edu.training.loop import Agreement

#: How each target is called.
TARGETS: Mapping[str, str] = MappingProxyType(
    {
        "shared": "each other",
        "stop_gradient": "stop-gradient",
        "teacher": "averaged teacher",
    }
)
TEACHER_DECAY = 0.99


def make_agreement(target: str, network: nn.Module) -> Agreement:
    """Return the agreement term of one of :data:`TARGETS`.

    Args:
        target: ``"shared"``, ``"stop_gradient"`` or ``"teacher"``.
        network: the one that is trained, from images to what the views are compared in.

    Returns:
        Function from embeddings (V, B, D) and views (V, B, H, W) to a scalar, for
        :func:`sigreg_edu.training.train`.

    Raises:
        ValueError: an unknown target.
    """
    require_choice(target, "target", TARGETS)
    if target == "teacher":
        return AveragedTeacher(network)
    if target == "stop_gradient":
        return lambda z, views: distance_to_others(z, z.detach())
    return lambda z, views: invariance(z)


def distance_to_others(z: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Mean squared distance of each view to the mean of the other views' targets, times ((V-1)/V)².

    With ``targets = z.detach()`` its value is the invariance's, and its gradient (V - 1)/V of it,
    half for two views, in the very same direction: then a stop-gradient only slows down.

    Args:
        z: embeddings of the views (V, B, D), V at least 2.
        targets: what the views give elsewhere, (V, B, D); no gradient flows into it.

    Returns:
        Scalar.

    >>> z = torch.randn(2, 8, 3, generator=torch.Generator().manual_seed(0))
    >>> bool(torch.isclose(distance_to_others(z, z), invariance(z)))
    True
    """
    count = len(z)
    targets = targets.detach()
    others = (targets.sum(0) - targets) / (count - 1)  # (V, B, D)
    return (((count - 1) / count) * (z - others)).square().mean()


class AveragedTeacher:
    """Targets of a teacher: the running average of the network's past weights.

        teacher ← decay · teacher + (1 - decay) · network,   once a step, before it is asked.

    Buffers (the statistics of BatchNorm) are taken as they are.

    Args:
        network: the student. The teacher starts as its copy.
        decay: 0 is the student itself, close to 1 a slow teacher.

    >>> teacher = AveragedTeacher(nn.Linear(3, 2), decay=0.9)
    >>> teacher.teacher.weight.requires_grad
    False
    """

    def __init__(self, network: nn.Module, decay: float = TEACHER_DECAY) -> None:
        self.network = network
        self.decay = require_number(decay, "decay", minimum=0.0, maximum=1.0)
        self.teacher = copy.deepcopy(network).requires_grad_(False)

    @torch.no_grad()
    def follow(self) -> None:
        """Move the teacher's weights towards the student's."""
        for kept, new in zip(self.teacher.parameters(), self.network.parameters(), strict=True):
            kept.lerp_(new, 1.0 - self.decay)
        for kept, new in zip(self.teacher.buffers(), self.network.buffers(), strict=True):
            kept.copy_(new)

    def __call__(self, z: torch.Tensor, views: torch.Tensor) -> torch.Tensor:
        """Distance of the student's views (V, B, D) to the teacher's of the other views."""
        self.follow()
        with torch.no_grad():
            targets = self.teacher(views.flatten(0, 1)).unflatten(0, views.shape[:2])
        return distance_to_others(z, targets)
