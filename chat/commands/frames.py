"""A run's journal entries as the command page reads them: contract types, each with a ``message``."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from executions import events
from executions.agents.claude.labels import label_of
from executions.events import Entry

#: Fixed by the wire contract.
CANCELED = "Execution canceled"


@dataclass(frozen=True, slots=True)
class Frame:
    """One event of the stream; ``seq`` is its ``id:``, ``None`` for one that no reader resumes after."""

    data: dict[str, Any]
    seq: int | None = None

    def encode(self) -> bytes:
        """Return the frame as Server-Sent Events have it."""
        data = json.dumps(self.data, ensure_ascii=False, separators=(",", ":"))
        return (f"id: {self.seq}\ndata: {data}\n\n" if self.seq else f"data: {data}\n\n").encode()


@dataclass(frozen=True, slots=True)
class Ending:
    """What one request comes to: the whole answer, a question, or an error."""

    execution_id: int
    seq: int
    session_id: str
    output: str = ""
    questions: list[dict[str, Any]] = field(default_factory=list)
    completed: bool = False
    cost_usd: float | None = None
    error: str = ""

    @property
    def result(self) -> dict[str, Any]:
        return {
            "session_id": self.session_id,
            "output": self.output,
            "completed": self.completed,
            "cost_usd": self.cost_usd,
            "questions": self.questions,
        }

    @property
    def answer(self) -> dict[str, Any]:
        """The JSON answer of the request."""
        more = {"error": self.error or None, "execution_id": self.execution_id}
        return {"success": not self.error, **self.result, **more}

    def frames(self) -> list[Frame]:
        """The last frames of the stream."""
        common = {"session_id": self.session_id, "execution_id": self.execution_id}
        if self.error:
            return [Frame({"type": "error", "message": self.error, **common, "result": self.result}, self.seq)]
        complete = Frame({"type": "complete", **common, "result": self.result}, self.seq)
        if not self.questions:
            return [complete]
        asked = {"questions": self.questions}
        # Without an id: a reader that misses the next frame is to be asked again.
        return [Frame({"type": "question", **common, "tool_input": asked, "result": asked}), complete]


def of_entry(entry: Entry, tools: dict[str, str]) -> Frame | None:
    """Return the frame of an entry that is neither text nor an end; ``None`` for what this page shows nothing of.

    ``tools`` are the names of the tools called so far, by call.
    """
    data = entry.data
    match entry.type:
        case events.ToolStarted.type:
            tools[data["call_id"]] = data["name"]
            label = label_of(data["name"], data["args"])
            fields = {"type": "tool_use", "tool_name": data["name"], "tool_input": data["args"], "message": label}
        case events.ToolFinished.type:
            fields = {
                "type": "tool_result", "tool_name": data["name"], "message": data["result"], "status": data["status"],
            }  # fmt: skip
        case events.Notice.type:
            fields = {"type": "notice", "message": data["text"], "level": data["level"]}
        case events.CliSession.type:
            fields = init(data["session_id"], entry.execution_id)
        case _:
            return None
    return Frame(fields, entry.seq)


def init(session_id: str, execution_id: int) -> dict[str, Any]:
    """Return what a stream begins with once the CLI's session is known."""
    return {
        "type": "init", "message": "The session has begun", "session_id": session_id, "execution_id": execution_id,
    }  # fmt: skip


class Joined:
    """Neighbouring pieces of text or thinking as one frame: this page shows a line for each."""

    def __init__(self) -> None:
        self._kind = ""
        self._text: list[str] = []
        self._seq = 0
        #: When the first piece of what is held came; ``None`` while nothing is.
        self.since: float | None = None

    def add(self, entry: Entry, now: float) -> Frame | None:
        """Take a piece; returns the frame of what was held when this is of another kind."""
        done = self.flush() if entry.type != self._kind else None
        self._kind, self._seq = entry.type, entry.seq
        self._text.append(entry.data["text"])
        self.since = self.since or now
        return done

    def flush(self) -> Frame | None:
        """Return the frame of what is held, and hold nothing any more."""
        if not self._text:
            return None
        frame = Frame({"type": self._kind, "message": "".join(self._text)}, self._seq)
        self._text.clear()
        self.since = None
        return frame
