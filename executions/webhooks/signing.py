"""Signatures as Standard Webhooks has them."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterable

from executions.webhooks import secrets


def headers(message_id: str, timestamp: int, body: bytes, key_ids: Iterable[str]) -> dict[str, str]:
    """Return the headers that go with ``body``; with several keys (one is being replaced), each signs."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    signatures = [b64encode(hmac.digest(secrets.key(key_id), signed, "sha256")).decode() for key_id in key_ids]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
