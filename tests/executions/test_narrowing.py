"""Searches in a long history look at its newest part, and times are found whatever the order of ids."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from executions import narrowing
from executions.models import Execution
from executions.narrowing import containing, created_before, created_from, newest
from executions.searching import index
from tests.executions.api.conftest import client_of, make

ALL = Execution.objects.all()


def test_the_newest_are_those_with_the_highest_ids(user: User) -> None:
    made = [make(user) for _ in range(5)]
    assert set(newest(ALL, 2)) == set(made[3:])
    assert set(newest(ALL, 5)) == set(newest(ALL, 50)) == set(made)


@pytest.mark.parametrize("text", ["Straße", "needle", "NEEDLE", "100%", "a_b", "\\"])
def test_a_text_is_found_in_any_field_and_taken_literally(user: User, text: str) -> None:
    asked = make(user, prompt=f"… {text} …")
    answered = make(user, "finished", output=f"… {text} …")
    make(user, prompt="haystack axb 1000")
    assert set(containing(ALL, text, ("prompt", "output"))) == {asked, answered}
    assert set(containing(ALL, text.lower(), ("prompt",))) == {asked}


def test_a_search_looks_inside_of_words_among_the_newest_and_for_words_in_all_before(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(narrowing, "SEARCHED_ROWS", 2)
    whole, inside, _, new = (make(user, "finished", prompt=text) for text in ("needle", "pinneedle", "", "pinneedle"))
    index.add(ALL.all())
    found = client_of(user).get("/api/v1/executions/?q=needle").json()["results"]
    assert [row["id"] for row in found] == [new.pk, whole.pk]
    found = client_of(user).get("/api/v1/executions/?q=pin").json()["results"]
    assert [row["id"] for row in found] == [new.pk, inside.pk]


def test_a_search_takes_from_the_index_until_enough_fit_the_other_filters(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(narrowing, "SEARCHED_ROWS", 1)
    monkeypatch.setattr(narrowing, "TAKEN", 2)
    failed = make(user, "finished", prompt="needle", outcome="failed")
    for _ in range(6):
        make(user, "finished", prompt="needle", session_id="other")
    make(user, "finished")
    make(user, "finished", outcome="failed")
    index.add(ALL.all())
    found = client_of(user).get("/api/v1/executions/?q=needle&outcome=failed").json()["results"]
    assert [row["id"] for row in found] == [failed.pk]


def test_a_cancel_by_text_leaves_out_nothing(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest, "__defaults__", (1,))
    make(user, prompt="needle")
    make(user, prompt="needle")
    make(user)
    answer = client_of(user).post("/api/v1/executions/cancel/", {"filter": {"q": "needle"}}, format="json").json()
    assert answer["canceled"] == 2


def test_times_are_exact_even_where_clocks_of_hosts_differ(user: User) -> None:
    now = timezone.now()
    # Ids were given in another order than the clocks of their hosts say.
    made = [make(user, created_at=now + timedelta(minutes=m)) for m in (-90, 10, -20, 0, 50, 300)]
    after = set(created_from(ALL, now))
    assert after == {made[1], made[3], made[4], made[5]}
    assert set(created_before(ALL, now)) == set(made) - after
    assert not created_from(ALL, now + timedelta(days=9))
    assert not created_before(ALL, now - timedelta(days=9))
