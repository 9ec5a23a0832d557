"""``executions`` about a server elsewhere, and the client below it: real servers, real processes, no database here."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from kakoclaw.client import Client, ClientError, Conflict, Event, NotFound, WaitedTooLong
from tests.proxies import nginx
from tests.servers import ADMIN, ROOT, Server, Servers, manage

pytestmark = pytest.mark.slow

SECONDS = 60
#: It goes on between two commands.
AGE = re.compile(r" +[\d.]+ m?s ago +")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command(*arguments: str, **variables: str) -> list[Any]:
    """Return what subprocess takes to run the command of another machine: nothing of a site is in its environment."""
    environment = {"PATH": os.environ["PATH"], "COLUMNS": "160", "PYTHONUNBUFFERED": "1", **variables}
    return [[sys.executable, "-m", "kakoclaw.client", *arguments], {"cwd": ROOT, "env": environment, "text": True}]


def run(*arguments: str, **variables: str) -> tuple[int, str, str]:
    """Return exit code, output and complaints."""
    line, more = command(*arguments, **variables)
    done = subprocess.run(line, capture_output=True, timeout=SECONDS, check=False, **more)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def access(server: Server) -> dict[str, str]:
    return {"KAKOCLAW_SERVER": server.url, "KAKOCLAW_TOKEN": server.token()}


def scoped(server: Server, scope: str) -> str:
    with server.client() as client:
        made = client.post("/api/v1/tokens/", json={"name": scope, "scope": scope})
        assert made.status_code == 201, made.text
        return str(made.json()["token"])


def test_the_client_needs_no_django() -> None:
    code = "import sys, kakoclaw.client; sys.exit('django' in sys.modules or 'rest_framework' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, timeout=SECONDS).returncode == 0


def test_what_is_written_is_the_same_here_and_there(server: Server, access: dict[str, str]) -> None:
    for prompt in ("say hello", "say again\nfail now", "count 3"):
        server.start(prompt, "web:chat")
    queued = server.start("wait 1m")
    assert run("cancel", str(queued), "--wait", "20", **access)[0] == 0
    with Client(server.url, access["KAKOCLAW_TOKEN"]) as client:
        for execution in client.history():
            client.wait(execution.id, 30)
    for arguments in (
        ["history"], ["history", "--json"], ["history", "--session", "web:chat", "--limit", "2"], ["active"],
        ["history", "--outcome", "canceled"], ["show", "1"], ["show", str(queued)], ["show", "1", "--json"],
        ["tail", "1"], ["tail", "1", "--json"], ["tail", "1", "--after", "2"], ["show", "999"], ["tail", "999"],
        ["cancel", "1", "999"], ["retry", "999"], ["cancel", "--all", "--yes"], ["history", "--limit", "0"],
    ):  # fmt: skip
        here, there = manage(server.home, "executions", *arguments, COLUMNS="160"), run(*arguments, **access)
        assert there[0] == here.returncode, (arguments, there[2], here.stderr)
        # Ages go on between the two.
        assert AGE.sub(" ago ", there[1]) == AGE.sub(" ago ", here.stdout), arguments


def test_start_follows_to_the_end_and_its_exit_code_says_how_that_was(access: dict[str, str]) -> None:
    code, out, err = run("start", "say", "hello", "--follow", **access)
    assert (code, "hello" in out, "[Succeeded]" in out) == (0, True, True), err
    code, out, err = run("start", "--wait", "say short", **access)
    assert (code, out.strip()) == (0, "short"), err
    code, out, err = run("start", "--wait", "fail because", **access)
    assert (code, "Failed" in err) == (4, True)
    code, out, err = run("start", "say x", "--json", **access)
    assert (code, json.loads(out)["state"]) == (0, "queued")
    code, out, _ = run("start", "--key", "one", "say once", "--json", **access)
    code, again, _ = run("start", "--key", "one", "say once", "--json", **access)
    assert json.loads(out)["id"] == json.loads(again)["id"]


def test_start_works_here_too_for_a_user_who_is_named(server: Server) -> None:
    done = manage(server.home, "executions", "start", "say here", "--wait", "--owner", ADMIN[0])
    assert (done.returncode, done.stdout.strip()) == (0, "here"), done.stderr
    server.add_user("ada", "correct horse battery")
    done = manage(server.home, "executions", "start", "say here")
    assert (done.returncode, "--owner" in done.stderr) == (2, True)


class Following:
    """A command that follows, as a process; ``seen`` are its lines so far."""

    def __init__(self, *arguments: str, **variables: str) -> None:
        line, more = command(*arguments, **variables)
        self.process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
        self.text = ""

    def until(self, word: str) -> str:
        """Read on until the word has come."""
        assert self.process.stdout is not None
        while word not in self.text:
            piece = self.process.stdout.read(1)
            assert piece, f"it has ended without {word!r}: {self.text}"
            self.text += piece
        return self.text

    def end(self) -> tuple[int, str]:
        rest, _ = self.process.communicate(timeout=SECONDS)
        self.text += rest
        assert "Traceback" not in self.text, self.text
        return self.process.returncode, self.text


def number(text: str) -> int:
    match = re.search(r"Execution (\d+)", text)
    assert match is not None, text
    return int(match[1])


def test_ctrl_c_leaves_it_running_and_says_how_to_go_on(server: Server, access: dict[str, str]) -> None:
    following = Following("start", "--follow", "count 5000 every 20ms", "--server", server.url, **access)
    pk = number(following.until("1 2 3"))
    following.process.send_signal(signal.SIGINT)
    code, text = following.end()
    assert code == 130
    assert f"python -m kakoclaw.client tail {pk} --after " in text
    assert f"--server {server.url}" in text
    assert server.execution(pk)["state"] == "running"
    assert run("cancel", str(pk), "--wait", "20", **access)[0] == 0


@pytest.mark.parametrize(
    ("number_of_signal", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_job_that_is_stopped_stops_what_it_has_started(
    server: Server, access: dict[str, str], number_of_signal: signal.Signals, code: int
) -> None:
    following = Following("start", "--follow", "--stop-on-exit", "count 5000 every 20ms", **access)
    pk = number(following.until("1 2 3"))
    following.process.send_signal(number_of_signal)
    ended, text = following.end()
    assert ended == code, text
    assert "Canceled: Stopped in" in text
    execution = server.execution(pk)
    assert (execution["outcome"], execution["cancel"]["source"]) == ("canceled", "api")


def test_following_goes_on_through_a_kill_and_a_restart_of_the_server(servers: Servers) -> None:
    port = str(free_port())
    server = servers.start(PORT=port, KAKOCLAW_LEASE_SECONDS="3", KAKOCLAW_HEARTBEAT_SECONDS="1")
    token = server.token()
    events: list[Event] = []
    trouble: list[ClientError | None] = []
    with Client(server.url, token, on_trouble=trouble.append) as client:
        execution = client.start("count 5000 every 10ms")
        some = threading.Event()

        def follow() -> None:
            for event in client.follow(execution.id):
                events.append(event)
                if event.type == "text":
                    some.set()

        thread = threading.Thread(target=follow)
        thread.start()
        assert some.wait(SECONDS)
        server.kill()
        servers.start(server.home, PORT=port, KAKOCLAW_LEASE_SECONDS="3", KAKOCLAW_HEARTBEAT_SECONDS="1")
        thread.join(SECONDS)
        assert not thread.is_alive()
        end = client.wait(execution.id, 20)
    assert end.outcome == "lost"
    assert [event.seq for event in events] == sorted({event.seq for event in events})
    assert (events[-1].type, events[-1].data["outcome"]) == ("finished", "lost")
    assert "".join(event.data["text"] for event in events if event.type == "text") == end.output
    assert [error is None for error in trouble] == [False, True], "one outage, told once and over"


def test_a_start_whose_answer_is_lost_is_done_once(servers: Servers) -> None:
    port = str(free_port())
    server = servers.start(PORT=port)
    with Client(server.url, server.token()) as client:
        client.start("say before")
        server.kill()
        again = threading.Thread(target=servers.start, args=(server.home,), kwargs={"PORT": port})
        again.start()
        assert client.wait(client.start("say after").id, 30).output == "after"
        again.join()
        assert [execution.prompt for execution in client.history()] == ["say after", "say before"]


def test_every_failure_is_one_clear_line(server: Server, access: dict[str, str], tmp_path: Path) -> None:
    reader = scoped(server, "read")
    empty = tmp_path / "empty"
    empty.touch()
    nobody = f"http://127.0.0.1:{free_port()}"
    for arguments, variables, code, words in (
        (["active"], {**access, "KAKOCLAW_TOKEN": "f" * 64}, 1, "token"),
        (["start", "say x"], {**access, "KAKOCLAW_TOKEN": reader}, 1, "scope"),
        (["active"], {**access, "KAKOCLAW_TOKEN": ""}, 2, "--token-file"),
        (["active", "--token-file", str(empty)], access, 2, "There is no token"),
        (["active", "--token-file", str(tmp_path / "none")], access, 2, "No such file"),
        (["active", "--server", nobody], access, 1, "can't be reached"),
        (["tail", "1", "--server", nobody], access, 1, "can't be reached"),
        (["start", "say x", "--server", "https://nowhere.invalid"], access, 1, "can't be reached"),
        (["active", "--server", "ftp://x"], access, 2, "is not an address"),
        (["active", "--server", "kakoclaw"], access, 2, "is not an address"),
        (["active", "--server", f"{server.url}/static"], access, 2, "no KakoClaw"),
        (["active", "--server", server.url.replace("http", "https")], access, 1, "has not answered"),
        (["tail", "77"], access, 1, "There is no execution 77"),
        (["retry", "77"], access, 1, "77"),
        (["answer", "77", "yes"], access, 1, "77"),
        (["start", "say x", "--owner", "ada"], access, 2, "--owner"),
        (["start", "say x", "--model", "no-such-model"], access, 1, "no-such-model"),
        (["start", "say x", "--limits", "[]"], access, 2, "is not an object"),
        (["start", "say x", "--stop-on-exit"], access, 2, "--follow"),
        (["start", "say x", "--session", "a/b"], access, 1, "session"),
        (["history", "--owner", "nobody", "--json"], access, 0, ""),
    ):  # fmt: skip
        given, _, err = run(*arguments, **variables)
        assert given == code, (arguments, err)
        assert words in err, arguments
        assert len(err.strip().splitlines()) <= (1 if "usage:" not in err else 99), err


def test_what_needs_the_database_says_so(server: Server, access: dict[str, str]) -> None:
    done = manage(server.home, "executions", "workers", **access)
    assert (done.returncode, "needs the database" in done.stderr) == (2, True)
    done = manage(server.home, "executions", "--server", "", "workers", **access)
    assert (done.returncode, "running" in done.stdout) == (0, True), done.stderr


def test_a_token_file_for_others_to_read_is_remarked_on(server: Server, access: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(access["KAKOCLAW_TOKEN"] + "\n")
    file.chmod(0o644)
    only = {"KAKOCLAW_SERVER": server.url}
    code, _, err = run("active", "--token-file", str(file), **only)
    assert (code, "chmod 600" in err) == (0, True)
    file.chmod(0o600)
    assert run("active", KAKOCLAW_TOKEN_FILE=str(file), **only)[::2] == (0, "")
    assert "--token-file" in run("active", "--token", access["KAKOCLAW_TOKEN"], **only)[2]


def test_the_client_answers_waits_retries_and_moves(server: Server, access: dict[str, str]) -> None:
    with Client(server.url, access["KAKOCLAW_TOKEN"]) as client:
        asked = client.start("ask Which one? | left | right\nsay chosen")
        waiting = client.wait(asked.id, 30, for_questions=True)
        assert waiting.state == "waiting"
        assert waiting.question is not None
        with pytest.raises(WaitedTooLong):
            client.wait(asked.id, 0.2)
        with pytest.raises(Conflict) as conflict:
            client.retry(asked.id)
        assert conflict.value.code == "not_finished"
        [active] = client.active()
        assert active.id == asked.id
        assert run("answer", str(asked.id), "--approve", **access)[0] == 2
        assert run("answer", str(asked.id), "left", **access)[0] == 0
        assert client.wait(asked.id, 30).succeeded
        again = client.retry(asked.id)
        assert again.raw["retry_of"] == asked.id
        assert client.cancel(again.id, wait=10).execution is not None
        with pytest.raises(NotFound):
            client.get(999)
        with pytest.raises(ClientError) as wrong:
            client.start("")
        assert wrong.value.fields or wrong.value.code


@pytest.mark.services
def test_a_server_below_a_path_with_a_certificate_of_its_own(servers: Servers, tmp_path: Path) -> None:
    server = servers.start(KAKOCLAW_BASE_PATH="/agents", KAKOCLAW_HTTPS="1")
    with nginx(tmp_path, server.url) as proxy:
        login = httpx.post(f"{proxy.origin}/agents/api/v1/auth/login", verify=proxy.trust,
                           json={"username": ADMIN[0], "password": ADMIN[1]})  # fmt: skip
        access = {"KAKOCLAW_SERVER": f"{proxy.origin}/agents", "KAKOCLAW_TOKEN": login.json()["token"]}
        code, _, err = run("active", **access)
        assert (code, "certificate is not valid here" in err) == (1, True), err
        code, out, err = run("start", "--follow", "say hello", "--ca-file", str(proxy.certificate), **access)
        assert (code, "hello" in out) == (0, True), err
        assert run("history", **access, SSL_CERT_FILE=str(proxy.certificate))[0] == 0
        assert run("active", "--ca-file", str(tmp_path / "none"), **access)[0] == 1
        with Client(access["KAKOCLAW_SERVER"], access["KAKOCLAW_TOKEN"], ca_file=str(proxy.certificate)) as client:
            for word in range(3):
                client.start(f"say {word}")
            assert len(list(client.history(limit=2))) == 4
