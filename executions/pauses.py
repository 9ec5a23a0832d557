"""Tells a stream's sender when nothing has come for a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TypeVar

T = TypeVar("T")


async def with_pauses(items: AsyncGenerator[T], seconds: Callable[[], float]) -> AsyncGenerator[T | None]:
    """Yield what ``items`` does, and ``None`` whenever nothing has come for ``seconds()``. Closes ``items`` at its end.

    Cancellation: ``items`` is closed.
    """
    async with aclosing(items):
        while True:
            # A task for each, because giving up waiting must not cancel the generator below.
            step = asyncio.ensure_future(anext(items, None))
            try:
                while not step.done():
                    left = seconds()
                    if left <= 0 or not (await asyncio.wait({step}, timeout=left))[0]:
                        yield None
            finally:
                if not step.done():
                    step.cancel()
                    await asyncio.wait({step})
            item = step.result()
            if item is None:
                return
            yield item
