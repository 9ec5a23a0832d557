"""What the command page asks for: a new run, an answer, the next message of a session, or the rest of a stream."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from chat.commands.cli_sessions import AGENT, run_in, run_with
from chat.commands.images import save_images
from chat.commands.names import prompt_of
from chat.commands.questions import answer_of
from executions import events, services
from executions.agents.claude.projects import resolve_project
from executions.errors import InvalidInput, NotFound
from executions.models import EventRow, Execution
from executions.states import Source, State

SESSION_PREFIX = "web:command:"


class NothingToResume(InvalidInput):
    """There is no run of this request to read on; leave Last-Event-ID out to start one."""

    code = "nothing_to_resume"


class WrongProject(InvalidInput):
    """The session belongs to another project."""

    code = "invalid_project"


def start_command(owner: User, given: dict[str, Any]) -> Execution:
    """Start a command in a project. Raises InvalidInput and what :func:`services.start` does."""
    prompt, project = _wanted(given)
    options: dict[str, Any] = {"project": project, "on_busy_project": given["on_busy_project"]}
    if images := given.get("images"):
        options["images"] = save_images(owner, images)
    return services.start(
        owner=owner,
        prompt=prompt,
        session_id=f"{SESSION_PREFIX}{uuid.uuid4().hex[:16]}",
        agent=AGENT,
        options=options,
        source=Source.API,
    )


def started_before(owner: User, given: dict[str, Any]) -> Execution:
    """Return the newest run that the same request has started. Raises InvalidInput, NothingToResume."""
    prompt, project = _wanted(given)
    run = run_with(owner, prompt, project)
    if run is None:
        raise NothingToResume
    return run


def continue_session(owner: User, given: dict[str, Any]) -> tuple[Execution, int]:
    """Answer what a session's run waits for, or send its next message; returns the run, and what was read of it.

    Raises UnknownSession, InvalidInput and what :func:`services.start` and :func:`services.answer` do.
    """
    last = _run_in(owner, given)
    if last.state == State.WAITING and not last.stopping:
        question = last.question or {}
        answer = answer_of(question, given["answer"])
        services.answer(last.pk, question_id=question["question_id"], answer=answer, by=owner)
        return last, _seq_of(last, question["question_id"])
    if not isinstance(given["answer"], str):
        raise InvalidInput(_("This session asks nothing now, so the answer must be text: its next message."))
    following = services.start(
        owner=owner,
        prompt=given["answer"],
        session_id=last.session_id,
        agent=AGENT,
        options={
            "project": last.options["project"],
            "resume": given["session_id"],
            "on_busy_project": given["on_busy_project"],
        },
        source=Source.API,
    )
    return following, 0


def continued_before(owner: User, given: dict[str, Any]) -> Execution:
    """Return the newest run of a session. Raises UnknownSession, InvalidInput."""
    return _run_in(owner, given)


def run_of(owner: User, execution_id: int) -> Execution:
    """Return a run of ``owner`` by its id. Raises NotFound, also for somebody else's."""
    run = Execution.objects.filter(owner=owner, agent=AGENT, pk=execution_id).first()
    if run is None:
        raise NotFound(_("You have no such run."))
    return run


def _wanted(given: dict[str, Any]) -> tuple[str, str]:
    return prompt_of(given["command"], given.get("args") or ""), str(resolve_project(given["project"]))


def _run_in(owner: User, given: dict[str, Any]) -> Execution:
    project = str(resolve_project(given["project"]))
    last = run_in(owner, given["session_id"])
    if last.options.get("project") != project:
        raise WrongProject(f"That session belongs to the project {last.options.get('project')}.")
    return last


def _seq_of(execution: Execution, question_id: str) -> int:
    asked = EventRow.objects.filter(execution=execution, type=events.Question.type, data__question_id=question_id)
    return asked.order_by("-seq").values_list("seq", flat=True).first() or 0
