"""The key by which push services know this site (VAPID, RFC 8292).

It is derived from the site's secret key, which all processes of a site share, so there is nothing to make, to keep or
to hand around; a setting gives another one. Browsers are subscribed for it: with another key they subscribe anew.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.crypto import salted_hmac

if TYPE_CHECKING:
    from py_vapid import Vapid02

#: The order of the curve P-256.
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def vapid() -> Vapid02:
    """Return what signs for this site."""
    return _vapid(settings.VAPID_PRIVATE_KEY, settings.SECRET_KEY)


def public_key() -> str:
    """Return the public key as ``pushManager.subscribe`` takes it: base64url of the uncompressed point."""
    return _public_key(vapid())


def _public_key(key: Vapid02) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    point = key.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return urlsafe_b64encode(point).decode().rstrip("=")


@lru_cache(maxsize=2)
def _vapid(given: str, secret: str) -> Vapid02:
    from py_vapid import Vapid02

    return Vapid02.from_raw((given or _encoded(_derived())).encode())


def _derived() -> int:
    """Return a number from 1 to the order less one; of 512 bits, so that none is noticeably more likely."""
    wide = b"".join(salted_hmac("chat.push.vapid", part, algorithm="sha256").digest() for part in ("1", "2"))
    return int.from_bytes(wide, "big") % (ORDER - 1) + 1


def _encoded(number: int) -> str:
    return urlsafe_b64encode(number.to_bytes(32, "big")).decode().rstrip("=")
