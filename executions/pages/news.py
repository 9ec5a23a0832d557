"""What every page shows: what runs, what has ended unseen, and whether the queue is held."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_safe

from executions.models import Execution
from executions.visitor import visitor

#: The newest executions that are looked at for those that have ended since.
LOOKED_AT = 100


@login_required
@require_safe
def count(request: HttpRequest) -> JsonResponse:
    """Say how many executions of one's own can be stopped, and which have ended since a moment (``since``)."""
    mine = Execution.objects.filter(owner=visitor(request))
    now, since = timezone.now(), _moment(request.GET.get("since", ""))
    newest = mine.order_by("-pk").values_list("pk", "session_id", "outcome", "finished_at")[:LOOKED_AT] if since else ()
    ended = [
        {"id": pk, "session_id": session, "status": outcome}
        for pk, session, outcome, moment in newest
        if since and moment and moment > since
    ]
    return JsonResponse({"count": mine.unfinished().count(), "now": now, "ended": ended})


@login_required
@require_safe
def held(request: HttpRequest) -> HttpResponse:
    """Show whether the queue is held, as every page does at its top."""
    return render(request, "held.html")


def _moment(raw: str) -> datetime | None:
    """Return a time with its zone, ``None`` for anything else."""
    try:
        moment = parse_datetime(raw)
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo else None
