"""Static files, served before Django sees the request.

WhiteNoise knows the files, their types and their caching; its Django middleware is synchronous, which would put a
thread in front of every request of an ASGI server. So its table is asked here, and only reading a file uses a thread.
"""

from __future__ import annotations

import asyncio
from typing import Any

from asgiref.typing import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import Response, StaticFile

CHUNK = 256 * 1024


class StaticFiles:
    """ASGI application: answers requests for static files, hands everything else on."""

    def __init__(self, application: ASGI3Application) -> None:
        self.application = application
        self.files = WhiteNoiseMiddleware(lambda request: None)

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] == "http" and (file := self._find(scope["path"])) is not None:
            await self._serve(file, scope, send)
        else:
            await self.application(scope, receive, send)

    def _find(self, path: str) -> StaticFile | None:
        if self.files.autorefresh:
            return self.files.find_file(path)
        return self.files.files.get(path)

    async def _serve(self, file: StaticFile, scope: HTTPScope, send: ASGISendCallable) -> None:
        """Send the file in pieces. Cancellation: the file is closed."""
        environ = {
            "HTTP_" + name.decode("latin1").upper().replace("-", "_"): value.decode("latin1")
            for name, value in scope["headers"]
        }
        response: Response = await asyncio.to_thread(file.get_response, scope["method"], environ)
        headers: Any = [(name.lower().encode(), value.encode("latin1")) for name, value in response.headers]
        headers.append((b"x-content-type-options", b"nosniff"))
        try:
            await send(
                {"type": "http.response.start", "status": int(response.status), "headers": headers, "trailers": False}
            )
            while response.file and (piece := await asyncio.to_thread(response.file.read, CHUNK)):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            if response.file:
                response.file.close()
