"""What the command page is asked, and how its answers are understood."""

from __future__ import annotations

from typing import Any

import pytest

from chat.commands.questions import answer_of, questions_of
from executions.errors import InvalidInput

COLOR = {"question": "Which color?", "header": "Color", "options": [{"label": "Red"}], "multiSelect": False}
SIZE = {"question": "Which size?", "header": "Size", "options": [{"label": "S"}], "multiSelect": True}
ONE = {"kind": "question", "questions": [COLOR], "plan": ""}
TWO = {"kind": "question", "questions": [COLOR, SIZE], "plan": ""}
PLAN = {"kind": "plan", "questions": [], "plan": "1. Do it"}


def test_a_text_answers_one_question_whatever_it_looks_like() -> None:
    assert answer_of(ONE, "--model=x") == {"answers": {"Which color?": "--model=x"}}


@pytest.mark.parametrize("given", ["Color: Red\nSize: S", "Which color?: Red\n\nSize:  S "])
def test_lines_with_names_answer_several_questions(given: str) -> None:
    assert answer_of(TWO, given) == {"answers": {"Which color?": "Red", "Which size?": "S"}}


def test_a_text_that_names_no_question_answers_all_of_them() -> None:
    assert answer_of(TWO, "Surprise me") == {"answers": {"Which color?": "Surprise me", "Which size?": "Surprise me"}}


def test_objects_are_answers_by_question_or_the_engines_own_form() -> None:
    assert answer_of(TWO, {"Which color?": "Red"}) == {"answers": {"Which color?": "Red"}}
    assert answer_of(ONE, {"answers": {"Which color?": "Red"}}) == {"answers": {"Which color?": "Red"}}
    assert answer_of(PLAN, {"approved": True}) == {"approved": True}


@pytest.mark.parametrize("given", ["", "  ", None, 7, ["Red"]])
def test_no_answer_is_refused(given: Any) -> None:
    with pytest.raises(InvalidInput, match="answer is empty"):
        answer_of(ONE, given)


@pytest.mark.parametrize(
    ("given", "approved", "comment"),
    [
        ("Approve", True, ""),
        ("yes.", True, ""),
        ("Reject", False, ""),
        ("Yes, but use tabs", False, "Yes, but use tabs"),
    ],
)
def test_a_plan_is_approved_by_a_plain_yes_only(given: str, approved: bool, comment: str) -> None:
    assert answer_of(PLAN, given) == {"approved": approved, "comment": comment}


def test_a_plan_is_shown_as_a_question_with_two_options() -> None:
    (asked,) = questions_of(PLAN)
    assert asked["question"] == "1. Do it"
    assert [option["label"] for option in asked["options"]] == ["Approve", "Reject"]
