"""What the CLI asks before it acts: its questions, its plans, and whether a tool may run."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import uuid4

from executions.agents.base import Answer
from executions.agents.claude.labels import label_of
from executions.events import Question

Ask = Callable[[Question], Awaitable[Answer]]

ALLOW, ALLOW_RUN, DENY = "Allow once", "Allow for this run", "Deny"
OPTIONS = [
    {"label": ALLOW, "description": "This one time."},
    {"label": ALLOW_RUN, "description": "This and what is like it, until the run ends."},
    {"label": DENY, "description": "Or say in your own words what to do instead."},
]
MAX_SHOWN_CHARS = 4_000
#: What may be asked for while a plan is made: everything else waits until it is approved.
HARMLESS = frozenset({
    "Agent", "EnterPlanMode", "Glob", "Grep", "LS", "ListAgents", "Read", "Skill", "Task", "ToolSearch", "WebFetch",
    "WebSearch",
})  # fmt: skip
STILL_PLANNING = (
    "Not done: the plan has not been approved yet. Change the plan as the user has said, and show it with ExitPlanMode."
)


class Permissions:
    """Answers the CLI's requests. ``mode`` is the CLI's own, kept here too: after a plan was rejected it is still
    making one, and would nevertheless do what it is allowed to."""

    def __init__(self, ask: Ask, *, configured: str, mode: str) -> None:
        self._ask = ask
        self._configured = configured
        self.mode = mode
        self._allowed: set[str] = set()

    async def decide(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to a ``can_use_tool`` request, as the CLI takes it. Cancellation: the question is left."""
        name, given = str(request.get("tool_name")), dict(request.get("input") or {})
        if name == "AskUserQuestion":
            return await self._answer(given)
        if name == "ExitPlanMode":
            return await self._approve(given)
        if self.mode == "plan" and name not in HARMLESS:
            return _deny(STILL_PLANNING)
        if name in self._allowed or (self.mode != "plan" and self._configured == "bypassPermissions"):
            return _allow(given)
        return await self._permit(name, given, request)

    async def _answer(self, given: dict[str, Any]) -> dict[str, Any]:
        questions = [_question(item) for item in given.get("questions") or () if isinstance(item, Mapping)]
        if not questions:
            return _deny("A question needs a text.")
        answer = await self._ask(Question(uuid4().hex, questions=questions))
        said = {q["question"]: _words(_said(answer, q["question"], alone=len(questions) == 1)) for q in questions}
        return _allow({**given, "answers": said})

    async def _approve(self, given: dict[str, Any]) -> dict[str, Any]:
        plan = str(given.get("plan") or "").strip() or "(The plan is empty.)"
        answer = await self._ask(Question(uuid4().hex, kind="plan", plan=plan))
        if answer.approved:
            allowed = _allow(given)
            self.mode = "default" if self._configured == "plan" else self._configured
            if self.mode != "default":
                allowed["updatedPermissions"] = [{"type": "setMode", "mode": self.mode, "destination": "session"}]
            return allowed
        words = f" They said: {answer.comment}" if answer.comment.strip() else ""
        return _deny(f"The user rejected this plan; stay in plan mode and change it.{words}")

    async def _permit(self, name: str, given: dict[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
        text = _permission_text(name, given)
        question = {"question": text, "header": "Permission", "options": OPTIONS, "multiSelect": False}
        answer = await self._ask(Question(uuid4().hex, questions=[question]))
        said = _words(_said(answer, text, alone=True)).strip()
        if said.casefold() == ALLOW.casefold():
            return _allow(given)
        if said.casefold() == ALLOW_RUN.casefold():
            return self._allow_from_now_on(name, given, request)
        comment = "" if said.casefold() in ("", DENY.casefold()) else f" They said: {said}"
        return _deny(f"The user does not allow this.{comment}")

    def _allow_from_now_on(self, name: str, given: dict[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
        """Allow by the rules that the CLI suggests, kept in its memory only; without any, by the tool's name."""
        rules = [rule for rule in request.get("permission_suggestions") or () if isinstance(rule, Mapping)]
        if not rules:
            self._allowed.add(name)
            return _allow(given)
        return _allow(given) | {"updatedPermissions": [{**rule, "destination": "session"} for rule in rules]}


def _allow(given: dict[str, Any]) -> dict[str, Any]:
    return {"behavior": "allow", "updatedInput": given}


def _deny(message: str) -> dict[str, Any]:
    return {"behavior": "deny", "message": message}


def _question(item: Mapping[str, Any]) -> dict[str, Any]:
    options = [option for option in item.get("options") or () if isinstance(option, Mapping)]
    return {
        "question": str(item.get("question") or "?"),
        "header": str(item.get("header") or "Question"),
        "options": [{"label": str(o.get("label", "")), "description": str(o.get("description", ""))} for o in options],
        "multiSelect": bool(item.get("multiSelect")),
    }


def _said(answer: Answer, question: str, *, alone: bool) -> Any:
    """Return what was said to a question; to the only one, whatever it is filed under."""
    fallback = next(iter(answer.answers.values()), "") if alone else ""
    return answer.answers.get(question, fallback)


def _words(said: Any) -> str:
    return ", ".join(map(str, said)) if isinstance(said, list) else str(said)


def _permission_text(name: str, given: Mapping[str, Any]) -> str:
    """Return the question with all that decides it: the whole command, or the path and what is to be written."""
    label = label_of(name, given)
    details = str(given.get("command")) if name == "Bash" else "\n".join(f"{k}: {_shown(v)}" for k, v in given.items())
    if len(details) > MAX_SHOWN_CHARS:
        details = f"{details[:MAX_SHOWN_CHARS]}\n[… {len(details) - MAX_SHOWN_CHARS:,} characters more …]"
    return f"May Claude go on? {label}\n\n{details}"


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
