"""What the Claude CLI is doing, in a few words: ``Running: pytest``, ``Reading: a.py``. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MAX_CHARS = 80

#: By the tool's name: the verb, and the field of its input that says what it is done to.
VERBS = {
    "Bash": ("Running", "command"),
    "BashOutput": ("Reading the output of", "bash_id"),
    "Edit": ("Editing", "file_path"),
    "Glob": ("Finding", "pattern"),
    "Grep": ("Searching", "pattern"),
    "KillShell": ("Ending", "shell_id"),
    "LS": ("Listing", "path"),
    "MultiEdit": ("Editing", "file_path"),
    "NotebookEdit": ("Editing", "notebook_path"),
    "Read": ("Reading", "file_path"),
    "Skill": ("Using", "skill"),
    "Agent": ("Delegating", "description"),
    "Task": ("Delegating", "description"),
    "TaskOutput": ("Waiting for", "task_id"),
    "TaskStop": ("Ending", "task_id"),
    "WebFetch": ("Fetching", "url"),
    "WebSearch": ("Searching the web", "query"),
    "Write": ("Writing", "file_path"),
}
#: Tools whose name says it all.
PHRASES = {
    "AskUserQuestion": "Asking you",
    "EnterPlanMode": "Making a plan",
    "ExitPlanMode": "Showing the plan",
    "TodoWrite": "Noting the next steps",
}
PATHS = ("file_path", "notebook_path")


def label_of(tool_name: str, tool_input: Mapping[str, Any]) -> str:
    """Return the label of a tool call, one line of at most some 80 characters."""
    if tool_name in PHRASES:
        return PHRASES[tool_name]
    if tool_name.startswith("mcp__"):
        return _line("Using", " ".join(part for part in tool_name.split("__")[1:] if part))
    verb, field = VERBS.get(tool_name, ("Using", ""))
    value = tool_input.get(field) if field else tool_name
    if not isinstance(value, str) or not value.strip():
        return verb if field else _line(verb, tool_name)
    if field in PATHS:
        value = value.rstrip("/").rpartition("/")[2] or value
    return _line(verb, value)


def _line(verb: str, value: str) -> str:
    lines = value.strip().splitlines()
    text = " ".join(lines[0].split()) + (" …" if len(lines) > 1 else "")
    return f"{verb}: {text if len(text) <= MAX_CHARS else text[: MAX_CHARS - 1] + '…'}"
