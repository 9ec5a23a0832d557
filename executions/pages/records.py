"""One execution as a line of a file."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from executions.models import Execution

#: What a spreadsheet takes for the beginning of a formula, also in the full width of Japanese keyboards.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - these are meant
#: A cell of a spreadsheet holds 32,767 characters.
CELL = 32_000

COLUMNS = (
    "id", "owner", "session_id", "agent", "model", "outcome", "error_code", "error", "created_at", "started_at",
    "finished_at", "duration_seconds", "stopped_by", "stop_reason", "stop_source", "stop_requested_at",
    "stopped_after_ms", "requests", "input_tokens", "output_tokens", "cost_usd", "retry_of", "prompt", "output",
)  # fmt: skip


def record(execution: Execution) -> dict[str, Any]:
    """Return an execution as values of JSON, in the order of :data:`COLUMNS`."""
    stopper = execution.cancel_requested_by
    values = {
        "id": execution.pk,
        "owner": execution.owner.get_username(),
        "duration_seconds": execution.duration.total_seconds() if execution.duration is not None else None,
        "stopped_by": stopper.get_username() if stopper else None,
        "stop_reason": execution.cancel_reason,
        "stop_source": execution.cancel_source,
        "stop_requested_at": _time(execution.cancel_requested_at),
        "stopped_after_ms": execution.receipt.get("elapsed_ms"),
        "cost_usd": float(execution.cost_usd) if execution.cost_usd is not None else None,
        "retry_of": execution.retry_of_id,
        **{name: _time(getattr(execution, name)) for name in ("created_at", "started_at", "finished_at")},
    }
    return {name: values[name] if name in values else getattr(execution, name) for name in COLUMNS}


def as_json(execution: Execution) -> str:
    """Return an execution as a line of JSON."""
    return json.dumps(record(execution), ensure_ascii=False, separators=(",", ":")) + "\n"


def as_csv(execution: Execution) -> str:
    """Return an execution as a row of CSV, whose texts no spreadsheet takes for formulas."""
    return line([cell(value) for value in record(execution).values()])


def cell(value: Any) -> Any:
    """Return a value as a spreadsheet may have it: no formula, and no longer than a cell."""
    if not isinstance(value, str):
        return value
    text = value if len(value) <= CELL else value[:CELL] + "…"
    return f"'{text}" if text.startswith(FORMULA) else text


def line(cells: list[Any]) -> str:
    """Return a row of CSV."""
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


#: The first line; the mark in front of it is how spreadsheets know UTF-8.
CSV_HEAD = ("\N{ZERO WIDTH NO-BREAK SPACE}" + line(list(COLUMNS))).encode()


def _time(moment: Any) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
