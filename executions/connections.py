"""The live connections (WebSockets and Server-Sent Events) that each user has to this process, and their limit.

Each costs a file descriptor and memory for as long as its client likes: without a limit one user could take them all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import ngettext

from executions.conf import conf
from executions.counters import READERS
from executions.errors import ExecutionError

_open: Counter[int] = Counter()


class TooManyConnections(ExecutionError):
    """You have too many live connections open; close one first."""

    code = "too_many_connections"
    status = 429


def require_room(user_id: int) -> None:
    """Raise TooManyConnections when the user may open no other one now."""
    if _open[user_id] >= conf.max_connections_per_user:
        text = ngettext(
            "You have %(count)s live connection open; close one first.",
            "You have %(count)s live connections open; close one first.",
            _open[user_id],
        )
        raise TooManyConnections(text % {"count": _open[user_id]})


@contextmanager
def counted(user_id: int) -> Iterator[None]:
    """Count a connection while it lasts. Called on the event loop only."""
    _open[user_id] += 1
    READERS.inc()
    try:
        yield
    finally:
        READERS.dec()
        _open[user_id] -= 1
        if not _open[user_id]:
            del _open[user_id]
