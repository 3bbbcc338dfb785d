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
    outcome,
    recovered,
    treated_runs,
    untreated_runs,
    verdicts,
    why_not,
)
from sigreg_edu.training.clinic_costs import cost_rows
from sigreg_edu.training.config import load_experiment
from sigreg_edu.training.monitor import GAUSSIAN, RISEN, SETTLED, monitor_of, null_floor
from sigreg_edu.training.pretraining import TrainRecord

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


Q, K = clinic.QUARTER, clinic.TENTH


@pytest.mark.parametrize(
    ("shares", "learned", "verdict", "why"),
    [
        ([0.5, 0.4], [0.3, 0.2], HELPS, ""),
        ([Q], [K], HELPS, ""),  # the borders belong to it
        ([Q - 0.001], [K], NOTHING, "kNN alone"),
        ([Q], [K - 0.001], NOTHING, "the meter alone"),
        ([0.5, Q], [0.3, K], HELPS, ""),  # of two seeds the nearer one is at the limit
        ([0.5, Q - 0.01], [0.3, K], NOTHING, "seeds differ"),
        ([0.5, 0.5], [0.3, K - 0.01], NOTHING, "seeds differ"),
        ([0.5, 0.5, 0.1], [0.3, 0.3, 0.3], NOTHING, "seeds differ"),  # 0.367 less 0.133
        ([0.5, 0.5, 0.2], [0.3, 0.3, 0.3], HELPS, ""),  # 0.4 less 0.1: two of three are enough
        ([0.9, 0.9], [0.0, 0.05], NOTHING, "the meter alone"),
        ([0.0, 0.1], [0.5, 0.6], NOTHING, "kNN alone"),
        ([0.9, 0.9], [-0.3, -0.3], NOTHING, "against"),
        ([0.1, 0.2], [0.1, 0.2], NOTHING, "too little"),  # a kNN that is the measure itself
    ],
)
def test_a_verdict_follows_its_rule_and_so_does_its_mirror_image(shares, learned, verdict, why):
    mirrored = [-share for share in shares], [-share for share in learned]
    assert judge(shares, learned) == verdict
    assert judge(*mirrored) == {HELPS: HARMS}.get(verdict, NOTHING)
    if verdict == NOTHING:
        assert why in why_not(shares, learned)
        assert why_not(*mirrored) == why_not(shares, learned)


def test_the_order_of_the_seeds_does_not_matter():
    for shares, learned in (([0.9, 0.1], [0.8, 0.1]), ([0.5, 0.4], [0.3, 0.2])):
        assert judge(shares, learned) == judge(shares[::-1], learned[::-1])


def test_what_acts_on_nothing_cannot_be():
    assert judge([1.0], [1.0], acts_on=0) == CANNOT_BE


def test_a_verdict_of_one_seed_is_told_as_one():
    one = clinic.Outcome((1.0,), (2.0,), (2.0,), (0.1,), (0.2,), (1.0,), (1.0,), HELPS)
    two = clinic.Outcome((1.0,), (2.0,), (2.0,), (0.1,), (0.2,), (1.0, 1.0), (1.0, 1.0), HELPS)
    cost = clinic.Outcome((1.0,), (0.5,), (), (), (), (), (), HELPS)
    assert [found.told for found in (one, two, cost)] == ["helps (one seed)", "helps", "helps"]


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        ([0.8], HELPS),
        ([1.25], HARMS),
        ([0.81], NOTHING),
        ([1.24], NOTHING),
        ([0.5, 0.6, 0.7, 0.75, 9.0], HELPS),  # one bad round of five
        ([0.5, 0.6, 0.7, 0.9, 0.9], NOTHING),  # a median of 0.7, but rounds that say otherwise
        ([2.0, 1.6, 1.4, 1.3, 0.1], HARMS),
        ([2.0, 1.6, 1.4, 1.1, 1.1], NOTHING),
    ],
)
def test_costs_are_judged_by_the_quartiles_of_their_ratios(after, verdict):
    assert judge_cost([1.0] * len(after), after) == verdict


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


def signs_of(run) -> set[str]:
    monitor = monitor_of(run.config)
    columns = {name: run.curves[name].tolist() for name in run.curves}
    for step in range(run.config.steps):
        monitor.update(TrainRecord(step + 1, **{n: values[step] for n, values in columns.items()}))
    return {sign.name for sign in monitor.signs}


