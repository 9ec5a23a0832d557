"""An execution's events as Server-Sent Events."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import aclosing

from django.http import HttpResponse, StreamingHttpResponse

from executions import connections, readers
from executions.api.serializers import EventSerializer
from executions.events import Entry
from executions.pauses import with_pauses

KEEP_ALIVE_SECONDS = 15.0
KEEP_ALIVE = b": keep-alive\n\n"
FORMAT = "sse"


def frame(entry: Entry) -> str:
    """Return the event as an SSE frame, encoded once for all readers of this process."""
    encoded = entry.encoded.get(FORMAT)
    if encoded is None:
        data = json.dumps(EventSerializer(entry).data, ensure_ascii=False, separators=(",", ":"))
        encoded = entry.encoded[FORMAT] = f"id: {entry.seq}\ndata: {data}\n\n"
    return encoded


async def frames(execution_id: int, after: int) -> AsyncIterator[bytes]:
    """Yield SSE frames of every event after ``after`` until the last one, and comments while nothing happens.

    Cancellation: the reader is closed; the execution goes on.
    """
    yield KEEP_ALIVE  # makes the server send the headers at once
    async with aclosing(with_pauses(readers.follow(execution_id, after), lambda: KEEP_ALIVE_SECONDS)) as batches:
        async for batch in batches:
            yield KEEP_ALIVE if batch is None else "".join(map(frame, batch)).encode()


async def counted(pieces: AsyncIterator[bytes], reader_id: int) -> AsyncIterator[bytes]:
    """Yield what ``pieces`` does, while it counts as a connection of that user."""
    with connections.counted(reader_id):
        async for piece in pieces:
            yield piece


def response(execution_id: int, after: int, reader_id: int) -> StreamingHttpResponse:
    """Return the stream; proxies are told not to hold it back. Raises TooManyConnections."""
    connections.require_room(reader_id)
    stream = StreamingHttpResponse(counted(frames(execution_id, after), reader_id), content_type="text/event-stream")
    stream["Cache-Control"] = "no-cache"
    stream["X-Accel-Buffering"] = "no"
    return stream


def nothing_more() -> HttpResponse:
    """Answer a reader that has seen the last event: 204 is how a browser's EventSource learns to stop."""
    return HttpResponse(status=204)
