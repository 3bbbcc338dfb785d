"""Training small enough to watch: an encoder, the loop, recorded runs, and probes of what came out.

>>> from sigreg_edu.training import effective_rank, record_run
>>> run = record_run(lamb=0.01, steps=2)
>>> bool(effective_rank(run.snapshots[-1]) > 1.5)
True
"""

from sigreg_edu.training.encoder import embed, small_encoder, standardize_output
from sigreg_edu.training.joint import JointTraining
from sigreg_edu.training.loop import StepRecord, train_encoder
from sigreg_edu.training.measures import Measures
from sigreg_edu.training.objective import CONDITIONS
from sigreg_edu.training.probes import (
    effective_rank,
    knn_accuracy,
    principal_deviations,
    standard_deviations,
)
from sigreg_edu.training.runs import Run, record_run, snapshot_schedule, watch_training
from sigreg_edu.training.session import Session
from sigreg_edu.training.targets import TARGETS, AveragedTeacher, make_agreement

__all__ = [
    "CONDITIONS",
    "TARGETS",
    "AveragedTeacher",
    "JointTraining",
    "Measures",
    "Run",
    "Session",
    "StepRecord",
    "effective_rank",
    "embed",
    "knn_accuracy",
    "make_agreement",
    "principal_deviations",
    "record_run",
    "small_encoder",
    "snapshot_schedule",
    "standard_deviations",
    "standardize_output",
    "train_encoder",
    "watch_training",
]
