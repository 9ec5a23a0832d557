"""The secrets that sign. They are in no database: each is derived from the site's secret key and a random id.

Whoever reads the database alone can sign nothing; whoever changes the site's secret key changes every secret.
"""

from __future__ import annotations

import secrets
from base64 import b64encode

from django.utils.crypto import salted_hmac

PREFIX = "whsec_"


def new_key_id() -> str:
    """Return the id of a new secret."""
    return secrets.token_hex(24)


def key(key_id: str) -> bytes:
    """Return the 32 bytes that sign."""
    return salted_hmac("executions.webhooks.secret", key_id, algorithm="sha256").digest()


def text(key_id: str) -> str:
    """Return the secret as its owner gets it, once: ``whsec_`` and the key in base64."""
    return PREFIX + b64encode(key(key_id)).decode()
