"""Following a run for one request: what happens, then what it came to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from channels.db import database_sync_to_async

from chat.commands import endings, frames
from chat.commands.frames import Ending, Frame, Joined
from chat.commands.ties import Tie
from executions import events, readers
from executions.api.stream import KEEP_ALIVE, KEEP_ALIVE_SECONDS
from executions.events import Entry
from executions.pauses import with_pauses

#: Text is held for so long to be joined with what follows it.
JOIN_SECONDS = 0.5
#: Blanks may stand before JSON: this keeps a connection alive until there is an answer.
BLANK = b" "

TEXTS = frozenset({events.Text.type, events.Thinking.type})


async def follow(execution_id: int, after: int, tie: Tie) -> AsyncGenerator[Frame | Ending | None]:
    """Yield a frame for what happens after ``after``, ``None`` while nothing does, and at last the ending.

    A question that waits for an answer is an ending: the run then goes on waiting without this reader.
    Cancellation: the reader is closed; whether the run goes on is the tie's affair.
    """
    joined, tools, loop = Joined(), dict[str, str](), asyncio.get_running_loop()

    def pause() -> float:
        return KEEP_ALIVE_SECONDS if joined.since is None else joined.since + JOIN_SECONDS - loop.time()

    async with aclosing(with_pauses(readers.follow(execution_id, after), pause)) as batches:
        async for batch in batches:
            if batch is None:
                yield joined.flush()
                continue
            for entry in batch:
                if entry.type in TEXTS:
                    if (frame := joined.add(entry, loop.time())) is not None:
                        yield frame
                    continue
                if (frame := joined.flush()) is not None:
                    yield frame
                if (ending := await _ending(entry)) is not None:
                    tie.release()
                    yield ending
                    return
                if (frame := frames.of_entry(entry, tools)) is not None:
                    yield frame
    # Its journal was removed, or the reader had seen the last event already.
    tie.release()
    yield await database_sync_to_async(endings.finished)(execution_id, after)


async def _ending(entry: Entry) -> Ending | None:
    """Return what the run came to with this entry, ``None`` when it goes on by itself."""
    if entry.type == events.Finished.type:
        return await database_sync_to_async(endings.finished)(entry.execution_id, entry.seq)
    if entry.type == events.Question.type:
        return await database_sync_to_async(endings.asked)(entry)
    return None


async def as_events(execution_id: int, tie: Tie, after: int = 0, opening: Frame | None = None) -> AsyncIterator[bytes]:
    """Yield the run as Server-Sent Events, beginning with ``opening``."""
    yield KEEP_ALIVE  # makes the server send the headers at once
    if opening is not None:
        yield opening.encode()
    async with aclosing(follow(execution_id, after, tie)) as items:
        async for item in items:
            match item:
                case None:
                    yield KEEP_ALIVE
                case Frame():
                    yield item.encode()
                case Ending():
                    yield b"".join(frame.encode() for frame in item.frames())


async def as_json(execution_id: int, tie: Tie, after: int = 0) -> AsyncIterator[bytes]:
    """Yield the ending as one JSON object, and blanks until then."""
    yield BLANK
    async with aclosing(follow(execution_id, after, tie)) as items:
        async for item in items:
            if item is None:
                yield BLANK
            elif isinstance(item, Ending):
                yield json.dumps(item.answer, ensure_ascii=False).encode()
