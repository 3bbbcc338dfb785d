"""A patient: what is shown is its record, and nothing is told before it is revealed."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.training.clinic import case, outcome, treated_runs, untreated_runs
from sigreg_edu.views.clinic import (
    LAST_LOOK,
    LETTERS,
    MOST_REMEDIES,
    PATIENTS,
    TRAINED,
    ClinicParams,
    clinic_view,
)


def test_every_trained_patient_can_be_chosen_and_letters_are_some_of_them():
    assert set(PATIENTS) == set(LETTERS) | {case.name for case in TRAINED}
    assert len(set(LETTERS.values())) == len(LETTERS)


@pytest.mark.parametrize("letter", LETTERS)
def test_a_letter_tells_neither_name_nor_cause_until_it_is_revealed(letter):
    hidden = clinic_view(ClinicParams(patient=letter))
    own = case(LETTERS[letter])
    for words in (hidden.readout, hidden.complaint, hidden.patient):
        assert own.cause not in words
        assert own.complaint not in words
        assert own.trouble not in words
    revealed = clinic_view(ClinicParams(patient=letter, reveal=True))
    assert own.cause in revealed.readout
    assert own.complaint in revealed.complaint


@pytest.mark.parametrize("name", [own.name for own in TRAINED])
def test_a_numbered_patient_tells_its_complaint_and_its_illness_only_when_revealed(name):
    own, view = case(name), clinic_view(ClinicParams(patient=name))
    assert own.complaint in view.complaint
    for words in (view.patient, view.readout):
        assert own.cause not in words
        assert own.trouble not in words
    revealed = clinic_view(ClinicParams(patient=name, reveal=True))
    assert own.trouble in revealed.patient
    assert own.cause in revealed.readout


def test_names_to_choose_from_tell_no_illness():
    for name, label in PATIENTS.items():
        assert case(LETTERS.get(name, name)).trouble not in label


@pytest.mark.parametrize("look", [0, LAST_LOOK])
def test_what_is_shown_is_the_record_at_that_look(look):
    view = clinic_view(ClinicParams(patient="slices", remedy=4, look=look))
    own = case("slices")
    for course, run in (
        (view.ill, untreated_runs(own)[0]),
        (view.treated, treated_runs(own, own.remedies[3])[0]),
    ):
        np.testing.assert_array_equal(course.t, run.measures["projection"]["sigreg"])
        np.testing.assert_array_equal(course.spectrum, run.spectra["projection"][look])
        np.testing.assert_array_equal(course.invariance, run.curves["invariance"])
        assert course.rank == pytest.approx(
            float(run.measures["projection"]["effective_rank"][look])
        )


def test_the_verdict_is_the_clinics_own():
    view = clinic_view(ClinicParams(patient="rising", remedy=1))
    assert view.verdict == outcome(case("rising"), case("rising").remedies[0]).verdict
    assert view.verdict in view.readout


def test_without_a_remedy_nothing_is_treated():
    view = clinic_view(ClinicParams(patient="rising", remedy=0))
    assert view.treated is None
    assert view.verdict == ""


def test_a_patient_with_fewer_remedies_stays_at_its_last():
    last = len(case("factor_n").remedies)
    ends = [clinic_view(ClinicParams(patient="factor_n", remedy=r)) for r in (last, MOST_REMEDIES)]
    name = case("factor_n").remedies[-1].name
    assert [end.remedy for end in ends] == [f"2 of 2: {name}", f"2 of 2, the last: {name}"]
    assert "The slider beyond repeats the last remedy." in ends[1].readout
    assert "repeats" not in ends[0].readout


def test_what_kept_a_remedy_from_helping_is_told_beside_its_verdict():
    for own in TRAINED:
        for number, remedy in enumerate(own.remedies, start=1):
            view = clinic_view(ClinicParams(patient=own.name, remedy=number))
            assert outcome(own, remedy).why in view.numbers[-1]
            assert view.numbers[-1].endswith(f"{len(outcome(own, remedy).before)} seeds")


def test_what_the_loss_saw_is_its_own_t_and_none_of_vicreg():
    own = case("standardized")
    for number, remedy in enumerate(own.remedies, start=1):
        view = clinic_view(ClinicParams(patient="standardized", remedy=number))
        assert view.ill.blind
        assert np.median(view.ill.saw[-20:]) < 1.0 < view.ill.t[-1]
        loss = remedy.change.get("loss.name")
        assert (view.treated.saw is None) == (loss == "vicreg")
        assert view.treated.blind == (loss is None)
