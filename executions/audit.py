"""Writing the audit log: one function, called in the transaction of the act that it is about."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser

from executions import origin
from executions.actions import SECURITY, Action
from executions.log_context import request_id
from executions.models.audit import AuditEntry

#: Most characters of a text among the details; a message or a plan is kept elsewhere.
MAX_TEXT_CHARS = 1_000
#: Most ids that are named of several things at once.
MAX_IDS = 500


class _SignedIn:
    """Stands for whoever is signed in where the act comes from."""


SIGNED_IN = _SignedIn()


def record(
    action: Action,
    *,
    by: AbstractBaseUser | _SignedIn | None = SIGNED_IN,
    kind: str = "",
    object_id: object = "",
    owner: AbstractBaseUser | int | None = None,
    others: bool | None = None,
    count: int = 1,
    source: str = "",
    **details: Any,
) -> AuditEntry:
    """Add an entry: ``by`` (``None`` for nobody known) did ``action`` to the ``kind`` ``object_id`` of ``owner``.

    Several things at once are one entry with their ``count`` and no ``object_id``; name them, or the condition that
    chose them, in ``details``. ``others`` says whether it is somebody else's, where ``owner`` can't say it. ``source``
    is used where nobody has said from where the act comes (see :mod:`executions.origin`). ``details`` are JSON; empty
    ones are left out. Never give secrets.

    Call it in the transaction of the act: then there is neither an act without its entry nor an entry without its act.
    """
    here = origin.current()
    actor = here.user if isinstance(by, _SignedIn) else by
    owner_id, owner_name = _whose(owner, actor)
    if others is None:
        others = owner_id is not None and owner_id != (actor.pk if actor is not None else None)
    if here.token:
        details["by_token"] = here.token
    entry = AuditEntry(
        actor_id=actor.pk if actor is not None else None,
        actor_name=actor.get_username() if actor is not None else "",
        action=action.value,
        kind=kind,
        object_id=str(object_id)[:64],
        owner_id=owner_id,
        owner_name=owner_name,
        others=others,
        security=action in SECURITY,
        count=count,
        source=source if source and not origin.is_known() else here.source,
        address=here.address,
        client=_clean(here.client),
        request_id=request_id.get(),
        details={name: _shortened(value) for name, value in details.items() if value not in (None, "", [], {})},
    )
    entry.add()
    return entry


def changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[Any]]:
    """Return what differs, as ``{name: [old, new]}`` for ``details``."""
    return {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}


def _whose(owner: AbstractBaseUser | int | None, actor: AbstractBaseUser | None) -> tuple[int | None, str]:
    if owner is None:
        return None, ""
    if not isinstance(owner, int):
        return owner.pk, owner.get_username()
    if actor is not None and owner == actor.pk:
        return owner, actor.get_username()
    users = get_user_model().objects.filter(pk=owner)
    return owner, users.values_list("username", flat=True).first() or ""


def _shortened(value: Any) -> Any:
    if isinstance(value, str):
        return _clean(value[:MAX_TEXT_CHARS])
    return value[:MAX_IDS] if isinstance(value, list) else value


def _clean(text: str) -> str:
    """Return ``text`` as every database can keep it."""
    return text.replace("\0", "").encode(errors="replace").decode()
