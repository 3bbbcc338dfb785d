"""The engine of the exercises: three outcomes, hints by degrees, answers of any reasonable type."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sigreg_edu.exercises.core import (
    NOT_TRIED,
    Exercise,
    NotTried,
    NotYet,
    call,
    close,
    expect,
    number,
    quiz,
    tensor,
)


def four(answer) -> str:
    expect(answer == 4, f"got {answer}.")
    return "Two and two."


@pytest.fixture
def exercise() -> Exercise:
    return Exercise(four, hints=("think", "count", "it is 4"), solution="\nmy_sum = 4\n")


def test_a_right_answer_is_praised(exercise):
    found = exercise.check(4)
    assert (found.status, repr(found)) == ("right", "✓ Right. Two and two.")


def test_a_wrong_answer_is_told_why(exercise):
    found = exercise.check(5)
    assert (found.status, repr(found)) == ("not yet", "✗ Not yet. got 5.")


@pytest.mark.parametrize("arguments", [(...,), ()])
def test_dots_or_nothing_are_not_tried(exercise, arguments):
    found = exercise.check(*arguments)
    assert (found.status, found.message) == ("not tried", NOT_TRIED)


def test_an_outcome_is_shown_as_markdown_with_its_mark_in_bold(exercise):
    assert exercise.check(4)._repr_markdown_() == "**✓ Right.** Two and two."


def test_hints_come_one_by_one_and_the_last_one_stays(exercise):
    shown = [exercise.hint().markdown for _ in range(4)]
    assert shown == [
        "**Hint 1 of 3.** think",
        "**Hint 2 of 3.** count",
        "**Hint 3 of 3.** it is 4",
        "**Hint 3 of 3.** it is 4",
    ]


def test_a_solution_is_shown_as_code_that_runs(exercise):
    assert exercise.solution()._repr_markdown_() == "```python\nmy_sum = 4\n```"
    namespace: dict = {}
    exec(exercise.solution_code, namespace)
    assert exercise.check(namespace["my_sum"]).status == "right"


def test_an_error_in_a_checker_is_not_taken_for_a_wrong_answer():
    def broken(answer) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Exercise(broken, hints=("none",), solution="").check(1)


@pytest.fixture
def question() -> Exercise:
    return quiz("b", {"a": "That is the sky.", "b": "Grass is green."})


@pytest.mark.parametrize("letter", ["b", "B", " b "])
def test_a_quiz_takes_its_letter_in_any_case(question, letter):
    assert question.check(letter).status == "right"


def test_a_quiz_replies_to_the_wrong_letter_and_lists_the_letters_for_no_letter(question):
    assert question.check("a").message == "That is the sky."
    assert question.check("z").message == "expected one of the letters a, b, got 'z'."
    assert question.check(...).status == "not tried"


def test_the_solution_of_a_quiz_is_its_letter_with_the_reason(question):
    assert eval(question.solution_code) == "b"
    assert "Grass is green." in question.solution_code


def test_expect_raises_its_reason():
    expect(True, "never told")
    with pytest.raises(NotYet, match="told"):
        expect(False, "told")


def test_call_returns_what_the_function_returns():
    assert call(lambda a, b: a - b, 5, 3) == 2


def test_a_function_that_changes_its_argument_in_place_spoils_no_later_check():
    x = torch.ones(3)
    assert call(lambda x: x.mul_(2.0), x).tolist() == [2.0, 2.0, 2.0]
    assert x.tolist() == [1.0, 1.0, 1.0]


def test_call_turns_an_error_of_the_students_function_into_a_reason():
    with pytest.raises(NotYet, match="your function raised ZeroDivisionError: division by zero"):
        call(lambda a: 1 / a, 0)


def test_call_tells_untouched_from_forgotten_return_and_from_no_function():
    with pytest.raises(NotTried):
        call(lambda: ...)
    with pytest.raises(NotYet, match="does it end with a return"):
        call(lambda: None)
    with pytest.raises(NotYet, match="expected a function, got float"):
        call(3.0)


@pytest.mark.parametrize("answer", [2, 2.0, "2", np.float32(2), np.array([2.0]), torch.tensor(2)])
def test_number_takes_one_number_of_any_kind(answer):
    assert number(answer) == 2.0


@pytest.mark.parametrize("answer", ["two", [1, 2], torch.zeros(2), 1j, None])
def test_number_refuses_what_is_not_one_number(answer):
    with pytest.raises(NotYet, match="expected one number"):
        number(answer)


@pytest.mark.parametrize("answer", [float("nan"), float("inf")])
def test_number_refuses_what_is_not_finite(answer):
    with pytest.raises(NotYet, match="finite"):
        number(answer)


@pytest.mark.parametrize("answer", [[1, 2], np.array([1, 2]), torch.tensor([1.0, 2.0])])
def test_tensor_takes_lists_arrays_and_tensors_as_float64(answer):
    value = tensor(answer, (2,))
    assert value.dtype == torch.float64
    assert value.tolist() == [1.0, 2.0]


def test_tensor_takes_complex_numbers_only_where_that_is_ok():
    assert tensor([1j], (1,), complex_ok=True).dtype == torch.complex128
    with pytest.raises(NotYet, match="expected real numbers, got complex"):
        tensor([1j], (1,))


def test_tensor_names_a_wrong_shape_or_kind():
    with pytest.raises(NotYet, match=r"expected shape \(3,\), got \(2,\)"):
        tensor([1, 2], (3,))
    with pytest.raises(NotYet, match="expected a tensor, got str"):
        tensor("ab", (2,))


def test_close_is_relative_and_near_zero_absolute():
    assert close(1000.5, 1000.0)
    assert not close(1002.0, 1000.0)
    assert close(1e-10, 0.0)
    assert not close(1e-6, 0.0)
