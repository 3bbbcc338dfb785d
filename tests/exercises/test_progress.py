"""Progress: kept once, never lost, never in the way, and told to student and teacher."""

from __future__ import annotations

import csv
import io
import json
import sys
from types import SimpleNamespace

import pytest

from sigreg_edu.exercises import cost, progress, start_here
from sigreg_edu.exercises.core import Exercise

RIGHT = cost.quiz_linear  # a question whose right letter is c


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(progress.VARIABLE, str(tmp_path / "progress"))
    return tmp_path / "progress"


@pytest.fixture
def in_kernel(monkeypatch):
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))


def passed(seen) -> set[str]:
    return {f"{row.notebook}.{row.exercise}" for row in seen.rows if row.passed}


def test_outside_of_a_notebook_nothing_is_kept(folder):
    assert RIGHT.check("c").status == "right"
    assert not folder.exists()


def test_a_right_answer_in_a_notebook_is_kept_and_survives_a_restart(folder, in_kernel):
    RIGHT.check("a")
    RIGHT.check(...)
    assert passed(progress.look()) == set()
    assert RIGHT.check("c").message == RIGHT.check("c").message
    assert passed(progress.look()) == {"cost.quiz_linear"}
    assert [file.name for file in folder.iterdir()] == ["cost.quiz_linear.json"]


def test_the_first_time_counts(folder, in_kernel, monkeypatch):
    RIGHT.check("c")
    first = (folder / "cost.quiz_linear.json").read_text()
    monkeypatch.setattr(progress, "_now", lambda: "2001-01-01T00:00:00+0000")
    RIGHT.check("c")
    assert (folder / "cost.quiz_linear.json").read_text() == first


def test_an_exercise_of_ones_own_is_no_part_of_it(folder, in_kernel):
    own = Exercise(lambda answer: "Good.", hints=("none",), solution="1")
    assert own.check(1).message == "Good."
    assert not folder.exists()


def test_a_place_that_cannot_be_written_to_is_told_and_the_answer_stays_right(folder, in_kernel):
    folder.write_text("a file where the folder should be")
    found = RIGHT.check("c")
    assert found.status == "right"
    assert "could not be kept" in found.message
    assert progress.VARIABLE in found.message
    assert folder.read_text() == "a file where the folder should be"


def test_a_damaged_entry_costs_one_exercise_and_is_told(folder, in_kernel):
    RIGHT.check("c")
    start_here_quiz = next(n for n in vars(start_here) if n.startswith("quiz_"))
    (folder / f"start_here.{start_here_quiz}.json").write_text("{")
    (folder / "cost.plan.json").write_text('{"passed": "yesterday"}')
    seen = progress.look()
    assert passed(seen) == {"cost.quiz_linear"}
    assert seen.damaged == (f"start_here.{start_here_quiz}.json", "cost.plan.json")
    assert "not readable" in repr(seen)


def test_every_exercise_of_every_notebook_has_its_row(folder):
    seen = progress.look()
    for notebook in progress.NOTEBOOKS:
        rows = seen.of(notebook)
        assert len(rows) >= 5, notebook
        assert any(row.is_quiz for row in rows)
        assert not all(row.is_quiz for row in rows)
    assert len({(row.notebook, row.exercise) for row in seen.rows}) == len(seen.rows)


def test_page_and_tables_tell_the_same(folder, in_kernel):
    RIGHT.check("c")
    seen = progress.look()
    assert f"1 of {len(seen.rows)} exercises and questions passed" in repr(seen)
    page = seen.as_page("A. <b>Student</b>")
    assert "A. &lt;b&gt;Student&lt;/b&gt;" in page
    assert page.count("<li>") == len(seen.rows)
    assert page.count("<li>✓") == 1
    rows = list(csv.DictReader(io.StringIO(seen.as_csv("=1+1"))))
    assert len(rows) == len(seen.rows)
    assert [row["exercise"] for row in rows if row["passed"]] == ["quiz_linear"]
    assert {row["student"] for row in rows} == {"'=1+1"}
    kept = json.loads(json.dumps(seen.as_dict("B")))
    assert kept["student"] == "B"
    assert kept["passed"]["cost"]["quiz_linear"] == rows_when(rows)


def rows_when(rows) -> str:
    return next(row["passed"] for row in rows if row["passed"])


def test_by_default_it_is_kept_in_the_users_own_folder():
    assert progress.place({}).parts[-2:] == ("sigreg_edu", "progress")
