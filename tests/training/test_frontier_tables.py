"""Tables of recorded results: saved row by row, read without pickle, refused if not whole."""

from __future__ import annotations

import json

import numpy as np
import pytest

from sigreg_edu.training import (
    frontiers,
)
from sigreg_edu.training.frontier_tables import (
    TableKind,
    fill_table,
    load_table,
    recorded,
    save_table,
)

KIND = TableKind("some.npz", ("name", "number"), {"a": (), "b": (3,)})
ROWS = {("x", 1): {"a": np.array(2.0), "b": np.arange(3.0)},
        ("y", 0.5): {"a": np.array(np.nan), "b": np.ones(3)}}  # fmt: skip


def test_a_table_comes_back_as_it_was_saved(tmp_path):
    save_table(tmp_path / "some.npz", KIND, ROWS)
    back = load_table(tmp_path / "some.npz", KIND)
    assert list(back) == list(ROWS)
    for key, row in ROWS.items():
        for name, values in row.items():
            np.testing.assert_array_equal(back[key][name], values)


def test_recording_goes_on_where_it_was_and_drops_what_nobody_wants(tmp_path, capsys):
    path, made = tmp_path / "some.npz", []

    def make(name, number):
        made.append((name, number))
        return {"a": np.array(number), "b": np.zeros(3)}

    fill_table(path, KIND, [("p", 1), ("p", 2)], make)
    rows = fill_table(path, KIND, [("p", 3), ("p", 1)], make)
    assert made == [("p", 1), ("p", 2), ("p", 3)]
    assert list(rows) == list(load_table(path, KIND)) == [("p", 3), ("p", 1)]
    assert "some.npz: 2 of 2" in capsys.readouterr().out


def test_an_interrupted_recording_keeps_what_is_done(tmp_path):
    def make(name, number):
        if number == 2:
            raise KeyboardInterrupt
        return {"a": np.array(number), "b": np.zeros(3)}

    with pytest.raises(KeyboardInterrupt):
        fill_table(tmp_path / "some.npz", KIND, [("p", 1), ("p", 2)], make)
    assert list(load_table(tmp_path / "some.npz", KIND)) == [("p", 1)]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b"not a table"),
        lambda path: np.savez(path, facts=np.array(json.dumps({"keys": []}))),
        lambda path: np.savez(path, facts=np.array([{}], dtype=object)),
        lambda path: save_table(path, TableKind("f", ("a",), {"a": (), "b": (3,)}), {
            ("x",): {"a": 1.0, "b": np.zeros(3)}}),
        lambda path: save_table(path, KIND, {("x", 1): {"a": np.inf, "b": np.zeros(3)}}),
        lambda path: save_table(path, TableKind("f", ("n", "m"), {"a": (), "b": (2,)}), {
            ("x", 1): {"a": 1.0, "b": np.zeros(2)}}),
    ],
)  # fmt: skip
def test_a_file_that_is_no_such_table_is_refused_with_the_command(tmp_path, spoil):
    path = tmp_path / "some.npz"
    spoil(path)
    with pytest.raises(ValueError, match="record it again: python -m sigreg_edu"):
        load_table(path, KIND)


@pytest.mark.parametrize("name", frontiers.PARTS)
def test_what_comes_with_the_kit_is_whole(name):
    part = frontiers.PARTS[name]
    assert set(recorded(part.kind)) == set(part.wanted)
