"""The thread in which a worker, or a process's readers, talk to the database.

One thread and one connection each: several writing threads are slower on SQLite, and on PostgreSQL a thread per
execution runs out of connections. Work is done in the order in which it was handed in.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import Error, InterfaceError, OperationalError, connections
from django.db.utils import load_backend

from executions.conf import conf

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


class DatabaseThread:
    """Runs ORM code in a thread of its own."""

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name, initializer=_leave_the_pool)
        self._closed = False

    async def run(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``work`` in the thread and return its result.

        Cancellation: the await ends, the work goes on and may commit. Decide by guarded updates, not by this.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, _checked, partial(work, *args, **kwargs))

    async def try_run(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Run ``work`` for somebody who comes back anyway; ``None`` while the database is away."""
        try:
            return await self.run(work, *args, **kwargs)
        except Error as error:
            logger.error("the database can't be reached: %s", error)
            return None

    async def run_patiently(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``work``, however long the database is away. Cancellation: gives it up."""
        while True:
            try:
                return await self.run(work, *args, **kwargs)
            except (OperationalError, InterfaceError) as error:
                logger.error("the database can't be reached: %s", error)
                await asyncio.sleep(conf.poll_seconds)

    async def close(self) -> None:
        """Close the connection once all work handed in is done, and end the thread. May be called again."""
        if self._closed:
            return
        self._closed = True
        await self.run(connections.close_all)
        self._executor.shutdown(wait=False)


def _leave_the_pool() -> None:
    """Give this thread connections of its own.

    It keeps one for good, so it needs no pool; and while the database is away a pool lets everybody wait, and waits
    longer and longer between its own attempts, where this thread must know at once and be back at once.
    """
    for alias in connections:
        config = connections.settings[alias]
        options = config.get("OPTIONS", {})
        if "pool" in options:
            direct = {**config, "OPTIONS": {name: value for name, value in options.items() if name != "pool"}}
            connections[alias] = load_backend(config["ENGINE"]).DatabaseWrapper(direct, alias)


def _checked(work: Callable[[], T]) -> T:
    """Do ``work``; when it fails because its connection is broken, the next one connects anew."""
    try:
        return work()
    except Error:
        forget_broken_connections()
        raise


def forget_broken_connections() -> None:
    """Let the next query of this thread connect anew. Called after a database error, inside the thread."""
    for connection in connections.all(initialized_only=True):
        connection.close_if_unusable_or_obsolete()
