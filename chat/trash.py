"""Chats that were thrown away: hidden at once, brought back by Undo, gone for good after an hour.

What ran in one is stopped when it is thrown away, and stays stopped. Writing into one brings it back, too.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chat import branches, services
from chat.models import Session
from executions import services as engine
from executions import validation
from executions.errors import NotFound
from executions.states import Source

KEPT_FOR = timedelta(hours=1)
#: How many are removed for good at once; the rest is left for the next time.
MOST = 50
#: Seconds between two looks into the trash of one process.
LOOK_SECONDS = 60.0


def throw_away(owner: User, session_id: str, *, source: Source | str = Source.PAGE) -> int:
    """Hide a session with its versions, and stop what runs in it; returns how many were stopped. Raises NotFound."""
    empty(timezone.now() - KEPT_FOR)
    session = services.get_session(owner, session_id)
    with transaction.atomic():
        running = services.unfinished(owner, session.session_id)
        report = engine.cancel(running, by=owner, reason="The session was deleted", source=source)
        doomed = Session.objects.filter(pk=session.pk) | branches.versions_below([session.pk])
        doomed.update(deleted_at=timezone.now())
        services.record_deletion(session, by=owner)
    return report.count


def bring_back(owner: User, session_id: str) -> Session:
    """Show a session again that was thrown away. Raises NotFound where it is not in the trash any more."""
    session_id = validation.session_id(session_id)
    with transaction.atomic():
        mine = Session.objects.filter(owner=owner, session_id=session_id)
        session = mine.exclude(deleted_at=None).select_for_update().first()
        if session is None:
            raise NotFound(_("This session is not in the trash; it may be gone for good."))
        together = Session.objects.filter(pk=session.pk) | branches.versions_below([session.pk])
        together.filter(deleted_at=session.deleted_at).update(deleted_at=None)
        session.refresh_from_db()
    return session


def empty(before: datetime) -> int:
    """Remove for good what was thrown away before that moment; returns how many sessions."""
    old = Session.objects.filter(deleted_at__lt=before).select_related("owner").order_by("deleted_at")
    doomed = list(old[:MOST])
    for session in doomed:
        if Session.objects.filter(pk=session.pk, deleted_at__lt=before).exists():  # its versions go with it
            services.delete_session(session.owner, session.session_id, source=Source.PAGE)
    return len(doomed)


def empty_now_and_then() -> None:
    """Remove what is old enough; most calls find that another of this process has just looked, and do nothing."""
    now = time.monotonic()
    if now - _looked.get("at", -LOOK_SECONDS) >= LOOK_SECONDS:
        _looked["at"] = now
        empty(timezone.now() - KEPT_FOR)


_looked: dict[str, float] = {}
