"""The channel layer of the embedded form: in memory, and reachable by this machine's other processes.

The server listens on a Unix datagram socket in its home; a management command's doorbell goes there, so that a cancel
from a terminal is as quick as one from the page. Where there is no server, or no such socket, a doorbell is lost, and
what it said is found by polling.
"""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import os
import socket
from pathlib import Path
from typing import Any

from channels.exceptions import ChannelFull
from channels.layers import InMemoryChannelLayer

logger = logging.getLogger(__name__)

#: Linux refuses datagrams above its default send buffer of 208 KiB; a lost doorbell costs a poll.
MAX_DATAGRAM_BYTES = 200_000
#: ``sun_path`` of ``sockaddr_un`` holds 108 bytes on Linux and 104 on macOS, with the closing NUL.
MAX_PATH_BYTES = 103


class EmbeddedChannelLayer(InMemoryChannelLayer):
    """Groups in this process's memory; ``socket`` is the path of the doorbell, none in tests."""

    def __init__(self, socket: str | Path = "", capacity: int = 10_000, **kwargs: Any) -> None:
        super().__init__(capacity=capacity, **kwargs)
        self._path = os.fspath(socket)
        self._listener: Any = None

    def _clean_expired(self) -> None:
        """Keep everything: each channel has a reader in this process, and capacity bounds what is unread.

        The original scans all groups at every message, ends memberships after a day, and takes a channel out of all
        its groups when a message was left unread for a minute, after which a worker would be deaf.
        """

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        """Send to a group of this process; in a process that is not the server, to the server's."""
        if self._path and self._listener is None:
            self._ring_server(group, message)
        self.require_valid_group_name(group)
        for channel in list(self.groups.get(group, ())):
            try:
                await self.send(channel, message)
            except ChannelFull:
                logger.warning("a doorbell for %s was lost: its channel is full", group)

    async def listen(self) -> None:
        """Become the process that others' doorbells reach. Raises OSError when the socket can't be made."""
        if not self._path or not hasattr(socket, "AF_UNIX"):
            return
        if len(os.fsencode(self._path)) > MAX_PATH_BYTES:
            logger.warning("the path of the home is too long for a doorbell; commands take a second to be heard")
            return
        # One quick call at the start, before anything is served.
        Path(self._path).unlink(missing_ok=True)  # noqa: ASYNC240
        bell = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        bell.setblocking(False)
        bell.bind(self._path)
        Path(self._path).chmod(0o600)  # noqa: ASYNC240
        loop = asyncio.get_running_loop()
        self._listener, _ = await loop.create_datagram_endpoint(lambda: _Doorbell(self), sock=bell)

    def close_listener(self) -> None:
        """Stop listening and remove the socket."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
            Path(self._path).unlink(missing_ok=True)

    def _ring_server(self, group: str, message: dict[str, Any]) -> None:
        datagram = json.dumps([group, message]).encode()
        if len(datagram) > MAX_DATAGRAM_BYTES:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell:
            try:
                bell.sendto(datagram, self._path)
            except OSError as error:
                if error.errno not in (errno.ENOENT, errno.ECONNREFUSED):
                    raise
                # No server is running; what this was about is in the database for the next one.


class _Doorbell(asyncio.DatagramProtocol):
    def __init__(self, layer: EmbeddedChannelLayer) -> None:
        self._layer = layer
        self._tasks: set[asyncio.Task[None]] = set()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        try:
            group, message = json.loads(data)
        except ValueError:
            logger.warning("something that is not a doorbell came through the doorbell's socket")
            return
        task = asyncio.get_running_loop().create_task(self._layer.group_send(group, message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
