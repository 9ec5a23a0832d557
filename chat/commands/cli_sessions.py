"""The CLI's sessions: which of an owner's runs belong to one."""

from __future__ import annotations

from django.contrib.auth.models import User

from executions.errors import NotFound
from executions.models import Execution
from executions.states import State

AGENT = "claude"
#: Among so many of an owner's newest runs the one of a request is looked for.
SEARCHED = 500


class UnknownSession(NotFound):
    """You have no such session of the CLI; its id is in every answer."""

    code = "unknown_session"


def run_in(owner: User, session_id: str) -> Execution:
    """Return the run of ``owner`` that a session waits with, else its newest one. Raises UnknownSession."""
    runs = Execution.objects.filter(owner=owner, agent=AGENT, agent_session=session_id).order_by("-pk")
    run = (runs.filter(state=State.WAITING).first() or runs.first()) if session_id else None
    if run is None:
        raise UnknownSession
    return run


def run_with(owner: User, prompt: str, project: str) -> Execution | None:
    """Return the newest run of ``owner`` with this prompt in this project, if there is one lately."""
    newest = Execution.objects.filter(owner=owner, agent=AGENT).order_by("-pk").only("prompt", "options")[:SEARCHED]
    return next((run for run in newest if run.prompt == prompt and run.options.get("project") == project), None)
