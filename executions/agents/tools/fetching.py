"""Gets one page, with bounds on its time, its size, and the addresses it may come from."""

from __future__ import annotations

import asyncio
import codecs
import re
import zlib
from dataclasses import dataclass

import httpx

from executions.agents.tools.tool import ToolError
from executions.network.errors import AddressRefused
from executions.network.transport import CheckedTransport
from executions.threads import in_thread

MAX_REDIRECTS = 5
#: gzip only: it can be unpacked in bounded steps.
HEADERS = {
    "User-Agent": "Mozilla/5.0 (compatible; KakoClaw)",
    "Accept": "text/html, text/*;q=0.9, application/json;q=0.9, */*;q=0.1",
    "Accept-Encoding": "gzip",
}
#: Python's codecs that are no charset of a page, slow or strange.
NO_CHARSETS = frozenset({"punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined", "utf-7"})
_META_CHARSET = re.compile(rb"<meta[^>]{1,200}?charset\s*=\s*[\"']?([A-Za-z0-9_:.-]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Page:
    """What a server answered. ``truncated`` when it had more than the size asked for."""

    url: str
    status: int
    reason: str
    content_type: str
    charset: str | None
    body: bytes
    truncated: bool

    @property
    def text(self) -> str:
        """The body as text: by its header, its own declaration, or as UTF-8; what does not fit is replaced."""
        declared = _META_CHARSET.search(self.body[:2048])
        for charset in (self.charset, declared.group(1).decode() if declared else None):
            try:
                if charset and codecs.lookup(charset).name not in NO_CHARSETS:
                    return self.body.decode(charset, "replace")
            except (LookupError, UnicodeError):
                continue
        return self.body.decode("utf-8-sig", "replace")


async def fetch(url: str, *, allow_private: bool, max_bytes: int, seconds: float) -> Page:
    """Get a page, following redirects. Raises ToolError that says what is wrong.

    Cancellation: closes the connection.
    """
    # In a thread: the first one reads the certificates of all authorities, which takes 20 ms.
    transport = await in_thread(CheckedTransport, allow_private=allow_private)
    client = httpx.AsyncClient(
        transport=transport, trust_env=False, headers=HEADERS, timeout=seconds, max_redirects=MAX_REDIRECTS
    )
    try:
        async with (
            asyncio.timeout(seconds) as timer,
            client,
            client.stream("GET", url, follow_redirects=True) as response,
        ):
            return await _read(response, max_bytes)
    except (TimeoutError, httpx.TimeoutException) as error:
        if isinstance(error, TimeoutError) and not timer.expired():
            raise
        raise ToolError(f"{_host(url)} did not answer within {seconds:g} s.") from error
    except AddressRefused as error:
        raise ToolError(str(error)) from error
    except httpx.TooManyRedirects as error:
        raise ToolError(f"{url} redirects more than {MAX_REDIRECTS} times.") from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise ToolError(f"{url[:200]!r} is not a web address: {error}") from error
    except httpx.HTTPError as error:
        raise ToolError(f"{_host(url)} could not be read: {error or type(error).__name__}.") from error


async def _read(response: httpx.Response, max_bytes: int) -> Page:
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip", "x-gzip"):
        raise ToolError(f"{response.url} answered in the encoding {encoding!r}, which was not asked for.")
    unpacker = zlib.decompressobj(wbits=31) if "gzip" in encoding else None
    body = bytearray()
    try:
        async for chunk in response.aiter_raw():
            # A small answer can unpack to a huge one: never more than what is still wanted, and one byte.
            body += unpacker.decompress(chunk, max_bytes + 1 - len(body)) if unpacker else chunk
            if len(body) > max_bytes:
                break
    except zlib.error as error:
        raise ToolError(f"{response.url} answered with damaged gzip data.") from error
    return Page(
        url=str(response.url),
        status=response.status_code,
        reason=response.reason_phrase,
        content_type=response.headers.get("content-type", "").partition(";")[0].strip().lower(),
        charset=response.charset_encoding,
        body=bytes(body[:max_bytes]),
        truncated=len(body) > max_bytes,
    )


def _host(url: str) -> str:
    try:
        return httpx.URL(url).host or repr(url[:200])
    except httpx.InvalidURL:
        return repr(url[:200])
