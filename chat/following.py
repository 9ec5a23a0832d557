"""Everything one chat socket follows. It reads only: closing it ends readers, never a run.

Invariants, for one socket:

- Every entry of a followed execution is sent once and in order (``executions.readers`` sees to that).
- The frames of one session's executions never mix: an execution's frames begin when the one before it has sent its
  ``ready``, so that a client that knows of no ``execution_id`` is never told the wrong one has ended.
- Executions that start elsewhere in a subscribed session are followed too. A change that was never announced is found
  by :meth:`Following.catch_up`, which looks for executions newer than the newest one known.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from channels.db import database_sync_to_async
from django.db.models import OuterRef, Q, Subquery
from django.utils.translation import gettext as _

from chat import outbound
from chat.models import Message, Role
from chat.outbound import About
from executions import events, readers
from executions.errors import InvalidInput
from executions.events import Entry
from executions.models import EventRow, Execution

#: How many sessions one socket may subscribe to.
MAX_SUBSCRIPTIONS = 50
#: An answer of so many characters is rendered in less time than a thread takes to be asked to (some 0.3 ms).
MAX_RENDERED_HERE = 300
#: The most executions that a socket is told of when it comes back to a session.
MAX_CAUGHT_UP = 50


@dataclass(slots=True)
class _Session:
    """What this socket has to do with one session."""

    subscribed: bool = False
    newest: int = 0
    #: What was followed here or needed no following; ids may become visible out of order.
    known: set[int] = field(default_factory=set)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    followers: dict[int, asyncio.Task[None]] = field(default_factory=dict)


class Following:
    """The readers of one socket.

    ``send`` sends a frame; ``spawn`` starts a task that the socket owns and whose failure it reports.
    """

    def __init__(
        self,
        owner_id: int,
        send: Callable[[str], Awaitable[None]],
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
    ) -> None:
        self._owner_id = owner_id
        self._send = send
        self._spawn = spawn
        self._sessions: dict[str, _Session] = defaultdict(_Session)
        self._watcher: asyncio.Task[None] | None = None
        #: Held while a message is accepted, so that its sender hears ``queued`` before anything else about it.
        self.accepting = asyncio.Lock()

    async def subscribe(self, session_id: str, after: dict[int, int], last: int | None) -> Execution | None:
        """Follow a session from now on, and what is unfinished in it; returns its current execution.

        ``after`` resumes executions, finished ones too, behind the ``seq`` given; ``last`` does so for the newest
        one. Raises InvalidInput when there are too many subscriptions.
        """
        session = self._sessions[session_id]
        if not session.subscribed and sum(s.subscribed for s in self._sessions.values()) >= MAX_SUBSCRIPTIONS:
            raise InvalidInput(
                _("This socket follows %(max_subscriptions)s sessions; unsubscribe from one first.")
                % {"max_subscriptions": MAX_SUBSCRIPTIONS}
            )
        session.subscribed = True
        self._watch()
        await asyncio.sleep(0)  # the watcher's first step subscribes it; what starts from here on is announced to it
        rows = await database_sync_to_async(self._resumed)(session_id, list(after))
        newest = max((row.pk for row in rows), default=0)
        session.newest = max(session.newest, newest)
        session.known.update(row.pk for row in rows)
        for row in rows:
            seq = after.get(row.pk, last if row.pk == newest and last is not None else 0)
            if row.pk in after or row.outcome == "" or (row.pk == newest and last is not None):
                self.follow(row, seq)
        current = [row for row in rows if row.outcome == ""]
        return next((row for row in current if row.started_at), current[0] if current else None)

    def unsubscribe(self, session_id: str) -> None:
        """Follow nothing of a session any more."""
        session = self._sessions.pop(session_id, None)
        for follower in session.followers.values() if session else ():
            follower.cancel()

    def follow(self, execution: Execution, after: int = 0) -> None:
        """Send what an execution has said after ``after``, and all it will say; once, however often this is called."""
        session = self._sessions[execution.session_id]
        if execution.pk not in session.followers:
            session.newest = max(session.newest, execution.pk)
            session.known.add(execution.pk)
            task = self._spawn(self._follow(session, outbound.about(execution), after))
            session.followers[execution.pk] = task
            task.add_done_callback(lambda done: self._ended(session, execution.pk, done))

    async def catch_up(self, announced: Collection[int] = ()) -> None:
        """Follow those executions of subscribed sessions that were announced, and those that nobody has announced."""
        subscribed = {key: session for key, session in self._sessions.items() if session.subscribed}
        if not subscribed:
            return
        self._watch()
        async with self.accepting:
            for row in await database_sync_to_async(self._newer)(
                {k: s.newest for k, s in subscribed.items()}, announced
            ):
                await self._discovered(row)

    # What is to be followed ------------------------------------------------------------------------------------------

    def _mine(self) -> Any:
        return Execution.objects.filter(owner_id=self._owner_id).without_bodies()

    def _resumed(self, session_id: str, ids: list[int]) -> list[Execution]:
        mine = self._mine().filter(session_id=session_id)
        newest = mine.order_by("-pk").values_list("pk", flat=True).first()
        wanted = mine.filter(Q(pk__in=[*ids, newest or 0]) | Q(pk__in=mine.unfinished().values("pk")))
        return list(wanted.order_by("pk"))

    def _newer(self, newest: dict[str, int], announced: Collection[int]) -> list[Execution]:
        wanted = Q(session_id__in=newest, pk__in=announced)
        for session_id, pk in newest.items():
            wanted |= Q(session_id=session_id, pk__gt=pk)
        prompts = Message.objects.filter(execution=OuterRef("pk"), role=Role.USER).at_home()
        rows = self._mine().filter(wanted).annotate(turn=Subquery(prompts.values("turn")[:1]))
        return list(rows.order_by("pk")[:MAX_CAUGHT_UP])

    def _watch(self) -> None:
        if self._watcher is None or self._watcher.done():
            self._watcher = self._spawn(self._listen())

    async def _listen(self) -> None:
        async with aclosing(readers.follow_changes(self._owner_id)) as batches:
            async for batch in batches:
                if news := {change.execution_id for change in batch if self._is_news(change)}:
                    await self.catch_up(news)

    def _is_news(self, change: events.Change) -> bool:
        session = self._sessions.get(change.session_id)
        if session is None or not session.subscribed or change.execution_id in session.known:
            return False
        return change.kind == "created" or change.execution_id > session.newest

    async def _discovered(self, execution: Execution) -> None:
        session = self._sessions.get(execution.session_id)
        if session is not None and session.subscribed and execution.pk not in session.known:
            place = {"turn": getattr(execution, "turn", None)}
            await self._send(outbound.about(execution).frame("queued", prompt=execution.prompt, **place))
            self.follow(execution)

    # Following one ---------------------------------------------------------------------------------------------------

    def _ended(self, session: _Session, execution_id: int, done: asyncio.Task[None]) -> None:
        # One that has failed may be asked for again; one that was sent whole is remembered by ``newest`` alone.
        session.followers.pop(execution_id, None)

    async def _follow(self, session: _Session, about: About, after: int) -> None:
        """Send every frame of one execution after ``after``. Cancellation: the execution goes on unread."""
        async with aclosing(readers.follow(about.execution_id, after)) as batches:
            batch = await anext(batches, None)
            # An end may come before the beginning of what was sent first: of one stopped in the queue.
            if earlier := [task for pk, task in session.followers.items() if pk < about.execution_id]:
                await asyncio.wait(earlier)
            async with session.turn:
                reading = _Reading(about, begun=after > 0, said=[] if after == 0 else None)
                if batch is None and reading.begun:  # its reader may have gone between the end and ``ready``
                    await self._send(about.ready(after))
                while batch is not None:
                    for entry in batch:
                        await self._forward(reading, entry)
                        reading.begun = True
                    batch = await anext(batches, None)

    async def _forward(self, reading: _Reading, entry: Entry) -> None:
        about, data, args = reading.about, entry.data, None
        match entry.type:
            case events.Finished.type:
                if not reading.begun:  # it never ran; clients expect a beginning before the end
                    await self._send(about.stream_start())
                await self._send(await _end(reading, entry))
                await self._send(about.ready(entry.seq))
                return
            case events.Text.type if reading.said is not None:
                reading.said.append(data["text"])
            case events.ToolStarted.type:
                reading.calls[data["call_id"]] = data["args"]
            case events.ToolFinished.type:
                args = reading.calls.pop(data["call_id"], None)
                if args is None:
                    args = await database_sync_to_async(_args)(about.execution_id, data["call_id"])
        await self._send(outbound.of_entry(about, entry, args))


@dataclass(slots=True)
class _Reading:
    """How far one reader has come with one execution; ``said`` is the answer, unless it was read from its middle."""

    about: About
    begun: bool
    said: list[str] | None
    calls: dict[str, dict[str, Any]] = field(default_factory=dict)


async def _end(reading: _Reading, entry: Entry) -> str:
    content = None if reading.said is None else "".join(reading.said)
    if content is not None and len(content) <= MAX_RENDERED_HERE:
        return outbound.stream_end(reading.about, entry, content)
    return await database_sync_to_async(_long_end)(reading.about, entry, content)


def _long_end(about: About, entry: Entry, content: str | None) -> str:
    if content is None:
        content = Execution.objects.filter(pk=about.execution_id).values_list("output", flat=True).first()
    return outbound.stream_end(about, entry, content or "")


def _args(execution_id: int, call_id: str) -> dict[str, Any]:
    """Return the arguments of a tool call that began before the reader came."""
    started = EventRow.objects.filter(execution_id=execution_id, type=events.ToolStarted.type, data__call_id=call_id)
    data = started.values_list("data", flat=True).first()
    return data["args"] if data else {}
