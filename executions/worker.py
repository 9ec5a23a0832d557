"""A worker: a supervisor with a lease and a consumer that hears doorbells. It runs inside the server or on its own."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from channels.consumer import AsyncConsumer
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import Error
from redis.exceptions import RedisError

from executions import bus, leases, processes
from executions.agents.base import AgentFailure, WarmAgent
from executions.agents.registry import close_agents, load_agent
from executions.background import start_service
from executions.conf import conf
from executions.consumers import WorkerConsumer
from executions.database import DatabaseThread
from executions.deliveries.deliverer import Deliverer
from executions.hub import get_hub
from executions.layers import EmbeddedChannelLayer
from executions.models import Execution, Worker
from executions.outages import Outage
from executions.searching.upkeep import Upkeep
from executions.signals import process_started
from executions.supervisor import Supervisor
from executions.tallies.upkeep import Upkeep as TallyUpkeep
from executions.validation import agent_of

logger = logging.getLogger(__name__)


class Caretaker:
    """What every process of the site does: hears doorbells for its readers, finishes what lost workers left behind."""

    def __init__(self) -> None:
        # Connections of their own: neither a long write of the journal nor what can wait may cost the lease.
        self._database = DatabaseThread("lease")
        self._care = DatabaseThread("care")
        self._tasks: list[asyncio.Task[None]] = []
        self._patient_until = 0.0

    async def start(self) -> None:
        """Begin; belongs to the running loop. Raises OSError when the doorbell's socket can't be made."""
        process_started.send(sender=type(self))
        bus.set_home_loop(asyncio.get_running_loop())
        processes.configure(processes.instance_of(settings.DATABASES["default"]))
        layer = get_channel_layer()
        if isinstance(layer, EmbeddedChannelLayer):
            await layer.listen()
        self._tasks.append(start_service(self._look_after_others(), "look-after-others"))

    async def stop(self) -> None:
        """End the tasks and the readers of this process."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await get_hub().stop()
        await self._care.close()
        await self._database.close()
        layer = get_channel_layer()
        if isinstance(layer, EmbeddedChannelLayer):
            layer.close_listener()
        bus.set_home_loop(None)

    @property
    def worker_id(self) -> str:
        """The id of the worker in this process; empty where there is none."""
        return ""

    async def _look_after_others(self) -> None:
        """Finish, from time to time, what workers that are gone have left behind."""
        # After an outage of the database nobody's lease has been renewed: everybody gets the time to do it first.
        self._patient_until = time.monotonic() + 2 * conf.heartbeat_seconds
        outage = Outage(logger, "lost workers can't be looked for")
        while True:
            # With the defaults, a worker that nobody can look at is lost 12.5 s after its last heartbeat at the latest.
            await asyncio.sleep(conf.heartbeat_seconds / 2)
            try:
                await self._look()
            except Error as error:
                outage.complain(error)
                self._patient_until = time.monotonic() + conf.lease_seconds

    async def _look(self) -> None:
        """Look once; while patient, nobody is lost for a lease that was not renewed."""
        suspects = await self._overdue()
        if suspects:
            await asyncio.sleep(conf.poll_seconds)
        lost = await self._care.run(leases.finish_left_behind, self.worker_id, suspects)
        if lost:
            logger.warning("%s executions of lost workers were finished as lost", len(lost))
            await self._care.run(_sweep)
            await bus.send(bus.WORKERS, {"type": "execution.wake"})

    async def _overdue(self) -> dict[str, datetime]:
        """Return whose lease was not renewed; nobody when the answer was long in coming: so were the heartbeats."""
        began = time.monotonic()
        if began < self._patient_until:
            return {}
        found = await self._care.run(leases.overdue, self.worker_id)
        if (answered := time.monotonic()) - began > conf.heartbeat_seconds:
            self._patient_until = answered + conf.lease_seconds
            return {}
        return found


