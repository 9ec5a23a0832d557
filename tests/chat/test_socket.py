"""The chat socket, with the real engine and the demo agent."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User

from chat.models import Message, Session
from executions.models import Execution
from tests.chat.client import ChatClient, text_of

pytestmark = pytest.mark.django_db(transaction=True)
Connect = Callable[..., ChatClient]


async def test_a_message_streams_from_start_to_ready(user: User, connect: Connect) -> None:
    client = await connect(user).open()
    execution = await client.say("say hello there", session_id="web:chat:a", client_id="c1")
    frames = await client.until_ready(execution)
    types = [frame["type"] for frame in frames]
    assert types[:2] == ["queued", "stream_start"]
    assert types[-2:] == ["stream_end", "ready"]
    assert set(types[2:-2]) == {"stream"}
    assert frames[0]["client_id"] == "c1"
    assert frames[0]["position"] == 0
    assert text_of(frames) == frames[-2]["content"] == "hello there"
    assert frames[-2]["html"] == "<p>hello there</p>\n"
    assert frames[-2]["outcome"] == "succeeded"
    assert "error" not in frames[-2]
    assert all(frame["session_id"] == "web:chat:a" and isinstance(frame["seq"], int) for frame in frames)


async def test_a_frame_without_type_or_session_and_one_that_is_not_json_are_messages_for_web_chat(
    user: User, connect: Connect
) -> None:
    client = await connect(user).open()
    await client.send(content="say one")
    first = await client.until("ready")
    await client.send_text("say two")
    second = await client.until("ready")
    assert first["session_id"] == second["session_id"] == "web:chat"
    assert text_of(client.of(second["execution_id"])) == "two"


async def test_two_users_share_a_session_id_and_nothing_else(user: User, other_user: User, connect: Connect) -> None:
    ada, bob = await connect(user).open(), await connect(other_user).open()
    await bob.send(type="subscribe", session_id="web:chat")
    await bob.until("subscribed")
    execution = await ada.say("say secret")
    await ada.until_ready(execution)
    mine = await bob.say("say mine")
    await bob.until_ready(mine)
    assert not bob.of(execution)
    await bob.send(type="cancel", execution_id=execution)
    assert (await bob.until("error"))["code"] == "not_found"
    await bob.send(type="answer", execution_id=execution, question_id="x", answer={"approved": True})
    assert (await bob.until("error"))["code"] == "not_found"
    assert await Session.objects.filter(session_id="web:chat").acount() == 2


async def test_a_second_message_during_a_run_is_queued_and_answered_after_it(user: User, connect: Connect) -> None:
    client = await connect(user).open()
    first = await client.say("count 20 every 20ms")
    second = await client.say("say next")
    assert client.frames[-1]["position"] == 1
    await client.until_ready(second)
    order = [f["execution_id"] for f in client.frames if f["type"] in ("stream_start", "ready")]
    assert order == [first, first, second, second]


async def test_interrupt_stops_the_run_and_its_frames_end_before_the_next_begin(user: User, connect: Connect) -> None:
    client = await connect(user).open()
    first = await client.say("count 1000 every 20ms")
    await client.until("stream")
    second = await client.say("say next", on_busy="interrupt")
    await client.until_ready(second)
    ended = next(f for f in client.of(first) if f["type"] == "stream_end")
    assert ended["error"] == "Execution canceled by user"
    assert ended["content"].startswith("1")
    own = [f["execution_id"] for f in client.frames if f["type"] not in ("queued", "stopping")]
    assert own == sorted(own)


async def test_reject_leaves_nothing_behind(user: User, connect: Connect) -> None:
    client = await connect(user).open()
    first = await client.say("count 1000 every 20ms")
    await client.send(content="say next", on_busy="reject")
    assert (await client.until("error"))["code"] == "session_busy"
    assert await Message.objects.acount() == 1
    await client.send(type="cancel", execution_id=first)
    await client.until_ready(first)


async def test_cancel_keeps_the_partial_answer_and_says_so(user: User, connect: Connect) -> None:
    client = await connect(user).open()
    execution = await client.say("count 1000 every 10ms")
    await client.until("stream")
    await client.send(type="cancel", session_id="web:chat", reason="enough")
    assert (await client.until("cancel_result"))["requested"] == [execution]
    frames = await client.until_ready(execution)
    end = frames[-2]
    assert (end["error"], end["error_code"], end["outcome"]) == ("Execution canceled by user", "canceled", "canceled")
    assert end["receipt"]["reason"] == "enough"
    assert end["content"] == text_of(frames)
    assert any(frame["type"] == "stopping" and frame["reason"] == "enough" for frame in frames)
    answer = await Message.objects.aget(execution_id=execution, role="assistant")
    assert (answer.content, answer.outcome) == (end["content"], "canceled")
    await client.send(type="cancel", execution_id=execution)
    assert (await client.until("cancel_result"))["already_finished"] == [execution]


async def test_a_canceled_queued_message_still_begins_and_ends_on_the_wire(user: User, connect: Connect) -> None:
    client = await connect(user).open()
    first = await client.say("count 75 every 20ms")
    second = await client.say("say never")
    await client.send(type="cancel", execution_id=second)
    assert (await client.until("cancel_result"))["canceled"] == [second]
    frames = await client.until_ready(second)
    # A client that knows of no ids must not take them for the end of what runs.
    assert [f["execution_id"] for f in client.frames if f["type"] == "ready"] == [first, second]
    assert [f["type"] for f in frames] == ["queued", "stream_start", "stream_end", "ready"]
    assert frames[2]["content"] == ""


async def test_a_question_waits_for_its_answer(user: User, connect: Connect) -> None:
    client = await connect(user).open()
    execution = await client.say("ask Which colour? | Red | Blue")
    question = await client.until("question")
    assert question["kind"] == "question"
    text = question["questions"][0]["question"]
    await client.send(
        type="answer", execution_id=execution, question_id=question["question_id"], answer={"answers": {text: "Blue"}}
    )
    frames = await client.until_ready(execution)
    assert "answered" in [f["type"] for f in frames]
    assert frames[-2]["content"] == "You chose: Blue"


async def test_a_tool_call_ends_with_its_arguments(user: User, connect: Connect) -> None:
    client = await connect(user).open()
    execution = await client.say("run echo hi")
    frames = await client.until_ready(execution)
    calls = [f for f in frames if f["type"] == "tool_call"]
    assert [c["status"] for c in calls] == ["started", "finished"]
    assert calls[0]["args"] == calls[1]["args"] != {}
    assert calls[0]["name"] == calls[1]["name"] == "exec"
    assert "hi" in calls[1]["result"]
    late = await connect(user).open()
    await late.send(type="subscribe", session_id="web:chat", after={str(execution): calls[0]["seq"]})
    assert (await late.until("tool_call"))["args"] == calls[0]["args"]


async def test_another_tab_follows_what_starts_elsewhere(user: User, connect: Connect) -> None:
    one, two = await connect(user).open(), await connect(user).open()
    await two.send(type="subscribe", session_id="web:chat")
    subscribed = await two.until("subscribed")
    assert (subscribed["execution_id"], subscribed["status"]) == (None, "idle")
    execution = await one.say("say hello")
    frames = await two.until_ready(execution)
    assert frames[0]["type"] == "queued"
    assert frames[0]["prompt"] == "say hello"
    assert text_of(frames) == "hello"


async def test_a_late_subscriber_sees_the_whole_run(user: User, connect: Connect) -> None:
    one = await connect(user).open()
    execution = await one.say("count 30 every 20ms")
    await one.until("stream", lambda frame: " 5" in text_of(one.frames))
    await one.close()
    two = await connect(user).open()
    await two.send(type="subscribe", session_id="web:chat")
    assert (await two.until("subscribed"))["execution_id"] == execution
    frames = await two.until_ready(execution)
    assert text_of(frames) == " ".join(str(n) for n in range(1, 31))


async def test_unsubscribing_ends_the_frames_and_not_the_run(user: User, connect: Connect) -> None:
    client = await connect(user).open()
    execution = await client.say("count 20 every 20ms")
    await client.until("stream")
    await client.send(type="unsubscribe", session_id="web:chat")
    await client.until("unsubscribed")
    other = await client.say("wait 600ms", session_id="web:chat:other")
    await client.until_ready(other)
    assert "ready" not in [f["type"] for f in client.of(execution)]
    row = await Execution.objects.aget(pk=execution)
    assert row.outcome == "succeeded"


async def test_the_same_client_id_twice_is_one_message(user: User, connect: Connect) -> None:
    client = await connect(user).open()
    first = await client.say("say once", client_id="x")
    await client.until_ready(first)
    again = await connect(user).open()
    assert await again.say("say once", client_id="x") == first
    assert await Execution.objects.acount() == 1


async def test_too_many_subscriptions_are_refused(user: User, connect: Connect) -> None:
    client = await connect(user).open()
    for number in range(51):
        await client.send(type="subscribe", session_id=f"web:chat:{number}")
    error = await client.until("error")
    assert error["code"] == "invalid"
    assert "50" in error["content"]


async def test_the_tasks_socket_tells_the_life_of_an_execution(user: User, other_user: User, connect: Connect) -> None:
    tasks = await connect(user, path="/ws/tasks").open()
    await tasks.socket.receive_nothing(timeout=0.1)
    others = await (await connect(other_user).open()).say("say not yours")
    chat = await connect(user).open()
    execution = await chat.say("say hello")
    created = await tasks.until("task_created")
    assert created["task_id"] == created["task"]["id"] == execution != others
    assert created["task"]["title"] == "say hello"
    done = await tasks.until("task_updated", lambda frame: frame["task"]["status"] == "succeeded")
    assert done["task"]["duration"].endswith("s")


async def test_history_continues_after_a_cancel(user: User, connect: Connect) -> None:
    from chat.history import load

    client = await connect(user).open()
    first = await client.say("count 1000 every 10ms")
    await client.until("stream")
    await client.send(type="cancel", execution_id=first)
    await client.until_ready(first)
    second = await client.say("say go on")
    await client.until_ready(second)
    turns = await database_sync_to_async(load)(await Execution.objects.aget(pk=second))
    assert [(t.prompt, t.outcome, t.agent) for t in turns] == [("count 1000 every 10ms", "canceled", "demo")]
    assert turns[0].output.startswith("1")
