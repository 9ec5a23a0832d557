"""Tasks that serve for as long as their owner lives: none may end unnoticed."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Coroutine
from typing import Any

logger = logging.getLogger(__name__)


def start_service(coroutine: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    """Start ``coroutine`` in a context of its own; when it fails, the log says so at once."""
    task = asyncio.get_running_loop().create_task(coroutine, name=name, context=contextvars.Context())
    task.add_done_callback(_report)
    return task


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        logger.critical("the service %s has failed", task.get_name(), exc_info=task.exception())
