"""Every error is JSON with the same three keys, whatever was sent."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.test import RequestFactory
from rest_framework.exceptions import Throttled
from rest_framework.test import APIClient

from executions import services
from executions.api import errors
from executions.models import Execution
from tests.executions.api.conftest import URL, make


def check(response: Any, status: int) -> dict[str, Any]:
    data: dict[str, Any] = response.json()
    assert response.status_code == status, data
    assert data["detail"] == data["error"] != ""
    assert data["code"]
    return data


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"{", "not JSON"),
        (b'{"prompt": NaN}', "NaN"),
        (b'{"prompt": "\xff"}', "UTF-8"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b"[" * 200_000, "nested"),
        (b'{"prompt": ' + b"9" * 5_000 + b"}", "not JSON"),
        (b'{"prompt": "half \\ud83d"}', "emoji"),
        (b'{"prompt": "a\\u0000b"}', "NUL"),
        (b'{"prompt": "x", "options": {"\\u0000": [{"a": "\\u0000"}]}}', "NUL"),
    ],
)
def test_a_body_that_cannot_be_stored_is_a_400_that_says_why(api: APIClient, body: bytes, word: str) -> None:
    response = api.post(URL, body, content_type="application/json")
    assert word in check(response, 400)["detail"]
    assert not Execution.objects.exists()


def test_an_escaped_backslash_before_u0000_is_a_text_like_any_other(api: APIClient) -> None:
    response = api.post(URL, rb'{"prompt": "the escape \\u0000"}', content_type="application/json")
    assert response.json()["prompt"] == r"the escape \u0000"


def test_a_body_over_the_limit_is_a_413(api: APIClient, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    response = api.post(URL, {"prompt": "x" * 2_000}, format="json")
    assert check(response, 413)["code"] == "body_too_large"


def test_other_media_and_other_methods_are_refused(api: APIClient, user: User) -> None:
    assert check(api.post(URL, "prompt", content_type="text/plain"), 415)["code"] == "unsupported_media_type"
    assert check(api.delete(f"{URL}{make(user).pk}/"), 405)["code"] == "method_not_allowed"
    assert check(api.get(f"{URL}cancel/"), 405)
    assert check(api.get(URL, HTTP_ACCEPT="image/png"), 406)


def test_invalid_input_names_its_fields_and_reads_as_one_text(api: APIClient) -> None:
    data = check(api.post(URL, {"priority": "high"}, format="json"), 400)
    assert data["fields"] == {"prompt": ["This field is required."], "priority": ["A valid integer is required."]}
    assert data["detail"] == "prompt: This field is required. priority: A valid integer is required."


def test_a_form_can_be_posted_as_well(api: APIClient, user: User) -> None:
    response = api.post(URL, {"prompt": "say hi", "options": '{"web_search": true}'})
    assert response.status_code == 201
    assert Execution.objects.get().options == {"web_search": True}
    check(api.post(f"{URL}cancel/", {"ids": ["1"], "all": "true"}), 400)


def test_a_session_needs_the_csrf_token(user: User) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(user)
    assert check(client.post(URL, {"prompt": "x"}, format="json"), 403)["code"] == "permission_denied"
    assert client.get(URL).status_code == 200


def test_a_database_that_is_away_is_a_503(api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(services, "start", fail)
    response = api.post(URL, {"prompt": "x"}, format="json")
    assert check(response, 503)["code"] == "database_unavailable"
    assert response.headers["Retry-After"] == "1"


def test_a_throttled_request_is_told_when_to_come_back(db: None) -> None:
    response = errors.exception_handler(Throttled(wait=3), {})
    assert response is not None
    assert (response.status_code, response.data["code"]) == (429, "throttled")
    assert response.headers["Retry-After"] == "3"


def test_a_bug_is_not_disguised(db: None) -> None:
    assert errors.exception_handler(ZeroDivisionError(), {}) is None


def test_what_happens_outside_of_views_has_the_same_form() -> None:
    request = RequestFactory().get("/api/v1/nothing")
    pairs = [
        (errors.json_400(request), 400), (errors.json_400(request, RequestDataTooBig()), 413),
        (errors.json_403(request), 403), (errors.json_404(request), 404), (errors.json_500(request), 500),
    ]  # fmt: skip
    for response, status in pairs:
        assert response.status_code == status
        assert b'"detail"' in response.content
        assert b'"code"' in response.content


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "application/json"),
        ("application/json, application/problem+json", "application/problem+json"),
        ("application/problem+json", "application/problem+json"),
        ("text/html", "text/html; charset=utf-8"),
    ],
)
def test_errors_are_problems_of_rfc_9457_and_named_so_when_asked_for(
    api: APIClient, user: User, accept: str, kind: str
) -> None:
    response = api.post(f"{URL}{make(user).pk}/retry/", HTTP_ACCEPT=accept)
    assert response["Content-Type"] == kind
    if kind.endswith("json"):
        data = response.json()
        assert data["status"] == response.status_code
        assert data["type"] == f"urn:kakoclaw:problem:{data['code']}"
        assert data["title"]
        assert data["detail"] == data["error"]


def test_also_where_no_view_is(api: APIClient) -> None:
    response = api.get("/api/v1/nothing", HTTP_ACCEPT="application/json, application/problem+json")
    assert (response["Content-Type"], response.json()["status"]) == ("application/problem+json", 404)


def test_a_success_is_no_problem(api: APIClient, user: User) -> None:
    response = api.get(f"{URL}{make(user).pk}/", HTTP_ACCEPT="application/json, application/problem+json")
    assert response["Content-Type"] == "application/json"
