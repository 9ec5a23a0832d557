"""Talking MCP to a process of the run: a server started here dies with its execution, like everything it starts."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp import types
from mcp.shared.message import SessionMessage

from executions.agents.base import Process, Run
from executions.agents.llm.mcp_config import ServerConfig

#: Sends the server's standard error to a file: it must not get between the messages on standard output.
SHELL = 'log=$1; shift; exec "$@" 2>"$log"'

Incoming = SessionMessage | Exception
ToClient = MemoryObjectSendStream[Incoming]
FromClient = MemoryObjectReceiveStream[SessionMessage]
Streams = tuple[MemoryObjectReceiveStream[Incoming], MemoryObjectSendStream[SessionMessage]]


class StdioServer:
    """One server process; :meth:`streams` is the transport that an MCP client takes."""

    def __init__(self, run: Run, config: ServerConfig) -> None:
        self._run = run
        self._config = config
        self._log = Path(tempfile.mkstemp(prefix="kakoclaw-mcp-")[1])

    def last_words(self) -> str:
        """Return the last line that the server wrote to its standard error, for the reader of a failure."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").split("\n") if self._log.exists() else []
        return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "")

    def forget(self) -> None:
        """Remove what is left of the server on disk."""
        self._log.unlink(missing_ok=True)

    @contextlib.asynccontextmanager
    async def streams(self) -> AsyncIterator[Streams]:
        """Start the server and connect to it. On exit, also a canceled one, the process is killed."""
        config = self._config
        argv = ["/bin/sh", "-c", SHELL, "sh", str(self._log), config.command, *config.args]
        process = await self._run.spawn(argv, cwd=self._run.workspace, env=config.env, stdin=True)
        to_client, incoming = anyio.create_memory_object_stream[Incoming](0)
        outgoing, from_client = anyio.create_memory_object_stream[SessionMessage](0)
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(_read, process, to_client)
                group.start_soon(_write, process, from_client, to_client)
                yield incoming, outgoing
                group.cancel_scope.cancel()
        finally:
            process.kill()
            for stream in (to_client, incoming, outgoing, from_client):
                stream.close()


async def _read(process: Process, to_client: ToClient) -> None:
    """Pass on the messages of the server; end the stream when the server has ended."""
    rest = b""
    async with to_client:
        while piece := await process.read():
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                if line.strip():
                    await to_client.send(_message(line))


async def _write(process: Process, from_client: FromClient, to_client: ToClient) -> None:
    async for message in from_client:
        line = message.message.model_dump_json(by_alias=True, exclude_unset=True)
        try:
            await process.write(line.encode() + b"\n")
        except OSError:
            # The server is gone: the client learns it from the end of its stream.
            to_client.close()
            return


def _message(line: bytes) -> Incoming:
    try:
        return SessionMessage(types.jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError as error:
        return error
