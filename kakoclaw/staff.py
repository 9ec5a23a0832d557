"""The staff's site: Unfold's look in the product's colours, its navigation, and what its frame shows on every page."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse_lazy
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from executions.models import Execution

#: Pages by group: title, icon, the page's name, and what somebody must be permitted to see it in the navigation.
PAGES: tuple[tuple[Any, tuple[tuple[Any, str, str, str], ...]], ...] = (
    ("", ((_("Dashboard"), "monitoring", "admin:index", ""), (_("Back to the panel"), "arrow_back", "chat", ""))),
    (
        _("Runs"),
        (
            (_("Executions"), "bolt", "admin:executions_execution_changelist", "executions.view_execution"),
            (_("Sessions"), "forum", "admin:chat_session_changelist", "chat.view_session"),
            (_("Messages"), "chat", "admin:chat_message_changelist", "chat.view_message"),
            (_("Queue"), "front_hand", "admin:executions_hold_changelist", "executions.view_hold"),
            (_("Workers"), "memory", "admin:executions_worker_changelist", "executions.view_worker"),
        ),
    ),
    (
        _("People"),
        (
            (_("Users"), "person", "admin:auth_user_changelist", "auth.view_user"),
            (_("Groups"), "group", "admin:auth_group_changelist", "auth.view_group"),
            (_("Limits"), "speed", "admin:executions_ownerlimits_changelist", "executions.view_ownerlimits"),
            (_("Tokens"), "key", "admin:chat_token_changelist", "chat.view_token"),
            (_("Webhooks"), "webhook", "admin:executions_webhook_changelist", "executions.view_webhook"),
            (_("Audit log"), "policy", "admin:executions_auditentry_changelist", "executions.view_auditentry"),
        ),
    ),
)
#: The number beside a page's name, by the page.
BADGES = {"admin:executions_execution_changelist": "kakoclaw.staff.unfinished"}
#: Nobody needs to know whether it is one more, and a count looks at each.
COUNTED = 999


class StaffSite(UnfoldAdminSite):
    """All pages below ``/admin/``."""

    site_title = site_header = "KakoClaw"
    index_title = _("Dashboard")

    def extra_urls(self) -> list[URLPattern]:
        """Return the addresses of the dashboard's parts."""
        from executions.admin.dashboard import views

        return [
            path("dashboard/present/", self.admin_view(views.present_part), name="dashboard_present"),
            path("dashboard/past/", self.admin_view(views.past_part), name="dashboard_past"),
        ]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show the dashboard."""
        from executions.admin.dashboard import views

        return cast("TemplateResponse", super().index(request, views.context(request) | (extra_context or {})))


def no_colors(request: HttpRequest) -> dict[str, dict[str, str]]:
    """Return no colours to write into the page: they are in our style sheet, so that no inline style is needed."""
    return {}


def theme(request: HttpRequest) -> str:
    """Return the theme that this browser has chosen for the panel, ``auto`` for the system's."""
    chosen = request.COOKIES.get("theme", "")
    return chosen if chosen in {"light", "dark"} else "auto"


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups of pages that this member of the staff may open."""
    return [
        {
            "title": title,
            "items": [
                {"title": name, "icon": icon, "link": reverse_lazy(page)}
                | ({"active": False} if page == "chat" else {})
                | ({"badge": BADGES[page], "badge_variant": "info"} if page in BADGES else {})
                for name, icon, page, permission in pages
                if not permission or request.user.has_perm(permission)
            ],
        }
        for title, pages in PAGES
    ]


def unfinished(request: HttpRequest) -> str:
    """Return how many executions are queued, running or waiting, ``999+`` for more."""
    count = Execution.objects.unfinished().order_by().values("pk")[: COUNTED + 1].count()
    return f"{COUNTED}+" if count > COUNTED else str(count)
