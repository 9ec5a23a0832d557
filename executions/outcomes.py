"""Decides how an execution ended, from how its agent did."""

from __future__ import annotations

import logging

from executions.agents.base import AgentFailure
from executions.events import Finished
from executions.running import Running, StopReason
from executions.states import Outcome

logger = logging.getLogger(__name__)


def finished_event(running: Running) -> Finished:
    """Return the final event of an execution whose agent has ended or was given up."""
    match running.stop_reason:
        case StopReason.CANCELED:
            return Finished(Outcome.CANCELED)
        case StopReason.TIMED_OUT:
            seconds = running.limits.wall_seconds
            return Finished(Outcome.TIMED_OUT, f"It took longer than the limit of {seconds:g} seconds.", "wall_time")
        case StopReason.SHUTDOWN:
            return Finished(Outcome.LOST, "The server was stopped while this was running.", "shutdown")
        case StopReason.REFUSED:
            return Finished(Outcome.FAILED, running.refusal, "refused")
    task = running.agent_task
    assert task is not None
    assert task.done()
    if task.cancelled():
        return Finished(Outcome.FAILED, "The agent canceled itself.", "failed")
    error = task.exception()
    if error is None:
        return Finished(Outcome.SUCCEEDED)
    if isinstance(error, AgentFailure):
        return Finished(Outcome.FAILED, str(error), error.code)
    logger.error("the agent of execution %s failed", running.pk, exc_info=error)
    return Finished(Outcome.FAILED, _text_of(error), "error")


def _text_of(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # an agent's own error class may raise anything here, and its execution must finish all the same
        logger.exception("an error of an agent can't say what it is")
        return type(error).__name__
