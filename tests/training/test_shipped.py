"""The runs that come with the kit: found from a clone, kept precisely, true to their notes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from sigreg_edu.data import load_digits
from sigreg_edu.training import knn_accuracy, record_run
from sigreg_edu.training.shipped import (
    RECIPES,
    find_runs,
    folder_of_runs,
    load_run,
    main,
    save_run,
    shipped_runs,
)

DATA = Path(__file__).parents[2] / "data" / "runs"


def test_a_run_is_kept_to_four_digits_of_its_own_spread(tmp_path):
    run = record_run(steps=5, num_slices=4)
    run.snapshots[-1] = 3.0 + 1e-4 * run.snapshots[-1]  # a collapsed cloud far from 0
    save_run(run, tmp_path / "run.npz")
    kept = load_run(tmp_path / "run.npz")
    assert kept.records == run.records
    assert dict(kept.config) == dict(run.config)
    assert (kept.seconds, kept.finished) == (run.seconds, run.finished)
    assert torch.equal(kept.snapshot_steps, run.snapshot_steps)
    for cloud, truth in zip(kept.snapshots, run.snapshots, strict=True):
        # Half precision is good to 2^-11 of a value, and values reach some 4 standard deviations;
        # float32 itself has 2^-24 of the distance from 0.
        limit = 4.0 * truth.std() * 2.0**-11 + 4.0 * 2.0**-23
        assert (cloud - truth).abs().max() < limit


def test_points_that_all_coincide_are_kept_exactly(tmp_path):
    run = record_run(steps=1, num_slices=4)
    run.snapshots[:] = 0.0
    save_run(run, tmp_path / "run.npz")
    assert (load_run(tmp_path / "run.npz").snapshots == 0.0).all()


def test_a_run_that_nobody_recorded_is_refused_with_what_to_do(tmp_path):
    path = tmp_path / "run.npz"
    save_run(record_run(steps=3, num_slices=4), path)
    with np.load(path) as file:
        kept = dict(file)
    for name in kept:
        np.savez(path, **{key: kept[key] for key in kept if key != name})
        with pytest.raises(ValueError, match=rf"{name}.*record it again: python -m"):
            load_run(path)
    numbers = ("records", "clouds", "centre", "spread")
    spoilt = [
        *((name, np.full_like(kept[name], np.nan)) for name in numbers),
        ("records", kept["records"][:, 1:]),
        ("clouds", kept["clouds"][1:]),
        ("centre", kept["centre"][:1]),  # would fit by broadcasting
        ("snapshot_steps", kept["snapshot_steps"][::-1]),
    ]
    for name, change in spoilt:
        np.savez(path, **{**kept, name: change})
        with pytest.raises(ValueError, match=rf"to be whole, got .*wrong: .*{name}.*record it"):
            load_run(path)
    np.savez(path, **{**kept, "facts": np.array("{")})
    with pytest.raises(ValueError, match=r"to be whole, got .*JSON.*record it again"):
        load_run(path)


def test_the_recorded_runs_are_the_recipes_at_today_s_defaults():
    """Fails when a default of the training changes: then record them again."""
    for name, run in shipped_runs().items():
        assert dict(run.config) == dict(record_run(**RECIPES[name], steps=1).config) | {
            "steps": run.config["steps"]
        }
        assert run.finished


def test_they_show_what_the_notebook_says():
    digits, runs = load_digits(), shipped_runs()
    train, test = digits.train_indices, digits.test_indices

    def accuracy(z: torch.Tensor) -> float:
        return knn_accuracy(z[train], digits.labels[train], z[test], digits.labels[test])

    collapsed, healthy = runs["none"].snapshots[-1], runs["sigreg"].snapshots[-1]
    assert collapsed.std(0).max() < 0.05
    assert healthy.std(0).min() > 0.8
    assert runs["none"].records[-1].invariance < 0.1 * runs["sigreg"].records[-1].invariance
    assert 0.1 < accuracy(collapsed) < accuracy(runs["none"].snapshots[0]) < accuracy(healthy)
    assert torch.equal(runs["none"].snapshots[0], runs["sigreg"].snapshots[0])


def test_their_notes_say_what_is_in_them_and_where_they_ran():
    for name, run in shipped_runs().items():
        note = json.loads((DATA / f"digits_{name}.json").read_text(encoding="utf-8"))
        assert note["config"] == dict(run.config)
        np.testing.assert_allclose(note["metrics"]["std"], run.snapshots[-1].std(0), rtol=1e-3)
        assert {"device", "machine", "python", "threads", "torch"} <= set(note["ran_on"])


def test_together_they_stay_under_a_megabyte():
    assert sum(path.stat().st_size for path in DATA.glob("digits_*")) < 1_000_000


def test_the_data_folder_can_be_named(tmp_path):
    start = Path.cwd()
    assert find_runs(start, {"SIGREG_EDU_DATA": str(DATA.parent)}) == DATA
    assert find_runs(start, {"SIGREG_EDU_HOME": str(DATA.parents[1])}) == DATA
    assert find_runs(DATA.parents[1] / "notebooks", {}) == DATA


def test_a_folder_without_runs_is_told_with_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"SIGREG_EDU_HOME.*training\.shipped"):
        find_runs(tmp_path, {"SIGREG_EDU_DATA": str(tmp_path)})


def test_other_files_can_be_sought_and_their_command_is_named(tmp_path):
    runs = tmp_path / "runs"
    runs.mkdir()
    with pytest.raises(FileNotFoundError, match="record them there: make some"):
        find_runs(tmp_path, {"SIGREG_EDU_DATA": str(tmp_path)}, files=["a", "b"], again="make some")
    for name in ("a", "b"):
        (runs / name).touch()
    assert find_runs(tmp_path, {"SIGREG_EDU_DATA": str(tmp_path)}, files=["a", "b"]) == runs


def test_the_command_records_both_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sigreg_edu.training.shipped.record_run", _two_steps)
    assert main([str(tmp_path / "runs")]) == 0
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {
        f"digits_{name}.{kind}" for name in RECIPES for kind in ("npz", "json")
    }
    assert capsys.readouterr().out.count("digits_") == 2


def _two_steps(**options):
    return record_run(**options, steps=2, num_slices=4)


def test_recordings_go_where_they_will_be_found(tmp_path):
    (tmp_path / "clone" / "data").mkdir(parents=True)
    below = tmp_path / "clone" / "notebooks"
    below.mkdir()
    assert folder_of_runs(below, {}) == tmp_path / "clone" / "data" / "runs"
    named = {"SIGREG_EDU_DATA": str(tmp_path / "mine")}
    assert folder_of_runs(below, named) == tmp_path / "mine" / "runs"
