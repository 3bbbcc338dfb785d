"""Recorded experiments: whole, true to what was trained, gone on with, and refused if damaged."""

import json
from pathlib import Path

import numpy as np
import pytest

from sigreg_edu.training import Pretraining, TrainConfig, experiment_names, load_experiment
from sigreg_edu.training.config import Experiment
from sigreg_edu.training.measures import SPACES
from sigreg_edu.training.recorded import load_runs, record_experiment, vit_runs

DATA = Path(__file__).parents[2] / "data" / "runs"
SHIPPED = [name for name in experiment_names() if load_experiment(name).variants != ({},)]
TINY = TrainConfig().with_values({"steps": 4, "batch_size": 16, "look_every": 2, "warmup": 1})


def tiny(*variants, clouds=False):
    return Experiment("tiny", "about", TINY, variants or ({},), clouds)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    runs = record_experiment(tiny(clouds=True), folder, report=lambda line: None)
    return folder / "tiny.npz", runs[0]


def test_what_is_read_is_what_was_recorded(kept):
    path, run = kept
    (read,) = load_runs(path)
    assert read.config == run.config
    assert read.look_steps.tolist() == [0, 2, 4]
    for name, curve in run.curves.items():
        np.testing.assert_array_equal(read.curves[name], curve)
    for space in SPACES:
        np.testing.assert_array_equal(read.spectra[space], run.spectra[space])
        for name, values in run.measures[space].items():
            np.testing.assert_array_equal(read.measures[space][name], values)
    # Half precision of standardized coordinates: 2^-11 of some 4 standard deviations.
    np.testing.assert_allclose(read.clouds, run.clouds, atol=4 * 2.0**-11 * run.clouds.std() * 4)
    assert dict(read.final) == dict(run.final)


def test_a_recorded_run_is_the_training_itself(kept):
    training = Pretraining(TINY)
    losses = [record.loss for record in training.take_steps()]
    np.testing.assert_allclose(kept[1].curves["loss"], losses, rtol=1e-6)


def test_recording_goes_on_with_what_is_missing(tmp_path):
    lines = []
    first, second = {"seed": 0}, {"seed": 1}
    record_experiment(tiny(first), tmp_path, report=lines.append)
    runs = record_experiment(tiny(second, first), tmp_path, report=lines.append)
    assert len(lines) == 2
    assert [run.config.seed for run in runs] == [1, 0]
    assert [run.config.seed for run in load_runs(tmp_path / "tiny.npz")] == [1, 0]
    note = json.loads((tmp_path / "tiny.json").read_text())
    assert note["again"] == "sigreg-edu train tiny --record"
    assert "numpy" not in str(note["runs"][0]["config"])


def test_fresh_records_all_of_it_again(tmp_path):
    lines = []
    for _ in range(2):
        record_experiment(tiny(), tmp_path, fresh=True, report=lines.append)
    assert len(lines) == 2


@pytest.mark.parametrize("part", ["0.curves", "0.measures", "0.look_steps", "0.spectra.embedding"])
def test_a_file_whose_parts_do_not_fit_is_refused_with_what_to_do(kept, tmp_path, part):
    with np.load(kept[0]) as file:
        arrays = dict(file)
    short = tmp_path / "tiny.npz"
    np.savez(short, **{**arrays, part: arrays[part][..., :-1, :] if arrays[part].ndim > 1
                       else arrays[part][:-1]})  # fmt: skip
    with pytest.raises(ValueError, match="record it again: sigreg-edu train tiny --record --fresh"):
        load_runs(short)


def test_a_missing_file_says_where_it_was_sought(monkeypatch, tmp_path):
    monkeypatch.setenv("SIGREG_EDU_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="sigreg-edu train vit_main --record"):
        vit_runs("vit_main")


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_experiment_was_recorded_as_its_file_says(name):
    runs, experiment = vit_runs(name), load_experiment(name)
    assert [run.config for run in runs] == experiment.configs()
    for run in runs:
        assert np.isfinite(run.curves["loss"]).all()
        assert {"device", "torch"} <= run.ran_on.keys()
        assert 0.0 <= run.final["knn"] <= 1.0
