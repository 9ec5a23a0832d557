"""How far a response may be ahead of its reader.

Daphne takes whatever an application sends and keeps it until the client reads it: an export of a long history would be
in memory whole for a client that reads slowly. Twisted tells a producer when the connection's buffer (64 KiB) is full
and when it is empty again; here that makes the application's ``send`` wait.
"""

from __future__ import annotations

import asyncio
from typing import Any

from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer  # type: ignore[import-untyped]


@implementer(IPushProducer)
class Flow:
    """One response that is sent in pieces."""

    def __init__(self, request: Any) -> None:
        self._request = request
        self._open = asyncio.Event()
        self._open.set()
        request.registerProducer(self, True)

    async def ready(self) -> None:
        """Wait until the client has read enough, or is gone. Cancellation: nothing is left behind."""
        await self._open.wait()

    def end(self) -> None:
        """Called before the last piece is sent."""
        self._request.unregisterProducer()

    # Twisted's names.

    def pauseProducing(self) -> None:  # noqa: N802
        self._open.clear()

    def resumeProducing(self) -> None:  # noqa: N802
        self._open.set()

    def stopProducing(self) -> None:  # noqa: N802
        self._open.set()
