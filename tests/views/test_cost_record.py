"""The record of costs: found, read without trust, and asked for what was measured."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sigreg_edu.cli.bench_cost import WITHIN
from sigreg_edu.losses.cost import FORMS
from sigreg_edu.views.cost_record import (
    Pair,
    cost_record,
    find_bench,
    load_cost_record,
    recorded_devices,
)


@pytest.fixture
def kept() -> dict:
    return json.loads(find_bench(Path.cwd(), {}, "cost.json").read_text(encoding="utf-8"))


def written(folder: Path, record: object) -> Path:
    path = folder / "cost.json"
    path.write_text(json.dumps(record), encoding="utf-8")
    return path


def test_the_record_holds_every_form_over_the_grid_and_the_reports_shapes():
    record = cost_record()
    for form in FORMS:
        assert sum(row.form == form for row in record.grid) >= 30
    for dim in (192, 384, 768, 1024, 2048):
        for slices in (512, 1024):
            assert record.at("fast", 6272, dim, slices)
            assert record.at("vicreg", 6272, dim, slices)


def test_the_model_is_within_twice_of_the_measurements_on_the_grid_and_held_back():
    record = cost_record()
    assert record.model.within(record.grid) <= WITHIN
    assert record.model.within(record.held_back) <= WITHIN


def test_memory_as_counted_is_memory_as_recorded():
    assert cost_record().worst_memory_ratio < 1.25  # small steps also hold a few small vectors


def test_a_line_varies_one_size_in_its_order():
    record = cost_record()
    line = record.line("fast", 0, (0, 256, 512, 17))
    assert [row.N for row in line] == sorted({row.N for row in line})
    assert len(line) >= 6
    assert {(row.D, row.M, row.T) for row in line} == {(256, 512, 17)}


def test_a_line_of_vicreg_takes_the_steps_of_the_same_slices_and_knots_where_there_are_some():
    record = cost_record()
    for row in record.line("vicreg", 0, (2048, 256, 512, 17)):
        exact = record.at("vicreg", row.N, 256, 512, 17)
        assert exact is None or row is exact


def test_forms_of_a_pair_took_turns_and_their_ratio_is_taken_within_a_turn():
    record = cost_record()
    assert record.at("fast", 6272, 384, 999) is None
    for pair in record.pairs():
        assert pair.sigreg.sizes == pair.vicreg.sizes
        assert len(pair.sigreg.turns) == len(pair.vicreg.turns) >= 3
    own, rival = record.at("fast", 6272, 384, 512), record.at("vicreg", 6272, 384, 512)
    quick, slow = replace(own, turns=(1.0, 2.0, 4.0)), replace(rival, turns=(3.0, 2.0, 8.0))
    assert Pair(quick, slow).speedup == 2.0  # of 3, 1 and 2
    assert Pair(own, rival).smaller == rival.peak_bytes / own.peak_bytes


def test_a_record_of_before_turns_were_kept_is_one_of_single_turns(kept, tmp_path):
    for part in ("grid", "held_back", "report"):
        for row in kept[part]:
            del row["turns"]
    record = load_cost_record(written(tmp_path, kept))
    pair = record.pairs()[0]
    assert pair.sigreg.turns == ()
    assert pair.speedup == pair.vicreg.seconds / pair.sigreg.seconds


def test_every_record_of_the_folder_has_its_name(monkeypatch, tmp_path, kept):
    monkeypatch.setenv("SIGREG_EDU_DATA", str(tmp_path))
    (tmp_path / "bench").mkdir()
    for name in ("cost", "cost_cuda", "cost_my-laptop", "cost_not a name"):
        (tmp_path / "bench" / f"{name}.json").write_text(json.dumps(kept), encoding="utf-8")
    assert recorded_devices() == ("cpu", "cuda", "my-laptop")
    assert cost_record("my-laptop").device == "cpu"
    with pytest.raises(FileNotFoundError, match=r"cost_other\.json was not found"):
        cost_record("other")
    for name in ("../cost", "", "a b"):
        with pytest.raises(ValueError, match="expected the name of a record"):
            cost_record(name)


def test_the_record_is_sought_where_the_variables_say(tmp_path):
    (tmp_path / "bench").mkdir()
    path = written(tmp_path / "bench", {})
    assert find_bench(Path.cwd(), {"SIGREG_EDU_DATA": str(tmp_path)}, "cost.json") == path
    with pytest.raises(FileNotFoundError, match=r"cost\.json was not found in .*record it there"):
        find_bench(Path.cwd(), {"SIGREG_EDU_HOME": str(tmp_path)}, "cost.json")


def test_only_devices_with_a_record_are_offered(monkeypatch, tmp_path):
    assert "cpu" in recorded_devices()
    monkeypatch.setenv("SIGREG_EDU_DATA", str(tmp_path))
    assert recorded_devices() == ()


@pytest.mark.parametrize(
    "fault",
    [
        {"model": {}},
        {"model": None},
        {"grid": [{"form": "fast"}]},
        {"grid": [{"form": "quick", "N": 1, "D": 1, "M": 1, "T": 2, "seconds": 1.0,
                   "peak_bytes": 1}]},
        {"grid": [{"form": "fast", "N": 64, "D": 1, "M": 1, "T": 2, "seconds": -1.0,
                   "peak_bytes": 1}]},
        {"grid": [{"form": "fast", "N": 64, "D": 1, "M": 1, "T": 2, "seconds": float("nan"),
                   "peak_bytes": 1}]},
        {"held_back": 5},
        {"worst_memory_ratio": 0.0},
        {"draw": {"seconds": "soon"}},
    ],
)  # fmt: skip
def test_a_damaged_record_is_refused_with_its_name(kept, fault, tmp_path):
    with pytest.raises(ValueError, match=r"cost\.json is no record of costs .*Record it again"):
        load_cost_record(written(tmp_path, {**kept, **fault}))


def test_a_coefficient_that_is_missing_or_negative_is_refused(kept, tmp_path):
    del kept["model"]["coefficients"]["fast"]["waves"]
    with pytest.raises(ValueError, match="the terms of 'fast'"):
        load_cost_record(written(tmp_path, kept))
    kept["model"]["coefficients"]["fast"]["waves"] = -1.0
    with pytest.raises(ValueError, match="waves must be a finite number of at least 0"):
        load_cost_record(written(tmp_path, kept))


@pytest.mark.parametrize("text", ["", "[]", "{", "\x80", '"cost"'])
def test_a_file_of_something_else_is_refused(text, tmp_path):
    path = tmp_path / "cost.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match="no record of costs"):
        load_cost_record(path)


def test_a_record_that_changed_is_read_again(kept, tmp_path):
    first = load_cost_record(written(tmp_path, kept))
    kept["machine"]["device"] = "another"
    path = written(tmp_path, kept)
    path.touch()
    assert load_cost_record(path).ran_on == "another" != first.ran_on
