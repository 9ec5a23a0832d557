"""Keeps the beginning and the end of a text that may be much too long."""

from __future__ import annotations


class Excerpt:
    """Collects text in bounded memory; ``str()`` is all of it up to ``limit`` characters, else its head and tail."""

    def __init__(self, limit: int) -> None:
        self.total = 0
        self._head_room = limit // 2
        self._tail_limit = limit - limit // 2
        self._head: list[str] = []
        self._tail: list[str] = []
        self._tail_size = 0

    def add(self, text: str) -> None:
        self.total += len(text)
        if self._head_room:
            head, text = text[: self._head_room], text[self._head_room :]
            self._head_room -= len(head)
            self._head.append(head)
        if text:
            self._tail.append(text)
            self._tail_size += len(text)
            if self._tail_size > 2 * self._tail_limit:  # cut rarely: it copies
                self._cut()

    def _cut(self) -> None:
        tail = "".join(self._tail)[-self._tail_limit :] if self._tail_limit else ""
        self._tail = [tail]
        self._tail_size = len(tail)

    def __str__(self) -> str:
        if self._tail_size > self._tail_limit:
            self._cut()
        head, tail = "".join(self._head), "".join(self._tail)
        left_out = self.total - len(head) - len(tail)
        if not left_out:
            return head + tail
        return f"{head}\n[… {left_out:,} of {self.total:,} characters are left out here …]\n{tail}"


def shortened(text: str, limit: int) -> str:
    """Return the text, without its middle when it has more than ``limit`` characters."""
    if len(text) <= limit:
        return text
    excerpt = Excerpt(limit)
    excerpt.add(text)
    return str(excerpt)
