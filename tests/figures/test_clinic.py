"""What the figure of a patient draws is what the view holds, and its words can be read."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures.clinic import SIGNS, ClinicFigure
from sigreg_edu.training.clinic import VERDICTS, case, cases
from sigreg_edu.views.clinic import (
    LAST_LOOK,
    MOST_REMEDIES,
    PATIENTS,
    ClinicParams,
    clinic_view,
)

REMEDIES = [
    (own.name, number)
    for own in cases()
    if own.trained
    for number in (*range(1, len(own.remedies) + 1), MOST_REMEDIES)
]


@pytest.fixture(scope="module")
def figure() -> ClinicFigure:
    return ClinicFigure()


def shown(figure: ClinicFigure, **changes):
    view = clinic_view(ClinicParams(**changes))
    figure.update(view)
    return view


def test_both_trainings_are_drawn_beside_each_other(figure):
    view = shown(figure, patient="slices", remedy=4)
    for who, course in (("ill", view.ill), ("treated", view.treated)):
        np.testing.assert_allclose(figure.lines[who]["t"].get_ydata(), course.t)
        np.testing.assert_allclose(figure.lines[who]["knn"].get_ydata(), 100.0 * course.knn)
        np.testing.assert_array_equal(figure.lines[who]["t"].get_xdata(), course.looks)
        assert figure.spectra[who].get_visible()


def test_without_a_remedy_only_the_patient_is_drawn(figure):
    shown(figure, patient="slices", remedy=0)
    assert not any(line.get_visible() for line in figure.lines["treated"].values())
    assert not figure.spectra["treated"].get_visible()
    assert figure.spectra["ill"].get_visible()
    assert figure.verdict.get_text() == ""


def test_every_verdict_has_a_sign_of_its_own():
    assert set(SIGNS) == set(VERDICTS)
    assert len({sign for sign, _ in SIGNS.values()}) == len(VERDICTS)


def test_another_moment_paints_the_picture_that_a_new_figure_would(figure):
    shown(figure, patient="slices", remedy=2, look=0)
    shown(figure, patient="slices", remedy=3, look=2)
    shown(figure, patient="slices", remedy=2, look=LAST_LOOK)
    fresh = ClinicFigure()
    shown(fresh, patient="slices", remedy=2, look=LAST_LOOK)
    assert figure.png() == fresh.png()


def test_that_the_loss_is_blind_is_told_when_it_is_revealed(figure):
    shown(figure, patient="standardized")
    assert "standardized" not in figure.t_title.get_text()
    assert figure.lines["ill"]["saw"].get_visible()
    shown(figure, patient="standardized", reveal=True)
    assert "standardized" in figure.t_title.get_text()


def test_the_moment_is_marked_in_every_panel_of_curves(figure):
    view = shown(figure, patient="rising", look=1)
    for line in figure.upright:
        assert line.get_xdata()[0] == view.ill.looks[1]


@pytest.mark.parametrize(("patient", "remedy"), REMEDIES)
def test_its_words_are_apart_for_every_remedy(figure, assert_words_are_apart, patient, remedy):
    shown(figure, patient=patient, remedy=remedy, look=LAST_LOOK)
    assert_words_are_apart(figure)


@pytest.mark.parametrize("patient", PATIENTS)
def test_its_words_are_apart_before_any_training(figure, assert_words_are_apart, patient):
    shown(figure, patient=patient, look=0, reveal=True)
    assert_words_are_apart(figure)


def test_values_beyond_an_axis_are_held_at_its_end(figure):
    shown(figure, patient="unstable", remedy=0)
    for name, axes in (("t", figure.t_axes), ("invariance", figure.invariance_axes)):
        low, high = axes.get_ylim()
        y = figure.lines["ill"][name].get_ydata()
        assert low <= y.min()
        assert y.max() <= high
    assert case("unstable").complaint[:12] in figure.title.get_text()
