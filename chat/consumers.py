"""The WebSockets of the chat: ``/ws/chat`` and ``/ws/tasks``. They parse, call one service, and forward."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any

from channels.db import database_sync_to_async

from chat import branches, inbound, outbound, services, trash
from chat.following import Following
from chat.models import Message
from chat.sockets import Socket
from chat.tasks import tasks_of
from executions import readers
from executions import services as engine
from executions.models import Execution
from executions.scopes import Scope
from executions.services import CancelReport
from executions.states import Source


class ChatConsumer(Socket):
    """Sends messages, follows sessions, answers questions, and stops executions."""

    following: Following

    async def opened(self) -> None:
        self.following = Following(self.user.pk, self.say, self.spawn)

    async def looked(self) -> None:
        await self.following.catch_up()

    async def heard(self, text: str | None) -> None:
        frame = inbound.parse(text)
        if isinstance(frame, inbound.ACTIONS):
            self.require(Scope.RUN)
        match frame:
            case inbound.SendMessage() as message:
                await self._send_message(message)
            case inbound.Subscribe() as wish:
                await self._subscribe(wish)
            case inbound.Unsubscribe(session_id):
                self.following.unsubscribe(session_id)
                await self.say(outbound.encode({"type": "unsubscribed", "session_id": session_id}))
            case inbound.GiveAnswer() as given:
                await self._answer(given)
            case inbound.Cancel() as cancel:
                await self._cancel(cancel)
            case inbound.Ping():
                await self.say(outbound.encode({"type": "pong"}))

    async def _send_message(self, message: inbound.SendMessage) -> None:
        async with self.following.accepting:
            execution, row, position = await database_sync_to_async(self._start)(message)
            fields: dict[str, Any] = {
                "prompt": row.content,
                "position": position,
                "message_id": row.pk,
                "turn": row.turn,
            }
            if message.client_id:
                fields["client_id"] = message.client_id
            if message.replaces is not None:
                fields["versions"] = await database_sync_to_async(self._versions)(row)
            await self.say(outbound.about(execution).frame("queued", **fields))
            self.following.follow(execution)

    def _start(self, message: inbound.SendMessage) -> tuple[Execution, Any, int]:
        execution, row = services.send_message(
            self.user,
            message.session_id,
            message.content,
            model=message.model,
            web_search=message.web_search,
            exclude_tools=message.exclude_tools,
            on_busy=message.on_busy,
            client_id=message.client_id,
            agent=message.agent,
            agent_options=message.agent_options,
            replaces=message.replaces,
            source=Source.PAGE,
        )
        return execution, row, services.ahead_of(execution)

    def _versions(self, row: Message) -> dict[str, Any] | None:
        """Return where among the versions of its session a message stands that has replaced another."""
        versions = branches.versions_of(row.session).get(row.turn)
        return versions.frame() if versions else None

    async def _subscribe(self, wish: inbound.Subscribe) -> None:
        current = await self.following.subscribe(wish.session_id, wish.after, wish.last)
        await self.say(
            outbound.encode(
                {
                    "type": "subscribed",
                    "session_id": wish.session_id,
                    "execution_id": current.pk if current else None,
                    "status": current.status if current else "idle",
                }
            )
        )

    async def _answer(self, given: inbound.GiveAnswer) -> None:
        await database_sync_to_async(engine.answer)(
            given.execution_id, question_id=given.question_id, answer=given.answer, by=self.user
        )

    async def _cancel(self, cancel: inbound.Cancel) -> None:
        report = await database_sync_to_async(self._stop)(cancel)
        await self.say(
            outbound.encode(
                {
                    "type": "cancel_result",
                    "canceled": report.canceled,
                    "requested": report.requested + report.already_requested,
                    "already_finished": report.already_finished,
                }
            )
        )

    def _stop(self, cancel: inbound.Cancel) -> CancelReport:
        if cancel.execution_id is None:
            return services.cancel(self.user, cancel.session_id, reason=cancel.reason, source=Source.PAGE)
        return engine.cancel_one(cancel.execution_id, by=self.user, reason=cancel.reason, source=Source.PAGE)


class TasksConsumer(Socket):
    """Tells what becomes of the user's executions; live only, a page reads its list when it opens."""

    async def opened(self) -> None:
        self.spawn(self._forward())

    async def heard(self, text: str | None) -> None:
        # A page asks whether anybody is there; there is nothing else to say here.
        await self.say(outbound.encode({"type": "pong"}))

    async def looked(self) -> None:
        await database_sync_to_async(trash.empty_now_and_then)()

    async def _forward(self) -> None:
        async with aclosing(readers.follow_changes(self.user.pk)) as batches:
            async for batch in batches:
                for frame in await database_sync_to_async(tasks_of)(batch):
                    await self.say(frame)
