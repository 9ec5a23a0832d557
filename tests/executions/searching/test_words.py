"""What of a text can be found."""

from __future__ import annotations

import pytest

from executions.searching.words import MAX_WORDS, wanted, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Run the tests, then run them again!", ["run", "the", "tests", "then", "them", "again"]),
        ("src/cart_test.py:12", ["src", "cart", "test", "py", "12"]),
        ("¿Por qué tarda la página?", ["por", "que", "tarda", "la", "pagina"]),
        ("STRASSE Straße", ["strasse"]),
        ("\uff26\uff35\uff2c\uff2c width", ["full", "width"]),
        ("買い物かご", ["買い", "い物", "物か", "かご", "ご"]),
        ("cartをcommitする", ["cart", "を", "commit", "する", "る"]),
        ("", []),
        ("… — \\0 '\"*", ["0"]),
    ],
)
def test_a_text_is_found_by_its_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_a_sound_mark_makes_another_kana() -> None:
    assert words_of("か") != words_of("が")


@pytest.mark.parametrize(
    ("query", "words", "beginnings"),
    [
        ("test cart", [], ["test", "cart"]),
        ("Cart-Test of it", ["of", "it"], ["cart", "test"]),
        ("買い物", ["買い", "い物"], []),
        ("物", [], ["物"]),
        ("?!", [], []),
    ],
)
def test_a_query_wants_words_or_their_beginnings(query: str, words: list[str], beginnings: list[str]) -> None:
    terms = wanted(query)
    assert [term.word for term in terms if not term.begins] == words
    assert [term.word for term in terms if term.begins] == beginnings


def test_a_text_without_end_has_an_end() -> None:
    assert len(words_of(*(" ".join(f"{n}x{m}" for m in range(3_000)) for n in range(3)))) == MAX_WORDS
