"""Writes down what came of an attempt."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from executions.counters import DELIVERIES
from executions.deliveries.backoff import delay
from executions.deliveries.channel import Channel
from executions.deliveries.outgoing import Answer
from executions.models.delivery import REMEMBERED_ATTEMPTS, DeliveryState


def settle(channel: Channel, delivery: Any, attempt: int, answer: Answer, *, final: bool = False) -> bool:
    """Store the answer to an attempt: delivered, failed for good (at once when ``final``), or to be tried again.

    Returns ``False`` when this attempt is no longer the last one: its lease has ended, and somebody else tries.
    """
    entry = {
        "at": timezone.now().isoformat(),
        "ms": round(answer.seconds * 1000),
        "status": answer.status,
        "error": answer.error,
    }
    log = [*delivery.log, entry][-REMEMBERED_ATTEMPTS:]
    rows = channel.model.objects
    with transaction.atomic():
        if answer.delivered:
            result, won = "delivered", rows.settle(delivery.pk, attempt, DeliveryState.DELIVERED, log)
        elif final or answer.gone or attempt >= channel.max_attempts:
            result, won = "failed", rows.settle(delivery.pk, attempt, DeliveryState.FAILED, log)
        else:
            result, won = "put_off", rows.put_off(delivery.pk, attempt, delay(attempt, answer), log)
        if won:
            channel.settled(delivery, answer)
    if won:
        DELIVERIES.labels(channel.name, result).inc()
    return won
