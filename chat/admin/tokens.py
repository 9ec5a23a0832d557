"""What programs sign in with."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chat import tokens
from chat.models import Token
from executions.admin.base import StaffPages
from executions.templatetags.executions import icon


class EndedFilter(admin.SimpleListFilter):
    """Those that still open something, or those that have ended."""

    title = _("state")
    parameter_name = "ended"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", _("valid")), ("yes", _("ended"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        ended = Q(expiry__lt=timezone.now())
        match self.value():
            case "yes":
                return queryset.filter(ended)
            case "no":
                return queryset.exclude(ended)
        return queryset


@admin.register(Token)
class TokenAdmin(StaffPages):
    """Tokens of all users: to see and to revoke. A token itself is known to its holder alone."""

    list_display = ("beginning", "user", "shown_name", "scope", "state", "created", "expiry", "last_used_at")
    list_filter = ("scope", EndedFilter)
    list_select_related = ("user",)
    search_fields = ("user__username", "name")
    ordering = ("-created",)
    fields = ("user", "beginning", "name", "scope", "created", "expiry", "last_used_at")
    readonly_fields = fields

    @admin.display(description=_("name"))
    def shown_name(self, token: Token) -> str:
        return token.name or gettext("(a login)")

    @admin.display(description=_("state"))
    def state(self, token: Token) -> SafeString:
        """Whether it still opens anything."""
        name, look, word = ("canceled", "square", _("ended")) if token.expired else ("succeeded", "check", _("valid"))
        return format_html('<span class="status" data-status="{}">{}<span>{}</span></span>', name, icon(look), word)

    @admin.display(description=_("token"))
    def beginning(self, token: Token) -> str:
        """Enough to recognize a token by, too little to use it."""
        return token.beginning

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Call it what it is: a token that is removed ends."""
        actions = super().get_actions(request)
        if (delete := actions.get("delete_selected")) is not None:
            actions["delete_selected"] = (*delete[:2], gettext("End selected tokens…"))
        return actions

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: Token) -> None:
        """End it, as its holder would."""
        tokens.revoke(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Token]) -> None:
        for token in queryset.select_related("user"):
            tokens.revoke(token)
