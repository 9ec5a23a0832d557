"""What a client calls its request to start an execution, so that asking twice starts one."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class StartKey(models.Model):
    """A client's own name of a request of its owner, what was asked for, and what it has started."""

    # No index of its own: that of the constraint begins with it.
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=200)
    request = models.CharField(max_length=64, help_text="digest of the request's body")
    execution = models.ForeignKey("executions.Execution", null=True, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(name="start_once_per_key", fields=["owner", "key"])]
        indexes = [models.Index(fields=["created_at"], name="start_key_created")]

    def __str__(self) -> str:
        return self.key
