"""Tools of MCP servers, offered to the model as ``SERVER_TOOL``.

A server that cannot be started or reached is told to the owner and left out; the run goes on with the other tools. One
that dies later makes its calls fail, and the model reads why.
"""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import anyio
import httpx2
from mcp import Client, MCPError, types
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

from executions.agents.base import Run
from executions.agents.llm import mcp_config
from executions.agents.llm.mcp_stdio import StdioServer
from executions.agents.llm.toolbox import Offer, define
from executions.cleaning import clean, clean_text
from executions.events import Notice, ToolFinished, ToolStarted

#: How long a server may take to start and to list its tools.
START_SECONDS = 15.0
#: What a server that fails, or a connection to it, may raise.
FAILURES = (MCPError, OSError, TimeoutError, RuntimeError, ValueError, httpx2.HTTPError, anyio.ClosedResourceError)


async def connect(run: Run, path: Path | str, excluded: set[str], stack: AsyncExitStack) -> dict[str, Offer]:
    """Start the servers of the settings file and return their tools; ``stack`` stops them.

    A server whose name is in ``excluded`` is not started. Raises AgentFailure (``mcp_config``).
    """
    offers: dict[str, Offer] = {}
    for config in mcp_config.read(path):
        if config.name in excluded:
            continue
        server = StdioServer(run, config) if config.command else None
        if server:
            stack.callback(server.forget)
        try:
            async with AsyncExitStack() as attempt:
                offers |= await _connect(run, config, server, attempt)
                await stack.enter_async_context(attempt.pop_all())
        except* FAILURES as errors:
            reason = _reason(_first(errors), server)
            await run.emit(Notice(f"The MCP server {config.name} cannot be used: {reason}", "warning"))
    return offers


async def _connect(
    run: Run, config: mcp_config.ServerConfig, server: StdioServer | None, stack: AsyncExitStack
) -> dict[str, Offer]:
    if server:
        # Every server speaks the handshake; older ones do not answer the probe for newer protocols at all.
        client = Client(server.streams(), mode="legacy", read_timeout_seconds=run.limits.tool_seconds)
    else:
        http = await stack.enter_async_context(create_mcp_http_client(headers=config.headers))
        transport = streamable_http_client(config.url, http_client=http)
        client = Client(transport, read_timeout_seconds=run.limits.tool_seconds)
    async with asyncio.timeout(START_SECONDS):
        await stack.enter_async_context(client)
        listed = await _list(client)
    offers = [_offer(run, config.name, client, server, tool) for tool in listed]
    return {offer.definition.name: offer for offer in offers}


async def _list(client: Client) -> list[types.Tool]:
    page = await client.list_tools()
    listed = list(page.tools)
    while page.next_cursor and len(listed) < 1000:
        page = await client.list_tools(cursor=page.next_cursor)
        listed += page.tools
    return listed


def _offer(run: Run, prefix: str, client: Client, server: StdioServer | None, tool: types.Tool) -> Offer:
    name = re.sub(r"[^A-Za-z0-9_-]", "_", f"{prefix}_{tool.name}")[:64]

    async def call(args: dict[str, Any], call_id: str) -> tuple[str, str]:
        await run.emit(ToolStarted(call_id, name, clean(args)))
        text, status = await _call(client, tool.name, args)
        text = clean_text(text)
        if status == "lost":
            text, status = f"The MCP server {prefix} failed: {_reason(text, server)}", "error"
        if len(text) > run.limits.tool_output_chars:
            text = text[: run.limits.tool_output_chars] + "\n[… cut …]"
        await run.emit(ToolFinished(call_id, name, text, status))
        return text, status

    return Offer(define(name, tool.input_schema, tool.description or tool.title or ""), call)


async def _call(client: Client, name: str, args: dict[str, Any]) -> tuple[str, str]:
    try:
        result = await client.call_tool(name, args)
    except FAILURES as error:
        return str(error) or type(error).__name__, "lost"
    text = "\n".join(_text(block) for block in result.content)
    if not text and result.structured_content is not None:
        text = json.dumps(result.structured_content, ensure_ascii=False)
    return text, "error" if result.is_error else "finished"


def _text(block: types.ContentBlock) -> str:
    match block:
        case types.TextContent():
            return block.text
        case types.EmbeddedResource(resource=types.TextResourceContents() as resource):
            return resource.text
        case types.ResourceLink():
            return f"[{block.name}: {block.uri}]"
        case _:
            return f"[{block.type}, not shown]"


def _reason(text: str, server: StdioServer | None) -> str:
    words = server.last_words() if server else ""
    return f"{text} (its last words: {words})" if words else text


def _first(errors: BaseExceptionGroup[Exception]) -> str:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, TimeoutError):
        return f"it did not answer within {START_SECONDS:g} s"
    return str(error) or type(error).__name__
