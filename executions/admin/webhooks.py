"""Webhooks of all users and what they were told: to look at, and to switch off."""

from __future__ import annotations

import json
from typing import Any

import httpx
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from executions.admin.base import ReadOnlyPages
from executions.models import Webhook, WebhookDelivery
from executions.templatetags.executions import icon
from executions.webhooks import services

#: By what a delivery's status is: the look of an execution's status, its icon, the word.
LOOKS = {
    "waiting": ("queued", "queued", _("waiting")),
    "sending": ("running", "ring", _("being sent")),
    "retrying": ("waiting", "hourglass", _("is tried again")),
    "delivered": ("succeeded", "check", _("delivered")),
    "failed": ("failed", "cross", _("not delivered")),
}


@admin.register(Webhook)
class WebhookAdmin(ReadOnlyPages):
    """Webhooks. Of an address only the host is shown: the rest may be what makes it secret."""

    list_display = ("name", "owner", "host", "events_told", "state", "failures", "failing_since", "created_at")
    list_filter = (("disabled_at", admin.EmptyFieldListFilter),)
    list_select_related = ("owner",)
    search_fields = ("name", "owner__username")
    fields = (
        "name", "owner", "host", "events_told", "state", "disabled_reason", "disabled_at", "failures", "failing_since",
        "created_at", "log",
    )  # fmt: skip
    actions = ("switch_off",)

    @admin.display(description=_("host"))
    def host(self, webhook: Webhook) -> str:
        return httpx.URL(webhook.url).host

    @admin.display(description=_("events"))
    def events_told(self, webhook: Webhook) -> str:
        return ", ".join(webhook.wanted.split())

    @admin.display(description=_("state"))
    def state(self, webhook: Webhook) -> SafeString:
        """Whether it is told anything."""
        look = ("succeeded", "check", _("on")) if webhook.active else ("canceled", "square", _("off"))
        return _status(*look)

    @admin.display(description=_("what it was told"))
    def log(self, webhook: Webhook) -> SafeString:
        where = reverse("admin:executions_webhookdelivery_changelist")
        return format_html('<a href="{}?target__id__exact={}">{}</a>', where, webhook.pk, _("the log"))

    @admin.action(description=_("Switch off selected webhooks"), permissions=["view"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[Webhook]) -> None:
        """Switch them off; their owners can switch them on again."""
        count = 0
        for webhook in queryset.active():  # type: ignore[attr-defined]
            services.change(webhook, active=False, why=services.BY_STAFF)
            count += 1
        text = ngettext("%(count)s webhook is off now.", "%(count)s webhooks are off now.", count) % {"count": count}
        self.message_user(request, text, messages.SUCCESS if count else messages.WARNING)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyPages):
    """Messages to webhooks, and how that went."""

    list_display = ("message_id", "target", "owner", "type", "execution", "shown_state", "attempts", "created_at")
    list_filter = ("state",)
    list_select_related = ("target__owner",)
    search_fields = ("=message_id", "=execution_id")
    ordering = ("-id",)
    sortable_by = ()
    fields = (
        "message_id", "target", "owner", "type", "execution", "shown_state", "attempts", "created_at", "next_at",
        "settled_at", "shown_log", "shown_body",
    )  # fmt: skip

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "target__id__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(description=_("owner"))
    def owner(self, delivery: WebhookDelivery) -> str:
        return str(delivery.target.owner)

    @admin.display(description=_("execution"))
    def execution(self, delivery: WebhookDelivery) -> SafeString | str:
        if delivery.execution_id is None:
            return "-"
        where = reverse("admin:executions_execution_change", args=[delivery.execution_id])
        return format_html('<a href="{}">{}</a>', where, delivery.execution_id)

    @admin.display(description=_("state"))
    def shown_state(self, delivery: WebhookDelivery) -> SafeString:
        return _status(*LOOKS[delivery.status])

    @admin.display(description=_("attempts so far"))
    def shown_log(self, delivery: WebhookDelivery) -> SafeString:
        return format_html("<pre>{}</pre>", "\n".join(map(_line, delivery.log)) or "-")

    @admin.display(description=_("message"))
    def shown_body(self, delivery: WebhookDelivery) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(json.loads(delivery.body), indent=2, ensure_ascii=False))


def _line(attempt: dict[str, Any]) -> str:
    took = "" if attempt["ms"] is None else f"{attempt['ms']} ms"
    return "  ".join(filter(None, (attempt["at"][:19], str(attempt["status"] or "-"), took, attempt["error"])))


def _status(name: str, look: str, word: Any) -> SafeString:
    return format_html('<span class="status" data-status="{}">{}<span>{}</span></span>', name, icon(look), word)
