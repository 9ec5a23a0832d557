"""The supervisor of one child process: a small program between the server and a command that an execution started.

Run as ``python -I -S reaper.py CONTROL_FD PARENT_PID TAG MODE COMMAND…``. Its invariants:

- It ends only when the command and everything the command started, daemonised or not, has ended. On Linux it is a
  *subreaper*: what loses its parent becomes its child, so "no child left" means "no descendant left".
- It kills all of them (SIGKILL, until none is left) as soon as the command has ended (unless MODE is ``linger``), the
  other end of the control socket is shut down or closed, its parent dies, or it gets SIGTERM or SIGINT.
- The death of its parent has two routes: end of file on the control socket, and PR_SET_PDEATHSIG. The latter fires
  when the *thread* that spawned it ends, so the signal only makes it look whether its parent is still the same.
- It carries no tag itself; the command gets TAG (``NAME=value``) in its environment.

It reports on the control socket, a line each: ``pid N`` or ``error ERRNO``, ``exit STATUS``, ``killed PID COMMAND``,
and last ``gone``. Standard library only and few imports: a start costs some 10 ms. :func:`descendants` and
:func:`command_of` are also used by the server itself.
"""

# pathlib would double the time of a start.
# ruff: noqa: PTH110, PTH123, PTH208

from __future__ import annotations

import os
import select
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Iterator
else:
    # The same without its enums, whose import takes as long as the rest of a start.
    import _signal as signal

LINUX = sys.platform.startswith("linux")
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
#: The most processes reported by name: a fork storm must not fill the socket.
MAX_REPORTED = 200
MAX_COMMAND_CHARS = 200


def _read(path: str) -> bytes:
    """Return a file of /proc, ``b""`` when its process has ended or belongs to somebody else."""
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return b""


def _children(pid: int) -> list[int]:
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return []
    return [int(child) for thread in threads for child in _read(f"/proc/{pid}/task/{thread}/children").split()]


def _parents() -> dict[int, list[int]]:
    """Return every process's children from the process table, for kernels without ``children`` files."""
    table: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = _read(f"/proc/{name}/stat").rpartition(b")")[2].split()
            if len(fields) > 1:
                table.setdefault(int(fields[1]), []).append(int(name))
    return table


def descendants(pid: int) -> Iterator[int]:
    """Yield the pids below ``pid``, parents before their children, while they are found."""
    if not LINUX:
        import psutil

        try:
            yield from (child.pid for child in psutil.Process(pid).children(recursive=True))
        except psutil.NoSuchProcess:
            return
        return
    children = _children
    if not os.path.exists(f"/proc/self/task/{os.getpid()}/children"):
        table = _parents()

        def children(pid: int) -> list[int]:
            return table.get(pid, [])

    pending = children(pid)
    while pending:
        child = pending.pop()
        # Its children are read before it is yielded: the caller kills it, and then they have another parent.
        below = children(child)
        yield child
        pending += below


def command_of(pid: int) -> str:
    """Return the command line of a process, shortened, ``""`` when it has ended (a zombie too) or can't be known."""
    if LINUX:
        line = _read(f"/proc/{pid}/cmdline").rstrip(b"\0").replace(b"\0", b" ").decode("utf-8", "replace")
    else:
        import psutil

        try:
            line = " ".join(psutil.Process(pid).cmdline())
        except psutil.Error:
            line = ""
    line = " ".join(line.split())
    return line if len(line) <= MAX_COMMAND_CHARS else line[: MAX_COMMAND_CHARS - 1] + "…"


def kill(pid: int) -> None:
    """Send SIGKILL; a process that has just ended, or is not ours, is left alone."""
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def tagged_processes(tag: str) -> Iterator[tuple[int, str]]:
    """Yield ``(pid, value)`` of every process whose environment has a variable ``tag`` (``NAME=beginning``)."""
    if LINUX:
        needle = tag.encode()
        for name in os.listdir("/proc"):
            environ = _read(f"/proc/{name}/environ") if name.isdigit() else b""
            if needle in environ:
                for variable in environ.split(b"\0"):
                    if variable.startswith(needle):
                        yield int(name), variable.partition(b"=")[2].decode("utf-8", "replace")
        return
    import psutil

    name, _, beginning = tag.partition("=")
    for process in psutil.process_iter(["environ"]):
        value = (process.info["environ"] or {}).get(name)
        if value is not None and value.startswith(beginning):
            yield process.pid, value


