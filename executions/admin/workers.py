"""Workers, to look at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from executions.admin.base import ReadOnlyPages
from executions.models import Execution, Worker
from executions.templatetags.executions import status as status_html

#: Of the runs that a worker holds, how many its page names.
RUNS_SHOWN = 200


@admin.register(Worker)
class WorkerAdmin(ReadOnlyPages):
    """Workers, to look at."""

    list_display = (
        "id", "host", "pid", "version", "slots", "shown_held", "shown_agents", "started_at", "heartbeat_at",
        "draining_at", "stopped_at", "lost_at",
    )  # fmt: skip
    fields = (
        "id", "host", "pid", "process_started_at", "version", "slots", "shown_agents", "started_at", "heartbeat_at",
        "draining_at", "stopped_at", "lost_at", "shown_runs",
    )  # fmt: skip
    list_filter = (("stopped_at", admin.EmptyFieldListFilter), ("lost_at", admin.EmptyFieldListFilter))
    search_fields = ("=id", "host")
    show_full_result_count = False
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Worker]:
        held = Execution.objects.active().filter(worker=OuterRef("pk")).order_by().values("worker")
        count = Subquery(held.annotate(count=Count("pk")).values("count"))
        return super().get_queryset(request).annotate(held=Coalesce(count, 0))

    @admin.display(description="held", ordering="held")
    def shown_held(self, worker: Any) -> int:
        return int(worker.held)

    @admin.display(description="agents served")
    def shown_agents(self, worker: Worker) -> str:
        return ", ".join(worker.agents) or "all"

    @admin.display(description="runs")
    def shown_runs(self, worker: Worker) -> SafeString:
        runs = Execution.objects.held_by(worker.pk).order_by("pk").without_bodies()[:RUNS_SHOWN]
        links = [(reverse("admin:executions_execution_change", args=[e.pk]), e.pk, status_html(e.status)) for e in runs]
        return format_html_join(SafeString("<br>"), '<a href="{}">{}</a> {}', links) or SafeString("-")
