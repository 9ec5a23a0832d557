"""The page of what runs, waits and is queued now."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from executions import owner_limits
from executions.models import Execution
from executions.models.execution import ExecutionQuerySet
from executions.ongoing import ongoing
from executions.pages.reach import asks_for_all, listed
from executions.states import State
from executions.validation import PRIORITIES
from executions.visitor import visitor

#: More rows than this are not shown at once; they are counted, and stopped by "all".
MAX_ACTIVE = 100
#: Places in the queue are told up to this one.
MAX_PLACE = 10_000


@login_required
@require_safe
def activity(request: HttpRequest) -> HttpResponse:
    """Show what runs, waits and is queued now."""
    everyone = asks_for_all(request)
    unfinished = listed(request, everyone=everyone).unfinished()
    rows = list(unfinished.order_by("-state", "-priority", "pk")[:MAX_ACTIVE])
    counts = _counts(unfinished)
    so_far = ongoing(row.pk for row in rows if row.state != State.QUEUED)
    places = _places() if any(row.state == State.QUEUED for row in rows) else {}
    free = request.user.is_staff or not places
    highest = PRIORITIES[-1] if free else owner_limits.limits_of(visitor(request)).max_priority
    for row in rows:
        row.now = so_far.get(row.pk)  # type: ignore[attr-defined]
        row.place = places.get(row.pk) if row.state == State.QUEUED else None  # type: ignore[attr-defined]
        row.sooner = min(row.priority + 1, highest)  # type: ignore[attr-defined]
        row.later = max(min(row.priority - 1, highest), PRIORITIES[0])  # type: ignore[attr-defined]
    context = {
        "page": "activity",
        "rows": rows,
        "everyone": everyone,
        "counts": counts,
        "total": counts["waiting"] + counts["running"] + counts["stopping"] + counts["queued"],
    }
    return render(request, "executions/activity.html", context)


def _counts(unfinished: ExecutionQuerySet) -> dict[str, int]:
    """Return how many there are in each status, also of those that are not listed."""
    asked = Count("pk", filter=Q(cancel_requested_at__isnull=False) & ~Q(state=State.QUEUED))
    found = unfinished.prefetch_related(None).order_by().values("state").annotate(count=Count("pk"), asked=asked)
    by_state = {state: (count, asked) for state, count, asked in found.values_list("state", "count", "asked")}
    counts = {"waiting": 0, "running": 0, "stopping": 0, "queued": 0}
    for state, (count, stopping) in by_state.items():
        counts[state] = count - stopping
        counts["stopping"] += stopping
    return counts


def _places() -> dict[int, int]:
    """Return the places in the queue by execution: by priority and age, among everybody's."""
    queue = Execution.objects.queued().order_by("-priority", "pk").values_list("pk", flat=True)[:MAX_PLACE]
    return {pk: place for place, pk in enumerate(queue, 1)}
