"""What the chat socket says about an execution: its journal entries as frames of the wire contract.

Frames are texts, made once per entry and process and shared by all sockets (:attr:`Entry.encoded`); those with words
of ours in them, once for each language.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language

from chat.markdown import render
from chat.wording import error_of, told
from executions import events
from executions.events import Entry
from executions.models import Execution
from executions.told import in_words

FORMAT = "chat"


def _in_language() -> str:
    """Return the format of frames with words in the language in use."""
    return f"{FORMAT} {get_language()}"


@dataclass(frozen=True, slots=True)
class About:
    """What all frames of an execution carry, or its first one."""

    execution_id: int
    session_id: str
    agent: str
    model: str

    def frame(self, kind: str, seq: int = 0, /, **fields: Any) -> str:
        """Return one frame."""
        return encode({"type": kind, "execution_id": self.execution_id, "session_id": self.session_id, "seq": seq}
                      | fields)  # fmt: skip

    def stream_start(self, seq: int = 0) -> str:
        return self.frame("stream_start", seq, agent=self.agent, model=self.model)

    def ready(self, seq: int) -> str:
        return self.frame("ready", seq)


def about(execution: Execution) -> About:
    """Return what the frames of ``execution`` carry."""
    return About(execution.pk, execution.session_id, execution.agent, execution.model)


def encode(frame: dict[str, Any]) -> str:
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))


def error(content: str, code: str, **fields: Any) -> str:
    """Return the frame that tells a client what was wrong."""
    return encode({"type": "error", "content": content, "code": code} | fields)


def of_entry(about: About, entry: Entry, args: dict[str, Any] | None = None) -> str:
    """Return the frame of any entry but the last; ``args`` are those of the tool call that it ends."""
    key = _in_language() if entry.type == events.Notice.type else FORMAT
    encoded = entry.encoded.get(key)
    if encoded is None:
        kind, fields = _fields(about, entry, args)
        encoded = entry.encoded[key] = about.frame(kind, entry.seq, **fields)
    return encoded


def _fields(about: About, entry: Entry, args: dict[str, Any] | None) -> tuple[str, dict[str, Any]]:
    data = entry.data
    match entry.type:
        case events.Started.type:
            return "stream_start", {"agent": about.agent, "model": about.model, "worker": data.get("worker", "")}
        case events.Text.type:
            return "stream", {"content": data["text"]}
        case events.Thinking.type:
            return "thinking", {"content": data["text"]}
        case events.ToolStarted.type:
            return "tool_call", data | {"result": "", "status": "started"}
        case events.ToolOutput.type:
            return "tool_output", {"call_id": data["call_id"], "content": data["text"]}
        case events.ToolFinished.type:
            return "tool_call", data | {"args": args or {}}
        case events.Notice.type:
            return "notice", {"content": in_words(data["text"]), "level": data["level"]}
        case events.CancelRequested.type:
            return "stopping", data
        case events.CliSession.type:  # ``session_id`` is the chat's in every frame
            about_it = {name: data[name] for name in ("project", "model", "resumed")}
            return entry.type, {"cli_session_id": data["session_id"], **about_it}
        case events.Question.type if data["plan"]:
            return entry.type, data | {"plan_html": render(data["plan"])}
        case _:  # question, answered, usage: as they are, and whatever the engine may add
            return entry.type, data


def stream_end(about: About, entry: Entry, content: str) -> str:
    """Return the frame of the last entry, with the whole answer. Rendering takes time: call it in a thread."""
    key = _in_language()
    encoded = entry.encoded.get(key)
    if encoded is None:
        data = entry.data
        fields = {"content": content, "html": render(content), "outcome": data["outcome"], "receipt": data["receipt"]}
        if problem := error_of(data["outcome"], data["error"]):
            fields |= {"error": told(data["outcome"], problem), "error_code": data["error_code"] or data["outcome"]}
        encoded = entry.encoded[key] = about.frame("stream_end", entry.seq, **fields)
    return encoded
