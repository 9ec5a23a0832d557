"""The exec tool: streaming, limits, and an end that leaves nothing."""

import asyncio
import os
import tracemalloc

import pytest

from executions.agents import tools
from executions.agents.base import Limits
from executions.events import ToolOutput
from executions.processes import tagged
from tests.executions.tools.conftest import Bench
from tests.support import await_until


async def test_output_and_status_are_the_result(use: Bench) -> None:
    assert await use.text("exec", command="echo out; echo err >&2; exit 3") == "out\nerr\n[exit status 3]"
    assert await use.text("exec", command="true") == "[exit status 0]"
    assert await use.text("exec", command="kill -TERM $$") == "[killed by SIGTERM]"
    assert "not found" in await use.text("exec", command="no-such-program")


async def test_it_runs_in_the_workspace_with_a_clean_environment(use: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAKOCLAW_SECRET_KEY", "hunter2")
    text = await use.text("exec", command="pwd; env")
    assert text.startswith(f"{use.workspace}\n")
    assert f"HOME={use.workspace}" in text
    assert "hunter2" not in text


async def test_output_is_shown_while_it_comes(use: Bench) -> None:
    os.mkfifo(use.workspace / "go")
    calling = asyncio.create_task(use("exec", command="echo first; read line < go; echo $line"))
    await use.recorder.wait_for(lambda recorder: recorder.of(ToolOutput))
    assert use.recorder.of(ToolOutput)[0].text == "first\n"
    assert not calling.done()
    await asyncio.to_thread((use.workspace / "go").write_text, "second\n")
    assert (await calling).text == "first\nsecond\n[exit status 0]"


async def test_many_small_pieces_become_few_events(use: Bench) -> None:
    await use.text("exec", command="for i in $(seq 2000); do echo $i; done")
    assert len(use.recorder.of(ToolOutput)) < 100
    assert "".join(event.text for event in use.recorder.of(ToolOutput)).split() == [str(n) for n in range(1, 2001)]


async def test_characters_cut_in_two_and_bytes_that_are_none(use: Bench) -> None:
    command = "printf '\\360\\237'; read line < go; printf '\\216\\210 \\377 \\000'"
    os.mkfifo(use.workspace / "go")
    calling = asyncio.create_task(use("exec", command=command))
    await asyncio.to_thread((use.workspace / "go").write_text, "\n")
    assert (await calling).text == "🎈 \ufffd \ufffd\n[exit status 0]"
    assert "".join(event.text for event in use.recorder.of(ToolOutput)) == "🎈 \ufffd \ufffd"


async def test_huge_output_is_drained_in_little_memory_and_keeps_head_and_tail(use: Bench) -> None:
    use.limits = Limits(tool_output_chars=10_000)
    tracemalloc.start()
    text = await use.text("exec", command="echo begin; yes | head -c 100000000; echo end")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000
    assert text.startswith("begin\ny\ny\n")
    assert text.endswith("y\nend\n[exit status 0]")
    assert "99,990,010 of 100,000,010 characters are left out" in text
    shown = "".join(event.text for event in use.recorder.of(ToolOutput))
    assert shown.endswith("[… the limit is reached: what follows is not shown …]\n")
    assert len(shown) < 10_100


async def test_a_time_limit_ends_the_command_and_keeps_its_output(use: Bench) -> None:
    text = await use.error("exec", command="echo before; (setsid sleep 600 &); sleep 600", timeout=0.3)
    assert text == "before\n[stopped: it ran longer than 0.3 s]"
    await await_until(lambda: tagged(use.processes.execution_id) == [])


async def test_the_limit_of_the_run_is_the_most_a_timeout_can_be(use: Bench) -> None:
    use.limits = Limits(tool_seconds=0.2)
    assert "longer than 0.2 s" in await use.error("exec", command="sleep 600", timeout=500)


async def test_what_a_command_leaves_in_the_background_ends_with_it(use: Bench) -> None:
    assert await use.text("exec", command="sleep 600 & echo done") == "done\n[exit status 0]"
    await await_until(lambda: tagged(use.processes.execution_id) == [])


async def test_canceling_ends_the_command_and_all_it_started(use: Bench) -> None:
    calling = asyncio.create_task(use("exec", command="(trap '' TERM; setsid sleep 600) & echo on; sleep 600"))
    await use.recorder.wait_for(lambda recorder: recorder.of(ToolOutput))
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    await await_until(lambda: tagged(use.processes.execution_id) == [])
    assert [event.type for event in use.recorder.events][-1] == "tool_output"


@pytest.mark.parametrize("steps", [0, 1, 2, 5])
async def test_canceling_at_the_start_leaves_nothing(use: Bench, steps: int) -> None:
    calling = asyncio.create_task(use("exec", command="sleep 600"))
    for _ in range(steps):
        await asyncio.sleep(0)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    await await_until(lambda: tagged(use.processes.execution_id) == [])


async def test_a_command_that_cannot_start_is_a_result(use: Bench) -> None:
    assert "NUL" in await use.error("exec", command="echo \0")
    result = await tools.call(use.run, "exec", {"command": "true", "timeout": -1})
    assert "'timeout' must be more than 0" in result.text
    use.workspace.rmdir()
    assert "could not be started" in await use.error("exec", command="true")
