"""Removes deliveries from the log when they are old."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone

from executions.deliveries.channel import Channel, channels

#: Rows that one statement removes, which others wait for.
BATCH = 500


def forget_old() -> int:
    """Remove what was settled longer ago than its channel keeps it; returns how many."""
    forgotten = 0
    for channel in channels():
        old = channel.model.objects.filter(settled_at__lt=timezone.now() - channel.kept_for).order_by("settled_at")
        while ids := list(old.values_list("pk", flat=True)[:BATCH]):
            channel.model.objects.filter(pk__in=ids).delete()
            forgotten += len(ids)
        forgotten += _forget_orphans(channel)
    return forgotten


def _forget_orphans(channel: Channel) -> int:
    """Remove what was written for a receiver at the moment in which that was removed."""
    model: Any = channel.model
    receiver = model._meta.get_field("target").related_model.objects.filter(pk=OuterRef("target"))
    return int(model.objects.pending().filter(~Exists(receiver)).delete()[0])
