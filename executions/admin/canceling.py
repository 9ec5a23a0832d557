"""Canceling from the staff's pages: what was selected is shown first, then stopped, with a reason."""

from __future__ import annotations

from typing import cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from executions import services
from executions.admin.base import StaffPages
from executions.admin.forms import MAX_SELECTED, CancelForm
from executions.models import Execution
from executions.models.execution import ExecutionQuerySet
from executions.states import Source


class Canceling(StaffPages):
    """The action of the list, and the page that confirms it."""

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
        chosen = Execution.objects.visible_to(request.user).filter(pk__in=ids)
        by = cast("User", request.user)  # the permission has seen to it
        report = services.cancel(chosen, by=by, reason=form.cleaned_data["reason"], source=Source.ADMIN)
        self.message_user(request, _summary(report), messages.SUCCESS if report.count else messages.WARNING)
        name = "change" if len(ids) == 1 and chosen.exists() else "changelist"
        return HttpResponseRedirect(reverse(f"admin:executions_execution_{name}", args=ids if name == "change" else []))

    def _confirmation(self, request: HttpRequest, form: CancelForm, ids: list[int]) -> TemplateResponse:
        unfinished = (
            Execution.objects.visible_to(request.user)
            .unfinished()
            .filter(pk__in=ids)
            .select_related("owner")
            .order_by("pk")
        )
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


def _summary(report: services.CancelReport) -> str:
    parts = {
        "canceled": report.canceled,
        "told to stop": report.requested,
        "told to stop before": report.already_requested,
        "finished already": report.already_finished,
    }
    return ", ".join(f"{len(ids):,} {word}" for word, ids in parts.items() if ids) or "Nothing to cancel."
