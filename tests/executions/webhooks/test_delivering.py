"""Webhooks through a real worker to a real server on this machine."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.utils import timezone

from executions.models import Webhook, WebhookDelivery
from executions.signals import webhook_disabled
from executions.testing.receiver import Receiver, Reply
from executions.webhooks import services
from executions.worker import EmbeddedWorker
from tests.executions.conftest import Start, cancel, events_of, reload, wait_for_event
from tests.executions.webhooks.conftest import Hook
from tests.support import await_until

pytestmark = pytest.mark.usefixtures("worker")


async def settled(count: int = 1) -> list[WebhookDelivery]:
    """Wait until that many deliveries are over, and return all, in order."""
    rows = WebhookDelivery.objects.filter(settled_at__isnull=False)
    for _ in range(400):
        if await rows.acount() >= count:
            break
        await sync_to_async(threading.Event().wait)(0.02)
    found = [row async for row in WebhookDelivery.objects.order_by("pk").select_related("target")]
    assert sum(row.settled_at is not None for row in found) >= count, [(r.status, r.log) for r in found]
    return found


async def test_the_end_of_an_execution_is_told_signed(start: Start, hook: Hook, receiver: Receiver) -> None:
    _, secret = await hook()
    execution = await start("hello", session_id="web:chat")
    await events_of(execution)
    (delivery,) = await settled()
    (received,) = receiver.received
    assert received.signed_with(secret)
    assert not received.signed_with("whsec_" + "QUJD" * 8)
    message = received.message
    execution = await reload(execution)
    assert message["type"] == "execution.succeeded"
    assert message["version"] == 1
    assert message["data"]["id"] == execution.pk
    assert message["data"]["owner"] == "ann"
    assert message["data"]["session_id"] == "web:chat"
    assert message["data"]["status"] == message["data"]["outcome"] == "succeeded"
    assert message["data"]["duration_ms"] == round(execution.duration.total_seconds() * 1000)  # type: ignore[union-attr]
    assert message["data"]["cancel"] is None
    assert message["data"]["links"]["page"] == f"/executions/{execution.pk}"
    assert received.headers["webhook-id"] == delivery.message_id
    assert (delivery.status, delivery.attempts, delivery.last["status"]) == ("delivered", 1, 204)


async def test_a_cancel_tells_who_why_and_its_receipt(start: Start, hook: Hook, receiver: Receiver, owner: Any) -> None:
    await hook()
    execution = await start("ask Which one? | A | B")
    await wait_for_event(execution, "question")
    await cancel(execution, by=owner, reason="Wrong branch")
    await events_of(execution)
    await settled(2)
    waiting, canceled = receiver.messages
    assert waiting["type"] == "execution.waiting"
    assert waiting["data"]["question"]["kind"] == "question"
    assert canceled["type"] == "execution.canceled"
    assert (canceled["data"]["cancel"]["by"], canceled["data"]["cancel"]["reason"]) == ("ann", "Wrong branch")
    assert canceled["data"]["receipt"]["elapsed_ms"] >= 0


async def test_only_chosen_events_of_ones_own_executions_are_told(start: Start, hook: Hook, receiver: Receiver) -> None:
    await hook(events=["execution.failed", "execution.canceled"])
    bob = await get_user_model().objects.acreate(username="bob")
    for who in ({}, {"owner": bob}):
        await events_of(await start("hello", **who))
    execution = await start("fail boom")
    await events_of(execution)
    await settled()
    assert [(m["type"], m["data"]["id"]) for m in receiver.messages] == [("execution.failed", execution.pk)]


async def test_what_is_canceled_in_the_queue_is_told_as_well(
    start: Start, hook: Hook, receiver: Receiver, owner: Any
) -> None:
    await hook(events=["execution.canceled"])
    await wait_for_event(await start("ask Which one? | A | B", session_id="web:chat"), "question")
    behind = await start("hello", session_id="web:chat")
    await cancel(behind, by=owner)
    await settled()
    assert [(m["type"], m["data"]["id"]) for m in receiver.messages] == [("execution.canceled", behind.pk)]
    assert receiver.messages[0]["data"]["started_at"] is None


async def test_a_server_that_fails_is_told_again_with_the_same_id(start: Start, hook: Hook, receiver: Receiver) -> None:
    webhook, secret = await hook()
    receiver.replies = [Reply(500), Reply(503, {"Retry-After": "0"})]
    await events_of(await start("hello"))
    (delivery,) = await settled()
    assert [attempt["status"] for attempt in delivery.log] == [500, 503, 204]
    assert {received.headers["webhook-id"] for received in receiver.received} == {delivery.message_id}
    assert all(received.signed_with(secret) for received in receiver.received)
    assert len({received.body for received in receiver.received}) == 1
    assert (await Webhook.objects.aget(pk=webhook.pk)).failures == 0


async def test_410_switches_the_webhook_off_and_says_so(start: Start, hook: Hook, receiver: Receiver) -> None:
    told: list[str] = []

    def disabled(webhook: Webhook, reason: str, **kwargs: Any) -> None:
        told.append(reason)

    webhook_disabled.connect(disabled)
    webhook, _ = await hook()
    receiver.reply = Reply(410)
    await events_of(await start("hello"))
    (delivery,) = await settled()
    webhook = await Webhook.objects.aget(pk=webhook.pk)
    assert delivery.status == "failed"
    assert not webhook.active
    assert "410 Gone" in webhook.disabled_reason
    assert told == [webhook.disabled_reason]
    await events_of(await start("hello"))
    assert await WebhookDelivery.objects.acount() == 1


async def test_many_failures_over_an_hour_switch_the_webhook_off(start: Start, hook: Hook, receiver: Receiver) -> None:
    webhook, _ = await hook()
    same = Webhook.objects.filter(pk=webhook.pk)
    receiver.reply = Reply(500)
    await same.aupdate(failures=19, failing_since=timezone.now() - timedelta(minutes=59))
    await events_of(await start("hello"))
    await await_until(lambda: len(receiver.received) >= 2)
    assert (await same.aget()).active
    await same.aupdate(failing_since=timezone.now() - timedelta(minutes=61))
    (delivery,) = await settled()
    webhook = await same.aget()
    assert not webhook.active
    assert "status 500" in webhook.disabled_reason
    assert delivery.status == "failed"


async def test_a_redirect_is_not_followed(start: Start, hook: Hook, receiver: Receiver) -> None:
    await hook()
    receiver.replies = [Reply(302, {"Location": receiver.url.replace("/hook", "/elsewhere")})]
    await events_of(await start("hello"))
    (delivery,) = await settled()
    assert {received.path for received in receiver.received} == {"/hook"}
    assert delivery.log[0]["status"] == 302
    assert "redirects" in delivery.log[0]["error"]


async def test_a_server_that_hangs_is_given_up_and_holds_up_nobody_else(
    start: Start, hook: Hook, receiver: Receiver, settings_of_engine: Callable[..., None]
) -> None:
    settings_of_engine(DELIVERY_SECONDS=0.5, DELIVERY_RETRY_SECONDS=60)
    hold = threading.Event()
    with Receiver() as hanging:
        hanging.reply = Reply(hold=hold)
        bob = await get_user_model().objects.acreate(username="bob")
        await hook(owner=bob, url=hanging.url)
        await hook()
        for _ in range(10):
            await events_of(await start("hello", owner=bob))
        await events_of(await start("hello"))
        await await_until(lambda: receiver.received and hanging.received)
        slow = WebhookDelivery.objects.exclude(log=[])
        for _ in range(200):
            if found := [row async for row in slow.filter(state="pending")]:
                break
            await sync_to_async(threading.Event().wait)(0.02)
        assert "did not answer within 0.5 s" in found[0].last["error"]
        assert found[0].status == "retrying"
        await await_until(lambda: len(hanging.received) >= 3)
        # Never more than two at once: the third comes when one of the first two has been given up.
        assert hanging.received[2].at - hanging.received[0].at >= 0.45
        hold.set()


async def test_a_failed_delivery_that_is_sent_again_keeps_its_id(
    start: Start, hook: Hook, receiver: Receiver, settings_of_engine: Callable[..., None]
) -> None:
    settings_of_engine(DELIVERY_RETRY_SECONDS=0.0001)
    await hook()
    receiver.replies = [Reply(500)] * 8
    await events_of(await start("hello"))
    (failed,) = await settled()
    assert (failed.status, failed.attempts, len(receiver.received)) == ("failed", 8, 8)
    await sync_to_async(services.redeliver)(failed)
    _, again = await settled(2)
    assert again.status == "delivered"
    assert again.message_id == failed.message_id
    assert receiver.received[-1].body == receiver.received[0].body


async def test_after_a_rotation_both_secrets_sign_for_a_day(start: Start, hook: Hook, receiver: Receiver) -> None:
    webhook, old = await hook()
    webhook, new = await sync_to_async(services.rotate)(webhook)
    assert new != old
    await sync_to_async(services.send_test)(webhook)
    await settled()
    assert receiver.received[0].signed_with(old)
    assert receiver.received[0].signed_with(new)
    await Webhook.objects.filter(pk=webhook.pk).aupdate(old_key_until=timezone.now())
    await sync_to_async(services.send_test)(webhook)
    await settled(2)
    assert not receiver.received[1].signed_with(old)
    assert receiver.received[1].signed_with(new)


async def test_an_address_that_became_private_is_not_connected_to(
    hook: Hook, receiver: Receiver, settings_of_engine: Callable[..., None]
) -> None:
    webhook, _ = await hook()
    settings_of_engine(ALLOW_PRIVATE_ADDRESSES=False, DELIVERY_RETRY_SECONDS=60)
    await sync_to_async(services.send_test)(webhook)
    for _ in range(200):
        delivery = await WebhookDelivery.objects.aget()
        if delivery.log:
            break
        await sync_to_async(threading.Event().wait)(0.02)
    assert "private address" in delivery.last["error"]
    assert receiver.received == []


async def test_messages_arrive_in_the_order_in_which_things_happened(
    start: Start, hook: Hook, receiver: Receiver
) -> None:
    await hook()
    ids = []
    for _ in range(5):
        execution = await start("hello")
        ids.append(execution.pk)
        await events_of(execution)
        await await_until(lambda: len(receiver.received) == len(ids))
    assert [message["data"]["id"] for message in receiver.messages] == ids


async def test_a_stopped_worker_gives_back_what_is_on_its_way(
    start: Start, hook: Hook, receiver: Receiver, worker: EmbeddedWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("executions.deliveries.deliverer.STOP_SECONDS", 0.05)
    receiver.replies = [Reply(hold=threading.Event())]
    hold = receiver.replies[0].hold
    webhook, _ = await hook()
    await sync_to_async(services.send_test)(webhook)
    await await_until(lambda: receiver.received)
    await worker._deliverer.stop()
    delivery = await WebhookDelivery.objects.aget()
    assert (delivery.status, delivery.attempts) == ("waiting", 0)
    assert hold is not None
    hold.set()
