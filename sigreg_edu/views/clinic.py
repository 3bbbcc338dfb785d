"""A patient of the clinic: its training, and the same training with one remedy, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from sigreg_edu.training.clinic import (
    LAST_STEPS,
    LETTERS,
    MEASURES,
    Case,
    Measure,
    Outcome,
    Remedy,
    case,
    cases,
    outcome,
    treated_runs,
    untreated_runs,
)
from sigreg_edu.training.config import load_experiment
from sigreg_edu.training.measures import worst_direction
from sigreg_edu.training.recorded import RecordedRun
from sigreg_edu.views.many_shadows import short
from sigreg_edu.views.params import Params, choice, moment, slider, switch
from sigreg_edu.views.sample import Histogram, beyond, histogram

TRAINED = tuple(case for case in cases() if case.trained)
#: What each patient complains of, in a few words; the illness is told when it is revealed.
COMPLAINTS = {
    "rising": "SIGReg grows",
    "unstable": "it spikes",
    "standardized": "calm, knows little",
    "slices": "better than Gaussian",
    "factor_n": "the paper's λ collapses",
    "factor_n_strong": "perfect, nothing learned",
    "constant": "all images alike",
    "few_rows": "batches of 16",
    "views": "augmented too much",
    "views_weak": "shapes told by colour",
}
NUMBERS = {case.name: f"patient {number}" for number, case in enumerate(TRAINED, start=1)}
PATIENTS = {letter: f"patient {letter}" for letter in LETTERS} | {
    name: f"{number}: {COMPLAINTS[name]}" for name, number in NUMBERS.items()
}
MOST_REMEDIES = max(len(case.remedies) for case in TRAINED)
_PLAN = load_experiment("clinic").config
LAST_LOOK = _PLAN.steps // _PLAN.look_every
SEES_T = ("none", "sigreg", "lejepa")  # losses whose regularizer, or what is watched, is T
BLIND = "standardized"  # the loss whose T is that of standardized shadows


@dataclass(frozen=True)
class ClinicParams(Params):
    """State of the clinic: who, which remedy, when, and whether the cause is told."""

    patient: str = choice(
        "A", PATIENTS, label="patient",
        help="Numbers tell the complaint, letters not even that. All are recorded trainings.",
    )  # fmt: skip
    remedy: int = slider(
        0, 0, MOST_REMEDIES, 1, label="remedy",
        help="0: none. Each is tried alone. Beyond a patient's last one the last is shown.",
    )  # fmt: skip
    look: int = moment(
        LAST_LOOK, LAST_LOOK, label="moment of training",
        help=f"0 is before training, {LAST_LOOK} after its last step.",
    )  # fmt: skip
    reveal: bool = switch(False, label="reveal", help="Tell the cause.")

    @property
    def case(self) -> Case:
        """The patient's case."""
        return case(LETTERS.get(self.patient, self.patient))

    @property
    def hidden(self) -> bool:
        """Whether not even the complaint is told."""
        return self.patient in LETTERS and not self.reveal

    @property
    def called(self) -> str:
        """Letter or number of the patient; its illness, too, once it is revealed."""
        name = PATIENTS[self.patient] if self.patient in LETTERS else NUMBERS[self.patient]
        return f"{name}, {self.case.trouble}" if self.reveal else name


@dataclass(frozen=True)
class Course:
    """One training at one moment; L looks, S steps.

    Attributes:
        looks: steps at which it was looked at, (L,).
        t: T of unseen slices at each look, (L,).
        knn: of the embedding, (L,).
        saw: T that the loss saw in each step, (S,); None where its regularizer is no T.
        blind: whether that T is one of standardized shadows.
        invariance: (S,).
        spectrum: standard deviations along the principal axes of the projection, now, (D,).
        shadow: histogram along the projection's worst direction, now.
        worst: T of that shadow.
        rank, width: effective rank and mean standard deviation of the projection, now.
    """

    looks: np.ndarray
    t: np.ndarray
    knn: np.ndarray
    saw: np.ndarray | None
    blind: bool
    invariance: np.ndarray
    spectrum: np.ndarray
    shadow: Histogram
    worst: float
    rank: float
    width: float


@dataclass(frozen=True)
class ClinicView:
    """What the figure of the clinic shows.

    Attributes:
        patient: letter or number, and the illness if it is revealed.
        complaint: what the user says; hidden for letters.
        ill: the patient's training.
        treated: the same with the remedy; None without one.
        remedy: its number, of how many, and its name.
        verdict: on it; ``""`` without one.
        numbers: what the verdict goes by, in two or three short lines.
        now: the present look.
        raw: kNN of raw pixels.
        revealed: whether the cause is told.
        device: where it was recorded.
        readout: all that in words.
    """

    patient: str
    complaint: str
    ill: Course
    treated: Course | None
    remedy: str
    verdict: str
    numbers: tuple[str, ...]
    now: int
    raw: float
    revealed: bool
    device: str
    readout: str


