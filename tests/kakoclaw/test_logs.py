"""Lines of the log: what they are about, as text and as JSON."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client

from executions.log_context import execution_id, request_id
from kakoclaw.logs import About, JSONFormatter

logger = logging.getLogger("tests.logs")


@pytest.fixture
def handler() -> Iterator[logging.StreamHandler[io.StringIO]]:
    """A handler as that of the site, into memory."""
    handler = logging.StreamHandler(io.StringIO())
    handler.addFilter(About())
    logger.addHandler(handler)
    logger.propagate = False
    yield handler
    logger.removeHandler(handler)


def test_a_line_says_what_it_is_about(handler: logging.StreamHandler[io.StringIO]) -> None:
    handler.setFormatter(logging.Formatter(settings.LOGGING["formatters"]["line"]["format"]))
    logger.error("first")
    running, asked = execution_id.set(42), request_id.set("r1")
    logger.error("second")
    execution_id.reset(running)
    request_id.reset(asked)
    first, second = handler.stream.getvalue().splitlines()
    assert first.endswith("ERROR   tests.logs: first")
    assert second.endswith("ERROR   tests.logs: [execution 42, request r1] second")


def test_as_json_a_line_is_one_object_whatever_is_in_it(handler: logging.StreamHandler[io.StringIO]) -> None:
    handler.setFormatter(JSONFormatter())
    running = execution_id.set(42)
    try:
        raise ValueError("a\nb")
    except ValueError:
        logger.exception("two\nlines of %s", "日本")
    execution_id.reset(running)
    (line,) = handler.stream.getvalue().splitlines()
    told = json.loads(line)
    assert (told["level"], told["logger"], told["message"]) == ("error", "tests.logs", "two\nlines of 日本")
    assert (told["execution_id"], "request_id" in told) == (42, False)
    assert told["time"].endswith("Z")
    assert "ValueError" in told["exception"]


@pytest.mark.django_db
@pytest.mark.parametrize(("given", "kept"), [("ci-7.a_b", True), ("", False), ("a\tb", False), ("x" * 65, False)])
def test_an_answer_carries_the_name_of_its_request(client: Client, given: str, kept: bool) -> None:
    name = client.get("/api/v1/auth/me", HTTP_X_REQUEST_ID=given)["X-Request-ID"]
    assert (name == given) is kept
    assert kept or len(name) == 16
    assert request_id.get() == ""
