"""One attempt: a POST with bounds on its time and on what is read of the answer, to checked addresses only."""

from __future__ import annotations

import asyncio
import time

import httpx

from executions.conf import conf
from executions.deliveries.outgoing import Answer, Outgoing
from executions.network.errors import AddressRefused
from executions.network.transport import CheckedTransport
from executions.threads import in_thread

#: Bytes of an answer that are read before the connection is closed; only its status counts.
MAX_ANSWER_BYTES = 16 * 1024


class Poster:
    """Sends what is outgoing; made for one loop, closed with :meth:`close`."""

    def __init__(self) -> None:
        self._client: httpx.AsyncClient | None = None
        self._allow_private = False

    async def post(self, outgoing: Outgoing) -> Answer:
        """Send it once, without following redirects; whatever goes wrong is in the answer.

        Cancellation: closes the connection; the receiver may have got the message.
        """
        began = time.monotonic()
        status, error, retry_after = None, "", 0.0
        seconds = conf.delivery_seconds
        client = await self._client_now()
        try:
            async with (
                asyncio.timeout(seconds) as timer,
                client.stream("POST", outgoing.url, content=outgoing.body, headers=outgoing.headers) as response,
            ):
                status = response.status_code
                retry_after = _seconds(response.headers.get("Retry-After", ""))
                await _skip(response)
        except TimeoutError:
            if not timer.expired():
                raise
            # An answer that has begun counts, however slowly the rest of it comes.
            error = "" if status is not None else f"It did not answer within {seconds:g} s."
        except (AddressRefused, httpx.InvalidURL, httpx.UnsupportedProtocol) as problem:
            error = str(problem)
        except httpx.HTTPError as problem:
            error = "" if status is not None else f"It could not be reached: {problem or type(problem).__name__}"
        if status is not None and 300 <= status < 400:
            error = "It redirects, which is not followed: give the address that it redirects to."
        return Answer(status, error[:500], time.monotonic() - began, retry_after)

    async def close(self) -> None:
        """Close what is open. May be called again."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _client_now(self) -> httpx.AsyncClient:
        """Return the client for the settings of this moment."""
        if self._client is None or self._allow_private != conf.allow_private_addresses:
            await self.close()
            self._allow_private = conf.allow_private_addresses
            # In a thread: the first one reads the certificates of all authorities, which takes 20 ms.
            transport = await in_thread(CheckedTransport, allow_private=self._allow_private)
            headers = {"User-Agent": "KakoClaw"}
            # The time is bounded as a whole, in post().
            self._client = httpx.AsyncClient(transport=transport, trust_env=False, timeout=None, headers=headers)  # noqa: S113
        return self._client


async def _skip(response: httpx.Response) -> None:
    """Read the answer to its end, so that the receiver sees no broken connection, but not for ever."""
    size = 0
    async for piece in response.aiter_raw():
        size += len(piece)
        if size > MAX_ANSWER_BYTES:
            return


def _seconds(header: str) -> float:
    """Return the seconds of a ``Retry-After``; dates, which hardly anybody sends, count as nothing said."""
    return float(header) if header.isascii() and header.isdecimal() and len(header) < 10 else 0.0
