"""The tool with which a model asks its owner."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from executions.agents.base import Run
from executions.events import Question

NAME = "ask_user"
DESCRIPTION = (
    "Ask your owner a question and wait for the answer. Use it only when you cannot go on without a decision or a fact "
    "that only the owner has. Offer 2 to 4 options where you can; the owner may also answer in their own words."
)
PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "question": {"type": "string", "description": "The whole question, ending with a question mark."},
        "header": {"type": "string", "description": "One or two words that name the subject."},
        "options": {
            "type": "array",
            "description": "Short answers to choose from; may be empty.",
            "items": {"type": "string"},
        },
        "multi_select": {"type": "boolean", "description": "Whether several options may be chosen."},
    },
    "required": ["question"],
}


class BadQuestionError(Exception):
    """The model called the tool without a question that can be asked."""


async def ask(run: Run, args: dict[str, Any]) -> str:
    """Ask the question that the model formed; return the owner's answer as the model reads it.

    Raises BadQuestionError when there is none in the arguments.
    """
    text = str(args.get("question") or "").strip()
    if not text:
        raise BadQuestionError("question must be a non-empty text")
    options = args.get("options") or []
    if not isinstance(options, list):
        raise BadQuestionError("options must be a list of texts")
    question = {
        "question": text,
        "header": str(args.get("header") or "Question"),
        "options": [_option(option) for option in options],
        "multiSelect": bool(args.get("multi_select")),
    }
    answer = await run.ask(Question(question_id=uuid4().hex, questions=[question]))
    chosen = answer.answers.get(text, next(iter(answer.answers.values()), ""))
    said = ", ".join(map(str, chosen)) if isinstance(chosen, list) else str(chosen)
    return f"Your owner answered: {said}" if said else "Your owner gave no answer."


def _option(option: Any) -> dict[str, str]:
    if isinstance(option, dict):
        return {"label": str(option.get("label", "")), "description": str(option.get("description", ""))}
    return {"label": str(option), "description": ""}
