"""Web Push as a channel of the outbox."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from chat.authentication import Credentials, access_of
from chat.models import PushDelivery, PushSubscription
from chat.push import keys
from chat.push.message import WEBHOOK_OFF, Fact, fact_of, worded
from executions.deliveries import outbox
from executions.deliveries.channel import Channel, News
from executions.deliveries.outgoing import Answer, Outgoing, Undeliverable
from executions.models import Webhook
from executions.prepared import PreparedInsert
from executions.states import State
from executions.webhooks.channel import EARLIER

logger = logging.getLogger(__name__)

#: Seconds for which a push service keeps a message for a browser that is not running.
TTL_SECONDS = 24 * 3600
#: Seconds that a signature holds; RFC 8292 allows a day.
SIGNED_SECONDS = 12 * 3600
SIGNED_OUT = "Nobody is signed in there any more."
#: Answers that say that the subscription has ended, and that no further attempt helps.
ENDED = (404, 410)
REFUSED = (400, 401, 403, 413)

_insert = PreparedInsert(PushDelivery)


class PushChannel(Channel):
    """Encrypted notifications, through the push service of the browser's maker."""

    name = "push"
    model = PushDelivery
    max_attempts = 6
    kept_for = timedelta(days=2)

    def receivers(self) -> QuerySet[Any, Any]:
        return PushSubscription.objects.exclude(wanted="")

    def write(self, news: Sequence[News]) -> None:
        _insert.execute_many(message(item.target_id, fact_of(item.kind, item.execution)) for item in news)

    def outgoing(self, delivery: PushDelivery) -> Outgoing | Undeliverable:
        subscription = delivery.target
        access = access_of(Credentials(session_key=subscription.session_key))
        if access is None or access.user.pk != subscription.owner_id:
            subscription.delete()
            return Undeliverable(SIGNED_OUT)
        fact = Fact(**json.loads(delivery.body))
        words = json.dumps(worded(fact, subscription.language), ensure_ascii=False).encode()
        urgency = "high" if fact.kind == State.WAITING else "normal"
        return Outgoing(subscription.endpoint, encrypted(words, subscription), _headers(subscription, fact, urgency))

    def settled(self, delivery: PushDelivery, answer: Answer) -> None:
        same = PushSubscription.objects.filter(pk=delivery.target_id)
        if answer.delivered:
            same.update(last_used_at=timezone.now())
        elif answer.status in ENDED:
            same.delete()
        elif answer.status in REFUSED:
            logger.error("a push service refuses what it is sent: status %s of %s", answer.status, _origin(delivery))


def message(target_id: int, fact: Fact) -> PushDelivery:
    """Return a new notification that is due now."""
    return PushDelivery(
        target_id=target_id,
        message_id=f"push_{uuid4().hex}",
        execution_id=fact.execution,
        type=fact.kind,
        body=fact.as_json(),
        next_at=timezone.now() - EARLIER,
    )


def tell_all(owner_id: int, fact: Fact) -> None:
    """Put a notification for every browser of a user into the outbox."""
    browsers = PushSubscription.objects.filter(owner=owner_id).values_list("pk", flat=True)
    _insert.execute_many([message(pk, fact) for pk in browsers])
    outbox.wake()


def webhook_disabled(sender: type[Webhook], webhook: Webhook, reason: str, **kwargs: Any) -> None:
    """Tell the owner of a webhook that it is off."""
    tell_all(webhook.owner_id, Fact(WEBHOOK_OFF, text=reason, name=webhook.name))


def encrypted(data: bytes, subscription: PushSubscription) -> bytes:
    """Return ``data`` as only that browser can read it (RFC 8291)."""
    from pywebpush import WebPusher  # with what it imports, a fifth of a second

    about = {"endpoint": subscription.endpoint, "keys": {"p256dh": subscription.p256dh, "auth": subscription.auth}}
    return bytes(WebPusher(about).encode(data, "aes128gcm")["body"])


def _headers(subscription: PushSubscription, fact: Fact, urgency: str) -> dict[str, str]:
    claims = {
        "aud": "{0.scheme}://{0.netloc}".format(urlsplit(subscription.endpoint)),
        "exp": int(time.time()) + SIGNED_SECONDS,
        "sub": settings.VAPID_SUBJECT,
    }
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Encoding": "aes128gcm",
        "TTL": str(TTL_SECONDS),
        "Urgency": urgency,
        **keys.vapid().sign(claims),
    }
    if fact.execution:
        # Of two about one execution that wait at the push service, the later one is enough.
        headers["Topic"] = f"run{fact.execution}"
    return headers


def _origin(delivery: PushDelivery) -> str:
    return urlsplit(delivery.target.endpoint).netloc
