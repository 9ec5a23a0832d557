"""The language of whoever is at the other end of a WebSocket."""

from __future__ import annotations

from contextvars import Context
from typing import Any

from django.http import HttpRequest
from django.http.cookie import parse_cookie
from django.utils import translation


def language_of(scope: dict[str, Any]) -> str:
    """Return the language that a handshake asks for, in the same way as a request for a page does."""
    headers = {bytes(name): bytes(value).decode("latin1") for name, value in scope["headers"]}
    request = HttpRequest()
    request.COOKIES = parse_cookie(headers.get(b"cookie", ""))
    request.META["HTTP_ACCEPT_LANGUAGE"] = headers.get(b"accept-language", "")
    return translation.get_language_from_request(request)


def context_in(language: str) -> Context:
    """Return a fresh context in which words are of that language, also in the threads that are asked from it."""
    context = Context()
    context.run(translation.activate, language)
    return context
