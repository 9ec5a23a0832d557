"""exec: runs a shell command in the workspace."""

from __future__ import annotations

import asyncio
import codecs
import signal
from pathlib import Path

from executions.agents.base import Process
from executions.agents.tools.excerpt import Excerpt
from executions.agents.tools.tool import Tool, ToolCall, ToolError, parameters

SHELL = next(shell for shell in ("/bin/bash", "/bin/sh") if Path(shell).exists() or shell == "/bin/sh")
#: A piece is shown at once when it is this long, else pieces are gathered for this time.
PIECE_CHARS = 8192
GATHER_SECONDS = 0.03
#: For what a killed command had written and nobody had read yet.
DRAIN_SECONDS = 2.0


class Output:
    """What a command prints: shown while it comes, as far as the limit allows, and kept as an excerpt."""

    def __init__(self, call: ToolCall, limit: int) -> None:
        self.excerpt = Excerpt(limit)
        #: When the gathered text is to be shown (the loop's time), ``None`` when there is none.
        self.due: float | None = None
        self._call = call
        self._room = limit
        self._gathered = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._shown_at = 0.0

    async def add(self, data: bytes) -> None:
        """Take the next bytes; ``b""`` at the end."""
        text = self._decoder.decode(data, final=not data)
        self.excerpt.add(text)
        if self._room:
            self._gathered += text
        if not self._gathered:
            return
        now = asyncio.get_running_loop().time()
        self.due = max(now, self._shown_at + GATHER_SECONDS)
        if not data or self.due <= now or len(self._gathered) >= PIECE_CHARS:
            await self.show()

    async def show(self) -> None:
        """Show what was gathered."""
        text, self._gathered, self.due = self._gathered[: self._room], "", None
        self._room -= len(text)
        self._shown_at = asyncio.get_running_loop().time()
        if text:
            await self._call.output(text)
            if not self._room:
                await self._call.output("\n[… the limit is reached: what follows is not shown …]\n")


async def run(call: ToolCall, command: str, timeout: float | None = None) -> str:  # noqa: ASYNC109 - the model's wish
    """Return the output and the exit status; a status other than 0 is a result, not an error.

    Cancellation: the command and all it started are killed.
    """
    if "\0" in command:
        raise ToolError("A command cannot hold a NUL character.")
    limits = call.run.limits
    seconds = min(timeout or limits.tool_seconds, limits.tool_seconds)
    output = Output(call, limits.tool_output_chars)
    process: Process | None = None
    try:
        async with asyncio.timeout(seconds) as timer:
            process = await _started(call, command)
            await _pump(process, output)
            status = await process.wait()
    except TimeoutError:
        if not timer.expired():
            raise
        if process is not None:
            process.kill()
            await _drain(process, output)
        raise ToolError(_joined(output, f"stopped: it ran longer than {seconds:g} s")) from None
    finally:
        if process is not None:
            process.kill()
    return _joined(output, f"exit status {status}" if status >= 0 else f"killed by {_signal(-status)}")


async def _started(call: ToolCall, command: str) -> Process:
    try:
        return await call.run.spawn([SHELL, "-c", command], cwd=call.run.workspace)
    except OSError as error:
        raise ToolError(f"The command could not be started: {error}.") from error


async def _drain(process: Process, output: Output) -> None:
    """Take what a killed command has still written; not for ever, the kernel may keep a process from ending."""
    try:
        async with asyncio.timeout(DRAIN_SECONDS) as timer:
            await _pump(process, output)
    except TimeoutError:
        if not timer.expired():
            raise


async def _pump(process: Process, output: Output) -> None:
    data = b"more"
    while data:
        try:
            async with asyncio.timeout_at(output.due) as gathering:
                data = await process.read()
        except TimeoutError:
            if not gathering.expired():
                raise
            await output.show()
            continue
        await output.add(data)


def _joined(output: Output, ending: str) -> str:
    text = str(output.excerpt)
    return f"{text}{'' if not text or text.endswith(chr(10)) else chr(10)}[{ending}]"


def _signal(number: int) -> str:
    return signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"


TOOL = Tool(
    name="exec",
    description=(
        "Run a shell command in the workspace and return its output and exit status. It has no standard input and "
        "no terminal; what it leaves running in the background is ended with it."
    ),
    parameters=parameters(
        ["command"],
        command={"type": "string", "minLength": 1, "maxLength": 100_000, "description": "The command line."},
        timeout={"type": "number", "exclusiveMinimum": 0, "description": "Seconds after which it is stopped."},
    ),
    function=run,
)
