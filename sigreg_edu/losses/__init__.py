"""Losses on embeddings: SIGReg, VICReg, both together, LeJEPA's; schedules and configurations."""

from sigreg_edu.losses.config import (
    CONFIGS,
    create_loss_from_config,
    create_schedule_from_config,
    load_config,
)
from sigreg_edu.losses.invariance import invariance
from sigreg_edu.losses.pair import HybridVICRegSIGRegLoss, LeJEPALoss, SIGRegLoss
from sigreg_edu.losses.schedules import HybridTransition, LambdaWarmup, SliceSchedule
from sigreg_edu.losses.sigreg import SIGREG_METHODS, SIGReg
from sigreg_edu.losses.vicreg import VICREG_CONVENTIONS, VICRegConvention, VICRegLoss

__all__ = [
    "CONFIGS",
    "SIGREG_METHODS",
    "VICREG_CONVENTIONS",
    "HybridTransition",
    "HybridVICRegSIGRegLoss",
    "LambdaWarmup",
    "LeJEPALoss",
    "SIGReg",
    "SIGRegLoss",
    "SliceSchedule",
    "VICRegConvention",
    "VICRegLoss",
    "create_loss_from_config",
    "create_schedule_from_config",
    "invariance",
    "load_config",
]
