"""What people do with their webhooks: make, change, switch, rotate, test, end, and send again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import httpx
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from executions import audit, validation
from executions.actions import Action
from executions.conf import conf
from executions.deliveries import outbox
from executions.errors import InvalidInput, NotFound
from executions.models import Webhook, WebhookDelivery
from executions.models.delivery import UNSETTLED
from executions.network.errors import AddressRefused
from executions.network.receivers import checked
from executions.webhooks import payload, secrets
from executions.webhooks.channel import message
from executions.webhooks.events import TEST, WebhookEvent

MAX_NAME_CHARS = 100
MAX_URL_CHARS = 2000
#: Webhooks of one user.
MAX_WEBHOOKS = 20
#: Why a webhook is off, when it is not its owner's doing.
BY_STAFF = "A member of the staff has switched it off."
#: How long a secret that was replaced goes on to sign, beside the new one.
OLD_SECRET_SIGNS = timedelta(hours=24)


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
            raise InvalidInput(
                _("You have %(count)s webhooks already; end one that you no longer use.") % {"count": MAX_WEBHOOKS}
            )
        key_id = secrets.new_key_id()
        webhook = Webhook.objects.create(owner=owner, name=name, url=url, wanted=wanted, key_id=key_id)
        _record(Action.WEBHOOK_MADE, webhook, events=webhook.events)
    return webhook, secrets.text(key_id)


def change(webhook: Webhook, *, name: str | None = None, url: str | None = None,
           events: Iterable[str] | None = None, active: bool | None = None, why: str = "") -> Webhook:  # fmt: skip
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
        if active is False:
            # Before the webhook itself, in the order in which whoever settles one writes.
            WebhookDelivery.objects.filter(target=webhook).give_up()
        if changes:
            same.update(**changes)
        if (active is True and same.enable()) or (active is False and same.disable(why)):
            changes["active"] = active
        changed = same.get()
        if changes:
            changes.pop("url", None)
            _record(Action.WEBHOOK_CHANGED, changed, changes=changes)
    return changed


def rotate(webhook: Webhook) -> tuple[Webhook, str]:
    """Give a webhook a new secret; returns it. For a day the old one signs as well, so that nothing is missed."""
    key_id = secrets.new_key_id()
    until = timezone.now() + OLD_SECRET_SIGNS
    with transaction.atomic():
        same = Webhook.objects.select_for_update().filter(pk=webhook.pk)
        webhook = same.get()
        same.update(key_id=key_id, old_key_id=webhook.key_id, old_key_until=until)
        _record(Action.WEBHOOK_CHANGED, webhook, new_secret=True)
    return Webhook.objects.get(pk=webhook.pk), secrets.text(key_id)


def end(webhook: Webhook) -> None:
    """Remove a webhook, with its log and what waits for it."""
    with transaction.atomic():
        _record(Action.WEBHOOK_ENDED, webhook)
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
    again = message(delivery.target_id, delivery.type, delivery.body, delivery.execution_id, delivery.message_id)
    with transaction.atomic():
        about = {"message": delivery.message_id, "execution": delivery.execution_id}
        _record(Action.WEBHOOK_RESENT, delivery.target, **about)
        return _sent(again)


def webhook_of(owner: User, pk: int) -> Webhook:
    """Return the webhook of ``owner`` with that id. Raises NoSuchWebhook."""
    webhook = Webhook.objects.filter(owner=owner, pk=pk).first()
    if webhook is None:
        raise NoSuchWebhook(_("You have no webhook %(pk)s.") % {"pk": pk})
    return webhook


def delivery_of(webhook: Webhook, pk: int) -> WebhookDelivery:
    """Return the delivery of ``webhook`` with that id. Raises NoSuchDelivery."""
    delivery = WebhookDelivery.objects.filter(target=webhook, pk=pk).select_related("target").first()
    if delivery is None:
        raise NoSuchDelivery(_("This webhook has no delivery %(pk)s.") % {"pk": pk})
    return delivery


def _sent(delivery: WebhookDelivery) -> WebhookDelivery:
    with transaction.atomic():
        delivery.save()
        outbox.wake()
    return delivery


def _name(name: Any) -> str:
    name = validation.text(name, "name", MAX_NAME_CHARS).strip()
    if not name:
        raise InvalidInput(_("The webhook needs a name, such as what receives it."))
    return name


def _wanted(events: Iterable[str]) -> str:
    chosen = {validation.choice(WebhookEvent, event, "events") for event in events}
    if not chosen:
        raise InvalidInput(_("Choose at least one event."))
    return " ".join(event.kind for event in WebhookEvent if event in chosen)


def _url(address: Any) -> str:
    """Return an address that may be told something. Raises InvalidWebhook."""
    address = validation.text(address, "url", MAX_URL_CHARS).strip()
    try:
        return checked(address, schemes=("https", "http"), allow_private=conf.allow_private_addresses)
    except AddressRefused as error:
        raise InvalidWebhook(str(error)) from None


def _record(action: Action, webhook: Webhook, **details: Any) -> None:
    # The host alone: the rest of an address may be what makes it secret.
    host = httpx.URL(webhook.url).host
    audit.record(
        action, kind="webhook", object_id=webhook.pk, owner=webhook.owner_id, name=webhook.name, host=host, **details
    )
