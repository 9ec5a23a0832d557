"""Waiting for what must become true, without sleeping for a guessed time."""

import asyncio
import time
from collections.abc import Callable


def wait_until(predicate: Callable[[], object], timeout: float = 5.0) -> None:
    """Return once ``predicate()`` is true; AssertionError when it has not become so in time."""
    deadline = time.monotonic() + timeout
    while not predicate():
        assert time.monotonic() < deadline, f"not true after {timeout} s"
        time.sleep(0.005)


async def await_until(predicate: Callable[[], object], timeout: float = 5.0) -> None:  # noqa: ASYNC109
    """As :func:`wait_until`, letting the event loop run."""
    deadline = time.monotonic() + timeout
    while not predicate():
        assert time.monotonic() < deadline, f"not true after {timeout} s"
        await asyncio.sleep(0.005)
