"""The page of one execution: how it went, where its time went, and its journal, page by page."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from executions import readers
from executions.claiming import queue_position
from executions.events import Entry
from executions.models import EventRow, Execution
from executions.ongoing import ongoing
from executions.pages.reach import id_of, the_one
from executions.pictures import WIDTH, Timeline, timeline
from executions.states import State
from executions.timeline import MARKS, spans

#: Events on a page.
PAGE = 100
#: The picture is made from the first of this many steps.
MAX_MARKS = 5_000
SIBLINGS = 30


@login_required
@require_safe
def execution(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one run."""
    shown = the_one(request, pk)
    picture, partial = picture_of(shown)
    siblings = Execution.objects.filter(owner=shown.owner_id, session_id=shown.session_id).without_bodies()
    context: dict[str, Any] = {
        "page": "history" if shown.state == State.FINISHED else "activity",
        "execution": shown,
        "place": queue_position(shown),
        "now": ongoing([pk]).get(pk) if shown.state != State.FINISHED else None,
        "picture": picture,
        "partial": partial,
        "picture_width": WIDTH,
        "siblings": siblings[:SIBLINGS] if shown.session_id else [],
        "mine": shown.owner_id == request.user.pk,
        **events_of(request, shown),
    }
    return render(request, "executions/execution.html", context)


@login_required
@require_safe
def event(request: HttpRequest, pk: int, seq: int) -> HttpResponse:
    """Show one event with all that it says."""
    row = EventRow.objects.filter(execution=the_one(request, pk), seq=seq).first()
    if row is None:
        raise Http404("There is no such event.")
    said = {"seq": row.seq, "type": row.type, "created_at": row.created_at, "data": row.data}
    return JsonResponse(said, json_dumps_params={"indent": 2, "ensure_ascii": False})


def picture_of(shown: Execution) -> tuple[Timeline, bool]:
    """Draw where the time went, from those events only that say so; returns whether it is only the beginning."""
    fields = ("type", "created_at", "data__call_id", "data__name", "data__question_id")
    rows = EventRow.objects.filter(execution=shown, type__in=MARKS).order_by("seq").values_list(*fields)[:MAX_MARKS]
    marks = [
        Entry(shown.pk, 0, kind, {"call_id": call, "name": name, "question_id": question}, moment)
        for kind, moment, call, name, question in rows
    ]
    if not marks and shown.started_at:
        return timeline([]), False  # its journal was removed
    partial = len(marks) == MAX_MARKS
    end = marks[-1].created_at if partial else shown.finished_at or timezone.now()
    return timeline(spans(marks, shown.created_at, end)), partial


def events_of(request: HttpRequest, shown: Execution) -> dict[str, Any]:
    """Return a page of the journal: from its beginning, from its end while it grows, or the one that is asked for."""
    after, before = id_of(request.GET.get("after")), id_of(request.GET.get("before"))
    backwards = EventRow.objects.filter(execution=shown).order_by("-seq")
    if after is not None:
        entries = readers.read(shown.pk, min(after, 2**31 - 1), PAGE + 1)
        more, entries = len(entries) > PAGE, entries[:PAGE]
        return {"entries": entries, "earlier": bool(after), "later": more}
    if before is not None or "end" in request.GET or shown.state != State.FINISHED:
        rows = backwards.filter(seq__lt=min(before, 2**31 - 1)) if before is not None else backwards
        entries = [row.entry() for row in rows[: PAGE + 1]]
        more, entries = len(entries) > PAGE, entries[:PAGE][::-1]
        return {"entries": entries, "earlier": more, "later": before is not None}
    entries = readers.read(shown.pk, 0, PAGE + 1)
    return {"entries": entries[:PAGE], "earlier": False, "later": len(entries) > PAGE}
