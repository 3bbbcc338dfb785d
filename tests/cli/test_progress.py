"""``sigreg-edu progress``: what it prints and exports, and what it refuses."""

from __future__ import annotations

import json

import pytest

from sigreg_edu.cli import main
from sigreg_edu.exercises import cost, progress


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(progress.VARIABLE, str(tmp_path / "progress"))
    return tmp_path / "progress"


def test_it_says_where_nothing_is_yet(capsys, folder):
    assert main(["progress"]) == 0
    out = capsys.readouterr().out
    assert "0 of " in out
    assert f"Nothing yet in {folder}" in out


@pytest.mark.parametrize("ending", [".html", ".csv", ".json"])
def test_what_was_passed_is_printed_and_exported(capsys, folder, tmp_path, ending):
    assert progress.keep(cost.plan, folder) == ""
    file = tmp_path / f"mine{ending}"
    assert main(["progress", "--export", str(file), "--name", "Ada"]) == 0
    out = capsys.readouterr().out
    assert "06 What it costs" in out
    assert out.count("✓") == 1
    text = file.read_text(encoding="utf-8")
    assert "Ada" in text
    if ending == ".json":
        assert json.loads(text)["passed"]["cost"]["plan"]


def test_other_endings_and_places_are_refused(capsys, tmp_path):
    assert main(["progress", "--export", "mine.pdf"]) == 1
    assert "--export takes .html, .csv, .json, got 'mine.pdf'" in capsys.readouterr().err
    assert main(["progress", "--export", str(tmp_path / "no" / "mine.csv")]) == 1
    assert "could not be written" in capsys.readouterr().err
