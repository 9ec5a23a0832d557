"""What programs sign in with."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from chat import tokens
from chat.models import Token
from executions.admin.base import StaffPages


@admin.register(Token)
class TokenAdmin(StaffPages):
    """Tokens of all users: to see and to revoke. A token itself is known to its holder alone."""

    list_display = ("beginning", "user", "name", "scope", "created", "expiry", "last_used_at")
    list_filter = ("scope", "created", "expiry")
    list_select_related = ("user",)
    search_fields = ("user__username", "name")
    ordering = ("-created",)
    fields = ("user", "beginning", "name", "scope", "created", "expiry", "last_used_at")
    readonly_fields = fields

    @admin.display(description="token")
    def beginning(self, token: Token) -> str:
        """Enough to recognize a token by, too little to use it."""
        return token.beginning

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: Token) -> None:
        """End it, as its holder would."""
        tokens.revoke(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Token]) -> None:
        for token in queryset.select_related("user"):
            tokens.revoke(token)
