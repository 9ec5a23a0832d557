"""A model server on loopback, in a process of its own, and the prompts that tell it how to answer."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from executions.testing.script import Reply, script

#: Twenty pieces a second for ten minutes, as ``count`` does with the demo agent.
STREAM = script(Reply(count=12_000, chunk_delay=0.05))
#: Takes the request and never answers.
SILENT = script(Reply(hang="start"))


@asynccontextmanager
async def fake_model() -> AsyncIterator[dict[str, str]]:
    """Start the server; yields the variables that point a site at it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "executions.testing.fake_openai", "--port", "0", stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        address = re.search(r"http://\S+", line)
        if address is None:
            raise RuntimeError(f"the fake model server said {line!r} instead of its address")
        yield {"OPENAI_BASE_URL": address[0], "OPENAI_API_KEY": "none", "KAKOCLAW_MODEL": "openai-chat:fake"}
    finally:
        process.kill()
        await process.wait()
