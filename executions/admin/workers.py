"""Workers: to look at, to take out of service, and to put back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from executions import draining
from executions.admin.base import ReadOnlyPages
from executions.errors import ExecutionError
from executions.models import Execution, Worker
from executions.states import Source
from executions.templatetags.executions import status as status_html

#: Of the runs that a worker holds, how many its page names.
RUNS_SHOWN = 200


@admin.register(Worker)
class WorkerAdmin(ReadOnlyPages):
    """Workers, to look at."""

    list_display = (
        "id", "state", "host", "pid", "version", "slots", "shown_held", "shown_agents", "started_at", "heartbeat_at",
        "draining_at", "stopped_at", "lost_at",
    )  # fmt: skip
    fields = (
        "id", "host", "pid", "process_started_at", "version", "slots", "shown_agents", "started_at", "heartbeat_at",
        "draining_at", "stopped_at", "lost_at", "shown_runs",
    )  # fmt: skip
    list_filter = (("stopped_at", admin.EmptyFieldListFilter), ("lost_at", admin.EmptyFieldListFilter))
    search_fields = ("=id", "host")
    show_full_result_count = False
    actions = ("drain", "resume")

    def has_drain_permission(self, request: HttpRequest) -> bool:
        """Whether workers may be taken out of service, and put back; nothing else of them can be changed."""
        return request.user.has_perm("executions.change_worker")

    @admin.action(description=gettext_lazy("Drain: take nothing new, finish what there is"), permissions=["drain"])
    def drain(self, request: HttpRequest, queryset: QuerySet[Worker]) -> None:
        self._each(request, queryset, draining.drain, _("Workers that take nothing new now: %(count)s."))

    @admin.action(description=gettext_lazy("Resume: take executions again"), permissions=["drain"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Worker]) -> None:
        self._each(request, queryset, draining.resume, _("Workers that take executions again: %(count)s."))

    def _each(self, request: HttpRequest, queryset: QuerySet[Worker], act: Callable[..., bool], told: str) -> None:
        """Do it with each that is at work, and say with how many it changed something."""
        by, changed = cast("User", request.user), 0
        for worker in queryset:
            try:
                changed += act(worker.pk, by=by, source=Source.ADMIN)
            except ExecutionError as error:
                self.message_user(request, error.message, messages.WARNING)
        self.message_user(request, told % {"count": changed}, messages.SUCCESS if changed else messages.WARNING)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Worker]:
        return Worker.objects.with_held().order_by("-started_at")

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
