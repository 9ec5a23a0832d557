"""That the queue is held: while such a row is there and not released, nothing is claimed."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class HoldQuerySet(models.QuerySet["Hold"]):
    """Reads with the domain's names, and the guarded transition."""

    def in_force(self) -> Self:
        """Those that hold something now, the one of everything first."""
        return self.filter(released_at__isnull=True).order_by("agent")

    def release(self, pk: int, by: str) -> bool:
        """End a hold; ``True`` for the one caller that did."""
        return self.filter(pk=pk, released_at__isnull=True).update(released_at=Now(), released_by=by) == 1


class Hold(models.Model):
    """From when to when, by whom and why; of one agent's executions, or of everybody's."""

    agent = models.CharField(_("agent"), max_length=64, blank=True, help_text=_("empty for all"))
    held_at = models.DateTimeField(_("held at"), db_default=Now())
    held_by = models.CharField(_("held by"), max_length=150, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    released_at = models.DateTimeField(_("released at"), null=True, blank=True)
    released_by = models.CharField(_("released by"), max_length=150, blank=True)

    objects = HoldQuerySet.as_manager()

    class Meta:
        verbose_name = _("hold of the queue")
        verbose_name_plural = _("holds of the queue")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(name="one_hold_per_agent", fields=["agent"], condition=Q(released_at__isnull=True))
        ]

    def __str__(self) -> str:
        return f"hold {self.pk}"
