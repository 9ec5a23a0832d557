"""One run of the CLI: its messages in, its questions answered, to its result.

Everything happens in the run's one task, so a cancellation arrives exactly where the run is; the process is the
execution's own and has been killed by then.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import IO, Any

from executions.agents.base import Answer, LimitExceeded, Process, Run
from executions.agents.claude import failures
from executions.agents.claude.lines import Lines, Message
from executions.agents.claude.permissions import Permissions
from executions.agents.claude.telling import Teller
from executions.agents.claude.usage import Meter
from executions.conf import conf
from executions.events import Notice, Question

#: How long the CLI may take to end after its result; it writes its transcript then.
END_SECONDS = 3.0
MAX_WORDS_BYTES = 4_000


class Conversation:
    """Talks to a process of the CLI. ``result`` is the CLI's result, once there is one."""

    def __init__(self, run: Run, process: Process, errors: IO[bytes], meter: Meter, mode: str) -> None:
        self._run = run
        self._process = process
        self._errors = errors
        self._meter = meter
        self._lines = Lines(process)
        self._teller = Teller(run, meter)
        self._permissions = Permissions(self._ask, configured=conf.claude_permission_mode, mode=mode)
        self.result: Message | None = None

    async def work(self, first: Message) -> None:
        """Send the prompt and go on to the result.

        Raises AgentFailure (see :mod:`executions.agents.claude.failures`), LimitExceeded, and NoConversationError when
        the CLI does not know the session that it was to resume. Cancellation: the process is left as it is.
        """
        # Five images are some 30 MB of text.
        await self._write(await asyncio.to_thread(json.dumps, first))
        self._be_patient()
        async for message in self._lines.messages():
            await self._take(message)
            if self.result is not None:
                break
            self._check_limits()
            self._be_patient()
        if self.result is None:
            raise await self._ended_early()
        await self._conclude(self.result)

    async def _take(self, message: Message) -> None:
        match message.get("type"):
            case "stream_event":
                await self._teller.stream(message)
            case "assistant":
                await self._teller.assistant(message)
            case "user":
                await self._teller.user(message)
            case "system":
                self._permissions.mode = str(message.get("permissionMode") or self._permissions.mode)
                await self._teller.system(message)
            case "control_request":
                await self._respond(message)
            case "result":
                self.result = message

    async def _respond(self, message: Message) -> None:
        request = message.get("request") or {}
        response: dict[str, Any] = {"subtype": "success", "request_id": message.get("request_id")}
        if request.get("subtype") == "can_use_tool":
            response["response"] = await self._permissions.decide(request)
        else:
            response |= {"subtype": "error", "error": f"{request.get('subtype')} is not supported here."}
        await self._send({"type": "control_response", "response": response})

    async def _ask(self, question: Question) -> Answer:
        """Ask the owner, for as long as the CLI is there to hear the answer. Raises AgentFailure ``claude_ended``."""
        asking = asyncio.ensure_future(self._run.ask(question))
        ended = asyncio.ensure_future(self._process.wait())
        try:
            await asyncio.wait({asking, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                raise await self._ended_early()
            return asking.result()
        finally:
            for task in (asking, ended):
                task.cancel()
            await asyncio.gather(asking, ended, return_exceptions=True)

    async def _send(self, message: Mapping[str, Any]) -> None:
        await self._write(json.dumps(message))

    async def _write(self, line: str) -> None:
        try:
            await self._process.write(line.encode() + b"\n")
        except BrokenPipeError:
            return  # It has ended: why is in its output, which is read next.

    def _be_patient(self) -> None:
        """Tools take as long as they take; only a CLI that has nothing to wait for may not be silent."""
        self._lines.patience = None if self._teller.tools else float(conf.claude_idle_seconds)

    def _check_limits(self) -> None:
        limits = self._run.limits
        if self._meter.requests > limits.steps:
            raise LimitExceeded(f"Stopped after {limits.steps} steps, the limit of an execution.", "step_limit")
        if self._meter.tokens > limits.tokens:
            text = f"Stopped after {self._meter.tokens:,} tokens; the limit of an execution is {limits.tokens:,}."
            raise LimitExceeded(text, "token_limit")

    async def _conclude(self, result: Message) -> None:
        """Take the result, then let the CLI end; what it keeps running in the background ends with the run."""
        missing = any(failures.NO_CONVERSATION in str(error) for error in result.get("errors") or ())
        if missing and not self._meter.requests:
            raise failures.NoConversationError
        self._meter.settle(result)
        await self._run.emit(self._meter.event())
        if result.get("is_error"):
            raise failures.of_result(result)
        if not self._teller.said_anything:
            await self._teller.say(str(result.get("result") or ""))
        await self._end()

    async def _end(self) -> None:
        self._process.close_stdin()
        if self._teller.background:
            names = "; ".join(self._teller.background)[:500]
            await self._run.emit(
                Notice(f"Ended with the run, because it still ran in the background: {names}", "warning")
            )
        ended = asyncio.ensure_future(self._process.wait())
        try:
            # Its transcript is written within milliseconds; a background command would keep it for ever.
            await asyncio.wait({ended}, timeout=END_SECONDS)
        finally:
            ended.cancel()

    async def _ended_early(self) -> Exception:
        """Return why there is no result."""
        status = await self._process.wait()
        words = self._last_words()
        if failures.NO_CONVERSATION in words and not self._meter.requests:
            return failures.NoConversationError()
        return failures.ended_early(status, words)

    def _last_words(self) -> str:
        """Return the end of what the CLI wrote to its standard error."""
        size = self._errors.seek(0, 2)
        self._errors.seek(max(0, size - MAX_WORDS_BYTES))
        return self._errors.read().decode("utf-8", "replace")
