"""Which web pages may open a WebSocket here."""

from __future__ import annotations

from urllib.parse import urlsplit

from asgiref.typing import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, Scope
from django.conf import settings
from django.http.request import split_domain_port, validate_host


class SameOrigin:
    """Let in pages of this site and of the trusted origins, by the rules that CSRF protection has for forms.

    A browser sends the session cookie along with a WebSocket that any page opens, but always tells that page's
    origin; a client that tells none is not a browser and has nothing but what it was given. The ``Host`` must be one
    of ours too, or a name that an attacker points here would be an origin of our own.
    """

    def __init__(self, application: ASGI3Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        headers = {name: value.decode("latin1") for name, value in scope["headers"]}  # type: ignore[typeddict-item]
        if _is_allowed(headers.get(b"origin"), headers.get(b"host", "")):
            await self.application(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.close", "code": 4403, "reason": "This page may not connect here."})


def _is_allowed(origin: str | None, host: str) -> bool:
    domain, _ = split_domain_port(host)
    if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
        return False
    if origin is None:
        return True
    # The scheme is not compared: behind a proxy that ends TLS, this server cannot know its own for certain.
    return urlsplit(origin).netloc.lower() == host.lower() or origin.lower() in settings.CSRF_TRUSTED_ORIGINS
