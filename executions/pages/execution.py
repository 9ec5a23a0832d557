"""The page of one execution."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from executions import readers
from executions.claiming import queue_position
from executions.models import Execution
from executions.pages.reach import the_one
from executions.pictures import WIDTH, timeline
from executions.states import State
from executions.timeline import spans

MAX_EVENTS = 1000


@login_required
@require_safe
def execution(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one run: how it went, where its time went, and every event."""
    shown = the_one(request, pk)
    entries = readers.read(pk, limit=MAX_EVENTS)
    siblings = Execution.objects.filter(owner=shown.owner_id, session_id=shown.session_id).without_bodies()
    context: dict[str, Any] = {
        "page": "history" if shown.state == State.FINISHED else "activity",
        "execution": shown,
        "place": queue_position(shown),
        "entries": entries,
        "more": len(entries) == MAX_EVENTS,
        "picture": timeline(spans(entries, shown.created_at, shown.finished_at or timezone.now())),
        "picture_width": WIDTH,
        "siblings": siblings[:30] if shown.session_id else [],
        "mine": shown.owner_id == request.user.pk,
    }
    return render(request, "executions/execution.html", context)
