"""Child processes: starting, reading, environment, and an end that leaves nothing."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from executions import processes, reaper
from executions.processes import ProcessGroup, clean_environment, sweep, tagged
from executions.processes.child import ChildProcess
from executions.processes.environment import tag
from tests.support import await_until

#: Makes a daemon (setsid, double fork) that ignores TERM and HUP, has no tag in its environment, and says its pid.
DAEMON = """
import os, signal, sys, time
if os.fork(): time.sleep(600)
os.setsid()
if os.fork(): os._exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.signal(signal.SIGHUP, signal.SIG_IGN)
if len(sys.argv) == 1: os.execve(sys.executable, [sys.executable, __file__, 'again'], {})
print(os.getpid(), flush=True)
time.sleep(600)
"""
#: Four chains of processes, each of which does nothing but start the next and end.
RUNNERS = """
import os, time
for _ in range(4):
    if os.fork() == 0:
        while True:
            if os.fork(): os._exit(0)
os.write(1, b'on')
time.sleep(600)
"""


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def commands_below(process: ChildProcess) -> set[str]:
    return {reaper.command_of(pid) for pid in reaper.descendants(process.pid)}


async def output_of(process: ChildProcess) -> bytes:
    pieces = []
    while piece := await process.read():
        pieces.append(piece)
    return b"".join(pieces)


@pytest.fixture
async def group(tmp_path: Path) -> AsyncIterator[ProcessGroup]:
    group = ProcessGroup(4242, tmp_path)
    yield group
    group.kill()
    await group.gone(10)
    assert tagged(4242) == []


async def test_output_of_both_streams_and_status(group: ProcessGroup) -> None:
    process = await group.spawn(["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert await output_of(process) == b"out\nerr\n"
    assert await process.wait() == 3


async def test_long_lines_arrive_whole(group: ProcessGroup) -> None:
    process = await group.spawn([sys.executable, "-c", "print('x' * 3_000_000)"])
    assert await output_of(process) == b"x" * 3_000_000 + b"\n"


async def test_huge_output_needs_little_memory(group: ProcessGroup) -> None:
    process = await group.spawn(["sh", "-c", "yes | head -c 100000000"])
    tracemalloc.start()
    size = 0
    while piece := await process.read():
        size += len(piece)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size == 100_000_000
    assert peak < 1_000_000


async def test_a_command_whose_output_nobody_reads_waits(group: ProcessGroup, tmp_path: Path) -> None:
    process = await group.spawn(["sh", "-c", "head -c 1000000 /dev/zero; touch done"])
    assert not (tmp_path / "done").exists()
    assert len(await output_of(process)) == 1_000_000
    await process.wait()
    assert (tmp_path / "done").exists()


async def test_standard_input(group: ProcessGroup) -> None:
    process = await group.spawn(["cat"], stdin=True)
    text = b"0123456789" * 100_000
    writing = asyncio.create_task(process.write(text))
    received = b""
    while len(received) < len(text):
        received += await process.read()
    await writing
    process.close_stdin()
    assert await process.read() == b""
    assert await process.wait() == 0
    assert received == text


async def test_without_standard_input_there_is_none(group: ProcessGroup) -> None:
    process = await group.spawn(["cat"])
    assert await output_of(process) == b""
    with pytest.raises(ValueError, match="stdin=True"):
        await process.write(b"x")


async def test_canceling_a_read_loses_nothing(group: ProcessGroup) -> None:
    process = await group.spawn(["cat"], stdin=True)
    reading = asyncio.create_task(process.read())
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await process.write(b"still here")
    assert await process.read() == b"still here"


async def test_a_missing_program_is_an_error_and_leaves_nothing(group: ProcessGroup) -> None:
    with pytest.raises(FileNotFoundError):
        await group.spawn(["no-such-program"])
    with pytest.raises(FileNotFoundError):
        await group.spawn(["true"], cwd=Path("/no/such/folder"))
    with pytest.raises(ValueError, match="program first"):
        await group.spawn([])
    with pytest.raises(ValueError, match="null byte"):
        await group.spawn(["echo", "a\0b"])


async def test_the_environment_holds_no_secret_of_the_server(
    group: ProcessGroup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "hunter2")
    monkeypatch.setenv("OPENAI_API_KEY", "hunter2")
    process = await group.spawn(["sh", "-c", "env; tr '\\0' '\\n' < /proc/$PPID/environ"], env={"EXTRA": "wanted"})
    environment = (await output_of(process)).decode()
    assert "hunter2" not in environment
    assert f"HOME={tmp_path}\n" in environment
    assert "EXTRA=wanted\n" in environment
    assert f"{tag(4242)}\n" in environment
    assert (
        tag(1) == f"KAKOCLAW_EXECUTION={clean_environment(1, {'KAKOCLAW_EXECUTION': 'forged'})['KAKOCLAW_EXECUTION']}"
    )


async def test_signals_are_as_a_shell_expects_them(group: ProcessGroup) -> None:
    """Python ignores SIGPIPE, which a child would inherit; and killing the group must not reach the supervisor."""
    process = await group.spawn(["sh", "-c", "yes | head -n 1; trap '' TERM; kill 0; echo ended"])
    assert await output_of(process) == b"y\nended\n"
    assert await process.wait() == 0


async def test_what_a_command_leaves_behind_ends_with_it(group: ProcessGroup) -> None:
    process = await group.spawn(["sh", "-c", "sleep 600 & echo $!; exit 0"])
    left = int(await output_of(process))
    assert await process.wait() == 0
    assert [killed["pid"] for killed in await process.gone()] == [left]
    assert not is_alive(left)


async def test_lingering_waits_for_what_a_command_leaves_behind(group: ProcessGroup) -> None:
    process = await group.spawn(["sh", "-c", "mkfifo fifo; (read line < fifo; echo late) & exit 0"], linger=True)
    assert await process.wait() == 0
    assert not process.is_gone
    (group.cwd / "fifo").write_text("go on\n")
    assert await output_of(process) == b"late\n"
    assert await process.gone() == []


async def test_kill_reports_what_it_killed(group: ProcessGroup) -> None:
    process = await group.spawn(["sh", "-c", "sleep 601 & sleep 602; true"])
    await await_until(lambda: commands_below(process) == {"sleep 601", "sleep 602"})
    found = group.kill()
    assert {entry["command"] for entry in found} == {"sh -c sleep 601 & sleep 602; true", "sleep 601", "sleep 602"}
    receipt = await group.gone(5)
    assert sorted(entry["pid"] for entry in receipt) == sorted(entry["pid"] for entry in found)
    assert await process.wait() == -signal.SIGKILL
    assert group.kill() == []


async def test_a_daemon_without_tag_and_immune_to_term_does_not_survive(group: ProcessGroup, tmp_path: Path) -> None:
    (tmp_path / "daemon.py").write_text(DAEMON)
    process = await group.spawn([sys.executable, "daemon.py"])
    daemon = int(await process.read())
    assert daemon not in tagged(4242)
    group.kill()
    receipt = await group.gone(5)
    assert not is_alive(daemon)
    assert daemon in [entry["pid"] for entry in receipt]


async def test_a_fork_storm_does_not_survive(group: ProcessGroup) -> None:
    process = await group.spawn([sys.executable, "-c", RUNNERS])
    assert await process.read() == b"on"
    first = set(tagged(4242)) - {process.pid}
    await await_until(lambda: len(first & set(tagged(4242))) == 0)
    assert is_alive(process.pid)
    group.kill()
    receipt = await group.gone(10)
    assert process.is_gone
    assert not any(entry.get("alive") for entry in receipt)
    assert tagged(4242) == []


async def test_a_command_that_kills_or_stops_its_supervisor_does_not_survive(group: ProcessGroup) -> None:
    murder = "(setsid sh -c 'sleep 603; true' &); read go; kill -9 $PPID; sleep 600"
    murderer = await group.spawn(["sh", "-c", murder], stdin=True)
    jailer = await group.spawn(["sh", "-c", "read go; kill -STOP $PPID; sleep 600; true"], stdin=True)
    await murderer.write(b"go\n")
    await jailer.write(b"go\n")
    await murderer.gone()
    assert murderer.supervisor_lost
    await await_until(lambda: commands_below(jailer) == {"sleep 600"})
    assert await murderer.wait() == -signal.SIGKILL
    group.kill()
    receipt = await group.gone(5)
    assert any("sleep 603" in entry["command"] for entry in receipt)
    assert tagged(4242) == []


async def test_a_supervisor_that_dies_at_once_is_an_error_not_a_cancellation(group: ProcessGroup) -> None:
    spawning = asyncio.create_task(group.spawn(["sleep", "600"]))
    await asyncio.sleep(0)
    supervisor = next(reaper.descendants(os.getpid()))
    os.kill(supervisor, signal.SIGKILL)
    with pytest.raises(ChildProcessError):
        await spawning


async def test_a_receipt_holds_only_what_the_kill_ended(group: ProcessGroup) -> None:
    ended = await group.spawn(["sh", "-c", "sleep 607 & exit 0"])
    assert len(await ended.gone()) == 1
    running = await group.spawn(["sleep", "608"])
    group.kill()
    assert await group.gone(5) == [{"pid": running.pid, "command": "sleep 608"}]


async def test_nothing_starts_in_a_stopped_group(group: ProcessGroup) -> None:
    group.kill()
    with pytest.raises(asyncio.CancelledError):
        await group.spawn(["true"])
    assert await group.gone(5) == []


@pytest.mark.parametrize("steps", range(6))
async def test_canceling_a_spawn_anywhere_orphans_nothing(group: ProcessGroup, steps: int) -> None:
    spawning = asyncio.create_task(group.spawn(["sleep", "600"]))
    for _ in range(steps):
        await asyncio.sleep(0)
    spawning.cancel()
    with pytest.raises(asyncio.CancelledError):
        await spawning
    await group.gone(5)
    assert tagged(4242) == []


async def test_killing_the_group_during_a_spawn_cancels_it(group: ProcessGroup) -> None:
    spawning = asyncio.create_task(group.spawn(["sleep", "600"]))
    await asyncio.sleep(0)
    group.kill()
    with pytest.raises(asyncio.CancelledError):
        await spawning
    await group.gone(5)
    assert tagged(4242) == []


async def test_killing_one_process_leaves_the_others_of_its_group(group: ProcessGroup) -> None:
    one, other = await group.spawn(["sleep", "600"]), await group.spawn(["sleep", "600"])
    one.kill()
    await one.gone()
    assert is_alive(other.pid)
    assert not is_alive(one.pid)


async def test_processes_end_with_a_server_that_is_killed(group: ProcessGroup, tmp_path: Path) -> None:
    """The server here is a child of ours; what it starts is not in our group."""
    (tmp_path / "daemon.py").write_text(DAEMON)
    (tmp_path / "server.py").write_text(
        "import asyncio, sys\nfrom pathlib import Path\n"
        "from executions.processes import ProcessGroup\n"
        "async def main():\n"
        f"    process = await ProcessGroup(4243, Path({str(tmp_path)!r})).spawn([sys.executable, 'daemon.py'])\n"
        "    print(process.pid, (await process.read()).decode(), flush=True)\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(main())\n"
    )
    root = str(Path(processes.__file__).parents[2])
    server = await asyncio.create_subprocess_exec(
        sys.executable, "server.py", cwd=tmp_path, env=os.environ | {"PYTHONPATH": root}, stdout=asyncio.subprocess.PIPE
    )
    assert server.stdout is not None
    command, daemon = (int(part) for part in (await server.stdout.readline()).split())
    assert is_alive(command)
    assert is_alive(daemon)
    server.kill()
    await server.wait()
    await await_until(lambda: not is_alive(command) and not is_alive(daemon), timeout=2)


def test_a_spawning_thread_that_ends_leaves_its_process() -> None:
    """PDEATHSIG fires when the spawning thread ends; only the death of the whole process counts."""
    ours, theirs = socket.socketpair()
    control = str(theirs.fileno())
    command = [sys.executable, "-I", "-S", reaper.__file__, control, str(os.getpid()), "TAG=1", "kill", "cat"]
    made: list[subprocess.Popen[bytes]] = []
    reports = ours.makefile("rb")

    def spawn() -> None:
        made.append(subprocess.Popen(command, pass_fds=(theirs.fileno(),), stdin=-1, stdout=-1))
        theirs.close()
        assert reports.readline().startswith(b"pid ")

    thread = threading.Thread(target=spawn)
    thread.start()
    thread.join()
    with made[0] as supervisor, ours, reports:
        assert supervisor.stdin is not None
        assert supervisor.stdout is not None
        for line in (b"one\n", b"two\n"):  # the signal has come long before the second answer
            supervisor.stdin.write(line)
            supervisor.stdin.flush()
            assert supervisor.stdout.readline() == line
        supervisor.terminate()
        assert supervisor.wait(5) == 0
        assert [line.split()[0] for line in reports] == [b"killed", b"exit", b"gone"]


async def test_sweep_ends_only_what_belongs_to_ended_executions_of_this_instance(tmp_path: Path) -> None:
    ended, running, foreign = (ProcessGroup(number, tmp_path) for number in (51, 52, 51))
    mine = await ended.spawn(["sleep", "600"])
    other = await running.spawn(["sleep", "600"])
    mine_is = tag("").partition("=")[2].rstrip(":")
    processes.configure("another")
    try:
        strange = await foreign.spawn(["sleep", "600"])
    finally:
        processes.configure(mine_is)
    asked: list[int] = []

    def is_unfinished(execution_id: int) -> bool:
        asked.append(execution_id)
        return execution_id != 51

    assert await asyncio.to_thread(sweep, is_unfinished) == [{"pid": mine.pid, "command": "sleep 600"}]
    assert set(asked) == {51, 52}
    await mine.gone()
    assert is_alive(other.pid)
    assert is_alive(strange.pid)
    for group in (running, foreign, ended):
        group.kill()
        await group.gone(5)


@pytest.mark.parametrize("instance", ["", "a b", "a:b"])
def test_an_instance_name_that_would_break_the_tag_is_refused(instance: str) -> None:
    with pytest.raises(ValueError, match="instance name"):
        processes.configure(instance)


async def test_everything_works_without_proc(
    group: ProcessGroup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Off Linux the tree is walked with psutil; here that code is run on Linux."""
    monkeypatch.setattr(reaper, "LINUX", False)
    process = await group.spawn(["sh", "-c", "sleep 604 & sleep 605; true"])
    await await_until(lambda: commands_below(process) == {"sleep 604", "sleep 605"})
    assert process.pid in tagged(4242)
    found = group.kill()
    assert {entry["command"] for entry in found} == {"sh -c sleep 604 & sleep 605; true", "sleep 604", "sleep 605"}
    await group.gone(5)
    assert tagged(4242) == []
