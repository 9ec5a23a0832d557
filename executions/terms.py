"""On what terms an execution is started: its agent's own options, what it locks, which conversation it continues.

Everything here is decided when the execution is stored, so that readers know it before a worker does.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.db import connection
from django.utils.translation import gettext as _

from executions import attachments, validation
from executions.agents.base import ValidatingAgent
from executions.agents.registry import load_agent
from executions.conf import conf
from executions.errors import InvalidInput, ProjectBusy
from executions.models import Execution

#: Key of the advisory locks of starts that do not queue ("lock" in ASCII), on PostgreSQL.
_LOCK = 0x6C6F636B


@dataclass(frozen=True, slots=True)
class Terms:
    """What is stored with an execution besides the request itself."""

    options: dict[str, Any]
    lock: str = ""
    agent_session: str = ""
    images: Sequence[str] = field(default_factory=tuple)

    def check_lock(self) -> None:
        """Refuse the start when it is not to queue behind others, in its transaction. Raises ProjectBusy."""
        if not self.lock or self.options.get("on_busy_project") != "reject":
            return
        if connection.vendor == "postgresql":
            # Of two that come at once, one sees the other's execution; SQLite's writers take turns anyway.
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, zlib.crc32(self.lock.encode()) >> 1])
        if Execution.objects.unfinished().filter(lock=self.lock).exists():
            raise ProjectBusy(_("Another execution is not finished in this project; wait for it, or stop it."))

    def keep(self, execution: Execution) -> None:
        """Tie to the execution what goes with it, in the transaction that has stored it."""
        attachments.use(execution, self.images)


def terms_of(owner: User, agent: str, session_id: str, options: Any) -> Terms:
    """Return the terms for a start.

    Raises InvalidInput, UnknownImage and what the agent refuses: see its ``validate_options``.
    """
    known = validation.options(options)
    instance = _load(agent)
    if instance is None:
        if options.get("images"):
            raise InvalidInput(
                _("The agent %(agent)s cannot look at images; remove them, or choose claude.") % {"agent": agent}
            )
        return Terms(known)
    own = instance.validate_options(options)
    images = attachments.check(owner, options["images"]) if options.get("images") else []
    if images:
        own["images"] = images
    lock = instance.lock_of(own)
    return Terms({**known, **own}, lock, _conversation(owner, agent, session_id, lock, own), images)


def _load(agent: str) -> ValidatingAgent | None:
    """Return the agent if it has options of its own. One that can't be imported is its worker's to complain about."""
    try:
        instance = load_agent(conf.agents[agent])
    except (ImportError, AttributeError):
        return None
    return instance if isinstance(instance, ValidatingAgent) else None


def _conversation(owner: User, agent: str, session_id: str, lock: str, options: Mapping[str, Any]) -> str:
    """Return the agent's name of the conversation: the one asked for if it is the owner's, the session's, or a new."""
    mine = Execution.objects.filter(owner=owner, agent=agent).order_by("-pk").values_list("agent_session", flat=True)
    if wanted := options.get("resume"):
        return mine.filter(agent_session=wanted).first() or str(uuid4())
    previous = mine.filter(session_id=session_id, lock=lock).exclude(agent_session="").first() if session_id else None
    return previous or str(uuid4())
