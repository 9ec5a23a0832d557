"""Errors outside of any view: JSON where programs ask, pages where people do."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views import defaults

from executions.api import errors as api


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith(f"{settings.BASE_PATH}/api/")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a malformed request."""
    return api.json_400(request, exception) if _is_api(request) else defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that is not allowed."""
    return api.json_403(request, exception) if _is_api(request) else defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer for a path at which there is nothing."""
    return api.json_404(request, exception) if _is_api(request) else defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer when a view has failed."""
    return api.json_500(request) if _is_api(request) else defaults.server_error(request)


def database_unavailable(request: HttpRequest) -> HttpResponse:
    """Answer while the database is away: whoever asks again in a moment gets an answer."""
    if _is_api(request):
        response: HttpResponse = api.json_503(request)
    else:
        # Without the request's context: who is signed in is not known either.
        response = HttpResponse(loader.render_to_string("503.html"), status=503)
    response["Retry-After"] = str(api.DatabaseUnavailable.wait)
    return response
