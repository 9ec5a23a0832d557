"""A server's end and its next start: what was running, and what is left behind."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import psutil
import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from tests.servers import Server, Servers


def until(events: Iterator[dict[str, Any]], kind: str) -> dict[str, Any]:
    """Return the next event of that type."""
    return next(event for event in events if event["type"] == kind)


def descendants(server: Server) -> list[psutil.Process]:
    return psutil.Process(server.process.pid).children(recursive=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_finishes_what_runs_and_leaves_no_process_behind(servers: Servers, number: signal.Signals) -> None:
    server = servers.start()
    token = server.token()
    silent = server.start("wait 300s", "silent")
    process = server.start("run sleep 300", "process")
    counting = server.start("count 5000 every 50ms", "counting")
    with (
        closing(server.events(silent)) as silent_events,
        closing(server.events(process)) as process_events,
        closing(server.events(counting)) as counting_events,
        connect(f"{server.websocket_url}/ws/chat?token={token}") as chat,
        connect(f"{server.websocket_url}/ws/tasks?token={token}"),
    ):
        until(silent_events, "started")
        until(process_events, "tool_started")
        until(counting_events, "text")
        children = descendants(server)
        assert children
        server.process.send_signal(number)
        # Whoever watches is told how it ended, before the connection does.
        assert until(counting_events, "finished")["data"]["outcome"] == "lost"
        assert until(silent_events, "finished")["data"]["outcome"] == "lost"
        with pytest.raises(ConnectionClosedError, match="received 1012"):
            list(chat)
        assert server.wait() == 0, server.log
    assert psutil.wait_procs(children, timeout=10)[1] == []
    second = servers.start(server.home)
    for execution in (silent, process, counting):
        after = second.execution(execution)
        assert after["outcome"] == "lost"
        assert after["error"]
    assert after["output"].startswith("1 2 ")


def test_a_second_interrupt_exits_at_once(servers: Servers) -> None:
    server = servers.start(KAKOCLAW_DRAIN_SECONDS="300")
    with closing(server.events(server.start("wait 300s"))) as events:
        until(events, "started")
        server.process.send_signal(signal.SIGINT)
        server.wait_for_line("Stopping")
        assert server.stop(signal.SIGINT) == 128 + signal.SIGINT


def test_a_second_start_keeps_everything(servers: Servers) -> None:
    first = servers.start()
    token = first.token()
    execution = first.start("say hello", "kept")
    until(first.events(execution), "finished")
    assert first.stop() == 0
    second = servers.start(first.home)
    answer = httpx.get(f"{second.url}/api/v1/executions/{execution}/", headers={"Authorization": f"Bearer {token}"})
    assert answer.json()["output"] == "hello"


def test_what_ran_when_the_server_was_killed_is_lost_with_its_output_kept(servers: Servers) -> None:
    first = servers.start()
    counting = first.start("count 100000 every 20ms", "counting")
    process = first.start("run sleep 300", "process")
    with closing(first.events(counting)) as counting_events, closing(first.events(process)) as process_events:
        until(process_events, "tool_started")
        seen = until(counting_events, "text")["data"]["text"]
        children = descendants(first)
        first.kill()
    assert psutil.wait_procs(children, timeout=10)[1] == []
    second = servers.start(first.home)
    with closing(second.events(counting)) as events:
        assert until(events, "finished")["data"]["outcome"] == "lost"
    after = second.execution(counting)
    assert after["output"].startswith(seen)
    assert second.execution(process)["outcome"] == "lost"