class EmbeddedWorker(Caretaker):
    """Runs executions in this process, from :meth:`start` to :meth:`stop`."""

    def __init__(
        self,
        slots: int | None = None,
        agents: Sequence[str] = (),
        drain_seconds: float | None = None,
        alive_file: Path | None = None,
    ) -> None:
        super().__init__()
        self._slots = slots or conf.max_running
        self._agents = tuple(agents)
        self._drain_seconds = conf.drain_seconds if drain_seconds is None else drain_seconds
        self._alive_file = alive_file
        self.supervisor: Supervisor | None = None
        self._deliverer = Deliverer()
        self._stopping = False
        #: Held while the supervisor is stopped or replaced.
        self._changing = asyncio.Lock()

    @property
    def worker_id(self) -> str:
        return self.supervisor.worker_id if self.supervisor is not None else ""

    async def start(self) -> None:
        """Take a lease, finish what others left behind, and begin to run executions.

        Raises DatabaseError when the database can't be reached or has not been migrated.
        """
        await super().start()
        await self._begin()
        self._deliverer.start()
        self._tasks.append(start_service(self._listen(), "worker-listen"))
        self._tasks.append(start_service(self._keep_lease(), "worker-lease"))
        self._tasks.append(start_service(_warm_up(), "warm-up"))
        self._tasks.append(start_service(Upkeep(self._care).run(), "search-index"))
        self._tasks.append(start_service(TallyUpkeep(self._care).run(), "tallies"))

    async def stop(self) -> None:
        """Let what runs here finish for the drain time, finish the rest, give the lease back."""
        self._stopping = True
        async with self._changing:
            if self.supervisor is not None:
                await self.supervisor.stop(self._drain_seconds)
                try:
                    await self._database.run(leases.resign, self.supervisor.worker_id)
                except Error as error:
                    logger.error("the lease can't be given back and will expire: %s", error)
        # After the executions, whose ends are told, too.
        await self._deliverer.stop()
        await super().stop()
        await close_agents()

    def hurry(self) -> None:
        """End the drain now."""
        if self.supervisor is not None:
            self.supervisor.hurry.set()

    async def _begin(self) -> None:
        worker_id = await self._database.run(leases.register, self._slots, self._agents, self.worker_id)
        await self._database.run(leases.finish_left_behind, worker_id)
        await self._database.run(_sweep)
        self.supervisor = Supervisor(worker_id, self._slots, self._agents)
        self.supervisor.start()
        if self._alive_file is not None:
            self._alive_file.touch()
        logger.info("worker %s runs up to %s executions", worker_id[:8], self._slots)

    async def _listen(self) -> None:
        """Hear doorbells; when the channel layer is away, the columns are read until it is back."""
        layer = get_channel_layer()
        if layer is None:
            return
        while True:
            supervisor = self.supervisor
            assert supervisor is not None
            try:
                channel = await layer.new_channel("worker")
                consumer: AsyncConsumer = WorkerConsumer(supervisor, self._deliverer.wake)
                consumer.channel_layer, consumer.channel_name = layer, channel
                await consumer.dispatch({"type": "worker.listen"})
                while self.supervisor is supervisor:
                    await consumer.dispatch(await layer.receive(channel))
            except (OSError, RedisError) as error:
                logger.warning("the channel layer is away, the columns are polled: %s", error)
                await asyncio.sleep(conf.poll_seconds)

    async def _keep_lease(self) -> None:
        while True:
            supervisor = self.supervisor
            assert supervisor is not None
            try:
                async with asyncio.timeout(conf.heartbeat_seconds):
                    await supervisor.lease_lost.wait()
                kept = False
            except TimeoutError:
                kept = await self._beat(supervisor.worker_id)
            if kept and self._alive_file is not None:
                self._alive_file.touch()
            if not kept:
                logger.error("worker %s has lost its lease and starts anew", supervisor.worker_id[:8])
                supervisor.lose_lease()
                async with self._changing:
                    if self._stopping:
                        return
                    await supervisor.abandon()
                    await self._begin_anew()
                # Heard on the old channel: makes the listener join the new worker's group.
                await bus.send(bus.WORKERS, {"type": "execution.wake"})

    async def _begin_anew(self) -> None:
        """Take a new lease, however long the database is away."""
        while not self._stopping:
            try:
                await self._begin()
            except Error as error:
                logger.error("a new lease can't be had: %s", error)
                await asyncio.sleep(conf.heartbeat_seconds)
            else:
                return

    async def _beat(self, worker_id: str) -> bool:
        """Renew the lease, as soon as the database is there; ``False`` when somebody has taken it away."""
        outage = Outage(logger, "the lease can't be renewed")
        while True:
            try:
                return await self._database.run(Worker.objects.beat, worker_id)
            except Error as error:
                outage.complain(error)
                await asyncio.sleep(conf.poll_seconds)


async def _warm_up() -> None:
    """Import what the default model needs, so that the first run with it begins at once."""
    agent = await asyncio.to_thread(load_agent, conf.agents[agent_of(conf.model)])
    if isinstance(agent, WarmAgent):
        try:
            await agent.warm_up(conf.model)
        except AgentFailure as error:
            logger.error("the model %s can't be used: %s", conf.model, error)


def _sweep() -> None:
    """Kill processes on this host that executions which are over have left behind."""
    # Asked for each one found, and not before: what another worker has just claimed and begun must live.
    for process in processes.sweep(lambda pk: Execution.objects.unfinished().filter(pk=pk).exists()):
        logger.warning("killed the leftover process %s: %s", process["pid"], process["command"])
