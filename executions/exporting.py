"""Sending many rows as a file, some at a time: its size is bounded by the table and not by memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from channels.db import database_sync_to_async
from django.db.models import Model, QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone

from executions import connections

M = TypeVar("M", bound=Model)

TYPES = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}


def as_file(
    found: QuerySet[M], kind: str, name: str, head: bytes, write: Callable[[M], str], *, rows: int, reader: int
) -> StreamingHttpResponse:
    """Return the file of ``found``, which is ordered from the newest id down; it counts as a connection of ``reader``.

    ``kind`` is one of :data:`TYPES`, ``rows`` how many are read at a time. Raises TooManyConnections.
    """
    connections.require_room(reader)
    response = StreamingHttpResponse(_counted(_pieces(found, head, write, rows), reader), content_type=TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="kakoclaw-{name}-{timezone.now():%Y-%m-%d}.{kind}"'
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def _counted(pieces: AsyncIterator[bytes], user_id: int) -> AsyncIterator[bytes]:
    """Yield what ``pieces`` does, while it counts as a connection of that user."""
    with connections.counted(user_id):
        async for piece in pieces:
            yield piece


async def _pieces(found: QuerySet[M], head: bytes, write: Callable[[M], str], rows: int) -> AsyncIterator[bytes]:
    """Yield the file. Cancellation: nothing is left behind."""
    if head:
        yield head
    last: int | None = None
    while True:
        piece, last = await database_sync_to_async(_piece)(found, last, write, rows)
        if piece:
            yield piece
        if last is None:
            return


def _piece(found: QuerySet[M], last: int | None, write: Callable[[M], str], rows: int) -> tuple[bytes, int | None]:
    """Return the next rows as they are written, and the id to go on after, ``None`` when these were the last."""
    some = list((found if last is None else found.filter(pk__lt=last))[:rows])
    return "".join(map(write, some)).encode(), some[-1].pk if len(some) == rows else None
