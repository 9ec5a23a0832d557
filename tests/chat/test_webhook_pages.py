"""The pages of webhooks: made, shown with their log, changed, switched, tested, ended."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from executions.models import Webhook, WebhookDelivery
from executions.webhooks import secrets, services
from executions.webhooks.channel import message

pytestmark = pytest.mark.django_db

NEW = {"name": "CI", "url": "http://127.0.0.1:9/hook", "events": ["execution.failed"]}


@pytest.fixture(autouse=True)
def _loopback(settings: Any) -> None:
    settings.EXECUTIONS = {**settings.EXECUTIONS, "ALLOW_PRIVATE_ADDRESSES": True}


@pytest.fixture
def page(user: User, client: Client) -> Client:
    client.force_login(user)
    return client


@pytest.fixture
def webhook(user: User) -> Webhook:
    return services.create(user, **NEW)[0]


def test_one_is_made_and_its_secret_shown_this_once(page: Client) -> None:
    answer = page.post("/settings/webhooks", NEW)
    webhook = Webhook.objects.get()
    secret = secrets.text(webhook.key_id)
    assert secret in answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
    for address in ("/settings", f"/settings/webhooks/{webhook.pk}"):
        html = page.get(address).content.decode()
        assert secret not in html
        assert "CI" in html


def test_what_is_wrong_is_told_and_what_was_typed_is_kept(page: Client) -> None:
    answer = page.post("/settings/webhooks", {"name": "CI", "url": "ftp://here", "events": ["execution.lost"]})
    html = answer.content.decode()
    assert answer.status_code == 400
    assert "must begin with https:// or http://" in html
    assert 'value="ftp://here"' in html
    assert re.search(r'value="execution.lost" checked', html)
    assert not re.search(r'value="execution.failed" checked', html)


def test_the_log_shows_what_came_of_each(page: Client, webhook: Webhook) -> None:
    rows = [message(webhook.pk, "execution.failed", '{"type":"execution.failed","x":"<script>"}', n) for n in (7, 8)]
    rows[0].state, rows[0].settled_at, rows[0].attempts = "delivered", timezone.now(), 2
    rows[0].log = [
        {"at": "2026-03-01T09:00:00+00:00", "ms": 5000, "status": None, "error": "It did not answer within 5 s."},
        {"at": "2026-03-01T09:00:05+00:00", "ms": 12, "status": 204, "error": ""},
    ]
    WebhookDelivery.objects.bulk_create(rows)
    html = page.get(f"/settings/webhooks/{webhook.pk}").content.decode()
    for shown in ("Delivered", "answered 204", "12 ms", "2 attempts", "did not answer", "run 7", "Waiting to be sent"):
        assert shown in html, shown
    assert "<script>" not in html.partition('id="deliveries"')[2].partition("</section>")[0]
    assert 'data-live="yes"' in html
    assert html.count("Send again") == 1


def test_a_long_log_has_pages(page: Client, webhook: Webhook, django_assert_max_num_queries: Any) -> None:
    WebhookDelivery.objects.bulk_create([message(webhook.pk, "execution.failed", "{}", n) for n in range(1, 61)])
    with django_assert_max_num_queries(6):
        html = page.get(f"/settings/webhooks/{webhook.pk}").content.decode()
    shown = []
    while True:
        shown += [int(n) for n in re.findall(r">run (\d+)<", html)]
        older = re.search(r'href="(\?before=\d+)"', html)
        if older is None:
            break
        html = page.get(f"/settings/webhooks/{webhook.pk}{older[1]}").content.decode()
    assert shown == list(range(60, 0, -1))


def test_it_is_changed_and_a_wrong_change_is_told(page: Client, webhook: Webhook) -> None:
    where = f"/settings/webhooks/{webhook.pk}/change"
    assert page.post(where, {**NEW, "name": "Builds"}).status_code == 302
    assert Webhook.objects.get().name == "Builds"
    wrong = page.post(where, {**NEW, "events": []})
    assert wrong.status_code == 400
    assert "Choose at least one event" in wrong.content.decode()


def test_it_is_switched_off_and_on(page: Client, webhook: Webhook) -> None:
    where = f"/settings/webhooks/{webhook.pk}"
    page.post(f"{where}/switch", {"active": "off"})
    html = page.get(where).content.decode()
    assert "This webhook is off" in html
    assert "Send a test" not in html
    page.post(f"{where}/switch", {"active": "on"})
    assert "This webhook is off" not in page.get(where).content.decode()


def test_why_it_was_switched_off_is_shown(page: Client, webhook: Webhook) -> None:
    Webhook.objects.filter(pk=webhook.pk).disable("20 attempts in a row have failed")
    assert "20 attempts in a row have failed" in page.get(f"/settings/webhooks/{webhook.pk}").content.decode()


def test_a_test_and_a_message_again_are_sent(page: Client, webhook: Webhook) -> None:
    where = f"/settings/webhooks/{webhook.pk}"
    assert "on its way" in page.post(f"{where}/test", follow=True).content.decode()
    sent = WebhookDelivery.objects.get()
    again = f"{where}/deliveries/{sent.pk}/again"
    assert "tried again by itself" in page.post(again, follow=True).content.decode()
    WebhookDelivery.objects.update(settled_at=timezone.now(), state="failed")
    page.post(again)
    assert WebhookDelivery.objects.filter(message_id=sent.message_id).count() == 2


def test_a_new_secret_is_shown_once(page: Client, webhook: Webhook) -> None:
    html = page.post(f"/settings/webhooks/{webhook.pk}/rotate").content.decode()
    assert secrets.text(Webhook.objects.get().key_id) in html
    assert "signs as well until" in html


def test_it_is_ended(page: Client, webhook: Webhook) -> None:
    assert "The webhook is ended" in page.post(f"/settings/webhooks/{webhook.pk}/end", follow=True).content.decode()
    assert not Webhook.objects.exists()


def test_somebody_elses_is_not_there(page: Client, other_user: User) -> None:
    webhook, _ = services.create(other_user, **NEW)
    where = f"/settings/webhooks/{webhook.pk}"
    assert page.get(where).status_code == 404
    for act in ("change", "switch", "rotate", "test", "end", "deliveries/1/again"):
        assert page.post(f"{where}/{act}").status_code == 404, act
        assert page.get(f"{where}/{act}").status_code == 405, act
    assert "CI" not in page.get("/settings").content.decode()
