"""The audit log: who did what to what, when, and from where. It is only ever added to.

The database refuses changes and deletions of its rows by triggers (see the migration), for which reason nothing here
refers to another table: users and what was acted on may go, the entries stay as they were written. On SQLite, a
migration that changes this table makes it anew without its triggers, and has to make them again; a test finds out.
"""

from __future__ import annotations

from typing import Any, NoReturn, Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from executions.actions import Action
from executions.prepared import PreparedInsert


class Unchangeable(Exception):
    """Entries of the audit log can neither be changed nor removed."""


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    """Reads; there is nothing else."""

    def security_of(self, user: Any) -> Self:
        """Sign-ins, tokens and the like on the account of ``user``."""
        return self.filter(security=True, owner_id=user.pk)

    def update(self, **values: Any) -> NoReturn:
        raise Unchangeable(Unchangeable.__doc__)

    def delete(self) -> NoReturn:
        raise Unchangeable(Unchangeable.__doc__)


class AuditEntry(models.Model):
    """One act. Names are kept beside ids: an id says which one it was, a name is what people knew it by then."""

    at = models.DateTimeField(_("when"), db_default=Now())
    actor_id = models.BigIntegerField(null=True, help_text="empty where nobody was signed in, as in a shell")
    actor_name = models.CharField(_("who"), max_length=150, blank=True)
    action = models.CharField(_("what"), max_length=32)
    kind = models.CharField(_("of what kind"), max_length=32, blank=True)
    object_id = models.CharField(_("on what"), max_length=64, blank=True, help_text="empty for several at once")
    owner_id = models.BigIntegerField(null=True, help_text="whose it is")
    owner_name = models.CharField(_("whose"), max_length=150, blank=True)
    others = models.BooleanField(_("of somebody else"), default=False)
    security = models.BooleanField(default=False)
    count = models.PositiveIntegerField(_("how many"), default=1)
    source = models.CharField(_("by what means"), max_length=16)
    address = models.CharField(_("from where"), max_length=64, blank=True)
    client = models.CharField(_("with what"), max_length=300, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    details = models.JSONField(_("details"), default=dict, blank=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit log entry")
        verbose_name_plural = _("audit log entries")
        ordering = ["-id"]
        # Each is written with every start and stop: no more than what the log is asked for.
        indexes = [
            models.Index(fields=["action", "-id"], name="audit_action"),
            models.Index(fields=["actor_name", "-id"], name="audit_actor_name"),
            models.Index(fields=["kind", "object_id"], name="audit_object"),
            models.Index(fields=["at"], name="audit_at"),
            models.Index(fields=["owner_id", "-id"], name="audit_security", condition=Q(security=True)),
            models.Index(fields=["-id"], name="audit_others", condition=Q(others=True)),
        ]

    def __str__(self) -> str:
        return f"{self.what}: {self.kind} {self.object_id}".strip()

    def add(self) -> None:
        """Write it, with the database's clock."""
        _INSERT.execute(self)

    def save(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise Unchangeable(Unchangeable.__doc__)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise Unchangeable(Unchangeable.__doc__)

    @property
    def what(self) -> str:
        """The act in words."""
        return str(Action(self.action).label) if self.action in Action.values else self.action


_INSERT = PreparedInsert(AuditEntry, without=("at",))
