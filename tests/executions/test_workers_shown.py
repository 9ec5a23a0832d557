"""What operators see of workers: in the shell and on the staff's pages."""

from __future__ import annotations

import json
import re

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from executions.models import Worker
from tests.executions.api.conftest import make
from tests.executions.test_commands import run


def worker(pk: str, **fields: object) -> Worker:
    return Worker.objects.create(id=pk, host="here", pid=7, process_started_at=0, version="1.2.3", slots=4, **fields)


def test_a_worker_shows_what_it_serves_and_runs_and_that_it_drains(user: User) -> None:
    busy = worker("w1", agents=["llm"], draining_at=timezone.now())
    worker("w2")
    runs = [make(user, "running", worker=busy).pk for _ in range(10)]
    rows = {row["id"]: row for row in json.loads(run("workers", "--json")[1])}
    assert (rows["w1"]["state"], rows["w1"]["agents"], rows["w1"]["runs"]) == ("draining", ["llm"], runs)
    assert rows["w1"]["draining_at"] is not None
    assert (rows["w2"]["state"], rows["w2"]["agents"], rows["w2"]["held"]) == ("running", [], 0)
    out = run("workers")[1]
    for word in ("draining", "1.2.3", "llm", "all"):
        assert word in out


def test_the_staff_pages_show_the_same(user: User, admin: User) -> None:
    busy = worker("w1", agents=["llm"])
    execution = make(user, "running", worker=busy)
    client = Client()
    client.force_login(admin)
    listed = client.get("/admin/executions/worker/").content.decode()
    assert "here" in listed
    assert "llm" in listed
    page = client.get("/admin/executions/worker/w1/change/").content.decode()
    assert f"/admin/executions/execution/{execution.pk}/change/" in page


def test_the_staff_find_executions_by_id_owner_session_and_words(user: User, admin: User) -> None:
    found = make(user, prompt="a very special request", session_id="web:chat:x")
    make(admin, prompt="something else")
    client = Client()
    client.force_login(admin)
    for words in (str(found.pk), "ada", "web:chat:x", "SPECIAL"):
        page = client.get("/admin/executions/execution/", {"q": words}).content.decode()
        assert set(re.findall(r"/execution/(\d+)/change/", page)) == {str(found.pk)}, words
