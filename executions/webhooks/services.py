"""What people do with their webhooks: make, change, switch, rotate, test, end, and send again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import httpx
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from executions import validation
from executions.conf import conf
from executions.deliveries import outbox
from executions.errors import InvalidInput, NotFound
from executions.models import Webhook, WebhookDelivery
from executions.models.delivery import UNSETTLED
from executions.network.errors import AddressRefused
from executions.network.transport import addresses_of
from executions.webhooks import payload, secrets
from executions.webhooks.channel import message
from executions.webhooks.events import TEST, WebhookEvent

MAX_NAME_CHARS = 100
MAX_URL_CHARS = 2000
#: Webhooks of one user.
MAX_WEBHOOKS = 20
#: How long a secret that was replaced goes on to sign, beside the new one.
OLD_SECRET_SIGNS = timedelta(hours=24)
#: Seconds that the name servers have when a webhook is made.
RESOLVE_SECONDS = 5.0


class InvalidWebhook(InvalidInput):
    """This is not an address that can be told anything."""

    code = "invalid_webhook"


class NoSuchWebhook(NotFound):
    """You have no such webhook."""


class NoSuchDelivery(NotFound):
    """This webhook has no such delivery."""


class WebhookOff(InvalidInput):
    """The webhook is switched off; switch it on first."""

    code = "webhook_off"
    status = 409


class StillPending(InvalidInput):
    """This delivery has not been given up: it is tried again by itself."""

    code = "delivery_pending"
    status = 409


def create(owner: User, *, name: str, url: str, events: Iterable[str]) -> tuple[Webhook, str]:
    """Make a webhook; returns it and its secret, which nobody is told again.

    Raises InvalidInput, and InvalidWebhook for an address that is none, is private, or can't be found.
    """
    name, url, wanted = _name(name), _url(url), _wanted(events)
    with transaction.atomic():
        # Of two that come at once, the second waits and counts the first's.
        list(User.objects.select_for_update(no_key=True).filter(pk=owner.pk).values_list("pk"))
        if Webhook.objects.filter(owner=owner).count() >= MAX_WEBHOOKS:
            raise InvalidInput(f"You have {MAX_WEBHOOKS} webhooks already; end one that you no longer use.")
        key_id = secrets.new_key_id()
        webhook = Webhook.objects.create(owner=owner, name=name, url=url, wanted=wanted, key_id=key_id)
    return webhook, secrets.text(key_id)


def change(webhook: Webhook, *, name: str | None = None, url: str | None = None,
           events: Iterable[str] | None = None, active: bool | None = None) -> Webhook:  # fmt: skip
    """Change what is given of a webhook; switched on, it begins without the failures before. Raises as :func:`create`.

    What waits for a webhook that is switched off, or moved to another address, is given up or sent there.
    """
    changes: dict[str, Any] = {}
    if name is not None:
        changes["name"] = _name(name)
    if url is not None and url != webhook.url:
        changes["url"] = _url(url)
    if events is not None:
        changes["wanted"] = _wanted(events)
    same = Webhook.objects.filter(pk=webhook.pk)
    with transaction.atomic():
        if changes:
            same.update(**changes)
        if active is True:
            same.enable()
        elif active is False and same.disable(""):
            WebhookDelivery.objects.filter(target=webhook).give_up()
    return same.get()


def rotate(webhook: Webhook) -> tuple[Webhook, str]:
    """Give a webhook a new secret; returns it. For a day the old one signs as well, so that nothing is missed."""
    key_id = secrets.new_key_id()
    until = timezone.now() + OLD_SECRET_SIGNS
    Webhook.objects.filter(pk=webhook.pk).update(key_id=key_id, old_key_id=webhook.key_id, old_key_until=until)
    return Webhook.objects.get(pk=webhook.pk), secrets.text(key_id)


def end(webhook: Webhook) -> None:
    """Remove a webhook, with its log and what waits for it."""
    webhook.delete()


def send_test(webhook: Webhook) -> WebhookDelivery:
    """Put a test into the outbox. Raises WebhookOff."""
    if not webhook.active:
        raise WebhookOff
    return _sent(message(webhook.pk, TEST, payload.of_test(webhook), None))


def redeliver(delivery: WebhookDelivery) -> WebhookDelivery:
    """Send a message again, with the id it had. Raises WebhookOff, and StillPending for what is not over yet."""
    if not delivery.target.active:
        raise WebhookOff
    if WebhookDelivery.objects.filter(UNSETTLED, target=delivery.target_id, message_id=delivery.message_id).exists():
        raise StillPending
    return _sent(message(delivery.target_id, delivery.type, delivery.body, delivery.execution_id, delivery.message_id))


def webhook_of(owner: User, pk: int) -> Webhook:
    """Return the webhook of ``owner`` with that id. Raises NoSuchWebhook."""
    webhook = Webhook.objects.filter(owner=owner, pk=pk).first()
    if webhook is None:
        raise NoSuchWebhook(f"You have no webhook {pk}.")
    return webhook


def delivery_of(webhook: Webhook, pk: int) -> WebhookDelivery:
    """Return the delivery of ``webhook`` with that id. Raises NoSuchDelivery."""
    delivery = WebhookDelivery.objects.filter(target=webhook, pk=pk).select_related("target").first()
    if delivery is None:
        raise NoSuchDelivery(f"This webhook has no delivery {pk}.")
    return delivery


def _sent(delivery: WebhookDelivery) -> WebhookDelivery:
    with transaction.atomic():
        delivery.save()
        outbox.wake()
    return delivery


def _name(name: Any) -> str:
    name = validation.text(name, "name", MAX_NAME_CHARS).strip()
    if not name:
        raise InvalidInput("The webhook needs a name, such as what receives it.")
    return name


def _wanted(events: Iterable[str]) -> str:
    chosen = {validation.choice(WebhookEvent, event, "events") for event in events}
    if not chosen:
        raise InvalidInput(f"Choose at least one event of {', '.join(WebhookEvent)}.")
    return " ".join(event.kind for event in WebhookEvent if event in chosen)


def _url(address: Any) -> str:
    """Return an address that may be told something. Raises InvalidWebhook."""
    address = validation.text(address, "url", MAX_URL_CHARS).strip()
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise InvalidWebhook(f"{address[:200]!r} is not a web address: {error}.") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise InvalidWebhook(f"{address[:200]!r} is not a web address: it must begin with https:// or http://.")
    if url.userinfo:
        raise InvalidWebhook("The address has a user name or a password in it; the signature says who sends.")
    if url.fragment:
        raise InvalidWebhook("The address has a part after #, which is never sent; leave it out.")
    try:
        async_to_sync(_resolve)(url)
    except AddressRefused as error:
        raise InvalidWebhook(str(error)) from None
    except TimeoutError:
        raise InvalidWebhook(f"The host {url.host!r} was not found within {RESOLVE_SECONDS:g} seconds.") from None
    return str(url)


async def _resolve(url: httpx.URL) -> None:
    async with asyncio.timeout(RESOLVE_SECONDS):
        await addresses_of(url, allow_private=conf.allow_private_addresses)
