"""Where the log goes, what a line of it says, and what happens when nobody reads it any more."""

from __future__ import annotations

import logging
import sys

from executions.log_context import execution_id, request_id


class StderrHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to standard error; when its reader is gone, the log ends and the server goes on.

    Without this, the complaint that the log can't be written is itself logged, and so on without end: the server's
    standard error leads to the log.
    """

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        if not isinstance(sys.exc_info()[1], BrokenPipeError):
            super().handleError(record)


class About(logging.Filter):
    """Notes with each line which execution and which request it is about; takes none away."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.execution, record.request_id = execution, request = execution_id.get(), request_id.get()
        parts = [f"execution {execution}"] if execution else []
        parts += [f"request {request}"] if request else []
        record.about = f" [{', '.join(parts)}]" if parts else ""
        return True
