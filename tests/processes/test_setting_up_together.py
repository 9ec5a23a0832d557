"""Several that set up the same home at once, and that do so while a server is at work in it."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from tests.servers import ROOT, Server, environment

# Setting up takes some seconds of processor time, mostly for the static files.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

SETUP = [sys.executable, "manage.py", "setup"]


def test_three_that_come_at_once_set_up_one_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    processes = [
        subprocess.Popen(
            SETUP, cwd=ROOT, env=environment(home, KAKOCLAW_ADMIN_PASSWORD=""), stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
        )
        for _ in range(3)
    ]  # fmt: skip
    told = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 3, told
    assert sum("It is shown this once" in text for text in told) == 1, "one has made the user, and told its password"
    assert sum("all that was there is kept" in text for text in told) == 2


def test_setting_up_again_and_again_disturbs_no_server(server: Server) -> None:
    failures: list[str] = []
    over = threading.Event()

    def start(number: int) -> None:
        """Start in a session of one's own, in one that all share, and with a key that two use."""
        with server.client() as client:
            count = 0
            while not over.is_set() or count == 0:
                count += 1
                for session, key in (("web:all", ""), (f"web:{number}", ""), ("", f"{number // 2}-{count}")):
                    answer = client.post(
                        "/api/v1/executions/", json={"prompt": "say x", "session_id": session},
                        headers={"Idempotency-Key": key} if key else {},
                    )  # fmt: skip
                    if answer.status_code not in (200, 201):
                        failures.append(answer.text)

    threads = [threading.Thread(target=start, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(2):
        done = subprocess.run(
            SETUP, cwd=ROOT, env=environment(server.home), capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr
    over.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert httpx.get(f"{server.url}/api/v1/health", timeout=30).status_code == 200
    assert "IntegrityError" not in server.log
