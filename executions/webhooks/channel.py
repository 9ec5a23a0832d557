"""Webhooks as a channel of the outbox."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from executions.conf import conf
from executions.deliveries.channel import Channel, News
from executions.deliveries.outgoing import Answer, Outgoing, Undeliverable
from executions.models import Webhook, WebhookDelivery
from executions.prepared import PreparedInsert
from executions.signals import webhook_disabled
from executions.webhooks import payload, signing

logger = logging.getLogger(__name__)

#: A webhook is switched off once so many attempts in a row have failed, over at least this long.
DISABLED_AFTER = 20
DISABLED_AFTER_TIME = timedelta(hours=1)
GONE = "The receiver has answered 410 Gone: it wants nothing any more."
WORN_OUT = "{failures} attempts in a row have failed since {since}; the last: {last}"
OFF = "The webhook was switched off."
#: Due a little before now: the clocks of this host and of the database may differ, and SQLite's has no microseconds.
EARLIER = timedelta(seconds=2)

_insert = PreparedInsert(WebhookDelivery)


class WebhookChannel(Channel):
    """Signed POSTs to the addresses that owners have named."""

    name = "webhook"
    model = WebhookDelivery
    max_attempts = 8

    @property
    def kept_for(self) -> timedelta:  # type: ignore[override]  # read at each use, as all settings are
        return timedelta(days=conf.delivery_log_days)

    def receivers(self) -> QuerySet[Any, Any]:
        return Webhook.objects.active()

    def write(self, news: Sequence[News]) -> None:
        names = payload.names_of(item.execution for item in news)
        bodies: dict[int, str] = {}
        for item in news:
            if item.execution.pk not in bodies:
                bodies[item.execution.pk] = payload.of_execution(item.kind, item.execution, names)
        _insert.execute_many(
            message(item.target_id, f"execution.{item.kind}", bodies[item.execution.pk], item.execution.pk)
            for item in news
        )

    def outgoing(self, delivery: WebhookDelivery) -> Outgoing | Undeliverable:
        webhook = delivery.target
        if not webhook.active:
            return Undeliverable(OFF)
        body = delivery.body.encode()
        headers = signing.headers(delivery.message_id, int(time.time()), body, webhook.key_ids(timezone.now()))
        return Outgoing(webhook.url, body, {"Content-Type": "application/json; charset=utf-8", **headers})

    def settled(self, delivery: WebhookDelivery, answer: Answer) -> None:
        webhook: Webhook = delivery.target
        if answer.delivered:
            Webhook.objects.note_success(webhook.pk)
            return
        Webhook.objects.note_failure(webhook.pk)
        if answer.gone:
            self._disable(webhook, GONE)
        elif worn := Webhook.objects.worn_out(webhook.pk, DISABLED_AFTER, DISABLED_AFTER_TIME).first():
            last = answer.error or f"status {answer.status}"
            since = f"{worn.failing_since:%Y-%m-%d %H:%M} UTC"
            self._disable(webhook, WORN_OUT.format(failures=worn.failures, since=since, last=last)[:500])

    def _disable(self, webhook: Webhook, reason: str) -> None:
        if Webhook.objects.filter(pk=webhook.pk).disable(reason):
            logger.warning("the webhook %s of user %s is switched off: %s", webhook.pk, webhook.owner_id, reason)
            # Afterwards: whoever settles another of its deliveries has that one locked, and waits for the webhook.
            transaction.on_commit(WebhookDelivery.objects.filter(target=webhook).give_up)
            webhook_disabled.send(sender=Webhook, webhook=webhook, reason=reason)


def message(target_id: int, kind: str, body: str, execution_id: int | None, message_id: str = "") -> WebhookDelivery:
    """Return a new delivery that is due now; with the id of an earlier message, that message again."""
    return WebhookDelivery(
        target_id=target_id,
        message_id=message_id or f"msg_{uuid4().hex}",
        execution_id=execution_id,
        type=kind,
        body=body,
        next_at=timezone.now() - EARLIER,
    )
