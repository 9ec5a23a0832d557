"""One child process of an execution, seen from the server's event loop.

Its output is read straight from the pipe when somebody asks for it, so nothing is buffered here: a reader that is
slow makes the command wait. What its supervisor process reports arrives on the control socket.
"""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from executions import reaper
from executions.processes.environment import clean_environment, tag

T = TypeVar("T")

#: A start needs no site-packages where /proc is; elsewhere the supervisor process uses psutil.
INTERPRETER_FLAGS = ("-I", "-S") if reaper.LINUX else ("-I",)

#: The most processes that are killed from the event loop, in some 3 ms; the supervisor process kills the rest.
MAX_AT_ONCE = 64


class ChildProcess:
    """A command below its supervisor process; made by :func:`start`, satisfies ``agents.base.Process``.

    ``pid`` is the command's, ``0`` until :meth:`started` has returned.
    """

    def __init__(self, popen: "subprocess.Popen[bytes]", control: socket.socket) -> None:
        self.pid = 0
        #: Its supervisor was killed before it could say that all is gone: look for the tag.
        self.supervisor_lost = False
        self._all_gone = False
        self._popen = popen
        self._control = control
        self._loop = asyncio.get_running_loop()
        self._report = bytearray()
        self._killed: dict[int, str] = {}
        self._started: asyncio.Future[int] = self._loop.create_future()  # an errno, 0 when it runs
        self._ended: asyncio.Future[int] = self._loop.create_future()
        self._gone: asyncio.Future[None] = self._loop.create_future()
        self._waiting: dict[int, asyncio.Future[None]] = {}
        for pipe in (popen.stdin, popen.stdout):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
        self._loop.add_reader(control.fileno(), self._on_report)

    async def started(self) -> None:
        """Return once the command runs. Raises OSError when it can't be, ChildProcessError when it was killed before.

        Cancellation: leaves the command as it is; the caller kills it.
        """
        error = await asyncio.shield(self._started)
        if error == -1:
            raise ChildProcessError("It was killed before it ran.")
        if error:
            raise OSError(error, os.strerror(error))

    async def read(self, size: int = 65536) -> bytes:
        """Return the next piece of its combined output, ``b""`` at the end. One reader at a time.

        Cancellation: loses no output.
        """
        await asyncio.sleep(0)  # a command that always has output must not keep the event loop
        output = self._popen.stdout
        while output is not None and not output.closed:
            try:
                data = os.read(output.fileno(), size)
            except BlockingIOError:
                await self._ready(output.fileno(), self._loop.add_reader, self._loop.remove_reader)
                continue
            if not data:
                output.close()
            return data
        return b""

    async def write(self, data: bytes) -> None:
        """Write to its standard input (only when it was started with ``stdin=True``).

        Raises BrokenPipeError when nobody reads it any more. Cancellation: may have written a part of it.
        """
        if self._popen.stdin is None:
            raise ValueError("This process was started without standard input: spawn it with stdin=True.")
        view = memoryview(data)
        while view:
            if self._popen.stdin.closed:
                raise BrokenPipeError("The standard input of this process is closed.")
            try:
                view = view[os.write(self._popen.stdin.fileno(), view) :]
            except BlockingIOError:
                descriptor = self._popen.stdin.fileno()
                await self._ready(descriptor, self._loop.add_writer, self._loop.remove_writer)

    def close_stdin(self) -> None:
        """End its standard input."""
        self._close(self._popen.stdin)

    async def wait(self) -> int:
        """Return its exit status once it has ended, negative for a signal. Its descendants may still be dying.

        Cancellation: leaves it as it is.
        """
        return await asyncio.shield(self._ended)

    def kill(self) -> list[dict[str, Any]]:
        """Kill it and all it started; returns ``[{pid, command}]`` of what was there. Takes about a millisecond.

        What is there is killed from here at once; its supervisor process is told and goes on until nothing is left,
        see :meth:`gone`.
        """
        if self._gone.done():
            return []
        found = []
        try:
            if self._popen.returncode is None:
                pids = islice(reaper.descendants(self._popen.pid), MAX_AT_ONCE)
                there = [(pid, reaper.command_of(pid)) for pid in pids]
                for pid, command in there:  # all are known before the first dies: the others follow it quickly
                    reaper.kill(pid)
                    if command and pid not in self._killed:
                        self._killed[pid] = command
                        found.append({"pid": pid, "command": command})
                self._popen.send_signal(signal.SIGCONT)  # the command may have stopped its supervisor
        finally:
            if self._control.fileno() != -1:
                with contextlib.suppress(OSError):  # not connected: it is ending already (macOS says so)
                    self._control.shutdown(socket.SHUT_WR)
        return found

    async def gone(self) -> list[dict[str, Any]]:
        """Return ``[{pid, command}]`` of all that was killed, once no process of its tree is left.

        Cancellation: leaves it as it is.
        """
        await asyncio.shield(self._gone)
        return self.killed

    @property
    def killed(self) -> list[dict[str, Any]]:
        """What was killed so far, ``[{pid, command}]``."""
        return [{"pid": pid, "command": command} for pid, command in self._killed.items()]

    @property
    def is_gone(self) -> bool:
        """Whether no process of its tree is left."""
        return self._gone.done()

    def close(self) -> None:
        """Close its pipes; what it has written and nobody read is lost. A reader sees the end."""
        self._close(self._popen.stdin)
        self._close(self._popen.stdout)

    def __del__(self) -> None:
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe is not None:
                pipe.close()

    def _close(self, pipe: Any) -> None:
        if pipe is not None and not pipe.closed:
            waiting = self._waiting.get(pipe.fileno())
            if waiting is not None:
                self._settle(waiting, None)
            self._loop.remove_reader(pipe.fileno())
            self._loop.remove_writer(pipe.fileno())
            pipe.close()

    async def _ready(self, descriptor: int, add: Callable[..., Any], remove: Callable[[int], Any]) -> None:
        if descriptor in self._waiting:
            raise RuntimeError("This process has a reader (or writer) already.")
        ready: asyncio.Future[None] = self._loop.create_future()
        self._waiting[descriptor] = ready
        add(descriptor, self._settle, ready, None)
        try:
            await ready
        finally:
            del self._waiting[descriptor]
            if not self._is_closed(descriptor):
                remove(descriptor)

    def _is_closed(self, descriptor: int) -> bool:
        pipes = (self._popen.stdin, self._popen.stdout)
        return all(pipe is None or pipe.closed or pipe.fileno() != descriptor for pipe in pipes)

    def _on_report(self) -> None:
        try:
            data = self._control.recv(65536)
        except BlockingIOError:
            return
        except ConnectionResetError:
            data = b""
        self._report += data
        *lines, rest = self._report.split(b"\n")
        self._report = bytearray(rest)
        for line in lines:
            self._on_line(line.decode("utf-8", "replace"))
        if not data:
            self._loop.remove_reader(self._control.fileno())
            self._control.close()
            self._reap(0.0005)

    def _on_line(self, line: str) -> None:
        kind, _, rest = line.partition(" ")
        if kind == "pid":
            self.pid = int(rest)
            self._settle(self._started, 0)
        elif kind == "error":
            self._settle(self._started, int(rest))
            self._settle(self._ended, 127)
        elif kind == "exit":
            self._settle(self._ended, int(rest))
        elif kind == "killed":
            pid, _, command = rest.partition(" ")
            self._killed.setdefault(int(pid), command)
        elif kind == "gone":
            self._settle(self._started, -1)
            self._all_gone = True

    @staticmethod
    def _settle(future: "asyncio.Future[T]", value: T) -> None:
        if not future.done():
            future.set_result(value)

    def _reap(self, delay: float) -> None:
        """Collect the supervisor process, which is ending, and then say that all is gone."""
        if self._popen.poll() is None:
            self._loop.call_later(delay, self._reap, min(delay * 2, 0.1))
            return
        self.supervisor_lost = not self._all_gone
        self._settle(self._started, -1)
        self._settle(self._ended, -signal.SIGKILL)
        self._settle(self._gone, None)


