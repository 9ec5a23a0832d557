"""The CLI's output as messages: one JSON object a line, of any length an agent can produce."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from executions.agents.base import Process
from executions.agents.claude import failures

#: Writing a file of some megabytes is a line of its length and more; this is where it can be no message any more.
MAX_LINE_BYTES = 256 * 1024 * 1024
READ_BYTES = 1024 * 1024

Message = dict[str, Any]


class Lines:
    """Reads messages from a process."""

    def __init__(self, process: Process) -> None:
        self._process = process
        #: For how many seconds the process may say nothing, from the next read on; ``None`` for as long as it likes.
        self.patience: float | None = None

    async def messages(self) -> AsyncIterator[Message]:
        """Yield messages to the end of the output. Raises AgentFailure: ``claude_garbage``, ``claude_silent``.

        Cancellation: what was read and not yielded is lost.
        """
        pieces: list[bytes] = []
        size = 0
        while data := await self._read():
            *ends, rest = data.split(b"\n")
            for end in ends:
                line = b"".join((*pieces, end))
                pieces, size = [], 0
                if line.strip():
                    yield _parse(line)
            pieces.append(rest)
            size += len(rest)
            if size > MAX_LINE_BYTES:
                raise failures.too_long(MAX_LINE_BYTES)
        if (line := b"".join(pieces)).strip():
            yield _parse(line)

    async def _read(self) -> bytes:
        patience = self.patience
        try:
            async with asyncio.timeout(patience) as timer:
                return await self._process.read(READ_BYTES)
        except TimeoutError:
            if not timer.expired() or patience is None:
                raise
            raise failures.silent(patience) from None


def _parse(line: bytes) -> Message:
    try:
        # Here and not in a thread, which would hold the interpreter all the same: some 2 ms for a megabyte.
        message = json.loads(line)
    except (ValueError, RecursionError):
        raise failures.garbage(line) from None
    if not isinstance(message, dict):
        raise failures.garbage(line)
    return message
