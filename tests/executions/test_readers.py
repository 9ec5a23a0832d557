"""Readers see every event exactly once and in order, whatever they, the doorbells or the database do."""

import asyncio
import random
from contextlib import aclosing, suppress

import pytest
from asgiref.sync import sync_to_async
from django.db import Error, connection

from executions import compaction, hub, readers, services, subscriptions
from executions.events import Entry, Finished, Text, ToolOutput
from executions.hub import get_hub
from executions.models import EventRow, Execution
from executions.readers import follow, read
from tests.executions.conftest import cancel, events_of, reload
from tests.support import await_until


class Retelling:
    """What a client has put together from what it was sent, and its own bookkeeping of ``seq``."""

    def __init__(self) -> None:
        self.seq = 0
        self.story: list[tuple[str, str]] = []

    def hear(self, entry: Entry) -> None:
        assert entry.seq > self.seq
        self.seq = entry.seq
        kind = entry.type + entry.data.get("call_id", "")
        text = entry.data.get("text", entry.data.get("outcome", ""))
        if self.story and self.story[-1][0] == kind:
            self.story[-1] = (kind, self.story[-1][1] + text)
        else:
            self.story.append((kind, text))


async def retell(execution, drop=lambda: False) -> Retelling:
    """Follow to the end; each time ``drop()`` says so, lose the connection and come back with the ``seq``."""
    client = Retelling()
    while not client.story or client.story[-1][0] != Finished.type:
        async with aclosing(follow(execution.pk, client.seq)) as batches:
            async for batch in batches:
                for entry in batch:
                    client.hear(entry)
                    if drop():
                        break
                else:
                    continue
                break
    return client


async def tell(run):
    for number in range(120):
        await run.emit(Text(f"{number} "))
        await run.emit(ToolOutput("a" if number % 2 else "b", f"{number};"))
        if number % 10 == 0:
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("seed", range(3))
async def test_a_client_that_drops_at_random_points_misses_and_repeats_nothing(worker, behave, seed):
    dice = random.Random(seed)
    execution = await behave(tell)
    clients = [retell(execution, lambda: dice.random() < 0.05) for _ in range(5)]
    first, *others = await asyncio.gather(retell(execution), *clients)
    assert all(other.story == first.story for other in others)
    late = await retell(execution, lambda: dice.random() < 0.2)
    await sync_to_async(compaction.compact)(execution.pk)
    compacted = await retell(execution, lambda: dice.random() < 0.5)
    assert late.story == compacted.story == first.story
    done = await reload(execution)
    assert "".join(text for kind, text in first.story if kind == "text") == done.output


async def test_a_client_that_comes_back_after_compaction_gets_the_rest_from_every_seq(worker, behave):
    execution = await behave(tell)
    before = await events_of(execution)
    await sync_to_async(compaction.compact)(execution.pk)
    whole = (await retell(execution)).story
    for cut in range(len(before) + 1):
        client = Retelling()
        for entry in before[:cut]:
            client.hear(entry)
        for entry in await sync_to_async(read)(execution.pk, client.seq):
            client.hear(entry)
        assert client.story == whole


@pytest.mark.parametrize("page", [1, 2, 7])
async def test_pages_of_any_size_fit_together(worker, start, monkeypatch, page):
    monkeypatch.setattr(readers, "PAGE", page)
    execution = await start("say a b c d e f g\nthink h\nsay i")
    live = await retell(execution)
    assert (await retell(execution)).story == live.story
    assert live.story[-1] == ("finished", "succeeded")


async def test_a_slow_reader_is_cut_back_to_the_journal_and_misses_nothing(worker, behave, monkeypatch):
    monkeypatch.setattr(subscriptions, "MAX_BATCHES", 2)
    execution = await behave(tell)
    client = Retelling()
    async with aclosing(follow(execution.pk)) as batches:
        async for batch in batches:
            for entry in batch:
                client.hear(entry)
            subscription = next(iter(get_hub()._watched.get(execution.pk, [None])))
            assert subscription is None or len(subscription._batches) <= 2
            if batch[-1].type != Finished.type:
                await await_until(lambda seq=client.seq: _last(execution, worker) > seq + 3)
    assert client.story == (await retell(execution)).story


def _last(execution, worker):
    running = worker.supervisor._held.get(execution.pk)
    return running.log.next_seq if running else 10**9


@pytest.fixture
def deaf(monkeypatch, settings_of_engine):
    """No doorbell is ever heard: neither through the channel layer nor within the process."""
    settings_of_engine(POLL_SECONDS=0.05)

    async def lose(group, message):
        pass

    monkeypatch.setattr("executions.bus.send", lose)
    monkeypatch.setattr(hub.Hub, "deliver", lambda self, entries: None)


async def test_without_any_doorbell_everything_still_happens_within_polls(deaf, worker, start, owner):
    execution = await start("say a\nwait 100ms\nsay b")
    assert (await retell(execution)).story[-1] == ("finished", "succeeded")
    stuck = await start("wait 1m")
    following = asyncio.create_task(retell(stuck))
    await await_until(lambda: stuck.pk in worker.supervisor._held)
    await cancel(stuck)
    assert (await following).story[-1] == ("finished", "canceled")


async def test_a_reader_of_a_queued_execution_waits_for_it(transactional_db, start):
    execution = await start("say hi")
    following = asyncio.create_task(retell(execution))
    await await_until(lambda: get_hub()._watched)
    await cancel(execution)
    assert (await following).story == [("finished", "canceled")]
    await get_hub().stop()


async def test_a_reader_of_a_deleted_execution_ends(worker, start, settings_of_engine):
    settings_of_engine(POLL_SECONDS=0.05)
    execution = await start("count 1000 every 10ms")
    async with aclosing(follow(execution.pk)) as batches:
        assert await anext(batches)
        await execution.adelete()
        async for batch in batches:
            assert batch[-1].type != Finished.type
    assert await events_of(execution) == []
    assert not get_hub()._watched


async def test_a_reader_does_not_end_before_the_final_event_when_it_comes_between_two_queries(
    transactional_db, start, monkeypatch
):
    execution = await start("say hi")
    look = readers._UNFINISHED.exists

    def finish_first(**values):
        services.cancel(Execution.objects.filter(pk=execution.pk), by=None)
        return look(**values)

    monkeypatch.setattr(readers._UNFINISHED, "exists", finish_first)
    entries, over = await sync_to_async(readers._read_page)(execution.pk, 0)
    assert over
    assert [entry.type for entry in entries] == ["finished"]


async def test_a_reader_that_has_everything_ends_at_once(worker, start):
    execution = await start("say hi")
    entries = await events_of(execution)
    assert await events_of(execution, entries[-1].seq) == []
    assert await events_of(execution, 10**6) == []


async def test_readers_come_back_after_their_connection_broke(worker, start):
    def break_it():
        connection.ensure_connection()
        connection.connection.close()

    execution = await start("say hi")
    await events_of(execution)
    await get_hub().database.run(break_it)
    with suppress(Error):  # a pool may have noticed before
        await events_of(execution)
    assert (await events_of(execution))[-1].type == "finished"
    assert await EventRow.objects.filter(execution=execution).aexists()
