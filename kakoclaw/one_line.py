"""What strangers cause is logged in one line."""

from __future__ import annotations

import logging


class OneLine(logging.Filter):
    """Takes the traceback off: a scanner's made-up host name is no bug, and must not bury the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = None
        return True
