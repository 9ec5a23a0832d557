"""Records what happens to people's accounts: signing in and out, passwords, and the rights of users.

Passwords are never among what is recorded, nor are the names of users that do not exist: some people type their
password where their name belongs.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import post_delete, post_save, pre_save

from executions import audit
from executions.actions import Action
from executions.buckets import Buckets

RIGHTS = ("username", "is_active", "is_staff", "is_superuser")
#: Failed attempts that one process records in a minute; beyond that they are counted with the next one.
FAILURES_PER_MINUTE = 120

_failures = Buckets()
_left_out = 0


def connect() -> None:
    """Listen to what happens to accounts."""
    user_logged_in.connect(_signed_in, dispatch_uid="executions.signed_in")
    user_logged_out.connect(_signed_out, dispatch_uid="executions.signed_out")
    user_login_failed.connect(_failed, dispatch_uid="executions.sign_in_failed")
    users = get_user_model()
    pre_save.connect(_about_to_save, sender=users, dispatch_uid="executions.user_before")
    post_save.connect(_saved, sender=users, dispatch_uid="executions.user_saved")
    post_delete.connect(_deleted, sender=users, dispatch_uid="executions.user_gone")


def signed_in(user: User, *, how: str) -> None:
    """Record that ``user`` has given the right password, for a ``session`` or a ``token``."""
    audit.record(Action.SIGNED_IN, by=user, kind="user", object_id=user.pk, owner=user, how=how)


def signed_out(user: User, *, how: str) -> None:
    """Record that ``user`` has ended a login."""
    audit.record(Action.SIGNED_OUT, by=user, kind="user", object_id=user.pk, owner=user, how=how)


def _signed_in(sender: Any, user: User, **kwargs: Any) -> None:
    signed_in(user, how="session")


def _signed_out(sender: Any, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        signed_out(user, how="session")


def _failed(sender: Any, credentials: dict[str, Any], **kwargs: Any) -> None:
    global _left_out
    if not _failures.take("*", FAILURES_PER_MINUTE).allowed:
        _left_out += 1
        return
    count, _left_out = 1 + _left_out, 0
    name = credentials.get("username")
    user = User.objects.filter(username=name).first() if isinstance(name, str) and "\0" not in name else None
    known: dict[str, Any] = {"object_id": user.pk, "owner": user} if user is not None else {"name": "unknown"}
    if user is not None and not user.is_active:
        known["why"] = "inactive"
    audit.record(Action.SIGN_IN_FAILED, by=None, kind="user", count=count, **known)


def _about_to_save(sender: Any, instance: User, raw: bool = False, update_fields: Any = None, **kwargs: Any) -> None:
    """Remember what the rights were, where they may change."""
    if raw or instance._state.adding or (update_fields and not {*RIGHTS, "password"} & set(update_fields)):
        return
    before = User.objects.filter(pk=instance.pk).values(*RIGHTS).first()
    instance._rights_before = before  # type: ignore[attr-defined]
    # Set by set_password(), but not where a hash is made anew for the same password.
    instance._new_password = instance._password is not None  # type: ignore[attr-defined]


def _saved(sender: Any, instance: User, created: bool = False, raw: bool = False, **kwargs: Any) -> None:
    about: dict[str, Any] = {"kind": "user", "object_id": instance.pk, "owner": instance}
    if created:
        rights: dict[str, Any] = {name: True for name in ("is_staff", "is_superuser") if getattr(instance, name)}
        audit.record(Action.USER_MADE, **about, **rights)
        return
    before = instance.__dict__.pop("_rights_before", None)
    if before and (changed := audit.changes(before, {name: getattr(instance, name) for name in RIGHTS})):
        audit.record(Action.USER_CHANGED, **about, changes=changed)
    if instance.__dict__.pop("_new_password", False):
        audit.record(Action.PASSWORD_CHANGED, **about)


def _deleted(sender: Any, instance: User, **kwargs: Any) -> None:
    audit.record(Action.USER_DELETED, kind="user", object_id=instance.pk, owner=instance)
