"""The index of words, which each kind of database keeps in its own way.

PostgreSQL has a GIN index over the words of an entry, SQLite a table of FTS5 that triggers keep in step; the migration
that makes them says how. Both find all entries with the wanted beginnings of words, the newest first.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection, transaction

from executions.models import Execution, SearchEntry
from executions.searching.words import MAX_WORD, Wanted, wanted, words_of

#: Digits of an owner's number: no word of a text is that long.
_OWNER_DIGITS = MAX_WORD + 8

#: How PostgreSQL is asked for what its index holds; the same in the migration.
WORDS = "array_to_tsvector(string_to_array(words, ' '))"

_QUERIES = {
    "postgresql": f"SELECT execution_id FROM executions_searchentry WHERE {WORDS} @@ %s::tsquery"  # noqa: S608
    " AND execution_id < %s ORDER BY execution_id DESC LIMIT %s",
    "sqlite": "SELECT rowid FROM executions_words WHERE executions_words MATCH %s"
    " AND rowid < %s ORDER BY rowid DESC LIMIT %s",
}


def add(executions: Iterable[Execution]) -> int:
    """Make the entries of ``executions``, but for those that have one or are deleted meanwhile; returns how many."""
    words = {
        execution.pk: [_owner(execution.owner_id), *words_of(execution.prompt, execution.output, execution.error)]
        for execution in executions
    }
    with transaction.atomic():
        # Who deletes one waits until its entry can be deleted with it.
        there = list(Execution.objects.filter(pk__in=words).lock().values_list("pk", flat=True))
        entries = [SearchEntry(execution_id=pk, words=" ".join(words[pk])) for pk in there]
        SearchEntry.objects.bulk_create(entries, ignore_conflicts=True)
    return len(entries)


def find(query: str, owner: int | None, below: int, limit: int) -> list[int]:
    """Return the ids, the newest first, of at most ``limit`` executions older than ``below`` that have all the words.

    ``owner`` is whose, ``None`` for anybody's. A query without words finds nothing.
    """
    terms = wanted(query)
    if not terms:
        return []
    if owner is not None:
        terms.append(Wanted(_owner(owner), begins=False))
    # Words hold nothing that would need to be escaped.
    if connection.vendor == "postgresql":
        condition = " & ".join(f"'{term.word}'{':*' if term.begins else ''}" for term in terms)
    else:
        condition = " AND ".join(f'"{term.word}"{"*" if term.begins else ""}' for term in terms)
    with connection.cursor() as cursor:
        cursor.execute(_QUERIES[connection.vendor], [condition, below, limit])
        return [pk for (pk,) in cursor.fetchall()]


def _owner(number: int) -> str:
    return f"{number:0{_OWNER_DIGITS}}"
