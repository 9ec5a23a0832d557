"""Web Push from a worker to a push service on this machine, which decrypts it and checks who sent it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User

from chat.models import PushDelivery, PushSubscription
from chat.push import services as push
from executions import services
from executions.deliveries.deliverer import Deliverer
from executions.models import Execution, Webhook
from executions.signals import webhook_disabled
from executions.testing.fake_push import FakePush
from executions.testing.receiver import Reply
from executions.worker import EmbeddedWorker
from tests.chat.push.conftest import Subscribe
from tests.executions.conftest import events_of, wait_for_event
from tests.support import await_until

pytestmark = pytest.mark.usefixtures("worker")


@pytest.fixture
def start(transactional_db: None) -> Callable[..., Any]:
    async def start(owner: User, prompt: str, session_id: str = "web:chat") -> Execution:
        return await sync_to_async(services.start)(owner=owner, prompt=prompt, session_id=session_id)

    return start


@pytest.fixture
def ada(transactional_db: None) -> User:
    return User.objects.create_user("ada", password="correct horse battery")


async def until_over(count: int = 1) -> None:
    """Wait until that many notifications are sent or given up."""
    for _ in range(400):
        if await PushDelivery.objects.filter(settled_at__isnull=False).acount() >= count:
            return
        await sync_to_async(threading.Event().wait)(0.02)
    raise AssertionError([row async for row in PushDelivery.objects.values_list("state", "log")])


async def test_a_browser_is_told_that_a_run_has_finished(ada: User, start: Any, subscribe: Subscribe) -> None:
    _, browser, subscription = await sync_to_async(subscribe)(ada)
    execution = await start(ada, "say hello to the world")
    await events_of(execution)
    await until_over()
    (message,) = browser.messages
    assert message == {
        "title": "It has finished",
        "body": "say hello to the world",
        "tag": f"kakoclaw-{execution.pk}-succeeded",
        "path": "chat/web:chat",
        "views": [f"run:{execution.pk}", "session:web:chat"],
        "lang": "en",
        "stays": False,
    }
    assert browser.headers[0]["topic"] == f"run{execution.pk}"
    await sync_to_async(subscription.refresh_from_db)()
    assert subscription.last_used_at is not None


async def test_a_question_is_urgent_and_stays(ada: User, start: Any, subscribe: Subscribe) -> None:
    _, browser, _ = await sync_to_async(subscribe)(ada)
    await wait_for_event(await start(ada, "ask Which? | A | B", session_id=""), "question")
    await until_over()
    assert browser.messages[0]["title"] == "It asks you something"
    assert browser.messages[0]["stays"] is True
    assert browser.messages[0]["path"].startswith("executions/")
    assert browser.headers[0]["urgency"] == "high"


async def test_only_chosen_kinds_and_ones_own_runs_are_told_and_no_stop(
    ada: User, start: Any, subscribe: Subscribe
) -> None:
    _, browser, _ = await sync_to_async(subscribe)(ada, ["failed"])
    bob = await sync_to_async(User.objects.create_user)("bob")
    await events_of(await start(ada, "hello"))
    await events_of(await start(bob, "fail theirs"))
    stopped = await start(ada, "ask Which? | A | B")
    await wait_for_event(stopped, "question")
    await sync_to_async(services.cancel)(Execution.objects.filter(pk=stopped.pk), by=ada)
    await events_of(stopped)
    await events_of(await start(ada, "fail mine"))
    await until_over()
    assert [(m["title"], m["body"]) for m in browser.messages] == [("It failed", "fail mine")]


async def test_an_ended_subscription_is_forgotten(ada: User, start: Any, subscribe: Subscribe) -> None:
    _, browser, _ = await sync_to_async(subscribe)(ada)
    browser.ended = True
    await events_of(await start(ada, "hello"))
    for _ in range(200):
        if not await PushSubscription.objects.aexists():
            break
        await sync_to_async(threading.Event().wait)(0.02)
    assert not await PushSubscription.objects.aexists()
    assert not await PushDelivery.objects.aexists()


async def test_a_push_service_that_is_down_is_tried_again(
    ada: User, start: Any, subscribe: Subscribe, service: FakePush
) -> None:
    _, browser, _ = await sync_to_async(subscribe)(ada)
    service.replies = [Reply(503), Reply(500)]
    await events_of(await start(ada, "hello"))
    await until_over()
    assert len(browser.messages) == 1
    assert (await PushDelivery.objects.aget()).attempts == 3


@pytest.mark.parametrize("how", ["sign out", "session ends", "password", "deactivated"])
async def test_a_browser_where_nobody_is_signed_in_any_more_is_told_nothing(
    ada: User, subscribe: Subscribe, service: FakePush, how: str
) -> None:
    client, _, subscription = await sync_to_async(subscribe)(ada)

    def end() -> None:
        if how == "sign out":
            client.post("/logout")
            assert not PushSubscription.objects.exists()
            return
        if how == "session ends":
            client.session.flush()
        elif how == "password":
            ada.set_password("another horse battery")
            ada.save()
        else:
            User.objects.filter(pk=ada.pk).update(is_active=False)
        push.send_test(subscription)

    await sync_to_async(end)()
    for _ in range(200):
        if not await PushSubscription.objects.aexists():
            break
        await sync_to_async(threading.Event().wait)(0.02)
    assert not await PushSubscription.objects.aexists()
    assert service.received == []


async def test_whoever_changes_the_password_is_told_on(ada: User, start: Any, subscribe: Subscribe) -> None:
    client, browser, _ = await sync_to_async(subscribe)(ada)
    _, elsewhere, _ = await sync_to_async(subscribe)(ada)
    given = {"current_password": "correct horse battery", "new_password": "another horse battery"}
    answer = await sync_to_async(client.post)("/api/v1/auth/change-password/", given, content_type="application/json")
    assert answer.status_code == 200, answer.content
    await events_of(await start(ada, "hello"))
    await await_until(lambda: browser.messages)
    assert elsewhere.messages == []


async def test_the_words_are_in_the_language_of_the_browser(
    ada: User, start: Any, subscribe: Subscribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []

    def gettext(text: str) -> str:
        from django.utils.translation import get_language

        heard.append(get_language() or "")
        return f"[{get_language()}] {text}"

    monkeypatch.setattr("chat.push.message._", gettext)
    _, browser, subscription = await sync_to_async(subscribe)(ada, **{"Accept-Language": "ja"})
    assert subscription.language == "ja"
    await events_of(await start(ada, "hello"))
    await until_over()
    assert browser.messages[0]["title"] == "[ja] It has finished"
    assert browser.messages[0]["lang"] == "ja"


async def test_a_test_is_shown_and_a_webhook_that_is_switched_off_told(ada: User, subscribe: Subscribe) -> None:
    client, browser, subscription = await sync_to_async(subscribe)(ada, [])
    answer = await sync_to_async(client.post)(f"/api/v1/push/{subscription.pk}/test/")
    assert answer.status_code == 202
    await until_over()
    webhook = await Webhook.objects.acreate(owner=ada, name="CI", url="http://x", wanted="failed", key_id="k")
    await sync_to_async(webhook_disabled.send)(Webhook, webhook=webhook, reason="It is gone.")
    await until_over(2)
    assert [(m["title"], m["path"]) for m in browser.messages] == [
        ("Notifications work", "settings#notifications"),
        ("A webhook was switched off", "settings#webhooks"),
    ]
    assert browser.messages[1]["body"] == "CI: It is gone."


async def test_another_key_of_the_site_is_refused_by_the_service(
    ada: User, start: Any, subscribe: Subscribe, settings: Any, service: FakePush
) -> None:
    _, browser, _ = await sync_to_async(subscribe)(ada)
    settings.VAPID_PRIVATE_KEY = "A" * 42 + "E"
    await events_of(await start(ada, "hello"))
    await await_until(lambda: service.received)
    assert browser.messages == []


async def test_a_stopped_worker_leaves_the_outbox_to_the_next(
    ada: User, start: Any, subscribe: Subscribe, worker: EmbeddedWorker
) -> None:
    _, browser, _ = await sync_to_async(subscribe)(ada)
    await worker._deliverer.stop()
    await events_of(await start(ada, "hello"))
    assert (await PushDelivery.objects.aget()).status == "waiting"
    other = Deliverer()
    other.start()
    await until_over()
    await other.stop()
    assert len(browser.messages) == 1
