"""web_search: asks a search engine, a SearXNG of one's own when the settings name one, else DuckDuckGo."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from selectolax.lexbor import LexborHTMLParser

from executions.agents.tools.fetching import Page, fetch
from executions.agents.tools.tool import Tool, ToolCall, ToolError, parameters
from executions.threads import in_thread

DUCKDUCKGO = "https://html.duckduckgo.com/html/"
SEARCH_SECONDS = 5.0
MAX_ANSWER_BYTES = 1_000_000
RESULTS = 8
OWN_ENGINE = "A search engine of your own (SearXNG) can be named in the settings."


@dataclass(frozen=True, slots=True)
class Hit:
    """One result of a search."""

    title: str
    url: str
    summary: str


async def web_search(call: ToolCall, query: str, count: int = RESULTS) -> str:
    """Return numbered results: title, address, summary. Raises ToolError within some seconds without a network."""
    seconds = min(SEARCH_SECONDS, call.run.limits.tool_seconds)
    own = str(call.run.options.get("search_url") or "")
    if own:
        # The address comes from the server's own settings, so it may be private.
        page = await _ask(_searxng(own, query), seconds, allow_private=True)
        hits = await in_thread(_from_json, page)
    else:
        page = await _ask(str(httpx.URL(DUCKDUCKGO, params={"q": query})), seconds, allow_private=False)
        hits = await in_thread(_from_duckduckgo, page)
    if not hits:
        return f"Nothing was found for {query!r}."
    return "\n\n".join(f"{n}. {hit.title}\n{hit.url}\n{hit.summary}".rstrip() for n, hit in enumerate(hits[:count], 1))


async def _ask(url: str, seconds: float, *, allow_private: bool) -> Page:
    try:
        page = await fetch(url, allow_private=allow_private, max_bytes=MAX_ANSWER_BYTES, seconds=seconds)
    except ToolError as error:
        raise ToolError(f"The search engine can't be reached. {error}") from error
    if page.status != 200:
        hint = " Allow the 'json' format in its settings." if allow_private and page.status == 403 else ""
        raise ToolError(f"The search engine answered {page.status} {page.reason}.{hint or ' ' + OWN_ENGINE}")
    return page


def _searxng(address: str, query: str) -> str:
    url = httpx.URL(address)
    if url.path in ("", "/"):
        url = url.copy_with(path="/search")
    return str(url.copy_merge_params({"q": query, "format": "json"}))


def _from_json(page: Page) -> list[Hit]:
    try:
        results = json.loads(page.text)["results"]
        return [Hit(_word(hit, "title"), _word(hit, "url"), _word(hit, "content")) for hit in results]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ToolError(
            f"{page.url.partition('?')[0]} did not answer with a SearXNG result (JSON with 'results')."
        ) from error


def _word(hit: dict[str, Any], name: str) -> str:
    return " ".join(str(hit.get(name) or "").split())


def _from_duckduckgo(page: Page) -> list[Hit]:
    tree = LexborHTMLParser(page.text)
    hits = []
    for result in tree.css(".result:not(.result--ad)"):
        link, summary = result.css_first("a.result__a"), result.css_first(".result__snippet")
        if link is not None:
            text = " ".join(summary.text().split()) if summary is not None else ""
            hits.append(Hit(" ".join(link.text().split()), _target(link.attributes.get("href") or ""), text))
    if not hits and tree.css_first(".no-results") is None:
        raise ToolError(f"DuckDuckGo did not answer with results: it takes this server for a robot. {OWN_ENGINE}")
    return hits


def _target(link: str) -> str:
    """DuckDuckGo's links lead through itself; the real one is in ``uddg``."""
    real = parse_qs(urlsplit(link).query).get("uddg")
    return real[0] if real else link


TOOL = Tool(
    name="web_search",
    description="Search the web; returns titles, addresses and summaries.",
    parameters=parameters(
        ["query"],
        query={"type": "string", "minLength": 1, "maxLength": 500, "description": "What to search for."},
        count={
            "type": "integer",
            "minimum": 1,
            "maximum": 20,
            "description": f"How many results, {RESULTS} if absent.",
        },
    ),
    function=web_search,
)
