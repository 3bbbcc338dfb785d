"""A file is either whole or not there."""

from __future__ import annotations

import os

import pytest

from sigreg_edu.data.files import replacing


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "numbers.npz"
    file.write_text("old", encoding="utf-8")
    return file


@pytest.mark.parametrize("durable", [False, True])
def test_the_new_one_takes_the_old_ones_place(file, durable):
    with replacing(file, durable=durable) as beside:
        beside.write_text("new", encoding="utf-8")
        assert file.read_text(encoding="utf-8") == "old"
        assert beside.suffix == file.suffix  # numpy would add it
    assert file.read_text(encoding="utf-8") == "new"
    assert os.listdir(file.parent) == [file.name]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_what_breaks_off_leaves_the_old_one_and_nothing_else(file, error):
    def write_half():
        with replacing(file) as beside:
            beside.write_text("half", encoding="utf-8")
            raise error

    with pytest.raises(error):
        write_half()
    assert file.read_text(encoding="utf-8") == "old"
    assert os.listdir(file.parent) == [file.name]
