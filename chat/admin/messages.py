"""Messages of all users, read only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import lazy
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chat.models import Message
from executions.admin.base import StaffPages
from executions.narrowing import SEARCHED_ROWS, containing, newest
from executions.templatetags.executions import status
from executions.wording import number


def _help() -> str:
    return gettext("Words of one of the newest %(rows)s messages") % {"rows": number(SEARCHED_ROWS)}


@admin.register(Message)
class MessageAdmin(StaffPages):
    """What people said, and what was answered. It has no filters: no index would serve them."""

    list_display = ("id", "session", "shown_role", "short", "shown_outcome", "said")
    list_select_related = ("session",)
    sortable_by = ("id",)
    search_fields = ("content",)  # shows the form; get_search_results() looks
    search_help_text = lazy(_help, str)()
    ordering = ("-id",)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet[Any], bool]:
        """Look at the newest: no index finds words in the middle of a text."""
        term = search_term.replace("\0", "").strip()
        return (containing(newest(queryset), term, ("content",)) if term else queryset), False

    @admin.display(description=_("role"))
    def shown_role(self, message: Message) -> str:
        return gettext(message.role)

    @admin.display(description=_("message"))
    def short(self, message: Message) -> str:
        """The beginning, on one line."""
        return " ".join(message.content[:120].split()) or "-"

    @admin.display(description=_("outcome"))
    def shown_outcome(self, message: Message) -> SafeString | str:
        return status(message.outcome) if message.outcome else "-"

    @admin.display(description=_("said"))
    def said(self, message: Message) -> str:
        return f"{localtime(message.created_at):%Y-%m-%d %H:%M}"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
