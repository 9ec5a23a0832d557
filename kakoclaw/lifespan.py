"""ASGI's lifespan, from both sides: the application's, which is the embedded worker's life, and the server's."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, Scope
from django.core.management.base import CommandError

logger = logging.getLogger(__name__)


class Lifespan:
    """The application of the ``lifespan`` scope: the worker starts before the first request, stops after the last."""

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        # The engine's models are there only once Django is set up, which importing this module does not need.
        from executions import tracing
        from executions.conf import conf
        from executions.worker import Caretaker, EmbeddedWorker
        from kakoclaw.preflight import require_home

        worker = EmbeddedWorker() if conf.embedded_worker else Caretaker()
        await receive()
        try:
            require_home()
            await worker.start()
        except CommandError as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        except Exception as error:
            # The server reports it and exits: without a worker it would accept work that nobody does.
            logger.exception("The embedded worker could not be started")
            await send({"type": "lifespan.startup.failed", "message": f"{type(error).__name__}: {error}"})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        try:
            await worker.stop()
            await asyncio.to_thread(tracing.flush)
        except Exception as error:
            logger.exception("The embedded worker could not be stopped properly")
            await send({"type": "lifespan.shutdown.failed", "message": f"{type(error).__name__}: {error}"})
            return
        await send({"type": "lifespan.shutdown.complete"})


class LifespanFailed(Exception):
    """The application could not start, or could not end properly; the text says why."""


class LifespanOf:
    """Starts and ends an application, for a server that knows no lifespan."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._to_application: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._from_application: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def startup(self) -> None:
        """Start the application. Raises LifespanFailed."""
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}}
        self._task = asyncio.ensure_future(
            self._application(scope, self._to_application.get, self._from_application.put)
        )
        await self._exchange("startup")

    async def shutdown(self) -> None:
        """End the application, if it was started and has not ended by itself. Raises LifespanFailed."""
        if self._task is not None and not self._task.done():
            await self._exchange("shutdown")
            await self._task

    async def _exchange(self, stage: str) -> None:
        assert self._task is not None
        self._to_application.put_nowait({"type": f"lifespan.{stage}"})
        answer = asyncio.ensure_future(self._from_application.get())
        await asyncio.wait({answer, self._task}, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done() and self._from_application.empty():
            answer.cancel()
            raise LifespanFailed(f"the application ended during {stage}: {self._task.exception()!r}")
        event = await answer
        if event["type"] != f"lifespan.{stage}.complete":
            raise LifespanFailed(event.get("message", event["type"]))
