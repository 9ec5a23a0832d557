"""What a client may say on the chat socket, parsed into values. Every refusal says what is wrong.

Fields that are missing or ``null`` take their defaults; unknown fields are ignored.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from chat.services import DEFAULT_SESSION_ID, MAX_CLIENT_ID_CHARS
from executions import validation
from executions.errors import ExecutionError, InvalidInput
from executions.states import OnBusy
from executions.validation import MAX_ID
from executions.wording import number

#: Characters of a frame: a message of the greatest length fits, in whatever way its JSON is written.
MAX_FRAME_CHARS = 8 * 1024 * 1024
#: How many executions a client may name when it resumes.
MAX_RESUMED = 50
#: Fields of a message that its agent checks.
AGENT_OPTIONS = ("project", "images", "resume", "mode", "on_busy_project")


class FrameTooLargeError(ExecutionError):
    """The frame is too large."""

    code = "too_large"
    status = 413


@dataclass(frozen=True, slots=True)
class SendMessage:
    """A message of the user for a session."""

    content: str
    session_id: str = DEFAULT_SESSION_ID
    model: str = ""
    web_search: bool | None = None
    exclude_tools: tuple[str, ...] = ()
    on_busy: str = OnBusy.QUEUE
    client_id: str = ""
    #: The execution whose turn, and all after it, this message takes the place of.
    replaces: int | None = None
    agent: str = ""
    #: What only its agent knows of, such as ``project`` and ``images``.
    agent_options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Follow a session; ``after`` maps executions to the last ``seq`` seen, ``last`` is that of the newest one."""

    session_id: str
    after: dict[int, int] = field(default_factory=dict)
    last: int | None = None


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Follow a session no longer."""

    session_id: str


@dataclass(frozen=True, slots=True)
class GiveAnswer:
    """The answer to a question."""

    execution_id: int
    question_id: str
    answer: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop one execution, or all that is unfinished in a session."""

    execution_id: int | None = None
    session_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Ping:
    """Is anybody there?"""


#: What changes something; the others only look.
ACTIONS = (SendMessage, GiveAnswer, Cancel)
Frame = SendMessage | Subscribe | Unsubscribe | GiveAnswer | Cancel | Ping


def parse(text: str | None) -> Frame:
    """Return what a frame says; one that is not JSON is itself a message. Raises InvalidInput, FrameTooLargeError."""
    if text is None:
        raise InvalidInput(_("Binary frames are not understood; send JSON as text."))
    if len(text) > MAX_FRAME_CHARS:
        raise FrameTooLargeError(
            _("The frame has %(count)s characters; at most %(max_frame_chars)s are allowed.")
            % {"count": number(len(text)), "max_frame_chars": number(MAX_FRAME_CHARS)}
        )
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError:
        return SendMessage(content=validation.prompt(text))
    except RecursionError:
        raise InvalidInput(_("The frame is nested too deeply.")) from None
    except ValueError as error:  # numbers that no database can hold
        raise InvalidInput(_("The frame is not valid JSON: %(error)s.") % {"error": error}) from None
    if not isinstance(value, dict):
        raise InvalidInput(_('A frame must be an object such as {"type": "message", "content": "Hello"}.'))
    kind = _text(value, "type") or "message"
    if kind not in _PARSERS:
        raise InvalidInput(
            _("There are no frames of type %(kind)s; there are %(choices)s.")
            % {"kind": repr(kind[:40]), "choices": ", ".join(_PARSERS)}
        )
    return _PARSERS[kind](value)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")


def _message(value: dict[str, Any]) -> Frame:
    if value.get("content") is None:
        raise InvalidInput(_('The message is empty; write something in "content".'))
    web_search = value.get("web_search")
    if not isinstance(web_search, bool | None):
        raise InvalidInput(_("web_search must be true or false."))
    names = value.get("exclude_tools")
    options = validation.options({"exclude_tools": names})
    return SendMessage(
        content=validation.prompt(value["content"]),
        session_id=_session_id(value, DEFAULT_SESSION_ID),
        model=_text(value, "model", 200),
        web_search=web_search,
        exclude_tools=tuple(options.get("exclude_tools", ())),
        on_busy=validation.choice(OnBusy, _text(value, "on_busy", 40) or OnBusy.QUEUE, "on_busy"),
        client_id=_text(value, "client_id", MAX_CLIENT_ID_CHARS),
        replaces=None if value.get("replaces") is None else _number(value["replaces"], "replaces"),
        agent=_text(value, "agent", 64),
        agent_options={name: value[name] for name in AGENT_OPTIONS if value.get(name) is not None},
    )


def _subscribe(value: dict[str, Any]) -> Frame:
    session_id, after = _session_id(value), value.get("after")
    if after is None:
        return Subscribe(session_id)
    if isinstance(after, dict):
        if len(after) > MAX_RESUMED:
            raise InvalidInput(
                _("after names %(count)s executions; at most %(max_resumed)s can be resumed at once.")
                % {"count": len(after), "max_resumed": MAX_RESUMED}
            )
        return Subscribe(session_id, {_number(key, "after"): _number(seq, "after") for key, seq in after.items()})
    return Subscribe(session_id, last=_number(after, "after"))


def _unsubscribe(value: dict[str, Any]) -> Frame:
    return Unsubscribe(_session_id(value))


def _answer(value: dict[str, Any]) -> Frame:
    answer = validation.answer(value.get("answer"))
    return GiveAnswer(_number(value.get("execution_id"), "execution_id"), _text(value, "question_id", 200), answer)


def _cancel(value: dict[str, Any]) -> Frame:
    reason = validation.reason(_text(value, "reason", validation.MAX_REASON_CHARS))
    if value.get("execution_id") is not None:
        return Cancel(_number(value["execution_id"], "execution_id"), reason=reason)
    return Cancel(session_id=_session_id(value), reason=reason)


def _ping(value: dict[str, Any]) -> Frame:
    return Ping()


_PARSERS: dict[str, Callable[[dict[str, Any]], Frame]] = {
    "message": _message,
    "subscribe": _subscribe,
    "unsubscribe": _unsubscribe,
    "answer": _answer,
    "cancel": _cancel,
    "ping": _ping,
}


def _text(value: dict[str, Any], name: str, longest: int = 200) -> str:
    given = value.get(name)
    return "" if given is None else validation.text(given, name, longest)


def _session_id(value: dict[str, Any], default: str | None = None) -> str:
    given = value.get("session_id")
    return default if given in (None, "") and default else validation.session_id(given)


def _number(given: Any, name: str) -> int:
    """Return an id or ``seq``; as the key of an object it is a text of digits."""
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) < 20:
        given = int(given)
    if not isinstance(given, int) or isinstance(given, bool) or not 0 <= given <= MAX_ID:
        raise InvalidInput(_("%(name)s must be a whole number, 0 or more.") % {"name": name})
    return given
