"""Numbers for a dashboard, at a cost that does not grow with the history."""

from __future__ import annotations

from collections import Counter
from statistics import median, quantiles
from typing import Any

from django.db.models import Count, Q, Sum

from executions.models import Worker
from executions.models.execution import ExecutionQuerySet

#: How many of the newest finished executions are looked at.
RECENT = 1000


def stats(executions: ExecutionQuerySet) -> dict[str, Any]:
    """Return what :class:`executions.api.serializers.StatsSerializer` describes."""
    counts: Counter[str] = Counter()
    asked = Count("pk", filter=Q(cancel_requested_at__isnull=False))
    rows = executions.unfinished().order_by().values("state").annotate(count=Count("pk"), asked=asked)
    for state, count, stopping in rows.values_list("state", "count", "asked"):
        counts[state] = count
        counts["stopping"] += stopping
    workers = Worker.objects.alive().aggregate(alive=Count("pk"), slots=Sum("slots", default=0))
    return {
        **{name: counts[name] for name in ("queued", "running", "waiting", "stopping")},
        "workers": workers,
        "recent": _recent(executions.finished()),
    }


def _recent(finished: ExecutionQuerySet) -> dict[str, Any]:
    rows = list(
        finished.order_by("-id").values_list(
            "outcome", "started_at", "finished_at", "input_tokens", "output_tokens", "cost_usd"
        )[:RECENT]
    )
    durations = [(end - start).total_seconds() * 1000 for _, start, end, *_ in rows if start and end]
    return {
        "count": len(rows),
        "outcomes": dict(Counter(row[0] for row in rows)),
        "duration_ms": {
            "median": round(median(durations)) if durations else None,
            "p95": round(quantiles(durations, n=20)[-1]) if len(durations) > 1 else None,
        },
        "input_tokens": sum(row[3] for row in rows),
        "output_tokens": sum(row[4] for row in rows),
        "cost_usd": float(sum(row[5] or 0 for row in rows)),
    }
