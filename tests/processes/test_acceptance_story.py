"""The demo's language and the panel's wire, as two people use them at one real server, from outside."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.servers import ADMIN, Server

Frame = dict[str, Any]
ADA = ("ada", "staple battery horse")
STREAMED = {"stream", "tool_call", "tool_output", "thinking", "question", "answered", "notice", "usage", "stopping"}
MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>\"'><a href='javascript:alert(3)'>x</a>"


def chat(server: Server, token: str) -> ClientConnection:
    return connect(f"{server.websocket_url}/ws/chat?token={token}", max_size=None)


def until(socket: ClientConnection, kind: str) -> list[Frame]:
    """Read up to the next frame of that type."""
    frames: list[Frame] = []
    while not frames or frames[-1]["type"] != kind:
        frames.append(json.loads(socket.recv(timeout=60)))
        assert frames[-1]["type"] != "error" or kind == "error", frames[-1]
    return frames


def say(socket: ClientConnection, content: str, **fields: Any) -> list[Frame]:
    socket.send(json.dumps({"content": content, **fields}))
    return until(socket, "ready")


def end_of(frames: list[Frame]) -> Frame:
    return next(frame for frame in frames if frame["type"] == "stream_end")


SPOKEN = [
    ("SAY hello there", "hello there"),
    ("say one\nsay two", "one\ntwo"),
    ("count 5", "1 2 3 4 5"),
    ("COUNT 3 EVERY 10ms", "1 2 3"),
    ("wait 0.01\nwait 10ms\nWait 0.01s\nwait 0.0001m\nsay rested", "rested"),
    ("think quietly\nsay done", "done"),
    ("say before\nnonsense\nsay after", "before\nafter"),
]
MISUNDERSTOOD = [
    "hello",
    "count 100001",
    "count 3 every",
    "wait -1",
    "wait abc",
    "say",
    "plan",
    "ask",
    "fail",
    "hang on",
]


def test_the_demos_language(server: Server) -> None:
    with chat(server, server.token()) as socket:
        for prompt, spoken in SPOKEN:
            frames = say(socket, prompt)
            assert [frames[0]["type"], frames[1]["type"]] == ["queued", "stream_start"]
            assert {frame["type"] for frame in frames[2:-2]} <= STREAMED
            assert [frame["type"] for frame in frames[-2:]] == ["stream_end", "ready"]
            assert end_of(frames)["content"] == spoken
            assert "".join(frame["content"] for frame in frames if frame["type"] == "stream") == spoken
            assert "error" not in end_of(frames)
            assert all({"execution_id", "session_id", "seq"} <= frame.keys() for frame in frames)
            seqs = [frame["seq"] for frame in frames[1:-1]]
            assert seqs == sorted(set(seqs))
        for prompt in MISUNDERSTOOD:
            answer = end_of(say(socket, prompt))
            assert answer["outcome"] == "succeeded"
            assert "demo agent" in answer["content"]
            assert "KAKOCLAW_MODEL" in answer["content"]
        failed = end_of(say(socket, "fail because I say so\nsay never"))
        assert (failed["outcome"], failed["error"], failed["content"]) == ("failed", "because I say so", "")
        tools = say(
            socket, 'write a.txt hello you\nedit a.txt "you" "me"\nread a.txt\nlist\nread ../../secret-key\nrun cat'
        )
        results = [(f["name"], f["status"], f["result"]) for f in tools if f["type"] == "tool_call" and f["result"]]
        assert [status for _, status, _ in results] == ["finished"] * 4 + ["error", "finished"]
        assert "hello me" in results[2][2]
        assert "outside the workspace" in results[4][2]


def test_questions_and_plans(server: Server) -> None:
    with chat(server, server.token()) as socket:
        for steps, answer, spoken in [
            ("ask Which? | Red | Blue\nsay on", {"answers": {"Which?": "Blue"}}, "You chose: Blue\non"),
            ("Ask Which? | Red", {"answers": {"Which?": "my own"}}, "You chose: my own"),
            ("plan Tidy\nsay on", {"approved": True}, "The plan was approved.\non"),
            ("plan Tidy\nsay on", {"approved": False}, "The plan was rejected; the rest was skipped."),
        ]:
            socket.send(json.dumps({"content": steps}))
            question = until(socket, "question")[-1]
            reply = {"type": "answer", "execution_id": question["execution_id"], "question_id": question["question_id"]}
            socket.send(json.dumps(reply | {"answer": answer}))
            assert end_of(until(socket, "ready"))["content"] == spoken
            socket.send(json.dumps(reply | {"answer": answer}))
            assert until(socket, "error")[-1]["code"] == "not_waiting"


@pytest.mark.parametrize("by", ["rest", "socket"])
def test_stop_wherever_it_is_and_the_next_message_goes_on(server: Server, by: str) -> None:
    stopped = {
        "hang": "stream_start",
        "wait 5m": "stream_start",
        "count 99999 every 10ms": "stream",
        "run (setsid sleep 300 &); echo up; sleep 300\nsay never": "tool_output",
        "ask Q? | A": "question",
    }
    with server.client() as client, chat(server, server.token()) as socket:
        for prompt, begun in stopped.items():
            socket.send(json.dumps({"content": prompt, "session_id": "web:chat:1"}))
            until(socket, begun)
            if by == "rest":
                report = client.post(
                    "/api/v1/chat/cancel/", json={"session_id": "web:chat:1", "reason": "enough"}
                ).json()
                assert report | {"canceled": 1, "message": "Canceled 1 execution(s)"} == report
            else:
                socket.send(json.dumps({"type": "cancel", "session_id": "web:chat:1", "reason": "enough"}))
            end = end_of(until(socket, "ready"))
            assert (end["outcome"], end["error"]) == ("canceled", "Execution canceled by user")
            assert "never" not in end["content"]
            assert end["receipt"]["elapsed_ms"] < 2000
            assert (end["receipt"]["by"], end["receipt"]["reason"]) == (ADMIN[0], "enough")
            if prompt.startswith("run"):
                assert end["receipt"]["processes"]
                assert end["receipt"]["tool"] == "exec"
        again = client.post("/api/v1/chat/cancel", json={"session_id": "web:chat:1"}).json()
        assert (again["canceled"], again["message"]) == (0, "Canceled 0 execution(s)")
        assert end_of(say(socket, "say and on", session_id="web:chat:1"))["content"] == "and on"


def test_two_people_with_the_same_session_id_know_nothing_of_each_other(server: Server) -> None:
    server.add_user(*ADA)
    with chat(server, server.token()) as mine, chat(server, server.token(*ADA)) as hers:
        mine.send("wait 300s")  # not JSON: a message for web:chat
        running = until(mine, "stream_start")[-1]
        assert running["session_id"] == "web:chat"
        assert end_of(say(hers, "say hers", session_id="web:chat"))["content"] == "hers"
        with server.client(*ADA) as client:
            said = client.get("/api/v1/chat/sessions/web:chat").json()["messages"]
            assert [message["content"] for message in said] == ["say hers", "hers"]
            assert client.post("/api/v1/chat/cancel", json={"session_id": "web:chat"}).json()["canceled"] == 0
            assert client.get("/api/v1/chat/search", params={"q": "wait"}).json() == {"messages": []}
            path = f"/api/v1/executions/{running['execution_id']}"
            for method, suffix in [("GET", ""), ("GET", "/events"), ("GET", "/events/stream"), ("POST", "/cancel"),
                                   ("POST", "/retry"), ("POST", "/answer"), ("POST", "/priority")]:  # fmt: skip
                for slash in ("", "/"):
                    answer = client.request(method, path + suffix + slash, json={} if method == "POST" else None)
                    assert answer.status_code == 404, (method, suffix, slash)
                    assert answer.json()["detail"] == answer.json()["error"]
            assert client.post("/api/v1/executions/cancel", json={"all": True}).json()["requested"] == 0
        hers.send(json.dumps({"type": "cancel", "execution_id": running["execution_id"]}))
        assert until(hers, "error")[-1]["code"] == "not_found"
        hers.send(json.dumps({"type": "subscribe", "session_id": "web:chat", "after": {running["execution_id"]: 0}}))
        assert until(hers, "subscribed")[-1]["execution_id"] is None
    assert server.execution(running["execution_id"])["status"] == "running"


def signed_in(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=30) as browser:
        form = browser.get("/login").text
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
        assert found is not None
        fields = {"username": ADMIN[0], "password": ADMIN[1], "csrfmiddlewaretoken": found[1]}
        assert browser.post("/login", data=fields).status_code == 302
        yield browser


def test_markup_stays_text_on_every_page(server: Server) -> None:
    with chat(server, server.token()) as socket, server.client() as client:
        ids = [
            say(socket, f"{verb} {MARKUP}", session_id="web:x")[0]["execution_id"]
            for verb in ("say", "fail", "run echo")
        ]
        socket.send(json.dumps({"content": f"ask {MARKUP} | {MARKUP}", "session_id": "web:x"}))
        ids.append(until(socket, "question")[-1]["execution_id"])
        client.post("/api/v1/chat/cancel", json={"session_id": "web:x", "reason": MARKUP})
        until(socket, "ready")
        client.patch("/api/v1/chat/sessions/web:x", json={"title": MARKUP})
        for message in client.get("/api/v1/chat/sessions/web:x").json()["messages"]:
            assert "<img" not in message["html"]
            assert "<script" not in message["html"]
            assert not re.search(r"<a[^>]*javascript:", message["html"])
    pages = ["/", "/chat/web:x", "/activity", "/history", f"/history?q={MARKUP}", "/admin/chat/session/",
             "/admin/executions/execution/", f"/admin/executions/execution/{ids[0]}/change/",
             *(f"/executions/{pk}" for pk in ids), f"/api/v1/executions/{ids[0]}/?format=api"]  # fmt: skip
    for browser in signed_in(server):
        for page in pages:
            answer = browser.get(page)
            assert answer.status_code == 200, page
            assert "<img src=x" not in answer.text, page
            assert "<script>alert" not in answer.text, page
            assert "<a href='javascript:" not in answer.text, page
