"""The index of words finds what has all of them, on whichever database the tests run."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from executions.models import Execution, SearchEntry
from executions.searching import index
from tests.executions.api.conftest import make

ALL = Execution.objects.all()
END = 2**62


@pytest.mark.parametrize(
    ("prompt", "query"),
    [
        ("The cart's test fails", "cart fail"),
        ("買い物かごのテストが失敗する", "失敗"),
        ("買い物かごのテストが失敗する", "物"),
        ("La página de inicio", "PAGINA"),
        ("it's \\ 100% 'quoted' \"twice\" *", "'quoted' \"100%\" *"),
        ("NEAR AND OR NOT words of a query", "near and or not"),
    ],
)
def test_it_finds_all_words_by_their_beginnings(user: User, prompt: str, query: str) -> None:
    wanted = make(user, "finished", prompt=prompt)
    make(user, "finished", prompt="cart quoted テスト")
    index.add(ALL.all())
    assert index.find(query, None, END, 10) == [wanted.pk]


@pytest.mark.parametrize("query", ["", "!?", "missing", "cart missing", "'); DROP TABLE x; --"])
def test_it_finds_nothing_for_words_that_are_not_there(user: User, query: str) -> None:
    make(user, "finished", prompt="cart")
    index.add(ALL.all())
    assert index.find(query, None, END, 10) == []


def test_it_finds_the_newest_first_of_one_owner_or_of_all(user: User, other_user: User) -> None:
    mine, others, mine_too = (make(owner, "finished", output="cart") for owner in (user, other_user, user))
    index.add(ALL.all())
    assert index.find("cart", None, END, 10) == [mine_too.pk, others.pk, mine.pk]
    assert index.find("cart", user.pk, END, 10) == [mine_too.pk, mine.pk]
    assert index.find("cart", None, mine_too.pk, 1) == [others.pk]


def test_no_text_passes_for_an_owner(user: User, other_user: User) -> None:
    make(other_user, "finished", prompt=f"cart {user.pk:040} {user.pk}")
    index.add(ALL.all())
    assert index.find("cart", user.pk, END, 10) == []


def test_what_is_deleted_is_not_found(user: User) -> None:
    gone, kept = make(user, "finished", prompt="cart"), make(user, "finished", prompt="cart")
    index.add(ALL.all())
    index.add(ALL.all())
    gone.delete()
    assert index.find("cart", None, END, 10) == [kept.pk]
    assert SearchEntry.objects.count() == 1


def test_one_that_is_deleted_meanwhile_gets_no_entry(user: User) -> None:
    gone = list(Execution.objects.filter(pk=make(user, "finished").pk))
    ALL.delete()
    assert index.add(gone) == 0
