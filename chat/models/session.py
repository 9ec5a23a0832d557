"""One conversation of one user."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Count, F, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce, Substr
from django.utils import timezone

TITLE_CHARS = 80
LAST_MESSAGE_CHARS = 200


class SessionQuerySet(models.QuerySet["Session"]):
    """Reads with the domain's names, and the one way to renew what is denormalised."""

    def owned_by(self, user: Any) -> Self:
        """The sessions of ``user``: nobody else's, also for staff, because two users may use one ``session_id``."""
        return self.filter(owner=user) if user.is_authenticated else self.none()

    def newest_first(self) -> Self:
        return self.order_by("-updated_at", "-pk")

    def summarize(self) -> None:
        """Renew ``message_count`` and ``last_message`` of these sessions from their messages, in one UPDATE."""
        from chat.models.message import Message

        mine = Message.objects.filter(session=OuterRef("pk"))
        count = mine.order_by().values("session").annotate(n=Count("pk")).values("n")
        newest = mine.exclude(content="").order_by("-turn", "-pk").values(text=Substr("content", 1, LAST_MESSAGE_CHARS))
        self.update(
            message_count=Coalesce(Subquery(count), 0),
            last_message=Coalesce(Subquery(newest[:1]), Value("")),
            updated_at=timezone.now(),
        )


class Session(models.Model):
    """A conversation. ``session_id`` is made by the client and is unique per owner, not globally.

    ``turns`` is the number of the last turn; ``message_count`` and ``last_message`` are kept for lists.
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

    objects = SessionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(name="session_once_per_owner", fields=["owner", "session_id"])]
        indexes = [models.Index(F("owner"), F("updated_at").desc(), F("id").desc(), name="session_list")]

    def __str__(self) -> str:
        return self.title or self.session_id


def title_of(content: str) -> str:
    """Return the first line of ``content`` that says something, shortened to a title."""
    line = " ".join(next((line for line in content[:10_000].splitlines() if line.strip()), "").split())
    return line if len(line) <= TITLE_CHARS else line[: TITLE_CHARS - 1].rstrip() + "…"
