"""The HTTP requests of Daphne, without what Twisted does to forms before anybody has asked."""

from __future__ import annotations

from typing import Any

from daphne import http_protocol

CONTENT_TYPE = b"content-type"


class WebRequest(http_protocol.WebRequest):
    """One request.

    Twisted parses forms by itself, on the thread that everybody waits for, and hangs up without a word on those that
    it can't read. It does so where it sees their content type, so it does not see it.
    """

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:  # noqa: N802 - Twisted's name
        """Called when all of the body is there."""
        self._content_type = self.requestHeaders.getRawHeaders(CONTENT_TYPE)
        self.requestHeaders.removeHeader(CONTENT_TYPE)
        super().requestReceived(command, path, version)

    def process(self) -> None:
        """Called by Twisted when it has looked at the request."""
        if self._content_type:
            self.requestHeaders.setRawHeaders(CONTENT_TYPE, self._content_type)
        super().process()


def improve(factory: Any) -> None:
    """Make a factory's connections make such requests."""
    build = factory.buildProtocol

    def building(address: Any) -> Any:
        protocol = build(address)
        protocol.requestFactory = WebRequest
        return protocol

    factory.buildProtocol = building
