"""Lines of the log: what they are about, as text and as JSON."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
from django.test import Client
from opentelemetry.sdk.trace import TracerProvider

from executions.log_context import execution_id, request_id
from kakoclaw.json_logs import formatter
from kakoclaw.log_settings import LINE_FORMAT
from kakoclaw.logs import About

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
    handler.setFormatter(logging.Formatter(LINE_FORMAT))
    logger.error("first")
    running, asked = execution_id.set(42), request_id.set("r1")
    logger.error("second")
    execution_id.reset(running)
    request_id.reset(asked)
    first, second = handler.stream.getvalue().splitlines()
    assert first.endswith("ERROR   tests.logs: first")
    assert second.endswith("ERROR   tests.logs: [execution 42, request r1] second")


def test_as_json_a_line_is_one_object_whatever_is_in_it(handler: logging.StreamHandler[io.StringIO]) -> None:
    handler.setFormatter(formatter())
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


def test_as_json_every_line_has_the_same_beginning_and_a_stack_where_asked(
    handler: logging.StreamHandler[io.StringIO],
) -> None:
    handler.setFormatter(formatter())
    asked = request_id.set("r1")
    logger.warning("plain %d%%", 5)
    logger.warning({"not": "a text"})
    logger.warning("here", stack_info=True)
    request_id.reset(asked)
    lines = [json.loads(line) for line in handler.stream.getvalue().splitlines()]
    assert [list(line) for line in lines[:2]] == [["time", "level", "logger", "message", "process", "request_id"]] * 2
    assert [line["message"] for line in lines] == ["plain 5%", "{'not': 'a text'}", "here"]
    assert "test_logs.py" in lines[2]["stack"]


def test_as_json_a_line_within_a_span_names_it(handler: logging.StreamHandler[io.StringIO]) -> None:
    handler.setFormatter(formatter(traces=True))
    logger.error("outside")
    with TracerProvider().get_tracer("tests").start_as_current_span("s") as span:
        logger.error("inside")
    outside, inside = map(json.loads, handler.stream.getvalue().splitlines())
    assert "trace_id" not in outside
    assert int(inside["trace_id"], 16) == span.get_span_context().trace_id
    assert int(inside["span_id"], 16) == span.get_span_context().span_id


@pytest.mark.django_db
@pytest.mark.parametrize(("given", "kept"), [("ci-7.a_b", True), ("", False), ("a\tb", False), ("x" * 65, False)])
def test_an_answer_carries_the_name_of_its_request(client: Client, given: str, kept: bool) -> None:
    name = client.get("/api/v1/auth/me", HTTP_X_REQUEST_ID=given)["X-Request-ID"]
    assert (name == given) is kept
    assert kept or len(name) == 16
    assert request_id.get() == ""
