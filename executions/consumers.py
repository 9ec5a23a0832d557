"""The Channels consumer of a worker: it hears doorbells and hands them to the supervisor, and returns at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from channels.consumer import AsyncConsumer, get_handler_name

from executions import bus
from executions.supervisor import Supervisor


class WorkerConsumer(AsyncConsumer):
    """Listens to all workers' group and to its own worker's."""

    def __init__(self, supervisor: Supervisor, deliver: Callable[[], None]) -> None:
        super().__init__()
        self.supervisor = supervisor
        self._deliver = deliver

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Call the handler without the thread hop that closes old connections: handlers touch no database."""
        await getattr(self, get_handler_name(message))(message)

    async def worker_listen(self, message: dict[str, Any]) -> None:
        """Join the groups; the first message a worker sends itself."""
        await self.channel_layer.group_add(bus.WORKERS, self.channel_name)
        await self.channel_layer.group_add(bus.worker_group(self.supervisor.worker_id), self.channel_name)
        self.supervisor.poll_soon()

    async def execution_wake(self, message: dict[str, Any]) -> None:
        self.supervisor.wake()

    async def execution_watch(self, message: dict[str, Any]) -> None:
        self.supervisor.watchers.watch(message["hub"], message["ids"])

    async def execution_cancel(self, message: dict[str, Any]) -> None:
        self.supervisor.cancel(message["ids"])

    async def execution_answer(self, message: dict[str, Any]) -> None:
        self.supervisor.poll_soon()

    async def execution_deliver(self, message: dict[str, Any]) -> None:
        self._deliver()
