"""The audit log: to look at, for nobody to change."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from executions import auditing, wording
from executions.actions import Action
from executions.admin.base import ReadOnlyPages
from executions.models import AuditEntry

#: The staff's pages about what an entry is about, by its kind.
PAGES = {
    "execution": "admin:executions_execution_change",
    "worker": "admin:executions_worker_change",
    "webhook": "admin:executions_webhook_change",
    "user": "admin:auth_user_change",
    "limits": "admin:auth_user_change",
}
DETAILS_CHARS = 160


class ActionFilter(admin.SimpleListFilter):
    """All there are: asking the table which occur would read all of it."""

    title = _("what")
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Action.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(action=self.value()) if self.value() else queryset


class SinceFilter(admin.SimpleListFilter):
    """How far back, by the index of times."""

    title = _("when")
    parameter_name = "days"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("The last 24 hours")), ("7", _("The last 7 days")), ("30", _("The last 30 days"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        days = self.value()
        return auditing.since(queryset, timezone.now() - timedelta(days=int(days))) if days else queryset


@admin.register(AuditEntry)
class AuditAdmin(ReadOnlyPages):
    """Who did what to what, when, and from where."""

    list_display = (
        "shown_at", "shown_actor", "shown_action", "shown_object", "owner_name", "shown_source", "address",
        "shown_details",
    )  # fmt: skip
    list_display_links = ("shown_at",)
    list_filter = (SinceFilter, ActionFilter, "others")
    search_fields = ("object_id",)  # shows the form; get_search_results() looks
    search_help_text = _("An id of what it was done to, a user's name, or an address, exactly")
    sortable_by = ()
    fields = (
        "shown_at", "shown_actor", "shown_action", "shown_object", "owner_name", "others", "count", "shown_source",
        "address", "client", "request_id", "shown_all_details",
    )  # fmt: skip

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet[Any], bool]:
        return auditing.search(queryset, search_term), False

    @admin.display(description=_("when"))
    def shown_at(self, entry: AuditEntry) -> str:
        return f"{localtime(entry.at):%Y-%m-%d %H:%M:%S}"

    @admin.display(description=_("who"))
    def shown_actor(self, entry: AuditEntry) -> str:
        return entry.actor_name or "-"

    @admin.display(description=_("what"))
    def shown_action(self, entry: AuditEntry) -> str:
        return entry.what

    @admin.display(description=_("on what"))
    def shown_object(self, entry: AuditEntry) -> SafeString | str:
        kind = gettext(entry.kind) if entry.kind else ""
        text = f"{kind} {entry.object_id or f'× {entry.count:,}' if entry.kind else ''}".strip()  # noqa: RUF001
        if entry.kind not in PAGES or not entry.object_id:
            return text or "-"
        try:
            return format_html('<a href="{}">{}</a>', reverse(PAGES[entry.kind], args=[entry.object_id]), text)
        except NoReverseMatch:
            return text

    @admin.display(description=_("by what means"))
    def shown_source(self, entry: AuditEntry) -> str:
        return wording.source(entry.source)

    @admin.display(description=_("details"))
    def shown_details(self, entry: AuditEntry) -> str:
        text = _json(entry.details)
        return text if len(text) <= DETAILS_CHARS else f"{text[:DETAILS_CHARS]}…"

    @admin.display(description=_("details"))
    def shown_all_details(self, entry: AuditEntry) -> SafeString:
        text = json.dumps(entry.details, ensure_ascii=False, indent=2)
        return format_html('<pre class="execution-text">{}</pre>', text)


def _json(details: dict[str, Any]) -> str:
    return ", ".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in details.items())
