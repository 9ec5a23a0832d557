"""The filtered history as a file: CSV for spreadsheets, NDJSON for programs."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from executions import audit, connections, exporting
from executions.actions import Action
from executions.models import Execution
from executions.pages.history import found_by
from executions.pages.records import CSV_HEAD, as_csv, as_json
from executions.visitor import visitor

#: By format: what comes first, and how a row is written.
FORMATS: dict[str, tuple[bytes, Callable[[Execution], str]]] = {"csv": (CSV_HEAD, as_csv), "ndjson": (b"", as_json)}
#: How many rows are read at a time: requests and answers may have a million characters each.
ROWS = 25


@login_required
@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """Send what the history shows for these filters, all pages of it, as a file."""
    kind = request.GET.get("format", "")
    if kind not in FORMATS:
        return _refused(_("format must be csv or ndjson."))
    form, found, _everyone = found_by(request)
    if form.errors:
        return _refused(" ".join(f"{name}: {' '.join(map(str, problems))}" for name, problems in form.errors.items()))
    user = visitor(request)
    head, write = FORMATS[kind]
    rows = found.defer(None).defer("transcript", "options")
    try:
        response = exporting.as_file(rows, kind, "history", head, write, rows=ROWS, reader=user.pk)
    except connections.TooManyConnections as error:
        return HttpResponse(error.message, status=error.status, content_type="text/plain; charset=utf-8")
    audit.record(Action.EXPORTED, by=user, kind="history", format=kind, filter=request.GET.urlencode())
    return response


def _refused(why: str) -> HttpResponse:
    return HttpResponseBadRequest(why, content_type="text/plain; charset=utf-8")
