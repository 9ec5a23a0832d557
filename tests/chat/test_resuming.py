"""A client that drops at random points sees every event exactly once, in order, and the run goes on without it."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from executions.models import Execution
from tests.chat.client import ChatClient, Frame

pytestmark = pytest.mark.django_db(transaction=True)
Connect = Callable[..., ChatClient]

#: Frames of a reader that are not events of the journal.
REPLIES = {"queued", "subscribed", "ready", "pong"}


def joined(frames: list[Frame]) -> tuple[list[int], str]:
    """Return the seqs in the order in which they came, and the text."""
    events = [f for f in frames if f["type"] not in REPLIES]
    return [f["seq"] for f in events], "".join(f["content"] for f in events if f["type"] == "stream")


@pytest.mark.parametrize("seed", range(6))
async def test_every_event_comes_once_and_in_order_however_often_the_socket_drops(
    seed: int, user: User, connect: Connect
) -> None:
    chance = random.Random(seed)
    client = await connect(user).open()
    execution = await client.say("count 400 every 3ms")
    seen: list[Frame] = []
    drops = 0
    while not any(f["type"] == "ready" for f in seen):
        for _ in range(chance.randrange(1, 12)):
            frame = await client.next()
            if frame.get("execution_id") == execution:
                seen.append(frame)
            if frame["type"] == "ready":
                break
        drops += 1
        await (client.drop() if chance.random() < 0.5 else client.close())
        last = max(f["seq"] for f in seen) if seen else 0
        client = await connect(user).open()
        await client.send(type="subscribe", session_id="web:chat", after={str(execution): last})
        await client.until("subscribed")
    assert drops > 1
    seqs, text = joined(seen)
    assert seqs == sorted(set(seqs))
    assert text == " ".join(str(n) for n in range(1, 401))
    row = await Execution.objects.aget(pk=execution)
    assert (row.outcome, row.output, row.last_seq) == ("succeeded", text, seqs[-1])


async def test_a_run_outlives_a_socket_that_never_comes_back(user: User, connect: Connect) -> None:
    client = await connect(user).open()
    execution = await client.say("count 20 every 10ms")
    await client.until("stream")
    await client.drop()
    other = await connect(user).open()
    await other.send(type="subscribe", session_id="web:chat")
    frames = await other.until_ready(execution)
    assert frames[-2]["outcome"] == "succeeded"


async def test_a_reader_that_went_between_the_end_and_ready_is_told_ready(user: User, connect: Connect) -> None:
    client = await connect(user).open()
    execution = await client.say("say hello")
    last = (await client.until_ready(execution))[-1]["seq"]
    again = await connect(user).open()
    await again.send(type="subscribe", session_id="web:chat", after={str(execution): last})
    frames = await again.until_ready(execution)
    assert [f["type"] for f in frames] == ["ready"]


async def test_a_number_resumes_the_newest_execution(user: User, connect: Connect) -> None:
    client = await connect(user).open()
    execution = await client.say("say a b c")
    frames = await client.until_ready(execution)
    again = await connect(user).open()
    await again.send(type="subscribe", session_id="web:chat", after=frames[1]["seq"])
    resumed = await again.until_ready(execution)
    assert [f["type"] for f in resumed][-2:] == ["stream_end", "ready"]
    assert "stream_start" not in [f["type"] for f in resumed]