def test_sigreg_rises_in_the_rising_patient_by_the_monitors_own_rule_and_not_when_cured():
    own = case("rising")
    cured = [found for found in own.remedies if found.says_who == KIT]
    for run in untreated_runs(own):
        assert "sigreg rising" in signs_of(run)
        assert MEASURES["rise"].of(run) > RISEN
        assert run.curves["regularizer"][-1] > 2.0 * run.curves["regularizer"][SETTLED]
    for runs in (healthy_runs(own), *(treated_runs(own, remedy) for remedy in cured)):
        assert all("sigreg rising" not in signs_of(run) for run in runs)


def test_a_rise_is_above_the_limit_where_the_monitor_rings_and_only_there():
    for name in TRAINED:
        for run in untreated_runs(case(name)):
            if run.config.loss.name in GAUSSIAN:
                rings = "sigreg rising" in signs_of(run)
                assert rings == (MEASURES["rise"].of(run) > RISEN), name


def test_the_reports_larger_weight_was_tried_from_25_to_25():
    own = case("rising")
    larger = own.remedies[0].change["loss.lamb"]
    # λ of a loss a · gap + b · T, the gap four times the invariance: b / (4 a + b)
    assert own.change["loss.lamb"] == pytest.approx(25.0 / (4.0 * 25.0 + 25.0))
    assert larger == pytest.approx(35.0 / (4.0 * 25.0 + 35.0), rel=1e-5)


def test_every_remedy_was_tried_in_two_seeds_or_more():
    for patient in (own for own in cases() if own.trained):
        for remedy in patient.remedies:
            assert len(outcome(patient, remedy).recovered) >= 2, (patient.name, remedy.name)


# What the reasons of the quiz say of patients A, B and C.


def test_the_blind_patient_has_its_rank_and_lost_its_width():
    ill, well = (runs(case("standardized"))[0] for runs in (untreated_runs, healthy_runs))
    ranks, widths = (
        [float(run.measures["projection"][name][-1]) for run in (ill, well)]
        for name in ("effective_rank", "mean_std")
    )
    assert ranks[0] == pytest.approx(ranks[1], rel=0.1)
    assert widths[0] < 0.5 * widths[1]


def test_the_strong_patient_is_round_and_the_patient_of_few_slices_is_flat_elsewhere():
    seen = untreated_runs(case("factor_n_strong"))[0].measures["projection"]
    assert seen["effective_rank"][-1] > 30.0
    assert seen["mean_std"][-1] == pytest.approx(1.0, abs=0.05)
    run = untreated_runs(case("slices"))[0]
    assert run.config.loss.num_slices == 8
    assert run.curves["regularizer"][-20:].mean() < 0.5 * null_floor()
    assert run.measures["projection"]["sigreg"][-1] > 40.0 * null_floor()


def test_a_log_tells_numbers_and_not_what_is_wrong():
    for letter, name in clinic.LETTERS.items():
        told = clinic.chart(letter)
        assert told == clinic.chart(name)
        assert case(name).trouble not in told
        assert f"{100 * untreated_runs(case(name))[0].final['knn']:.0f} %" in told


def test_logs_of_the_quiz_are_of_known_illnesses_and_of_trainings_shown_nowhere_else():
    for letter, name in clinic.LOGS.items():
        told = clinic.chart(letter)
        assert told != clinic.chart(name)
        assert f"kNN {100 * untreated_runs(case(name))[1].final['knn']:.0f} %" in told
    assert not set(clinic.LOGS) & set(clinic.LETTERS)


def test_there_is_no_nan_in_the_unstable_patients_inputs():
    seen = found("unstable", "look for NaN")
    assert clinic.broken_pixels(case("unstable")) == 0
    assert seen.verdict == CANNOT_BE


def test_fixed_slices_spare_no_memory():
    seen = found("memory", "fixed")
    assert seen.after[0] == pytest.approx(seen.before[0], rel=0.01)  # but for one draw's scratch
    assert seen.verdict == NOTHING


def test_a_larger_dimension_slows_vicreg_down_and_does_not_speed_sigreg_up():
    seen = found("slow", "is D below 512")
    rows = cost_rows()
    assert seen.before == rows["loss"].time
    assert seen.after == rows["large dimension"].time
    assert seen.verdict == judge_cost(seen.before, seen.after) != HELPS
    assert "VICReg's time" in seen.told
    assert np.median(rows["vicreg, large dimension"].time) > np.median(rows["vicreg"].time)
