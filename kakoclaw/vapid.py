"""What Web Push is told of who runs this site."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode
from collections.abc import Iterable

#: The order of the curve P-256; a private key is a number below it.
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def is_private_key(text: str) -> bool:
    """Return whether this is a private key of P-256 in base64url, without padding."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return False
    return len(raw) == 32 and 0 < int.from_bytes(raw, "big") < ORDER


def subject(public_url: str, hosts: Iterable[str]) -> str:
    """Return whom push services may write to, when no setting says it: the site itself, or its postmaster."""
    if public_url.startswith("https://"):
        return public_url
    names = (host.lstrip("*.") for host in hosts if "." in host.strip("*.") and not host[-1].isdigit())
    return f"mailto:postmaster@{next(names, 'example.org')}"
