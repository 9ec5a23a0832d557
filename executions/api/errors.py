"""Every error as the same JSON, that of :mod:`executions.api.problems`.

``exception_handler`` is DRF's ``EXCEPTION_HANDLER``; the ``json_*`` functions are for the site's ``handler404`` and its
like, which see what happens outside of DRF.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import status
from rest_framework.exceptions import APIException, ErrorDetail, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler
from rest_framework.views import set_rollback

from executions.api import problems
from executions.api.problems import body
from executions.errors import ExecutionError, InvalidInput

logger = logging.getLogger(__name__)

#: DRF's key for what belongs to no field, in ``fields`` too.
NO_FIELD = "non_field_errors"


class BodyTooLarge(APIException):
    """The request's body is larger than the server takes."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = gettext_lazy("The request's body is larger than the server takes.")
    default_code = "body_too_large"


class DatabaseUnavailable(APIException):
    """The database cannot be reached right now; try again in a moment."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = gettext_lazy("The database cannot be reached right now; try again in a moment.")
    default_code = "database_unavailable"
    wait = 1  # becomes Retry-After


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Turn an exception of a view into a response; ``None`` for a bug, which Django reports as a 500."""
    if isinstance(exc, ExecutionError):
        set_rollback()
        response = Response(body(exc.message, exc.code, exc.status), status=exc.status)
        return _named(response, context)
    if isinstance(exc, RequestDataTooBig):
        exc = BodyTooLarge()
    elif isinstance(exc, SuspiciousOperation):
        exc = ValidationError(str(exc) or _("The request is malformed."))
    elif isinstance(exc, OperationalError | InterfaceError):
        logger.error("the database failed during a request: %s", exc)
        exc = DatabaseUnavailable()
    told = drf_exception_handler(exc, context)
    if told is None:
        return None
    if isinstance(exc, ValidationError):
        told.data = _validation_body(exc)
    else:
        detail = told.data.get("detail", "") if isinstance(told.data, dict) else ""
        told.data = body(str(detail), str(getattr(detail, "code", "error")), told.status_code)
    return _named(told, context)


def _named(response: Response, context: dict[str, Any]) -> Response:
    """Name its kind as the client has asked, unless it becomes a page."""
    request = context.get("request")
    renderer = getattr(request, "accepted_renderer", None)
    if problems.wanted_by(request) and getattr(renderer, "format", "json") == "json":
        response.content_type = problems.CONTENT_TYPE
    return response


def _validation_body(exc: ValidationError) -> dict[str, Any]:
    detail = exc.detail if isinstance(exc.detail, dict) else {NO_FIELD: exc.detail}
    text = " ".join(f"{name}: {error}" if name else str(error) for name, error in _lines(detail))
    return body(text, InvalidInput.code, InvalidInput.status, fields=detail)


def _lines(detail: Any, name: str = "") -> Iterator[tuple[str, ErrorDetail]]:
    """Yield ``(dotted field name, error)`` of DRF's nested errors, leaving out positions without an error."""
    if isinstance(detail, dict):
        for key, inner in detail.items():
            yield from _lines(inner, ".".join(filter(None, (name, "" if key == NO_FIELD else str(key)))))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _lines(inner, name)
    else:
        yield name, detail


def json_400(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    """Answer a malformed request."""
    if isinstance(exception, RequestDataTooBig):
        return problems.response(request, str(BodyTooLarge.default_detail), BodyTooLarge.default_code, 413)
    return problems.response(request, _("The request is malformed."), "bad_request", 400)


def json_403(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    """Answer a request that is not allowed."""
    return problems.response(request, _("You may not do this."), "permission_denied", 403)


def json_404(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    """Answer for a path at which there is nothing."""
    return problems.response(request, _("There is nothing at %(path)s.") % {"path": request.path}, "not_found", 404)


def json_503(request: HttpRequest) -> JsonResponse:
    """Answer while the database is away."""
    return problems.response(request, str(DatabaseUnavailable.default_detail), DatabaseUnavailable.default_code, 503)


def json_500(request: HttpRequest) -> JsonResponse:
    """Answer when the server itself has failed; the log has the traceback."""
    return problems.response(request, _("The server failed; its log says why."), "server_error", 500)
