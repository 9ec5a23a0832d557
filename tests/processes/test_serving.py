"""What a real server answers, whichever of the two it is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.servers import ROOT, Server, Servers, environment


def test_pages_and_static_files_come_with_their_headers(server: Server) -> None:
    admin = httpx.get(f"{server.url}/admin/login/")
    assert admin.status_code == 200
    assert "unsafe" not in admin.headers["content-security-policy"]
    stylesheet = admin.text.split('href="/static/')[1].split('"')[0]
    served = httpx.get(f"{server.url}/static/{stylesheet}")
    assert served.headers["content-type"].startswith("text/css")
    assert "immutable" in served.headers["cache-control"]
    again = httpx.get(f"{server.url}/static/{stylesheet}", headers={"If-None-Match": served.headers["etag"]})
    assert again.status_code == 304


def test_an_unknown_address_is_json_for_programs_and_a_page_for_people(server: Server) -> None:
    assert httpx.get(f"{server.url}/api/v1/nothing").json()["code"] == "not_found"
    assert httpx.get(f"{server.url}/nothing").headers["content-type"].startswith("text/html")


def test_a_body_that_is_too_large_is_refused_with_a_clear_answer(server: Server) -> None:
    with server.client() as client:
        answer = client.post("/api/v1/executions/", content=b" " * (9 * 1024 * 1024))
        assert answer.status_code == 413
        assert answer.json()["code"] == "body_too_large"
        assert client.get("/api/v1/health").status_code == 200


def test_a_page_of_another_site_may_not_open_a_socket(server: Server) -> None:
    address = f"{server.websocket_url}/ws/chat?token={server.token()}"
    with pytest.raises(InvalidStatus, match="403"):
        connect(address, origin="https://elsewhere.example")
    with connect(address, origin=server.url):
        pass


def test_an_unknown_socket_is_refused(server: Server) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        connect(f"{server.websocket_url}/ws/nothing")


def test_uvicorn_serves_the_same_application(servers: Servers) -> None:
    command = [sys.executable, "-m", "uvicorn", "kakoclaw.asgi:application", "--port", "0"]
    server = servers.start_command([*command, "--timeout-graceful-shutdown", "1"], None, wait=False)
    server.url = server.wait_for_line("running on").split("running on ")[1].split()[0]
    execution = server.start("say it works", "uvicorn")
    assert [event["type"] for event in server.events(execution)][-1] == "finished"
    assert server.execution(execution)["output"] == "it works"
    with connect(f"{server.websocket_url}/ws/chat?token={server.token()}") as chat:
        chat.send('{"type": "ping"}')
        assert "pong" in str(chat.recv(timeout=30))
    running = server.start("wait 300s", "uvicorn")
    with closing(server.events(running)) as events:
        assert next(events)["type"] == "started"
    server.process.send_signal(signal.SIGTERM)
    server.wait()
    assert "Waiting for application shutdown" in server.log
    assert "Application shutdown complete" in server.log
    second = servers.start(server.home)
    assert second.execution(running)["outcome"] == "lost"


def test_a_server_whose_log_nobody_reads_any_more_still_ends_in_good_order(servers: Servers) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve"],
        cwd=ROOT,
        env=environment(servers.home()),
        stdout=subprocess.PIPE,
        stderr=writer,
        text=True,
    )
    os.close(writer)
    assert process.stdout is not None
    with process, closing(process.stdout) as output:
        assert " serves " in next(output)
        process.terminate()
        assert process.wait(timeout=30) == 0
