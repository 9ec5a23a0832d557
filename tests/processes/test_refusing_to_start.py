"""A start that cannot succeed says why in one line, and in words that help."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import ROOT, Server, Servers, environment, manage


def the_line(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one line that was written, by a command that failed."""
    assert done.returncode not in (0, -11)
    lines = (done.stdout + done.stderr).strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def test_a_port_in_use(servers: Servers) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = the_line(manage(servers.home(), "serve", PORT=str(port)))
    assert f"127.0.0.1:{port}" in line
    assert "in use" in line


def test_an_address_of_another_machine(servers: Servers) -> None:
    assert "192.0.2.1" in the_line(manage(servers.home(), "serve", "--skip-checks", HOST="192.0.2.1"))


def test_a_home_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    assert "KAKOCLAW_HOME" in the_line(manage(tmp_path / "home", "serve"))


@pytest.mark.parametrize("command", ["serve", "setup"])
def test_a_home_that_cannot_be_made(command: str) -> None:
    assert "KAKOCLAW_HOME='/proc/home' cannot be used" in the_line(manage(Path("/proc/home"), command))


def test_a_home_that_is_not_writable(tmp_path: Path) -> None:
    """Root may write anywhere but on a read-only file system, so another user tries when root runs the tests."""
    home = tmp_path / "home"
    home.mkdir(mode=0o500)
    if os.geteuid() == 0:
        home = Path("/sys/kernel")
    assert "cannot be used" in the_line(manage(home, "serve"))


def test_a_home_that_is_not_set_up(tmp_path: Path) -> None:
    assert "manage.py setup" in the_line(manage(tmp_path / "home", "serve"))


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("PORT", "80a", "PORT='80a' is wrong: it must be a whole number from 0 to 65535, such as 18880."),
        ("KAKOCLAW_MAX_RUNNING", "-1", "must be a whole number from 1 to"),
        ("KAKOCLAW_MODEL", "gpt-4.1", "must be demo, or a provider and its model"),
        ("KAKOCLAW_MODLE", "demo", "did you mean KAKOCLAW_MODEL?"),
        ("KAKOCLAW_SECRET_KEY", "short", "at least 50 characters"),
        ("KAKOCLAW_TRUSTED_ORIGINS", "example.org", "https://kakoclaw.example.org"),
        ("KAKOCLAW_ALLOWED_HOSTS", "https://example.org", "names and addresses"),
        ("KAKOCLAW_ENV_FILE", "/nowhere.env", "existing file"),
        ("KAKOCLAW_MCP_CONFIG", "/nowhere.json", "existing JSON file"),
        ("KAKOCLAW_MCP_CONFIG", __file__, "is not JSON"),
        ("DATABASE_URL", "mysql://user:secret@host/db", "postgres://"),
        ("DATABASE_URL", "postgres://user:secret@127.0.0.1:1/db", "The database cannot be used"),
        ("REDIS_URL", "localhost", "redis://"),
        ("REDIS_URL", "redis://127.0.0.1:1", "Redis cannot be used, see REDIS_URL: Error 111"),
    ],
)
def test_a_wrong_setting(servers: Servers, name: str, value: str, expected: str) -> None:
    line = the_line(manage(servers.home(), "serve", **{name: value}))
    assert expected in line
    assert "secret" not in line


def test_a_full_disk(tmp_path: Path) -> None:
    """A limit on the size of files is as good as a disk that is full."""
    code = "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    code += "resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000)); "
    code += "import runpy; sys.argv = ['manage.py', 'setup']; runpy.run_path('manage.py', run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment(tmp_path / "home"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "could not be set up" in the_line(done)


def test_two_servers_that_start_together_agree_on_one_secret_key(tmp_path: Path) -> None:
    code = "from django.conf import settings; print(settings.SECRET_KEY)"
    commands = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=environment(tmp_path / "home", DJANGO_SETTINGS_MODULE="kakoclaw.settings"),
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    keys = {command.communicate(timeout=60)[0] for command in commands}
    assert len(keys) == 1
    assert (tmp_path / "home" / "secret-key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700


def test_setting_up_twice_changes_nothing_and_shows_a_made_password_once(tmp_path: Path, servers: Servers) -> None:
    home = tmp_path / "home"
    first = manage(home, "setup", KAKOCLAW_ADMIN_PASSWORD="")
    password = first.stdout.split("Password")[1].split()[0]
    second = manage(home, "setup", KAKOCLAW_ADMIN_PASSWORD="another one")
    assert second.returncode == 0
    assert "Password" not in second.stdout
    server: Server = servers.start(home)
    assert server.token("admin", password)
