"""Browsers that are told with no page open."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from chat.models import PushSubscription
from chat.push.agents import named
from executions.admin.base import ReadOnlyPages


@admin.register(PushSubscription)
class PushSubscriptionAdmin(ReadOnlyPages):
    """To look at. A subscription ends with the login session that it belongs to."""

    list_display = ("browser", "owner", "service", "told_of", "language", "created_at", "last_used_at")
    list_select_related = ("owner",)
    search_fields = ("owner__username",)
    fields = list_display

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("p256dh", "auth", "session_key")

    @admin.display(description=_("browser"))
    def browser(self, subscription: PushSubscription) -> str:
        return named(subscription.user_agent)

    @admin.display(description=_("push service"))
    def service(self, subscription: PushSubscription) -> str:
        """The host alone: whoever has the whole address could send there."""
        return urlsplit(subscription.endpoint).netloc

    @admin.display(description=_("told of"))
    def told_of(self, subscription: PushSubscription) -> str:
        return ", ".join(subscription.wanted.split()) or "-"
