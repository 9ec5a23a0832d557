"""How the columns and fields of an execution are shown to the staff."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from executions import wording
from executions.models import EventRow, Execution
from executions.templatetags.executions import status as status_html

EVENTS_SHOWN = 200


class Shown:
    """Columns of the list and fields of the page."""

    @admin.display(description="status", ordering="state")
    def shown_status(self, execution: Execution) -> SafeString:
        return status_html(execution.status)

    @admin.display(description="created", ordering="id")
    def shown_created(self, execution: Execution) -> str:
        return f"{localtime(execution.created_at):%Y-%m-%d %H:%M:%S}"

    @admin.display(description="duration")
    def shown_duration(self, execution: Execution) -> str:
        return wording.duration(execution.duration) or "-"

    @admin.display(description="cost", ordering="cost_usd")
    def shown_cost(self, execution: Execution) -> str:
        return wording.cost(execution.cost_usd) or "-"

    @admin.display(description="request")
    def shown_prompt(self, execution: Execution) -> SafeString:
        return _preformatted(execution.prompt)

    @admin.display(description="answer")
    def shown_output(self, execution: Execution) -> SafeString:
        return _preformatted(execution.output)

    @admin.display(description="question")
    def shown_question(self, execution: Execution) -> SafeString:
        return _preformatted(_json(execution.question) if execution.question else "")

    @admin.display(description="receipt")
    def shown_receipt(self, execution: Execution) -> SafeString:
        killed = "\n".join(f"{p.get('pid')} {p.get('command')}" for p in execution.receipt.get("processes", ()))
        return format_html("{}{}", wording.receipt(execution.receipt) or "-", _preformatted(killed) if killed else "")

    @admin.display(description=f"last {EVENTS_SHOWN} events")
    def shown_events(self, execution: Execution) -> SafeString:
        rows = EventRow.objects.filter(execution=execution).order_by("-seq")[:EVENTS_SHOWN]
        cells = [(row.seq, _time(row.created_at), row.type, _json(row.data)[:2_000]) for row in rows]
        table = format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td><code>{}</code></td></tr>", cells)
        if execution.pruned:
            return SafeString("Removed to save space.")
        return format_html('<table class="execution-events">{}</table>', table) if table else SafeString("-")


def _time(value: datetime) -> str:
    return localtime(value).time().isoformat("milliseconds")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _preformatted(text: str) -> SafeString:
    return format_html('<pre class="execution-text">{}</pre>', text) if text else SafeString("-")
