"""Browsers that are told of executions, and what each is told."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from executions.models.delivery import Delivery


class PushSubscription(models.Model):
    """A browser in which ``owner`` is signed in. It is told as long as that login session lasts."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="push_subscriptions")
    endpoint = models.CharField(max_length=2000, unique=True, help_text="the address at the browser's push service")
    p256dh = models.CharField(max_length=200, help_text="the browser's public key")
    auth = models.CharField(max_length=100, help_text="a secret between the browser and this site")
    wanted = models.CharField(max_length=200, blank=True, help_text="statuses of executions that it is told of")
    session_key = models.CharField(max_length=40, db_index=True, editable=False)
    user_agent = models.CharField(max_length=300, blank=True)
    language = models.CharField(max_length=16, default="en")
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"browser {self.pk}"


class PushDelivery(Delivery):
    """A notification for one browser; ``body`` says what happened, and becomes words when it is sent."""

    # As of webhooks: no constraint may stand in the way of an outcome.
    target = models.ForeignKey(
        PushSubscription, on_delete=models.CASCADE, related_name="deliveries", db_index=False, db_constraint=False
    )

    class Meta(Delivery.Meta):
        verbose_name_plural = "push deliveries"
