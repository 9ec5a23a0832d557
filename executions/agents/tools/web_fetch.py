"""web_fetch: shows a page of the web as text."""

from __future__ import annotations

import asyncio
import sys

from executions.agents.tools import readable
from executions.agents.tools.excerpt import shortened
from executions.agents.tools.fetching import Page, fetch
from executions.agents.tools.tool import Tool, ToolCall, ToolError, parameters

MAX_PAGE_BYTES = 3_000_000
FETCH_SECONDS = 30.0
#: A large page takes one second.
PARSE_SECONDS = 10.0
HTML = ("text/html", "application/xhtml+xml")
TEXTUAL = ("json", "xml", "javascript", "yaml", "toml", "csv", "x-www-form-urlencoded")


async def web_fetch(call: ToolCall, url: str) -> str:
    """Return a page's address, title and text. Raises ToolError for refused addresses, errors, and non-text."""
    page = await fetch(
        url.strip(),
        allow_private=bool(call.run.options.get("allow_private_addresses", False)),
        max_bytes=MAX_PAGE_BYTES,
        seconds=min(FETCH_SECONDS, call.run.limits.tool_seconds),
    )
    text = await _text(call, page)
    if page.status >= 400:
        raise ToolError(f"{page.url} answered {page.status} {page.reason}: {shortened(text, 500)}")
    if page.truncated:
        text += f"\n[the page is longer than {MAX_PAGE_BYTES:,} bytes; the rest is left out]"
    return shortened(text, call.run.limits.tool_output_chars)


async def _text(call: ToolCall, page: Page) -> str:
    kind = page.content_type
    if kind in HTML or (not kind and page.body.lstrip()[:1] == b"<"):
        return f"{page.url}\n{await _readable(call, page)}"
    if kind.startswith("text/") or any(name in kind for name in TEXTUAL) or (not kind and b"\0" not in page.body):
        return page.text
    if page.status >= 400:
        return f"({kind})"
    raise ToolError(f"{page.url} is {kind or 'binary data'}, not text. Use exec with curl to save it to a file.")


async def _readable(call: ToolCall, page: Page) -> str:
    """Let a child process turn the page into text: it can be killed, and it does not hold up the server.

    Cancellation: the child process is killed.
    """
    html = page.text.encode("utf-8", "replace")
    program = [sys.executable, "-I", readable.__file__, page.url, str(len(html))]
    output = bytearray()
    try:
        process = await call.run.spawn(program, cwd=call.run.workspace, stdin=True)
        try:
            async with asyncio.timeout(PARSE_SECONDS) as timer:
                await process.write(html)
                while len(output) < MAX_PAGE_BYTES and (piece := await process.read()):
                    output += piece
                status = 0 if len(output) >= MAX_PAGE_BYTES else await process.wait()
        finally:
            process.kill()
    except TimeoutError as error:
        if not timer.expired():
            raise
        raise ToolError(f"{page.url} is too complicated: its text was not found in {PARSE_SECONDS:g} s.") from error
    except OSError as error:
        raise ToolError(f"{page.url} could not be turned into text: {error}.") from error
    text = output.decode("utf-8", "replace")
    if status:
        raise ToolError(f"{page.url} could not be turned into text: {text[-200:].strip()}")
    return text


TOOL = Tool(
    name="web_fetch",
    description="Get a web page (http or https) and return it as text, with its links.",
    parameters=parameters(
        ["url"],
        url={"type": "string", "minLength": 1, "maxLength": 4000, "description": "The whole address, with https://."},
    ),
    function=web_fetch,
)
