"""What every WebSocket of ours does: knows its user, owns its tasks, and survives whatever a client sends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import ExitStack
from functools import partial
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth.models import User
from django.db import DatabaseError
from django.utils import translation
from django.utils.translation import gettext as _

from chat import outbound, revoking
from chat.authentication import Access, Credentials, access_of, credentials_of
from chat.language import context_in, language_of
from executions import connections, origin
from executions.errors import ExecutionError, ScopeMissing
from executions.scopes import Scope

logger = logging.getLogger(__name__)

#: Close codes, as the browser sees them.
UNAUTHENTICATED = 4401
TRY_AGAIN = 1013
TOO_MANY = 4429
#: Seconds between two looks at whether the credentials still hold, and for what was never announced.
CHECK_SECONDS = 30.0


class Socket(AsyncWebsocketConsumer):
    """A WebSocket of a signed-in user.

    Cancellation: ends the tasks of this socket; executions go on.
    """

    groups = [revoking.GROUP]
    access: Access
    credentials: Credentials

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tasks: set[asyncio.Task[Any]] = set()
        self.language = settings.LANGUAGE_CODE
        self.is_open = False
        self.counted = ExitStack()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            with self.counted:
                await super().__call__(scope, receive, send)
        finally:
            # Also when the server cancels the connection, where no disconnect is ever heard.
            await self._end_tasks()
            await self.channel_layer.group_discard(revoking.GROUP, self.channel_name)

    async def connect(self) -> None:
        """Accept first: a browser learns the close code only of a socket that was open."""
        await self.accept()
        self.language = language_of(self.scope)
        translation.activate(self.language)
        self.credentials = credentials_of(self.scope)
        try:
            access = await database_sync_to_async(access_of)(self.credentials)
        except DatabaseError as error:
            logger.warning("a socket could not be opened: %s", error)
            await self.close(TRY_AGAIN, _reason(_("The server can't reach its database right now.")))
            return
        if access is None:
            why = _("Sign in first: no valid token or session came with this socket.")
            await self.close(UNAUTHENTICATED, _reason(why))
            return
        try:
            connections.require_room(access.user.pk)
        except connections.TooManyConnections as error:
            await self.send(text_data=_error_frame(error))
            await self.close(TOO_MANY, _reason(error.message))
            return
        self.counted.enter_context(connections.counted(access.user.pk))
        self.access, self.is_open = access, True
        self.spawn(self._check())
        await self.opened()

    @property
    def user(self) -> User:
        """Whose socket it is, once it is open."""
        return self.access.user

    def require(self, needed: Scope) -> None:
        """Raise ScopeMissing where the token of this socket does not go that far."""
        if not self.access.scope.allows(needed):
            raise ScopeMissing(ScopeMissing.text(self.access.scope, needed))

    async def opened(self) -> None:
        """Called once the user is known."""

    async def heard(self, text: str | None) -> None:
        """Called for every frame; ``None`` for a binary one. May raise ExecutionError, which the client is told."""

    async def looked(self) -> None:
        """Called every :data:`CHECK_SECONDS`, for whatever may have been missed."""

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Handle one frame; whatever goes wrong with it, the client is told and the socket lives on."""
        if not self.is_open:
            return
        handling = self.spawn(self._heard(text_data), reported=False)
        await asyncio.wait({handling})
        if not handling.cancelled() and (problem := handling.exception()) is not None:
            await self.say(_error_frame(problem))

    async def _heard(self, text: str | None) -> None:
        with origin.coming_from(partial(origin.of_socket, self.scope, self.user)):
            await self.heard(text)

    async def say(self, frame: str) -> None:
        """Send a frame while the socket is open."""
        if self.is_open:
            await self.send(text_data=frame)

    async def disconnect(self, code: int) -> None:
        self.is_open = False

    # Tasks -----------------------------------------------------------------------------------------------------------

    def spawn(self, coroutine: Coroutine[Any, Any, None], *, reported: bool = True) -> asyncio.Task[None]:
        """Start a task that ends with this socket; with ``reported``, its failure becomes an error frame.

        It gets a context of its own, in the reader's language: one that inherits a request's keeps that request's
        thread and connection.
        """
        task = asyncio.get_running_loop().create_task(coroutine, context=context_in(self.language))
        self.tasks.add(task)
        task.add_done_callback(self._reported if reported else self.tasks.discard)
        return task

    def _reported(self, task: asyncio.Task[Any]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            self.spawn(self.say(_error_frame(problem)), reported=False)

    async def _end_tasks(self) -> None:
        self.is_open = False
        tasks = list(self.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # The right to be here --------------------------------------------------------------------------------------------

    async def access_changed(self, message: dict[str, Any]) -> None:
        """Channel-layer handler: somebody's token, session, password or account has changed."""
        if self.is_open and message["user_id"] == self.user.pk:
            if message["ended_session"] and message["ended_session"] == self.credentials.session:
                await self._shut()
            else:
                await self._verify()

    async def _check(self) -> None:
        while self.is_open:
            await asyncio.sleep(CHECK_SECONDS)
            try:
                await self._verify()
                await self.looked()
            except DatabaseError as error:
                logger.warning("the credentials of a socket could not be checked: %s", error)

    async def _verify(self) -> None:
        access = await database_sync_to_async(access_of)(self.credentials)
        if access is None or access.user.pk != self.user.pk or access.scope != self.access.scope:
            await self._shut()

    async def _shut(self) -> None:
        if self.is_open:
            self.is_open = False
            await self.close(UNAUTHENTICATED, _reason(_("You were signed out.")))


def _reason(text: str) -> str:
    """Return what fits into the frame that closes a WebSocket: 123 bytes of UTF-8."""
    return text.encode()[:123].decode(errors="ignore")


def _error_frame(problem: BaseException) -> str:
    if isinstance(problem, ExecutionError):
        return outbound.error(problem.message, problem.code)
    logger.error("a frame or a reader failed", exc_info=problem)
    return outbound.error(
        _("The server could not do this; its log says why. What runs goes on: subscribe again to follow it."),
        "internal",
    )
