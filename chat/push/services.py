"""What people do with notifications of their browsers: subscribe, choose, try, and end them."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from chat.models import PushSubscription
from chat.push.channel import message
from chat.push.kinds import Kind, wanted_of
from chat.push.message import TEST, Fact
from executions import validation
from executions.conf import conf
from executions.deliveries import outbox
from executions.errors import InvalidInput, NotFound
from executions.network.errors import AddressRefused
from executions.network.receivers import checked

#: Browsers of one user; of more, the oldest is told no longer.
MAX_SUBSCRIPTIONS = 20
MAX_ENDPOINT_CHARS = 2000
#: Bytes of a point of P-256, and of the secret beside it.
POINT_BYTES, AUTH_BYTES = 65, 16


class InvalidSubscription(InvalidInput):
    """This is not what a browser's pushManager.subscribe gives."""

    code = "invalid_subscription"


class NoSuchSubscription(NotFound):
    """You have no such browser."""


def subscribe(
    owner: User, session_key: str, *, endpoint: str, p256dh: str, auth: str, kinds: list[str], user_agent: str = ""
) -> PushSubscription:
    """Tell this browser from now on, or change what it is told; it belongs to whoever is signed in there now.

    Raises InvalidSubscription, also for an endpoint at a private address.
    """
    wanted = wanted_of([validation.choice(Kind, kind, "kinds") for kind in kinds])
    values = {
        "owner": owner,
        "p256dh": _key(p256dh, "p256dh", POINT_BYTES),
        "auth": _key(auth, "auth", AUTH_BYTES),
        "wanted": wanted,
        "session_key": session_key,
        "user_agent": user_agent[:300],
        "language": get_language() or "en",
    }
    endpoint = _endpoint(endpoint)
    with transaction.atomic():
        subscription, _made = PushSubscription.objects.update_or_create(endpoint=endpoint, defaults=values)
        others = PushSubscription.objects.filter(owner=owner).order_by("-pk").values_list("pk", flat=True)
        PushSubscription.objects.filter(pk__in=list(others[MAX_SUBSCRIPTIONS:])).delete()
    return subscription


def subscription_of(owner: User, pk: int) -> PushSubscription:
    """Return the browser of ``owner`` with that id. Raises NoSuchSubscription."""
    subscription = PushSubscription.objects.filter(owner=owner, pk=pk).first()
    if subscription is None:
        raise NoSuchSubscription(_("You have no browser %(pk)s.") % {"pk": pk})
    return subscription


def send_test(subscription: PushSubscription) -> None:
    """Show a notification in that browser."""
    with transaction.atomic():
        message(subscription.pk, Fact(TEST)).save()
        outbox.wake()


def session_moved(old_key: str | None, new_key: str | None) -> None:
    """Go on telling a browser whose login session has got another key, as it does when the password is changed."""
    if old_key and new_key:
        PushSubscription.objects.filter(session_key=old_key).update(session_key=new_key)


def _key(value: Any, name: str, size: int) -> str:
    text = validation.text(value, name, 200).rstrip("=")
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != size or (size == POINT_BYTES and not _is_point(raw)):
        raise InvalidSubscription(
            _("%(name)s must be %(size)s bytes in base64url, as the browser gives them.") % {"name": name, "size": size}
        )
    return text


def _is_point(raw: bytes) -> bool:
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except ValueError:
        return False
    return True


def _endpoint(address: Any) -> str:
    # Push services are on the internet, by https; on a machine of one's own there is one only to try.
    private = bool(conf.allow_private_addresses)
    address = validation.text(address, "endpoint", MAX_ENDPOINT_CHARS)
    try:
        return checked(address, schemes=("https", "http") if private else ("https",), allow_private=private)
    except AddressRefused as error:
        raise InvalidSubscription(str(error)) from None
