"""Tells open sockets that somebody's right to be here may have ended: a doorbell, the sockets look for themselves."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.db.models.signals import post_delete, post_save

from chat.models import PushSubscription, Token
from executions import bus

#: Every socket of every process listens here.
GROUP = "chat.sockets"


def session_digest(session_key: str | None) -> str:
    """Return a name of a login session that is safe to send around; ``""`` for none."""
    return hashlib.sha256(session_key.encode()).hexdigest() if session_key else ""


def connect() -> None:
    """Listen to everything that may end somebody's access."""
    post_delete.connect(_token_deleted, sender=Token, dispatch_uid="chat.token_deleted")
    post_save.connect(_user_saved, sender=get_user_model(), dispatch_uid="chat.user_saved")
    post_delete.connect(_user_saved, sender=get_user_model(), dispatch_uid="chat.user_deleted")
    user_logged_out.connect(_logged_out, dispatch_uid="chat.logged_out")


def _token_deleted(sender: Any, instance: Any, **kwargs: Any) -> None:
    _ring(instance.user_id)


def _user_saved(
    sender: Any, instance: AbstractBaseUser, created: bool = False, update_fields: Any = None, **kwargs: Any
) -> None:
    if not created and set(update_fields or ()) != {"last_login"}:
        _ring(instance.pk)


def _logged_out(sender: Any, request: Any, user: AbstractBaseUser | None, **kwargs: Any) -> None:
    # The signal comes before the login session is gone from the database, so its name goes along.
    if user is not None:
        session = getattr(request, "session", None)
        session_key = session.session_key if session is not None else None
        PushSubscription.objects.filter(session_key=session_key or "").delete()
        _ring(user.pk, session_digest(session_key))


def _ring(user_id: Any, ended_session: str = "") -> None:
    message = {"type": "access.changed", "user_id": user_id, "ended_session": ended_session}
    transaction.on_commit(partial(bus.ring, GROUP, message))
