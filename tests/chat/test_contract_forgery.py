"""What a page of another site, or a frame around one of ours, can do with the reader's cookies: nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from executions.models import Execution
from executions.services import start

pytestmark = pytest.mark.django_db
EVIL = {"Origin": "https://evil.example", "Referer": "https://evil.example/"}
BODIES = [("application/json", "{}"), ("application/x-www-form-urlencoded", "all=on"), ("text/plain", "{}")]
#: Reads a name and a password, and no cookie; without a session there is nothing to forge.
OPEN = {"api/v1/auth/login"}
#: These close their connection to the database, which a test that runs in a transaction needs.
CLOSING = ("health", "events/stream")


@pytest.fixture
def browser(admin: User) -> Client:
    """A member of the staff's browser, which sends its cookies along with whatever asks it to."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(admin)
    return browser


def addresses(patterns: list[URLPattern | URLResolver], prefix: str, pk: int) -> Iterator[str]:
    """Yield an address for every view there is, admin's generic ones aside."""
    for pattern in patterns:
        text = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, text, pk)
            continue
        for part, value in {
            "(?P<session_id>.+?)": "web:chat", "(?P<pk>[^/]+)": str(pk), "(?P<pk>[^/.]+)": str(pk), "<int:pk>": str(pk),
            "<path:object_id>": str(pk), "<str:session_id>": "web:chat", "/?$": "", "^": "", "$": "",
        }.items():  # fmt: skip
            text = text.replace(part, value)
        if not any(character in text for character in "<(?\\["):
            yield text


def test_no_address_takes_a_forged_request(browser: Client, admin: User) -> None:
    execution = start(owner=admin, prompt="wait 300s", session_id="web:chat")
    found = sorted(set(addresses(get_resolver().url_patterns, "", execution.pk)) - OPEN)
    assert len(found) > 40, found
    for address in found:
        for content_type, body in BODIES:
            for method in ("post", "put", "patch", "delete"):
                answer = getattr(browser, method)(f"/{address}", body, content_type=content_type, headers=EVIL)
                assert answer.status_code in (403, 404, 405), (method, address, content_type, answer.status_code)
    execution.refresh_from_db()
    assert execution.cancel_requested_at is None
    assert Execution.objects.count() == 1
    assert browser.get("/api/v1/auth/me").status_code == 200


def test_no_page_can_be_framed_or_run_what_it_shows(browser: Client, admin: User) -> None:
    execution = start(owner=admin, prompt="wait 300s", session_id="web:chat")
    for address in sorted(set(addresses(get_resolver().url_patterns, "", execution.pk))):
        if address.endswith(CLOSING):
            continue
        answer = browser.get(f"/{address}")
        assert answer["X-Frame-Options"] == "DENY", address
        policy = answer["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy, address
        assert "unsafe" not in policy, address
        assert answer["X-Content-Type-Options"] == "nosniff", address


@pytest.mark.parametrize("wanted", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_an_act_leads_back_to_pages_of_this_site_only(wanted: str, admin: User) -> None:
    browser = Client()
    browser.force_login(admin)
    assert browser.post("/activity/stop", {"next": wanted})["Location"] == "/activity"


def test_cookies_are_not_for_scripts_or_other_sites(user: User) -> None:
    browser = Client()
    browser.post("/login", {"username": "ada", "password": "correct horse battery"})
    assert browser.cookies["sessionid"]["httponly"]
    for name in ("sessionid", "csrftoken"):
        assert browser.cookies[name]["samesite"] == "Lax"


def test_an_error_shows_no_secret(browser: Client) -> None:
    for headers in ({"Host": "evil.example"}, {"Cookie": "sessionid=%00"}):
        for path in ("/", "/nothing", "/api/v1/nothing", "/chat/%ff"):
            page = browser.get(path, headers=headers).content.decode()
            assert "Traceback" not in page
            assert "SECRET" not in page