def start(
    argv: Sequence[str],
    *,
    execution_id: int,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    home: Path | None = None,
    stdin: bool = False,
    stderr: int = subprocess.STDOUT,
    linger: bool = False,
) -> ChildProcess:
    """Start ``argv`` below a supervisor process; returns at once (about a millisecond, by vfork).

    There is no await in here, so no cancellation can come between the process and its owner. ``env`` is added to the
    clean environment. ``stderr`` is joined to the output (or ``subprocess.DEVNULL``, or the descriptor of a file). What
    the command leaves behind when it ends is killed, unless ``linger``. Raises ValueError for an empty command or a NUL
    in it, OSError when the machine refuses (no such folder, too many processes).
    """
    if not argv or not all(isinstance(part, str) for part in argv):
        raise ValueError("A command is a list of strings, with the program first.")
    ours, theirs = socket.socketpair()
    try:
        ours.setblocking(False)
        popen = subprocess.Popen(  # noqa: S603 - the command is the purpose; no shell
            [
                sys.executable, *INTERPRETER_FLAGS, reaper.__file__,
                str(theirs.fileno()), str(os.getpid()), tag(execution_id), "linger" if linger else "kill", *argv,
            ],
            cwd=cwd,
            env=_untagged(clean_environment(execution_id, env, home=home or cwd)),
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            bufsize=0,
            pass_fds=(theirs.fileno(),),
            start_new_session=True,
        )  # fmt: skip
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    return ChildProcess(popen, ours)


def _untagged(environment: dict[str, str]) -> dict[str, str]:
    """The supervisor process itself carries no tag (it gives it to the command): a sweep must not kill it first."""
    del environment[tag("").partition("=")[0]]
    return environment
