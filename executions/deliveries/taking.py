"""Chooses what is sent next, and takes it by a guarded UPDATE under a lease.

Receivers take turns: whoever looks goes along an index from receiver to receiver, so neither the cost nor the order
depends on how much waits for any of them.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection

from executions.conf import conf
from executions.deliveries.channel import Channel, channels
from executions.deliveries.outgoing import Answer, Outgoing, Undeliverable
from executions.deliveries.settling import settle
from executions.models.delivery import Delivery

#: At once in one process: to one receiver, and to all of one owner.
PER_TARGET = 2
PER_OWNER = 4

LOST = "Whoever sent it was gone before the answer came."
_NOW = {"sqlite": "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW')", "postgresql": "STATEMENT_TIMESTAMP()"}


@dataclass(frozen=True, slots=True)
class Parcel:
    """A delivery in the hands of a sender: the attempt with this number."""

    channel: Channel
    delivery: Any
    attempt: int
    outgoing: Outgoing
    owner_id: int = field(default=0)

    @property
    def about(self) -> tuple[str, int, int | None]:
        """What must not be overtaken: the messages of one execution to one receiver."""
        return self.channel.name, self.delivery.target_id, self.delivery.execution_id


def take(free: int, on_the_way: Iterable[Parcel]) -> list[Parcel]:
    """Take up to ``free`` deliveries that are due, within the limits for receivers and owners.

    ``on_the_way`` is what this process is sending now. What has no receiver any more is settled here.
    """
    sending = list(on_the_way)
    lease = timedelta(seconds=3 * conf.delivery_seconds)
    for channel in channels():
        heads = _heads(channel)
        random.shuffle(heads)
        for target_id, owner_id in heads:
            of_owner = sum(parcel.owner_id == owner_id for parcel in sending)
            here = [p for p in sending if p.channel is channel and p.delivery.target_id == target_id]
            room = min(free, PER_TARGET - len(here), PER_OWNER - of_owner)
            for delivery in _first(channel, target_id, room, {p.delivery.execution_id for p in here}):
                parcel = _begin(channel, delivery, owner_id, lease)
                if parcel is not None:
                    sending.append(parcel)
                    free -= 1
    return [parcel for parcel in sending if parcel not in on_the_way]


def _heads(channel: Channel) -> list[tuple[int, int]]:
    """Return the receivers for which something is due, with their owners."""
    model: Any = channel.model
    table, targets = model._meta.db_table, model._meta.get_field("target").related_model._meta.db_table
    pending = f"{table} WHERE settled_at IS NULL"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH RECURSIVE head(target) AS (
                SELECT (SELECT target_id FROM {pending} ORDER BY target_id LIMIT 1)
                UNION ALL
                SELECT (SELECT target_id FROM {pending} AND target_id > head.target ORDER BY target_id LIMIT 1)
                FROM head WHERE head.target IS NOT NULL
            )
            SELECT t.id, t.owner_id FROM head JOIN {targets} t ON t.id = head.target
            WHERE EXISTS (
                SELECT 1 FROM {pending} AND target_id = head.target AND next_at <= {_NOW[connection.vendor]}
            )
            """,  # noqa: S608 - names of ours
            (),
        )
        return list(cursor.fetchall())


def _first(channel: Channel, target_id: int, room: int, busy: set[int | None]) -> list[Delivery]:
    """Return the first deliveries to a receiver that are due, at most one of each execution, none of ``busy`` ones."""
    chosen: dict[object, Delivery] = {}
    if room > 0:
        due = channel.model.objects.due().filter(target=target_id).select_related("target")
        for delivery in due.order_by("next_at", "pk")[: 4 * PER_TARGET]:
            subject = delivery.execution_id if delivery.execution_id is not None else delivery.message_id
            if delivery.execution_id is None or delivery.execution_id not in busy:
                chosen.setdefault(subject, delivery)
    return list(chosen.values())[:room]


def _begin(channel: Channel, delivery: Delivery, owner_id: int, lease: timedelta) -> Parcel | None:
    """Take one delivery; ``None`` when another was quicker, or when there is nothing to send."""
    if delivery.claimed_at is not None:
        delivery.log = [
            *delivery.log,
            {"at": delivery.claimed_at.isoformat(), "status": None, "ms": None, "error": LOST},
        ]
    if not channel.model.objects.claim(delivery.pk, delivery.attempts, lease):
        return None
    attempt = delivery.attempts + 1
    outgoing = channel.outgoing(delivery)
    if isinstance(outgoing, Undeliverable):
        settle(channel, delivery, attempt, Answer(error=outgoing.reason), final=True)
        return None
    if attempt > channel.max_attempts:
        settle(channel, delivery, attempt, Answer(error=LOST), final=True)
        return None
    return Parcel(channel, delivery, attempt, outgoing, owner_id)
