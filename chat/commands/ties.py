"""What ties a run to the connection that started it: when the connection ends first, the run is canceled.

The disconnect is noticed around Django, not in the stream: a client may leave while the view still works, or between
its answer and the first byte of it, where no generator of ours is running yet.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from typing import Any

from asgiref.typing import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, Scope
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest

from executions import services
from executions.conf import conf
from executions.models import Execution
from executions.outages import Outage
from executions.states import Source

SCOPE_KEY = "kakoclaw.tie"
REASON = "The connection was closed"

_outage = Outage(logging.getLogger(__name__), "runs whose connection was closed can't be stopped yet")
_cancels: set[asyncio.Task[None]] = set()


class Tie:
    """Holds at most one execution for as long as a connection lasts. Any thread may hold and release."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: tuple[int, User] | None = None
        self._ended = False

    def hold(self, execution_id: int, owner: User) -> None:
        """Cancel this execution, in the name of ``owner``, when the connection ends; at once when it has ended."""
        with self._lock:
            if not self._ended:
                self._held = execution_id, owner
                return
        cancel(execution_id, owner)

    def release(self) -> None:
        """Let the execution go on without the connection."""
        with self._lock:
            self._held = None

    def end(self) -> tuple[int, User] | None:
        """Note that the connection has ended; returns what is to be canceled now."""
        with self._lock:
            self._ended = True
            held, self._held = self._held, None
            return held


def tie_of(request: HttpRequest) -> Tie:
    """Return the tie of a request; where nobody notices a disconnect, it holds without effect."""
    tie = getattr(request, "scope", {}).get(SCOPE_KEY)
    return tie if isinstance(tie, Tie) else Tie()


def cancel(execution_id: int, owner: User) -> None:
    """Stop an execution because its reader has gone; one that has finished stays as it is."""
    unfinished = Execution.objects.unfinished().filter(pk=execution_id)
    services.cancel(unfinished, by=owner, reason=REASON, source=Source.DISCONNECT)


class Ties:
    """ASGI application in front of Django that gives every request a tie, and ends it with the request."""

    def __init__(self, application: ASGI3Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Serve one request. Cancellation: what it holds is canceled all the same."""
        tie = Tie()
        tied: Any = {**scope, SCOPE_KEY: tie}
        try:
            await self.application(tied, receive, send)
        finally:
            if (held := tie.end()) is not None:
                # A task of its own, which nobody cancels along with the request.
                task = asyncio.get_running_loop().create_task(_cancel(*held), context=contextvars.Context())
                _cancels.add(task)
                task.add_done_callback(_cancels.discard)
                await asyncio.shield(task)


async def _cancel(execution_id: int, owner: User) -> None:
    """Cancel, however long the database is away: nobody else knows that the reader has gone."""
    while True:
        try:
            await database_sync_to_async(cancel)(execution_id, owner)
        except (OperationalError, InterfaceError) as error:
            _outage.complain(error)
            await asyncio.sleep(conf.poll_seconds)
        else:
            return
