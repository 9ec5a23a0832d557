"""The WebSocket protocol of Daphne, with an end that tells the client what was wrong."""

from __future__ import annotations

from typing import Any

from daphne import ws_protocol


class WebSocketProtocol(ws_protocol.WebSocketProtocol):
    """One connection."""

    def onClose(self, wasClean: bool, code: int | None, reason: str) -> None:  # noqa: N802, N803 - Autobahn's names
        """Called when the connection is gone."""
        # A handshake that was malformed has never got as far as the server.
        if hasattr(self, "server"):
            super().onClose(wasClean, code, reason)


def improve(factory: Any) -> None:
    """Make a factory's connections end with a close frame and its code, such as 1009 for a message that is too large.

    As Daphne sets them up they are cut, and the client cannot tell a refusal from a network that failed.
    """
    factory.protocol = WebSocketProtocol
    factory.setProtocolOptions(failByDrop=False, allowNullOrigin=True)
