"""Subscribing browsers over the API, and what is refused."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from chat.models import PushSubscription
from chat.push import keys
from executions.testing.fake_push import FakePush, decoded, encoded
from tests.chat.push.conftest import URL, Subscribe


def test_the_key_is_the_same_for_all_processes_and_another_with_another_secret(user: User, settings: Any) -> None:
    client = Client()
    client.force_login(user)
    key = client.get(URL).json()["key"]
    assert len(decoded(key)) == 65
    keys._vapid.cache_clear()
    assert keys.public_key() == key
    settings.SECRET_KEY = "x" * 60
    assert keys.public_key() != key


def test_a_key_can_be_given(settings: Any) -> None:
    raw = bytes(31) + b"\x01"
    settings.VAPID_PRIVATE_KEY = encoded(raw)
    # The generator of P-256.
    point = "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    assert decoded(keys.public_key()).hex().startswith(point)


def test_a_browser_is_subscribed_and_changed_by_the_same_address(user: User, subscribe: Subscribe) -> None:
    client, browser, subscription = subscribe(user, **{"User-Agent": "Firefox on Linux"})
    assert subscription.user_agent == "Firefox on Linux"
    answer = client.post(URL, {**browser.as_json(), "kinds": ["asks"]}, content_type="application/json")
    assert answer.json()["kinds"] == ["asks"]
    (listed,) = client.get(URL).json()["browsers"]
    assert listed["id"] == subscription.pk
    assert PushSubscription.objects.count() == 1


def test_a_browser_belongs_to_whoever_signs_in_there(user: User, other_user: User, subscribe: Subscribe) -> None:
    _, browser, _ = subscribe(user)
    client = Client()
    client.force_login(other_user)
    client.post(URL, {**browser.as_json(), "kinds": ["asks"]}, content_type="application/json")
    assert PushSubscription.objects.get().owner == other_user


def test_a_token_is_no_browser(api: APIClient, service: FakePush, loopback: None) -> None:
    answer = api.post(URL, {**service.browser("x").as_json(), "kinds": []}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (403, "browser_only")


def test_it_takes_the_csrf_token(user: User, service: FakePush, loopback: None) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    body = {**service.browser("x").as_json(), "kinds": []}
    assert client.post(URL, body, content_type="application/json").status_code == 403


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/x", "https://127.0.0.1/x", "https://169.254.169.254/", "https://[::1]/"]
)
def test_private_endpoints_are_refused(user: User, service: FakePush, url: str) -> None:
    client = Client()
    client.force_login(user)
    body = {**service.browser("x").as_json(), "endpoint": url, "kinds": []}
    answer = client.post(URL, body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_subscription")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("p256dh", "nonsense"),
        ("p256dh", urlsafe_b64encode(b"\x04" + b"\x01" * 64).decode()),
        ("p256dh", urlsafe_b64encode(bytes(65)).decode()),
        ("auth", "AAAA"),
        ("auth", "é"),
    ],
)
def test_keys_that_are_none_are_refused(user: User, service: FakePush, loopback: None, name: str, value: str) -> None:
    client = Client()
    client.force_login(user)
    body = service.browser("x").as_json()
    body["keys"][name] = value
    answer = client.post(URL, {**body, "kinds": []}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_subscription")
    assert name in answer.json()["detail"]


def test_a_browser_is_ended_by_its_owner_alone(user: User, other_user: User, subscribe: Subscribe) -> None:
    client, _, subscription = subscribe(user)
    other = Client()
    other.force_login(other_user)
    for path in (f"{URL}{subscription.pk}/", f"{URL}{subscription.pk}x/"):
        assert other.delete(path).status_code == 404
        assert other.post(f"{path}test/").status_code == 404
    assert client.delete(f"{URL}{subscription.pk}/").status_code == 204
    assert not PushSubscription.objects.exists()


def test_there_is_a_most_of_them(user: User, subscribe: Subscribe) -> None:
    first = subscribe(user)[2]
    for _ in range(20):
        subscribe(user)
    assert PushSubscription.objects.count() == 20
    assert not PushSubscription.objects.filter(pk=first.pk).exists()


def test_the_service_worker_is_served_from_the_top_to_anybody(client: Client, db: None) -> None:
    answer = client.get("/service-worker.js")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/javascript")
    assert "no-cache" in answer["Cache-Control"]
    assert "worker-src 'self'" in answer["Content-Security-Policy"]
    assert 'addEventListener("push"' in answer.content.decode()
