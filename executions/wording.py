"""Numbers and receipts as people read them. Pure: no Django."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any


def duration(value: timedelta | float | None) -> str:
    """Return ``340 ms``, ``4.2 s``, ``3 m 05 s`` or ``1 h 02 m``; a number is seconds, ``None`` is empty."""
    if value is None:
        return ""
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if seconds < 1:
        return f"{max(seconds, 0) * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} m"


def cost(value: Any) -> str:
    """Return dollars, with as many digits as a small amount needs; ``None`` (price not known) is empty."""
    if value is None:
        return ""
    amount = float(value)
    return f"${amount:.2f}" if amount >= 0.1 or amount == 0 else f"${amount:.4f}"


def processes(count: int) -> str:
    return "1 process" if count == 1 else f"{count} processes"


def receipt(value: Mapping[str, Any] | None, reader: str = "") -> str:
    """Return one line of what a confirmed stop did: how fast, what was killed, during what, by whom, why.

    Who it was is left out where it was ``reader`` (a user name).
    """
    if not value:
        return ""
    elapsed = value.get("elapsed_ms")
    parts = ["Stopped" if elapsed is None else f"Stopped in {duration(elapsed / 1000)}"]
    if killed := value.get("processes"):
        parts.append(f"killed {processes(len(killed))}")
    if tool := value.get("tool"):
        parts.append(f"during {tool}")
    if (by := value.get("by")) and by != reader:
        parts.append(f"by {by}")
    if reason := value.get("reason"):
        parts.append(f"“{reason}”")
    return " · ".join(parts)


def stopped(by: str | None, source: str, reason: str, elapsed_ms: float | None) -> str:
    """Return who stopped an execution, how fast, and why; ``by`` is ``you``, a user name, or ``None`` for nobody."""
    who = by or {"disconnect": "leaving its page", "interrupt": "a newer message"}.get(source, "the server")
    quick = "" if elapsed_ms is None else f" in {duration(elapsed_ms / 1000)}"
    return f"Stopped by {who}{quick}" + (f": “{reason}”" if reason else "")


def event(kind: str, data: Mapping[str, Any]) -> tuple[str, str]:
    """Return an event in words: its kind, and what it says."""
    match kind:
        case "started":
            return "Started", ""
        case "text":
            return "Text", data["text"]
        case "thinking":
            return "Thinking", data["text"]
        case "tool_started":
            return f"{data['name']} begins", ", ".join(str(value) for value in data["args"].values())
        case "tool_output":
            return "Output", data["text"]
        case "tool_finished":
            ended = {"finished": "is done", "error": "failed", "canceled": "was stopped"}
            return f"{data['name']} {ended.get(data['status'], data['status'])}", data["result"]
        case "question":
            asked = " · ".join(str(item.get("question", "")) for item in data["questions"])
            return ("Asks for approval", data["plan"]) if data["kind"] == "plan" else ("Asks", asked)
        case "answered":
            answer = data["answer"]
            if answer.get("answers"):
                return "Answered", ", ".join(str(value) for value in answer["answers"].values())
            return ("Approved" if answer.get("approved") else "Rejected"), str(answer.get("comment", ""))
        case "usage":
            return "Usage", f"{data['input_tokens']} in, {data['output_tokens']} out {cost(data['cost_usd'])}"
        case "cli_session":
            return ("Session resumed" if data["resumed"] else "Session"), f"{data['session_id']} in {data['project']}"
        case "notice":
            return "Notice", data["text"]
        case "cancel_requested":
            return "Stop requested", " ".join(filter(None, [f"by {data['by']}" if data["by"] else "", data["reason"]]))
        case "finished":
            return f"Ended: {data['outcome'].replace('_', ' ')}", data["error"] or receipt(data["receipt"])
        case _:
            return kind, ""
