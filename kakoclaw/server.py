"""Daphne, with the start and the end that the embedded worker needs.

Daphne knows no ASGI lifespan, so this server speaks it to the application: the worker is there before the first
request, and has finished what runs before the last connection is cut.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

# Installs Twisted's asyncio reactor, so it comes before everything else of Twisted.
from daphne import server as daphne  # isort: skip
from daphne.ws_protocol import WebSocketProtocol
from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred

from kakoclaw import http, websockets
from kakoclaw.flow import Flow
from kakoclaw.lifespan import LifespanFailed, LifespanOf

#: Twisted's types describe a module; it is an object that is put in the module's place.
reactor: Any = _reactor

logger = logging.getLogger(__name__)

#: How long applications may take to end after they were canceled.
APPLICATION_CLOSE_SECONDS = 5.0
#: RFC 6455's registry: "Service Restart". The pages connect again by themselves.
SERVICE_RESTART = 1012


class Server(daphne.Server):
    """Serves an ASGI application on a listening socket until SIGTERM or SIGINT.

    The first signal stops it: no new connections, the application's lifespan ends (running executions are finished),
    open connections are closed. A second SIGINT exits the process at once.
    """

    def __init__(
        self,
        application: Any,
        listener: socket.socket,
        *,
        on_ready: Callable[[], None],
        websocket_max_bytes: int,
    ) -> None:
        super().__init__(
            application,
            endpoints=["the listening socket"],
            signal_handlers=False,
            websocket_timeout=-1,  # Sockets live as long as they answer pings.
            websocket_max_message_size=websocket_max_bytes,
            websocket_max_frame_size=websocket_max_bytes,
            server_name="kakoclaw",
            verbosity=2,  # At 1, Daphne throws away what Twisted reports, errors included.
        )
        self.endpoints: list[str] = []  # Nothing is listened on before the application has started: see _open().
        self.status = 0
        self._listener = listener
        self._port: Any = None
        self._on_ready = on_ready
        self._lifespan = LifespanOf(application)
        self._opening: asyncio.Task[None] | None = None
        self._stopping = False

    def run(self) -> int:
        """Serve until stopped, and return the exit status: 0, or 1 when the start or the end failed."""
        # Not callWhenRunning: that calls back before asyncio's loop runs.
        reactor.callLater(0, self._start)
        self._standard_streams = sys.stdout, sys.stderr
        super().run()
        return self.status

    def _start(self) -> None:
        # Twisted has made both of them write to its log, so that a line that cannot be logged (the disk is full, the
        # terminal is gone) would be reported to the log, for ever.
        sys.stdout, sys.stderr = self._standard_streams
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._signaled, number)
        self._opening = loop.create_task(self._open())

    def _signaled(self, number: signal.Signals) -> None:
        if not self._stopping:
            self._stopping = True
            logger.info("Stopping: running executions are being finished")
            reactor.stop()
        elif number == signal.SIGINT:
            # Whatever is still running is found lost, and swept, at the next start.
            os._exit(128 + number)

    async def _open(self) -> None:
        try:
            await self._lifespan.startup()
        except LifespanFailed as error:
            logger.critical("The server could not start: %s", error)
            self._fail()
            return
        if self._stopping:
            return
        websockets.improve(self.ws_factory)
        http.improve(self.http_factory)
        self._port = reactor.adoptStreamPort(self._listener.fileno(), self._listener.family, self.http_factory)
        self._listener.close()  # The reactor has a duplicate.
        self._on_ready()

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """Send what an application says; for a piece of a response, wait while its reader is behind.

        Cancellation: the piece is sent.
        """
        details = self.connections.get(protocol, {})
        if message["type"] != "http.response.body" or details.get("disconnected") or protocol.channel is None:
            await super().handle_reply(protocol, message)
            return
        flow: Flow | None = details.get("flow")
        if message.get("more_body"):
            flow = details["flow"] = flow or Flow(protocol)
            await super().handle_reply(protocol, message)
            await flow.ready()
        else:
            if flow is not None:
                flow.end()
            await super().handle_reply(protocol, message)

    def _fail(self) -> None:
        self.status = 1
        if not self._stopping:
            self._stopping = True
            reactor.stop()

    def kill_all_applications(self) -> Deferred[None]:
        """Called by Daphne before the reactor ends, which waits for the result."""
        return Deferred.fromFuture(asyncio.ensure_future(self._close()))

    async def _close(self) -> None:
        if self._opening is not None:
            await self._opening
        if self._port is not None:
            await self._port.stopListening().asFuture(asyncio.get_running_loop())
        try:
            await self._lifespan.shutdown()
        except LifespanFailed as error:
            logger.critical("The server could not stop properly: %s", error)
            self.status = 1
        await self._close_connections()

    async def _close_connections(self) -> None:
        tasks = []
        for protocol, details in list(self.connections.items()):
            if isinstance(protocol, WebSocketProtocol) and protocol.state == protocol.STATE_OPEN:
                protocol.sendCloseFrame(code=SERVICE_RESTART)
            task = details.get("application_instance")
            if task is not None and not task.done():
                task.cancel()
                tasks.append(task)
        if tasks:
            _, pending = await asyncio.wait(tasks, timeout=APPLICATION_CLOSE_SECONDS)
            if pending:
                logger.warning("%d requests did not end in time", len(pending))
