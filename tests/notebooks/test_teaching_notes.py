"""The teaching notes and the glossary agree with the notebooks and the exercises that they name."""

from __future__ import annotations

import importlib
import re
import unicodedata
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).parents[2] / "notebooks"
PATHS = sorted(FOLDER.glob("*.ipynb"))
NOTES = (FOLDER / "teaching_notes.md").read_text(encoding="utf-8")
GLOSSARY = (FOLDER / "glossary.md").read_text(encoding="utf-8")
PARTS = [
    "Aims",
    "Prior knowledge",
    "Minutes",
    "Before each slider",
    "Misconceptions",
    "Quiz answers",
]
PLANS = {"1 × 50 minutes": [50], "1 × 3 hours": [180], "6 × 90 minutes": [90] * 6}
QUIZ_ROW = re.compile(r"^\| (\d+) \| `(quiz_\w+)` \| ([a-z]) \| \S.* \|$", re.MULTILINE)
MINUTES_ROW = re.compile(r"^\| (\d+) \|", re.MULTILINE)
ENTRY = re.compile(r"^\*\*([^*]+)\*\*(?: \([^:]+\))?: .+ Notebook 0\d\.$")

each_notebook = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def parts_of(text, level):
    """Headings of one level, each with the text below it."""
    pieces = re.split(rf"^{'#' * level} (.+)$", text, flags=re.MULTILINE)
    return list(zip(pieces[1::2], pieces[2::2], strict=True))


def cells(path, kind):
    return [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == kind]


def heading(path):
    """The notebook's title, up to its colon."""
    return cells(path, "markdown")[0].splitlines()[0].removeprefix("# ").split(":")[0]


def section(path):
    return dict(parts_of(NOTES, 2))[heading(path)]


def part(path, name):
    return dict(parts_of(section(path), 3))[name]


def exercises(path):
    (module,) = set(re.findall(r"from sigreg_edu\.exercises import (\w+)", code(path)))
    return importlib.import_module(f"sigreg_edu.exercises.{module}")


def code(path):
    return "\n".join(cells(path, "code"))


def minutes(table):
    return sum(map(int, MINUTES_ROW.findall(table)))


def letters_only(term):
    plain = unicodedata.normalize("NFKD", term.casefold())
    return re.sub(r"[^a-z0-9 ]", "", plain)


def entries():
    """Letter and term of each entry of the glossary."""
    lines = [
        (letter, line)
        for letter, text in parts_of(GLOSSARY, 2)
        for line in text.splitlines()
        if line
    ]
    matches = [(letter, line, ENTRY.match(line)) for letter, line in lines]
    assert [line for _, line, match in matches if not match] == []
    return [(letter, match[1]) for letter, _, match in matches]


def test_the_notebooks_come_in_their_order():
    titles = [title for title, _ in parts_of(NOTES, 2) if re.match(r"\d\d · ", title)]
    assert titles == [heading(path) for path in PATHS]


@each_notebook
def test_its_section_has_all_parts_in_order(path):
    assert [title for title, _ in parts_of(section(path), 3)] == PARTS


@each_notebook
def test_its_minutes_are_those_of_the_notebook_and_add_up(path):
    (told,) = re.findall(r"\*\*Minutes:\*\* (\d+)", "\n".join(cells(path, "markdown")))
    (noted,) = re.findall(r"^(\d+) minutes\.$", part(path, "Minutes"), re.MULTILINE)
    assert int(noted) == int(told) == minutes(part(path, "Minutes"))


@each_notebook
def test_its_quiz_table_has_every_question_in_order(path):
    asked = re.findall(r"exercises\.(quiz_\w+)\.check", code(path))
    rows = QUIZ_ROW.findall(part(path, "Quiz answers"))
    assert [(int(number), name) for number, name, _ in rows] == list(enumerate(asked, start=1))


@each_notebook
def test_its_letters_are_accepted_by_the_exercises(path):
    rows = QUIZ_ROW.findall(part(path, "Quiz answers"))
    wrong = [
        (name, letter)
        for _, name, letter in rows
        if getattr(exercises(path), name).check(letter).status != "right"
    ]
    assert wrong == []


@each_notebook
def test_every_explorer_cell_has_its_question_in_order(path):
    used = re.findall(r"explorers\.(\w+_explorer)\(", code(path))
    assert re.findall(r"^- `(\w+)`", part(path, "Before each slider"), re.MULTILINE) == used


@each_notebook
def test_it_has_three_to_five_misconceptions(path):
    assert 3 <= len(re.findall(r"^- ", part(path, "Misconceptions"), re.MULTILINE)) <= 5


@pytest.mark.parametrize("plan", PLANS)
def test_the_minutes_of_a_lesson_plan_add_up(plan):
    text = dict(parts_of(dict(parts_of(NOTES, 2))["Lesson plans"], 3))[plan]
    lessons = [lesson for _, lesson in parts_of(text, 4)] or [text]
    assert [minutes(lesson) for lesson in lessons] == PLANS[plan]


def test_lesson_plans_name_only_explorers_that_the_notebooks_use():
    used = set(re.findall(r"explorers\.(\w+_explorer)\(", "\n".join(map(code, PATHS))))
    assert set(re.findall(r"`(\w+_explorer)`", NOTES)) == used


def test_the_glossary_is_in_alphabetical_order():
    terms = [letters_only(term) for _, term in entries()]
    assert terms == sorted(set(terms))


def test_each_term_stands_under_its_letter():
    assert [term for letter, term in entries() if letters_only(term)[0] != letter.lower()] == []
