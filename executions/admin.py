"""Staff pages: every execution with what happened in it, its worker, and the means to stop it.

State is never edited here: the pages call the same services as everything else. A queued execution's priority can be
changed, an unfinished one canceled, a finished one deleted.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import ShowFacets
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from executions import services, wording
from executions.conf import conf
from executions.counting import BoundedPaginator
from executions.errors import ExecutionError
from executions.models import EventRow, Execution, Worker
from executions.models.execution import ExecutionQuerySet
from executions.narrowing import SEARCHED_ROWS, containing, newest
from executions.states import Source, State
from executions.templatetags.executions import status as status_html
from executions.validation import MAX_REASON_CHARS

if TYPE_CHECKING:  # Django's classes take parameters in their stubs only
    ExecutionForm = forms.ModelForm[Execution]
    ExecutionPages = admin.ModelAdmin[Execution]
    WorkerPages = admin.ModelAdmin[Worker]
else:
    ExecutionForm, ExecutionPages, WorkerPages = forms.ModelForm, admin.ModelAdmin, admin.ModelAdmin

#: How many one confirmation can be about.
MAX_SELECTED = 10_000
EVENTS_SHOWN = 200
#: Columns that the lists can do without.
HEAVY = ("prompt", "output", "options", "transcript", "error", "question", "answer", "receipt")


class AgentFilter(admin.SimpleListFilter):
    """Agents as configured: asking the table which there are would read all of it."""

    title = "agent"
    parameter_name = "agent"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in conf.agents]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(agent=self.value()) if self.value() else queryset


class PriorityForm(ExecutionForm):
    """The one thing that can be edited, while it is queued."""

    user: Any = None

    class Meta:
        model = Execution
        fields = ("priority",)

    def clean_priority(self) -> int:
        priority: int = self.cleaned_data["priority"]
        if priority != self.initial.get("priority"):
            try:
                # The guarded update is the check: between a check and a save, a worker may claim the execution.
                services.set_priority(self.instance, priority, by=self.user)
            except ExecutionError as error:
                raise ValidationError(error.message) from error
        return priority


class CancelForm(forms.Form):
    """What a confirmation of a cancel is about; the ids are those that the page has shown."""

    ids = forms.CharField(widget=forms.HiddenInput)
    reason = forms.CharField(required=False, max_length=MAX_REASON_CHARS, widget=forms.TextInput(attrs={"size": 60}))

    def clean_ids(self) -> list[int]:
        parts = self.cleaned_data["ids"].split(",")
        if len(parts) > MAX_SELECTED or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
            raise ValidationError(f"Select 1 to {MAX_SELECTED:,} executions in the list first.")
        return [int(part) for part in parts]


@admin.register(Execution)
class ExecutionAdmin(ExecutionPages):
    """All executions; see the module's docstring for what can be done."""

    form = PriorityForm
    list_display = (
        "id", "shown_status", "owner", "session_id", "model", "shown_created", "shown_duration", "shown_cost", "worker",
    )  # fmt: skip
    list_filter = ("state", "outcome", AgentFilter, "cancel_source", "created_at")
    list_select_related = False
    list_per_page = 50
    search_fields = ("prompt",)  # shows the form; get_search_results() looks
    search_help_text = f"An id, an owner, a session, or words of one of the newest {SEARCHED_ROWS:,} requests"
    paginator = BoundedPaginator
    # A column that has no index would sort the whole history.
    sortable_by = ("id", "shown_created")
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    actions = ("cancel_selected",)
    fieldsets = (
        (None, {"fields": ("shown_status", "owner", "session_id", "agent", "model", "priority", "shown_prompt")}),
        ("Result", {"fields": ("shown_output", "error", "error_code", "shown_question")}),
        ("Times", {"fields": ("created_at", "started_at", "finished_at", "shown_duration", "worker", "retry_of")}),
        ("Stopping", {"fields": ("cancel_requested_at", "cancel_requested_by", "cancel_reason", "cancel_source",
                                 "shown_receipt")}),
        ("Usage", {"fields": ("input_tokens", "output_tokens", "requests", "shown_cost")}),
        ("Journal", {"fields": ("shown_events",)}),
    )  # fmt: skip

    class Media:
        css = {"all": ("executions/admin.css",)}

    # What may be done -----------------------------------------------------------------------------------------------

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Execution | None = None) -> bool:
        """The page of one that has left the queue is for reading; a form sent a moment too late says so itself."""
        readable = obj is not None and obj.state != State.QUEUED and request.method != "POST"
        return not readable and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Execution | None = None) -> bool:
        finished = obj is not None and obj.state == State.FINISHED
        return finished and super().has_delete_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Execution | None = None) -> list[str]:
        shown = [name for _, options in self.fieldsets for name in options["fields"]]
        return [str(name) for name in shown if name != "priority"]

    def get_queryset(self, request: HttpRequest) -> ExecutionQuerySet:
        # Not joined: SQLite would go through the people first, and sort all that they have.
        return Execution.objects.visible_to(request.user).defer(*HEAVY).prefetch_related("owner", "worker")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Look for one thing after the other, as each has an index of its own, and for words among the newest."""
        term = search_term.replace("\0", "").strip()
        if not term:
            return queryset, False
        exact = [Q(session_id=term)]
        if (owner := User.objects.filter(username=term).first()) is not None:
            exact.insert(0, Q(owner=owner.pk))
        if term.isascii() and term.isdecimal() and len(term) < 19:
            exact.insert(0, Q(pk=int(term)))
        for condition in exact:
            if (found := queryset.filter(condition)).exists():
                return found, False
        return containing(newest(queryset), term, ("prompt",)), False

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, *args, **kwargs)
        form.user = request.user
        return form

    def save_model(self, request: HttpRequest, obj: Execution, form: Any, change: bool) -> None:
        """Nothing is left to save: the form has called the service, and a save would overwrite a worker's state."""

    # Canceling ------------------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.cancel_view)
        return [path("cancel/", view, name="executions_execution_cancel"), *super().get_urls()]

    @admin.action(description="Cancel selected executions…", permissions=["change"])
    def cancel_selected(self, request: HttpRequest, queryset: ExecutionQuerySet) -> HttpResponse | None:
        ids = list(queryset.unfinished().order_by("pk").values_list("pk", flat=True)[:MAX_SELECTED])
        if not ids:
            self.message_user(request, "All of the selected executions have finished already.", messages.WARNING)
            return None
        return self._confirmation(request, CancelForm(initial={"ids": ",".join(map(str, ids))}), ids)

    def cancel_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for the reason (GET), then cancel (POST)."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        form = CancelForm(request.POST if request.method == "POST" else {"ids": request.GET.get("ids", "")})
        if not form.is_valid():
            self.message_user(
                request, " ".join(str(error) for errors in form.errors.values() for error in errors), messages.ERROR
            )
            return HttpResponseRedirect(reverse("admin:executions_execution_changelist"))
        ids = form.cleaned_data["ids"]
        if request.method != "POST":
            return self._confirmation(request, CancelForm(initial=form.cleaned_data | {"ids": form.data["ids"]}), ids)
        chosen = self.get_queryset(request).filter(pk__in=ids)
        by = cast("User", request.user)  # the permission has seen to it
        report = services.cancel(chosen, by=by, reason=form.cleaned_data["reason"], source=Source.ADMIN)
        self.message_user(request, _summary(report), messages.SUCCESS if report.count else messages.WARNING)
        name = "change" if len(ids) == 1 and chosen.exists() else "changelist"
        return HttpResponseRedirect(reverse(f"admin:executions_execution_{name}", args=ids if name == "change" else []))

    def _confirmation(self, request: HttpRequest, form: CancelForm, ids: list[int]) -> TemplateResponse:
        unfinished = self.get_queryset(request).unfinished().filter(pk__in=ids).select_related("owner").order_by("pk")
        context = {
            **self.admin_site.each_context(request),
            "title": "Cancel executions",
            "opts": self.opts,
            "media": self.media,
            "form": form,
            "count": unfinished.count(),
            "some": unfinished[:20],
        }
        return TemplateResponse(request, "admin/executions/execution/cancel.html", context)

    # What is shown --------------------------------------------------------------------------------------------------

    @admin.display(description="status", ordering="state")
    def shown_status(self, execution: Execution) -> SafeString:
        return status_html(execution.status)

    @admin.display(description="created", ordering="id")
    def shown_created(self, execution: Execution) -> str:
        return f"{localtime(execution.created_at):%Y-%m-%d %H:%M:%S}"

    @admin.display(description="duration")
    def shown_duration(self, execution: Execution) -> str:
        return wording.duration(execution.duration) or "-"

    @admin.display(description="cost", ordering="cost_usd")
    def shown_cost(self, execution: Execution) -> str:
        return wording.cost(execution.cost_usd) or "-"

    @admin.display(description="request")
    def shown_prompt(self, execution: Execution) -> SafeString:
        return _preformatted(execution.prompt)

    @admin.display(description="answer")
    def shown_output(self, execution: Execution) -> SafeString:
        return _preformatted(execution.output)

    @admin.display(description="question")
    def shown_question(self, execution: Execution) -> SafeString:
        return _preformatted(_json(execution.question) if execution.question else "")

    @admin.display(description="receipt")
    def shown_receipt(self, execution: Execution) -> SafeString:
        killed = "\n".join(f"{p.get('pid')} {p.get('command')}" for p in execution.receipt.get("processes", ()))
        return format_html("{}{}", wording.receipt(execution.receipt) or "-", _preformatted(killed) if killed else "")

    @admin.display(description=f"last {EVENTS_SHOWN} events")
    def shown_events(self, execution: Execution) -> SafeString:
        rows = EventRow.objects.filter(execution=execution).order_by("-seq")[:EVENTS_SHOWN]
        cells = [(row.seq, _time(row.created_at), row.type, _json(row.data)[:2_000]) for row in rows]
        table = format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td><code>{}</code></td></tr>", cells)
        if execution.pruned:
            return SafeString("Removed to save space.")
        return format_html('<table class="execution-events">{}</table>', table) if table else SafeString("-")


@admin.register(Worker)
class WorkerAdmin(WorkerPages):
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
        runs = Execution.objects.held_by(worker.pk).order_by("pk").without_bodies()[:EVENTS_SHOWN]
        links = [(reverse("admin:executions_execution_change", args=[e.pk]), e.pk, status_html(e.status)) for e in runs]
        return format_html_join(SafeString("<br>"), '<a href="{}">{}</a> {}', links) or SafeString("-")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Worker | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Worker | None = None) -> bool:
        return False


def _summary(report: services.CancelReport) -> str:
    parts = {
        "canceled": report.canceled,
        "told to stop": report.requested,
        "told to stop before": report.already_requested,
        "finished already": report.already_finished,
    }
    return ", ".join(f"{len(ids):,} {word}" for word, ids in parts.items() if ids) or "Nothing to cancel."


def _time(value: datetime) -> str:
    return localtime(value).time().isoformat("milliseconds")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _preformatted(text: str) -> SafeString:
    return format_html('<pre class="execution-text">{}</pre>', text) if text else SafeString("-")
