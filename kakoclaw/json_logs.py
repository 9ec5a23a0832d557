"""The log as JSON, by structlog; imported only where it is written so."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

from structlog.processors import JSONRenderer
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger

from executions.log_context import execution_id, request_id

FORMATTER = logging.Formatter()


def formatter(*, traces: bool = False) -> ProcessorFormatter:
    """Return the formatter that writes one JSON object a line, for programs that collect logs.

    With ``traces``, a line that is written within a span names it.
    """
    chain: list[Processor] = [_what, *([_span] if traces else [])]
    renderer = JSONRenderer(serializer=json.dumps, ensure_ascii=False, default=str)
    return ProcessorFormatter(
        foreign_pre_chain=chain,
        processors=[_exception, ProcessorFormatter.remove_processors_meta, renderer],
    )


def _what(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Say when, how bad, by whom, what, and about which execution and request."""
    record: logging.LogRecord = event["_record"]
    line: EventDict = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": event.pop("event"),
        "process": record.process,
    }
    if (execution := execution_id.get()) is not None:
        line["execution_id"] = execution
    if request := request_id.get():
        line["request_id"] = request
    return {**line, **event}


def _span(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Name the span within which the line is written."""
    span = sys.modules["opentelemetry.trace"].get_current_span().get_span_context()
    if span.is_valid:
        event["trace_id"], event["span_id"] = f"{span.trace_id:032x}", f"{span.span_id:016x}"
    return event


def _exception(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Tell of an exception as Python does."""
    if exc_info := event.pop("exc_info", None):
        event["exception"] = FORMATTER.formatException(exc_info)
    if stack := event.pop("stack_info", None):
        event["stack"] = stack
    return event
