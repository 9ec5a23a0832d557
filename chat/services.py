"""What people do with sessions and messages. Views and consumers call these and nothing deeper.

Every service is synchronous ORM code in a transaction of its own; a refused request leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from chat import branches
from chat.models import Message, Session
from executions import audit, services, validation
from executions.actions import Action
from executions.errors import InvalidInput, NotFound
from executions.models import Execution
from executions.prepared import Param, Prepared, PreparedObjects
from executions.states import OnBusy, Source

DEFAULT_SESSION_ID = "web:chat"
MAX_CLIENT_ID_CHARS = 64
MAX_TITLE_CHARS = 200


def send_message(
    owner: User,
    session_id: str,
    content: str,
    *,
    model: str = "",
    web_search: bool | None = None,
    exclude_tools: Sequence[str] = (),
    on_busy: OnBusy | str = OnBusy.QUEUE,
    client_id: str | None = None,
    agent: str = "",
    agent_options: Mapping[str, Any] | None = None,
    replaces: int | None = None,
    source: Source | str = Source.API,
) -> tuple[Execution, Message]:
    """Store a user's message and start its execution, in one transaction.

    A ``client_id`` that this session has seen already returns what was started then, so that a sender who lost the
    reply may send again. ``replaces`` is an execution of this session: the conversation goes on from before it, and
    what was said from there on is set aside (:func:`chat.branches.set_aside`). Raises InvalidInput, UnknownModel,
    UnknownAgent, SessionBusy, NotFound, KeepsConversation, and what ``agent`` raises for ``agent_options``.
    """
    session_id = validation.session_id(session_id)
    client_id = validation.text(client_id or "", "client_id", MAX_CLIENT_ID_CHARS)
    options = {"web_search": web_search, "exclude_tools": list(exclude_tools), **(agent_options or {})}
    try:
        with transaction.atomic():
            if (before := _sent_before(owner, session_id, client_id)) is not None:
                return before
            if replaces is not None:
                branches.set_aside(owner, session_id, replaces)
            execution = services.start(
                owner=owner,
                prompt=content,
                session_id=session_id,
                agent=agent,
                model=model,
                options=options,
                on_busy=on_busy,
                source=source,
            )
            (message,) = _MESSAGES.all(execution=execution.pk)  # made by chat.recording, the only one so far
            if client_id:
                message.client_id = client_id
                message.save(update_fields=["client_id"])
    except IntegrityError:
        # Two senders of one client_id at the same moment: the other one has won.
        if (before := _sent_before(owner, session_id, client_id)) is None:
            raise
        return before
    return execution, message


def _sent_before(owner: User, session_id: str, client_id: str) -> tuple[Execution, Message] | None:
    if not client_id:
        return None
    mine = Message.objects.filter(session__owner=owner, execution__isnull=False).select_related("execution")
    message = mine.filter(session__session_id=session_id, client_id=client_id).first()
    return (message.execution, message) if message and message.execution else None


def get_session(owner: User, session_id: str) -> Session:
    """Return a session of ``owner``. Raises InvalidInput, NotFound."""
    session = Session.objects.owned_by(owner).filter(session_id=validation.session_id(session_id)).first()
    if session is None:
        raise NotFound(_("There is no such session."))
    return session


def unfinished(owner: User, session_id: str) -> QuerySet[Execution]:
    """Return what still runs, waits or is queued in a session of ``owner``; others' sessions are never meant."""
    session_id = validation.session_id(session_id)
    return Execution.objects.unfinished().filter(owner=owner, session_id=session_id).order_by("pk")


def ahead_of(execution: Execution) -> int:
    """Return how many executions of its session have to end before this one begins."""
    return len(_AHEAD.rows(owner=execution.owner_id, session=execution.session_id, execution=execution.pk))


def cancel(
    owner: User, session_id: str, *, reason: str = "", source: Source | str = Source.API
) -> services.CancelReport:
    """Stop everything unfinished in a session: what runs and what is queued behind it. Raises InvalidInput."""
    return services.cancel(unfinished(owner, session_id), by=owner, reason=reason, source=source)


def update_session(owner: User, session_id: str, *, title: str | None = None, archived: bool | None = None) -> Session:
    """Rename or (un)archive a session; ``None`` leaves a value as it is. Raises InvalidInput, NotFound."""
    session = get_session(owner, session_id)
    changes: dict[str, str | bool] = {}
    if title is not None:
        changes["title"] = " ".join(validation.text(title, _("The title"), MAX_TITLE_CHARS).split())
        if not changes["title"]:
            raise InvalidInput(_("The title is empty; write a name for the session."))
    if archived is not None:
        changes["archived"] = archived
    if changes:
        Session.objects.filter(pk=session.pk).update(**changes)
        session.refresh_from_db()
    return session


def delete_session(owner: User, session_id: str, *, by: User | None = None, source: Source | str = Source.API) -> None:
    """Stop what runs in a session and remove its messages; the executions stay in the history. Raises NotFound.

    Its versions that nobody went on with go with it. ``by`` is who deletes it when that is not its owner.
    """
    session_id = validation.session_id(session_id)
    with transaction.atomic():
        session = Session.objects.filter(owner=owner, session_id=session_id).first()
        if session is None:
            raise NotFound(_("There is no such session."))
        running = unfinished(owner, session_id)
        services.cancel(running, by=by or owner, reason="The session was deleted", source=source)
        # A later session of the same id must not go on with what was deleted.
        Execution.objects.filter(owner=owner, session_id=session_id).forget_conversation()
        branches.versions_below([session.pk]).delete()
        session.delete()
        if by is not None:
            record_deletion(session, by=by)


def record_deletion(session: Session, *, by: User) -> None:
    """Add to the audit log that ``by`` has deleted a session; what empties the trash later is nobody's act."""
    about: dict[str, Any] = {"kind": "session", "object_id": session.session_id, "owner": session.owner}
    audit.record(Action.DELETED, by=by, **about, title=session.title)


_MESSAGES = PreparedObjects(lambda: Message.objects.filter(execution=Param("execution")))
_AHEAD = Prepared(
    lambda: (
        Execution.objects.unfinished()
        .filter(owner=Param("owner"), session_id=Param("session"), pk__lt=Param("execution"))
        .order_by()
        .values_list("pk")
    )
)
