"""What the owner reads when the Claude CLI fails: what happened, and what to do about it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from executions.agents.base import AgentFailure

MAX_DETAIL_CHARS = 500
LOGIN = ("Not logged in", "Failed to authenticate", "Invalid API key", "Please run /login")
NO_CONVERSATION = "No conversation found"


class NoConversationError(Exception):
    """The CLI does not have the conversation that it was to continue."""


def of_result(result: Mapping[str, Any]) -> AgentFailure:
    """Return the failure for a result with ``is_error``."""
    said = _shortened(str(result.get("result") or "; ".join(map(str, result.get("errors") or ())) or "no reason given"))
    status = result.get("api_error_status")
    if status in (401, 403) or any(words in said for words in LOGIN):
        text = "The Claude CLI is not logged in, or its key is refused. Log in as the server's user with `claude`, or "
        return AgentFailure(f"{text}set ANTHROPIC_API_KEY: {said}", "claude_login")
    if status == 400 and "image" in said.lower():
        return AgentFailure(f"The model's server could not read an image: {said}", "claude_image")
    match status:
        case 400 | 404 | 413:
            return AgentFailure(f"The model's server did not accept the request: {said}", "claude_request")
        case 429:
            return AgentFailure(f"The model's server limits your rate, or the quota is used up: {said}", "claude_limit")
        case int() if status >= 500:
            return AgentFailure(f"The model's server is overloaded; try again later: {said}", "claude_overloaded")
    return AgentFailure(f"The Claude CLI failed: {said}", "claude_error")


def ended_early(status: int, last_words: str) -> AgentFailure:
    """Return the failure for a CLI that ended without a result."""
    how = f"with exit status {status}" if status >= 0 else f"by signal {-status}"
    words = " ".join(last_words.split())
    # The last of them say why.
    said = (
        f": {'…' if len(words) > MAX_DETAIL_CHARS else ''}{words[-MAX_DETAIL_CHARS:]}"
        if words
        else " and said nothing."
    )
    return AgentFailure(f"The Claude CLI ended {how} before it had a result{said}", "claude_ended")


def garbage(line: bytes) -> AgentFailure:
    """Return the failure for output that is not the CLI's protocol."""
    shown = line[:200].decode("utf-8", "replace").strip()
    return AgentFailure(f"The Claude CLI wrote something that is not its protocol: {shown!r}", "claude_garbage")


def too_long(limit: int) -> AgentFailure:
    """Return the failure for a line without an end."""
    return AgentFailure(f"The Claude CLI wrote a line of more than {limit:,} bytes.", "claude_garbage")


def silent(seconds: float) -> AgentFailure:
    """Return the failure for a CLI that has stopped answering."""
    text = f"The Claude CLI said nothing for {seconds:g} s while none of its tools ran; it was ended."
    return AgentFailure(text, "claude_silent")


def not_started(error: OSError) -> AgentFailure:
    """Return the failure for a CLI that can't be started."""
    return AgentFailure(f"The Claude CLI could not be started: {error.strerror or error}.", "claude_missing")


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MAX_DETAIL_CHARS else text[:MAX_DETAIL_CHARS] + "…"
