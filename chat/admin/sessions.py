"""Sessions of all users: to look at and to remove; title and archive can be changed."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from chat import services
from chat.models import Message, Session
from executions.admin.base import StaffPages
from executions.models import Execution
from executions.narrowing import containing, newest
from executions.states import Source
from executions.templatetags.executions import status

#: Characters of a message in the list of a session.
SHORT = 300


class MessageInline(TabularInline):
    """The messages of a session, in order, page by page."""

    model = Message
    extra = 0
    per_page = 50
    can_delete = False
    fields = ("turn", "role", "short", "shown_outcome", "run", "created_at")
    readonly_fields = fields
    ordering = ("turn", "pk")
    show_change_link = True
    tab = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("message"))
    def short(self, message: Message) -> str:
        """The beginning; the whole of it is on its own page."""
        beginning = message.content[:SHORT] or message.error[:SHORT]
        return f"{beginning}…" if len(message.content) > SHORT else beginning or "-"

    @admin.display(description=_("outcome"))
    def shown_outcome(self, message: Message) -> SafeString | str:
        return status(message.outcome) if message.outcome else "-"

    @admin.display(description=_("execution"))
    def run(self, message: Message) -> SafeString | str:
        """A link; the execution itself is not read."""
        if message.execution_id is None:
            return "-"
        url = reverse("admin:executions_execution_change", args=[message.execution_id])
        return format_html('<a class="staff-link" href="{}">{}</a>', url, message.execution_id)


@admin.register(Session)
class SessionAdmin(StaffPages):
    """Sessions; whoever removes one stops what runs in it."""

    list_display = ("session_id", "owner", "shown_title", "message_count", "runs", "archived", "used")
    list_select_related = ("owner",)
    search_fields = ("session_id",)  # shows the form; get_search_results() looks
    search_help_text = _("A session, an owner, or words of one of the newest titles")
    ordering = ("-id",)
    sortable_by = ()
    fields = ("owner", "session_id", "title", "archived", "message_count", "runs", "created_at", "updated_at")
    readonly_fields = ("owner", "session_id", "message_count", "runs", "created_at", "updated_at")
    inlines = (MessageInline,)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet[Any], bool]:
        """Look for an owner, then for a session by what ran in it, which has an index; for words among the newest."""
        term = search_term.replace("\0", "").strip()
        if not term:
            return queryset, False
        if (owner := User.objects.filter(username=term).first()) is not None:
            return queryset.filter(owner=owner), False
        owners = set(Execution.objects.filter(session_id=term).order_by().values_list("owner_id", flat=True)[:1_000])
        if owners:
            return queryset.filter(Q(owner__in=owners), session_id=term), False
        return containing(newest(queryset), term, ("title", "session_id")), False

    @admin.display(description=_("title"))
    def shown_title(self, session: Session) -> str:
        return session.title or "-"

    @admin.display(description=_("last used"))
    def used(self, session: Session) -> SafeString:
        at = f"{localtime(session.updated_at):%Y-%m-%d %H:%M}"
        return format_html('<span class="staff-time">{}</span>', at)

    @admin.display(description=_("executions"))
    def runs(self, session: Session) -> SafeString:
        """Where they are listed, and can be stopped."""
        url = f"{reverse('admin:executions_execution_changelist')}?{urlencode({'q': session.session_id})}"
        return format_html('<a class="staff-link" href="{}">{}</a>', url, gettext("its executions"))

    def delete_model(self, request: HttpRequest, obj: Session) -> None:
        """Stop what runs in it, too."""
        by = cast("User", request.user)
        services.delete_session(obj.owner, obj.session_id, by=by, source=Source.ADMIN)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        for session in queryset.select_related("owner"):
            self.delete_model(request, session)
