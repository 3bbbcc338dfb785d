"""Training, from an encoder of digits that is watched step by step to vision transformers.

>>> from sigreg_edu.training import effective_rank, record_run
>>> run = record_run(lamb=0.01, steps=2)
>>> bool(effective_rank(run.snapshots[-1]) > 1.5)
True
"""

from sigreg_edu.training.config import (
    Experiment,
    LossConfig,
    ModelConfig,
    TrainConfig,
    experiment_names,
    load_experiment,
)
from sigreg_edu.training.encoder import embed, small_encoder, standardize_output
from sigreg_edu.training.inspection import (
    Inspection,
    gaussian_effect,
    inspect_embeddings,
)
from sigreg_edu.training.joint import JointTraining
from sigreg_edu.training.loop import StepRecord, learning_rate, train_encoder
from sigreg_edu.training.measures import Measures, measure_points
from sigreg_edu.training.monitor import Monitor, Sign, highest_rise, null_floor, report_targets
from sigreg_edu.training.objective import CONDITIONS, Regularizer
from sigreg_edu.training.pretraining import (
    Pretraining,
    TrainRecord,
    VitMeasures,
    choose_device,
    train,
)
from sigreg_edu.training.probes import (
    FactorScore,
    Gaussianity,
    effective_rank,
    factor_probes,
    knn_accuracy,
    linear_probe,
    principal_deviations,
    shadow_gaussianity,
    standard_deviations,
)
from sigreg_edu.training.projector import JoinedBatchNorm, make_projector
from sigreg_edu.training.recorded import RecordedRun, final_probes, record_experiment, vit_runs
from sigreg_edu.training.runs import Run, record_run, snapshot_schedule, watch_training
from sigreg_edu.training.session import Session
from sigreg_edu.training.targets import TARGETS, AveragedTeacher, make_agreement
from sigreg_edu.training.trackers import CsvTracker, TensorBoardTracker, WandbTracker
from sigreg_edu.training.vit import STEMS, VIT_PRESETS, VisionTransformer, VitPreset, make_vit

__all__ = [
    "CONDITIONS",
    "STEMS",
    "TARGETS",
    "VIT_PRESETS",
    "AveragedTeacher",
    "CsvTracker",
    "Experiment",
    "FactorScore",
    "Gaussianity",
    "JoinedBatchNorm",
    "Inspection",
    "JointTraining",
    "LossConfig",
    "Measures",
    "ModelConfig",
    "Monitor",
    "Pretraining",
    "RecordedRun",
    "Regularizer",
    "Run",
    "Session",
    "Sign",
    "StepRecord",
    "TensorBoardTracker",
    "TrainConfig",
    "TrainRecord",
    "VisionTransformer",
    "VitMeasures",
    "VitPreset",
    "WandbTracker",
    "choose_device",
    "effective_rank",
    "embed",
    "experiment_names",
    "factor_probes",
    "final_probes",
    "gaussian_effect",
    "highest_rise",
    "inspect_embeddings",
    "knn_accuracy",
    "learning_rate",
    "linear_probe",
    "load_experiment",
    "make_agreement",
    "make_projector",
    "make_vit",
    "measure_points",
    "null_floor",
    "principal_deviations",
    "record_experiment",
    "record_run",
    "report_targets",
    "shadow_gaussianity",
    "small_encoder",
    "snapshot_schedule",
    "standard_deviations",
    "standardize_output",
    "train",
    "train_encoder",
    "vit_runs",
    "watch_training",
]
