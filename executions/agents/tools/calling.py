"""Runs one call of a tool: its events, its arguments, its errors, its limits."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from typing import Any

from executions.agents.base import Run
from executions.agents.tools.arguments import checked
from executions.agents.tools.excerpt import shortened
from executions.agents.tools.registry import TOOLS
from executions.agents.tools.tool import ToolCall, ToolError, ToolResult
from executions.cleaning import clean, clean_text
from executions.events import ToolFinished, ToolStarted


async def call(run: Run, name: str, args: Mapping[str, Any], call_id: str | None = None) -> ToolResult:
    """Run a tool: emits ToolStarted, ToolOutput while it runs, ToolFinished; returns what the model is told.

    What goes wrong is a result with ``status="error"``, never an exception: an unknown or excluded tool, wrong
    arguments, a ToolError, the time limit. ``call_id`` must be unique within the execution.
    Cancellation: passes at once; the call stays without ToolFinished, which its supervisor adds.
    """
    call_id = call_id or uuid.uuid4().hex
    await run.emit(ToolStarted(call_id, clean_text(name), clean(dict(args) if isinstance(args, Mapping) else args)))
    try:
        text, status = await _result(ToolCall(run, call_id), name, args), "finished"
    except ToolError as error:
        text, status = str(error), "error"
    # A tool keeps its own limit; its last line may say what it left out.
    text = clean_text(shortened(text, run.limits.tool_output_chars + 1000))
    await run.emit(ToolFinished(call_id, clean_text(name), text, status))
    return ToolResult(call_id, name, text, status)


async def _result(call: ToolCall, name: str, args: Mapping[str, Any]) -> str:
    tool = TOOLS.get(name)
    if tool is None:
        raise ToolError(f"There is no tool {name!r}. There are {', '.join(TOOLS)}.")
    if name in call.run.excluded_tools:
        raise ToolError(f"The tool {name!r} is switched off for this message.")
    values = checked(tool.parameters, args)
    seconds = call.run.limits.tool_seconds
    try:
        # A tool that keeps the limit itself (exec, with its output so far) is given a moment to do so.
        async with asyncio.timeout(seconds + 5) as timer:
            return await tool.function(call, **values)
    except TimeoutError as error:
        if not timer.expired():
            raise
        raise ToolError(f"{name} was stopped: it ran longer than {seconds:g} s.") from error
