"""Guessing at passwords: as slow over every form as over the API, with one count for all of them."""

from __future__ import annotations

import pytest
from django.contrib.auth import hashers
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
WRONG = "wrong"
FORMS = ["/login", "/admin/login/", "/api-auth/login/"]


def attempt(path: str, username: str, password: str = WRONG, address: str = "") -> tuple[int, str]:
    headers = {"X-Forwarded-For": address} if address else {}
    response = Client().post(path, {"username": username, "password": password}, headers=headers)
    return response.status_code, response.content.decode()


@pytest.mark.parametrize("path", FORMS)
def test_a_form_lets_nobody_try_without_end(path: str, user: User, other_user: User) -> None:
    for _ in range(10):
        status, page = attempt(path, "ada")
        assert status == 200
        assert "Too many attempts" not in page
    status, page = attempt(path, "ada", PASSWORD)
    assert "Too many attempts. Try again in " in page
    assert status == (200 if path.startswith("/admin") else 429)
    assert "Too many attempts" not in attempt(path, "bob")[1]


@pytest.mark.parametrize("disguise", [" ada", "ada ", "ADA", "\N{FULLWIDTH LATIN SMALL LETTER A}da"])
def test_attempts_are_counted_together_whatever_form_and_spelling_they_have(disguise: str, user: User) -> None:
    for _ in range(5):
        attempt("/login", disguise)
        APIClient().post("/api/v1/auth/login/", {"username": disguise, "password": "wrong"}, format="json")
    limited = APIClient().post("/api/v1/auth/login", {"username": "ada", "password": PASSWORD}, format="json")
    assert limited.status_code == 429
    assert "Too many attempts" in attempt("/admin/login/", "ada", PASSWORD, "203.0.113.9")[1]


def test_many_names_from_one_address_are_limited_too(user: User) -> None:
    for number in range(60):
        attempt("/login", f"name-{number}")
    assert attempt("/login", "ada", PASSWORD)[0] == 429


def test_an_open_page_is_no_place_to_guess_at_the_current_password(user: User) -> None:
    browser = Client()
    browser.force_login(user)
    change = {
        "old_password": "wrong",
        "new_password1": "a quite different one",
        "new_password2": "a quite different one",
    }
    for _ in range(10):
        browser.post("/settings", change)
    page = browser.post("/settings", change | {"old_password": PASSWORD}).content.decode()
    assert "Too many attempts" in page
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


@pytest.mark.parametrize("path", FORMS)
def test_an_unknown_name_costs_as_much_as_a_known_one(path: str, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    real = hashers.MD5PasswordHasher.encode

    def encode(self: hashers.MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return real(self, password, salt)

    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", encode)
    known, unknown = attempt(path, "ada")[1], attempt(path, "nobody")[1]
    assert hashed == ["wrong", "wrong"]
    assert [len(page.replace("nobody", "ada")) for page in (known, unknown)] == [len(known)] * 2


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_leads_to_pages_of_this_site_only(path: str, wanted: str, admin: User) -> None:
    form = {"username": admin.get_username(), "password": "staple horse correct", "next": wanted}
    admin.set_password(form["password"])
    admin.save()
    for address in (path, f"{path}?next={wanted}"):
        response = Client().post(address, form)
        assert response.status_code == 302
        assert "evil" not in response["Location"]
        assert "script" not in response["Location"]