class Reaper:
    """State of the supervisor process."""

    def __init__(self, control: int, parent: int, tag: str, linger: bool) -> None:
        self.control, self.parent, self.tag, self.linger = control, parent, tag, linger
        self.child = 0
        self.child_ended = False
        self.stopping = False
        self.reported: set[int] = set()
        self.wake, wake_write = os.pipe()
        os.set_blocking(self.wake, False)
        os.set_blocking(wake_write, False)
        os.set_blocking(control, False)
        os.set_inheritable(control, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        for number in (signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        self.prctl(PR_SET_CHILD_SUBREAPER, 1)
        self.prctl(PR_SET_PDEATHSIG, signal.SIGHUP)
        self.poller = select.poll()
        self.poller.register(self.wake, select.POLLIN)
        self.poller.register(control, select.POLLIN)

    def _stop(self, *_: object) -> None:
        self.stopping = True

    def prctl(self, option: int, value: int) -> None:
        if LINUX:
            import ctypes

            ctypes.CDLL(None).prctl(option, value, 0, 0, 0)

    def tell(self, line: str) -> None:
        """Report to the server; if it is gone or too far behind, killing goes on without a report."""
        try:
            os.write(self.control, line.encode("utf-8", "replace") + b"\n")
        except (BrokenPipeError, ConnectionResetError, BlockingIOError):
            return

    def listen(self, milliseconds: int | None) -> None:
        """Wait for a signal, the control socket, or the time; note whether to stop."""
        for descriptor, _ in self.poller.poll(milliseconds):
            if descriptor == self.control:
                self.poller.unregister(self.control)
                self.stopping = True
            else:
                os.read(self.wake, 4096)
        if os.getppid() != self.parent:
            self.stopping = True

    def start(self, command: list[str]) -> bool:
        """Start the command; return whether it runs."""
        failed, fail = os.pipe()
        self.child = os.fork()
        if self.child == 0:
            self._become(command, fail)
        os.close(fail)
        error = os.read(failed, 16)
        os.close(failed)
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):  # or the end of the command's output would never be seen
            os.dup2(null, descriptor)
        self.tell(f"error {error.decode()}" if error else f"pid {self.child}")
        return not error

    def _become(self, command: list[str], fail: int) -> None:
        try:
            signal.set_wakeup_fd(-1)
            ours = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ)
            for number in ours:
                signal.signal(number, signal.SIG_DFL)
            os.setsid()  # its "kill 0" must not reach us
            self.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            name, _, value = self.tag.partition("=")
            os.environ[name] = value
            os.execvp(command[0], command)  # noqa: S606 - no shell is what we want
        except OSError as error:
            os.write(fail, str(error.errno).encode())
        finally:
            os._exit(127)

    def reap(self) -> bool:
        """Collect what has ended; return whether no child is left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return True
            if pid == 0:
                return False
            if pid == self.child:
                self.child_ended = True
                self.tell(f"exit {os.waitstatus_to_exitcode(status)}")

    def targets(self) -> Iterator[int]:
        yield from descendants(os.getpid())
        if not LINUX:
            yield from (pid for pid, _ in tagged_processes(self.tag))

    def sweep(self) -> None:
        """Kill every descendant until none is left."""
        while True:
            alive = False
            for pid in self.targets():
                alive = True
                if pid not in self.reported and len(self.reported) < MAX_REPORTED:
                    command = command_of(pid)
                    kill(pid)
                    if command:
                        self.reported.add(pid)
                        self.tell(f"killed {pid} {command}")
                else:
                    kill(pid)
            if self.reap() and (LINUX or not alive):
                return
            # Whatever was forked meanwhile is found when its parent's death has made it ours; the time is a net.
            self.listen(5)

    def run(self, command: list[str]) -> None:
        """Start the command and watch it until all is gone."""
        self.listen(0)
        if not self.stopping and self.start(command):
            while not self.reap():
                if self.stopping or (self.child_ended and not self.linger):
                    break
                self.listen(None)
            self.sweep()
        self.tell("gone")


def main() -> None:
    control, parent, tag, mode, *command = sys.argv[1:]
    Reaper(int(control), int(parent), tag, mode == "linger").run(command)
    os._exit(0)


if __name__ == "__main__":
    main()
