# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Each exercise knows its solution, and what is wrong with each likely mistake."""

from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from vsk import lesson as kit
from vsk.lesson import Exercise, Lesson, right
from vsk.view.clauses import CLAUSES

from . import notebooks

NUMBERS = [int(text.name[:2]) for text in notebooks.texts()]
EXERCISES = [
    (number, exercise)
    for number in NUMBERS
    for exercise in range(1, len(Lesson(number)._exercises) + 1)
]


def answers(number: int) -> ModuleType:
    """RIGHT and WRONG by exercise: lists of answers; a wrong one has words of the verdict too."""
    return import_module(f"tests.lessons.solutions.{kit.NAMES[number - 1]}")


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(("number", "exercise"), EXERCISES)
def test_a_solution_is_right(
    number: int, exercise: int, capsys: pytest.CaptureFixture[str]
) -> None:
    for answer in answers(number).RIGHT[exercise]:
        verdict = Lesson(number).check(exercise, *answer)

        assert verdict, said(capsys)
        assert said(capsys).startswith(f"Exercise {exercise}: right. ")


@pytest.mark.parametrize(("number", "exercise"), EXERCISES)
def test_a_mistake_is_told_what_is_wrong_with_it(
    number: int, exercise: int, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = answers(number).WRONG[exercise]

    assert len(wrong) >= 2
    for answer, words in wrong:
        verdict = Lesson(number).check(exercise, *answer)

        printed = said(capsys)
        assert not verdict
        assert printed.startswith(f"Exercise {exercise}: not yet. ")
        assert words in printed


@pytest.mark.parametrize("nothing", [..., None])
@pytest.mark.parametrize(("number", "exercise"), EXERCISES)
def test_no_answer_is_told_what_is_to_be_done(
    number: int, exercise: int, nothing: object, capsys: pytest.CaptureFixture[str]
) -> None:
    task = Lesson(number)._exercises[exercise - 1]

    assert not Lesson(number).check(exercise, *[nothing] * task.answers)
    assert said(capsys).startswith(f"Exercise {exercise}: to do. {task.task[:20]}")


@pytest.mark.parametrize(("number", "exercise"), [(6, 3), (8, 1), (8, 2), (10, 2)])
def test_a_function_that_does_nothing_yet_is_no_answer(
    number: int, exercise: int, capsys: pytest.CaptureFixture[str]
) -> None:
    task = Lesson(number)._exercises[exercise - 1]

    assert not Lesson(number).check(exercise, lambda *_: None)
    assert said(capsys).startswith(f"Exercise {exercise}: to do. {task.task}")


@pytest.mark.parametrize("odd", [object(), "x", -1, [], {}, 2.5, len, b"\0"], ids=repr)
@pytest.mark.parametrize(("number", "exercise"), EXERCISES)
def test_nothing_that_an_answer_can_be_ends_in_a_traceback(
    number: int, exercise: int, odd: object, capsys: pytest.CaptureFixture[str]
) -> None:
    task = Lesson(number)._exercises[exercise - 1]

    assert not Lesson(number).check(exercise, *[odd] * task.answers)
    assert said(capsys).startswith(f"Exercise {exercise}: not yet. ")


def test_every_clause_that_a_check_names_is_known() -> None:
    files = [*Path(kit.__file__).parent.glob("*.py"), *notebooks.TOP.glob("lua/vsk/lesson/*.lua")]
    named = {clause for file in files for clause in notebooks.CLAUSE.findall(file.read_text())}

    assert len(named) > 10
    assert named - set(CLAUSES) == set()


def test_there_is_no_lesson_but_those_there_are() -> None:
    with pytest.raises(ValueError, match="they are 1 to 10"):
        Lesson(11)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Lesson:
    """A lesson with one exercise, which takes two answers and divides them."""
    lesson = object.__new__(Lesson)
    lesson._number = 1
    lesson._exercises = (Exercise("Divide.", lambda a, b: right(f"{a / b:g}"), answers=2),)
    return lesson


def test_an_exercise_that_is_none_is_said_so(
    small: Lesson, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not small.check(2, 1, 1)
    assert said(capsys) == "Exercise 2: not yet. This lesson has exercises 1 to 1."


@pytest.mark.parametrize("given", [(1,), (1, ...), (1, 2, 3)])
def test_a_part_of_an_answer_is_none(
    given: tuple[object, ...], small: Lesson, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not small.check(1, *given)
    assert said(capsys).startswith("Exercise 1: not yet. It takes 2 answers, none of them empty.")


def test_an_answer_that_raises_is_told_what(
    small: Lesson, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not small.check(1, 1, 0)
    assert "It ends with ZeroDivisionError: division by zero. Divide." in said(capsys)


def test_a_verdict_is_shown_once(small: Lesson, capsys: pytest.CaptureFixture[str]) -> None:
    verdict = small.check(1, 6, 3)
    printed = said(capsys)

    verdict._ipython_display_()

    assert (printed, said(capsys)) == ("Exercise 1: right. 2", "")
    assert repr(verdict) == "<right>"
    assert repr(small) == "<Lesson 1: 1 exercises>"
