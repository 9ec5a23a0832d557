"""A connection that gives up a server which no longer answers.

A server that hangs (a frozen machine, a stuck disk, a network that drops what it should carry) still has its host's
TCP acknowledge everything, or says nothing at all: nothing breaks, and a query would wait for ever, with the request or
the worker's journal behind it. The server's own timeouts do not run while it is frozen.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg

T = TypeVar("T")

#: Seconds without a word from the server, in processes that expect answers. Locks are held no longer than that, see
#: ``idle_in_transaction_session_timeout`` in :mod:`kakoclaw.databases`.
ANSWER_SECONDS = 10.0

_limit: float | None = None


def expect_answers(**kwargs: Any) -> None:
    """Give up silent servers from now on, in this process. Commands do not: a migration takes as long as it takes."""
    global _limit
    _limit = ANSWER_SECONDS


class NoAnswer(psycopg.OperationalError):
    """The database has not answered in time."""


class Connection(psycopg.Connection[Any]):
    """A connection of psycopg with a limit on the server's silence.

    What was sent may still be done by the server later: whether a commit got through is not known then.
    """

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **kwargs: Any) -> T:
        """Drive one exchange with the server. Raises NoAnswer, with the connection closed."""
        if _limit is None:
            return super().wait(gen, *args, **kwargs)
        try:
            return super().wait(_limited(gen, _limit), *args, **kwargs)
        except NoAnswer:
            self.pgconn.finish()  # not close(), which is polite and may wait
            raise


def _limited(gen: Generator[Any, Any, T], seconds: float) -> Generator[Any, Any, T]:
    """Pass on what the exchange waits for; psycopg looks in several times a second when nothing comes."""
    deadline = time.monotonic() + seconds
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            now = time.monotonic()
            if ready:
                deadline = now + seconds
            elif now > deadline:
                raise NoAnswer(f"the server has not answered for {seconds:g} s")
            wanted = gen.send(ready)
    except StopIteration as end:
        return end.value
