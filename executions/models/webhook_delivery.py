"""What one webhook is told, and how that went."""

from __future__ import annotations

from django.db import models

from executions.models.delivery import Delivery


class WebhookDelivery(Delivery):
    """A message to a webhook; ``body`` is the very text that is signed and sent."""

    # No index of its own: two others begin with it. No constraint either: it would be checked when the transaction ends
    # that writes an outcome, and a webhook that is removed at that moment would make that fail.
    target = models.ForeignKey(
        "executions.Webhook", on_delete=models.CASCADE, related_name="deliveries", db_index=False, db_constraint=False
    )

    class Meta(Delivery.Meta):
        verbose_name_plural = "webhook deliveries"
