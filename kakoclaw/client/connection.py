"""Requests to one server: addresses, the token, and every failure as a :class:`ClientError`."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx

from kakoclaw import __version__
from kakoclaw.client import errors
from kakoclaw.client.errors import WrongAddress

API = "/api/v1/"
#: A stream that is silent for longer is dead: the server sends a comment every 15 s.
STREAM_SECONDS = 45.0
CONNECT_SECONDS = 10.0


class Connection:
    """A pool of connections to ``server``, with a token. Thread-safe, as httpx is."""

    def __init__(self, server: str, token: str, *, timeout: float, ca_file: str | None) -> None:
        self.server = address(server)
        self.timeout = timeout
        #: Whether the server has answered before, as one of ours does.
        self.reached = False
        headers = {"Accept": "application/json", "User-Agent": f"kakoclaw-client/{__version__}"}
        if token:
            if not token.isascii() or not token.isprintable() or " " in token:
                raise errors.Unauthenticated("The token is not one: it has characters that no token has.", "bad_token")
            headers["Authorization"] = f"Bearer {token}"
        self._http = httpx.Client(base_url=self.server + API, headers=headers, timeout=timeout, verify=_trust(ca_file))

    def close(self) -> None:
        self._http.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Any = None,
        body: Any = None,
        headers: dict[str, str] | None = None,
        timeout: float = 0.0,
    ) -> httpx.Response:
        """Return the response with a status below 300, or 304. Raises ClientError."""
        try:
            response = self._http.request(
                method, path, params=params, json=body, headers=headers, timeout=self._seconds(timeout or self.timeout)
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise errors.of_transport(error, self.server) from error
        if response.status_code >= 300 and response.status_code != 304:
            raise errors.of_response(response, self.server)
        self.reached = True
        return response

    def json(self, method: str, path: str, **more: Any) -> Any:
        """Return the JSON of the answer. Raises ClientError."""
        return self.parsed(self.request(method, path, **more).text)

    def parsed(self, text: str) -> Any:
        """Return the value of a JSON text. Raises WrongAddress when it is none."""
        try:
            return json.loads(text)
        except ValueError:
            raise self.unexpected() from None

    def _seconds(self, read: float) -> httpx.Timeout:
        return httpx.Timeout(self.timeout, read=read, connect=min(self.timeout, CONNECT_SECONDS))

    def unexpected(self) -> WrongAddress:
        """Return the error for an answer that no KakoClaw gives."""
        return WrongAddress(f"What answers at {self.server} is no KakoClaw, or one of another time.")

    @contextmanager
    def stream(self, path: str, *, params: Any) -> Iterator[httpx.Response]:
        """Open a stream; raises ClientError, also while it is read inside of the ``with``."""
        timeout = self._seconds(STREAM_SECONDS)
        accept = {"Accept": "text/event-stream"}
        try:
            with self._http.stream("GET", path, params=params, headers=accept, timeout=timeout) as response:
                if response.status_code >= 300:
                    response.read()
                    raise errors.of_response(response, self.server)
                self.reached = True
                yield response
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise errors.of_transport(error, self.server) from error


def address(server: str) -> str:
    """Return the site's address without a slash at its end, also of one that names its API. Raises WrongAddress."""
    text = server.strip().rstrip("/")
    text = text.removesuffix(API.rstrip("/"))
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1) > 0
    except ValueError:
        known = False
    if not known or parts.query or parts.fragment or parts.username is not None:
        shown = text.rpartition("@")[2] if "@" in text else text
        raise WrongAddress(f"{shown or 'Nothing'} is not an address: it must be such as https://kakoclaw.example.org.")
    return text


def _trust(ca_file: str | None) -> ssl.SSLContext | bool:
    """Return which certificates are trusted: the usual ones (and SSL_CERT_FILE's), or a file's. Raises Unreachable."""
    if not ca_file:
        return True
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise errors.Unreachable(
            f"The certificates in {ca_file} can't be used: {error.strerror or error}", "tls"
        ) from error
