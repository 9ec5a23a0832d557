"""The conversation so far, for the model; and what this run adds to it, for the next one.

Every turn ends with an answer of the model and has a result for each tool call, also one that was canceled or failed:
servers refuse a conversation with unanswered calls, and many chat templates one whose roles do not alternate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from pydantic import ValidationError
from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolReturnPart,
    UserPromptPart,
)

from executions.agents.base import Turn

INTERRUPTED_CALL = "Interrupted: this call was stopped before it finished; it may have been done in part or not at all."
INTERRUPTED = "[The answer was interrupted here.]"
NOTHING_SAID = "[The turn was interrupted before an answer was given.]"
CUT = "\n[… cut …]\n"


def load(turns: Sequence[Turn], bound: int) -> list[ModelMessage]:
    """Return the newest turns that fit into ``bound`` characters, oldest first; whole turns are dropped."""
    kept: list[list[ModelMessage]] = []
    left = bound
    for turn in reversed(turns):
        messages = _messages(turn)
        if _size(messages) > left:
            # What was said, without the tools' results, may still fit.
            messages = _plain(turn)
        if kept and _size(messages) > left:
            break
        if not kept:
            messages = _cut(messages, left)
        kept.append(messages)
        left -= _size(messages)
    return [message for messages in reversed(kept) for message in messages]


def dump(messages: Sequence[ModelMessage], partial: ModelResponse | None) -> list[Any]:
    """Return this run's messages as JSON, closed; ``partial`` is the answer that was being streamed, if any."""
    closed = close([*messages, *([_spoken(partial)] if partial else [])])
    return cast("list[Any]", ModelMessagesTypeAdapter.dump_python(closed, mode="json", exclude_none=True))


def close(messages: Sequence[ModelMessage]) -> list[ModelMessage]:
    """Return the messages with a result for every tool call and an answer at the end."""
    closed: list[ModelMessage] = []
    for message in messages:
        if closed and isinstance(closed[-1], ModelResponse):
            returned = [part for part in message.parts if isinstance(part, ToolReturnPart)]
            missing = _missing(closed[-1], returned)
            if missing and isinstance(message, ModelRequest):
                message = replace(message, parts=[*message.parts, *missing])
            elif missing:
                closed.append(ModelRequest(parts=missing))
        closed.append(message)
    if isinstance(closed[-1], ModelResponse) and (missing := _missing(closed[-1], [])):
        closed.append(ModelRequest(parts=missing))
    last = closed[-1]
    if isinstance(last, ModelRequest):
        closed.append(ModelResponse(parts=[TextPart(NOTHING_SAID if len(closed) == 1 else INTERRUPTED)]))
    elif not any(isinstance(part, TextPart) and part.content.strip() for part in last.parts):
        closed[-1] = replace(last, parts=[*last.parts, TextPart(NOTHING_SAID)])
    return closed


def _missing(response: ModelResponse, returned: Sequence[ToolReturnPart]) -> list[ToolReturnPart]:
    done = {part.tool_call_id for part in returned}
    return [
        ToolReturnPart(call.tool_name, INTERRUPTED_CALL, tool_call_id=call.tool_call_id, outcome="interrupted")
        for call in response.tool_calls
        if call.tool_call_id not in done
    ]


def _spoken(partial: ModelResponse) -> ModelResponse:
    """Keep of an interrupted answer what was said: half a tool call or an unsigned thought cannot be sent back."""
    said = "".join(part.content for part in partial.parts if isinstance(part, TextPart))
    text = f"{said}\n\n{INTERRUPTED}" if said.strip() else NOTHING_SAID
    return ModelResponse(parts=[TextPart(text)], model_name=partial.model_name, timestamp=partial.timestamp)


def _messages(turn: Turn) -> list[ModelMessage]:
    if turn.transcript is None:
        return _plain(turn)
    try:
        return close(ModelMessagesTypeAdapter.validate_python(turn.transcript))
    except (ValidationError, IndexError):
        # Another agent's transcript, or another version's: what was said is known all the same.
        return _plain(turn)


def _plain(turn: Turn) -> list[ModelMessage]:
    said = turn.output.strip()
    if turn.outcome != "succeeded":
        said = f"{said}\n\n{INTERRUPTED}" if said else NOTHING_SAID
    answer = ModelResponse(parts=[TextPart(said or "[No answer.]")])
    return [ModelRequest(parts=[UserPromptPart(turn.prompt)]), answer]


def _cut(messages: list[ModelMessage], bound: int) -> list[ModelMessage]:
    """Shorten the texts of one plain turn that is too long even alone, keeping their beginnings and ends."""
    if _size(messages) <= bound or len(messages) != 2:
        return messages
    request, answer = messages
    half = bound // 4
    texts = [str(getattr(message.parts[0], "content", "")) for message in (request, answer)]
    prompt, said = (text if len(text) <= 2 * half else text[:half] + CUT + text[len(text) - half :] for text in texts)
    return [ModelRequest(parts=[UserPromptPart(prompt)]), ModelResponse(parts=[TextPart(said)])]


def _size(messages: Sequence[ModelMessage]) -> int:
    return sum(_part_size(part) for message in messages for part in message.parts)


def _part_size(part: Any) -> int:
    content = getattr(part, "content", None)
    args = getattr(part, "args", None)
    return len(content if isinstance(content, str) else str(content or "")) + len(str(args or ""))
