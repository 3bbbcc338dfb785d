"""Exercises that check an answer, hint by degrees and, at the end, show a solution.

A checker is a plain function of the answer: it returns what to say when the answer is right, and
raises :class:`NotYet` with the reason when it is not. So it can be tested without a notebook.

>>> def checker(answer):
...     expect(answer == 4, f"got {answer}; count on your fingers.")
...     return "Two and two are four."
>>> exercise = Exercise(checker, hints=("Use your fingers.",), solution="4")
>>> exercise.check(...)
○ Not tried yet. Replace the ... by your answer and run the cell again.
>>> exercise.check(5)
✗ Not yet. got 5; count on your fingers.
>>> exercise.check(4)
✓ Right. Two and two are four.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

MARKS = {"right": "✓ Right.", "not yet": "✗ Not yet.", "not tried": "○ Not tried yet."}
PAIRING = ". To pair each entry of a with each of b, write a[:, None] * b."
NOT_TRIED = "Replace the ... by your answer and run the cell again."


class NotTried(Exception):
    """The answer is still the ``...`` of the notebook."""


class NotYet(Exception):
    """The answer is wrong; the message says in what way, and what to look at."""


@dataclass(frozen=True)
class Outcome:
    """What a check found: ``status`` is "right", "not yet" or "not tried"."""

    status: str
    message: str

    def __repr__(self) -> str:
        return f"{MARKS[self.status]} {self.message}"

    def _repr_markdown_(self) -> str:
        return f"**{MARKS[self.status]}** {self.message}"


@dataclass(frozen=True)
class Note:
    """A hint or a solution, shown as Markdown."""

    markdown: str

    def __repr__(self) -> str:
        return self.markdown

    def _repr_markdown_(self) -> str:
        return self.markdown


class Exercise:
    """One exercise of a notebook.

    Args:
        checker: answer → praise; raises :class:`NotYet` or :class:`NotTried`.
        hints: from a nudge to nearly the answer.
        solution: Python code of a right answer.
    """

    def __init__(
        self, checker: Callable[[Any], str], *, hints: tuple[str, ...], solution: str
    ) -> None:
        self.checker, self.hints = checker, hints
        self.solution_code = solution.strip("\n")
        self._hints_given = 0

    def check(self, answer: Any = ...) -> Outcome:
        """Check an answer; an untouched ``...`` is told apart from a wrong one."""
        try:
            if answer is ...:
                raise NotTried
            praise = self.checker(answer)
            return Outcome("right", f"{praise} {self._keep()}".rstrip())
        except NotTried:
            return Outcome("not tried", NOT_TRIED)
        except NotYet as reason:
            return Outcome("not yet", str(reason))

    def _keep(self) -> str:
        """Keep a right answer among the student's progress; say so where that fails."""
        from sigreg_edu.exercises import progress  # which knows all exercises

        return progress.keep(self) if progress.in_notebook() else ""

    def hint(self) -> Note:
        """Return the next hint; after the last one, the last again."""
        number = min(self._hints_given, len(self.hints) - 1)
        self._hints_given = number + 1
        return Note(f"**Hint {number + 1} of {len(self.hints)}.** {self.hints[number]}")

    def solution(self) -> Note:
        """Return a right answer as code."""
        return Note(f"```python\n{self.solution_code}\n```")


def quiz(right: str, replies: Mapping[str, str]) -> Exercise:
    """Return a question with lettered answers.

    Args:
        right: the letter of the right answer.
        replies: letter → what to say to whoever chose it: why it is right, or what it overlooks.
    """

    def checker(answer: Any) -> str:
        letter = str(answer).strip().lower()
        letters = ", ".join(replies)
        expect(letter in replies, f"expected one of the letters {letters}, got {answer!r}.")
        expect(letter == right, replies[letter])
        return replies[letter]

    hint = "Go back to the section's summary, then to its explorer: it shows the answer."
    return Exercise(checker, hints=(hint,), solution=f'"{right}"  # {replies[right]}')


def expect(condition: bool, reason: str) -> None:
    """Raise :class:`NotYet` with ``reason`` unless ``condition`` holds."""
    if not condition:
        raise NotYet(reason)


def call(function: Any, *arguments: Any) -> Any:
    """Call a student's function; what goes wrong in it becomes a reason, not a traceback.

    It gets copies of the tensors, so that one which changes them in place spoils no later check.
    """
    expect(callable(function), f"expected a function, got {type(function).__name__}.")
    copies = [a.clone() if isinstance(a, torch.Tensor) else a for a in arguments]
    try:
        result = function(*copies)
    except Exception as error:
        advice = PAIRING if "must match the size" in str(error) else ""
        raise NotYet(f"your function raised {type(error).__name__}: {error}{advice}") from error
    if result is ...:
        raise NotTried
    expect(result is not None, "your function returns None; does it end with a return?")
    return result


def number(answer: Any) -> float:
    """Return an answer as a float, whether it is a number, an array or a tensor of one element."""
    try:
        value = float(answer.item() if hasattr(answer, "item") else answer)
    except (TypeError, ValueError, RuntimeError) as error:
        raise NotYet(f"expected one number, got {type(answer).__name__}.") from error
    expect(math.isfinite(value), f"expected a finite number, got {value}.")
    return value


def tensor(answer: Any, shape: tuple[int, ...], *, complex_ok: bool = False) -> torch.Tensor:
    """Return an answer as a float64 tensor of the given shape, or complex128 where that is ok."""
    try:
        value = torch.as_tensor(answer)
    except (TypeError, ValueError, RuntimeError) as error:
        raise NotYet(f"expected a tensor, got {type(answer).__name__}.") from error
    got = tuple(value.shape)
    expect(got == shape, f"expected shape {shape}, got {got}.")
    expect(
        complex_ok or not value.is_complex(),
        "expected real numbers, got complex ones. Is there a 1j too many, or a `.real` missing?",
    )
    return value.to(torch.complex128 if value.is_complex() else torch.float64)


def refuse(answer: float, wrong: Mapping[str, float], *, rel: float = 1e-4) -> None:
    """Say why an answer is wrong if it is one of the ``wrong`` numbers, by reason."""
    for reason, value in wrong.items():
        expect(not close(answer, value, rel=rel), reason)


def close(answer: float, truth: float, *, rel: float = 1e-3, abs: float = 1e-9) -> bool:
    """Whether two numbers agree to a relative or an absolute tolerance."""
    return math.isclose(answer, truth, rel_tol=rel, abs_tol=abs)


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    """Return standard normal numbers of this shape, float64, always the same for a seed."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def slope(x: torch.Tensor, y: torch.Tensor) -> float:
    """Return the slope of y over x by least squares.

    >>> slope(torch.tensor([0.0, 1.0, 2.0]), torch.tensor([1.0, 3.0, 5.0]))
    2.0
    """
    centred = x - x.mean()
    return (centred @ y / (centred @ centred)).item()


def refuse_like(got: torch.Tensor, wrong: Mapping[str, torch.Tensor]) -> None:
    """Say why an answer is wrong if it is one of the ``wrong`` tensors, by reason."""
    for reason, value in wrong.items():
        same = value.shape == got.shape and torch.allclose(got, value.to(got), atol=1e-6)
        expect(not same, reason)
