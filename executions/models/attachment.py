"""An image that somebody attached to a message; its bytes are a file in the home."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from executions import images


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    """Reads with the domain's names."""

    def unused(self) -> Self:
        """Those that no execution has used."""
        return self.filter(execution__isnull=True)


class Attachment(models.Model):
    """Whose image it is, and which execution used it last. ``id`` is the name of the file."""

    id = models.CharField(primary_key=True, max_length=64)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="attachments")
    execution = models.ForeignKey(
        "executions.Execution", null=True, blank=True, on_delete=models.CASCADE, related_name="attachments"
    )
    name = models.CharField(max_length=200)
    size = models.PositiveIntegerField(help_text="bytes")
    created_at = models.DateTimeField(default=timezone.now)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> Path:
        return images.path_of(self.pk)

    @property
    def media_type(self) -> str:
        return images.media_type_of(self.pk)
