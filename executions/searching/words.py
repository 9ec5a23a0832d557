"""What of a text can be found: its words, and the pairs of characters of scripts that write no spaces. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

#: Han, kana, Thai, Lao and Khmer: any of their texts may be looked for, and none says where its words begin.
_UNSPACED = (
    "\u0e01-\u0eff\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUN = re.compile(rf"[{_UNSPACED}]+|[^\W_{_UNSPACED}]+")
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]").match
_ACCENTS = re.compile("[\u0300-\u036f]")

#: Characters of a text that are looked at, words of one that are kept, and characters of a word.
MAX_CHARS = 20_000
MAX_WORDS = 4_000
MAX_WORD = 32
#: Letters that find the words that begin with them; fewer find themselves.
MIN_BEGINNING = 3


def _runs(text: str) -> Iterator[str]:
    """Return the words and unspaced passages of a text, without case, accents and differences of width."""
    if not text.isascii():
        # Only the accents of letters: those of kana make other letters.
        text = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFKD", text)))
    return (match.group() for match in _RUN.finditer(text.casefold()))


def words_of(*texts: str) -> list[str]:
    """Return what ``texts`` can be found by, each once, in their order, at most :data:`MAX_WORDS`."""
    words: dict[str, None] = {}
    for text in texts:
        for run in _runs(text[:MAX_CHARS]):
            if _IS_UNSPACED(run):
                # The last character stands alone, so that any single one begins something.
                words.update(dict.fromkeys(run[at : at + 2] for at in range(len(run))))
            else:
                words[run[:MAX_WORD]] = None
            if len(words) >= MAX_WORDS:
                return list(words)[:MAX_WORDS]
    return list(words)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A word that a text must have, or one that begins so."""

    word: str
    begins: bool


def wanted(query: str) -> list[Wanted]:
    """Return the words that a text must all have to be found by ``query``; none when it has no word.

    Beginnings of words count from three letters on: with less, a database would gather half of the history.
    """
    found: dict[str, bool] = {}
    for run in _runs(query):
        if not _IS_UNSPACED(run):
            found[run[:MAX_WORD]] = len(run) >= MIN_BEGINNING
        elif len(run) == 1:
            found[run] = True
        else:
            found.update(dict.fromkeys((run[at : at + 2] for at in range(len(run) - 1)), False))
    return [Wanted(word, begins) for word, begins in found.items()]
