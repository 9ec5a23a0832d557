"""Signing in, out, and changing a password."""

from __future__ import annotations

import pytest
from django.contrib.auth import hashers
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from tests.chat.conftest import client_of

pytestmark = pytest.mark.django_db
V1 = "/api/v1"
PASSWORD = "correct horse battery"


def login(username: object, password: object, **extra: str) -> object:
    body = {"username": username, "password": password}
    return APIClient().post(f"{V1}/auth/login", body, format="json", **extra)


def test_a_token_comes_from_a_password_and_goes_with_logout(user: User) -> None:
    response = login("ada", PASSWORD)
    assert response.status_code == 200
    assert response.json()["expires_in"] > 0
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {response.json()['token']}")
    assert client.get(f"{V1}/auth/me/").json() == {"username": "ada", "role": "user"}
    assert client.post(f"{V1}/auth/logout").status_code == 204
    assert client.get(f"{V1}/auth/me").status_code == 401


def test_staff_is_admin(admin: User) -> None:
    assert client_of(admin).get(f"{V1}/auth/me").json()["role"] == "admin"


def test_a_wrong_pair_is_401_and_costs_the_same_for_unknown_users(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    real = hashers.MD5PasswordHasher.encode
    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", lambda self, p, s: hashed.append(p) or real(self, p, s))
    for name in ("ada", "nobody"):
        response = login(name, "wrong")
        assert (response.status_code, response.json()["code"]) == (401, "wrong_password")
        assert response["WWW-Authenticate"].startswith("Bearer")
    assert hashed == ["wrong", "wrong"]
    user.is_active = False
    user.save()
    assert login("ada", PASSWORD).status_code == 401


@pytest.mark.parametrize(
    ("username", "password"),
    [("", "x"), ("ada", ""), (None, "x"), ("a\0b", "x"), ("x" * 151, "x"), ("ada", "x" * 2000)],
)
def test_a_pair_that_cannot_be_is_400(username: object, password: object) -> None:
    assert login(username, password).status_code == 400


def test_logins_are_limited_by_address_and_name(user: User, other_user: User) -> None:
    codes = [login("ada", "wrong").status_code for _ in range(12)]
    assert codes[:10] == [401] * 10
    limited = login("ada", PASSWORD, HTTP_X_FORWARDED_FOR="203.0.113.9")
    assert limited.status_code == 429
    assert limited.json()["code"] == "throttled"
    assert limited["Retry-After"]
    assert login("ADA", PASSWORD).status_code == 429
    assert login("bob", "staple battery horse").status_code == 200


def test_a_new_password_ends_other_tokens_and_sessions_of_this_user_only(user: User, other_user: User) -> None:
    mine, other_device, stranger, browser = client_of(user), client_of(user), client_of(other_user), Client()
    browser.force_login(user)
    body = {"old_password": PASSWORD, "new_password": "a quite different one"}
    assert mine.post(f"{V1}/auth/change-password", body, format="json").json() == {"status": "ok"}
    assert mine.get(f"{V1}/auth/me").status_code == 200
    assert other_device.get(f"{V1}/auth/me").status_code == 401
    assert browser.get(f"{V1}/auth/me").status_code in (401, 403)
    assert stranger.get(f"{V1}/auth/me").status_code == 200
    assert login("ada", PASSWORD).status_code == 401
    assert login("ada", "a quite different one").status_code == 200


def test_a_browser_that_changes_the_password_stays_signed_in(user: User) -> None:
    browser, token = Client(), client_of(user)
    browser.force_login(user)
    body = {"current_password": PASSWORD, "new_password": "a quite different one"}
    response = browser.post(f"{V1}/auth/change-password", body, content_type="application/json")
    assert response.status_code == 200
    assert browser.get(f"{V1}/auth/me").status_code == 200
    assert token.get(f"{V1}/auth/me").status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"new_password": "a quite different one"},
        {"current_password": "wrong", "new_password": "a quite different one"},
        {"current_password": PASSWORD, "new_password": "12345"},
        {"current_password": PASSWORD},
    ],
)
def test_a_change_that_cannot_be_is_400_and_changes_nothing(body: dict[str, str], user: User) -> None:
    assert client_of(user).post(f"{V1}/auth/change-password", body, format="json").status_code == 400
    assert login("ada", PASSWORD).status_code == 200


def test_logging_out_of_a_session_needs_csrf_and_ends_it(user: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user)
    assert strict.post(f"{V1}/auth/logout").status_code == 403
    browser = Client()
    browser.force_login(user)
    assert browser.post(f"{V1}/auth/logout").status_code == 204
    assert browser.get(f"{V1}/auth/me").status_code in (401, 403)
