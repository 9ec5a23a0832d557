"""A request whose body is too large is refused with a clear answer, whichever view it was for."""

from __future__ import annotations

import json
from collections.abc import Mapping

from asgiref.typing import ASGI3Application, ASGIReceiveCallable, ASGIReceiveEvent, ASGISendCallable, Scope

from executions.api.errors import BodyTooLarge
from executions.api.problems import body


class _TooLarge(Exception):
    """The body has more bytes than allowed."""


class BodyLimit:
    """ASGI application in front of Django: bodies of at most ``limit`` bytes pass.

    Django's own limit covers forms only; what an API view reads goes past it. ``larger`` are paths' beginnings with a
    limit of their own.
    """

    def __init__(self, application: ASGI3Application, limit: int, larger: Mapping[str, int] | None = None) -> None:
        self.application = application
        self.limit = limit
        self.larger = larger or {}

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        received = 0
        path = str(scope["path"])  # type: ignore[typeddict-item]
        limit = next((limit for start, limit in self.larger.items() if path.startswith(start)), self.limit)

        async def counted() -> ASGIReceiveEvent:
            nonlocal received
            event = await receive()
            if event["type"] == "http.request":
                received += len(event["body"])
                if received > limit:
                    raise _TooLarge
            return event

        declared = dict(scope["headers"]).get(b"content-length", b"")  # type: ignore[typeddict-item]
        if declared.isdigit() and int(declared) > limit:
            await _refuse(send, limit)
            return
        try:
            await self.application(scope, counted, send)
        except _TooLarge:
            # Django reads the whole body before it answers, so nothing has been sent yet.
            await _refuse(send, limit)


async def _refuse(send: ASGISendCallable, limit: int) -> None:
    text = f"The body is too large: at most {limit:,} bytes are accepted."
    content = json.dumps(body(text, BodyTooLarge.default_code, BodyTooLarge.status_code)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": 413, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": content, "more_body": False})
