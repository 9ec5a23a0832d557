"""A PostgreSQL and a Redis of one's own, on free ports of this machine: for trying the distributed form, and for tests.

They listen on loopback only, keep their data in a folder that is given to them, and end with :meth:`stop`. Both
can be killed and started again on the same port with the same data, which is what tests of outages need.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil
import psycopg
import redis

START_SECONDS = 30.0
#: Where distributions keep PostgreSQL's server programs, which are usually not on the PATH.
POSTGRES_FOLDERS = ("/usr/lib/postgresql", "/usr/local/opt/postgresql", "/opt/homebrew/opt/postgresql")


class ServiceUnavailable(Exception):
    """A local service could not be started; the text says what is missing."""


class LocalService(ABC):
    """A server process on a free port of 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """The address for the settings."""

    @abstractmethod
    def _command(self) -> Sequence[str]:
        """The command that runs the server in the foreground."""

    @abstractmethod
    def _answers(self) -> bool:
        """Whether it can be used."""

    def start(self) -> None:
        """Start the server and return once it answers. Raises ServiceUnavailable."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            # A session of its own: Ctrl-C is for the processes that use it, which need it to end in good order.
            self.process = subprocess.Popen(self._command(), stdout=log, stderr=log, start_new_session=True)  # noqa: S603 - a fixed command
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise ServiceUnavailable(f"{type(self).__name__} did not start; see {self.folder / 'log'}.")
            time.sleep(0.02)

    def stop(self) -> None:
        """Ask it to end, and wait."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it as a crash would."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Let it hang, all its processes, as a machine that is paused: connections stay, and nothing answers."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number: signal.Signals) -> None:
        assert self.process is not None
        main = psutil.Process(self.process.pid)
        # The main process first: it makes no other ones then.
        for process in (main, *main.children(recursive=True)):
            try:
                process.send_signal(number)
            except psutil.NoSuchProcess:
                continue  # it has ended meanwhile, which is all the same

    def _end(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait()


class LocalRedis(LocalService):
    """Redis without persistence: the site keeps nothing there that may not be lost."""

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def _command(self) -> Sequence[str]:
        program = shutil.which("redis-server")
        if program is None:
            raise ServiceUnavailable("redis-server is not installed: install Redis, or set REDIS_URL.")
        options = {"port": str(self.port), "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": str(self.folder)}
        return [
            *_with_its_parent(),
            program,
            *(part for name, value in options.items() for part in (f"--{name}", value)),
        ]

    def _answers(self) -> bool:
        with redis.Redis.from_url(self.url, socket_connect_timeout=1) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False


class LocalPostgres(LocalService):
    """PostgreSQL with one user and one database, both named ``kakoclaw``, open to this machine.

    ``options`` are settings of the server beside those that make it private.
    """

    def __init__(self, folder: Path, options: Mapping[str, str] | None = None) -> None:
        super().__init__(folder)
        self._options = dict(options or {})

    @property
    def url(self) -> str:
        return self._url_of("kakoclaw")

    def _url_of(self, database: str) -> str:
        return f"postgres://kakoclaw@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Make the cluster where there is none, start it, make the database. Raises ServiceUnavailable."""
        data = self.folder / "data"
        if not data.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            if os.getuid() == 0:
                account = _unprivileged()
                os.chown(self.folder, account.pw_uid, account.pw_gid)
            arguments = ["-D", str(data), "-U", "kakoclaw", "-A", "trust", "-E", "UTF8", "--no-sync"]
            made = subprocess.run(  # noqa: S603
                [*_as_unprivileged(), _postgres_program("initdb"), *arguments],
                capture_output=True,
                text=True,
                check=False,
            )
            if made.returncode:
                raise ServiceUnavailable(f"PostgreSQL's initdb failed: {made.stderr.strip().splitlines()[-1]}")
        super().start()
        with psycopg.connect(self._url_of("postgres"), autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = 'kakoclaw'").fetchone() is None:
                connection.execute("CREATE DATABASE kakoclaw")

    def _command(self) -> Sequence[str]:
        private = {"port": str(self.port), "listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
        settings = self._options | private
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        words = _as_unprivileged("--pdeathsig", "INT") or _with_its_parent()
        return [*words, _postgres_program("postgres"), "-D", str(self.folder / "data"), *options]

    def _answers(self) -> bool:
        try:
            psycopg.connect(self._url_of("postgres"), connect_timeout=1).close()
        except psycopg.OperationalError:
            return False
        return True


def services_folder(home: Path) -> Path:
    """Return where the services of a home keep their data.

    It is in the home, which only its owner may enter; as root, PostgreSQL runs as another user, who may not, so there
    it is a folder of the system named after the home.
    """
    if os.getuid() != 0:
        return home / "distributed"
    return Path("/var/lib") / f"kakoclaw-{hashlib.sha256(str(home).encode()).hexdigest()[:12]}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _postgres_program(name: str) -> str:
    found = [
        path
        for folder in POSTGRES_FOLDERS
        for path in sorted(Path(folder).glob(f"**/bin/{name}"), reverse=True)
        if os.access(path, os.X_OK)
    ]
    program = str(found[0]) if found else shutil.which(name)
    if program is None:
        raise ServiceUnavailable("PostgreSQL's server is not installed: install it, or set DATABASE_URL.")
    return program


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ServiceUnavailable("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as.")


def _with_its_parent() -> list[str]:
    """Words to put before a command that is to end with this process, even when that is killed; none off Linux."""
    program = shutil.which("setpriv")
    return [] if program is None else [program, "--pdeathsig", "INT", "--"]


def _as_unprivileged(*options: str) -> list[str]:
    """Words to put before a command of PostgreSQL, which refuses to run as root; none for others."""
    if os.getuid() != 0:
        return []
    program = shutil.which("setpriv")
    if program is None:
        raise ServiceUnavailable("PostgreSQL does not run as root; start this as another user, or set DATABASE_URL.")
    account = _unprivileged()
    return [program, f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups", *options, "--"]
