"""An address that its owner wants to be told about executions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

ACTIVE = Q(disabled_at__isnull=True)


class WebhookQuerySet(models.QuerySet["Webhook"]):
    """Reads with the domain's names, and what happens to a webhook."""

    def active(self) -> Self:
        return self.filter(ACTIVE)

    def note_success(self, pk: int) -> None:
        """Forget the failures before."""
        self.filter(pk=pk, failures__gt=0).update(failures=0, failing_since=None)

    def note_failure(self, pk: int) -> None:
        """Count a failure in a row with those before."""
        self.filter(pk=pk).update(failures=F("failures") + 1, failing_since=Coalesce("failing_since", Now()))

    def worn_out(self, pk: int, failures: int, lasting: timedelta) -> Self:
        """The webhook, when that many attempts in a row have failed over that long."""
        return self.active().filter(pk=pk, failures__gte=failures, failing_since__lte=Now() - lasting)

    def disable(self, reason: str) -> bool:
        """Switch them off; ``True`` for the one call that did."""
        return self.active().update(disabled_at=Now(), disabled_reason=reason) > 0

    def enable(self) -> bool:
        """Switch them on, without the failures before."""
        changes = {"disabled_at": None, "disabled_reason": "", "failures": 0, "failing_since": None}
        return self.filter(~ACTIVE).update(**changes) > 0


class Webhook(models.Model):
    """Where to tell of what. Its secret is derived from ``key_id`` (see :mod:`executions.webhooks.secrets`)."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="webhooks")
    name = models.CharField(max_length=100)
    url = models.CharField(max_length=2000)
    #: Names of events without their prefix, with blanks between: the outbox reads it with one statement for all.
    wanted = models.CharField(max_length=200)
    key_id = models.CharField(max_length=64, editable=False)
    old_key_id = models.CharField(max_length=64, blank=True, editable=False)
    old_key_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    failures = models.PositiveIntegerField(default=0, help_text="attempts in a row that failed")
    failing_since = models.DateTimeField(null=True, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_reason = models.CharField(max_length=500, blank=True, help_text="empty when a person did it")

    objects = WebhookQuerySet.as_manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name

    @property
    def active(self) -> bool:
        return self.disabled_at is None

    @property
    def events(self) -> list[str]:
        """Names of the events, such as ``execution.failed``."""
        return [f"execution.{kind}" for kind in self.wanted.split()]

    def key_ids(self, now: datetime) -> list[str]:
        """The keys that sign at this moment, the newest first."""
        old = self.old_key_until is not None and now < self.old_key_until
        return [self.key_id, self.old_key_id] if old else [self.key_id]
