"""Sessions and messages: to look at and to remove, not to rewrite."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline

from chat import services
from chat.models import Message, Session
from executions.admin.base import StaffPages
from executions.narrowing import SEARCHED_ROWS, containing, newest
from executions.states import Source


class MessageInline(TabularInline):
    """The messages of a session, in order."""

    model = Message
    extra = 0
    can_delete = False
    fields = ("turn", "role", "content", "outcome", "error", "execution", "created_at")
    readonly_fields = fields
    ordering = ("turn", "pk")
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("execution").defer("execution__transcript")


@admin.register(Session)
class SessionAdmin(StaffPages):
    """Sessions of all users; title and archive can be changed."""

    list_display = ("session_id", "owner", "title", "message_count", "archived", "updated_at")
    list_filter = ("archived", "updated_at")
    list_select_related = ("owner",)
    search_fields = ("session_id", "title", "owner__username")
    ordering = ("-id",)
    sortable_by = ()
    fields = ("owner", "session_id", "title", "archived", "message_count", "created_at", "updated_at")
    readonly_fields = ("owner", "session_id", "message_count", "created_at", "updated_at")
    inlines = (MessageInline,)

    def delete_model(self, request: HttpRequest, obj: Session) -> None:
        """Stop what runs in it, too."""
        by = cast("User", request.user)
        services.delete_session(obj.owner, obj.session_id, by=by, source=Source.ADMIN)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        for session in queryset.select_related("owner"):
            self.delete_model(request, session)


@admin.register(Message)
class MessageAdmin(StaffPages):
    """Messages of all users, read only."""

    list_display = ("id", "session", "role", "short", "outcome", "created_at")
    list_filter = ("role", "outcome", "created_at")
    list_select_related = ("session",)
    sortable_by = ("id",)
    search_fields = ("content",)
    search_help_text = f"Words of one of the newest {SEARCHED_ROWS:,} messages"
    ordering = ("-id",)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet[Any], bool]:
        """Look at the newest: no index finds words in the middle of a text."""
        term = search_term.replace("\0", "").strip()
        return (containing(newest(queryset), term, ("content",)) if term else queryset), False

    @admin.display(description="content")
    def short(self, message: Message) -> str:
        """The beginning, on one line."""
        return " ".join(message.content[:120].split())

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
