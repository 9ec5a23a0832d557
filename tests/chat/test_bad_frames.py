"""Whatever a client sends, it gets a clear error, and the socket and the server go on."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from chat import inbound
from chat.models import Message
from executions.models import Execution
from tests.chat.client import ChatClient

pytestmark = pytest.mark.django_db(transaction=True)
Connect = Callable[..., ChatClient]

BAD_FRAMES = [
    ("[1, 2]", "object"),
    ("42", "object"),
    ("null", "object"),
    ('"text"', "object"),
    ('{"type": "dance"}', "dance"),
    ('{"type": 7}', "type"),
    ('{"type": "message"}', "empty"),
    ('{"content": ""}', "empty"),
    ('{"content": "  \\n "}', "empty"),
    ('{"content": 5}', "text"),
    ('{"content": ["a"]}', "text"),
    ('{"content": "half \\ud83d"}', "surrogate"),
    ('{"content": "a\\u0000b"}', "NUL"),
    ('{"content": "a", "session_id": "../x"}', "session_id"),
    ('{"content": "a", "session_id": "' + "x" * 129 + '"}', "session_id"),
    ('{"content": "a", "session_id": 3}', "session_id"),
    ('{"content": "a", "web_search": "yes"}', "web_search"),
    ('{"content": "a", "exclude_tools": "exec"}', "exclude_tools"),
    ('{"content": "a", "exclude_tools": [1]}', "exclude_tools"),
    ('{"content": "a", "on_busy": "explode"}', "on_busy"),
    ('{"content": "a", "model": "nope"}', "nope"),
    ('{"content": "a", "client_id": "' + "x" * 65 + '"}', "client_id"),
    ('{"content": "a", "client_id": "\\ud800"}', "surrogate"),
    ('{"type": "subscribe"}', "session_id"),
    ('{"type": "subscribe", "session_id": "a", "after": -1}', "after"),
    ('{"type": "subscribe", "session_id": "a", "after": true}', "after"),
    ('{"type": "subscribe", "session_id": "a", "after": {"x": 1}}', "after"),
    ('{"type": "subscribe", "session_id": "a", "after": {"1": 1e400}}', "after"),
    ('{"type": "unsubscribe"}', "session_id"),
    ('{"type": "answer", "execution_id": 1}', "answer"),
    ('{"type": "answer", "execution_id": "x", "question_id": "q", "answer": {"approved": true}}', "execution_id"),
    ('{"type": "answer", "execution_id": 99, "question_id": "q", "answer": {"approved": true}}', "no such execution"),
    (
        '{"type": "answer", "execution_id": 9223372036854775808, "question_id": "", "answer": {"approved": true}}',
        "exec",
    ),
    ('{"type": "cancel"}', "session_id"),
    ('{"type": "cancel", "execution_id": 99}', "no execution 99"),
    ('{"type": "cancel", "session_id": "a", "reason": ["x"]}', "reason"),
    ('{"type": "cancel", "session_id": "a", "reason": "' + "x" * 501 + '"}', "reason"),
    ('{"content": NaN}', "NaN"),
    ('{"content": ' + "9" * 5000 + "}", "JSON"),
    ("[" * 100_000, "nested"),
    ("", "empty"),
    (" ", "empty"),
    ("\ud83d", "surrogate"),
    ("not json \0", "NUL"),
]


async def test_every_bad_frame_gets_its_error_and_the_socket_lives(user: User, connect: Connect) -> None:
    client = await connect(user).open()
    for text, part in BAD_FRAMES:
        await client.send_text(text)
        error = await client.next()
        assert error["type"] == "error", (text[:80], error)
        assert part in error["content"], (text[:80], error)
        assert error["code"] not in ("internal", "")
    assert await Message.objects.acount() == await Execution.objects.acount() == 0
    execution = await client.say("say still here")
    assert (await client.until_ready(execution))[-2]["content"] == "still here"


async def test_binary_frames_are_refused(user: User, connect: Connect) -> None:
    client = await connect(user).open()
    await client.send_bytes(b"\x00\xff")
    assert "text" in (await client.until("error"))["content"]


async def test_a_message_of_ten_megabytes_is_refused(user: User, connect: Connect) -> None:
    client = await connect(user).open()
    await client.send_text(json.dumps({"content": "x" * 10_000_000}))
    assert (await client.until("error"))["code"] == "too_large"
    await client.send_text(json.dumps({"content": "x" * 1_000_001}))
    assert "1,000,000" in (await client.until("error"))["content"]


async def test_a_bug_in_a_handler_is_told_and_logged_and_the_socket_lives(
    user: User, connect: Connect, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client = await connect(user).open()
    with monkeypatch.context() as patch:
        patch.setattr(inbound, "parse", lambda text: 1 / 0)
        await client.send(type="ping")
        assert (await client.until("error"))["code"] == "internal"
    assert "ZeroDivisionError" in caplog.text
    await client.send(type="ping")
    await client.until("pong")
