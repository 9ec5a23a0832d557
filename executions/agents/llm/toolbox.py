"""The tools that one run offers to its model, and how a call of the model becomes a result.

A call never raises because of what the model asked for: unknown tools and wrong arguments become a result that says
so, and the model may try again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic_ai.messages import ToolCallPart, ToolReturnPart
from pydantic_ai.tools import ToolDefinition

from executions.agents import tools
from executions.agents.base import Run
from executions.agents.llm import ask
from executions.cleaning import clean_text
from executions.events import ToolFinished, ToolStarted


@dataclass(frozen=True, slots=True)
class Offer:
    """A tool as the model sees it, and what runs it: given arguments and the call's id, returns text and status."""

    definition: ToolDefinition
    call: Callable[[dict[str, Any], str], Awaitable[tuple[str, str]]]


class Toolbox:
    """The offered tools of one run, by name."""

    def __init__(self, run: Run, offers: dict[str, Offer]) -> None:
        self._run = run
        self._offers = offers
        self._call_ids: set[str] = set()

    @property
    def definitions(self) -> list[ToolDefinition]:
        return [offer.definition for offer in self._offers.values()]

    async def call(self, part: ToolCallPart) -> ToolReturnPart:
        """Run one tool call and return its result for the model.

        Cancellation: passes; the tool's processes are killed with the run, and the call stays without a result.
        """
        offer = self._offers.get(part.tool_name)
        call_id = self._unique(part.tool_call_id)
        if offer is None:
            known = ", ".join(self._offers) or "none"
            return await self._refuse(part, call_id, f"There is no tool {part.tool_name!r}. Available: {known}.")
        try:
            args = part.args_as_dict(raise_if_invalid=True)
        except (ValueError, AssertionError):
            return await self._refuse(part, call_id, "The arguments are not a valid JSON object; call the tool again.")
        text, status = await offer.call(args, call_id)
        outcome: Literal["success", "failed"] = "success" if status == "finished" else "failed"
        return ToolReturnPart(part.tool_name, clean_text(text), tool_call_id=part.tool_call_id, outcome=outcome)

    def _unique(self, call_id: str) -> str:
        """Some servers count calls from 1 in every answer; events need an id that is unique within the execution."""
        number, unique = 1, call_id
        while unique in self._call_ids:
            number += 1
            unique = f"{call_id}-{number}"
        self._call_ids.add(unique)
        return unique

    async def _refuse(self, part: ToolCallPart, call_id: str, text: str) -> ToolReturnPart:
        args = part.args if isinstance(part.args, dict) else {"arguments": clean_text(part.args or "")}
        await self._run.emit(ToolStarted(call_id, clean_text(part.tool_name), args))
        await self._run.emit(ToolFinished(call_id, clean_text(part.tool_name), text, "error"))
        return ToolReturnPart(part.tool_name, text, tool_call_id=part.tool_call_id, outcome="failed")


@asynccontextmanager
async def open_toolbox(run: Run, mcp_config: Path | str | None) -> AsyncIterator[Toolbox]:
    """Offer the built-in tools, ``ask_user`` and those of the MCP servers, without the excluded ones.

    The MCP servers are started on entry and gone on exit. Raises AgentFailure (``mcp_config``).
    """
    excluded = set(run.excluded_tools)
    if run.options.get("web_search") is False:
        excluded.add("web_search")
    offers = {name: _builtin(run, tool) for name, tool in tools.TOOLS.items()}
    offers[ask.NAME] = _ask_user(run)
    async with AsyncExitStack() as stack:
        if mcp_config is not None:
            # Imported here: the MCP libraries take 0.4 s to import, and most installations have no servers.
            from executions.agents.llm import mcp

            offers |= await mcp.connect(run, mcp_config, excluded, stack)
        yield Toolbox(run, {name: offer for name, offer in offers.items() if name not in excluded})


def _builtin(run: Run, tool: tools.Tool) -> Offer:
    async def call(args: dict[str, Any], call_id: str) -> tuple[str, str]:
        result = await tools.call(run, tool.name, args, call_id)
        return result.text, result.status

    return Offer(define(tool.name, tool.parameters, tool.description), call)


def _ask_user(run: Run) -> Offer:
    async def call(args: dict[str, Any], call_id: str) -> tuple[str, str]:
        try:
            return await ask.ask(run, args), "finished"
        except ask.BadQuestionError as error:
            return f"The question was not asked: {error}.", "error"

    return Offer(define(ask.NAME, ask.PARAMETERS, ask.DESCRIPTION), call)


def define(name: str, parameters: dict[str, Any], description: str) -> ToolDefinition:
    """Return a tool's definition; schemas are sent as they are, since not every server takes the strict kind."""
    return ToolDefinition(name=name, parameters_json_schema=parameters, description=description, strict=False)
