"""Django's ASGI handler, with one change of thread for each request instead of two for each middleware.

Under ASGI, Django runs every hook of a middleware that has no asynchronous form in a thread, and comes back for the
next. All that this site does for a request is synchronous (the ORM is), so the whole chain runs in the request's
thread at once. What a view streams is sent from the event loop, piece by piece; its thread serves others meanwhile,
since a stream may be open for hours.

Threads are kept for the next request, with their connection to the database: making both anew takes 0.8 ms with SQLite,
a fifth of a short request.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.core.signals import request_started
from django.db import close_old_connections, connections, reset_queries
from django.http.response import HttpResponseBase

#: How many threads without a request are kept.
MAX_IDLE = 8


class _Loan(Executor):
    """The thread of one request: taken when there is something to do in it, and given back when there is not."""

    def __init__(self, idle: list[ThreadPoolExecutor]) -> None:
        self._idle = idle
        self._thread: ThreadPoolExecutor | None = None

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if self._thread is None:
            self._thread = self._idle.pop() if self._idle else ThreadPoolExecutor(1, thread_name_prefix="request")
        return self._thread.submit(work, *args, **kwargs)

    def give_back(self) -> None:
        """Let others have the thread, behind whatever there is left to do in it."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.submit(self._keep, thread)

    def _keep(self, thread: ThreadPoolExecutor) -> None:
        """Keep a thread that has become free, or end it when enough are. Called in that thread."""
        if len(self._idle) < MAX_IDLE:
            self._idle.append(thread)
        else:
            connections.close_all()
            thread.shutdown(wait=False)


_loan: ContextVar[_Loan] = ContextVar("_loan")


class OneThreadHandler(ASGIHandler):
    """Answers a request with the synchronous chain of middleware and view, in the request's own thread."""

    def __init__(self) -> None:
        super().__init__()
        # What these do is done in the same step as the request: for them alone Django would go to the thread and back.
        for receiver in (close_old_connections, reset_queries):
            request_started.disconnect(receiver)
        self._idle: list[ThreadPoolExecutor] = []

    def load_middleware(self, is_async: bool = False) -> None:
        """Build the synchronous chain; ASGIHandler asks for the asynchronous one."""
        super().load_middleware(is_async=False)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request. Cancellation: its thread finishes what it does, and serves others after that."""
        loan = _Loan(self._idle)
        _loan.set(loan)
        try:
            async with ThreadSensitiveContext(executor=loan):
                await self.handle(scope, receive, send)
        finally:
            loan.give_back()

    async def get_response_async(self, request: ASGIRequest) -> HttpResponseBase:  # type: ignore[override]
        """Run the chain. Cancellation: the answer is given up, the request's thread finishes what it does."""
        return await sync_to_async(self._respond, thread_sensitive=True)(request)

    def _respond(self, request: ASGIRequest) -> HttpResponseBase:
        close_old_connections()
        reset_queries()
        return self.get_response(request)

    async def send_response(self, response: HttpResponseBase, send: Any) -> None:
        """Send a response. Cancellation: the rest is not sent."""
        if getattr(response, "is_async", False):
            loan = _loan.get()
            loan.submit(close_old_connections)
            loan.give_back()
        await super().send_response(response, send)
