"""Where the log goes, and what happens when nobody reads it any more."""

from __future__ import annotations

import logging
import sys


class StderrHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to standard error; when its reader is gone, the log ends and the server goes on.

    Without this, the complaint that the log can't be written is itself logged, and so on without end: the server's
    standard error leads to the log.
    """

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        if not isinstance(sys.exc_info()[1], BrokenPipeError):
            super().handleError(record)
