"""Webhooks over the API: making, changing, ending, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from chat import tokens
from executions.models import Webhook, WebhookDelivery
from executions.webhooks import secrets, services
from executions.webhooks.channel import message
from tests.executions.api.conftest import client_of

URL = "/api/v1/webhooks/"
NEW = {"name": "CI", "url": "http://127.0.0.1:9/hook", "events": ["execution.failed", "execution.waiting"]}


@pytest.fixture(autouse=True)
def _loopback(settings: Any) -> None:
    settings.EXECUTIONS = {**settings.EXECUTIONS, "ALLOW_PRIVATE_ADDRESSES": True}


def make(owner: User, **given: Any) -> Webhook:
    return services.create(owner, **{**NEW, **given})[0]


def test_a_webhook_is_made_and_its_secret_told_once(api: APIClient, user: User) -> None:
    answer = api.post(URL, NEW, format="json")
    assert answer.status_code == 201
    made = answer.json()
    assert made["events"] == ["execution.waiting", "execution.failed"]
    assert made["active"] is True
    assert made["secret"].startswith("whsec_")
    assert answer["Cache-Control"] == "no-store"
    assert answer["Location"].endswith(f"{URL}{made['id']}")
    found = api.get(f"{URL}{made['id']}/").json()
    assert "secret" not in found
    assert found == {name: value for name, value in made.items() if name != "secret"}
    assert api.get(URL).json() == [found]


def test_no_secret_is_in_the_database(user: User) -> None:
    webhook, secret = services.create(user, **NEW)
    row = Webhook.objects.filter(pk=webhook.pk).values().get()
    assert secrets.text(row["key_id"]) == secret
    assert secret.removeprefix("whsec_") not in json.dumps(row, default=str)
    assert secrets.key(row["key_id"]).hex() not in json.dumps(row, default=str)


@pytest.mark.parametrize(
    ("changes", "code", "says"),
    [
        ({"url": "ftp://example.org/x"}, "invalid_webhook", "https:// or http://"),
        ({"url": "nonsense"}, "invalid_webhook", "https:// or http://"),
        ({"url": "http://[::1"}, "invalid_webhook", "not a web address"),
        ({"url": "https://ada:pw@example.org/"}, "invalid_webhook", "user name or a password"),
        ({"url": "https://127.0.0.1/#part"}, "invalid_webhook", "after #"),
        ({"url": "https://no-such-host.invalid/"}, "invalid_webhook", "was not found"),
        ({"events": []}, "invalid", "events"),
        ({"events": ["execution.begun"]}, "invalid", "execution.begun"),
        ({"name": "  "}, "invalid", "name"),
        ({"name": "x\0"}, "invalid", "name"),
    ],
)
def test_what_is_no_webhook_is_refused(api: APIClient, changes: dict[str, Any], code: str, says: str) -> None:
    answer = api.post(URL, {**NEW, **changes}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, code) or "NUL" in answer.json()["detail"]
    assert says in answer.json()["detail"] or "NUL" in answer.json()["detail"]
    assert not Webhook.objects.exists()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://localhost:8080/", "http://10.0.0.5/", "http://192.168.1.1/", "http://[::1]/",
        "http://169.254.169.254/latest/meta-data", "http://0.0.0.0/", "http://2130706433/", "http://[::ffff:10.0.0.1]/",
    ],
)  # fmt: skip
def test_private_addresses_are_refused(api: APIClient, settings: Any, url: str) -> None:
    settings.EXECUTIONS = {**settings.EXECUTIONS, "ALLOW_PRIVATE_ADDRESSES": False}
    answer = api.post(URL, {**NEW, "url": url}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_webhook")
    assert "private address" in answer.json()["detail"]


def test_there_is_a_most_of_them(api: APIClient, user: User) -> None:
    for number in range(services.MAX_WEBHOOKS):
        make(user, name=str(number))
    answer = api.post(URL, NEW, format="json")
    assert answer.status_code == 400
    assert "20 webhooks" in answer.json()["detail"]


def test_a_webhook_is_changed_and_switched_off_and_on(api: APIClient, user: User) -> None:
    webhook = make(user)
    WebhookDelivery.objects.bulk_create([message(webhook.pk, "execution.failed", "{}", 1)])
    Webhook.objects.filter(pk=webhook.pk).update(failures=7, failing_since=timezone.now())
    where = f"{URL}{webhook.pk}/"
    changed = api.patch(where, {"name": "Elsewhere", "events": ["execution.lost"]}, format="json").json()
    assert (changed["name"], changed["events"], changed["active"]) == ("Elsewhere", ["execution.lost"], True)
    assert api.patch(where, {"active": False}, format="json").json()["active"] is False
    assert WebhookDelivery.objects.get().state == "failed"
    on = api.patch(where, {"active": True}, format="json").json()
    assert (on["active"], on["failures"], on["failing_since"]) == (True, 0, None)


def test_a_new_secret_leaves_the_old_one_a_day(api: APIClient, user: User) -> None:
    webhook, secret = services.create(user, **NEW)
    answer = api.post(f"{URL}{webhook.pk}/rotate/")
    assert answer.json()["secret"] not in ("", secret)
    assert answer.json()["old_secret_until"] is not None


def test_a_test_is_queued_and_shown_among_the_deliveries(api: APIClient, user: User) -> None:
    webhook = make(user)
    sent = api.post(f"{URL}{webhook.pk}/test/")
    assert sent.status_code == 202
    assert sent.json()["payload"]["type"] == "webhook.test"
    (listed,) = api.get(f"{URL}{webhook.pk}/deliveries/").json()["results"]
    assert listed == sent.json() == api.get(f"{URL}{webhook.pk}/deliveries/{listed['id']}/").json()
    again = api.post(f"{URL}{webhook.pk}/deliveries/{listed['id']}/redeliver/")
    assert (again.status_code, again.json()["code"]) == (409, "delivery_pending")


def test_what_is_over_can_be_sent_again_unless_the_webhook_is_off(api: APIClient, user: User) -> None:
    webhook = make(user)
    row = message(webhook.pk, "execution.failed", '{"type":"execution.failed"}', 1)
    row.state, row.settled_at = "failed", timezone.now()
    row.save()
    where = f"{URL}{webhook.pk}/deliveries/{row.pk}/redeliver/"
    again = api.post(where)
    assert again.status_code == 202
    assert again.json()["id"] != row.pk
    assert again.json()["message_id"] == row.message_id
    services.change(webhook, active=False)
    off = api.post(where)
    assert (off.status_code, off.json()["code"]) == (409, "webhook_off")


def test_an_ended_webhook_is_gone_with_its_log(api: APIClient, user: User) -> None:
    webhook = make(user)
    services.send_test(webhook)
    assert api.delete(f"{URL}{webhook.pk}/").status_code == 204
    assert api.get(f"{URL}{webhook.pk}/").status_code == 404
    assert not WebhookDelivery.objects.exists()


def test_somebody_elses_webhook_does_not_exist(api: APIClient, staff: APIClient, other_user: User) -> None:
    webhook = make(other_user)
    delivery = services.send_test(webhook)
    for client in (api, staff):
        assert client.get(URL).json() == []
        for method, path in [
            ("get", ""), ("patch", ""), ("delete", ""), ("post", "rotate/"), ("post", "test/"), ("get", "deliveries/"),
            ("get", f"deliveries/{delivery.pk}/"), ("post", f"deliveries/{delivery.pk}/redeliver/"),
        ]:  # fmt: skip
            assert getattr(client, method)(f"{URL}{webhook.pk}/{path}").status_code == 404
    assert Webhook.objects.count() == 1


def test_a_delivery_of_another_webhook_does_not_exist(api: APIClient, user: User) -> None:
    first, second = make(user), make(user)
    delivery = services.send_test(first)
    assert api.get(f"{URL}{second.pk}/deliveries/{delivery.pk}/").status_code == 404
    assert api.get(f"{URL}{first.pk}/deliveries/x/").status_code == 404
    assert api.get(f"{URL}x/").status_code == 404


@pytest.mark.parametrize(("scope", "reads", "makes"), [("read", 200, 403), ("run", 200, 403), ("admin", 200, 201)])
def test_changing_takes_the_scope_admin(user: User, scope: str, reads: int, makes: int) -> None:
    _, text = tokens.create(user, "t", scope)
    client = APIClient(headers={"Authorization": f"Bearer {text}"})
    assert client.get(URL).status_code == reads
    assert client.post(URL, NEW, format="json").status_code == makes


def test_a_long_log_costs_as_many_queries_as_a_short_one(user: User, django_assert_num_queries: Any) -> None:
    webhook = make(user)
    client = client_of(user)
    for count in (1, 40):
        WebhookDelivery.objects.bulk_create([message(webhook.pk, "execution.failed", "{}", n) for n in range(count)])
        with django_assert_num_queries(2):
            assert client.get(f"{URL}{webhook.pk}/deliveries/").status_code == 200
