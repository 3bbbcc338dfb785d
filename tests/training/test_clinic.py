"""The clinic: every patient is recorded, ill by its measure, and judged by rule."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.training import clinic
from sigreg_edu.training.clinic import (
    CANNOT_BE,
    HARMS,
    HELPS,
    KIT,
    MEASURES,
    NOTHING,
    REPORT,
    VERDICTS,
    case,
    cases,
    healthy_runs,
    judge,
    judge_cost,
    measure_of,
    outcome,
    recovered,
    treated_runs,
    untreated_runs,
    verdicts,
)
from sigreg_edu.training.config import load_experiment

TRAINED = [case.name for case in cases() if case.trained]
REMEDIES = [(case.name, remedy.name) for case in cases() for remedy in case.remedies]


def found(patient: str, start: str):
    own = case(patient)
    return outcome(own, next(r for r in own.remedies if r.name.startswith(start)))


# --- the catalogue -------------------------------------------------------------------------------


def test_the_reports_four_troubles_have_four_remedies_each():
    of_report = [case for case in cases() if case.of_the_report]
    assert [case.name for case in of_report] == ["rising", "memory", "unstable", "slow"]
    for patient in of_report:
        assert sum(remedy.says_who == REPORT for remedy in patient.remedies) == 4
        assert any(remedy.says_who == KIT for remedy in patient.remedies)


def test_at_least_six_more_troubles_have_remedies_too():
    others = [case for case in cases() if not case.of_the_report]
    assert len(others) >= 6
    assert all(len(case.remedies) >= 2 for case in others)


def test_names_of_cases_and_of_remedies_are_told_apart():
    assert len({case.name for case in cases()}) == len(cases())
    assert len(set(REMEDIES)) == len(REMEDIES)


def test_an_unknown_case_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match="rising"):
        case("risin")
    with pytest.raises(ValueError, match="report"):
        verdicts("reporter")


@pytest.mark.parametrize("name", TRAINED)
def test_every_training_of_a_case_is_recorded_with_its_projections(name):
    patient = case(name)
    every = [untreated_runs(patient), healthy_runs(patient)]
    every += [treated_runs(patient, remedy) for remedy in patient.remedies]
    for runs in every:
        assert runs[0].config.seed == 0
        assert runs[0].clouds is not None


def test_no_recorded_training_is_left_over():
    for experiment in ("clinic", "clinic_views"):
        used = set()
        for patient in (own for own in cases() if own.experiment == experiment):
            for remedy in patient.remedies:
                used |= {run.config for run in treated_runs(patient, remedy)}
            used |= {run.config for run in (*untreated_runs(patient), *healthy_runs(patient))}
        assert used == set(load_experiment(experiment).configs())


@pytest.mark.parametrize("name", TRAINED)
def test_each_patient_is_ill_by_its_own_measure_in_every_seed(name):
    patient = case(name)
    measure = MEASURES[patient.measure]
    sign = 1.0 if measure.higher_is_better else -1.0
    pairs = zip(untreated_runs(patient), healthy_runs(patient), strict=False)
    for ill, well in pairs:
        assert sign * measure.of(ill) < sign * measure.of(well)
        assert ill.final["knn"] < well.final["knn"] - 0.05  # each also learns less: five points


def test_the_translations_of_lambda_are_those_of_the_formula():
    assert clinic.NO_N["loss.lamb"] == pytest.approx((0.05 / 128) / (0.95 + 0.05 / 128), rel=1e-4)
    assert clinic.WITH_N["loss.lamb"] == pytest.approx(10.0 / 11.0, rel=1e-6)
    few = next(r for r in case("few_rows").remedies if r.name.startswith("λ"))
    odds = few.change["loss.lamb"] / (1.0 - few.change["loss.lamb"])
    assert odds == pytest.approx(128 / 16 * 0.05 / 0.95, rel=1e-4)


# --- the rule ------------------------------------------------------------------------------------


def test_what_is_recovered_runs_from_ill_to_healthy():
    assert recovered(0.2, 0.2, 0.8) == 0.0
    assert recovered(0.2, 0.8, 0.8) == 1.0
    assert recovered(0.2, 0.1, 0.8) < 0.0
    assert recovered(100.0, 10.0, 1.0, logarithmic=True) == pytest.approx(0.5)
    assert recovered(0.5, 0.9, 0.5) == 0.0  # no way to go


@pytest.mark.parametrize(
    ("shares", "learned", "gained", "verdict"),
    [
        ([0.5, 0.3], [0.2, 0.4], [0.1, 0.2], HELPS),
        ([0.5, 0.2], [0.2, 0.4], [0.1, 0.2], NOTHING),  # not in every seed
        ([0.9, 0.9], [0.0, 0.05], [0.0, 0.0], NOTHING),  # the meter only
        ([-0.2, -0.3], [0.0, 0.0], [0.0, 0.0], HARMS),
        ([-0.2, -0.3], [0.2, 0.3], [0.1, 0.1], NOTHING),  # it learns more, and is no calmer
        ([-0.2, 0.0], [0.0, 0.0], [0.0, 0.0], NOTHING),
        ([0.9, 0.9], [-0.2, -0.3], [-0.1, -0.2], HARMS),  # kNN is lost
    ],
)
def test_a_verdict_follows_its_rule(shares, learned, gained, verdict):
    assert judge(shares, learned, gained) == verdict


def test_what_acts_on_nothing_cannot_be():
    assert judge([1.0], [1.0], [1.0], acts_on=0) == CANNOT_BE


def test_costs_are_judged_by_the_median_of_their_ratios():
    assert judge_cost([1.0, 1.0, 1.0], [0.5, 0.7, 9.0]) == HELPS
    assert judge_cost([1.0, 1.0, 1.0], [0.9, 1.0, 1.1]) == NOTHING
    assert judge_cost([1.0, 1.0, 1.0], [2.0, 1.3, 0.1]) == HARMS


# --- the record ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("patient", "remedy"), REMEDIES)
def test_every_remedy_is_judged_by_finite_numbers(patient, remedy):
    seen = found(patient, remedy)
    assert seen.verdict in VERDICTS
    assert len(seen.before) == len(seen.after) >= 1
    assert np.isfinite([*seen.before, *seen.after]).all()


def test_a_table_has_a_row_for_each_remedy_and_tells_its_numbers():
    rows = verdicts()
    assert [(row.case, row.remedy) for row in rows] == REMEDIES
    assert len(verdicts(REPORT)) == 16
    assert len(verdicts(REPORT)) + len(verdicts(KIT)) == len(rows)
    for row in rows:
        assert all(row.told)
        assert row.trouble == case(row.case).trouble


def test_one_remedy_of_each_patient_of_ours_helps():
    for patient in cases():
        told = [row.verdict for row in verdicts(KIT) if row.case == patient.name]
        assert HELPS in told, patient.name


def test_normalizing_at_the_end_moves_the_meter_and_teaches_nothing():
    seen = found("rising", "normalized")
    assert seen.after[0] < 0.5 * seen.before[0]
    assert seen.knn_before == seen.knn_after
    assert seen.verdict == NOTHING


def test_there_is_no_nan_in_the_unstable_patients_inputs():
    seen = found("unstable", "look for NaN")
    assert clinic.broken_pixels(case("unstable")) == 0
    assert seen.verdict == CANNOT_BE


def test_fixed_slices_spare_no_memory():
    seen = found("memory", "fixed")
    assert seen.after[0] == pytest.approx(seen.before[0], rel=0.01)  # but for one draw's scratch
    assert seen.verdict == NOTHING


def test_a_question_against_vicreg_is_measured_against_it():
    remedy = next(r for r in case("slow").remedies if "512" in r.name)
    assert measure_of(case("slow"), remedy).label == MEASURES["slower"].label
    seen = outcome(case("slow"), remedy)
    assert (seen.verdict == HELPS) == (np.median(seen.after) < 1.0)
