"""Django's ASGI handler, with one change of thread for each request instead of two for each middleware.

Under ASGI, Django runs every hook of a middleware that has no asynchronous form in a thread, and comes back for the
next. All that this site does for a request is synchronous (the ORM is), so the whole chain runs in the request's
thread at once. Streams are unaffected: what a view returns is sent from the event loop, piece by piece.
"""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.http.response import HttpResponseBase


class OneThreadHandler(ASGIHandler):
    """Answers a request with the synchronous chain of middleware and view, in the request's own thread."""

    def load_middleware(self, is_async: bool = False) -> None:
        """Build the synchronous chain; ASGIHandler asks for the asynchronous one."""
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: ASGIRequest) -> HttpResponseBase:  # type: ignore[override]
        """Run the chain. Cancellation: the answer is given up, the request's thread finishes what it does."""
        return await sync_to_async(self.get_response, thread_sensitive=True)(request)
