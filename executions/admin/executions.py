"""Every execution with what happened in it, its worker, and the means to stop it.

A queued execution's priority can be changed, an unfinished one canceled, a finished one run again or deleted.
"""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from executions import services
from executions.admin.acting import Acting
from executions.admin.days import CreatedFilter, links
from executions.admin.filters import AgentFilter, ModelFilter, OutcomeFilter, SourceFilter, StateFilter
from executions.admin.forms import PriorityForm
from executions.admin.searching import search
from executions.admin.shown import Shown
from executions.admin.story import story_of
from executions.models import Execution
from executions.models.execution import ExecutionQuerySet
from executions.states import State

#: Columns that the lists can do without.
HEAVY = ("prompt", "output", "options", "transcript", "error", "question", "answer", "receipt")

STOPPING = pgettext_lazy("a section about stops", "Stopping")


@admin.register(Execution)
class ExecutionAdmin(Shown, Acting):
    """All executions; see the module's docstring for what can be done."""

    form = PriorityForm
    list_display = (
        "id", "shown_status", "owner", "session_id", "model", "shown_created", "shown_duration", "shown_cost", "worker",
    )  # fmt: skip
    list_filter = (StateFilter, OutcomeFilter, AgentFilter, ModelFilter, SourceFilter, CreatedFilter)
    list_select_related = False
    list_fullwidth = True
    search_fields = ("prompt",)  # shows the form; get_search_results() looks
    search_help_text = _("An id, an owner, a session, or words of a request, an answer or an error")
    # A column that has no index would sort the whole history.
    sortable_by = ("id", "shown_created")
    list_before_template = "admin/executions/execution/days.html"
    change_form_outer_before_template = "admin/executions/execution/picture.html"
    change_form_outer_after_template = "admin/executions/execution/journal.html"
    fieldsets = (
        (None, {"fields": ("shown_prompt", "shown_output", "shown_error", "shown_question", "priority")}),
        (_("Details"), {"fields": ("owner", "shown_session", "agent", "model", "worker", "retry_of"),
                        "classes": ("tab",)}),
        (_("Times"), {"fields": ("created_at", "started_at", "finished_at", "shown_duration"), "classes": ("tab",)}),
        (STOPPING, {"fields": ("cancel_requested_at", "cancel_requested_by", "cancel_reason", "cancel_source",
                               "shown_receipt"), "classes": ("tab",)}),
        (_("Usage"), {"fields": ("input_tokens", "output_tokens", "requests", "shown_cost"), "classes": ("tab",)}),
    )  # fmt: skip

    def get_fieldsets(self, request: HttpRequest, obj: Execution | None = None) -> Any:
        """Leave out of the first fields what has nothing to show."""
        (first, options), *others = self.fieldsets
        if obj is None or request.method == "POST":  # what is sent too late is told why
            return self.fieldsets
        shown = [name for name in options["fields"] if _has(obj, str(name))]
        return [(first, {"fields": shown}), *others]

    def has_change_permission(self, request: HttpRequest, obj: Execution | None = None) -> bool:
        """The page of one that has left the queue is for reading; a form sent a moment too late says so itself."""
        readable = obj is not None and obj.state != State.QUEUED and request.method != "POST"
        return not readable and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Execution | None = None) -> bool:
        finished = obj is not None and obj.state == State.FINISHED
        return finished and super().has_delete_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Execution | None = None) -> list[str]:
        shown = [name for __, options in self.fieldsets for name in options["fields"]]
        return [str(name) for name in shown if name != "priority"]

    def get_queryset(self, request: HttpRequest) -> ExecutionQuerySet:
        # Not joined: SQLite would go through the people first, and sort all that they have.
        return Execution.objects.visible_to(request.user).defer(*HEAVY).prefetch_related("owner", "worker")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Execution | None:
        """Return one with all its columns, in one query."""
        whole = Execution.objects.visible_to(request.user).select_related("owner", "worker", "cancel_requested_by")
        return whole.filter(pk=object_id).first() if object_id.isascii() and object_id.isdecimal() else None

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"days": links(request), **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        shown = self.get_object(request, object_id)
        context = story_of(request, shown) if shown is not None else {}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        return search(queryset, search_term), False

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, *args, **kwargs)
        form.user = request.user
        return form

    def save_model(self, request: HttpRequest, obj: Execution, form: Any, change: bool) -> None:
        """Nothing is left to save: the form has called the service, and a save would overwrite a worker's state."""

    def delete_model(self, request: HttpRequest, obj: Execution) -> None:
        services.delete(obj, by=cast("User", request.user))


def _has(execution: Execution, name: str) -> bool:
    """Whether there is anything to show in one of the first fields."""
    match name:
        case "shown_output":
            return bool(execution.output)
        case "shown_error":
            return bool(execution.error or execution.error_code)
        case "shown_question":
            return bool(execution.question)
        case "priority":
            return execution.state == State.QUEUED
        case _:
            return True
