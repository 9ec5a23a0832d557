"""The page of one execution: a long journal page by page, and what it costs."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions import services
from executions.events import Finished, Started, Text, ToolFinished, ToolOutput, ToolStarted, Usage
from executions.models import Execution
from executions.ongoing import TAIL, ongoing
from executions.pages.execution import PAGE
from tests.executions.finished import finished
from tests.executions.journals import running, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(user: User, client: Client) -> Client:
    client.force_login(user)
    return client


def seqs(content: str) -> list[int]:
    return [int(seq) for seq in re.findall(r'id="event-(\d+)"', content)]


def test_ten_thousand_events_are_read_page_by_page_each_once(
    page: Client, user: User, django_assert_max_num_queries: Any
) -> None:
    run = finished(user, last_seq=10_000)
    write(run, Started("w"), *(Text(f"word {n}") for n in range(9_998)), Finished("succeeded"))
    address = f"/executions/{run.pk}"
    with django_assert_max_num_queries(8):
        content = page.get(address).content.decode()
    assert seqs(content) == list(range(1, PAGE + 1))
    assert len(content) < 150_000
    later = re.search(r'href="([^"]*)#events" rel="next"', content)
    assert later
    content = page.get(address + later[1]).content.decode()
    assert seqs(content) == list(range(PAGE + 1, 2 * PAGE + 1))
    content = page.get(address, {"end": "1"}).content.decode()
    assert seqs(content) == list(range(10_001 - PAGE, 10_001))
    earlier = re.search(r'href="([^"]*)#events" rel="prev"', content)
    assert earlier
    assert seqs(page.get(address + earlier[1].replace("&amp;", "&")).content.decode())[-1] == 10_000 - PAGE
    for query in ({"after": "9" * 18}, {"before": "9" * 18}, {"before": "0"}, {"after": "x"}):
        assert page.get(address, query).status_code == 200


def test_the_picture_is_of_the_whole_run_however_long_its_journal(page: Client, user: User) -> None:
    run = finished(user)
    calls = [ToolStarted("c", "exec", {}), ToolFinished("c", "exec", "ok")]
    write(run, Started("w"), *(Text("x") for _ in range(2_000)), *calls, Finished("succeeded"))
    Execution.objects.filter(pk=run.pk).update(finished_at=run.started_at + timedelta(seconds=2_004))
    content = page.get(f"/executions/{run.pk}").content.decode()
    assert content.count('data-kind="tool"') == 1
    assert "33 m 22 s" in content


def test_a_long_event_is_cut_and_is_there_whole(page: Client, user: User, other_user: User) -> None:
    run = finished(user)
    write(run, Text("<i>" + "x" * 50_000))
    content = page.get(f"/executions/{run.pk}").content.decode()
    assert len(content) < 20_000
    whole = page.get(f"/executions/{run.pk}/events/1")
    assert len(whole.json()["data"]["text"]) == 50_003
    assert whole.headers["Content-Type"] == "application/json"
    assert page.get(f"/executions/{run.pk}/events/2").status_code == 404
    page.force_login(other_user)
    assert page.get(f"/executions/{run.pk}/events/1").status_code == 404


def test_what_runs_says_how_far_it_is(user: User, django_assert_max_num_queries: Any) -> None:
    tool = ToolStarted("c1", "exec", {"command": "sleep 600"})
    writing = running(
        user, Started("w"), tool, ToolFinished("c1", "exec", "ok"), Usage(100, 20, 2, 0.5), Text("A word")
    )
    silent = running(user, Started("w"), tool)
    printing = running(user, Started("w"), tool, *(ToolOutput("c1", f"line {n}") for n in range(2 * TAIL)))
    queued = services.start(owner=user, prompt="later")
    with django_assert_max_num_queries(4):
        found = ongoing([writing.pk, silent.pk, printing.pk, queued.pk])
    assert queued.pk not in found
    one = found[writing.pk]
    assert (one.doing, one.tool, one.tokens, one.requests, one.cost_usd, one.seq) == (
        "Text: A word",
        "",
        120,
        2,
        0.5,
        5,
    )
    assert (found[silent.pk].doing, found[silent.pk].tool) == ("exec begins: sleep 600", "exec")
    assert (found[printing.pk].doing, found[printing.pk].tool) == ("exec: line 199", "exec")


def test_a_running_one_shows_the_end_of_its_journal(page: Client, user: User) -> None:
    run = running(user, Started("w"), *(Text(f"word {n}") for n in range(300)), Usage(1000, 234, 3, 0.42))
    content = page.get(f"/executions/{run.pk}").content.decode()
    assert seqs(content)[-1] == 302
    assert "1,234 in 3 calls" in content
    assert "$0.42" in content
