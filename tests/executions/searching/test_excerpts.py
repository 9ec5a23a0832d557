"""The passage that a search shows."""

from __future__ import annotations

import pytest

from executions.searching.excerpts import AFTER, BEFORE, Excerpt, excerpt


@pytest.mark.parametrize(
    ("text", "query", "found"),
    [
        ("The cart test fails", "CART TEST", "cart test"),
        ("A test of the cart", "carts test", "test"),
        ("かごのテストが失敗", "テスト", "テスト"),
        ("100% (sure)", "(sure)", "(sure)"),
    ],
)
def test_it_shows_the_query_or_one_of_its_words(text: str, query: str, found: str) -> None:
    place = excerpt(text, query)
    assert place is not None
    assert place.found == found
    assert place.before + place.found + place.after == text


def test_it_is_one_line_and_says_where_it_is_cut() -> None:
    assert excerpt("a\n\n b  needle\tc\nd", "needle") == Excerpt("a b ", "needle", " c d")
    place = excerpt("x" * 500 + "needle" + "y" * 500, "needle")
    assert place == Excerpt("…" + "x" * BEFORE, "needle", "y" * AFTER + "…")


@pytest.mark.parametrize("query", ["", "?!", "pagina", "absent"])
def test_there_is_none_where_nothing_stands_as_it_was_asked(query: str) -> None:
    assert excerpt("La página", query) is None
