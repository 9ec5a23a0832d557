"""One conversation of one user."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Self, cast

from django.conf import settings
from django.db import connection, models
from django.db.models import Count, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Substr
from django.utils import timezone

from executions.prepared import Among, Param, Prepared, PreparedUpdate

TITLE_CHARS = 80
LAST_MESSAGE_CHARS = 200


class SessionQuerySet(models.QuerySet["Session"]):
    """Reads with the domain's names, and the one way to renew what is denormalised."""

    def owned_by(self, user: Any) -> Self:
        """The sessions of ``user``: nobody else's, also for staff, because two users may use one ``session_id``.

        Those in the trash are left out.
        """
        return self.filter(owner=user, deleted_at=None) if user.is_authenticated else self.none()

    def newest_first(self) -> Self:
        return self.order_by("-updated_at", "-pk")

    def next_turn(self, owner_id: int, session_id: str, prompt: str, now: datetime) -> tuple[int, int]:
        """Begin a turn with ``prompt``; makes the session when there is none. Returns its primary key and the turn.

        One statement, which also locks the session: messages sent at the same moment get turns of their own.
        """
        time = connection.ops.adapt_datetimefield_value(now)
        values = (owner_id, session_id, title_of(prompt), prompt[:LAST_MESSAGE_CHARS], time, time)
        with connection.cursor() as cursor:
            cursor.execute(_NEXT_TURN, values)
            return cast("tuple[int, int]", cursor.fetchone())

    def lock(self, ids: Iterable[int]) -> None:
        """Lock sessions until the transaction ends; in one order everywhere, so that two can't wait for each other."""
        _LOCK.rows(ids=ids)

    def add_answers(self, answers: Mapping[int, int], now: datetime) -> None:
        """Renew what is kept for lists, of sessions that got this many answers each, by primary key."""
        for count in set(answers.values()):
            _ADD_ANSWERS.execute(ids=[pk for pk, n in answers.items() if n == count], count=count, now=now)

    def summarize(self) -> None:
        """Renew ``message_count`` and ``last_message`` of these sessions from their messages, in one UPDATE."""
        from chat.models.message import Message

        mine = Message.objects.filter(session=OuterRef("pk"))
        count = mine.order_by().values("session").annotate(n=Count("pk")).values("n")
        self.update(message_count=Coalesce(Subquery(count), 0), last_message=_last_message(), updated_at=timezone.now())


class Session(models.Model):
    """A conversation. ``session_id`` is made by the client and is unique per owner, not globally.

    ``turns`` is the number of the last turn; ``message_count`` and ``last_message`` are kept for lists.

    ``branch_of`` and ``branch_turn`` say which session went on differently from that turn on: this one keeps what had
    been said there before. ``deleted_at`` is when it was thrown away; it can be brought back for a while.
    """

    # No index of its own: that of the list begins with it.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="chat_sessions", db_index=False
    )
    session_id = models.CharField(max_length=128)
    title = models.CharField(max_length=200, blank=True)
    archived = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    turns = models.PositiveIntegerField(default=0, editable=False)
    message_count = models.PositiveIntegerField(default=0, editable=False)
    last_message = models.CharField(max_length=LAST_MESSAGE_CHARS, blank=True, editable=False)
    branch_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="branches", editable=False
    )
    branch_turn = models.PositiveIntegerField(null=True, blank=True, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = SessionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(name="session_once_per_owner", fields=["owner", "session_id"])]
        indexes = [
            models.Index(F("owner"), F("updated_at").desc(), F("id").desc(), name="session_list"),
            models.Index(fields=["deleted_at"], condition=Q(deleted_at__isnull=False), name="session_trash"),
        ]

    def __str__(self) -> str:
        return self.title or self.session_id


def title_of(content: str) -> str:
    """Return the first line of ``content`` that says something, shortened to a title."""
    line = " ".join(next((line for line in content[:10_000].splitlines() if line.strip()), "").split())
    return line if len(line) <= TITLE_CHARS else line[: TITLE_CHARS - 1].rstrip() + "…"


def _last_message() -> Coalesce:
    """The beginning of the last thing said in a session."""
    from chat.models.message import Message

    newest = Message.objects.filter(session=OuterRef("pk")).exclude(content="").order_by("-turn", "-pk")
    return Coalesce(Subquery(newest.values(text=Substr("content", 1, LAST_MESSAGE_CHARS))[:1]), Value(""))


#: Who writes into an archived session, or into one in the trash, wants to see it again.
_NEXT_TURN = f"""
    INSERT INTO {Session._meta.db_table}
        (owner_id, session_id, title, last_message, created_at, updated_at, archived, turns, message_count)
    VALUES (%s, %s, %s, %s, %s, %s, FALSE, 1, 1)
    ON CONFLICT (owner_id, session_id) DO UPDATE SET
        title = CASE WHEN {Session._meta.db_table}.title = '' THEN excluded.title
                     ELSE {Session._meta.db_table}.title END,
        last_message = excluded.last_message,
        updated_at = excluded.updated_at,
        archived = FALSE,
        deleted_at = NULL,
        turns = {Session._meta.db_table}.turns + 1,
        message_count = {Session._meta.db_table}.message_count + 1
    RETURNING id, turns
"""  # noqa: S608 - names of ours
_LOCK = Prepared(
    lambda: Session.objects.filter(Among("pk", "ids")).select_for_update().order_by("pk").values_list("pk")
)
_ADD_ANSWERS = PreparedUpdate(
    lambda: Session.objects.filter(Among("pk", "ids")),
    lambda: {
        "message_count": F("message_count") + Param("count"),
        "last_message": _last_message(),
        "updated_at": Param("now", Session._meta.get_field("updated_at")),
    },
)
