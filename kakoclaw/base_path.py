"""Where the site lives on its host: at the root, or below a path such as ``/agents``.

The path is a part of the URL conf, so that every address is right wherever it is made: in a page, in a worker, in a
command. Django's own way, a script prefix that each request sets, would be missing outside of requests.

A proxy may hand the path on or take it away; both arrive at the same address. That also lets a health check that does
not go through the proxy ask at the usual place.
"""

from __future__ import annotations

import re
from typing import Any

from asgiref.typing import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, Scope

from kakoclaw.environment import Environment

_PATH = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)+")


def read(env: Environment, name: str) -> str:
    """Return the path that a variable names, without a slash at its end; empty for the root."""
    path = env.text(name).rstrip("/")
    if path and not _PATH.fullmatch(path):
        env.wrong(name, "must be a path such as /agents, of letters, digits and . _ ~ - between its slashes")
        return ""
    return path


class BasePath:
    """ASGI application around all others: every path that they see begins with the site's own."""

    def __init__(self, application: ASGI3Application, base: str) -> None:
        self.application = application
        self.base = base

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Serve one connection. Cancellation: as the application inside."""
        if scope["type"] == "lifespan":
            await self.application(scope, receive, send)
            return
        path = scope["path"]
        if self.base and path != self.base and not path.startswith(f"{self.base}/"):
            path = self.base + path
        # A server's root path is what Django would take off again; and Daphne believes whoever sends it in a header.
        moved: Any = {**scope, "path": path, "root_path": ""}
        await self.application(moved, receive, send)
