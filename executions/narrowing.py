"""Conditions on a long history that stay quick: a text in it, and a time it was made in or has changed since.

No index helps to find a text in the middle of another, and one of trigrams would be written anew with each transition
of every execution. So a search looks at the newest executions that its other conditions leave, and says so; to look
further back, give a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import connection
from django.db.models import Model, Q, QuerySet
from django.db.models.functions import Collate, Substr

from executions.models import Execution

M = TypeVar("M", bound=Model)

#: How many of the newest rows a search looks at, and how many characters of each text: a database needs some 40 ms for
#: these where all answers are long, because each has to be fetched and unpacked.
SEARCHED_ROWS = 3_000
SEARCHED_CHARS = 1_000
#: Ids are given in the order of time, but for clocks of hosts that differ: by less than this.
CLOCKS_DIFFER = timedelta(hours=1)


def newest(rows: QuerySet[M], count: int = SEARCHED_ROWS) -> QuerySet[M]:
    """Return the newest ``count`` of ``rows``. Reads that many entries of an index."""
    oldest = rows.order_by("-pk").values_list("pk", flat=True)[count - 1 : count]
    return rows.filter(pk__gte=first) if (first := next(iter(oldest), None)) is not None else rows


def containing(rows: QuerySet[M], text: str, fields: Sequence[str]) -> QuerySet[M]:
    """Return those of ``rows`` that have ``text`` near the beginning of one of ``fields``, in any case of letters."""
    found = Q()
    for field in fields:
        name = f"searched_{field}"
        shown = Substr(field, 1, SEARCHED_CHARS)
        # Where only ASCII is looked for, only ASCII needs another case, which is quicker.
        plain = connection.vendor == "postgresql" and text.isascii()
        rows = rows.alias(**{name: Collate(shown, "C") if plain else shown})
        found |= Q(**{f"{name}__icontains": text})
    return rows.filter(found)


def created_from(rows: QuerySet[Execution], moment: datetime) -> QuerySet[Execution]:
    """Return those made at that moment or later; the history is in order of ids, and is entered at the right one."""
    ids = Execution.objects.filter(created_at__lt=moment - CLOCKS_DIFFER).order_by("-created_at")
    before = ids.values_list("pk", flat=True).first()
    rows = rows.filter(created_at__gte=moment)
    return rows if before is None else rows.filter(pk__gt=before)


def created_before(rows: QuerySet[Execution], moment: datetime) -> QuerySet[Execution]:
    """Return those made before that moment; see :func:`created_from`."""
    ids = Execution.objects.filter(created_at__gte=moment + CLOCKS_DIFFER).order_by("created_at")
    after = ids.values_list("pk", flat=True).first()
    rows = rows.filter(created_at__lt=moment)
    return rows if after is None else rows.filter(pk__lt=after)


def changed_from(rows: QuerySet[Execution], moment: datetime) -> QuerySet[Execution]:
    """Return those that have changed at that moment or later, of those whose journal is still there.

    There is no index of changes, which each transition would have to write: what has finished is in the index of what
    can be pruned, and the rest is what is unfinished. Where much has finished since, it is found among the newest.
    """
    finished = Q(finished_at__gte=moment, pruned=False)
    unfinished = Q(finished_at__isnull=True, changed_at__gte=moment)
    ended = list(
        Execution.objects.filter(finished).order_by("finished_at").values_list("pk", flat=True)[:SEARCHED_ROWS]
    )
    if len(ended) == SEARCHED_ROWS:
        return rows.filter(finished | unfinished)
    going_on = Execution.objects.filter(unfinished).order_by().values_list("pk", flat=True)
    return rows.filter(pk__in=[*ended, *going_on])
