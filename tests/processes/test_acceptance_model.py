"""A real server with a real OpenAI-compatible server on loopback: streamed text, tools, Stop, and what comes after."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from executions.testing.script import script
from tests.servers import ROOT, Server, Servers, environment
from tests.support import wait_until

KEY = "sk-test-never-shown"
Frame = dict[str, Any]
#: Where a model's answer may be when it is stopped, and the frame after which it is.
SILENCES: list[tuple[dict[str, Any], str]] = [
    ({"hang": "start", "text": "x"}, "stream_start"),
    ({"hang": "headers"}, "stream_start"),
    ({"count": 9999, "chunk_delay": 0.01}, "stream"),
]


@pytest.fixture
def model(tmp_path: Any) -> Iterator[str]:
    """The address of a fake model server, a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "executions.testing.fake_openai", "--port", "0"],
        cwd=ROOT,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        yield process.stdout.readline().split(" at ")[1].split("/v1")[0]
        process.terminate()


@pytest.fixture
def served(servers: Servers, model: str) -> Server:
    return servers.start(
        KAKOCLAW_MODEL="openai-chat:fake",
        KAKOCLAW_MODELS="openai-chat:other,demo",
        OPENAI_BASE_URL=f"{model}/v1",
        OPENAI_API_KEY=KEY,
    )


def asked(model: str) -> Frame:
    """Return the newest request that the model server got."""
    return dict(httpx.get(f"{model}/requests").json()["requests"][-1])


def until(socket: ClientConnection, kind: str) -> list[Frame]:
    frames: list[Frame] = []
    while not frames or frames[-1]["type"] != kind:
        frames.append(json.loads(socket.recv(timeout=60)))
        assert frames[-1]["type"] != "error" or kind == "error", frames[-1]
    return frames


def say(socket: ClientConnection, content: str, kind: str = "ready", **fields: Any) -> list[Frame]:
    socket.send(json.dumps({"content": content, **fields}))
    return until(socket, kind)


def test_a_conversation_with_a_model(served: Server, model: str) -> None:
    with connect(f"{served.websocket_url}/ws/chat?token={served.token()}", max_size=None) as socket:
        tools = [{"name": "exec", "args": {"command": "env; echo from the tool"}},
                 {"name": "read_file", "args": {"path": "../../../secret-key"}},
                 {"name": "web_fetch", "args": {"url": f"{model}/requests"}}]  # fmt: skip
        frames = say(socket, script({"text": "let me look", "tools": tools}, {"text": "found **it**"}))
        results = {f["name"]: (f["status"], f["result"]) for f in frames if f["type"] == "tool_call" and f["result"]}
        assert "from the tool" in results["exec"][1]
        assert KEY not in results["exec"][1]
        assert results["read_file"][0] == results["web_fetch"][0] == "error"
        assert "private address" in results["web_fetch"][1]
        end = frames[-2]
        assert (end["outcome"], end["content"]) == ("succeeded", "let me look\n\nfound **it**")
        assert "<strong>it</strong>" in end["html"]
        usage = served.execution(end["execution_id"])["usage"]
        assert usage["requests"] == 2
        assert usage["input_tokens"] > usage["output_tokens"] > 0

        for silence, begun in SILENCES:
            frames = say(socket, script(silence), begun)
            socket.send(json.dumps({"type": "cancel", "execution_id": frames[-1]["execution_id"]}))
            end = until(socket, "ready")[-2]
            assert (end["outcome"], end["error"]) == ("canceled", "Execution canceled by user")
        assert end["content"].startswith(" 1")
        wait_until(lambda: asked(model)["disconnected_at"])

        frames = say(
            socket, script({"tools": [{"name": "exec", "args": {"command": "echo up; sleep 300"}}]}), "tool_output"
        )
        socket.send(json.dumps({"type": "cancel", "session_id": "web:chat"}))
        end = until(socket, "ready")[-2]
        assert end["receipt"]["tool"] == "exec"
        assert end["receipt"]["processes"]

        end = say(socket, "and now?", model="openai-chat:other", exclude_tools=["exec"])[-2]
        assert end["content"] == "You said: and now?"
        body = asked(model)["body"]
        assert body["model"] == "other"
        assert "exec" not in [tool["function"]["name"] for tool in body["tools"]]
        assert "Interrupted" in json.dumps(body["messages"])

        failed = say(socket, script({"status": 401, "text": f"bad key {KEY}"}))[-2]
        assert (failed["outcome"], failed["error_code"]) == ("failed", "model_error")
        assert KEY not in failed["error"]
        socket.send(json.dumps({"content": "hello", "model": "openai-chat:http://169.254.169.254/"}))
        assert until(socket, "error")[-1]["code"] == "unknown_model"
    assert KEY not in served.log


LIMITS: list[tuple[dict[str, int], dict[str, Any], str, str]] = [
    ({"steps": 2}, {"tools": [{"name": "list_dir", "args": {}}]}, "failed", "step_limit"),
    ({"tokens": 20}, {"text": "w " * 50, "tools": [{"name": "list_dir", "args": {}}]}, "failed", "token_limit"),
    ({"output_chars": 50}, {"count": 400}, "failed", "output_limit"),
    ({"wall_seconds": 1}, {"hang": "middle", "text": "a b c d"}, "timed_out", "wall_time"),
]


def test_each_limit_has_its_own_outcome(served: Server) -> None:
    for limit, reply, outcome, code in LIMITS:
        with served.client() as client:
            started = client.post("/api/v1/executions/", json={"prompt": script(reply), "limits": limit}).json()
        assert list(served.events(started["id"]))[-1]["data"]["outcome"] == outcome
        assert served.execution(started["id"])["error_code"] == code
