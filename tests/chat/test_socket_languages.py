"""Each WebSocket speaks the language of its handshake, also where several read the same run."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from tests.chat.client import ChatClient

pytestmark = pytest.mark.django_db(transaction=True)
Connect = Callable[..., ChatClient]
ENGLISH = "The demo does not understand this line and went on: xyzzy"
JAPANESE = "デモはこの行を理解できないため、先に進みました：xyzzy"  # noqa: RUF001 - Japanese
SPANISH = "La demo no entiende esta línea y siguió adelante: xyzzy"


async def test_readers_of_one_run_are_told_in_their_own_languages(user: User, connect: Connect) -> None:
    readers = {
        ENGLISH: await connect(user).open(),
        JAPANESE: await connect(user, headers={"cookie": "a=b; language=ja"}).open(),
        SPANISH: await connect(user, headers={"accept-language": "es-MX,es;q=0.9,en;q=0.5"}).open(),
    }
    for client in readers.values():
        await client.send(type="subscribe", session_id="web:chat:words")
        await client.until("subscribed")
    execution = await readers[ENGLISH].say("xyzzy\nsay hello", session_id="web:chat:words")
    for text, client in readers.items():
        frames = await client.until_ready(execution)
        assert [frame["content"] for frame in frames if frame["type"] == "notice"] == [text]
        assert frames[-2]["content"] == "hello"


async def test_a_wrong_frame_is_answered_in_the_language_of_the_cookie(user: User, connect: Connect) -> None:
    client = await connect(user, headers={"cookie": "language=ja", "accept-language": "es"}).open()
    await client.send(type="message", content="   ")
    error = await client.until("error")
    assert error["content"] == "メッセージが空です。何か書いてください。"
    assert error["code"] == "invalid"


async def test_what_the_contract_fixes_for_a_cancel_is_the_same_in_every_language(user: User, connect: Connect) -> None:
    client = await connect(user, headers={"cookie": "language=ja"}).open()
    execution = await client.say("hang", session_id="web:chat:stopped")
    await client.until("stream_start")
    await client.send(type="cancel", execution_id=execution)
    end = await client.until("stream_end")
    assert end["error"] == "Execution canceled by user"


async def test_a_client_that_asks_for_no_language_is_told_in_english(user: User, connect: Connect) -> None:
    client = await connect(user).open()
    await client.send(type="message", content="")
    assert (await client.until("error"))["content"] == "The message is empty; write something."
