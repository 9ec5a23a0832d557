"""The page of what runs, waits and is queued now."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db.models import Max
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from executions.models import EventRow, Execution
from executions.pages.reach import asks_for_all, listed
from executions.states import State
from executions.visitor import visitor

#: More rows than this are not shown at once; they are counted, and stopped by "all".
MAX_ACTIVE = 500


@login_required
@require_safe
def activity(request: HttpRequest) -> HttpResponse:
    """Show what runs, waits and is queued now."""
    everyone = asks_for_all(request)
    executions = listed(request, everyone=everyone)
    unfinished = executions.unfinished().order_by("-state", "-priority", "pk")
    rows = list(unfinished[:MAX_ACTIVE])
    heard = dict(
        EventRow.objects.filter(execution__in=[row.pk for row in rows])
        .values_list("execution_id")
        .annotate(Max("created_at"))
    )
    queue = Execution.objects.queued().order_by("-priority", "pk").values_list("pk", flat=True)[:10_000]
    places = {pk: place for place, pk in enumerate(queue, 1)}
    for row in rows:
        row.heard_at = heard.get(row.pk)  # type: ignore[attr-defined]
        row.place = places.get(row.pk)  # type: ignore[attr-defined]
    rows.sort(key=lambda row: (row.state == State.QUEUED, row.place or 0, row.pk))  # type: ignore[attr-defined]
    counts = {
        "waiting": sum(row.status == "waiting" for row in rows),
        "running": sum(row.status == "running" for row in rows),
        "stopping": sum(row.stopping for row in rows),
        "queued": sum(row.state == State.QUEUED for row in rows),
    }
    total = unfinished.count() if len(rows) == MAX_ACTIVE else len(rows)
    context = {"page": "activity", "rows": rows, "everyone": everyone, "counts": counts, "total": total}
    return render(request, "executions/activity.html", context)


@login_required
@require_safe
def count(request: HttpRequest) -> JsonResponse:
    """Say how many executions of one's own can be stopped, for the number in the rail."""
    return JsonResponse({"count": Execution.objects.filter(owner=visitor(request)).unfinished().count()})
