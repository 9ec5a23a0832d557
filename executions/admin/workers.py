"""Workers: to look at, to take out of service, and to put back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from executions import draining, wording
from executions.admin.base import ReadOnlyPages
from executions.admin.machines import Machine, machine
from executions.errors import ExecutionError
from executions.models import Execution, Worker
from executions.states import Source

#: Of the runs that a worker holds, how many its page names.
RUNS_SHOWN = 200


class AtWorkFilter(admin.SimpleListFilter):
    """Those that are at work, and those that are gone."""

    title = gettext_lazy("state")
    parameter_name = "at_work"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", _("at work")), ("stopped", _("stopped")), ("lost", _("lost"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case "yes":
                return queryset.alive()
            case "stopped":
                return queryset.filter(stopped_at__isnull=False, lost_at__isnull=True)
            case "lost":
                return queryset.filter(lost_at__isnull=False)
        return queryset


@admin.register(Worker)
class WorkerAdmin(ReadOnlyPages):
    """Workers, the newest first."""

    list_display = ("name", "shown_state", "heartbeat", "load", "shown_agents", "version", "shown_start")
    fieldsets = (
        (gettext_lazy("Process"), {"fields": ("id", "host", "pid", "version", "slots", "shown_agents")}),
        (gettext_lazy("Times"), {"fields": ("started_at", "heartbeat_at", "draining_at", "stopped_at", "lost_at")}),
    )
    list_filter = (AtWorkFilter,)
    change_form_outer_before_template = "admin/executions/worker/held.html"
    search_fields = ("=id", "host")
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

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        worker = Worker.objects.with_held().filter(pk=object_id).first()
        context: dict[str, Any] = {"can_drain": self.has_drain_permission(request)}
        if worker is not None:
            runs = Execution.objects.held_by(worker.pk).order_by("pk").without_bodies().prefetch_related("owner")
            context |= {"machine": _machine(worker), "runs": runs[:RUNS_SHOWN]}
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    @admin.display(description=gettext_lazy("worker"))
    def name(self, worker: Worker) -> str:
        return str(worker)

    @admin.display(description=gettext_lazy("state"))
    def shown_state(self, worker: Worker) -> SafeString:
        return render_to_string("admin/dashboard/machine_state.html", {"state": _machine(worker).state})

    @admin.display(description=gettext_lazy("heartbeat"), ordering="heartbeat_at")
    def heartbeat(self, worker: Worker) -> str:
        return _("%(age)s ago") % {"age": wording.duration(_machine(worker).silent)}

    @admin.display(description=gettext_lazy("runs held"), ordering="held")
    def load(self, worker: Worker) -> str:
        return f"{_machine(worker).held} / {worker.slots}"

    @admin.display(description=gettext_lazy("agents"))
    def shown_agents(self, worker: Worker) -> str:
        return ", ".join(worker.agents) or _("all")

    @admin.display(description=gettext_lazy("started"), ordering="started_at")
    def shown_start(self, worker: Worker) -> SafeString:
        return format_html('<span class="staff-time">{}</span>', f"{localtime(worker.started_at):%Y-%m-%d %H:%M:%S}")


def _machine(worker: Any) -> Machine:
    return machine(worker, worker.held, timezone.now())
