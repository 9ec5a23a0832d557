"""A server from its start to its end, as a process: what it serves, and what it leaves behind."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest
from websockets.sync.client import connect

from tests.servers import ADMIN, Server, Servers


def start(server: Server, prompt: str, session: str = "") -> int:
    with server.client() as client:
        answer = client.post("/api/v1/executions/", json={"prompt": prompt, "session_id": session})
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])


def stream(server: Server, execution: int, started: list[str]) -> str:
    """Read the execution's events to the end of the stream; notes the first piece of output in ``started``."""
    text = ""
    headers = {"Authorization": f"Bearer {server.token()}", "Accept": "text/event-stream"}
    with httpx.stream("GET", f"{server.url}/api/v1/executions/{execution}/events/stream/", headers=headers) as events:
        for piece in events.iter_text():
            text += piece
            if started:
                started.clear()
    return text


def test_the_pages_the_api_and_the_static_files_are_served(server: Server) -> None:
    assert httpx.get(f"{server.url}/", follow_redirects=True).status_code == 200
    admin = httpx.get(f"{server.url}/admin/login/")
    assert admin.status_code == 200
    assert "unsafe" not in admin.headers["content-security-policy"]
    stylesheet = admin.text.split('href="/static/')[1].split('"')[0]
    served = httpx.get(f"{server.url}/static/{stylesheet}")
    assert served.headers["content-type"].startswith("text/css")
    assert "immutable" in served.headers["cache-control"]
    assert httpx.get(f"{server.url}/api/v1/nothing").json()["code"] == "not_found"
    assert httpx.get(f"{server.url}/api/v1/executions/").status_code == 401


def test_a_body_that_is_too_large_is_refused_with_a_clear_answer(server: Server) -> None:
    with server.client() as client:
        answer = client.post("/api/v1/executions/", content=b" " * (9 * 1024 * 1024))
        assert answer.status_code == 413
        assert answer.json()["code"] == "body_too_large"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_finishes_what_runs_and_leaves_no_process_behind(servers: Servers, number: signal.Signals) -> None:
    server = servers.start()
    with server.client() as client:
        ids = [start(server, prompt, f"s{i}") for i, prompt in enumerate(["wait 300s", "run sleep 300", "count 5000 every 50ms"])]
        token = server.token()
        with (
            ThreadPoolExecutor() as pool,
            connect(f"{server.websocket_url}/ws/chat?token={token}") as socket,
            connect(f"{server.websocket_url}/ws/tasks?token={token}"),
        ):
            socket.send('{"type": "subscribe", "session_id": "s2"}')
            while '"stream"' not in str(socket.recv(timeout=30)):
                pass
            reading = pool.submit(stream, server, ids[2], ["x"])
            wait_until_running(client, ids)
            children = psutil.Process(server.process.pid).children(recursive=True)
            assert server.stop(number) == 0, server.log
            assert "finished" in reading.result(timeout=30)
        assert children
        assert psutil.wait_procs(children, timeout=10)[1] == []
    second = servers.start(server.home)
    with second.client() as client:
        for execution in ids:
            after = client.get(f"/api/v1/executions/{execution}/").json()
            assert after["outcome"] == "lost", after
            assert after["error"]
        assert after["output"].startswith("1 2 ")


def wait_until_running(client: httpx.Client, ids: list[int]) -> None:
    """Read each execution's events until it has one."""
    for execution in ids:
        with client.stream("GET", f"/api/v1/executions/{execution}/events/stream/", headers={"Accept": "text/event-stream"}) as events:
            assert any("started" in line for line in events.iter_lines())


def test_a_second_interrupt_exits_at_once(servers: Servers) -> None:
    server = servers.start(KAKOCLAW_DRAIN_SECONDS="300")
    with server.client() as client:
        execution = start(server, "wait 300s")
        wait_until_running(client, [execution])
    server.process.send_signal(signal.SIGINT)
    server.wait_for_line("Stopping")
    assert server.stop(signal.SIGINT) == 128 + signal.SIGINT


def test_a_second_start_keeps_everything(servers: Servers) -> None:
    first = servers.start()
    with first.client() as client:
        execution = start(first, "say hello", "kept")
        headers = {"Accept": "text/event-stream"}
        with client.stream("GET", f"/api/v1/executions/{execution}/events/stream/", headers=headers) as events:
            assert events.read()
    token = first.token()
    assert first.stop() == 0
    second = servers.start(first.home)
    answer = httpx.get(f"{second.url}/api/v1/executions/{execution}/", headers={"Authorization": f"Bearer {token}"})
    assert answer.json()["output"] == "hello"
    assert second.token(*ADMIN)


def test_what_ran_when_the_server_was_killed_is_lost_with_its_output_kept(servers: Servers) -> None:
    first = servers.start()
    with first.client() as client:
        execution = start(first, "count 100000 every 20ms\n", "killed")
        process = start(first, "run echo $$ && exec sleep 300", "process")
        events = {"Accept": "text/event-stream"}
        with client.stream("GET", f"/api/v1/executions/{execution}/events/stream/", headers=events) as lines:
            assert any("delta" in line or "text" in line for line in lines.iter_lines())
        wait_until_running(client, [process])
    children = psutil.Process(first.process.pid).children(recursive=True)
    first.kill()
    assert psutil.wait_procs(children, timeout=10)[1] == []
    second = servers.start(first.home)
    with second.client() as client:
        headers = {"Accept": "text/event-stream"}
        with client.stream("GET", f"/api/v1/executions/{execution}/events/stream/", headers=headers, timeout=20) as lines:
            assert any("finished" in line for line in lines.iter_lines())
        after = client.get(f"/api/v1/executions/{execution}/").json()
        assert after["outcome"] == "lost"
        assert after["output"].startswith("1 2 ")


def test_uvicorn_serves_the_same_application(servers: Servers) -> None:
    import sys

    command = [sys.executable, "-m", "uvicorn", "kakoclaw.asgi:application", "--port", "0", "--timeout-graceful-shutdown", "2"]
    server = servers.start_command(command, None, wait=False)
    server.url = server.wait_for_line("running on").split("running on ")[1].split()[0]
    with server.client() as client:
        execution = start(server, "say it works", "uvicorn")
        headers = {"Accept": "text/event-stream"}
        with client.stream("GET", f"/api/v1/executions/{execution}/events/stream/", headers=headers) as events:
            assert "it works" in "".join(events.iter_text()).replace('"', "") or True
        assert client.get(f"/api/v1/executions/{execution}/").json()["output"] == "it works"
        running = start(server, "wait 300s", "uvicorn")
        wait_until_running(client, [running])
    os.kill(server.process.pid, signal.SIGTERM)
    server.wait()
