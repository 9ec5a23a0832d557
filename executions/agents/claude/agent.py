"""The agent ``claude``."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from executions.agents.base import AgentFailure, Run, Turn
from executions.agents.claude import cli, command, failures, options
from executions.agents.claude.conversation import Conversation
from executions.agents.claude.projects import resolve_project
from executions.agents.claude.usage import Meter
from executions.conf import conf
from executions.errors import ExecutionError
from executions.events import CliSession, Notice

UNKNOWN = "There is no earlier conversation {0} of yours; this is a fresh start."
FORGOTTEN = "The CLI has not kept the conversation before this message, so it begins anew and knows nothing of it."


class ClaudeAgent:
    """Runs the Claude CLI in the project of ``run.options``.

    The process is the execution's, started by ``run.spawn`` and gone with it; only the protocol is spoken here. What a
    person has written goes to its standard input, never into its arguments.
    """

    def validate_options(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options, checked. Raises ClaudeMissing, InvalidProject, InvalidInput."""
        cli.require()
        return options.validate(given)

    def lock_of(self, given: Mapping[str, Any]) -> str:
        """Return the project: the CLI has it to itself."""
        return str(given["project"])

    async def run(self, run: Run) -> None:
        """Do what ``run.prompt`` asks for, in a conversation that continues the session's.

        Raises AgentFailure with the codes ``claude_*``, ``invalid_project`` and ``image_missing``; LimitExceeded.

        Cancellation: the CLI and all it started have been killed; ``run.transcript`` holds what was used so far, and
        the CLI's own record of the conversation can be continued by the next message.
        """
        program, project, first = await asyncio.to_thread(_prepare, run)
        earlier = _Earlier(run, project)
        if wanted := run.options.get("resume"):
            if wanted != run.agent_session:
                await run.emit(Notice(UNKNOWN.format(wanted), "warning"))
            else:
                earlier.session = wanted
        else:
            earlier.look_at(await run.history())
        try:
            await self._converse(run, program, project, first, earlier)
        except failures.NoConversationError:
            await run.emit(Notice(FORGOTTEN, "warning"))
            earlier.session, earlier.total = "", 0.0
            await self._converse(run, program, project, first, earlier)

    async def _converse(
        self, run: Run, program: str, project: Path, first: tuple[dict[str, Any], str], earlier: _Earlier
    ) -> None:
        message, mode = first
        meter = Meter(earlier.total)
        with tempfile.TemporaryFile(prefix="kakoclaw-claude-") as errors:
            argv = command.arguments(program, run, mode, earlier.session)
            try:
                process = await run.spawn(
                    argv, cwd=project, env=command.environment(), stdin=True, stderr=errors.fileno()
                )
            except OSError as error:
                raise failures.not_started(error) from error
            conversation = Conversation(run, process, errors, meter, mode)
            await run.emit(CliSession(run.agent_session, str(project), conf.claude_model, bool(earlier.session)))
            try:
                await conversation.work(message)
            finally:
                process.kill()
                run.transcript = [_record(run, project, meter, conversation.result)]


class _Earlier:
    """The conversation of the CLI that a run continues: none, its own session's, or (after a fork) another one."""

    def __init__(self, run: Run, project: Path) -> None:
        self._run = run
        self._project = str(project)
        self.session = ""
        #: What the CLI said last that the conversation has cost in all.
        self.total = 0.0

    def look_at(self, turns: Any) -> None:
        """Find the newest turn of the CLI in this project."""
        for turn in reversed(turns):
            if turn.agent == "claude" and self._continues(turn):
                return

    def _continues(self, turn: Turn) -> bool:
        record = turn.transcript[0] if turn.transcript and isinstance(turn.transcript[0], dict) else None
        if record is None:
            # Its worker was lost, or it never began; the session's id is the same since the first of them.
            began = turn.outcome != "canceled" or bool(turn.output)
            self.session = self._run.agent_session if began else ""
            return began
        if record.get("project") != self._project:
            return False
        self.session, self.total = str(record["session_id"]), float(record.get("total_cost_usd") or 0)
        return True


def _prepare(run: Run) -> tuple[str, Path, tuple[dict[str, Any], str]]:
    """Return the program, the project, and the first message with the mode it begins in. Raises AgentFailure."""
    try:
        program, project = cli.require(), resolve_project(run.options.get("project"))
    except ExecutionError as error:
        raise AgentFailure(error.message, error.code) from error
    planning = command.begins_in_plan_mode(run, project)
    mode = "plan" if planning else cli.current_permission_mode()
    return program, project, (command.first_message(run, planning=planning), mode)


def _record(run: Run, project: Path, meter: Meter, result: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what the next turn of the session needs to know, and what the CLI said at last."""
    said = result or {}
    return {
        "session_id": run.agent_session,
        "project": str(project),
        "total_cost_usd": meter.total,
        "turns": said.get("num_turns"),
        "result": said.get("result"),
    }
