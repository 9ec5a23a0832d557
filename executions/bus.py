"""Doorbells: channel-layer messages that make something happen sooner, and never decide anything.

Losing one costs latency, not correctness: everything a doorbell says is in the database, and is read there once a
second anyway. So a doorbell that can't be sent is logged and forgotten.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from asgiref.sync import async_to_sync
from channels.exceptions import ChannelFull
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from executions.counters import DOORBELLS_FAILED
from executions.outages import Outage

logger = logging.getLogger(__name__)

#: Heard by every worker: there is something to claim; somebody reads an execution.
WORKERS = "workers"
#: Heard by every process with readers of life-cycle changes.
CHANGES = "changes"

#: After this a doorbell is given up: a channel layer that neither takes nor refuses must not pile them up.
SEND_SECONDS = 5.0

#: The event loop of this process's server or worker, when it has one.
_home_loop: asyncio.AbstractEventLoop | None = None
_ringing: set[asyncio.Task[None]] = set()
_outage = Outage(logger, "doorbells are lost, the database is polled")


def set_home_loop(loop: asyncio.AbstractEventLoop | None) -> None:
    """Tell on which loop the channel layer of this process lives."""
    global _home_loop
    _home_loop = loop


def worker_group(worker_id: str) -> str:
    """The group of one worker: cancels and answers for what it holds."""
    return f"worker.{worker_id}"


def hub_group(hub_id: str) -> str:
    """The group of one process's readers."""
    return f"hub.{hub_id}"


async def send(group: str, message: dict[str, Any]) -> None:
    """Ring ``group``; a channel layer that is down is logged, not raised."""
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await layer.group_send(group, message)
    except (OSError, RedisError, ChannelFull) as error:
        DOORBELLS_FAILED.inc()
        _outage.complain(error)


def ring(group: str, message: dict[str, Any]) -> None:
    """Ring ``group`` from synchronous code, without waiting when this process has a loop to do it on."""
    loop = _home_loop if _home_loop is not None and not _home_loop.is_closed() else None
    try:
        here = asyncio.get_running_loop()
    except RuntimeError:
        here = None
    if here is not None and loop in (here, None):
        _spawn(send(group, message))
    elif loop is None:
        async_to_sync(send)(group, message)
    else:
        loop.call_soon_threadsafe(lambda: _spawn(send(group, message)))


def _spawn(coroutine: Coroutine[Any, Any, None]) -> None:
    task = asyncio.get_running_loop().create_task(coroutine)
    _ringing.add(task)  # the loop itself keeps only a weak reference
    task.add_done_callback(_ringing.discard)