def clinic_view(params: ClinicParams) -> ClinicView:
    """Look at a patient, and at the same training with a remedy.

    Raises:
        FileNotFoundError: the recorded runs are not there; the message says what to do.
        ValueError: this run is not among them.
    """
    patient, index = params.case, min(params.remedy, len(params.case.remedies)) - 1
    remedy = patient.remedies[index] if index >= 0 else None
    ill = _course(patient.name, -1, params.look)
    treated = _course(patient.name, index, params.look) if remedy else None
    found = outcome(patient, remedy) if remedy else None
    run = untreated_runs(patient)[0]
    return ClinicView(
        patient=params.called,
        complaint="What is wrong with it?" if params.hidden else f"“{patient.complaint}”",
        ill=ill,
        treated=treated,
        remedy=f"{_counted(params)}: {remedy.name}" if remedy else _counted(params),
        verdict=found.verdict if found else "",
        numbers=_numbers(patient, remedy, found) if remedy and found else (),
        now=params.look,
        raw=float(run.final["raw_knn"]),
        revealed=params.reveal,
        device=str(run.ran_on["device"]),
        readout=_in_words(params, patient, ill, treated, remedy, found),
    )


@lru_cache(maxsize=512)
def _course(name: str, index: int, look: int) -> Course:
    """One training of a case, ill (index -1) or with a remedy, at one look."""
    patient = case(name)
    remedy = patient.remedies[index] if index >= 0 else None
    run = (treated_runs(patient, remedy) if remedy else untreated_runs(patient))[0]
    loss = run.config.loss.name
    z = _cloud(run, look)
    direction, worst = worst_direction(z)
    seen = run.measures["projection"]
    return Course(
        looks=run.look_steps,
        t=seen["sigreg"],
        knn=run.measures["embedding"]["knn"],
        saw=run.curves["regularizer"] if loss in (*SEES_T, BLIND) else None,
        blind=loss == BLIND,
        invariance=run.curves["invariance"],
        spectrum=run.spectra["projection"][look],
        shadow=histogram((z @ direction).numpy()),
        worst=worst,
        rank=float(seen["effective_rank"][look]),
        width=float(seen["mean_std"][look]),
    )


def _cloud(run: RecordedRun, look: int) -> torch.Tensor:
    if run.clouds is None:
        raise ValueError(
            "expected a recorded run whose projections were kept, got one without; record it "
            "again: sigreg-edu train clinic --record --fresh"
        )
    return torch.from_numpy(run.clouds[look])


# --- words --------------------------------------------------------------------------------------


def _counted(params: ClinicParams) -> str:
    """Which remedy of how many; beyond the last one, that it is the last."""
    count = len(params.case.remedies)
    if params.remedy == 0:
        return f"no remedy yet, of {count}"
    return f"{min(params.remedy, count)} of {count}{', the last' if params.remedy > count else ''}"


def _numbers(patient: Case, remedy: Remedy, found: Outcome) -> tuple[str, ...]:
    measure = MEASURES[patient.measure]
    lines = [f"{measure.short}: {_span(found.before, measure)} → {_span(found.after, measure)}"]
    if patient.measure != "knn":
        knn = MEASURES["knn"]
        lines.append(f"kNN: {_span(found.knn_before, knn)} → {_span(found.knn_after, knn)}")
    pixels = [float(runs[0].final["raw_knn"])
              for runs in (untreated_runs(patient), treated_runs(patient, remedy))]  # fmt: skip
    if pixels[0] != pixels[1]:  # other views are other images
        lines.append("raw pixels: {:.0f} % → {:.0f} %".format(*(100 * share for share in pixels)))
    seeds = "one seed" if found.one_seed else f"{len(found.before)} seeds"
    lines.append(f"{found.why}, {seeds}" if found.why else seeds)
    return tuple(lines)


def _span(values: tuple[float, ...], measure: Measure) -> str:
    """The values of all seeds: one number, or the least and the greatest."""
    ends = [measure.factor * value for value in (min(values), max(values))]
    low, high = (f"{end:.0f}" if measure.unit == " %" else f"{end:.3g}" for end in ends)
    return f"{low if low == high else f'{low}–{high}'}{measure.unit}"


def _in_words(
    params: ClinicParams,
    patient: Case,
    ill: Course,
    treated: Course | None,
    remedy: Remedy | None,
    found: Outcome | None,
) -> str:
    step = int(ill.looks[params.look])
    name = params.called
    words = f"{name[0].upper()}{name[1:]}, step {step}: {_state(ill, params.look)}. "
    if remedy is not None and treated is not None and found is not None:
        who = "the report's" if remedy.says_who == "report" else "ours"
        words += (
            f"With remedy {_counted(params)}, “{remedy.name}” ({who}): "
            f"{_state(treated, params.look)}. After training: "
            f"{'; '.join(_numbers(patient, remedy, found))}. Verdict: {found.verdict}."
        )
    else:
        words += f"The worst shadow has T = {short(ill.worst)}.{beyond(ill.shadow)}"
    if params.remedy > len(patient.remedies):
        words += " The slider beyond repeats the last remedy."
    return f"{words} {patient.cause}" if params.reveal else words


def _state(course: Course, look: int) -> str:
    at = max(int(course.looks[look]), 1)
    near = course.invariance[max(at - LAST_STEPS, 0) : at].mean()
    return (
        f"T = {short(float(course.t[look]))}, invariance {near:.2g}, std {course.width:.2f}, "
        f"effective rank {course.rank:.1f} of {len(course.spectrum)}, "
        f"kNN {100 * course.knn[look]:.0f} %"
    )
