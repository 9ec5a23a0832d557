"""The actions of the list, and the page that shows what each would do before it is done, and asks for a reason."""

from __future__ import annotations

from functools import partial
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from executions.admin.acts import ACTS, CANCEL, PRIORITY, RETRY, Act
from executions.admin.base import StaffPages
from executions.admin.forms import ConfirmForm
from executions.models import Execution
from executions.models.execution import ExecutionQuerySet

#: Of those that an act is about, how many its page names.
NAMED = 20


class Acting(StaffPages):
    """Cancel, run again, and change the priority: selected ones, or the one that is shown."""

    actions = ("cancel_selected", "retry_selected", "reprioritize_selected")

    def get_urls(self) -> list[URLPattern]:
        pages = [
            path(
                f"{act.name}/",
                self.admin_site.admin_view(partial(self.act_view, act=act)),
                name=f"executions_execution_{act.name}",
            )
            for act in ACTS
        ]
        return [*pages, *super().get_urls()]

    @admin.action(description=_("Cancel selected executions…"), permissions=["change"])
    def cancel_selected(self, request: HttpRequest, queryset: ExecutionQuerySet) -> HttpResponse | None:
        return self._begin(request, queryset, CANCEL)

    @admin.action(description=_("Run selected executions again…"), permissions=["change"])
    def retry_selected(self, request: HttpRequest, queryset: ExecutionQuerySet) -> HttpResponse | None:
        return self._begin(request, queryset, RETRY)

    @admin.action(description=_("Change the priority of selected executions…"), permissions=["change"])
    def reprioritize_selected(self, request: HttpRequest, queryset: ExecutionQuerySet) -> HttpResponse | None:
        return self._begin(request, queryset, PRIORITY)

    def act_view(self, request: HttpRequest, act: Act) -> HttpResponse:
        """Say what would be done (GET), then do it (POST)."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        asked = request.method == "POST"
        form = act.form(request.POST) if asked else ConfirmForm({"ids": request.GET.get("ids", "")})
        form.full_clean()
        if "ids" in form.errors:
            self.message_user(request, " ".join(map(str, form.errors["ids"])), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:executions_execution_changelist"))
        ids = form.cleaned_data["ids"]
        if not asked or not form.is_valid():
            initial = {"ids": form.data["ids"]}
            return self._confirmation(request, form if asked else act.form(initial=initial), ids, act)
        chosen = Execution.objects.visible_to(request.user).filter(pk__in=ids)
        by = cast("User", request.user)  # the permission has seen to it
        said, did = act.do(chosen if act is CANCEL else act.chosen(chosen), form.cleaned_data, by)
        self.message_user(request, said, messages.SUCCESS if did else messages.WARNING)
        name = "change" if len(ids) == 1 and chosen.exists() else "changelist"
        return HttpResponseRedirect(reverse(f"admin:executions_execution_{name}", args=ids if name == "change" else []))

    def _begin(self, request: HttpRequest, queryset: ExecutionQuerySet, act: Act) -> HttpResponse | None:
        ids = list(act.chosen(queryset).order_by("pk").values_list("pk", flat=True)[: act.form.most])
        if not ids:
            self.message_user(request, str(act.nothing), messages.WARNING)
            return None
        return self._confirmation(request, act.form(initial={"ids": ",".join(map(str, ids))}), ids, act)

    def _confirmation(self, request: HttpRequest, form: ConfirmForm, ids: list[int], act: Act) -> TemplateResponse:
        chosen = act.chosen(Execution.objects.visible_to(request.user)).filter(pk__in=ids)
        count = chosen.count()
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": act.title,
            "opts": self.opts,
            "media": self.media,
            "act": act,
            "form": form,
            "count": count,
            "would": act.would(chosen, count) if count else "",
            "some": chosen.without_bodies().prefetch_related("owner").order_by("pk")[:NAMED],
        }
        return TemplateResponse(request, "admin/executions/execution/confirm.html", context)
