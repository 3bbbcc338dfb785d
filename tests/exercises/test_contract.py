"""What every exercise keeps: its solution is right, it hints by degrees, it never crashes."""

from __future__ import annotations

import math

import pytest
import torch

from sigreg_edu import data, explorers, losses, slicing, statistics
from sigreg_edu.data import sample_1d
from sigreg_edu.exercises import (
    clinic,
    collapse,
    cost,
    epps_pulley,
    frontiers,
    shadows,
    sigreg,
    start_here,
    vit,
)
from sigreg_edu.exercises.core import NOT_TRIED, Exercise
from sigreg_edu.statistics import EppsPulleyTest

MODULES = (start_here, shadows, epps_pulley, sigreg, collapse, vit, cost, clinic, frontiers)
# What a solution may use, as the notebooks import it.
NAMES = {
    "math": math,
    "torch": torch,
    "explorers": explorers,
    "statistics": statistics,
    "slicing": slicing,
    "data": data,
    "losses": losses,
    "sample_1d": sample_1d,
    "EppsPulleyTest": EppsPulleyTest,
}
QUIZ_LETTERS = "abcd"


def exercises_of(module) -> dict[str, Exercise]:
    return {name: value for name, value in vars(module).items() if isinstance(value, Exercise)}


def ids(pairs) -> list[str]:
    return [f"{module.__name__.rsplit('.', 1)[-1]}-{name}" for module, name in pairs]


ALL = [(module, name) for module in MODULES for name in exercises_of(module)]
QUIZ = [(module, name) for module, name in ALL if name.startswith("quiz_")]
WORKED = [pair for pair in ALL if pair not in QUIZ]
over_all = pytest.mark.parametrize(("module", "name"), ALL, ids=ids(ALL))
over_worked = pytest.mark.parametrize(("module", "name"), WORKED, ids=ids(WORKED))
over_quiz = pytest.mark.parametrize(("module", "name"), QUIZ, ids=ids(QUIZ))


def solve(exercise: Exercise):
    """Run the solution that is shown, and return what its last line defines."""
    namespace = dict(NAMES)
    exec(exercise.solution_code, namespace)
    return next(value for name, value in reversed(namespace.items()) if name not in NAMES)


def test_there_are_exercises_and_questions_in_every_notebook():
    assert {module for module, _ in QUIZ} == {module for module, _ in WORKED} == {*MODULES}


@over_worked
def test_the_solution_shown_is_right(module, name):
    exercise = getattr(module, name)
    found = exercise.check(solve(exercise))
    assert found.status == "right", found.message


@over_all
def test_an_untouched_answer_is_not_tried(module, name):
    found = getattr(module, name).check(...)
    assert (found.status, found.message) == ("not tried", NOT_TRIED)


@over_worked
def test_a_function_is_told_apart_when_untouched_raising_or_without_return(module, name):
    exercise = getattr(module, name)
    if not callable(solve(exercise)):
        assert exercise.check(lambda *_: ...).status == "not yet"
        return
    assert exercise.check(lambda *_: ...).status == "not tried"
    assert "raised ZeroDivisionError" in exercise.check(lambda *_: 1 / 0).message
    assert "returns None" in exercise.check(lambda *_: None).message


@over_worked
@pytest.mark.parametrize("value", [1j, torch.tensor([1j]), "nonsense", math.nan], ids=str)
def test_nonsense_is_refused_with_a_reason(module, name, value):
    exercise = getattr(module, name)
    for nonsense in (value, lambda *_: value):
        found = exercise.check(nonsense)
        assert found.status == "not yet"
        assert found.message


@over_worked
def test_hints_lead_on_and_do_not_repeat(module, name):
    exercise = getattr(module, name)
    assert len(exercise.hints) >= 2
    shown = [exercise.hint().markdown for _ in exercise.hints]
    assert len(set(exercise.hints)) == len(set(shown)) == len(exercise.hints)


@over_quiz
def test_a_quiz_accepts_one_letter_and_answers_each_other(module, name):
    exercise = getattr(module, name)
    found = {letter: exercise.check(letter) for letter in QUIZ_LETTERS}
    offered = [o for o in found.values() if not o.message.startswith("expected one of")]
    assert len(offered) >= 3
    assert [o.status for o in offered].count("right") == 1
    assert len({o.message for o in offered}) == len(offered)
    assert all(len(o.message) > 20 for o in offered)
    assert "expected one of the letters a, b, c" in exercise.check("z").message
    assert exercise.check(eval(exercise.solution_code).upper()).status == "right"
