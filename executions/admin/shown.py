"""How the columns and fields of an execution are shown to the staff."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from executions import wording
from executions.models import Execution
from executions.templatetags.executions import status as status_html


class Shown:
    """Columns of the list and fields of the page."""

    @admin.display(description=_("status"), ordering="state")
    def shown_status(self, execution: Execution) -> SafeString:
        return status_html(execution.status)

    @admin.display(description=_("created"), ordering="id")
    def shown_created(self, execution: Execution) -> SafeString:
        at = f"{localtime(execution.created_at):%Y-%m-%d %H:%M:%S}"
        return format_html('<span class="staff-time">{}</span>', at)

    @admin.display(description=_("duration"))
    def shown_duration(self, execution: Execution) -> str:
        return wording.duration(execution.duration) or "-"

    @admin.display(description=_("cost"), ordering="cost_usd")
    def shown_cost(self, execution: Execution) -> str:
        return wording.cost(execution.cost_usd) or "-"

    @admin.display(description=_("request"))
    def shown_prompt(self, execution: Execution) -> SafeString:
        return _preformatted(execution.prompt)

    @admin.display(description=_("answer"))
    def shown_output(self, execution: Execution) -> SafeString:
        return _preformatted(execution.output)

    @admin.display(description=_("question"))
    def shown_question(self, execution: Execution) -> SafeString:
        return _preformatted(_json(execution.question) if execution.question else "")

    @admin.display(description=_("receipt"))
    def shown_receipt(self, execution: Execution) -> SafeString:
        killed = "\n".join(f"{p.get('pid')} {p.get('command')}" for p in execution.receipt.get("processes", ()))
        return format_html("{}{}", wording.receipt(execution.receipt) or "-", _preformatted(killed) if killed else "")

    @admin.display(description=_("error"))
    def shown_error(self, execution: Execution) -> SafeString:
        if not execution.error and not execution.error_code:
            return SafeString("-")
        code = format_html("<code>{}</code> ", execution.error_code) if execution.error_code else ""
        return format_html("{}{}", code, execution.error)

    @admin.display(description=_("session"))
    def shown_session(self, execution: Execution) -> str | SafeString:
        """Return the session, with a link to all its executions."""
        if not execution.session_id:
            return "-"
        query = urlencode({"q": execution.session_id})
        url = f"{reverse('admin:executions_execution_changelist')}?{query}"
        return format_html('<a class="staff-link" href="{}">{}</a>', url, execution.session_id)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _preformatted(text: str) -> SafeString:
    return format_html('<pre class="execution-text">{}</pre>', text) if text else SafeString("-")
