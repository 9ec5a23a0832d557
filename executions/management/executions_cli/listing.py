"""Executions as a table."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import timezone

from executions import wording
from executions.management.executions_cli.backend import Row
from executions.management.executions_cli.table import table
from executions.status import look

HEAD = ("ID", "STATUS", "OWNER", "SESSION", "MODEL", "CREATED", "TOOK", "COST", "REQUEST")
#: Characters of a request that are looked at for a line.
REQUEST_CHARS = 200


def listing(executions: Iterable[Row]) -> str:
    """Return executions as a table."""
    return table(HEAD, [_row(execution) for execution in executions])


def ago(value: timedelta) -> str:
    """Return ``12 s ago``."""
    return f"{wording.duration(timedelta(seconds=int(value.total_seconds())))} ago"


def moment(text: str) -> datetime:
    """Return a time of the API's JSON."""
    return datetime.fromisoformat(text)


def _row(execution: Row) -> tuple[object, ...]:
    milliseconds = execution["duration_ms"]
    return (
        execution["id"],
        look(execution["status"]).word,
        execution["owner"],
        execution["session_id"],
        execution["model"],
        # A server's clock may be a little ahead of this one's.
        ago(max(timezone.now() - moment(execution["created_at"]), timedelta())),
        wording.duration(None if milliseconds is None else milliseconds / 1000),
        wording.cost(execution["usage"]["cost_usd"]),
        execution["prompt"][:REQUEST_CHARS],
    )
