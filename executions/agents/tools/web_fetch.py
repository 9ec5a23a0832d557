"""web_fetch: shows a page of the web as text."""

from __future__ import annotations

from executions.agents.tools.excerpt import shortened
from executions.agents.tools.fetching import Page, fetch
from executions.agents.tools.readable import readable
from executions.agents.tools.tool import Tool, ToolCall, ToolError, parameters
from executions.threads import in_thread

MAX_PAGE_BYTES = 3_000_000
FETCH_SECONDS = 30.0
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
    text = await in_thread(_text, page)
    if page.status >= 400:
        raise ToolError(f"{page.url} answered {page.status} {page.reason}: {shortened(text, 500)}")
    if page.truncated:
        text += f"\n[the page is longer than {MAX_PAGE_BYTES:,} bytes; the rest is left out]"
    return shortened(text, call.run.limits.tool_output_chars)


def _text(page: Page) -> str:
    kind = page.content_type
    if kind in HTML or (not kind and page.body.lstrip()[:1] == b"<"):
        title, text = readable(page.text, page.url)
        return f"{page.url}\n{f'# {title}{chr(10)}' if title else ''}\n{text or '(the page has no text)'}"
    if kind.startswith("text/") or any(name in kind for name in TEXTUAL) or (not kind and b"\0" not in page.body):
        return page.text
    if page.status >= 400:
        return f"({kind})"
    raise ToolError(f"{page.url} is {kind or 'binary data'}, not text. Use exec with curl to save it to a file.")


TOOL = Tool(
    name="web_fetch",
    description="Get a web page (http or https) and return it as text, with its links.",
    parameters=parameters(
        ["url"],
        url={"type": "string", "minLength": 1, "maxLength": 4000, "description": "The whole address, with https://."},
    ),
    function=web_fetch,
)
