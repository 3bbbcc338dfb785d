"""Explorers of notebook 07: their presets lead where their labels say."""

from __future__ import annotations

import pytest

from sigreg_edu.explorers import (
    clinic_explorer,
    decision_chart,
    measured_clinic_explorer,
    remedies_explorer,
)


@pytest.mark.parametrize("explorer", [clinic_explorer, measured_clinic_explorer, remedies_explorer])
def test_every_preset_gives_another_picture(explorer):
    widget = explorer()
    pictures = set()
    for label, button in widget.presets.items():
        button.click()
        assert widget.explorer.error == "", label
        pictures.add(widget.explorer.figure.png())
    assert len(pictures) == len(widget.presets)
    assert 4 <= len(pictures) <= 7
    widget.close()


def test_a_preset_hides_cause_and_remedy_again():
    widget = clinic_explorer(patient="views", remedy=2, reveal=True)
    widget.presets["“it spikes”"].click()
    assert widget.explorer.params.remedy == 0
    assert not widget.explorer.params.reveal
    widget.close()


def test_a_mystery_patient_is_not_named_until_it_is_revealed():
    widget = clinic_explorer(patient="A", reveal=False)
    assert "blind" not in widget.picture.readout
    assert widget.set(reveal=True)
    assert "shadow is brought to mean 0" in widget.picture.readout
    widget.close()


def test_the_chart_shows_itself_as_a_picture():
    assert decision_chart()._repr_png_().startswith(b"\x89PNG")
