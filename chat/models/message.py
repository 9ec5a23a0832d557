"""One thing that was said in a session."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from executions.states import Outcome


class Role(StrEnum):
    """Who said it."""

    USER = "user"
    ASSISTANT = "assistant"
    SYSTEM = "system"


class MessageQuerySet(models.QuerySet["Message"]):
    """Reads with the domain's names."""

    def owned_by(self, user: Any) -> Self:
        return self.filter(session__owner=user, session__deleted_at=None) if user.is_authenticated else self.none()

    def in_order(self) -> Self:
        """As the conversation went: a message that waited in the queue comes after the answer before it."""
        return self.order_by("turn", "pk")

    def at_home(self) -> Self:
        """Leave out copies that a fork made: only messages in the session their execution ran in."""
        return self.filter(session__owner=F("execution__owner"), session__session_id=F("execution__session_id"))


class Message(models.Model):
    """A message; a user's and the assistant's answer to it share ``turn`` and ``execution``.

    An answer is stored in the transaction that finishes its execution, whatever the outcome: a partial one is kept,
    with ``outcome`` and ``error`` saying how it ended. ``client_id`` is the sender's own name for a message; sending
    the same one twice is one message.
    """

    # No index of its own: the order's begins with it.
    session = models.ForeignKey("chat.Session", on_delete=models.CASCADE, related_name="messages", db_index=False)
    execution = models.ForeignKey(
        "executions.Execution", null=True, blank=True, on_delete=models.SET_NULL, related_name="messages"
    )
    turn = models.PositiveIntegerField()
    role = models.CharField(max_length=16, choices=[(r.value, r.value) for r in Role])
    outcome = models.CharField(max_length=16, choices=[(o.value, o.value) for o in Outcome], blank=True)
    client_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    error = models.TextField(blank=True)
    content = models.TextField(blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="message_once_per_client_id", fields=["session", "client_id"], condition=~Q(client_id="")
            ),
            models.UniqueConstraint(
                name="message_once_per_execution",
                fields=["session", "execution", "role"],
                condition=Q(execution__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["session", "turn", "id"], name="message_order")]

    def __str__(self) -> str:
        return _("message %(id)s") % {"id": self.pk}
