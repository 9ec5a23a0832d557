"""Conditions on a long history that stay quick: a text in it, and a time it was made in or has changed since.

No index helps to find a text in the middle of another. So a search looks at the newest executions that its other
conditions leave for any piece of text, and at all before them for words, by the index of ``executions/searching``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import connection
from django.db.models import Model, Q, QuerySet
from django.db.models.functions import Collate, Substr

from executions.models import Execution
from executions.searching import index

M = TypeVar("M", bound=Model)

#: How many of the newest rows a search looks at, and how many characters of each text: a database needs some 40 ms for
#: these where all answers are long, because each has to be fetched and unpacked.
SEARCHED_ROWS = 3_000
SEARCHED_CHARS = 1_000
#: How many of those that have the words are taken from the index at once, and at most, to see what else fits them.
TAKEN, MOST_TAKEN = 5_000, 20_000
#: Ids are given in the order of time, but for clocks of hosts that differ: by less than this.
CLOCKS_DIFFER = timedelta(hours=1)


def newest(rows: QuerySet[M], count: int = SEARCHED_ROWS) -> QuerySet[M]:
    """Return the newest ``count`` of ``rows``. Reads that many entries of an index."""
    first = _first_of_newest(rows, count)
    return rows if first is None else rows.filter(pk__gte=first)


def _first_of_newest(rows: QuerySet[M], count: int) -> int | None:
    """Return the id that the newest ``count`` of ``rows`` begin with, ``None`` when there are not more than these."""
    ids = rows.order_by("-pk").values_list("pk", flat=True)[count - 1 : count + 1]
    return found[0] if len(found := list(ids)) == 2 else None


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


def found_by(rows: QuerySet[Execution], text: str, fields: Sequence[str], owner: int | None) -> QuerySet[Execution]:
    """Return those of ``rows`` that have ``text``, at most :data:`SEARCHED_ROWS`, the newest ones.

    Of the newest, those that have it in one of ``fields``, also inside of words; of all before, those whose request,
    answer and error have its words. ``owner`` is whose they all are, ``None`` when they are of several people.
    """
    first = _first_of_newest(rows, SEARCHED_ROWS)
    recent = rows if first is None else rows.filter(pk__gte=first)
    found = list(containing(recent, text, fields).order_by().values_list("pk", flat=True))
    for _ in range(MOST_TAKEN // TAKEN):
        if first is None or len(found) >= SEARCHED_ROWS:
            break
        taken = index.find(text, owner, first, TAKEN)
        found += rows.filter(pk__in=taken).order_by().values_list("pk", flat=True)
        first = taken[-1] if len(taken) == TAKEN else None
    return rows.filter(pk__in=sorted(found, reverse=True)[:SEARCHED_ROWS])


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
    """Return those that have changed at that moment or later.

    There is no index of changes, which each transition would have to write: what has finished is in the index of what
    can be pruned, or in that of what was, and the rest is what is unfinished. Where much has finished since, it is
    found among the newest.
    """
    finished = Q(finished_at__gte=moment)
    unfinished = Q(finished_at__isnull=True, changed_at__gte=moment)
    ended: list[int] = []
    for pruned in (False, True):
        since = Execution.objects.filter(finished, pruned=pruned).order_by("finished_at")
        ended += since.values_list("pk", flat=True)[:SEARCHED_ROWS]
    if len(ended) >= SEARCHED_ROWS:
        return rows.filter(finished | unfinished)
    going_on = Execution.objects.filter(unfinished).order_by().values_list("pk", flat=True)
    return rows.filter(pk__in=[*ended, *going_on])
