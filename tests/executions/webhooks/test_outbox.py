"""What the outbox costs, and what it does when things go wrong around it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from executions.deliveries import outbox, taking
from executions.deliveries.channel import channel_of
from executions.deliveries.outgoing import Answer
from executions.deliveries.pruning import forget_old
from executions.deliveries.settling import settle
from executions.models import Execution, Webhook, WebhookDelivery
from executions.webhooks import payload
from executions.webhooks.channel import message
from tests.executions.api.conftest import make

pytestmark = pytest.mark.django_db


def hook(owner: User, wanted: str = "succeeded", **fields: Any) -> Webhook:
    return Webhook.objects.create(
        owner=owner, name="CI", url="http://127.0.0.1:9/", wanted=wanted, key_id="k", **fields
    )


def due(webhook: Webhook, count: int = 1) -> list[WebhookDelivery]:
    WebhookDelivery.objects.bulk_create([message(webhook.pk, "execution.failed", "{}", n) for n in range(count)])
    return list(WebhookDelivery.objects.filter(target=webhook).order_by("pk"))


def test_whoever_has_no_receiver_costs_one_query_for_any_number(user: User, django_assert_num_queries: Any) -> None:
    executions = [make(user, "finished") for _ in range(20)]
    hook(user, disabled_at=timezone.now())
    outbox.write(executions)
    with django_assert_num_queries(1):
        outbox.write(executions)
    assert not WebhookDelivery.objects.exists()


def test_many_at_once_cost_as_many_queries_as_one(user: User, django_assert_num_queries: Any) -> None:
    hook(user)
    hook(user, "failed succeeded")
    executions = [make(user, "finished") for _ in range(20)]
    # The receivers, the people's names, and the insert.
    with django_assert_num_queries(3):
        outbox.write(executions)
    assert WebhookDelivery.objects.count() == 40


def test_a_receiver_that_fails_to_be_told_does_not_keep_an_execution_from_ending(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from executions import services

    def fail(*args: object) -> str:
        raise ValueError("a bug")

    monkeypatch.setattr(payload, "of_execution", fail)
    hook(user, "canceled")
    execution = services.start(owner=user, prompt="hello")
    services.cancel(Execution.objects.filter(pk=execution.pk), by=user)
    execution.refresh_from_db()
    assert execution.outcome == "canceled"


def test_of_one_execution_only_the_first_message_is_taken(user: User) -> None:
    webhook = hook(user)
    rows = [message(webhook.pk, kind, "{}", 7) for kind in ("execution.waiting", "execution.failed")]
    WebhookDelivery.objects.bulk_create(rows)
    (first,) = taking.take(10, [])
    assert first.delivery.type == "execution.waiting"
    assert taking.take(10, [first]) == []
    assert settle(first.channel, first.delivery, first.attempt, Answer(status=204))
    (second,) = taking.take(10, [])
    assert second.delivery.type == "execution.failed"


def test_limits_hold_for_a_receiver_and_for_an_owner(user: User, other_user: User) -> None:
    for _ in range(4):
        due(hook(user), 5)
    due(hook(other_user), 5)
    taken = taking.take(100, [])
    by_owner = [parcel.owner_id for parcel in taken]
    assert by_owner.count(user.pk) == taking.PER_OWNER
    assert by_owner.count(other_user.pk) == taking.PER_TARGET
    assert taking.take(100, taken) == []
    assert len(taking.take(1, [])) <= 1


def test_an_attempt_whose_lease_has_ended_writes_nothing(user: User) -> None:
    due(hook(user))
    (late,) = taking.take(10, [])
    WebhookDelivery.objects.update(next_at=timezone.now() - timedelta(seconds=1))
    (again,) = taking.take(10, [])
    assert (late.attempt, again.attempt) == (1, 2)
    assert not settle(late.channel, late.delivery, late.attempt, Answer(status=500))
    assert settle(again.channel, again.delivery, again.attempt, Answer(status=204))
    row = WebhookDelivery.objects.get()
    assert row.status == "delivered"
    assert [attempt["status"] for attempt in row.log] == [None, 204]


def test_one_that_kills_whoever_sends_it_is_given_up_as_well(user: User) -> None:
    due(hook(user))
    limit = channel_of("webhook").max_attempts
    for _ in range(limit):
        assert taking.take(10, [])
        WebhookDelivery.objects.update(next_at=timezone.now() - timedelta(seconds=1))
    assert taking.take(10, []) == []
    assert WebhookDelivery.objects.get().status == "failed"


def test_what_is_looked_for_is_found_by_indexes(user: User) -> None:
    """However much waits for one receiver: the statement goes from receiver to receiver."""
    for _ in range(3):
        due(hook(user), 300)
    WebhookDelivery.objects.update(next_at=timezone.now() + timedelta(hours=1))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE")
            cursor.execute("SET LOCAL enable_seqscan = off")
    plans: list[str] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "RECURSIVE" in sql and "webhookdelivery" in sql:
            kind = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
            execute(f"{kind} {sql}", params, many, context)
            plans.extend(str(row) for row in context["cursor"].fetchall())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        assert taking.take(10, []) == []
    # Lines that read the table; PostgreSQL's other lines name it in conditions.
    reads = [
        line for line in plans if "webhookdelivery" in line and ("SEARCH" in line or "Scan" in line or "SCAN" in line)
    ]
    assert reads
    assert all("webhookdelivery_due" in line or "webhookdelivery_log" in line for line in reads), reads


def test_old_ones_and_those_without_a_receiver_are_forgotten(user: User) -> None:
    webhook = hook(user)
    old, young, waiting = due(webhook, 3)
    WebhookDelivery.objects.filter(pk=old.pk).update(settled_at=timezone.now() - timedelta(days=31), state="failed")
    WebhookDelivery.objects.filter(pk=young.pk).update(settled_at=timezone.now() - timedelta(days=29), state="failed")
    orphan = message(webhook.pk + 100, "execution.failed", "{}", 1)
    orphan.save()
    assert taking.take(10, [])[0].delivery.pk == waiting.pk
    assert forget_old() == 2
    assert set(WebhookDelivery.objects.values_list("pk", flat=True)) == {young.pk, waiting.pk}
