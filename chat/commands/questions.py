"""Questions and plans as the command page shows them, and its answers as the engine takes them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from executions.errors import InvalidInput

APPROVE, REJECT = "Approve", "Reject"
_YES = frozenset({"approve", "approved", "accept", "yes", "y", "ok"})
_NO = frozenset({"reject", "rejected", "no", "n"})


def questions_of(question: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what is asked, as items of ``{question, header, options, multiSelect}``; a plan is a question, too."""
    if question["kind"] == "plan":
        options = [
            {"label": APPROVE, "description": "Go on with this plan."},
            {"label": REJECT, "description": "Do not; or say what should be different."},
        ]
        return [{"question": question["plan"], "header": "Plan", "options": options, "multiSelect": False}]
    return list(question["questions"])


def answer_of(question: dict[str, Any], given: Any) -> dict[str, Any]:
    """Return what was answered in the engine's form.

    ``given`` is a text, or an object of answers by question, or the engine's own form. Words that are neither yes nor
    no reject a plan and are told to the CLI. Raises InvalidInput.
    """
    if isinstance(given, dict):
        if "answers" in given or "approved" in given:
            return given
        return {"answers": given}
    if not isinstance(given, str) or not given.strip():
        raise InvalidInput(_("The answer is empty; write one, or an object of answers by question."))
    if question["kind"] == "plan":
        word = given.strip().rstrip(".!").casefold()
        return {"approved": word in _YES, "comment": "" if word in _YES | _NO else given.strip()}
    asked = [item["question"] for item in question["questions"]]
    return {"answers": _by_line(question["questions"], given) or dict.fromkeys(asked, given)}


def _by_line(questions: list[dict[str, Any]], given: str) -> dict[str, str]:
    """Return the answers of a text with one ``question: answer`` a line, nothing when it is not such a text."""
    lines = [line.strip() for line in given.splitlines() if line.strip()]
    if len(questions) < 2 or len(lines) != len(questions):
        return {}
    answers = {}
    for item, line in zip(questions, lines, strict=True):
        name = next((n for n in (item["question"], item.get("header")) if n and line.startswith(f"{n}:")), None)
        if name is None:
            return {}
        answers[item["question"]] = line[len(name) + 1 :].strip()
    return answers
