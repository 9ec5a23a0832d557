"""What the documentation tells people to do about signatures is right."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from executions.webhooks import secrets, signing
from executions.webhooks.events import WebhookEvent

Check = Callable[[str, dict[str, str], bytes], bool]
BODY = '{"type":"execution.failed","data":{"error":"日本語"}}'.encode()


@pytest.fixture
def document(repository: Path) -> str:
    return (repository / "docs" / "webhooks.md").read_text()


@pytest.fixture
def check(document: str) -> Check:
    """The function of the documentation."""
    (code,) = re.findall(r"```python\n(.*?)```", document, flags=re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - our own documentation
    return names["is_from_kakoclaw"]  # type: ignore[no-any-return]


def test_the_function_of_the_documentation_knows_what_is_ours(check: Check) -> None:
    now = int(time.time())
    headers = signing.headers("msg_1", now, BODY, ["one"])
    assert check(secrets.text("one"), headers, BODY)
    assert not check(secrets.text("two"), headers, BODY)
    assert not check(secrets.text("one"), headers, BODY + b" ")
    assert not check(secrets.text("one"), {**headers, "webhook-id": "msg_2"}, BODY)
    assert not check(secrets.text("one"), signing.headers("msg_1", now - 301, BODY, ["one"]), BODY)


def test_it_knows_both_secrets_while_one_is_replaced(check: Check) -> None:
    headers = signing.headers("msg_1", int(time.time()), BODY, ["new", "old"])
    assert check(secrets.text("old"), headers, BODY)
    assert check(secrets.text("new"), headers, BODY)


def test_a_signature_is_what_the_standard_says() -> None:
    """The example of Standard Webhooks' own libraries."""
    import base64
    import hmac

    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}'
    expected = "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert base64.b64encode(hmac.digest(key, signed, "sha256")).decode() == expected


def test_every_event_is_in_the_documentation(document: str) -> None:
    assert set(re.findall(r"^\| `(execution\.[a-z_]+)`", document, flags=re.MULTILINE)) == set(WebhookEvent)
