"""Every way to fail has its own code and says what to do."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from executions.agents.base import AgentFailure
from executions.agents.claude import available
from executions.agents.claude.cli import require
from executions.errors import ClaudeMissing
from executions.events import Notice
from executions.testing.script import script
from tests.executions.agents.claude.conftest import Claude

Fails = Callable[..., Any]


@pytest.fixture
def fails(claude: Claude) -> Fails:
    """Run a prompt that must fail; returns the failure."""

    async def fails(prompt: str = "Do it.", **options: Any) -> AgentFailure:
        with pytest.raises(AgentFailure) as failed:
            await claude.run(prompt, **options)
        return failed.value

    return fails


@pytest.fixture
def another_cli(claude_settings: Callable[..., None], tmp_path: Path) -> Callable[..., Path]:
    """Put a shell script in the place of the CLI."""

    def another_cli(body: str, **settings: Any) -> Path:
        path = tmp_path / "claude"
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        claude_settings(CLAUDE_CLI=path, **settings)
        return path

    return another_cli


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "claude_request"), (401, "claude_login"), (403, "claude_login"), (413, "claude_request"),
     (429, "claude_limit"), (529, "claude_overloaded"), (500, "claude_overloaded")],
)  # fmt: skip
async def test_an_error_of_the_models_server_is_told(fails: Fails, status: int, code: str) -> None:
    failure = await fails(script({"status": status, "text": "the server's own words"}))
    assert failure.code == code
    assert len(str(failure)) > 50


async def test_no_login(fails: Fails, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    failure = await fails()
    assert failure.code == "claude_login"
    assert "ANTHROPIC_API_KEY" in str(failure)


async def test_no_cli(fails: Fails, claude_settings: Callable[..., None], tmp_path: Path) -> None:
    claude_settings(CLAUDE_CLI=tmp_path / "missing")
    assert (await fails()).code == "claude_missing"
    status = available()
    assert (status.path, status.version) == ("", "")
    assert "missing" in status.problem
    assert "make claude" in status.how_to_add
    with pytest.raises(ClaudeMissing, match="make claude"):
        require()


async def test_the_cli_there_is_tells_its_version(claude: Claude) -> None:
    status = available()
    assert status.version.count(".") == 2
    assert not status.problem


async def test_a_program_that_is_no_claude_cli(another_cli: Callable[..., Path]) -> None:
    another_cli("echo 1.0")
    assert "does not answer" in available().problem


@pytest.mark.parametrize("where", ["/", "/etc", "~", "../outside"])
async def test_a_directory_outside_the_roots(fails: Fails, claude: Claude, where: str) -> None:
    assert (await fails(project=where)).code == "invalid_project"


async def test_a_project_that_was_removed(fails: Fails, claude: Claude) -> None:
    shutil.rmtree(claude.project)
    failure = await fails()
    assert failure.code == "invalid_project"
    assert "not an existing directory" in str(failure)


async def test_an_image_that_the_model_refuses(fails: Fails) -> None:
    failure = await fails(script({"status": 400, "text": "Could not process image"}))
    assert failure.code == "claude_image"
    assert "image" in str(failure)


@pytest.mark.parametrize(
    "output", ["Segmentation fault", "[" * 20_000, "[1, 2]", '{"type": "result", ', "\\377\\376\\000"]
)
async def test_a_cli_that_writes_garbage(fails: Fails, another_cli: Callable[..., Path], output: str) -> None:
    another_cli(f"printf '%b\\n' '{output}'; sleep 60")
    assert (await fails()).code == "claude_garbage"


async def test_a_line_without_an_end(
    fails: Fails, another_cli: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("executions.agents.claude.lines.MAX_LINE_BYTES", 3_000_000)
    another_cli("exec tr '\\0' x < /dev/zero")
    assert (await fails()).code == "claude_garbage"


async def test_a_line_of_fifty_megabytes_is_read(claude: Claude, another_cli: Callable[..., Path]) -> None:
    path = another_cli('read prompt; cat "$0.line"')
    path.with_suffix(".line").write_text(
        f'{{"type": "result", "is_error": false, "result": "short", "padding": "{"x" * 50_000_000}"}}\n'
    )
    _, seen = await claude.run("Do it.")
    assert seen.text == "short"


@pytest.mark.parametrize(
    ("body", "words"),
    [("exit 0", "exit status 0"), ("echo cannot do that >&2; exit 3", "cannot do that"), ("kill -9 $$", "signal 9")],
)
async def test_a_cli_that_ends_without_a_result(
    fails: Fails, another_cli: Callable[..., Path], body: str, words: str
) -> None:
    another_cli(body)
    failure = await fails("x" * 300_000)
    assert failure.code == "claude_ended"
    assert words in str(failure)


async def test_a_cli_that_ends_while_its_owner_is_asked(fails: Fails, another_cli: Callable[..., Path]) -> None:
    request = (
        '{"type": "control_request", "request_id": "1", "request": {"subtype": "can_use_tool", "tool_name": '
        '"ExitPlanMode", "input": {"plan": "x"}}}'
    )
    another_cli(f"read prompt; echo '{request}'; sleep 0.3; exit 4")
    failure = await fails()
    assert failure.code == "claude_ended"


async def test_a_cli_that_has_stopped_answering(fails: Fails, another_cli: Callable[..., Path]) -> None:
    another_cli("sleep 600", CLAUDE_IDLE_SECONDS=0.3)
    failure = await fails()
    assert failure.code == "claude_silent"


async def test_a_silent_model_is_waited_for_no_longer_than_that(
    fails: Fails, claude_settings: Callable[..., None]
) -> None:
    claude_settings(CLAUDE_IDLE_SECONDS=2)
    assert (await fails(script({"text": "one two", "hang": "middle"}))).code == "claude_silent"


async def test_a_tool_may_take_longer_than_that(claude: Claude, claude_settings: Callable[..., None]) -> None:
    claude_settings(CLAUDE_IDLE_SECONDS=2, CLAUDE_PERMISSION_MODE="bypassPermissions")
    command = "python3 -c 'import time; time.sleep(3)'"
    tool = {"name": "Bash", "args": {"command": command, "description": "slow"}}
    _, seen = await claude.run(script({"tools": [tool]}, {"text": "At last."}))
    assert seen.text == "At last."


async def test_a_failure_keeps_what_was_said_and_used(claude: Claude) -> None:
    run, seen = claude.prepare(
        script({"text": "Let me see.", "tools": [{"name": "Bash", "args": {"command": "echo hi"}}]}, {"status": 529})
    )
    with pytest.raises(AgentFailure):
        await claude.agent.run(run)
    assert seen.text == "Let me see."
    assert run.transcript is not None
    assert run.transcript[0]["total_cost_usd"] > 0
    assert not seen.of(Notice)


async def test_doing_everything_as_root_needs_to_be_asked_for_twice(
    fails: Fails, claude_settings: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        return  # only root is refused
    claude_settings(CLAUDE_PERMISSION_MODE="bypassPermissions", CLAUDE_ENV=("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"))
    failure = await fails()
    assert failure.code == "claude_ended"
    assert "root" in str(failure)
