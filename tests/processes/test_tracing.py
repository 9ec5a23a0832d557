"""Traces of a real server, sent to a real collector on this machine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.sync.client import connect

from executions.testing.fake_otlp import FakeCollector
from executions.testing.script import script
from tests.servers import ROOT, Server, Servers, environment

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def collector() -> Iterator[FakeCollector]:
    with FakeCollector() as collector:
        yield collector


@contextmanager
def fake_model(home: Path) -> Iterator[str]:
    """The address of a fake model server, a process of its own."""
    command = [sys.executable, "-m", "executions.testing.fake_openai", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, env=environment(home), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split(" at ")[1].split("/v1")[0] + "/v1"
        process.terminate()


def traced(servers: Servers, collector: FakeCollector, **more: str) -> Server:
    variables = {
        "KAKOCLAW_OTEL": "1",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_EXPORTER_OTLP_HEADERS": "x-team=ours",
        "OTEL_BSP_SCHEDULE_DELAY": "200",
    }
    return servers.start(**variables | more)  # type: ignore[arg-type]  # none of them is called home or wait


def test_an_execution_is_a_part_of_the_trace_of_its_request(servers: Servers, collector: FakeCollector) -> None:
    server = traced(servers, collector)
    with server.client() as client:
        started = client.post(
            "/api/v1/executions/",
            json={"prompt": "say secret\nrun echo private\nask Which? | left | right", "session_id": "web:traced"},
            headers={"traceparent": f"00-{TRACE}-{SPAN}-01"},
        ).json()
        pk = started["id"]
        while (row := client.get(f"/api/v1/executions/{pk}/?wait=20").json())["state"] != "waiting":
            assert row["state"] != "finished", row
        answer = {"question_id": row["question"]["question_id"], "answers": {"Which?": "left"}}
        assert client.post(f"/api/v1/executions/{pk}/answer/", json=answer).status_code == 200
    whole = collector.wait_for("execution demo", kakoclaw_execution_id=pk)
    request = next(span for span in collector.spans if span.span == whole.parent)
    assert (whole.trace, request.trace, request.parent) == (TRACE, TRACE, SPAN)
    assert request.name.startswith("POST ")
    assert whole.attributes["kakoclaw.outcome"] == "succeeded"
    assert not whole.failed
    parts = collector.below(whole)
    assert parts.keys() == {"queue", "run"}
    assert whole.began == parts["queue"].began
    assert parts["queue"].ended <= parts["run"].ended <= whole.ended
    assert collector.below(parts["run"]).keys() == {"execute_tool exec", "wait for an answer"}
    assert whole.resource["service.name"] == "kakoclaw"
    assert collector.headers["x-team"] == "ours"
    assert "secret" not in str(collector.spans)
    assert "private" not in str(collector.spans)


def test_a_stop_is_a_span_and_what_has_failed_is_marked(servers: Servers, collector: FakeCollector) -> None:
    server = traced(servers, collector, KAKOCLAW_MAX_RUNNING="1", OTEL_SERVICE_NAME="agents")
    running, queued = server.start("run sleep 100"), server.start("say never")
    with server.client() as client:
        while client.get(f"/api/v1/executions/{running}/").json()["last_seq"] < 2 and not [
            entry for entry in client.get(f"/api/v1/executions/{running}/events/").json()["results"]
            if entry["type"] == "tool_started"
        ]:  # fmt: skip
            client.get(f"/api/v1/executions/{running}/?wait=1")
        for pk in (queued, running):
            assert client.post(f"/api/v1/executions/{pk}/cancel/", json={"wait": 20}).status_code == 200
    stopped = collector.wait_for("execution demo", kakoclaw_execution_id=running)
    parts = collector.below(stopped)
    assert parts["stop"].attributes["kakoclaw.stop.processes"] >= 1
    assert parts["stop"].attributes["kakoclaw.stop.tool"] == "exec"
    [tool] = collector.below(parts["run"]).values()
    assert tool.attributes["kakoclaw.status"] in ("interrupted", "canceled")
    never = collector.wait_for("execution demo", kakoclaw_execution_id=queued)
    assert collector.below(never).keys() == {"queue"}
    assert never.attributes["kakoclaw.outcome"] == "canceled"
    failed = collector.wait_for("execution demo", kakoclaw_execution_id=server.start("fail because"))
    assert failed.failed
    assert failed.attributes["error.type"] == "failed"
    assert failed.resource["service.name"] == "agents"


def test_what_was_lost_is_told_by_whoever_finds_it(servers: Servers, collector: FakeCollector) -> None:
    server = traced(servers, collector)
    pk = server.start("wait 5m")
    with server.client() as client:
        while client.get(f"/api/v1/executions/{pk}/?wait=5").json()["state"] != "running":
            pass
    server.kill()
    servers.start(server.home, KAKOCLAW_OTEL="1", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    lost = collector.wait_for("execution demo", kakoclaw_execution_id=pk)
    assert (lost.attributes["kakoclaw.outcome"], lost.failed) == ("lost", True)
    assert collector.below(lost).keys() == {"queue", "run"}


def test_a_message_of_the_chat_begins_a_trace_and_a_stop_of_the_server_sends_it(
    servers: Servers, collector: FakeCollector
) -> None:
    server = traced(servers, collector, OTEL_BSP_SCHEDULE_DELAY="600000")
    with connect(f"{server.websocket_url}/ws/chat?token={server.token()}") as socket:
        socket.send(json.dumps({"content": "say hello"}))
        while json.loads(socket.recv(timeout=20))["type"] != "ready":
            pass
    assert collector.spans == []
    assert server.stop() == 0
    whole = collector.wait_for("execution demo", 5)
    assert {span.name for span in collector.spans if span.span == whole.parent} == {"start execution"}


def test_requests_to_models_are_told_without_what_was_said(servers: Servers, collector: FakeCollector) -> None:
    with fake_model(servers.home()) as model:
        for content in ("0", "1"):
            server = traced(
                servers, collector, KAKOCLAW_MODEL="openai-chat:fake", OPENAI_BASE_URL=model, OPENAI_API_KEY="x",
                KAKOCLAW_OTEL_CONTENT=content,
            )  # fmt: skip
            pk = server.start(f"tell me {script({'text': 'a confidence'})}")
            whole = collector.wait_for("execution llm", kakoclaw_execution_id=pk)
            run = collector.below(whole)["run"]
            [chat] = collector.below(run).values()
            assert chat.name == "chat fake"
            assert chat.trace == whole.trace
            assert ("confidence" in str(collector.spans)) is (content == "1")
            server.stop()
            collector.spans.clear()


def test_a_collector_that_is_away_holds_nothing_up_and_is_complained_of_now_and_then(servers: Servers) -> None:
    server = servers.start(
        KAKOCLAW_OTEL="1", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", OTEL_BSP_SCHEDULE_DELAY="50"
    )
    for number in range(20):
        server.start(f"say {number}")
    assert server.stop() == 0
    assert len([line for line in server.lines if "127.0.0.1" in line and "port=9" in line]) <= 2, server.log


def test_without_the_setting_nothing_of_it_is_imported(servers: Servers) -> None:
    code = (
        "import django; django.setup(); import kakoclaw.asgi, executions.worker, sys; "
        "unwanted = ('opentelemetry.exporter', 'opentelemetry.instrumentation', 'executions.otel'); "
        "print([m for m in sys.modules if m.startswith(unwanted)])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
        env=environment(servers.home()) | {"DJANGO_SETTINGS_MODULE": "kakoclaw.settings"},
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
