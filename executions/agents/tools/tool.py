"""What a tool is: a name, a description, a JSON schema of its arguments, and a coroutine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from executions.agents.base import Run
from executions.cleaning import clean_text
from executions.events import ToolOutput


class ToolError(Exception):
    """The tool could not do what it was asked; the text says why and what would work. It never ends the run."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of a tool, as the tool sees it."""

    run: Run
    call_id: str

    async def output(self, text: str) -> None:
        """Show a piece of what the tool prints while it runs."""
        await self.run.emit(ToolOutput(self.call_id, clean_text(text)))


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a call came to; ``status`` is ``finished`` or ``error``, and the model is given ``text`` in both cases."""

    call_id: str
    name: str
    text: str
    status: str = "finished"


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool. ``function(call, **args)`` gets arguments that fit ``parameters``; it raises ToolError."""

    name: str
    description: str
    parameters: dict[str, Any]
    function: Callable[..., Awaitable[str]]


def parameters(required: list[str], **properties: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON schema of an object with these properties and no others."""
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
