"""What strangers cause, and what is away, is logged in one line."""

from __future__ import annotations

import logging
import time

from redis.exceptions import RedisError

#: Seconds between two lines about the same outage.
OUTAGE_SECONDS = 10.0


class OneLine(logging.Filter):
    """Takes the traceback off: a scanner's made-up host name is no bug, and must not bury the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = None
        return True


class OutageLine(logging.Filter):
    """Lets one line through now and then about a connection that is down, and all else as it is."""

    def __init__(self) -> None:
        super().__init__()
        self._quiet_until = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, (OSError, RedisError)):
            return True
        record.msg, record.args, record.exc_info = f"{record.getMessage()}: {error}", (), None
        now = time.monotonic()
        if now < self._quiet_until:
            return False
        self._quiet_until = now + OUTAGE_SECONDS
        return True
