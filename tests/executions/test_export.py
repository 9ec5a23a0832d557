"""The history as a file."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import AsyncClient, Client

from executions.pages.export import ROWS
from executions.pages.records import COLUMNS
from tests.executions.finished import finished

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann", is_staff=False)


async def fetch(user: User, **query: str) -> tuple[Any, str]:
    """Return the response and its body."""
    client = AsyncClient()
    await client.aforce_login(user)
    response = await client.get("/history/export", query)
    return response, b"".join([piece async for piece in response]).decode()


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}"))))


async def test_both_formats_hold_every_row_that_the_filters_leave(ann: User) -> None:
    for number in range(2 * ROWS + 1):
        await sync_to_async(finished)(ann, f"番号 {number}", "failed" if number == 7 else "succeeded")
    response, text = await fetch(ann, format="csv")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"].startswith('attachment; filename="kakoclaw-history-')
    assert [row["prompt"] for row in rows_of(text)] == [f"番号 {number}" for number in range(2 * ROWS, -1, -1)]
    _, text = await fetch(ann, format="ndjson")
    lines = [json.loads(line) for line in text.splitlines()]
    assert len(lines) == 2 * ROWS + 1
    assert list(lines[0]) == list(COLUMNS)
    assert lines[0]["created_at"].endswith("Z")
    _, text = await fetch(ann, format="ndjson", outcome="failed")
    assert [json.loads(line)["prompt"] for line in text.splitlines()] == ["番号 7"]


async def test_nobody_exports_what_is_somebody_elses(ann: User) -> None:
    bob = await User.objects.acreate(username="bob")
    staff = await User.objects.acreate(username="root", is_staff=True)
    await sync_to_async(finished)(bob, "a secret")
    for query in ({}, {"who": "all"}, {"owner": "bob"}, {"who": "all", "owner": "bob"}):
        assert "secret" not in (await fetch(ann, format="csv", **query))[1]
    assert "secret" not in (await fetch(staff, format="csv"))[1]
    assert "secret" in (await fetch(staff, format="csv", who="all"))[1]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＠x"])  # noqa: RUF001
async def test_no_cell_is_a_formula(ann: User, text: str) -> None:
    await sync_to_async(finished)(ann, text, error=text, output=text, cancel_reason=text, model=text)
    (row,) = rows_of((await fetch(ann, format="csv"))[1])
    for name in ("prompt", "error", "output", "stop_reason", "model"):
        assert row[name] == f"'{text}"
    (line,) = (await fetch(ann, format="ndjson"))[1].splitlines()
    assert json.loads(line)["prompt"] == text


async def test_a_long_text_is_cut_for_spreadsheets_only(ann: User) -> None:
    await sync_to_async(finished)(ann, 'a "quoted",\nlong ' + "x" * 40_000)
    (row,) = rows_of((await fetch(ann, format="csv"))[1])
    assert len(row["prompt"]) == 32_001
    assert row["prompt"].startswith('a "quoted",\nlong')
    assert len(json.loads((await fetch(ann, format="ndjson"))[1])["prompt"]) > 40_000


def test_what_can_not_be_exported_is_said(user: User, client: Client) -> None:
    assert client.get("/history/export?format=csv").headers["Location"].startswith("/login")
    client.force_login(user)
    for query, why in ({"format": "xml"}, "csv or ndjson"), ({"format": "csv", "since": "x"}, "since: Write a day"):
        answer = client.get("/history/export", query)
        assert answer.status_code == 400
        assert why in answer.content.decode()
