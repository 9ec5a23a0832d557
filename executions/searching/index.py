"""The index of words, which each kind of database keeps in its own way.

PostgreSQL has a GIN index over the lexemes of an entry, SQLite a table of FTS5 that a trigger keeps in step; the
migration that makes them says how. Both find all entries with the wanted words, the newest first.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection, transaction

from executions.models import Execution
from executions.searching.words import MAX_WORD, Wanted, wanted, words_of

#: Digits of an owner's number: no word of a text is that long.
_OWNER_DIGITS = MAX_WORD + 8

_ADD = {
    "postgresql": "INSERT INTO executions_searchentry (execution_id, words, lexemes)"
    " VALUES (%s, '', array_to_tsvector(string_to_array(%s, ' '))) ON CONFLICT DO NOTHING",
    "sqlite": "INSERT INTO executions_searchentry (execution_id, words) VALUES (%s, %s) ON CONFLICT DO NOTHING",
}
_FIND = {
    "postgresql": "SELECT execution_id FROM executions_searchentry WHERE lexemes @@ %s::tsquery"
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
        with connection.cursor() as cursor:
            cursor.executemany(_ADD[connection.vendor], [(pk, " ".join(words[pk])) for pk in there])
    return len(there)


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
        cursor.execute(_FIND[connection.vendor], [condition, below, limit])
        return [pk for (pk,) in cursor.fetchall()]


def _owner(number: int) -> str:
    return f"{number:0{_OWNER_DIGITS}}"
