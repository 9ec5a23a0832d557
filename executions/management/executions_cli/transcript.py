"""Events as a person reads them in a terminal."""

from __future__ import annotations

import json
from typing import Any

from executions import wording
from executions.management.executions_cli.backend import Row
from executions.management.executions_cli.text import clean, one_line
from executions.status import look

RESULT_CHARS = 2_000


class Transcript:
    """Turns entries into text: the answer flows, everything else is on lines of its own."""

    def __init__(self) -> None:
        self._flowing = ""

    def add(self, event: Row) -> str:
        """Return what to print for ``event``, line ends included."""
        kind = event["type"]
        if kind in ("text", "thinking", "tool_output"):
            text = clean(str(event["data"].get("text", "")))
            start = "" if self._flowing == kind else self._break() + ("(thinking) " * (kind == "thinking"))
            self._flowing = kind if text and not text.endswith("\n") else ""
            return start + text
        line = _line(kind, event["data"])
        return f"{self._break()}{line}\n" if line else ""

    def _break(self) -> str:
        flowing, self._flowing = self._flowing, ""
        return "\n" if flowing else ""


def _line(kind: str, data: dict[str, Any]) -> str:
    match kind:
        case "started":
            return f"[started by worker {data['worker'][:8]}]"
        case "tool_started":
            return f"[{data['name']} {one_line(json.dumps(data['args'], ensure_ascii=False))}]"
        case "tool_finished":
            return f"[{data['name']} {data['status']}] {one_line(str(data['result'])[:RESULT_CHARS])}".rstrip()
        case "question":
            asked = data.get("plan") or "; ".join(str(q.get("question")) for q in data.get("questions", ()))
            return f"[waiting for an answer] {one_line(asked)}"
        case "answered":
            return f"[answered] {one_line(json.dumps(data['answer'], ensure_ascii=False))}"
        case "notice":
            return f"[{data['level']}] {one_line(data['text'])}"
        case "cancel_requested":
            return one_line(f"[stopping] {data['by']} {data['reason']}")
        case "finished":
            parts = [look(data["outcome"]).word, data.get("error", ""), wording.receipt(data.get("receipt"))]
            return f"[{one_line(': '.join(filter(None, parts)))}]"
        case _:
            return ""  # usage is in show; a type of a newer version is for newer readers
