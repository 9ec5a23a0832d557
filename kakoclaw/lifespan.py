"""The embedded worker lives as long as the server: it starts before the first request and stops after the last."""

from __future__ import annotations

import logging

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, Scope

logger = logging.getLogger(__name__)


class Lifespan:
    """The ASGI application of the ``lifespan`` scope."""

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        from executions.worker import EmbeddedWorker

        worker = EmbeddedWorker()
        await receive()
        try:
            await worker.start()
        except Exception as error:
            # The server reports it and exits; a server without a worker would accept work that nobody does.
            logger.exception("The embedded worker could not be started")
            await send({"type": "lifespan.startup.failed", "message": f"{type(error).__name__}: {error}"})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        try:
            await worker.stop()
        except Exception as error:
            logger.exception("The embedded worker could not be stopped properly")
            await send({"type": "lifespan.shutdown.failed", "message": f"{type(error).__name__}: {error}"})
            return
        await send({"type": "lifespan.shutdown.complete"})
