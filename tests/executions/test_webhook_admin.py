"""Staff pages of webhooks and of browsers that are told."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from chat.models import PushSubscription
from executions.models import AuditEntry, Webhook, WebhookDelivery
from executions.webhooks import services
from executions.webhooks.channel import message

LIST = "/admin/executions/webhook/"
LOG = "/admin/executions/webhookdelivery/"


@pytest.fixture
def page(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


@pytest.fixture
def webhook(user: User, settings: Any) -> Webhook:
    settings.EXECUTIONS = {**settings.EXECUTIONS, "ALLOW_PRIVATE_ADDRESSES": True}
    return services.create(user, name="CI", url="http://127.0.0.1/hidden?key=hidden", events=["execution.failed"])[0]


def test_staff_sees_whose_they_are_and_where_they_go_but_not_what_is_secret(page: Client, webhook: Webhook) -> None:
    for address in (LIST, f"{LIST}{webhook.pk}/change/"):
        html = page.get(address).content.decode()
        assert "127.0.0.1" in html
        assert "ada" in html
        assert "hidden?" not in html
        assert webhook.key_id not in html


def test_staff_switches_one_off_and_its_owner_learns_why(page: Client, webhook: Webhook, user: User) -> None:
    page.post(LIST, {"action": "switch_off", "_selected_action": [webhook.pk]})
    assert not Webhook.objects.get().active
    entry = AuditEntry.objects.filter(action="webhook_changed").get()
    assert (entry.actor_name, entry.owner_name, entry.others) == ("admin", "ada", True)
    mine = Client()
    mine.force_login(user)
    assert "A member of the staff has switched it off" in mine.get(f"/settings/webhooks/{webhook.pk}").content.decode()


def test_the_log_shows_attempts_and_needs_few_queries(
    page: Client, webhook: Webhook, django_assert_max_num_queries: Any
) -> None:
    rows = [message(webhook.pk, "execution.failed", '{"x":"<b>"}', n) for n in range(30)]
    rows[0].log = [{"at": "2026-03-01T09:00:00+00:00", "ms": 12, "status": 500, "error": "<i>"}]
    WebhookDelivery.objects.bulk_create(rows)
    with django_assert_max_num_queries(12):
        assert page.get(f"{LOG}?target__id__exact={webhook.pk}").content.decode().count("msg_") >= 30
    first = WebhookDelivery.objects.order_by("pk")[0]
    html = page.get(f"{LOG}{first.pk}/change/").content.decode()
    assert "500  12 ms  &lt;i&gt;" in html
    assert "&lt;b&gt;" in html


def test_browsers_are_shown_without_what_would_let_staff_send_there(page: Client, user: User) -> None:
    browser = PushSubscription.objects.create(
        owner=user, endpoint="https://push.example.org/hidden", p256dh="hiddenkey", auth="hiddenauth", wanted="failed",
        session_key="hiddensession", user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0",
        last_used_at=timezone.now(),
    )  # fmt: skip
    for address in ("/admin/chat/pushsubscription/", f"/admin/chat/pushsubscription/{browser.pk}/change/"):
        html = page.get(address).content.decode()
        assert "Firefox on Linux" in html
        assert "push.example.org" in html
        for hidden in ("/hidden", "hiddenkey", "hiddenauth", "hiddensession"):
            assert hidden not in html
