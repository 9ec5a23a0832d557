"""What the CLI says becomes events: text, thinking, tools, usage, the session."""

from __future__ import annotations

import asyncio
import json
import os
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from executions import images
from executions.agents.base import AgentFailure, LimitExceeded, Limits
from executions.events import CliSession, Notice, Text, Thinking, ToolFinished, ToolStarted, Usage
from executions.testing.script import script
from tests.executions.agents.claude.conftest import Claude


def bash(command: str, **args: Any) -> dict[str, Any]:
    return {"name": "Bash", "args": {"command": command, "description": "a test", **args}}


@pytest.fixture(autouse=True)
def _everything_is_allowed(claude_settings: Any) -> None:
    claude_settings(CLAUDE_PERMISSION_MODE="bypassPermissions")


async def test_text_and_thinking_come_as_they_are_streamed(claude: Claude) -> None:
    run, seen = await claude.run(script({"thinking": "let me see", "text": "one two three"}))
    assert "".join(event.text for event in seen.of(Thinking)) == "let me see"
    assert [event.text for event in seen.of(Text)] == ["one", " two", " three"]
    assert seen.events[0] == CliSession(run.agent_session, str(claude.project))
    assert run.transcript is not None
    assert run.transcript[0]["session_id"] == run.agent_session
    assert (run.transcript[0]["turns"], run.transcript[0]["result"]) == (1, "one two three")


async def test_a_tool_is_told_with_its_whole_input_and_its_result(claude: Claude) -> None:
    _, seen = await claude.run(script({"text": "Look:", "tools": [bash("echo hi; pwd")]}, {"text": "Done."}))
    (started,), (finished,) = seen.of(ToolStarted), seen.of(ToolFinished)
    assert (started.name, started.args["command"]) == ("Bash", "echo hi; pwd")
    assert (finished.call_id, finished.status) == (started.call_id, "finished")
    assert finished.result == f"hi\n{claude.project}"
    assert seen.text == "Look:\n\nDone."


async def test_tools_side_by_side_each_get_their_result(claude: Claude) -> None:
    _, seen = await claude.run(script({"tools": [bash("echo one"), bash("echo two")]}, {"text": "Both."}))
    assert {(f.call_id, f.result) for f in seen.of(ToolFinished)} == {
        (s.call_id, str(s.args["command"]).removeprefix("echo ")) for s in seen.of(ToolStarted)
    }
    assert len(seen.of(ToolFinished)) == 2


async def test_a_failing_tool_is_an_error_and_the_run_goes_on(claude: Claude) -> None:
    _, seen = await claude.run(script({"tools": [bash("echo wrong >&2; exit 3")]}, {"text": "I see."}))
    (finished,) = seen.of(ToolFinished)
    assert finished.status == "error"
    assert "wrong" in finished.result
    assert seen.text == "I see."


async def test_cost_tokens_and_requests_are_told_while_it_runs_and_at_the_end(claude: Claude) -> None:
    replies = [{"tools": [bash("true")], "usage": [1000, 10]}, {"text": "Done.", "usage": [2000, 20]}]
    _, seen = await claude.run(script(*replies))
    told = [(usage.input_tokens, usage.output_tokens, usage.requests) for usage in seen.of(Usage)]
    assert told == [(1000, 1, 1), (1000, 10, 1), (3000, 11, 2), (3000, 30, 2), (3000, 30, 2)]
    costs = [usage.cost_usd or 0 for usage in seen.of(Usage)]
    assert 0 < costs[0] < costs[1] < costs[2] < costs[3] == pytest.approx(costs[4])


async def test_a_line_of_a_megabyte_and_more_is_read(claude: Claude) -> None:
    path = claude.project / "large.txt"
    write = {"name": "Write", "args": {"file_path": str(path), "content": "x" * 1_500_000}}
    _, seen = await claude.run(script({"tools": [write]}, {"text": "Written."}))
    assert path.stat().st_size == 1_500_000
    (started,) = seen.of(ToolStarted)
    assert len(started.args["content"]) < 30_000
    assert seen.text == "Written."


async def test_a_prompt_of_150_kilobytes_arrives_whole(claude: Claude) -> None:
    text = "--model=x " + "word " * 30_000
    _, seen = await claude.run(f"{text}{script({'text': 'I have read it.'})}")
    assert seen.text == "I have read it."
    assert text in json.dumps(claude.server.requests[0].body["messages"])


async def test_images_are_shown_to_the_model(claude: Claude) -> None:
    file = BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, "PNG")
    image_id = images.store(file.getvalue())
    await claude.run(f"What is it? {script({'text': 'Red.'})}", images=[image_id])
    blocks = [b for m in claude.server.requests[0].body["messages"] for b in m["content"] if isinstance(b, dict)]
    (image,) = [block for block in blocks if block["type"] == "image"]
    assert image["source"]["media_type"].startswith("image/")


async def test_an_image_that_is_gone_is_a_failure_of_its_own(claude: Claude) -> None:
    with pytest.raises(AgentFailure) as failed:
        await claude.run("What is it?", images=["0" * 32 + ".png"])
    assert failed.value.code == "image_missing"


async def test_the_cli_is_given_no_secret_of_the_server(
    claude: Claude, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KAKOCLAW_SECRET_KEY", "a secret")
    monkeypatch.setenv("DATABASE_URL", "postgres://user:secret@host/name")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-other")
    _, seen = await claude.run(script({"tools": [bash("env; tr '\\0' '\\n' < /proc/$PPID/environ")]}, {"text": "ok"}))
    result = seen.of(ToolFinished)[0].result
    assert "secret" not in result.lower()
    assert "sk-other" not in result
    assert f"CLAUDE_CONFIG_DIR={tmp_path / 'config'}" in result
    ours = {line.partition("=")[0] for line in result.splitlines() if line.startswith("KAKOCLAW")}
    assert ours == {"KAKOCLAW_EXECUTION"}
    assert f"HOME={os.environ['HOME']}" in result


async def test_nothing_a_person_wrote_is_an_argument(claude: Claude) -> None:
    run, seen = claude.prepare(f"--version {script({'hang': 'start'})}", exclude_tools=["--model=x", "WebSearch"])
    task = asyncio.create_task(claude.agent.run(run))
    await claude.server.next_request()
    arguments = _read(Path(f"/proc/{seen.processes[0].pid}/cmdline")).decode().split("\0")
    assert not any("--version" in argument or "--model" in argument for argument in arguments)
    assert "--disallowedTools=WebSearch" in arguments
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_still_runs_in_the_background_ends_with_the_run(claude: Claude) -> None:
    command = "exec python3 -c 'import time; time.sleep(4242)'"
    _, seen = await claude.run(script({"tools": [bash(command, run_in_background=True)]}, {"text": "It runs."}))
    assert seen.text == "It runs."
    assert any("background" in notice.text for notice in seen.of(Notice))
    await seen.processes[0].gone()
    assert not _running(b"time.sleep(4242)")


async def test_limits_of_steps_and_tokens_end_the_run(claude: Claude) -> None:
    with pytest.raises(LimitExceeded) as reached:
        await claude.run(script({"tools": [bash("true")]}), limits=Limits(steps=2))
    assert reached.value.code == "step_limit"
    with pytest.raises(LimitExceeded) as reached:
        await claude.run(script({"tools": [bash("true")], "usage": [900, 200]}), limits=Limits(tokens=1000))
    assert reached.value.code == "token_limit"


def _running(words: bytes) -> list[Path]:
    return [path for path in Path("/proc").glob("[0-9]*/cmdline") if words in _read(path)]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
