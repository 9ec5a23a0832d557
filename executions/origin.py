"""From where an act comes: who asked, by what, from which address. Known wherever the act is carried out.

Whoever lets people in (a middleware, a socket) says so with :func:`coming_from`; what came is only looked at when
something is recorded. Where nobody has said anything, it is a command of a shell.
"""

from __future__ import annotations

import getpass
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import PurePath
from types import SimpleNamespace
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.http.request import HttpHeaders
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle

MAX_CLIENT_CHARS = 300
MAX_ADDRESS_CHARS = 64


class Origin(NamedTuple):
    """``source`` is ``page``, ``api``, ``admin``, ``websocket`` or ``command``; ``client`` what it calls itself."""

    source: str
    address: str = ""
    client: str = ""
    #: Whoever is signed in there, and by which token.
    user: User | None = None
    token: str = ""


_origin: ContextVar[Callable[[], Origin] | None] = ContextVar("origin", default=None)


@contextmanager
def coming_from(make: Callable[[], Origin]) -> Iterator[None]:
    """Let everything that is recorded within have the origin that ``make`` returns; it is called when it is needed."""
    token = _origin.set(make)
    try:
        yield
    finally:
        _origin.reset(token)


def current() -> Origin:
    """Return from where the present act comes."""
    make = _origin.get()
    return make() if make is not None else _command()


def is_known() -> bool:
    """Return whether somebody has said from where the present act comes."""
    return _origin.get() is not None


def _command() -> Origin:
    """Return the origin of a command, with the system's user who has given it."""
    words = [PurePath(sys.argv[0]).name, *sys.argv[1:3]]
    try:
        who = getpass.getuser()
    except (KeyError, OSError):  # a uid without a name, as containers have
        who = "?"
    return Origin("command", "", f"{' '.join(words)} ({who}@{socket.gethostname()})"[:MAX_CLIENT_CHARS])


def of_request(request: HttpRequest) -> Origin:
    """Return the origin of what a request asks for."""
    user = getattr(request, "user", None)
    return Origin(
        _source(request.path_info),
        address_of(request),
        request.META.get("HTTP_USER_AGENT", "")[:MAX_CLIENT_CHARS],
        user if isinstance(user, User) else None,
        str(getattr(getattr(request, "auth", None), "name", "")),
    )


def of_socket(scope: Mapping[str, Any], user: User) -> Origin:
    """Return the origin of what comes by a WebSocket."""
    headers = {bytes(name): bytes(value).decode("latin1") for name, value in scope["headers"]}
    meta = {"REMOTE_ADDR": (scope.get("client") or ("",))[0]}
    if b"x-forwarded-for" in headers:
        meta["HTTP_X_FORWARDED_FOR"] = headers[b"x-forwarded-for"]
    client = headers.get(b"user-agent", "")[:MAX_CLIENT_CHARS]
    return Origin("websocket", address_of(SimpleNamespace(META=meta, headers=HttpHeaders(meta))), client, user)


def _source(path: str) -> str:
    path = path.removeprefix(settings.BASE_PATH)
    if path.startswith("/admin"):
        return "admin"
    return "api" if path.startswith("/api") else "page"


def address_of(request: Request | HttpRequest | SimpleNamespace) -> str:
    """Return from where a request came. Without a proxy of ours, X-Forwarded-For is whatever the sender wrote."""
    if not api_settings.NUM_PROXIES:
        return str(request.META.get("REMOTE_ADDR", ""))[:MAX_ADDRESS_CHARS]
    return str(BaseThrottle().get_ident(request))[:MAX_ADDRESS_CHARS]  # type: ignore[arg-type]  # looks at these two only
