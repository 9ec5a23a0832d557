"""Finding messages by what they say."""

from __future__ import annotations

from functools import reduce
from operator import or_

from django.contrib.auth.models import User
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from chat.models import Message, Session
from chat.models.message import Role
from executions import validation
from executions.errors import InvalidInput
from executions.narrowing import SEARCHED_ROWS, containing
from executions.searching import index
from executions.searching.words import wanted
from executions.validation import MAX_ID

MAX_QUERY_CHARS = 200
SEARCHED_SESSIONS = 1_000


def search(owner: User, query: str, limit: int = 50) -> QuerySet[Message]:
    """Return the newest messages of ``owner`` that contain ``query``. Raises InvalidInput.

    Looked at are the sessions used last, as many as hold some thousands of messages, and the newest turns of each;
    older ones are found by words that were asked or answered with.
    """
    query = validation.text(query, _("The search text"), MAX_QUERY_CHARS).strip()
    if not query:
        raise InvalidInput(_("The search text is empty; write what to look for."))
    recent = Message.objects.filter(session__in=_used_last(owner), turn__gt=F("session__turns") - SEARCHED_ROWS)
    found = list(containing(recent, query, ("content",)).order_by("-pk").values_list("pk", flat=True)[:limit])
    runs = index.find(query, owner.pk, below=MAX_ID, limit=limit)
    said = reduce(or_, (Q(content__icontains=term.word) for term in wanted(query)), Q(role=Role.USER))
    found += Message.objects.owned_by(owner).filter(said, execution__in=runs).values_list("pk", flat=True)
    return Message.objects.filter(pk__in=found).select_related("session").order_by("-pk")[:limit]


def _used_last(owner: User) -> list[int]:
    """Return the sessions used last that together have at least SEARCHED_ROWS messages, or all."""
    sessions = Session.objects.owned_by(owner).newest_first().values_list("pk", "message_count")
    chosen, messages = [], 0
    for pk, count in sessions[:SEARCHED_SESSIONS]:
        chosen.append(pk)
        messages += count
        if messages >= SEARCHED_ROWS:
            break
    return chosen
