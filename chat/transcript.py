"""A session's messages as clients get them, the answer that is being written included."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from chat.duration import spoken
from chat.markdown import plain, render
from chat.models import Message, Role, Session
from chat.tasks import rfc3339
from executions import events, readers
from executions.models import Execution

#: The most messages of one answer; ``before`` leads to the ones before them.
MAX_MESSAGES = 500
#: How many characters of one answer are rendered as Markdown, the newest first; what is older is shown as it is.
MAX_RENDERED_CHARS = 500_000


def message_of(message: Message, session_id: str, *, rendered: bool = True) -> dict[str, Any]:
    """Return a stored message; ``execution`` has to be loaded with it."""
    to_html = render if rendered and message.role == Role.ASSISTANT else plain
    execution = message.execution
    return {
        "id": message.pk,
        "session_id": session_id,
        "role": message.role,
        "content": message.content,
        "html": to_html(message.content),
        "created_at": rfc3339(message.created_at),
        "execution_id": message.execution_id,
        "status": execution.status if execution else message.outcome,
        "outcome": message.outcome,
        "error": message.error,
        "receipt": execution.receipt if execution and message.role == Role.ASSISTANT else {},
        "duration": spoken(execution.duration) if execution else "",
    }


def messages_of(session: Session, limit: int = MAX_MESSAGES, before: int | None = None) -> list[dict[str, Any]]:
    """Return the newest ``limit`` messages (older than the message ``before``), as the conversation went.

    What an unfinished execution has written so far is a message of its own behind its prompt, with ``id`` 0 and
    ``seq``, after which a subscription continues it.
    """
    bodies = ("execution__prompt", "execution__output", "execution__transcript", "execution__options")
    stored = session.messages.select_related("execution").defer(*bodies).order_by("-turn", "-pk")
    if before and (anchor := session.messages.filter(pk=before).first()):
        stored = stored.filter(Q(turn__lt=anchor.turn) | Q(turn=anchor.turn, pk__lt=anchor.pk))
    shown: list[dict[str, Any]] = []
    budget = MAX_RENDERED_CHARS
    for message in stored[:limit]:
        budget -= len(message.content)
        execution = message.execution
        if message.role == Role.USER and execution and execution.started_at and not execution.outcome:
            shown.append(partial_answer(execution))
        shown.append(message_of(message, session.session_id, rendered=budget >= 0))
    return shown[::-1]


def partial_answer(execution: Execution) -> dict[str, Any]:
    """Return what the journal holds of an answer that is still being written."""
    entries = readers.read(execution.pk)
    content = "".join(entry.data["text"] for entry in entries if entry.type == events.Text.type)
    return {
        "id": 0,
        "session_id": execution.session_id,
        "role": Role.ASSISTANT,
        "content": content,
        "html": render(content),
        "created_at": rfc3339(execution.started_at),
        "execution_id": execution.pk,
        "status": execution.status,
        "outcome": "",
        "error": "",
        "receipt": {},
        "duration": spoken(execution.duration),
        "seq": entries[-1].seq if entries else 0,
    }


def sessions_of(sessions: list[Session], owner: Any) -> list[dict[str, Any]]:
    """Return sessions for a list, each with the status of what is unfinished in it (``""`` for none)."""
    unfinished = Execution.objects.filter(owner=owner).unfinished().without_bodies().order_by("-pk")
    status: dict[str, str] = {}
    for execution in unfinished.filter(session_id__in=[s.session_id for s in sessions]):
        # The one that has begun says more than those that wait behind it.
        if execution.started_at or execution.session_id not in status:
            status[execution.session_id] = execution.status
    return [session_of(session, status.get(session.session_id, "")) for session in sessions]


def session_of(session: Session, status: str = "") -> dict[str, Any]:
    """Return one session."""
    return {
        "session_id": session.session_id,
        "title": session.title,
        "archived": session.archived,
        "last_message": " ".join(session.last_message.split()),
        "created_at": rfc3339(session.created_at),
        "updated_at": rfc3339(session.updated_at),
        "message_count": session.message_count,
        "status": status,
    }
