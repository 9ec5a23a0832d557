"""What the owner reads when the model's server fails: one short sentence, never a traceback, never a key."""

from __future__ import annotations

import os
from typing import Any

from pydantic_ai import exceptions

from executions.agents.base import AgentFailure

MAX_DETAIL_CHARS = 300
REASONS = {
    400: "did not accept the request",
    401: "refused the API key",
    403: "refused the API key",
    404: "does not know this model or address",
    413: "says that the conversation is too long",
    429: "is limiting its rate, or its quota is used up",
}


def explain(error: exceptions.AgentRunError, model: str) -> AgentFailure:
    """Return the failure to raise for an error of pydantic-ai."""
    match error:
        case exceptions.ModelContextWindowExceededError():
            text = "The conversation is too long for this model; start a new session"
        case exceptions.ModelHTTPError():
            reason = REASONS.get(error.status_code, "failed" if error.status_code >= 500 else "refused the request")
            text = f"The model's server {reason} (HTTP {error.status_code})"
        case exceptions.ModelTimeoutError() | exceptions.ModelRequestTimeout():
            text = "The model's server did not answer in time"
        case exceptions.ModelConnectionError() if error.in_stream or error.phase == "read":
            text = "The connection to the model's server broke in the middle of the answer"
        case exceptions.ModelConnectionError():
            text = "The model's server cannot be reached"
        case exceptions.UnexpectedModelBehavior():
            text = "The model's server sent something that is not an answer"
        case _:
            text = "The model's server failed"
    return AgentFailure(f"{text} ({model}): {detail(error)}", "model_error")


def detail(error: exceptions.AgentRunError) -> str:
    """Return what the server said, on one line, bounded, with the keys of this server's environment blanked out."""
    body: Any = getattr(error, "body", None)
    if isinstance(body, dict):
        inner = body.get("error", body)
        body = inner.get("message", inner) if isinstance(inner, dict) else inner
    if not body and error.__cause__ and (root := _root(error)):
        body = f"{error.message}: {root}" if str(root) not in error.message else error.message
    said = " ".join(str(body or error.message).split())
    for name, value in os.environ.items():
        if name.endswith(("_KEY", "_TOKEN", "_SECRET")) and len(value) >= 6:
            said = said.replace(value, "…")
    return said if len(said) <= MAX_DETAIL_CHARS else said[:MAX_DETAIL_CHARS] + "…"


def _root(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error
