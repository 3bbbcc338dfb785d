"""Losses on embeddings: SIGReg, VICReg, both together, LeJEPA's; schedules and configurations."""

from sigreg_edu.losses.all_directions import AllDirectionsSIGReg
from sigreg_edu.losses.config import (
    CONFIGS,
    create_loss_from_config,
    create_schedule_from_config,
    load_config,
)
from sigreg_edu.losses.invariance import invariance
from sigreg_edu.losses.learned_slices import LearnedSlices, LearnedSliceSIGReg
from sigreg_edu.losses.multi_scale import MultiScaleSIGReg, token_levels
from sigreg_edu.losses.pair import HybridVICRegSIGRegLoss, LeJEPALoss, SIGRegLoss
from sigreg_edu.losses.schedules import HybridTransition, LambdaWarmup, SliceSchedule
from sigreg_edu.losses.sigreg import SIGREG_METHODS, SIGReg
from sigreg_edu.losses.vicreg import VICREG_CONVENTIONS, VICRegConvention, VICRegLoss
from sigreg_edu.losses.weighted import WeightedSIGReg

__all__ = [
    "CONFIGS",
    "SIGREG_METHODS",
    "VICREG_CONVENTIONS",
    "AllDirectionsSIGReg",
    "HybridTransition",
    "HybridVICRegSIGRegLoss",
    "LambdaWarmup",
    "LeJEPALoss",
    "LearnedSliceSIGReg",
    "LearnedSlices",
    "MultiScaleSIGReg",
    "SIGReg",
    "SIGRegLoss",
    "SliceSchedule",
    "VICRegConvention",
    "VICRegLoss",
    "WeightedSIGReg",
    "create_loss_from_config",
    "create_schedule_from_config",
    "invariance",
    "load_config",
    "token_levels",
]
