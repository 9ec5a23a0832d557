"""The filtered history as a file: CSV for spreadsheets, NDJSON for programs.

It is read and sent some rows at a time, so its size is bounded by the history and not by memory.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from channels.db import database_sync_to_async
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from executions import connections
from executions.models import Execution
from executions.pages.history import found_by
from executions.pages.records import CSV_HEAD, as_csv, as_json
from executions.visitor import visitor

#: By format: the type, what comes first, how a row is written, and how many rows are read at a time: requests and
#: answers may have a million characters each.
FORMATS: dict[str, tuple[str, bytes, Callable[[Execution], str]]] = {
    "csv": ("text/csv; charset=utf-8", CSV_HEAD, as_csv),
    "ndjson": ("application/x-ndjson", b"", as_json),
}
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
    try:
        connections.require_room(user.pk)
    except connections.TooManyConnections as error:
        return HttpResponse(error.message, status=error.status, content_type="text/plain; charset=utf-8")
    content_type, head, write = FORMATS[kind]
    response = StreamingHttpResponse(_counted(_rows(found, head, write), user.pk), content_type=content_type)
    name = f"kakoclaw-history-{timezone.now():%Y-%m-%d}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


def _refused(why: str) -> HttpResponse:
    return HttpResponseBadRequest(why, content_type="text/plain; charset=utf-8")


async def _counted(pieces: AsyncIterator[bytes], user_id: int) -> AsyncIterator[bytes]:
    """Yield what ``pieces`` does, while it counts as a connection of that user."""
    with connections.counted(user_id):
        async for piece in pieces:
            yield piece


async def _rows(found: QuerySet[Execution], head: bytes, write: Callable[[Execution], str]) -> AsyncIterator[bytes]:
    """Yield the file. Cancellation: nothing is left behind."""
    if head:
        yield head
    found = found.defer(None).defer("transcript", "options")
    last: int | None = None
    while True:
        piece, last = await database_sync_to_async(_piece)(found, last, write)
        if piece:
            yield piece
        if last is None:
            return


def _piece(found: QuerySet[Execution], last: int | None, write: Callable[[Execution], str]) -> tuple[bytes, int | None]:
    """Return the next rows as they are written, and the id to go on after, ``None`` when these were the last."""
    rows = list((found if last is None else found.filter(pk__lt=last))[:ROWS])
    return "".join(map(write, rows)).encode(), rows[-1].pk if len(rows) == ROWS else None
