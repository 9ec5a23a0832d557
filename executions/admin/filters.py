"""What the list of executions is narrowed by, beside its columns."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from executions.conf import conf


class AgentFilter(admin.SimpleListFilter):
    """Agents as configured: asking the table which there are would read all of it."""

    title = _("agent")
    parameter_name = "agent"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in conf.agents]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(agent=self.value()) if self.value() else queryset
