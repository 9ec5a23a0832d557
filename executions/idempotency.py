"""Starting once what is asked for twice: a client that has lost the answer sends the same request again.

The key is stored before anything is started, in the same transaction. Of two requests that come at once, the second
waits at the unique constraint until the first has committed, and then gives what that one has started; when the first
fails, nothing of it is left, and the second is the one that starts.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from executions import services
from executions.errors import InvalidInput, KeyReused
from executions.models import Execution, StartKey

#: How long a key is remembered.
REMEMBERED = timedelta(hours=24)
MAX_KEY_CHARS = 200
#: Forgotten ones removed with each new key, which is more than are added.
REMOVED_AT_ONCE = 10


def start_once(owner: User, key: str, request: dict[str, Any], **more: Any) -> tuple[Execution, bool]:
    """Start what ``request`` says (arguments of :func:`executions.services.start`), unless this key has done so.

    Returns the execution, and whether this call has started it. Raises InvalidInput for a key that is none, KeyReused,
    and what ``start`` does; after an error the key can be used again.
    """
    key, digest = validated(key), _digest(request)
    while True:
        now = timezone.now()
        before = _known(owner, key, digest, now)
        if before is not None:
            return before, False
        try:
            with transaction.atomic():
                _forget(owner, key, now)
                row = StartKey.objects.create(owner=owner, key=key, request=digest)
                row.execution = services.start(owner=owner, **request, **more)
                row.save(update_fields=["execution"])
                return row.execution, True
        except IntegrityError:
            # Another one has committed the same key meanwhile; anything else is an error.
            if _known(owner, key, digest, now) is None:
                raise


def validated(key: str) -> str:
    """Return the key. Raises InvalidInput."""
    if not 1 <= len(key) <= MAX_KEY_CHARS or not key.isascii() or not key.isprintable():
        raise InvalidInput(
            _("Idempotency-Key must be 1 to %(max_key_chars)s printable ASCII characters, such as a UUID.")
            % {"max_key_chars": MAX_KEY_CHARS}
        )
    return key


def _digest(request: dict[str, Any]) -> str:
    return sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()


def _known(owner: User, key: str, digest: str, now: datetime) -> Execution | None:
    row = StartKey.objects.filter(owner=owner, key=key, created_at__gt=now - REMEMBERED).first()
    if row is None or row.execution_id is None:
        return None
    if row.request != digest:
        raise KeyReused
    return Execution.objects.without_bodies().get(pk=row.execution_id)


def _forget(owner: User, key: str, now: datetime) -> None:
    """Remove this key when it is too old, and some others."""
    old = StartKey.objects.filter(created_at__lte=now - REMEMBERED)
    others = list(old.order_by("created_at").values_list("pk", flat=True)[:REMOVED_AT_ONCE])
    StartKey.objects.filter(pk__in=others).delete()
    old.filter(owner=owner, key=key).delete()
