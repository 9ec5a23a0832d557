"""Events as JSON pages and as a stream."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import AsyncClient
from rest_framework.test import APIClient

from executions.api import stream
from executions.worker import EmbeddedWorker
from tests.executions.api.conftest import URL, log, make
from tests.executions.conftest import Start

STARTED = ("started", {"worker": "w1"})
FINISHED = ("finished", {"outcome": "succeeded", "error": "", "error_code": "", "receipt": {}})


def text(content: str) -> tuple[str, dict[str, Any]]:
    return "text", {"text": content}


def test_events_are_read_page_by_page(api: APIClient, user: User) -> None:
    execution = make(user, "finished", last_seq=4)
    log(execution, STARTED, text("a"), text("é"), FINISHED)
    first = api.get(f"{URL}{execution.pk}/events/", {"limit": 2}).json()
    assert [event["seq"] for event in first["results"]] == [1, 2]
    assert (first["next_after"], first["has_more"], first["finished"]) == (2, True, False)
    second = api.get(f"{URL}{execution.pk}/events", {"after": 2}).json()
    assert second["results"][0] == {
        "execution_id": execution.pk, "seq": 3, "type": "text", "data": {"text": "é"},
        "created_at": second["results"][0]["created_at"],
    }  # fmt: skip
    assert (second["next_after"], second["has_more"], second["finished"]) == (4, False, True)


@pytest.mark.parametrize(
    "query", ["after=-1", "after=x", "after=1.5", "after=99999999999999999999", "limit=0", "limit=5001"]
)
def test_a_place_that_is_none_is_a_400(api: APIClient, user: User, query: str) -> None:
    response = api.get(f"{URL}{make(user).pk}/events/?{query}")
    assert response.status_code == 400
    assert query.partition("=")[0] in response.json()["detail"]


def test_a_stream_refuses_a_wrong_place_and_a_wrong_id_as_json(api: APIClient, user: User) -> None:
    execution = make(user, "running")
    for path, headers, status in (
        (f"{execution.pk}/events/stream/?after=x", {}, 400),
        (f"{execution.pk}/events/stream", {"Last-Event-ID": "-1"}, 400),
        (f"{execution.pk}/events/?after=x", {"Accept": "text/event-stream"}, 400),
        ("77/events/stream/", {"Accept": "text/event-stream"}, 404),
    ):
        response = api.get(URL + path, headers=headers)
        assert response.status_code == status
        assert response.headers["Content-Type"] == "application/json"
        assert response.json()["detail"]


def test_a_reader_that_has_seen_the_end_is_told_not_to_come_back(api: APIClient, user: User) -> None:
    execution = make(user, "finished", last_seq=4)
    response = api.get(f"{URL}{execution.pk}/events/stream/", headers={"Last-Event-ID": "4"})
    assert response.status_code == 204


async def frames_of(response: Any, until: str = "finished") -> list[dict[str, Any]]:
    """Return the events of a stream up to the first one of that type."""
    events = []
    async for piece in response:
        for frame in piece.decode().split("\n\n"):
            if frame.startswith("id: "):
                events.append(json.loads(frame.partition("data: ")[2]))
                assert frame.startswith(f"id: {events[-1]['seq']}\n")
        if events and events[-1]["type"] == until:
            break
    return events


async def signed_in(user: Any) -> AsyncClient:
    client = AsyncClient()
    await client.aforce_login(user)
    return client


async def test_a_stream_tells_all_in_order_and_ends(worker: EmbeddedWorker, owner: Any, start: Start) -> None:
    execution = await start("say one\ncount 20")
    response = await (await signed_in(owner)).get(f"{URL}{execution.pk}/events/stream/")
    assert response.headers["X-Accel-Buffering"] == "no"
    assert response.headers["Cache-Control"] == "no-cache"
    events = await frames_of(response)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    text = "".join(event["data"]["text"] for event in events if event["type"] == "text")
    await execution.arefresh_from_db()
    assert (execution.outcome, execution.output) == ("succeeded", text)


async def test_a_stream_resumes_after_the_last_event_id_which_wins_over_the_address(
    worker: EmbeddedWorker, owner: Any, start: Start
) -> None:
    execution = await start("count 5")
    client = await signed_in(owner)
    await frames_of(await client.get(f"{URL}{execution.pk}/events/stream/"))
    headers = {"Accept": "text/event-stream", "Last-Event-ID": "1"}
    rest = await frames_of(await client.get(f"{URL}{execution.pk}/events/?after=0", headers=headers))
    assert (rest[-1]["type"], rest[0]["seq"] > 1) == ("finished", True)


async def test_a_cancel_that_waits_answers_with_the_receipt(worker: EmbeddedWorker, owner: Any, start: Start) -> None:
    execution = await start("say begun\nwait 1m")
    client = await signed_in(owner)
    await frames_of(await client.get(f"{URL}{execution.pk}/events/stream/"), until="text")
    body = {"reason": "enough", "wait": 10}
    response = await client.post(f"{URL}{execution.pk}/cancel/", body, content_type="application/json")
    data = response.json()
    assert (data["canceled"], data["requested"], data["message"]) == (1, 0, "Canceled.")
    assert data["execution"]["outcome"] == "canceled"
    assert data["execution"]["output"].strip() == "begun"
    assert data["execution"]["receipt"]["reason"] == "enough"


async def test_a_cancel_that_waits_in_vain_says_that_it_is_not_confirmed(owner: Any, db: None) -> None:
    execution = await sync_to_async(make)(owner, "running")
    client = await signed_in(owner)
    response = await client.post(f"{URL}{execution.pk}/cancel/", {"wait": 0.05}, content_type="application/json")
    data = response.json()
    assert (response.status_code, data["canceled"], data["requested"]) == (200, 0, 1)
    assert data["execution"]["status"] == "stopping"


async def test_a_silent_stream_sends_comments_and_closing_it_leaves_the_execution_alone(
    worker: EmbeddedWorker, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "KEEP_ALIVE_SECONDS", 0.01)
    execution = await start("wait 1m")
    frames = stream.frames(execution.pk, 1)
    assert [await anext(frames) for _ in range(4)] == [stream.KEEP_ALIVE] * 4
    await frames.aclose()
    await execution.arefresh_from_db()
    assert (execution.state, execution.cancel_requested_at) == ("running", None)


async def test_a_cancelled_stream_ends_at_once(worker: EmbeddedWorker, start: Start) -> None:
    execution = await start("wait 1m")

    async def consume() -> None:
        async for _ in stream.frames(execution.pk, 0):
            pass

    task = asyncio.create_task(consume())
    done, _ = await asyncio.wait({task}, timeout=0.2)
    assert not done
    task.cancel()
    async with asyncio.timeout(1):
        with pytest.raises(asyncio.CancelledError):
            await task
