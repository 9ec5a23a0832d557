"""The JSON of every error: what our clients read, and beside it the members of RFC 9457 for those that read these."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse
from rest_framework.request import Request

CONTENT_TYPE = "application/problem+json"
#: A problem's type is its code in other words; there is no page behind it.
TYPE_PREFIX = "urn:kakoclaw:problem:"


def body(message: str, code: str, status: int, **more: Any) -> dict[str, Any]:
    """Return the JSON of an error; ``detail`` and ``error`` are the same text, because two kinds of clients read it."""
    return {
        "detail": message,
        "error": message,
        "code": code,
        "type": TYPE_PREFIX + code,
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        **more,
    }


def wanted_by(request: HttpRequest | Request | None) -> bool:
    """Return whether errors of this request are to be named ``application/problem+json``."""
    return request is not None and CONTENT_TYPE in request.headers.get("Accept", "").lower()


def response(request: HttpRequest | None, message: str, code: str, status: int, **more: Any) -> JsonResponse:
    """Return the response for an error that no view of DRF has met."""
    kind = CONTENT_TYPE if wanted_by(request) else "application/json"
    return JsonResponse(body(message, code, status, **more), status=status, content_type=kind)
