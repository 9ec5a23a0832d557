"""An HTTP transport that connects to checked addresses only.

A name is resolved once, its addresses are checked, and the connection is made to the checked address itself: a name
server that answers differently the second time (DNS rebinding) changes nothing. Each redirect comes through here.
"""

from __future__ import annotations

import ssl
from functools import lru_cache

import httpx

from executions.network.addresses import Address, is_public, resolve
from executions.network.errors import AddressRefused, HostNotFound, PrivateAddress


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=True)


async def addresses_of(url: httpx.URL, *, allow_private: bool) -> list[Address]:
    """Return the addresses that a connection for ``url`` may be made to. Raises AddressRefused when there is none.

    Cancellation: raises at once, the name servers' answer is dropped.
    """
    if url.scheme not in ("http", "https") or not url.host:
        raise AddressRefused(f"{str(url)!r} is not a web address: only http:// and https:// can be used.")
    host = url.raw_host.decode().strip("[]")
    try:
        addresses = await resolve(host, url.port or (443 if url.scheme == "https" else 80))
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise HostNotFound(f"The host {host!r} was not found: {reason}.") from error
    allowed = [address for address in addresses if allow_private or is_public(address)]
    if not allowed:
        raise PrivateAddress(f"{host!r} is at a private address ({addresses[0]}), which is not allowed here.")
    return allowed


class CheckedTransport(httpx.AsyncBaseTransport):
    """Refuses what is not HTTP, and private addresses unless they are allowed, with an AddressRefused."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        # A kept connection could be used for another name on the same address, past the check of its certificate.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._transport = httpx.AsyncHTTPTransport(verify=_tls(), trust_env=False, limits=limits)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        allowed = await addresses_of(url, allow_private=self._allow_private)
        host = url.raw_host.decode().strip("[]")
        for address in allowed:
            pinned = httpx.Request(
                request.method,
                url.copy_with(host=str(address)),
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": host},
            )
            try:
                return await self._transport.handle_async_request(pinned)
            except httpx.ConnectError as error:
                failure = error
        raise failure

    async def aclose(self) -> None:
        await self._transport.aclose()
