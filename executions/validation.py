"""What input the engine takes; every refusal says what is wrong and what would be right."""

from __future__ import annotations

import math
import re
from dataclasses import fields
from enum import StrEnum
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from executions import wording
from executions.agents.base import Limits
from executions.conf import conf
from executions.errors import InvalidInput, UnknownAgent, UnknownModel

Choice = TypeVar("Choice", bound=StrEnum)

_SESSION_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
MAX_REASON_CHARS = 500
#: The highest number that the databases take for an id.
MAX_ID = 2**63 - 1
PRIORITIES = range(-100, 101)


def text(value: Any, name: str, longest: int) -> str:
    """Return ``value`` when every database and every socket can carry it."""
    if not isinstance(value, str):
        raise InvalidInput(_("%(name)s must be text, not %(kind)s.") % {"name": name, "kind": type(value).__name__})
    if len(value) > longest:
        raise InvalidInput(
            _("%(name)s has %(count)s characters; at most %(longest)s are allowed.")
            % {"name": name, "count": wording.number(len(value)), "longest": wording.number(longest)}
        )
    if "\0" in value:
        raise InvalidInput(_("%(name)s contains a NUL character; remove it.") % {"name": name})
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(
            _("%(name)s contains half an emoji (a lone surrogate) at position %(start)s.")
            % {"name": name, "start": error.start}
        ) from None
    return value


def prompt(value: Any) -> str:
    value = text(value, _("The message"), conf.max_prompt_chars)
    if not value.strip():
        raise InvalidInput(_("The message is empty; write something."))
    return value


def reason(value: Any) -> str:
    return text(value, _("The reason"), MAX_REASON_CHARS)


def session_id(value: Any) -> str:
    if not isinstance(value, str) or not _SESSION_ID.fullmatch(value):
        raise InvalidInput(_("session_id must be 1 to 128 characters of A-Z a-z 0-9 . _ : -"))
    return value


def choice(kind: type[Choice], value: Any, name: str) -> Choice:
    try:
        return kind(value)
    except ValueError:
        raise InvalidInput(
            _("%(name)s must be one of %(choices)s, not %(value)s.")
            % {"name": name, "choices": ", ".join(kind), "value": repr(value)}
        ) from None


def priority(value: Any, *, highest: int = PRIORITIES[-1]) -> int:
    """Return a priority of at most ``highest``, which is what whoever gives it may."""
    if not isinstance(value, int) or isinstance(value, bool) or not PRIORITIES[0] <= value <= highest:
        raise InvalidInput(
            _("priority must be a whole number from %(lowest)s to %(highest)s.")
            % {"lowest": PRIORITIES[0], "highest": highest}
        )
    return value


def agent_of(model: str) -> str:
    """Return the agent that serves a model when none is named."""
    return "demo" if model == "demo" else "llm"


def model_and_agent(model: Any, agent: Any) -> tuple[str, str]:
    """Return the model to use (the default one for an empty name) and the agent that serves it."""
    if agent == "claude" and agent in conf.agents:
        return conf.claude_model, agent  # the CLI chooses its model itself, or is told by a setting
    model = model or conf.model
    if model not in {conf.model, *conf.models}:
        raise UnknownModel(
            _("The model %(model)s is not offered here; choose one of %(choices)s.")
            % {"model": repr(model), "choices": ", ".join(conf.models)}
        )
    agent = agent or agent_of(model)
    if agent not in conf.agents:
        raise UnknownAgent(
            _("There is no agent %(agent)s; choose one of %(choices)s.")
            % {"agent": repr(agent), "choices": ", ".join(conf.agents)}
        )
    return model, agent


def options(value: Any) -> dict[str, Any]:
    """Return the known options of a message; unknown ones are ignored, wrong types are refused."""
    if not isinstance(value, dict):
        raise InvalidInput(_("options must be an object."))
    known: dict[str, Any] = {}
    if value.get("exclude_tools") is not None:
        names = value["exclude_tools"]
        if not isinstance(names, list) or len(names) > 100 or not all(isinstance(name, str) for name in names):
            raise InvalidInput(_("exclude_tools must be a list of tool names."))
        known["exclude_tools"] = [text(name, _("A tool's name"), 200) for name in names]
    if value.get("web_search") is not None:
        if not isinstance(value["web_search"], bool):
            raise InvalidInput(_("web_search must be true or false."))
        known["web_search"] = value["web_search"]
    return known


def limits(value: Any) -> dict[str, float]:
    """Return limits for one execution; they may only be tighter than the settings'."""
    names = {f.name for f in fields(Limits)}
    if not isinstance(value, dict) or not value.keys() <= names:
        raise InvalidInput(
            _("limits must be an object with some of %(choices)s.") % {"choices": ", ".join(sorted(names))}
        )
    ceiling = Limits(**conf.limits)
    for name, number in value.items():
        if not isinstance(number, int | float) or isinstance(number, bool) or not math.isfinite(number) or number <= 0:
            raise InvalidInput(_("limits.%(name)s must be a positive number.") % {"name": name})
        if number > getattr(ceiling, name):
            raise InvalidInput(
                _("limits.%(name)s can be at most %(value)s.") % {"name": name, "value": getattr(ceiling, name)}
            )
    return value


def answer(value: Any) -> dict[str, Any]:
    """Return an answer in one of its two forms."""
    if isinstance(value, dict) and isinstance(value.get("approved"), bool):
        return {"approved": value["approved"], "comment": text(value.get("comment", ""), _("The comment"), 100_000)}
    if isinstance(value, dict) and isinstance(value.get("answers"), dict) and value["answers"]:
        answers: dict[str, Any] = {}
        for question, chosen in value["answers"].items():
            labels = chosen if isinstance(chosen, list) else [chosen]
            checked = [text(label, _("An answer"), 100_000) for label in labels]
            answers[text(question, _("A question"), 100_000)] = checked if isinstance(chosen, list) else checked[0]
        return {"answers": answers}
    raise InvalidInput(_('The answer must be {"answers": {question: answer}} or {"approved": true or false}.'))


def kind_of_answer(value: dict[str, Any], kind: str) -> None:
    """Check that a valid answer answers this kind of question."""
    if kind == "plan" and "approved" not in value:
        raise InvalidInput(_('This is a plan; the answer must be {"approved": true or false}.'))
    if kind != "plan" and "answers" not in value:
        raise InvalidInput(_('This is a question; the answer must be {"answers": {question: answer}}.'))
