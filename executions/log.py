"""The unwritten end of one execution's journal, in the memory of the worker that holds it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from executions.cleaning import clean, clean_text
from executions.events import DELTAS, Entry, Event

#: Neighbouring deltas are joined until a row has this many characters.
MAX_ROW_CHARS = 8_000
#: An agent that is this far ahead of the database waits for it.
MAX_PENDING_CHARS = 256_000
MAX_PENDING_EVENTS = 2_000


@dataclass(slots=True)
class _Pending:
    type: str
    key: str
    data: dict[str, Any]
    at: datetime
    pieces: list[str] = field(default_factory=list)
    chars: int = 0


class Log:
    """Collects events until the journal takes them; numbers them when it does."""

    __slots__ = ("_pending", "_room", "chars", "closed", "execution_id", "next_seq", "written")

    def __init__(self, execution_id: int, next_seq: int = 1) -> None:
        self.execution_id = execution_id
        self.next_seq = next_seq
        self.chars = 0
        self.closed = False
        #: Whether anything was taken since the first piece of the answer; until then nothing waits for company.
        self.written = 0
        self._pending: list[_Pending] = []
        self._room: asyncio.Event | None = None

    def __len__(self) -> int:
        return len(self._pending)

    def append(self, event: Event) -> None:
        """Add ``event``, joined to the last one where both are pieces of the same stream.

        What can't be stored is refused here, where the agent hears of it, and not when others' events are written
        with it. Raises TypeError, RecursionError, or whatever a strange object in it raises.
        """
        now = datetime.now(UTC)
        if event.type in DELTAS:
            data = event.data()
            text = clean_text(data.pop("text"))
            data = clean(data)
            key = data.get("call_id", "")
            last = self._pending[-1] if self._pending else None
            if last is None or last.type != event.type or last.key != key or last.chars > MAX_ROW_CHARS:
                last = _Pending(event.type, key, data, now)
                self._pending.append(last)
            last.pieces.append(text)
            last.chars += len(text)
            self.chars += len(text)
        else:
            data = clean(event.data())
            self._pending.append(_Pending(event.type, "", data, now))
            self.chars += _size(data)

    def take(self) -> list[Entry]:
        """Number and return what is pending; the caller writes it or fails the execution."""
        entries = []
        for pending in self._pending:
            data = pending.data
            if pending.pieces:
                data["text"] = "".join(pending.pieces)
            entries.append(Entry(self.execution_id, self.next_seq, pending.type, data, pending.at))
            self.next_seq += 1
        self._pending = []
        self.chars = 0
        self.written += len(entries)
        return entries

    def take_back(self, entries: list[Entry]) -> None:
        """Give the numbers of ``entries``, the last ones taken, to others: they were not stored."""
        if entries and not self.closed:
            self.next_seq = entries[0].seq

    @property
    def full(self) -> bool:
        return self.chars >= MAX_PENDING_CHARS or len(self._pending) >= MAX_PENDING_EVENTS

    def made_room(self) -> None:
        """Wake the agent that waits for the database."""
        if self._room is not None:
            self._room.set()
            self._room = None

    async def wait_for_room(self) -> None:
        """Wait until the journal has written what was pending. Cancellation: leaves nothing behind."""
        while self.full and not self.closed:
            if self._room is None:
                self._room = asyncio.Event()
            await self._room.wait()


def _size(value: Any) -> int:
    """Return about how many characters a JSON value has."""
    match value:
        case str():
            return len(value)
        case dict():
            return 100 + sum(map(_size, value.values()))
        case list():
            return 100 + sum(map(_size, value))
    return 10
