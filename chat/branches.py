"""A conversation that goes on in more than one way: copies of it, and what was set aside for something else.

Nothing that was said is lost: what a message takes the place of becomes a session of its own, an archived one, with a
copy of what came before it. It is a *version* of the conversation at that turn, and can be read and continued.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max, Min, Q, QuerySet
from django.utils.translation import gettext as _

from chat.models import Message, Role, Session
from executions import validation
from executions.errors import InvalidInput, KeepsConversation, NotFound, SessionBusy
from executions.models import Execution

FORK_PREFIX = "web:chat:fork:"
VERSION_PREFIX = "web:chat:version:"
MAX_TITLE_CHARS = 200


def fork(owner: User, session_id: str, message_id: int = 0, execution_id: int | None = None) -> tuple[Session, int]:
    """Copy a session up to and including a message (0: all of it); returns the new session and the copies' number.

    ``execution_id`` means the last message of that execution instead. A turn that has not finished is left out: its
    answer does not exist yet. The copies keep their executions, so the agent remembers in the fork what it knew.
    Raises InvalidInput, NotFound.
    """
    if not isinstance(message_id, int) or isinstance(message_id, bool) or message_id < 0:
        raise InvalidInput(_("message_id must be the number of a message, or 0 for all."))
    with transaction.atomic():
        source = _session(owner, session_id)
        messages = list(_copied(source))
        if message_id or execution_id is not None:
            wanted = [
                m.execution_id == execution_id if execution_id is not None else m.pk == message_id for m in messages
            ]
            if not any(wanted):
                raise NotFound(_("There is no such message in this session."))
            messages = messages[: len(wanted) - wanted[::-1].index(True)]
        kept = [m for m in messages if m.execution is None or m.execution.outcome]
        target = Session.objects.create(
            owner=owner,
            session_id=_free_id(owner, FORK_PREFIX),
            title=f"{source.title[: MAX_TITLE_CHARS - 7]} (fork)".strip(),
            turns=max((m.turn for m in kept), default=0),
        )
        _copy(kept, target)
        Session.objects.filter(pk=target.pk).summarize()
    target.refresh_from_db()
    return target, len(kept)


def set_aside(owner: User, session_id: str, execution_id: int) -> Session:
    """Take the turn of ``execution_id`` and all after it out of a session, into a version of its own; returns that.

    To be called in the transaction that begins something in their place. Raises NotFound, SessionBusy while something
    in the session is unfinished, and KeepsConversation where the agent could not forget what is set aside.
    """
    session = Session.objects.owned_by(owner).filter(session_id=session_id).select_for_update().first()
    prompt = session.messages.filter(execution=execution_id, role=Role.USER).first() if session else None
    if session is None or prompt is None:
        raise NotFound(_("There is no such message in this session."))
    if Execution.objects.unfinished().filter(owner=owner, session_id=session_id).exists():
        raise SessionBusy(_("Something in this session is unfinished; stop it first, then change what came before it."))
    later = session.messages.filter(turn__gte=prompt.turn)
    if later.filter(execution__isnull=False).exclude(execution__agent_session="").exists():
        raise KeepsConversation
    same_place = session.branch_of_id if session.branch_turn == prompt.turn else None
    version = Session.objects.create(
        owner=owner,
        session_id=_free_id(owner, VERSION_PREFIX),
        title=session.title,
        archived=True,
        branch_of_id=same_place or session.pk,
        branch_turn=prompt.turn,
        turns=session.turns,
        created_at=session.created_at,
    )
    _copy([m for m in _copied(session) if m.turn < prompt.turn], version)
    later.update(session=version)
    # The versions of what has moved are versions of it where it is now.
    Session.objects.filter(branch_of=session, branch_turn__gt=prompt.turn).update(branch_of=version)
    Session.objects.filter(pk=session.pk).update(turns=prompt.turn - 1)
    Session.objects.filter(pk__in=[session.pk, version.pk]).summarize()
    return version


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions of a conversation from one turn on, as session ids, the oldest first; ``here`` is one of them."""

    sessions: list[str]
    here: str

    @property
    def position(self) -> int:
        """Which of them this is, from 1."""
        return self.sessions.index(self.here) + 1

    @property
    def before(self) -> str:
        """The session id of the one before, or nothing."""
        return self.sessions[self.position - 2] if self.position > 1 else ""

    @property
    def after(self) -> str:
        """The session id of the next one, or nothing."""
        return self.sessions[self.position] if self.position < len(self.sessions) else ""

    def frame(self) -> dict[str, str | int]:
        """Return what a page needs to lead from one to the other."""
        return {"position": self.position, "count": len(self.sessions), "before": self.before, "after": self.after}


def versions_of(session: Session) -> dict[int, Versions]:
    """Return the versions of a session by the turn from which on they differ."""
    ours = Q(branch_of=session.pk)
    beside = Q(branch_of=session.branch_of_id, branch_turn=session.branch_turn) | Q(pk=session.branch_of_id)
    rows = Session.objects.filter(ours | beside if session.branch_of_id else ours, owner=session.owner_id)
    turns: dict[int, list[str]] = defaultdict(list)
    root = ""
    for row in rows.filter(deleted_at=None).order_by("pk"):
        if row.pk == session.branch_of_id:
            root = row.session_id
        elif row.branch_turn is not None:
            turns[row.branch_turn].append(row.session_id)
    # The one that the others were set aside for is the newest.
    for ids in turns.values():
        newest = root if session.session_id in ids else session.session_id
        if newest:
            ids.append(newest)
    return {turn: Versions(ids, session.session_id) for turn, ids in turns.items() if len(ids) > 1}


def versions_below(pks: Collection[int]) -> QuerySet[Session]:
    """Return the archived versions of these sessions, and the versions of those."""
    found: set[int] = set()
    level = set(pks)
    while level:
        level = set(Session.objects.filter(branch_of__in=level, archived=True).values_list("pk", flat=True)) - found
        found |= level
    return Session.objects.filter(pk__in=found)


@dataclass(frozen=True, slots=True)
class Kept:
    """From the first to the last turn that is part of a conversation which an agent keeps itself."""

    first: int
    last: int


def kept_by_agents(session: Session) -> list[Kept]:
    """Return where an agent, such as the Claude CLI, has a record of its own, which can't be cut."""
    theirs = session.messages.filter(execution__isnull=False).exclude(execution__agent_session="")
    rows = theirs.values("execution__agent_session").annotate(first=Min("turn"), last=Max("turn"))
    return [Kept(row["first"], row["last"]) for row in rows]


def _session(owner: User, session_id: str) -> Session:
    session = Session.objects.owned_by(owner).filter(session_id=validation.session_id(session_id)).first()
    if session is None:
        raise NotFound(_("There is no such session."))
    return session


def _copied(session: Session) -> QuerySet[Message]:
    bodies = ("execution__transcript", "execution__prompt", "execution__output")
    return session.messages.select_related("execution").defer(*bodies).in_order()


def _copy(messages: list[Message], target: Session) -> None:
    for message in messages:
        message.pk, message.session, message.client_id = None, target, ""
    Message.objects.bulk_create(messages, batch_size=200)


def _free_id(owner: User, prefix: str) -> str:
    number = time.time_ns() // 1_000_000
    while Session.objects.filter(owner=owner, session_id=f"{prefix}{number}").exists():
        number += 1
    return f"{prefix}{number}"
