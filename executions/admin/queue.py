"""The panic button: hold the queue, stop everything, release it again; and the holds there have been."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from executions import holding
from executions.admin.base import ReadOnlyPages
from executions.conf import conf
from executions.errors import ExecutionError
from executions.models import Execution, HeldStop, Hold
from executions.preview import preview
from executions.states import Source
from executions.validation import MAX_REASON_CHARS


class HoldForm(forms.Form):
    """What is held, whether what runs is stopped, and why."""

    agent = forms.ChoiceField(required=False, label=gettext_lazy("Whose"))
    stop = forms.BooleanField(required=False, label=gettext_lazy("Stop all that runs or waits for an answer"))
    reason = forms.CharField(
        required=False, max_length=MAX_REASON_CHARS, label=gettext_lazy("Reason, shown to everybody")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        agents = [(name, _("Only the agent %(agent)s") % {"agent": name}) for name in conf.agents]
        cast("forms.ChoiceField", self.fields["agent"]).choices = [("", _("Everybody's")), *agents]


@admin.register(Hold)
class HoldAdmin(ReadOnlyPages):
    """Holds, those of now and those of before."""

    list_display = ("held_at", "held_by", "agent", "reason", "released_at", "released_by")
    fields = list_display
    sortable_by = ()
    change_list_template = "admin/executions/hold/list.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("panic/", view(self.panic), name="executions_hold_panic"),
            path("<int:pk>/release/", view(self.release), name="executions_hold_release"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        shown = {"holds": holding.in_force(), "may_hold": _may(request)}
        return super().changelist_view(request, {**shown, **(extra_context or {})})

    def panic(self, request: HttpRequest) -> HttpResponse:
        """Show what would be stopped (GET), then hold and stop (POST)."""
        _require(request)
        form = HoldForm(request.POST if request.method == "POST" else None, initial={"stop": True})
        if request.method == "POST" and form.is_valid():
            by, given = cast("User", request.user), form.cleaned_data
            try:
                held, new = holding.hold(by=by, reason=given["reason"], agent=given["agent"], source=Source.ADMIN)
                said = _("The queue is held.") if new else _("The queue was held already.")
                if given["stop"]:
                    report = holding.stop_everything(held, by=by, reason=given["reason"], source=Source.ADMIN)
                    said += " " + _told(report.count)
                self.message_user(request, said, messages.SUCCESS)
            except ExecutionError as error:
                self.message_user(request, error.message, messages.ERROR)
            return HttpResponseRedirect(reverse("admin:executions_hold_changelist"))
        context = {"form": form, "preview": preview(Execution.objects.active()), "holds": holding.in_force()}
        return self._page(request, "admin/executions/hold/panic.html", _("Hold the queue"), context)

    def release(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what would be queued again (GET), then release (POST)."""
        _require(request)
        held = Hold.objects.filter(pk=pk).first()
        if held is None:
            raise Http404
        if request.method == "POST":
            try:
                done = holding.release(
                    held, by=cast("User", request.user), requeue="requeue" in request.POST, source=Source.ADMIN
                )
                said = _("The queue is released.")
                if "requeue" in request.POST:
                    said += " " + _queued_again(len(done.started))
                self.message_user(request, said, messages.SUCCESS)
                for execution, why in list(done.refused.items())[:10]:
                    about = _("Run %(id)s was not queued again: %(why)s") % {"id": execution, "why": why}
                    self.message_user(request, about, messages.WARNING)
            except ExecutionError as error:
                self.message_user(request, error.message, messages.ERROR)
            return HttpResponseRedirect(reverse("admin:executions_hold_changelist"))
        count = HeldStop.objects.to_requeue().filter(hold=held).count()
        context = {"hold": held, "count": count}
        return self._page(request, "admin/executions/hold/release.html", _("Release the queue"), context)

    def _page(self, request: HttpRequest, template: str, title: str, more: dict[str, Any]) -> TemplateResponse:
        context = {**self.admin_site.each_context(request), "title": title, "opts": self.opts, **more}
        return TemplateResponse(request, template, context)


def _may(request: HttpRequest) -> bool:
    return bool(request.user.is_staff and request.user.has_perm("executions.change_hold"))


def _require(request: HttpRequest) -> None:
    if not _may(request):
        raise PermissionDenied


def _told(count: int) -> str:
    return ngettext("%(count)d run is told to stop.", "%(count)d runs are told to stop.", count) % {"count": count}


def _queued_again(count: int) -> str:
    return ngettext("%(count)d run was queued again.", "%(count)d runs were queued again.", count) % {"count": count}
